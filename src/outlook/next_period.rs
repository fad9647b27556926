//! What an order is from its next renewal on, and what that costs: what is live and recorded, carried forward.
//!
//! The vendor recalculates `quantity` and `price_paid` when marks change, and charges the slots anew at each renewal.
//! Where its own price shows what is going to change, that price is taken; where it does not, the price is estimated by
//! the numbers. What is not known makes what depends on it unknown, and never free.

use crate::model::{Cents, OrderDetail, PendingChange};
use crate::plan::{Belief, Row};

/// A number now and from the renewal on; `None`: not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NowAndAfter<T> {
    /// Now.
    pub now: Option<T>,
    /// From the renewal on.
    pub after: Option<T>,
}

/// The price of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeriodPrice {
    /// Of the current period, as the vendor tells it; `None`: not told.
    pub now: Option<Cents>,
    /// Of the period that begins at the renewal; `None`: not known.
    pub after: Option<Cents>,
    /// Whether the vendor's own price does not show yet what changes at the renewal.
    pub estimated: bool,
}

/// An order now and from a renewal on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct NextPeriod {
    pub(super) ips: NowAndAfter<usize>,
    pub(super) slots: NowAndAfter<u32>,
    pub(super) price: PeriodPrice,
}

impl NextPeriod {
    /// Carries an order forward over its next renewal, as things stand.
    pub(super) fn new(slots_now: Option<u32>, belief: &Belief, detail: &OrderDetail) -> NextPeriod {
        NextPeriod { ips: ips(belief, detail.quantity), slots: slots(slots_now, belief), price: PeriodPrice::default() }
            .priced(detail, detail.slot_price)
    }

    /// Prices the numbers; `slot_price` is that of one slot.
    pub(super) fn priced(self, detail: &OrderDetail, slot_price: Option<Cents>) -> NextPeriod {
        NextPeriod { price: price(detail, self.ips, self.slots, slot_price), ..self }
    }

    /// Returns the period of an order that does not renew: nothing is left, and it costs nothing.
    pub(super) fn ended(self) -> NextPeriod {
        NextPeriod {
            ips: NowAndAfter { after: Some(0), ..self.ips },
            slots: NowAndAfter { after: Some(0), ..self.slots },
            price: PeriodPrice { after: Some(Cents(0)), estimated: false, ..self.price },
        }
    }

    /// Returns the period after this one, in which nothing more changes as things stand.
    pub(super) fn following(self) -> NextPeriod {
        NextPeriod {
            ips: NowAndAfter { now: self.ips.after, ..self.ips },
            slots: NowAndAfter { now: self.slots.after, ..self.slots },
            price: PeriodPrice { now: self.price.after, ..self.price },
        }
    }
}

/// Counts the IPs that are there after the renewal. Where nobody knows of some whether they are marked, the vendor's own
/// number of the next period decides, as far as it is told.
fn ips(belief: &Belief, quantity: Option<u32>) -> NowAndAfter<usize> {
    let count = |is: fn(&Row) -> bool| belief.rows.iter().filter(|row| is(row)).count();
    let (now, leaving, unknown) = (belief.rows.len(), count(Row::leaves), count(|row| row.mark.is_unknown()));
    let most = now - leaving;
    let after = match quantity.map(|quantity| quantity as usize) {
        Some(quantity) if (most - unknown..=most).contains(&quantity) => Some(quantity),
        Some(_) => Some(most),
        None => (unknown == 0).then_some(most),
    };
    NowAndAfter { now: Some(now), after }
}

fn slots(now: Option<u32>, belief: &Belief) -> NowAndAfter<u32> {
    // Nobody can say how many there are while a purchase is under way.
    let pending = belief.pending.value().filter(|_| belief.unsettled.is_none());
    let after = now.zip(pending).map(|(now, pending)| pending.map_or(now, PendingChange::next_qty));
    NowAndAfter { now, after }
}

/// An amount, and whether the vendor tells it.
#[derive(Clone, Copy)]
struct Amount {
    cents: Cents,
    estimated: bool,
}

impl Amount {
    fn told(cents: Cents) -> Amount {
        Amount { cents, estimated: false }
    }

    fn estimated(cents: Cents) -> Amount {
        Amount { cents, estimated: true }
    }
}

fn price(
    detail: &OrderDetail,
    ips: NowAndAfter<usize>,
    slots: NowAndAfter<u32>,
    slot_price: Option<Cents>,
) -> PeriodPrice {
    let addons_now = detail.addons_price_paid.or(match slots.now {
        Some(0) => Some(Cents(0)),
        slots => slots.zip(slot_price).map(|(slots, price)| times(price, slots)),
    });
    let now = detail.price_paid.zip(addons_now).map(|(ips, addons)| ips.plus(addons));
    let after = price_of_ips(detail, ips).zip(price_of_slots(detail, slots, slot_price));
    PeriodPrice {
        now,
        after: after.map(|(ips, slots)| ips.cents.plus(slots.cents)),
        estimated: after.is_some_and(|(ips, slots)| ips.estimated || slots.estimated),
    }
}

fn price_of_ips(detail: &OrderDetail, ips: NowAndAfter<usize>) -> Option<Amount> {
    let paid = detail.price_paid?;
    let (Some(now), Some(after)) = (ips.now, ips.after) else { return Some(Amount::estimated(paid)) };
    let quantity = detail.quantity.map(|quantity| quantity as usize);
    let nothing_leaves = after == now && quantity.is_none_or(|quantity| quantity >= now);
    Some(match quantity {
        // An order without an active IP is about to get some, or was emptied: the vendor alone knows its price.
        _ if now == 0 || nothing_leaves => Amount::told(paid),
        Some(quantity) if quantity == after => Amount::told(paid),
        None | Some(0) => Amount::estimated(paid),
        Some(quantity) => Amount::estimated(scaled(paid, after as u64, quantity as u64)),
    })
}

fn price_of_slots(detail: &OrderDetail, slots: NowAndAfter<u32>, slot_price: Option<Cents>) -> Option<Amount> {
    let paid = detail.addons_price_paid;
    match (slots.after?, slot_price) {
        (0, _) => Some(Amount::told(Cents(0))),
        (after, Some(price)) => {
            let cents = times(price, after);
            let shown = slots.now == Some(after) && paid == Some(cents);
            Some(Amount { cents, estimated: !shown })
        }
        (after, None) if slots.now == Some(after) => paid.map(Amount::told),
        (after, None) => {
            let now = slots.now.filter(|now| *now > 0)?;
            Some(Amount::estimated(scaled(paid?, u64::from(after), u64::from(now))))
        }
    }
}

fn times(price: Cents, number: u32) -> Cents {
    Cents(price.0.saturating_mul(u64::from(number)))
}

/// Returns a share of an amount, rounded up: a wallet that is short of a cent covers nothing.
fn scaled(whole: Cents, part: u64, of: u64) -> Cents {
    let share = (u128::from(whole.0) * u128::from(part)).div_ceil(u128::from(of));
    Cents(u64::try_from(share).unwrap_or(u64::MAX))
}
