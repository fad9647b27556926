//! A plan in one line.

use super::weight::Weight;
use crate::model::{Cents, count};
use crate::plan::{Plan, Step, Summary};

/// Puts the summary of a plan into the parts of one line.
pub(in crate::render) fn summary(plan: &Plan) -> Vec<(Weight, String)> {
    let Summary { orders, changed, unchanged, blocked, steps, charge, ips_leaving, signatures_set, drifted } =
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
    if drifted > 0 {
        parts.push((Weight::Plain, format!("{} changed elsewhere", count(drifted, "thing"))));
    }
    parts
}

fn signatures(plan: &Plan, all: usize) -> (Weight, String) {
    let (first, perhaps) = plan
        .orders
        .iter()
        .flat_map(|order| &order.steps)
        .map(first_signatures)
        .fold((0, 0), |(first, perhaps), (more_first, more_perhaps)| (first + more_first, perhaps + more_perhaps));
    let all = format!("{} set", count(all, "signature"));
    let take = match (first, perhaps) {
        (0, 0) => return (Weight::Plain, all),
        (first, 0) => format!("take {} for good", count(first, "slot")),
        (0, perhaps) => format!("may take {} for good", count(perhaps, "slot")),
        (first, perhaps) => format!("take {} for good and may take {perhaps} more", count(first, "slot")),
    };
    (Weight::Slot, format!("{all}, which {take}"))
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
