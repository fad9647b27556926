//! Walks through sorted maps side by side: many look-ups for the price of one pass.

use std::iter::Peekable;

use super::knowledge::Knowledge;
use super::resolve::{Covered, resolve};
use crate::model::{DesiredOrder, LiveOrder, ProxyIp, Signature};

/// Looks up addresses that come in ascending order, each at most once, in one walk through sorted entries.
pub(super) struct Ascending<I: Iterator> {
    entries: Peekable<I>,
}

impl<'a, V, I: Iterator<Item = (&'a ProxyIp, V)>> Ascending<I> {
    pub(super) fn new(entries: impl IntoIterator<IntoIter = I>) -> Ascending<I> {
        Ascending { entries: entries.into_iter().peekable() }
    }

    /// Returns the value of an address; it must be above all that were asked for before.
    pub(super) fn get(&mut self, ip: &ProxyIp) -> Option<V> {
        while self.entries.next_if(|(entry, _)| *entry < ip).is_some() {}
        self.entries.next_if(|(entry, _)| *entry == ip).map(|(_, value)| value)
    }
}

/// An active IP with all that is declared and recorded of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) ip: ProxyIp,
    /// What the manifest says where it keeps the IP.
    pub(super) kept: Option<Covered>,
    /// The recorded signature, even where it is to be asserted again.
    pub(super) signature: Option<Signature>,
    /// Whether a slot is held by a signature that is unknown.
    pub(super) has_unknown_signature: bool,
    /// The recorded mark, even where it is to be asserted again.
    pub(super) mark: Option<bool>,
}

impl Row {
    /// Tells whether the IP has a signature or gets one.
    pub(super) fn holds_slot(&self) -> bool {
        self.signature.is_some() || self.has_unknown_signature || self.kept.is_some_and(|kept| kept.signature.is_some())
    }

    /// Tells whether the IP is still there after the renewal.
    pub(super) fn stays(&self, desired: &DesiredOrder) -> bool {
        match self.kept {
            Some(_) => true,
            None if desired.keep.is_some() && desired.prune => false,
            None => self.mark != Some(true),
        }
    }
}

/// Iterates over the active IPs in ascending order.
pub(super) fn rows<'a>(
    desired: &'a DesiredOrder,
    live: &'a LiveOrder,
    knowledge: &'a Knowledge,
) -> impl Iterator<Item = Row> {
    let keep = desired.keep.as_ref();
    let covered = keep.map(|keep| resolve(keep, live.active.iter().copied()).covered);
    let mut covered = covered.into_iter().flatten();
    let mut signatures = Ascending::new(&knowledge.recorded.signatures);
    let mut unknown = Ascending::new(knowledge.recorded.unknown_signatures.iter().map(|ip| (ip, ())));
    let mut marks = Ascending::new(&knowledge.recorded.del_np);
    live.active.iter().map(move |ip| Row {
        ip: *ip,
        kept: covered.next().flatten(),
        signature: signatures.get(ip).copied(),
        has_unknown_signature: unknown.get(ip).is_some(),
        mark: marks.get(ip).copied(),
    })
}
