//! Lists of IPs that are named, each of them: neighbours as one, and never a gap.

use std::net::{IpAddr, Ipv4Addr};

use crate::model::{AddressRun, ProxyIp};

/// About how wide a line of several runs is.
const WIDTH: usize = 80;

/// Lists ascending IPs as runs, on as many lines as it takes.
pub(in crate::render) fn wrapped(ips: &[ProxyIp]) -> Vec<String> {
    let runs = AddressRun::of(ips.iter().copied());
    let mut lines: Vec<String> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let run = format!("{run}{}", if index + 1 < runs.len() { "," } else { "" });
        match lines.last_mut().filter(|line| line.len() + 1 + run.len() <= WIDTH) {
            Some(line) => line.extend([" ", &run]),
            None => lines.push(run),
        }
    }
    lines
}

/// Lists ascending IPs in as little room as can be: where the first three numbers are those of the address before, only
/// the last one is written, as in `203.0.113.4, .6, .8–.10`.
pub(in crate::render) fn in_short(ips: &[ProxyIp]) -> String {
    let mut before = None;
    let mut list = String::new();
    for AddressRun { first, last, count } in AddressRun::of(ips.iter().copied()) {
        let separator = if list.is_empty() { "" } else { ", " };
        list.extend([separator, &after(first, before)]);
        if count > 1 {
            list.extend(["–", &after(last, Some(first))]);
        }
        before = Some(last);
    }
    list
}

/// Writes an address behind another one.
fn after(ip: ProxyIp, before: Option<ProxyIp>) -> String {
    let network = |ip: Ipv4Addr| u32::from(ip) >> 8;
    match (before.map(ProxyIp::address), ip.address()) {
        (Some(IpAddr::V4(before)), IpAddr::V4(ip)) if network(before) == network(ip) => format!(".{}", ip.octets()[3]),
        _ => ip.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<ProxyIp> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn a_short_list_repeats_no_numbers_and_fills_no_gap() {
        for (list, short) in [
            (&[][..], ""),
            (&["203.0.113.4"], "203.0.113.4"),
            (&["203.0.113.4", "203.0.113.6"], "203.0.113.4, .6"),
            (&["203.0.113.4", "203.0.113.5", "203.0.113.9"], "203.0.113.4–.5, .9"),
            (&["203.0.113.255", "203.0.114.0", "203.0.114.2"], "203.0.113.255–203.0.114.0, .2"),
            (
                &["10.0.113.4", "203.0.113.4", "2001:db8::1", "2001:db8::2"],
                "10.0.113.4, 203.0.113.4, 2001:db8::1–2001:db8::2",
            ),
        ] {
            assert_eq!(in_short(&ips(list)), short);
        }
    }

    #[test]
    fn a_line_is_never_much_wider_than_a_screen_and_no_ip_is_lost() {
        let texts: Vec<String> = (0..100).map(|at| format!("203.0.113.{}", at * 2)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let lines = wrapped(&ips(&texts));
        assert!(lines.iter().all(|line| line.len() <= WIDTH) && lines.len() > 10, "{lines:?}");
        assert_eq!(lines.join(" ").split(", ").collect::<Vec<_>>(), texts);
    }
}
