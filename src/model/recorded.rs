//! What shardctl recorded of the writes that the API acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ProxyIp, Renewal, Signature};

/// The record of one order. What is missing from it is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// The signatures that were set.
    pub signatures: BTreeMap<ProxyIp, Signature>,
    /// IPs that hold a slot with a signature that is unknown: a change of it got no answer. A slot is held for good.
    pub unknown_signatures: BTreeSet<ProxyIp>,
    /// Whether the API reported of each active IP which signature it has, or that it has none: an IP of `ips` without a
    /// signature here had none then.
    pub signatures_told: bool,
    /// The marks that were set: `true` lets the IP go at the next renewal.
    pub del_np: BTreeMap<ProxyIp, bool>,
    /// The slots as the API last reported them in the answer to a write.
    pub slots: Option<RecordedSlots>,
    /// Whether the API acknowledged a request to renew by itself, or not to; `None`: unknown.
    pub auto_renewal: Option<bool>,
    /// The renewal that the marks and the pending change were recorded for; boxed, so that a record that nobody wrote is
    /// small.
    pub renews_at: Option<Box<RecordedRenewal>>,
    /// Whether a pending change of which nothing was known was asked to be taken back for that renewal, and the API said
    /// that there was none: it is asked again after the next renewal, and not before.
    pub pending_asked: bool,
    /// The order's active IPs when its record was last written; `None`: never seen.
    pub ips: Option<BTreeSet<ProxyIp>>,
    /// A purchase that was about to be sent and whose outcome is not recorded.
    pub purchase: Option<PurchaseIntent>,
    /// A purchase that was acknowledged or found, until a later run's read shows it.
    pub bought: Option<Bought>,
}

/// A renewal as it was read, and where it was read: only dates of the same source are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRenewal {
    /// The renewal.
    pub at: Renewal,
    /// Where it was read; `None` where the record does not say.
    pub source: Option<RenewalSource>,
    /// The earliest `until` beside it, where it was read elsewhere: what is compared where only `until` is told.
    pub until: Option<Timestamp>,
}

/// Where a renewal date was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RenewalSource {
    /// `expires_at` of the order's detail.
    ExpiresAt,
    /// The earliest `until` of the order's IPs.
    Until,
}

/// A purchase that is known to have been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bought {
    /// The slots after it.
    #[schemars(range(min = 1))]
    pub qty: u32,
    /// When it was acknowledged or found, by the API's own clock where it tells the time.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub when: Timestamp,
}

impl Recorded {
    /// Returns whether an IP had no signature when the record was last written.
    pub fn had_no_signature(&self, ip: ProxyIp) -> bool {
        let is_seen = self.signatures_told && self.ips.as_ref().is_some_and(|ips| ips.contains(&ip));
        is_seen && !self.signatures.contains_key(&ip) && !self.unknown_signatures.contains(&ip)
    }

    /// Closes an open intent whose purchase was carried out. A purchase changes nothing that is scheduled.
    pub fn settle_purchase(&mut self) {
        let Some(intent) = self.purchase.take() else { return };
        // Where there were none, nothing can have been scheduled for them.
        let none = RecordedSlots { qty: 0, pending: None };
        let before = if intent.from_qty == 0 { Some(none) } else { self.slots.filter(|it| it.qty == intent.from_qty) };
        self.slots = before.map(|slots| RecordedSlots { qty: intent.to_qty(), pending: slots.pending }).or(self.slots);
    }
}

/// The slots of an order after an acknowledged write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedSlots {
    /// Slots active in the current period.
    pub qty: u32,
    /// The change that takes effect at the next renewal; null: none.
    #[serde(deserialize_with = "Option::deserialize")]
    pub pending: Option<PendingChange>,
}

/// A change of an add-on that takes effect at the next renewal (`addons[].pending`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "action", rename_all = "lowercase", deny_unknown_fields)]
pub enum PendingChange {
    /// Fewer slots from the next renewal on.
    Downgrade {
        /// Slots from the next renewal on.
        #[schemars(range(min = 1))]
        next_qty: u32,
    },
    /// No slots from the next renewal on.
    Cancel {},
}

impl PendingChange {
    /// Returns the quantity from the next renewal on.
    pub fn next_qty(self) -> u32 {
        match self {
            PendingChange::Downgrade { next_qty } => next_qty,
            PendingChange::Cancel {} => 0,
        }
    }
}

/// A purchase that shardctl was about to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseIntent {
    /// Slots just before the purchase.
    pub from_qty: u32,
    /// Slots to add.
    #[schemars(range(min = 1))]
    pub add_qty: u32,
    /// When the intent was written.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub when: Timestamp,
}

impl PurchaseIntent {
    /// Returns the quantity that shows that the purchase was carried out.
    pub fn to_qty(self) -> u32 {
        self.from_qty.saturating_add(self.add_qty)
    }
}
