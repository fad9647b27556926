//! The one view of an IP: what is believed of it, for the plan, the diff, the status and the import.

use super::ascending::Ascending;
use super::believed::Believed;
use crate::model::{LiveIp, LiveOrder, LiveSignature, ProxyIp, Recorded};

/// An active IP of an order with what is believed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The address.
    pub ip: ProxyIp,
    /// Its OS signature.
    pub signature: Believed<LiveSignature>,
    /// Whether it is marked to go at the next renewal.
    pub mark: Believed<bool>,
    /// Whether it certainly holds a slot: it has a signature, or had one when that was last known. A slot is held for
    /// good.
    pub holds_slot: bool,
}

impl Row {
    /// Returns whether the IP was marked to go before, even where that is to be asserted again.
    pub fn was_leaving(&self) -> bool {
        self.mark.last() == Some(&true)
    }

    /// Returns whether the IP is believed to leave at the next renewal.
    pub fn leaves(&self) -> bool {
        self.mark.value() == Some(&true)
    }
}

/// Makes the rows of an order's active IPs, ascending.
pub(super) fn rows(live: &LiveOrder, recorded: &Recorded, reassert: bool) -> Vec<Row> {
    let mut signatures = Ascending::new(&recorded.signatures);
    let mut unknown = Ascending::new(recorded.unknown_signatures.iter().map(|ip| (ip, ())));
    let mut marks = Ascending::new(&recorded.del_np);
    let row = |(ip, seen): (&ProxyIp, &LiveIp)| {
        let (signature, mark) = (signatures.get(ip).copied(), marks.get(ip).copied());
        let held = signature.is_some() | unknown.get(ip).is_some();
        Row {
            ip: *ip,
            holds_slot: seen.signature.as_ref().map_or(held, |signature| *signature != LiveSignature::None),
            signature: Believed::new(seen.signature.clone(), signature.map(LiveSignature::Known), reassert),
            mark: Believed::new(None, mark, reassert),
        }
    };
    live.active.iter().map(row).collect()
}
