//! What the manifest declares.

use std::collections::BTreeMap;

use super::{Cents, Foreign, OrderId, Percent, ProxyIp, ProxyRange, Signature, Span, Spanned};

/// Everything that the manifest files of one run declare, taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desired {
    /// The guard rails.
    pub limits: Limits,
    /// The orders by id.
    pub orders: BTreeMap<OrderId, DesiredOrder>,
    /// SHA-256 of the files' bytes in the order in which they were read, in lowercase hex.
    pub sha256: String,
}

/// The guard rails that a manifest may set; `None` leaves the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The most that one apply may charge the wallet, over all orders. Default: nothing may be bought.
    pub max_charge_cents: Option<Cents>,
    /// The most of an order's active IPs that one apply may newly mark to go. Default: 30.
    pub max_removal_percent: Option<Percent>,
    /// The most IPs that one apply may newly mark to go, over all orders. Default: 100.
    pub max_removals: Option<usize>,
    /// Where the manifest's `limits` key stands.
    pub span: Option<Span>,
}

/// What the manifest declares of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredOrder {
    /// Where the order's id stands.
    pub span: Span,
    /// The tag that the live order must have.
    pub tag: Option<Spanned<Foreign>>,
    /// The number of paid p0f slots; `None`: slots are not managed.
    pub p0f_slots: Option<Spanned<u32>>,
    /// Whether the order renews by itself; `None`: not managed.
    pub auto_renewal: Option<Spanned<bool>>,
    /// Whether IPs that `keep` does not list are let go.
    pub prune: bool,
    /// The IPs to keep; `None`: the order's IPs are not managed.
    pub keep: Option<Keep>,
}

impl DesiredOrder {
    /// Iterates over the listed addresses for which a signature is declared; ranges are left out, as only the live order
    /// tells which IPs lie in them.
    pub fn signatures(&self) -> impl Iterator<Item = (ProxyIp, Signature)> + '_ {
        self.keep.iter().flat_map(Keep::signatures)
    }

    /// Returns whether the slots of the order matter: they are managed, or a signature needs one.
    pub fn needs_slots(&self) -> bool {
        self.p0f_slots.is_some() || self.keep.as_ref().is_some_and(Keep::declares_signature)
    }
}

/// The IPs to keep: the longest prefix that covers an IP decides about it, and an address beats a range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keep {
    /// The addresses that are listed.
    pub addresses: BTreeMap<ProxyIp, KeptIp>,
    /// The ranges that are listed; which IPs they cover depends on the live order.
    pub ranges: BTreeMap<ProxyRange, KeptRange>,
}

impl Keep {
    /// Returns whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.ranges.is_empty()
    }

    /// Iterates over the listed addresses for which a signature is declared.
    pub fn signatures(&self) -> impl Iterator<Item = (ProxyIp, Signature)> + '_ {
        self.addresses.iter().filter_map(|(ip, kept)| Some((*ip, kept.signature?)))
    }

    /// Returns whether a signature is declared for an address or for a range.
    pub fn declares_signature(&self) -> bool {
        self.signatures().next().is_some() || self.ranges.values().any(|kept| kept.signature.is_some())
    }
}

impl FromIterator<(ProxyIp, KeptIp)> for Keep {
    /// Collects addresses; there are no ranges.
    fn from_iter<I: IntoIterator<Item = (ProxyIp, KeptIp)>>(addresses: I) -> Keep {
        Keep { addresses: addresses.into_iter().collect(), ranges: BTreeMap::new() }
    }
}

/// An address that the manifest keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptIp {
    /// The signature it shall have; `None`: not managed.
    pub signature: Option<Signature>,
    /// Where the address stands.
    pub span: Span,
}

/// A range whose active IPs the manifest keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptRange {
    /// The signature that the IPs shall have; `None`: not managed.
    pub signature: Option<Signature>,
    /// Where the range stands.
    pub span: Span,
}
