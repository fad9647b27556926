//! A plan in one line.

use super::steps::charges;
use super::verb::verb;
use super::weight::Weight;
use super::when::PeriodEnd;
use crate::diagnostic::NoteCode;
use crate::model::{Cents, OrderId, count, minute};
use crate::plan::{OrderPlan, Plan, Step, Summary};

/// Puts the summary of a plan into the parts of one line.
pub(in crate::render) fn summary(plan: &Plan) -> Vec<(Weight, String)> {
    let Summary { orders, changed, unchanged, blocked, steps, charge, ips_leaving, signatures_set, drifted: _ } =
        plan.summary();
    let states = [(changed, "to change"), (unchanged, "unchanged"), (blocked, "blocked")];
    let states = states.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
    let states: Vec<String> = states.collect();
    let would = blocked > 0;
    let mut parts = vec![
        (Weight::Plain, format!("{} ({})", count(orders, "order"), states.join(", "))),
        (Weight::Plain, count(steps, "operation")),
        match charge {
            Cents(0) => (Weight::Plain, "charges nothing".to_owned()),
            charge => (Weight::Money, charges(charge, would)),
        },
    ];
    if ips_leaving > 0 {
        let (leave, when) = (verb("leave", ips_leaving, would), when_they_leave(plan));
        parts.push((Weight::Leaving, format!("{} {leave} {when}", count(ips_leaving, "IP"))));
    }
    if signatures_set > 0 {
        parts.push(signatures(plan, signatures_set, would));
    }
    parts.extend(ending(plan));
    parts.extend(switched_off(plan, would));
    parts.extend(without_ips(plan, would));
    parts.extend(drift(&plan.orders, would));
    parts
}

/// Says when IPs leave, where that is the same moment for all of them.
fn when_they_leave(plan: &Plan) -> String {
    let leaves = |order: &&OrderPlan| order.steps.iter().any(|step| step.ips_leaving() > 0);
    let ends: Vec<PeriodEnd<'_>> = plan.orders.iter().filter(leaves).map(PeriodEnd::of).collect();
    let first = ends.first().and_then(|end| end.moment());
    match (first, ends.iter().any(|end| end.is_last)) {
        _ if ends.iter().any(|end| end.moment() != first) => "at the renewals of their orders".to_owned(),
        (Some(moment), true) => format!("on {}", minute(moment)),
        (Some(moment), false) if ends.len() > 1 => format!("at the renewals on {}", minute(moment)),
        _ => ends.first().map(|end| end.of_leaving()).unwrap_or_default(),
    }
}

/// Says which orders with something to do, or something that waits for the renewal, do not renew by themselves.
fn ending(plan: &Plan) -> Option<(Weight, String)> {
    let ending = plan.orders.iter().filter(|order| does_not_renew(order));
    let ids: Vec<OrderId> = ending.map(|order| order.order_id).collect();
    let words = match ids[..] {
        [] => return None,
        [id] => format!("order {id} does not renew by itself: unless it is renewed, all its IPs are lost"),
        _ => format!(
            "{} do not renew by themselves: unless they are renewed, all their IPs are lost",
            count(ids.len(), "order")
        ),
    };
    Some((Weight::Leaving, words))
}

/// Returns whether an order does not renew by itself, and whoever approves its plan has to know that.
pub(in crate::render) fn does_not_renew(order: &OrderPlan) -> bool {
    let is_switched = order.steps.iter().any(|step| matches!(step, Step::SetAutoRenewal { .. }));
    let awaits_renewal = order.notes.iter().any(|note| note.code == NoteCode::NoAutoRenewal);
    PeriodEnd::of(order).is_last && !is_switched && (awaits_renewal || !order.steps.is_empty())
}

/// Says for which orders the plan switches automatic renewal off, and what that may cost.
fn switched_off(plan: &Plan, would: bool) -> Option<(Weight, String)> {
    let is_off =
        |order: &&OrderPlan| order.steps.iter().any(|step| matches!(step, Step::SetAutoRenewal { to: false, .. }));
    let off: Vec<&OrderPlan> = plan.orders.iter().filter(is_off).collect();
    let (whose, renewed) = match off[..] {
        [] => return None,
        [order] => (format!("order {}", order.order_id), "it is"),
        _ => (count(off.len(), "order"), "they are"),
    };
    let ips = off.iter().filter_map(|order| order.active_ips).sum();
    let lost = match ips {
        0 => "all is lost".to_owned(),
        1 => "1 IP is lost".to_owned(),
        _ => format!("{} are lost", count(ips, "IP")),
    };
    let switched = to_be("switched off", would);
    Some((Weight::Leaving, format!("automatic renewal {switched} for {whose}: unless {renewed} renewed, {lost}")))
}

/// Says that something is done, or would be if nothing blocked it.
fn to_be(done: &str, would: bool) -> String {
    if would { format!("to be {done}") } else { done.to_owned() }
}

/// Counts what is done with slots and automatic renewal, and costs nothing now.
fn without_ips(plan: &Plan, would: bool) -> impl Iterator<Item = (Weight, String)> {
    let steps = || plan.orders.iter().flat_map(|order| &order.steps);
    let number = |is_it: fn(&Step) -> bool| steps().filter(|step| is_it(step)).count();
    let downgrades = number(|step| matches!(step, Step::ScheduleDowngrade { .. }));
    let cancelled = number(|step| matches!(step, Step::CancelDowngrade { pending: Some(_) }));
    let perhaps = number(|step| matches!(step, Step::CancelDowngrade { pending: None }));
    let on = number(|step| matches!(step, Step::SetAutoRenewal { to: true, .. }));
    let parts = [
        (
            downgrades,
            Weight::Leaving,
            format!("{} of slots {}", count(downgrades, "downgrade"), to_be("scheduled", would)),
        ),
        (on, Weight::Plain, format!("automatic renewal {} for {}", to_be("switched on", would), count(on, "order"))),
        (cancelled, Weight::Plain, format!("{} {}", count(cancelled, "pending downgrade"), to_be("cancelled", would))),
        (
            perhaps,
            Weight::Asserted,
            format!(
                "{} {}, if there {}",
                count(perhaps, "pending downgrade"),
                to_be("cancelled", would),
                if perhaps == 1 { "is one" } else { "are any" }
            ),
        ),
    ];
    parts.into_iter().filter(|(number, ..)| *number > 0).map(|(_, weight, words)| (weight, words))
}

/// Counts what is not as shardctl left it, and says what the plan does about what somebody else changed.
pub(in crate::render) fn drift<'a>(
    orders: impl IntoIterator<Item = &'a OrderPlan>,
    would: bool,
) -> Vec<(Weight, String)> {
    let (mut overwritten, mut left, mut not_done) = (0, 0, 0);
    for (order, note) in orders.into_iter().flat_map(|order| order.notes.iter().map(move |note| (order, note))) {
        match note.code {
            NoteCode::NotCarriedOut => not_done += 1,
            _ if !note.is_drift() => {}
            _ => *(if order.overwrites(note) { &mut overwritten } else { &mut left }) += 1,
        }
    }
    let as_it_is = if left == 1 { "left as it is" } else { "left as they are" };
    let is_overwritten = to_be("overwritten", would);
    let answer = match (overwritten, left) {
        (_, 0) => is_overwritten,
        (0, _) => as_it_is.to_owned(),
        _ => format!("{overwritten} {is_overwritten}, {left} {as_it_is}"),
    };
    let parts = [
        (overwritten + left, format!("changed elsewhere ({answer})")),
        (not_done, "not carried out at the renewal".to_owned()),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, what)| (Weight::Plain, format!("{} {what}", count(number, "thing")))).collect()
}

/// Says how many signatures are set, and which of them take a slot.
fn signatures(plan: &Plan, all: usize, would: bool) -> (Weight, String) {
    let (first, perhaps) = plan
        .orders
        .iter()
        .flat_map(|order| &order.steps)
        .map(first_signatures)
        .fold((0, 0), |(first, perhaps), (more_first, more_perhaps)| (first + more_first, perhaps + more_perhaps));
    let others = all.saturating_sub(first + perhaps);
    let weight = if others == all { Weight::Plain } else { Weight::Slot };
    let parts = [
        (first, format!("{} a slot for good", verb("take", first, would))),
        (perhaps, "may take a slot for good".to_owned()),
        (others, format!("{} none", verb("take", others, would))),
    ];
    let parts: Vec<(usize, String)> = parts.into_iter().filter(|(number, _)| *number > 0).collect();
    let set = format!("{} {}", count(all, "signature"), to_be("set", would));
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
