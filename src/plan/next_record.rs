//! The record of an order as it is after what is live was seen: what the next apply stores.

use std::time::Duration;

use jiff::Timestamp;

use super::ascending::Ascending;
use crate::diagnostic::{Note, NoteCode};
use crate::model::{LiveOrder, ProxyIp, PurchaseIntent, Recorded, RecordedSlots, count};

/// How long an open purchase intent blocks its order (contract, Money).
pub const INTENT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The record as it is after what is live was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextRecord {
    /// What the next apply stores.
    pub recorded: Recorded,
    /// Whether it differs from what is stored.
    pub is_new: bool,
    /// An open intent whose purchase may still arrive.
    pub unsettled: Option<PurchaseIntent>,
}

impl NextRecord {
    /// Brings a record up to date, and remarks on what it finds.
    pub(super) fn new(stored: &Recorded, live: &LiveOrder, now: Timestamp, notes: &mut Vec<Note>) -> NextRecord {
        let mut next = NextRecord { recorded: stored.clone(), is_new: false, unsettled: None };
        let some_are_gone = next.drop_gone_ips(live);
        if let Some(slots) = live.slots {
            next.settle_purchase(slots, now, notes);
            next.see_slots(slots, notes);
        }
        let (after, before) = (&next.recorded, stored);
        next.is_new = some_are_gone || after.slots != before.slots || after.purchase != before.purchase;
        next
    }

    /// Drops the entries of IPs that left the order, and returns whether there were any.
    fn drop_gone_ips(&mut self, live: &LiveOrder) -> bool {
        let recorded = &mut self.recorded;
        let some_are_gone = some_are_gone(recorded.signatures.keys(), live)
            || some_are_gone(recorded.del_np.keys(), live)
            || some_are_gone(&recorded.unknown_signatures, live);
        if some_are_gone {
            recorded.signatures.retain(|ip, _| live.active.contains_key(ip));
            recorded.del_np.retain(|ip, _| live.active.contains_key(ip));
            recorded.unknown_signatures.retain(|ip| live.active.contains_key(ip));
        }
        some_are_gone
    }

    /// Judges an open intent by the slots that are live.
    fn settle_purchase(&mut self, slots: u32, now: Timestamp, notes: &mut Vec<Note>) {
        let Some(intent) = self.recorded.purchase else { return };
        if slots >= intent.to_qty() {
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
    fn see_slots(&mut self, slots: u32, notes: &mut Vec<Note>) {
        self.recorded.slots = self.recorded.slots.and_then(|recorded| {
            let carried_out = recorded.pending.is_some_and(|pending| pending.next_qty() == slots);
            if carried_out {
                return Some(RecordedSlots { qty: slots, pending: None });
            }
            if recorded.qty == slots {
                return Some(recorded);
            }
            let message = format!(
                "the order has {} where shardctl last saw {}: they were changed elsewhere",
                count(slots, "p0f slot"),
                recorded.qty
            );
            notes.push(Note::new(NoteCode::SlotsDrifted, message));
            None
        });
    }
}

/// Returns whether any recorded IP has left the order.
fn some_are_gone<'a>(recorded: impl IntoIterator<Item = &'a ProxyIp>, live: &LiveOrder) -> bool {
    let mut active = Ascending::new(live.active.keys().map(|ip| (ip, ())));
    recorded.into_iter().any(|ip| active.get(ip).is_none())
}
