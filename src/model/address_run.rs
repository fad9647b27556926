//! Neighbouring addresses as one.

use std::fmt;
use std::net::IpAddr;

use super::ProxyIp;

/// Addresses that follow one another without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRun {
    /// The first.
    pub first: ProxyIp,
    /// The last; the first where there is one.
    pub last: ProxyIp,
    /// How many there are.
    pub count: usize,
}

impl AddressRun {
    /// Puts ascending addresses together; a run never holds an address that is not among them.
    pub fn of(ips: impl IntoIterator<Item = ProxyIp>) -> Vec<AddressRun> {
        let mut runs: Vec<AddressRun> = Vec::new();
        for ip in ips {
            match runs.last_mut().filter(|run| follows(run.last, ip)) {
                Some(run) => (run.last, run.count) = (ip, run.count + 1),
                None => runs.push(AddressRun { first: ip, last: ip, count: 1 }),
            }
        }
        runs
    }

    /// Lists addresses as people read them: runs, with commas between.
    pub fn list(ips: impl IntoIterator<Item = ProxyIp>) -> String {
        let runs: Vec<String> = AddressRun::of(ips).iter().map(ToString::to_string).collect();
        runs.join(", ")
    }
}

fn follows(before: ProxyIp, ip: ProxyIp) -> bool {
    match (before.address(), ip.address()) {
        (IpAddr::V4(before), IpAddr::V4(ip)) => u32::from(before).checked_add(1) == Some(u32::from(ip)),
        (IpAddr::V6(before), IpAddr::V6(ip)) => u128::from(before).checked_add(1) == Some(u128::from(ip)),
        _ => false,
    }
}

impl fmt::Display for AddressRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => self.first.fmt(f),
            count => write!(f, "{}–{} ({count} IPs)", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_put_together_and_gaps_are_not_filled() {
        let list = |ips: &[&str]| AddressRun::list(ips.iter().map(|ip| ip.parse().expect("an address")));
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["203.0.113.4"]), "203.0.113.4");
        assert_eq!(list(&["203.0.113.4", "203.0.113.5", "203.0.113.6"]), "203.0.113.4–203.0.113.6 (3 IPs)");
        assert_eq!(list(&["203.0.113.4", "203.0.113.6"]), "203.0.113.4, 203.0.113.6");
        assert_eq!(list(&["203.0.113.255", "203.0.114.0"]), "203.0.113.255–203.0.114.0 (2 IPs)");
        assert_eq!(list(&["255.255.255.255", "::"]), "255.255.255.255, ::");
        assert_eq!(list(&["2001:db8::1", "2001:db8::2"]), "2001:db8::1–2001:db8::2 (2 IPs)");
    }
}
