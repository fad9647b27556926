//! The slots of an order: what they are, and what more of them cost.

use crate::api::decode;
use crate::api::error::Stage;
use crate::api::shapes::ToldObject;
use crate::api::token::Token;
use crate::api::wire::{AddonLine, Addons, AddonsAnswer, CalculateAnswer, PendingLine};
use crate::model::{Cents, LiveSlots, NoQuote, OtherAddon, P0F_SLOTS, PendingChange, Quote, SlotsTold};

/// Reads the answer of `addons/calculate` for `add_qty` more slots.
pub fn quote(status: u16, body: &[u8], token: &Token, add_qty: u32) -> Result<LiveSlots, Stage> {
    let answer: CalculateAnswer = decode::answer(status, body, token)?;
    let unexpected = |reason: String| Err(Stage::Unexpected { reason });
    if answer.add_qty.echoed::<i128>().is_some_and(|answered| answered != i128::from(add_qty)) {
        return unexpected(format!("asked for the price of {add_qty} more slots, the answer is about another number"));
    }
    if answer.addon_key.text().is_some_and(|key| key != P0F_SLOTS) {
        return unexpected(format!("asked for the price of {P0F_SLOTS}, the answer is about another add-on"));
    }
    Ok(LiveSlots { current_qty: answer.current_qty, quote: price(&answer, add_qty) })
}

/// Holds all parts of a price against each other.
fn price(answer: &CalculateAnswer, add_qty: u32) -> Result<Quote, NoQuote> {
    let total = answer.add_total.ok_or(NoQuote::NotShown)?;
    let total = positive(total.into())?;
    let units = u64::from(add_qty.max(1));
    let price_per_unit = match answer.price_per_unit.number::<i128>() {
        Some(price) => positive(price)?,
        None if total.0 % units == 0 => Cents(total.0 / units),
        None => return Err(NoQuote::Indivisible { add_qty, total }),
    };
    if price_per_unit.0.checked_mul(units) != Some(total.0) {
        return Err(NoQuote::WrongTotal { add_qty, price_per_unit, total });
    }
    let (current_qty, new_qty) = (answer.current_qty, answer.new_qty.echoed::<i128>());
    if new_qty.is_some_and(|new_qty| new_qty != i128::from(current_qty) + i128::from(add_qty)) {
        return Err(NoQuote::WrongSum { current_qty, add_qty });
    }
    Ok(Quote { add_qty, price_per_unit, charge: total })
}

fn positive(cents: i128) -> Result<Cents, NoQuote> {
    u64::try_from(cents).ok().filter(|cents| *cents > 0).map(Cents).ok_or(NoQuote::NotAboveZero)
}

/// Reads the answer of `addons/purchase`, `addons/schedule` and `addons/schedule/cancel`.
pub fn slots_told(status: u16, body: &[u8], token: &Token) -> Result<SlotsTold, Stage> {
    let answer: AddonsAnswer = decode::answer(status, body, token)?;
    Ok(AddonLines::new(answer.addons).slots.map(|line| told(&line)).unwrap_or_default())
}

/// The add-ons of an order.
#[derive(Default)]
pub(super) struct AddonLines {
    /// The slots; of two lines nobody knows which one counts.
    pub(super) slots: Option<AddonLine>,
    /// All others; one of which nothing can be read is among them. `None`: there is no list.
    pub(super) others: Option<Vec<OtherAddon>>,
}

impl AddonLines {
    /// Tells the slots from the other add-ons.
    pub(super) fn new(addons: Addons) -> AddonLines {
        let Some(lines) = addons.items() else { return AddonLines::default() };
        let (mut slots, mut others) = (Vec::new(), Vec::new());
        for line in lines {
            match line {
                ToldObject::Object(line) if line.addon_key.text() == Some(P0F_SLOTS) => slots.push(line),
                ToldObject::Object(line) => others.push(other(&line)),
                ToldObject::Absent | ToldObject::Null | ToldObject::Other => others.push(OtherAddon::default()),
            }
        }
        AddonLines { slots: slots.pop().filter(|_| slots.is_empty()), others: Some(others) }
    }
}

fn other(line: &AddonLine) -> OtherAddon {
    let SlotsTold { qty, pending } = told(line);
    OtherAddon { qty, price_per_unit: line.price_per_unit.number().map(Cents), pending }
}

/// Reads how many units of an add-on there are, and what is scheduled for them.
pub(super) fn told(line: &AddonLine) -> SlotsTold {
    let pending = match &line.pending {
        ToldObject::Null => Some(None),
        ToldObject::Object(pending) => pending_change(pending).map(Some),
        ToldObject::Absent | ToldObject::Other => None,
    };
    SlotsTold { qty: line.qty.number(), pending }
}

/// Reads a change at the next renewal; one that is not known by its name is not told.
fn pending_change(line: &PendingLine) -> Option<PendingChange> {
    match line.action.text()?.trim().to_ascii_lowercase().as_str() {
        "downgrade" => line.next_qty.number().map(|next_qty| match next_qty {
            0 => PendingChange::Cancel {},
            next_qty => PendingChange::Downgrade { next_qty },
        }),
        "cancel" => Some(PendingChange::Cancel {}),
        _ => None,
    }
}
