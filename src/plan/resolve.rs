//! Ranges against the live order: which entry of `keep` covers each active IP.

use std::collections::btree_map;
use std::iter::Peekable;

use crate::model::{Keep, KeptIp, KeptRange, ProxyIp, ProxyRange, Signature, Span};

/// The entry of `keep` that decides about an active IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// The signature that the IP shall have; `None`: not managed.
    pub signature: Option<Signature>,
    /// Where the entry stands in the manifest.
    pub span: Span,
    /// The range that covers the IP; `None` where its address is listed.
    pub range: Option<ProxyRange>,
}

/// A `keep` held against the active IPs of its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// What covers each of the active IPs, in their order; `None` for one that `keep` does not cover.
    pub covered: Vec<Option<Covered>>,
    /// The listed addresses that are not active, ascending.
    pub missing: Vec<(ProxyIp, &'a KeptIp)>,
    /// The ranges in which no active IP lies, ascending. One whose IPs are all decided by longer prefixes is not among
    /// them.
    pub empty: Vec<(ProxyRange, &'a KeptRange)>,
}

/// Finds the entry that covers each active IP: the longest prefix, and an address before any range.
///
/// The active IPs must ascend. It takes one pass over them and over the entries.
pub fn resolve<'a>(keep: &'a Keep, active: impl IntoIterator<Item = ProxyIp>) -> Resolved<'a> {
    let mut addresses = Addresses { ahead: keep.addresses.iter().peekable(), missing: Vec::new() };
    let mut ranges = Ranges { ahead: keep.ranges.iter().peekable(), open: Vec::new(), empty: Vec::new() };
    let cover = |ip: ProxyIp| {
        let range = ranges.around(ip);
        let address = addresses.at(ip).map(|kept| Covered { signature: kept.signature, span: kept.span, range: None });
        address.or_else(|| {
            range.map(|(range, kept)| Covered { signature: kept.signature, span: kept.span, range: Some(range) })
        })
    };
    let covered = active.into_iter().map(cover).collect();
    Resolved { covered, missing: addresses.rest(), empty: ranges.rest() }
}

/// The listed addresses, of which those below the IP that was asked for last are behind.
struct Addresses<'a> {
    ahead: Peekable<btree_map::Iter<'a, ProxyIp, KeptIp>>,
    /// The addresses that were passed without being asked for.
    missing: Vec<(ProxyIp, &'a KeptIp)>,
}

impl<'a> Addresses<'a> {
    fn at(&mut self, ip: ProxyIp) -> Option<&'a KeptIp> {
        while let Some((address, kept)) = self.ahead.next_if(|(address, _)| **address < ip) {
            self.missing.push((*address, kept));
        }
        self.ahead.next_if(|(address, _)| **address == ip).map(|(_, kept)| kept)
    }

    fn rest(mut self) -> Vec<(ProxyIp, &'a KeptIp)> {
        self.missing.extend(self.ahead.map(|(address, kept)| (*address, kept)));
        self.missing
    }
}

/// The listed ranges. Two of them are apart, or one lies within the other, so that those around an IP are a stack.
struct Ranges<'a> {
    ahead: Peekable<btree_map::Iter<'a, ProxyRange, KeptRange>>,
    /// The ranges around the last IP, each within the one before.
    open: Vec<Open<'a>>,
    /// The ranges that were closed without an IP in them.
    empty: Vec<(ProxyRange, &'a KeptRange)>,
}

struct Open<'a> {
    range: ProxyRange,
    kept: &'a KeptRange,
    /// Whether an active IP lies in it, as far as is known: one in a range further in counts once that is closed.
    holds_ip: bool,
}

impl<'a> Ranges<'a> {
    /// Returns the smallest range around an IP.
    fn around(&mut self, ip: ProxyIp) -> Option<(ProxyRange, &'a KeptRange)> {
        while let Some((range, kept)) = self.ahead.next_if(|(range, _)| range.first() <= ip) {
            self.close_up_to(range.first());
            self.open.push(Open { range: *range, kept, holds_ip: false });
        }
        self.close_up_to(ip);
        let smallest = self.open.last_mut()?;
        smallest.holds_ip = true;
        Some((smallest.range, smallest.kept))
    }

    /// Closes the ranges that end before an IP.
    fn close_up_to(&mut self, ip: ProxyIp) {
        while let Some(closed) = self.open.pop_if(|open| !open.range.contains(ip)) {
            self.close(&closed);
        }
    }

    fn close(&mut self, closed: &Open<'a>) {
        if !closed.holds_ip {
            self.empty.push((closed.range, closed.kept));
        } else if let Some(around) = self.open.last_mut() {
            around.holds_ip = true;
        }
    }

    fn rest(mut self) -> Vec<(ProxyRange, &'a KeptRange)> {
        while let Some(closed) = self.open.pop() {
            self.close(&closed);
        }
        self.empty.extend(self.ahead.map(|(range, kept)| (*range, kept)));
        self.empty.sort_unstable_by_key(|(range, _)| *range);
        self.empty
    }
}
