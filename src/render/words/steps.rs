//! The steps of a plan in words.

use super::items::{self, Group};
use super::weight::Weight;
use super::when::{at_its_end, at_renewal};
use crate::model::{PendingChange, Quote, Renewal, count};
use crate::plan::{DelNpItem, SignatureItem, Step};

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

/// Puts a step into words.
pub(in crate::render) fn step<'a>(step: &'a Step, renewal: Option<&'a Renewal>) -> Words<'a> {
    match step {
        Step::CancelDowngrade { pending } => cancel_downgrade(*pending),
        Step::PurchaseSlots { from_qty, quote } => purchase_slots(*from_qty, quote),
        Step::SetSignatures { items } => set_signatures(items),
        Step::SetDelNp { items } => set_del_np(items, renewal),
        Step::SetAutoRenewal { from, to } => set_auto_renewal(*from, *to, renewal),
        Step::ScheduleDowngrade { from_qty, next_qty } => {
            let slots = count(*next_qty, "p0f slot");
            let title = format!("schedule a downgrade from {from_qty} to {slots} {}", at_renewal(renewal));
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

fn purchase_slots(from_qty: u32, quote: &Quote) -> Words<'static> {
    let title = format!(
        "buy {}, from {from_qty} to {}, at {} each: charges {} now",
        count(quote.add_qty, "p0f slot"),
        from_qty.saturating_add(quote.add_qty),
        quote.price_per_unit,
        quote.charge
    );
    Words::new(Weight::Money, title)
}

fn set_auto_renewal(from: Option<bool>, to: bool, renewal: Option<&Renewal>) -> Words<'static> {
    let (weight, title) = match to {
        true if from.is_none() => (Weight::Asserted, "switch automatic renewal on".to_owned()),
        true => (Weight::Plain, "switch automatic renewal on".to_owned()),
        false => (Weight::Leaving, format!("switch automatic renewal off: the order ends {}", at_its_end(renewal))),
    };
    Words::new(weight, title + if from.is_none() { " (unknown until now)" } else { "" })
}

fn set_signatures(items: &[SignatureItem]) -> Words<'_> {
    let groups = items::signatures(items);
    let weight = groups.first().map_or(Weight::Plain, Group::weight);
    let counts = |takes_slot, is_known| {
        items.iter().filter(|item| item.takes_slot == takes_slot && item.from.is_some() == is_known).count()
    };
    let (first, perhaps) = (counts(true, true), counts(true, false));
    let (changed, asserted) = (counts(false, true), counts(false, false));
    let mut parts = Vec::new();
    if first > 0 {
        parts.push(format!("{first} {} a slot for good", if first == 1 { "takes" } else { "take" }));
    }
    if perhaps > 0 {
        let what = if first > 0 { "may" } else { "may take a slot for good" };
        parts.push(format!("{perhaps} {what} (unknown until now)"));
    }
    if changed > 0 && changed < items.len() {
        parts.push(format!("{changed} only {}", if changed == 1 { "changes" } else { "change" }));
    }
    if asserted > 0 {
        parts.push(format!("{asserted} unknown until now, on slots that are held already"));
    }
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    Words { title: format!("set {}{parts}", count(items.len(), "signature")), weight, groups }
}

fn set_del_np<'a>(items: &[DelNpItem], renewal: Option<&'a Renewal>) -> Words<'a> {
    let leaving = items.iter().filter(|item| item.to).count();
    let unknown = items.iter().filter(|item| item.from.is_none()).count();
    let title = match (items.len() - leaving, leaving) {
        (staying, 0) => format!("mark {} to stay", count(staying, "IP")),
        (0, leaving) => format!("mark {} to go {}", count(leaving, "IP"), at_renewal(renewal)),
        (staying, leaving) => {
            format!("mark {} to stay and {leaving} to go {}", count(staying, "IP"), at_renewal(renewal))
        }
    };
    let unknown_until_now = if unknown == 0 { String::new() } else { format!(" ({unknown} unknown until now)") };
    let weight = match leaving {
        0 if unknown == items.len() => Weight::Asserted,
        0 => Weight::Plain,
        _ => Weight::Leaving,
    };
    Words { title: title + &unknown_until_now, weight, groups: items::marks(items, renewal) }
}
