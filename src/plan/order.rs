//! The plan of one order.

use super::difference::Difference;
use super::forget::forget_record;
use super::resolve::resolve;
use super::seen::Seen;
use super::{Options, OrderPlan};
use crate::diagnostic::{Problem, ProblemCode};
use crate::model::{DesiredOrder, LiveOrder, Observed, OrderId, ReadFailure, Recorded, UnusableKind, UnusableRecord};

/// Compares one order's three states.
pub(super) fn plan_order(
    order_id: OrderId,
    desired: &DesiredOrder,
    observed: &Observed,
    options: &Options,
) -> OrderPlan {
    let mut order = OrderPlan::nothing(order_id);
    if let Err(failure) = &observed.live {
        order.problems.push(read_problem(order_id, desired, failure));
    }
    if let Err(unusable) = &observed.recorded {
        order.problems.push(state_problem(order_id, desired, unusable));
    }
    if let Ok(live) = &observed.live {
        order.take_facts(live);
        if let Ok(recorded) = &observed.recorded {
            compare(&mut order, desired, live, recorded, options);
        }
    }
    order
}

fn compare(order: &mut OrderPlan, desired: &DesiredOrder, live: &LiveOrder, recorded: &Recorded, options: &Options) {
    let mut seen = Seen::new(live, recorded, options.now, options.reassert);
    order.notes.append(&mut seen.notes);
    order.auto_renewal = seen.belief.auto_renewal.value().copied();
    if let Some(unsettled) = seen.belief.unsettled {
        // What was read does not show the purchase: nothing is planned by it.
        order.slots =
            order.slots.map(|slots| slots.max(if unsettled.from_qty.is_none() { unsettled.to_qty } else { 0 }));
    }
    let resolved = desired.keep.as_ref().map(|keep| resolve(keep, live.active.keys().copied()));
    let order_id = order.order_id;
    let mut difference = Difference { order_id, desired, live, resolved, belief: &seen.belief, options, order };
    difference.check_tag();
    difference.check_status();
    difference.check_unsettled();
    difference.check_kept_ips();
    difference.plan_steps();
    difference.answer_changes_elsewhere();
    difference.check_slots();
    difference.remark();
    order.seen = Some(seen);
}

/// What to do about an order that the API does not have.
const MEND_ORDER: &str = "mend its id, or remove the order from the manifest; `shardctl status --all` lists the orders that \
                          this token can see";

fn read_problem(order_id: OrderId, desired: &DesiredOrder, failure: &ReadFailure) -> Problem {
    let message = failure.message().printable();
    let could_not = format!("order {order_id} could not be read: {message}");
    let misdirected = format!(
        "this is not how the API answers: check --api-url (PROXYSHARD_API_URL); where it is right, {MEND_ORDER}"
    );
    let problem = match failure {
        ReadFailure::Unavailable { from_api: true, .. } => {
            let help = format!(
                "only orders of datacenter and ISP proxies can be managed: look at it in the panel, {MEND_ORDER}"
            );
            Problem::new(ProblemCode::OrderUnavailable, could_not).help(help)
        }
        ReadFailure::Unavailable { from_api: false, .. } => {
            Problem::new(ProblemCode::OrderUnavailable, could_not).help(misdirected)
        }
        // The API's own words say which order it is.
        ReadFailure::NotFound { from_api: true, .. } => {
            Problem::new(ProblemCode::OrderNotFound, message).help(MEND_ORDER)
        }
        ReadFailure::NotFound { from_api: false, .. } => {
            Problem::new(ProblemCode::OrderNotFound, could_not).help(misdirected)
        }
        ReadFailure::Failed { .. } => Problem::new(ProblemCode::ApiError, could_not),
    };
    problem.order(order_id).at(desired.span, "")
}

fn state_problem(order_id: OrderId, desired: &DesiredOrder, unusable: &UnusableRecord) -> Problem {
    Problem::new(ProblemCode::StateMismatch, unusable.message.as_str())
        .help(mend_record(order_id, unusable))
        .order(order_id)
        .at(desired.span, "")
}

/// Says how a conflict in a record ends: a mixture of both sides may be a record, and say what neither does.
fn resolve_conflict(order_id: OrderId) -> String {
    format!(
        "resolve it by keeping one side of the file whole, best that of the apply which ran last, as by `git checkout --ours` or \
         `git checkout --theirs` with its path; only where neither can be had, drop the record by `{}`: everything about \
         the order is then unknown and is asserted once, and a purchase that is open is forgotten",
        forget_record(order_id)
    )
}

/// Says what to do about a record that cannot be used. To drop it helps only where it is wrong by itself.
fn mend_record(order_id: OrderId, unusable: &UnusableRecord) -> String {
    if unusable.can_be_forgotten() {
        let forget = forget_record(order_id);
        return format!(
            "restore the file, name another place by --state, or drop the record by `{forget}`: everything about the \
             order is then unknown and is asserted once, and a purchase that is open is forgotten"
        );
    }
    let mend = match unusable.kind {
        UnusableKind::MergeConflict => return resolve_conflict(order_id),
        UnusableKind::Unreadable(_) => "let the user who runs this read the file",
        UnusableKind::NewerVersion => "run the newer shardctl",
        UnusableKind::OtherApi | UnusableKind::Damaged | UnusableKind::OtherOrder => {
            "name the API that it belongs to by --api-url"
        }
    };
    format!("{mend}, or name another place by --state: the record is as it was, and what it says is still needed")
}
