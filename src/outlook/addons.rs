//! What the add-ons of an order cost, now and from its next renewal on: the slots, and those that shardctl does not
//! manage, which the same renewal charges.

use super::amount::{Amount, NowAndAfter, scaled, times};
use crate::model::{Cents, OrderDetail, OtherAddon};

/// What all add-ons of an order cost in a period; `None`: not known.
pub(super) struct AddonPrices {
    /// The current period.
    pub(super) now: Option<Cents>,
    /// The period that begins at the renewal.
    pub(super) after: Option<Amount>,
}

/// One add-on.
#[derive(Clone, Copy, Default)]
struct Line {
    qty: NowAndAfter<u32>,
    price_per_unit: NowAndAfter<Cents>,
}

impl AddonPrices {
    /// Prices the slots, of which one costs `slot_price` from the renewal on, and all other add-ons of an order.
    pub(super) fn new(detail: &OrderDetail, slots: NowAndAfter<u32>, slot_price: Option<Cents>) -> AddonPrices {
        let lines = lines(detail, slots, slot_price);
        let paid = detail.addons_price_paid;
        let now = paid.or_else(|| lines.iter().map(Line::now).sum());
        AddonPrices { now, after: after(&lines, paid) }
    }
}

fn lines(detail: &OrderDetail, slots: NowAndAfter<u32>, slot_price: Option<Cents>) -> Vec<Line> {
    let mut lines =
        vec![Line { qty: slots, price_per_unit: NowAndAfter { now: detail.slot_price, after: slot_price } }];
    match &detail.other_addons {
        Some(others) => lines.extend(others.iter().map(Line::of)),
        // There is an add-on, as one is paid for, and nobody tells which.
        None if slots.now == Some(0) && detail.addons_price_paid.is_some_and(|paid| paid.0 > 0) => {
            lines.push(Line::default());
        }
        None => {}
    }
    lines
}

/// Adds up what the lines cost from the renewal on. What the vendor's own sum leaves over beside the lines that have a
/// price is what those without one cost.
fn after(lines: &[Line], paid: Option<Cents>) -> Option<Amount> {
    let (priced, others): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| line.after().is_some());
    let priced_now: Option<Cents> = priced.iter().map(|line| line.now()).sum();
    let cents: Cents = priced.iter().filter_map(|line| line.after()).sum();
    if others.is_empty() {
        // Where nothing is paid for and nothing will be, there is nothing to show.
        let is_shown = paid.map_or(cents == Cents(0), |paid| paid == cents);
        return Some(Amount { cents, estimated: !is_shown });
    }
    // Nothing left over for what is there is no price.
    let left = paid?.0.checked_sub(priced_now?.0).filter(|left| *left > 0)?;
    let others = unpriced_after(&others, Cents(left))?;
    let changes = priced.iter().any(|line| line.changes());
    Some(Amount { cents: cents.plus(others.cents), estimated: others.estimated || changes })
}

/// Says what lines without a price of their own cost from the renewal on, of which it is known what all of them cost now.
fn unpriced_after(lines: &[&Line], now: Cents) -> Option<Amount> {
    match lines {
        lines if !lines.iter().any(|line| line.changes()) => Some(Amount::told(now)),
        [line] => {
            let units = line.qty.now.filter(|units| *units > 0)?;
            Some(Amount::estimated(scaled(now, u64::from(line.qty.after?), u64::from(units))))
        }
        _ => None,
    }
}

impl Line {
    fn of(addon: &OtherAddon) -> Line {
        let OtherAddon { qty, price_per_unit, pending } = *addon;
        let after = pending.and_then(|pending| pending.map_or(qty, |pending| Some(pending.next_qty())));
        let price_per_unit = NowAndAfter { now: price_per_unit, after: price_per_unit };
        Line { qty: NowAndAfter { now: qty, after }, price_per_unit }
    }

    fn now(&self) -> Option<Cents> {
        cost(self.qty.now, self.price_per_unit.now)
    }

    fn after(&self) -> Option<Cents> {
        cost(self.qty.after, self.price_per_unit.after)
    }

    /// Returns whether it is another one from the renewal on, or nobody knows.
    fn changes(&self) -> bool {
        let Line { qty, price_per_unit } = self;
        qty.now.is_none() || qty.now != qty.after || price_per_unit.now != price_per_unit.after
    }
}

/// Returns what so many units cost; none cost nothing.
fn cost(qty: Option<u32>, price_per_unit: Option<Cents>) -> Option<Cents> {
    match qty? {
        0 => Some(Cents(0)),
        qty => price_per_unit.map(|price| times(price, qty)),
    }
}
