//! Looks up addresses in sorted entries: many look-ups for the price of one pass.

use std::iter::Peekable;

use crate::model::ProxyIp;

/// Looks up addresses that come in ascending order, each at most once, in one walk through sorted entries.
pub(super) struct Ascending<I: Iterator> {
    entries: Peekable<I>,
}

impl<'a, V, I: Iterator<Item = (&'a ProxyIp, V)>> Ascending<I> {
    /// Walks through entries that ascend by address.
    pub(super) fn new(entries: impl IntoIterator<IntoIter = I>) -> Ascending<I> {
        Ascending { entries: entries.into_iter().peekable() }
    }

    /// Returns the value of an address; it must be above all that were asked for before.
    pub(super) fn get(&mut self, ip: &ProxyIp) -> Option<V> {
        while self.entries.next_if(|(entry, _)| *entry < ip).is_some() {}
        self.entries.next_if(|(entry, _)| *entry == ip).map(|(_, value)| value)
    }
}
