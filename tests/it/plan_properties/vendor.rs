//! What an order really is, including what nothing reports, and the vendor's rules for changing it.

use std::collections::BTreeMap;

use shardctl::model::{
    Cents, Foreign, LiveOrder, PendingChange, ProxyIp, Quote, Recorded, RecordedSlots, Renewal, Signature,
};
use shardctl::plan::Step;

/// The price of one slot.
pub const SLOT_PRICE: u64 = 150;

/// An order as the vendor knows it.
#[derive(Debug, Clone)]
pub struct Order {
    pub tag: Option<String>,
    pub slots: u32,
    pub pending: Option<PendingChange>,
    pub ips: BTreeMap<ProxyIp, Ip>,
}

/// What the vendor knows of an IP and never tells.
#[derive(Debug, Clone, Copy)]
pub struct Ip {
    pub signature: Option<Signature>,
    pub leaves: bool,
}

/// The vendor refused a set of signatures because others, which nothing reports, hold the slots.
#[derive(Debug)]
pub struct SlotsTaken;

impl Order {
    /// Returns what the API tells of the order.
    pub fn live(&self, needs_slots: bool, wanted: Option<u32>) -> LiveOrder {
        let missing = wanted.unwrap_or(0).saturating_sub(self.slots);
        let quote = (missing > 0).then(|| Quote {
            add_qty: missing,
            price_per_unit: Cents(SLOT_PRICE),
            charge: Cents(SLOT_PRICE * u64::from(missing)),
        });
        LiveOrder {
            tag: self.tag.as_deref().map(Foreign::from),
            renewal: (!self.ips.is_empty()).then(|| Renewal::parse("2026-12-01T00:00:00Z")),
            slots: needs_slots.then_some(self.slots),
            quote: quote.filter(|_| needs_slots),
            ..LiveOrder::of_ips(self.ips.keys().copied())
        }
    }

    /// Carries out one operation and records what the vendor acknowledges; panics where a rule is broken that the plan
    /// can know of.
    pub fn carry_out(&mut self, operation: &Step, recorded: &mut Recorded) -> Result<(), SlotsTaken> {
        match operation {
            Step::SetAutoRenewal { .. } => unreachable!("no manifest here declares automatic renewal"),
            Step::CancelDowngrade { pending } => {
                assert!(pending.is_none() || *pending == self.pending, "{pending:?} is not what is pending");
                self.pending = None;
            }
            Step::PurchaseSlots { from_qty, quote } => {
                assert_eq!(*from_qty, self.slots);
                self.slots += quote.add_qty;
            }
            Step::ScheduleDowngrade { from_qty, next_qty } => {
                assert_eq!(*from_qty, self.slots);
                assert!((1..self.slots).contains(next_qty));
                self.pending = Some(PendingChange::Downgrade { next_qty: *next_qty });
            }
            Step::SetSignatures { items } => {
                for item in items {
                    self.ips.get_mut(&item.ip).expect("an IP of the order").signature = Some(item.to);
                }
                if self.ips.values().filter(|ip| ip.signature.is_some()).count() > self.slots as usize {
                    return Err(SlotsTaken);
                }
                recorded.signatures.extend(items.iter().map(|item| (item.ip, item.to)));
            }
            Step::SetDelNp { items } => {
                for item in items {
                    self.ips.get_mut(&item.ip).expect("an IP of the order").leaves = item.to;
                }
                assert!(self.ips.values().any(|ip| !ip.leaves), "the vendor lets no order run empty");
                recorded.del_np.extend(items.iter().map(|item| (item.ip, item.to)));
            }
        }
        if matches!(operation.kind(), "cancel_downgrade" | "purchase_slots" | "schedule_downgrade") {
            recorded.slots = Some(RecordedSlots { qty: self.slots, pending: self.pending });
        }
        Ok(())
    }

    /// Lets the renewal happen: marked IPs leave with their signatures, and what is pending takes effect.
    pub fn renew(&mut self) {
        self.ips.retain(|_, ip| !ip.leaves);
        self.slots = self.pending.take().map_or(self.slots, PendingChange::next_qty);
    }
}
