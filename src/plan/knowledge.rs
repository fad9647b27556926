//! What is known about an order: the record, brought up to date by what is live.

use std::time::Duration;

use jiff::Timestamp;

use super::walk::Ascending;
use crate::diagnostic::{Note, NoteCode};
use crate::model::{LiveOrder, PendingChange, ProxyIp, PurchaseIntent, Recorded, RecordedSlots, Signature, count};

/// How long an open purchase intent blocks its order (contract, Money).
pub const INTENT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// What is known about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knowledge {
    /// The record as it is after what is live was seen; written by the next apply where it differs from the stored one.
    pub recorded: Recorded,
    /// What is scheduled for the next renewal.
    pub pending: PendingKnowledge,
    /// An open intent whose purchase may still arrive.
    pub unsettled: Option<PurchaseIntent>,
    /// Whether the record differs from the stored one.
    pub recorded_is_new: bool,
    pub(super) reassert: bool,
}

/// Whether it is known what is scheduled for the next renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PendingKnowledge {
    /// It is known: this, or nothing.
    Known(Option<PendingChange>),
    /// Something may be scheduled.
    Unknown,
}

impl Knowledge {
    /// Brings a record up to date and remarks on what it finds.
    pub fn new(
        stored: &Recorded,
        live: &LiveOrder,
        now: Timestamp,
        reassert: bool,
        notes: &mut Vec<Note>,
    ) -> Knowledge {
        let mut recorded = stored.clone();
        let some_are_gone = some_are_gone(stored.signatures.keys(), live)
            || some_are_gone(stored.del_np.keys(), live)
            || some_are_gone(&stored.unknown_signatures, live);
        if some_are_gone {
            recorded.signatures.retain(|ip, _| live.active.contains_key(ip));
            recorded.del_np.retain(|ip, _| live.active.contains_key(ip));
            recorded.unknown_signatures.retain(|ip| live.active.contains_key(ip));
        }
        let mut knowledge = Knowledge {
            recorded,
            pending: PendingKnowledge::Unknown,
            unsettled: None,
            recorded_is_new: false,
            reassert,
        };
        if let Some(slots) = live.slots {
            knowledge.settle_purchase(slots, now, notes);
            knowledge.see_slots(slots, notes);
        }
        let (now, before) = (&knowledge.recorded, stored);
        knowledge.recorded_is_new = some_are_gone || now.slots != before.slots || now.purchase != before.purchase;
        knowledge
    }

    /// Judges an open intent by the slots that are live.
    fn settle_purchase(&mut self, current_qty: u32, now: Timestamp, notes: &mut Vec<Note>) {
        let Some(intent) = self.recorded.purchase else { return };
        if current_qty >= intent.to_qty() {
            let message = format!(
                "the purchase of {}, begun at {}, was carried out",
                count(intent.add_qty, "p0f slot"),
                intent.when
            );
            notes.push(Note::new(NoteCode::PurchaseSettled, message));
            self.recorded.settle_purchase();
        } else if now.duration_since(intent.when).unsigned_abs() < INTENT_LIFETIME || now < intent.when {
            self.unsettled = Some(intent);
        } else {
            self.recorded.purchase = None;
        }
    }

    /// Compares the recorded slots with those that are live.
    fn see_slots(&mut self, current_qty: u32, notes: &mut Vec<Note>) {
        self.recorded.slots = self.recorded.slots.and_then(|recorded| {
            let carried_out = recorded.pending.is_some_and(|pending| pending.next_qty() == current_qty);
            if carried_out {
                return Some(RecordedSlots { qty: current_qty, pending: None });
            }
            if recorded.qty == current_qty {
                return Some(recorded);
            }
            let message = format!(
                "the order has {} where shardctl last saw {}: they were changed elsewhere",
                count(current_qty, "p0f slot"),
                recorded.qty
            );
            notes.push(Note::new(NoteCode::SlotsDrifted, message));
            None
        });
        self.pending = match self.recorded.slots {
            _ if current_qty == 0 => PendingKnowledge::Known(None),
            Some(slots) if !self.reassert => PendingKnowledge::Known(slots.pending),
            _ => PendingKnowledge::Unknown,
        };
    }

    /// Returns the signature that an IP is known to have.
    pub fn signature(&self, ip: &ProxyIp) -> Option<Signature> {
        (!self.reassert).then(|| self.recorded.signatures.get(ip).copied()).flatten()
    }

    /// Returns the mark that an IP is known to have.
    pub fn mark(&self, ip: &ProxyIp) -> Option<bool> {
        (!self.reassert).then(|| self.recorded.del_np.get(ip).copied()).flatten()
    }

    /// Tells whether an IP was marked to go before, even where that is to be asserted again.
    pub fn was_leaving(&self, ip: &ProxyIp) -> bool {
        self.recorded.del_np.get(ip) == Some(&true)
    }

    /// Tells whether an IP holds a slot: a signature takes one for good.
    pub fn holds_slot(&self, ip: &ProxyIp) -> bool {
        self.recorded.signatures.contains_key(ip) || self.recorded.unknown_signatures.contains(ip)
    }
}

/// Tells whether any recorded IP has left the order.
fn some_are_gone<'a>(recorded: impl IntoIterator<Item = &'a ProxyIp>, live: &LiveOrder) -> bool {
    let mut active = Ascending::new(live.active.keys().map(|ip| (ip, ())));
    recorded.into_iter().any(|ip| active.get(ip).is_none())
}
