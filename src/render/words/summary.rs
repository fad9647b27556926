//! A plan in one line.

use super::weight::Weight;
use crate::diagnostic::{Note, NoteCode};
use crate::model::{Cents, count};
use crate::plan::{Plan, Step, Summary};

/// Puts the summary of a plan into the parts of one line.
pub(in crate::render) fn summary(plan: &Plan) -> Vec<(Weight, String)> {
    let Summary { orders, changed, unchanged, blocked, steps, charge, ips_leaving, signatures_set, drifted: _ } =
        plan.summary();
    let states = [(changed, "to change"), (unchanged, "unchanged"), (blocked, "blocked")];
    let states = states.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
    let states: Vec<String> = states.collect();
    let mut parts = vec![
        (Weight::Plain, format!("{} ({})", count(orders, "order"), states.join(", "))),
        (Weight::Plain, count(steps, "operation")),
        match charge {
            Cents(0) => (Weight::Plain, "charges nothing".to_owned()),
            charge => (Weight::Money, format!("charges {charge} now")),
        },
    ];
    if ips_leaving > 0 {
        parts.push((Weight::Leaving, format!("{} marked to go", count(ips_leaving, "IP"))));
    }
    if signatures_set > 0 {
        parts.push(signatures(plan, signatures_set));
    }
    parts.extend(without_ips(plan));
    parts.extend(drift(plan.orders.iter().flat_map(|order| &order.notes)));
    parts
}

/// Counts what is done with slots and automatic renewal, and costs nothing now.
fn without_ips(plan: &Plan) -> impl Iterator<Item = (Weight, String)> {
    let steps = || plan.orders.iter().flat_map(|order| &order.steps);
    let number = |is_it: fn(&Step) -> bool| steps().filter(|step| is_it(step)).count();
    let downgrades = number(|step| matches!(step, Step::ScheduleDowngrade { .. }));
    let cancelled = number(|step| matches!(step, Step::CancelDowngrade { pending: Some(_) }));
    let perhaps = number(|step| matches!(step, Step::CancelDowngrade { pending: None }));
    let off = number(|step| matches!(step, Step::SetAutoRenewal { to: false, .. }));
    let on = number(|step| matches!(step, Step::SetAutoRenewal { to: true, .. }));
    let parts = [
        (downgrades, Weight::Leaving, format!("{} of slots scheduled", count(downgrades, "downgrade"))),
        (off, Weight::Leaving, format!("automatic renewal switched off for {}", count(off, "order"))),
        (on, Weight::Plain, format!("automatic renewal switched on for {}", count(on, "order"))),
        (cancelled, Weight::Plain, format!("{} cancelled", count(cancelled, "pending downgrade"))),
        (
            perhaps,
            Weight::Asserted,
            format!(
                "{} cancelled, if there {}",
                count(perhaps, "pending downgrade"),
                if perhaps == 1 { "is one" } else { "are any" }
            ),
        ),
    ];
    parts.into_iter().filter(|(number, ..)| *number > 0).map(|(_, weight, words)| (weight, words))
}

/// Counts what is not as shardctl left it.
pub(in crate::render) fn drift<'a>(notes: impl Iterator<Item = &'a Note>) -> Vec<(Weight, String)> {
    let (mut changed, mut not_done) = (0, 0);
    for note in notes {
        match note.code {
            NoteCode::NotCarriedOut => not_done += 1,
            _ => changed += usize::from(note.is_drift()),
        }
    }
    let parts = [(changed, "changed elsewhere"), (not_done, "not carried out at the renewal")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, what)| (Weight::Plain, format!("{} {what}", count(number, "thing")))).collect()
}

/// Says how many signatures are set, and which of them take a slot.
fn signatures(plan: &Plan, all: usize) -> (Weight, String) {
    let (first, perhaps) = plan
        .orders
        .iter()
        .flat_map(|order| &order.steps)
        .map(first_signatures)
        .fold((0, 0), |(first, perhaps), (more_first, more_perhaps)| (first + more_first, perhaps + more_perhaps));
    let others = all.saturating_sub(first + perhaps);
    let weight = if others == all { Weight::Plain } else { Weight::Slot };
    let takes = if first == 1 { "takes" } else { "take" };
    let parts = [
        (first, format!("{takes} a slot for good")),
        (perhaps, "may take a slot for good".to_owned()),
        (others, (if others == 1 { "takes none" } else { "take none" }).to_owned()),
    ];
    let parts: Vec<(usize, String)> = parts.into_iter().filter(|(number, _)| *number > 0).collect();
    let set = format!("{} set", count(all, "signature"));
    let words = match &parts[..] {
        [(1, what)] if others == 0 => format!("{set}, which {what}"),
        [(_, what)] if others == 0 => format!("{set}, all of which {what}"),
        [(1, _)] => format!("{set}, which takes no slot"),
        [_] => format!("{set}, none of which takes a slot"),
        parts => {
            let parts: Vec<String> = parts.iter().map(|(number, what)| format!("{number} {what}")).collect();
            format!("{set}: {}", parts.join(", "))
        }
    };
    (weight, words)
}

/// Counts the signatures that take a slot for good, and those of which nobody knows whether they do.
pub(in crate::render) fn first_signatures(step: &Step) -> (usize, usize) {
    let items = match step {
        Step::SetSignatures { items } => &items[..],
        _ => &[],
    };
    let counts = |is_known| items.iter().filter(|item| item.takes_slot && item.from.is_some() == is_known).count();
    (counts(true), counts(false))
}
