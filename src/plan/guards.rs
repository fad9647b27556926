//! The guard rails, judged over the whole plan before the first write.

use super::{Options, OrderPlan, Step};
use crate::diagnostic::{Problem, ProblemCode};
use crate::model::{Cents, Desired, Percent, ProxyIp};

/// What one apply may charge where neither the manifest nor the command line says anything: nothing.
pub const DEFAULT_MAX_CHARGE: Cents = Cents(0);
/// The share of an order's IPs that one apply may newly mark to go where nothing is said.
pub const DEFAULT_MAX_REMOVAL_PERCENT: u8 = 30;

/// Blocks the orders that exceed a limit.
pub(super) fn judge(orders: &mut [OrderPlan], desired: &Desired, options: &Options) {
    judge_charge(orders, desired, options);
    judge_removals(orders, desired, options);
}

fn judge_charge(orders: &mut [OrderPlan], desired: &Desired, options: &Options) {
    let limit = options.max_charge.or(desired.limits.max_charge_cents);
    let allowed = limit.unwrap_or(DEFAULT_MAX_CHARGE);
    let total: Cents = orders.iter().map(OrderPlan::charge).sum();
    if total <= allowed {
        return;
    }
    let allows = match limit {
        Some(limit) => format!("the limit is {} cents", limit.0),
        None => "no limit is set, so that nothing may be bought".to_owned(),
    };
    let help = format!(
        "once the charge is right, set `max_charge_cents: {}` under `limits:` in the manifest, or pass --max-charge-cents {}",
        total.0, total.0
    );
    // One limit holds for all orders: said once is enough.
    let mut help = Some(help);
    for order in orders.iter_mut().filter(|order| order.steps.iter().any(is_purchase)) {
        let message = format!("the plan charges {} cents ({total}) in all; {allows}", total.0);
        let mut problem = Problem::new(ProblemCode::ChargeLimit, message).order(order.order_id);
        problem.help = help.take();
        if let Some(declared) = desired.orders.get(&order.order_id) {
            let span = declared.p0f_slots.as_ref().map_or(declared.span, |slots| slots.span);
            problem = problem.at(span, format!("charges {} cents", order.charge().0));
        }
        if let (Some(span), None) = (desired.limits.span, options.max_charge) {
            problem = problem.also_at(span, "the limits");
        }
        order.problems.push(problem);
    }
}

fn judge_removals(orders: &mut [OrderPlan], desired: &Desired, options: &Options) {
    let default = Percent::new(DEFAULT_MAX_REMOVAL_PERCENT);
    let limit = options.max_removal_percent.or(desired.limits.max_removal_percent).or(default);
    let total: usize = orders.iter().map(newly_leaving).sum();
    if options.allow_removals.is_some_and(|allowed| total <= allowed) {
        return;
    }
    for order in orders {
        let (leaving, active) = (newly_leaving(order), order.active_ips.unwrap_or(0));
        let allowed = limit.map_or(0, |limit| limit.of(active)).max(1);
        if leaving <= allowed {
            continue;
        }
        let message = format!(
            "the plan newly marks {leaving} of the {active} active IPs of order {} to go; the limit is {allowed} ({} %)",
            order.order_id,
            limit.map_or(0, |limit| limit.of(100))
        );
        let help = format!("if they shall go, pass --allow-removals {total}; if not, list them under `keep`");
        let mut problem = Problem::new(ProblemCode::RemovalLimit, message).help(help).order(order.order_id);
        if let Some(declared) = desired.orders.get(&order.order_id) {
            problem = problem.at(declared.span, format!("{leaving} IPs would leave"));
        }
        order.problems.push(problem);
    }
}

fn is_purchase(step: &Step) -> bool {
    matches!(step, Step::PurchaseSlots { .. })
}

/// Counts the IPs that were not marked to go before this plan and are marked by it.
fn newly_leaving(order: &OrderPlan) -> usize {
    let was_leaving = |ip: &ProxyIp| order.seen.as_ref().is_some_and(|seen| seen.belief.was_leaving(ip));
    let marks = order.steps.iter().filter_map(|step| match step {
        Step::SetDelNp { items } => Some(items),
        _ => None,
    });
    marks.flatten().filter(|item| item.to && !was_leaving(&item.ip)).count()
}
