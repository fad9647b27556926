//! What an order is from its next renewal on, and what that costs: what is live and recorded, carried forward.
//!
//! The vendor recalculates `quantity` and `price_paid` when marks change, and charges all add-ons anew at each renewal.
//! Where its own price shows what is going to change, that price is taken; where it does not, the price is estimated by
//! the numbers. What is not known makes what depends on it unknown, and never free.

use super::addons::AddonPrices;
use super::amount::{Amount, NowAndAfter, scaled};
use crate::model::{Cents, OrderDetail, PendingChange};
use crate::plan::{Belief, Row};

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

    /// Prices the numbers; `slot_price` is that of one slot from the renewal on.
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

/// Counts the IPs that are there after the renewal. A number of the vendor's that is below the active IPs was recalculated
/// for the next period: it is live, and decides, whatever the record says of the marks. Another one shows no marks.
fn ips(belief: &Belief, quantity: Option<u32>) -> NowAndAfter<usize> {
    let count = |is: fn(&Row) -> bool| belief.rows.iter().filter(|row| is(row)).count();
    let (now, leaving, unknown) = (belief.rows.len(), count(Row::leaves), count(|row| row.mark.is_unknown()));
    let most = now - leaving;
    let after = match quantity.map(|quantity| quantity as usize) {
        // One IP at least stays.
        Some(quantity) if (1..now).contains(&quantity) => Some(quantity),
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

fn price(
    detail: &OrderDetail,
    ips: NowAndAfter<usize>,
    slots: NowAndAfter<u32>,
    slot_price: Option<Cents>,
) -> PeriodPrice {
    let addons = AddonPrices::new(detail, slots, slot_price);
    let after = price_of_ips(detail, ips).zip(addons.after);
    PeriodPrice {
        now: detail.price_paid.zip(addons.now).map(|(ips, addons)| ips.plus(addons)),
        after: after.map(|(ips, addons)| ips.cents.plus(addons.cents)),
        estimated: after.is_some_and(|(ips, addons)| ips.estimated || addons.estimated),
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
