//! The steps of a plan in words.

use super::items::{self, Group};
use super::verb::verb;
use super::weight::Weight;
use super::when::PeriodEnd;
use crate::model::{Cents, PendingChange, Quote, count};
use crate::plan::{DelNpItem, OrderPlan, SignatureItem, Status, Step};

/// A step in words.
pub(in crate::render) struct Words<'a> {
    /// One line.
    pub(in crate::render) title: String,
    /// What the step means to the reader.
    pub(in crate::render) weight: Weight,
    /// The IPs, grouped by what becomes of them.
    pub(in crate::render) groups: Vec<Group<'a>>,
}

impl Words<'_> {
    fn new(weight: Weight, title: impl Into<String>) -> Words<'static> {
        Words { title: title.into(), weight, groups: Vec::new() }
    }
}

/// Puts a step of an order into words.
pub(in crate::render) fn step<'a>(step: &'a Step, order: &OrderPlan) -> Words<'a> {
    let would = order.status() == Status::Blocked;
    let end = PeriodEnd::of(order);
    match step {
        Step::CancelDowngrade { pending } => cancel_downgrade(*pending),
        Step::PurchaseSlots { from_qty, quote } => purchase_slots(*from_qty, quote, would),
        Step::SetSignatures { items } => set_signatures(items, would),
        Step::SetDelNp { items } => set_del_np(items, end),
        Step::SetAutoRenewal { from, to } => set_auto_renewal(*from, *to, order, end),
        Step::ScheduleDowngrade { from_qty, next_qty } => {
            let slots = count(*next_qty, "p0f slot");
            let title = format!("schedule a downgrade from {from_qty} to {slots} {}", end.of_downgrade());
            Words::new(Weight::Leaving, title)
        }
    }
}

fn cancel_downgrade(pending: Option<PendingChange>) -> Words<'static> {
    match pending {
        None => {
            let title = "cancel a pending downgrade of the p0f slots, if there is one (nothing reports it)";
            Words::new(Weight::Asserted, title)
        }
        Some(PendingChange::Downgrade { next_qty }) => {
            Words::new(Weight::Plain, format!("cancel the pending downgrade to {}", count(next_qty, "p0f slot")))
        }
        Some(PendingChange::Cancel {}) => Words::new(Weight::Plain, "cancel the pending removal of all p0f slots"),
    }
}

fn purchase_slots(from_qty: u32, quote: &Quote, would: bool) -> Words<'static> {
    let title = format!(
        "buy {}, from {from_qty} to {}, at {} each: {}",
        count(quote.add_qty, "p0f slot"),
        from_qty.saturating_add(quote.add_qty),
        quote.price_per_unit,
        charges(quote.charge, would)
    );
    Words::new(Weight::Money, title)
}

fn set_auto_renewal(from: Option<bool>, to: bool, order: &OrderPlan, end: PeriodEnd<'_>) -> Words<'static> {
    let (weight, title) = match to {
        true if from.is_none() => (Weight::Asserted, "switch automatic renewal on".to_owned()),
        true => (Weight::Plain, "switch automatic renewal on".to_owned()),
        false => {
            let ips = order.active_ips.map(|ips| format!(" with its {}", count(ips, "IP"))).unwrap_or_default();
            let title =
                format!("switch automatic renewal off: the order ends {}{ips}, unless it is renewed", end.of_order());
            (Weight::Leaving, title)
        }
    };
    Words::new(weight, title + if from.is_none() { " (whether it was on is not known)" } else { "" })
}

/// Says what a purchase charges, or would if nothing blocked it.
pub(super) fn charges(charge: Cents, would: bool) -> String {
    format!("{} {charge}{}", verb("charge", 1, would), if would { "" } else { " now" })
}

fn set_signatures(items: &[SignatureItem], would: bool) -> Words<'_> {
    let groups = items::signatures(items);
    let weight = groups.first().map_or(Weight::Plain, Group::weight);
    let counts = |takes_slot, is_known| {
        items.iter().filter(|item| item.takes_slot == takes_slot && item.from.is_some() == is_known).count()
    };
    let (first, perhaps) = (counts(true, true), counts(true, false));
    let (changed, asserted) = (counts(false, true), counts(false, false));
    let mut parts = Vec::new();
    if first > 0 {
        parts.push(format!("{first} {} a slot for good", verb("take", first, would)));
    }
    if perhaps > 0 {
        let whether = if perhaps == 1 { "it has" } else { "they have" };
        parts.push(format!("{perhaps} may take a slot for good (whether {whether} a signature is not known)"));
    }
    if changed > 0 && changed < items.len() {
        parts.push(format!("{changed} {} none", verb("take", changed, would)));
    }
    if asserted > 0 {
        let which = if asserted == 1 { "it has" } else { "they have" };
        let takes = verb("take", asserted, would);
        parts.push(format!("{asserted} {takes} none (which signature {which} is not known)"));
    }
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    Words { title: format!("set {}{parts}", count(items.len(), "signature")), weight, groups }
}

fn set_del_np(items: &[DelNpItem], end: PeriodEnd<'_>) -> Words<'static> {
    let leaving = items.iter().filter(|item| item.to).count();
    let unknown = items.iter().filter(|item| item.from.is_none()).count();
    let title = match (items.len() - leaving, leaving) {
        (staying, 0) => format!("mark {} to stay", count(staying, "IP")),
        (0, leaving) => format!("mark {} to go {}", count(leaving, "IP"), end.of_leaving()),
        (staying, leaving) => {
            format!("mark {} to stay and {leaving} to go {}", count(staying, "IP"), end.of_leaving())
        }
    };
    let were = if unknown == 1 { "it was" } else { "they were" };
    let not_known = match unknown {
        0 => String::new(),
        _ if unknown == items.len() => format!(" (whether {were} marked before is not known)"),
        _ => format!(" (of {unknown} of them it is not known whether {were} marked before)"),
    };
    let weight = match leaving {
        0 if unknown == items.len() => Weight::Asserted,
        0 => Weight::Plain,
        _ => Weight::Leaving,
    };
    Words { title: title + &not_known, weight, groups: items::marks(items) }
}
