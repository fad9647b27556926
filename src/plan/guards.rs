//! The guard rails, judged over the whole plan before the first write.

use super::whereabouts::import_command;
use super::{Options, OrderPlan, Step};
use crate::diagnostic::{Problem, ProblemCode};
use crate::model::{AddressRun, Cents, Desired, Observations, Percent, ProxyIp, count};

/// What one apply may charge where neither the manifest nor the command line says anything: nothing.
pub const DEFAULT_MAX_CHARGE: Cents = Cents(0);
/// The share of an order's IPs that one apply may newly mark to go where nothing is said.
pub const DEFAULT_MAX_REMOVAL_PERCENT: u8 = 30;
/// The number of IPs that one apply may newly mark to go, over all orders, where nothing is said.
pub const DEFAULT_MAX_REMOVALS: usize = 100;

/// Blocks the orders that exceed a limit.
pub(super) fn judge(orders: &mut [OrderPlan], desired: &Desired, observed: &Observations, options: &Options) {
    judge_charge(orders, desired, options);
    let total: usize = orders.iter().map(newly_leaving).sum();
    if options.allow_removals.is_some_and(|allowed| total <= allowed) {
        return;
    }
    judge_removals(orders, desired, options, total);
    judge_new_ips(orders, desired, observed, total);
}

/// Blocks every order that buys, where the wallet holds less than the plan charges.
pub(super) fn judge_wallet(orders: &mut [OrderPlan], desired: &Desired, wallet: i64) {
    let total: Cents = orders.iter().map(OrderPlan::charge).sum();
    if i128::from(total.0) <= i128::from(wallet) {
        return;
    }
    let holds = match u64::try_from(wallet) {
        Ok(cents) => Cents(cents).to_string(),
        Err(_) => format!("-{}", Cents(wallet.unsigned_abs())),
    };
    for order in orders.iter_mut().filter(|order| order.steps.iter().any(is_purchase)) {
        let message = format!("the plan charges {total} in all, and the wallet holds {holds}");
        let problem = Problem::new(ProblemCode::WalletShort, message).help("top up the wallet, and run again");
        let span = slots_span(order, desired);
        push(order, problem, span.map(|span| (span, format!("charges {}", order.charge()))));
    }
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
        let mut problem = Problem::new(ProblemCode::ChargeLimit, message);
        problem.help = help.take();
        if let (Some(span), None) = (desired.limits.span, options.max_charge) {
            problem = problem.also_at(span, "the limits");
        }
        let span = slots_span(order, desired);
        push(order, problem, span.map(|span| (span, format!("charges {} cents", order.charge().0))));
    }
}

fn judge_removals(orders: &mut [OrderPlan], desired: &Desired, options: &Options, total: usize) {
    let default = Percent::new(DEFAULT_MAX_REMOVAL_PERCENT);
    let percent = options.max_removal_percent.or(desired.limits.max_removal_percent).or(default);
    let most = options.max_removals.or(desired.limits.max_removals).unwrap_or(DEFAULT_MAX_REMOVALS);
    for order in orders {
        let (leaving, active) = (newly_leaving(order), order.active_ips.unwrap_or(0));
        let all = if leaving == total { "" } else { " (the number of the whole plan)" };
        let lift = format!("--allow-removals {total}{all}");
        let allowed = percent.map_or(0, |percent| percent.of(active)).max(1);
        let span = desired.orders.get(&order.order_id).map(|declared| declared.span);
        if leaving > allowed {
            let message = format!(
                "the plan newly marks {leaving} of the {active} active IPs of order {} to go; the limit is {allowed} ({} %)",
                order.order_id,
                percent.map_or(0, |percent| percent.of(100))
            );
            let help = format!(
                "if they shall go, pass {lift}, or raise `max_removal_percent` under `limits:` (--max-removal-percent); if \
                 not, list them under `keep`"
            );
            let problem = Problem::new(ProblemCode::RemovalLimit, message).help(help);
            push(order, problem, span.map(|span| (span, format!("{} would leave", count(leaving, "IP")))));
        }
        if leaving > 0 && total > most {
            let message =
                format!("the plan newly marks {total} IPs to go in all; the limit is {most}, over all orders");
            let help = format!(
                "if they shall go, pass {lift}, or raise `max_removals` under `limits:` (--max-removals); if not, list them \
                 under `keep`"
            );
            let problem = Problem::new(ProblemCode::RemovalLimit, message).help(help);
            push(order, problem, span.map(|span| (span, format!("{} would leave", count(leaving, "IP")))));
        }
    }
}

/// Blocks orders in which an IP would be let go that was not there when their record was last written: somebody bought it
/// or had it replaced, and the manifest does not know it yet.
fn judge_new_ips(orders: &mut [OrderPlan], desired: &Desired, observed: &Observations, total: usize) {
    for order in orders {
        let recorded = observed.get(&order.order_id).and_then(|observed| observed.recorded.as_ref().ok());
        let Some(known) = recorded.and_then(|recorded| recorded.ips.as_ref()) else { continue };
        let newly = order.steps.iter().flat_map(Step::newly_leaving);
        let new: Vec<ProxyIp> = newly.filter(|ip| !known.contains(ip)).collect();
        let span = desired.orders.get(&order.order_id).map(|declared| declared.span);
        for ip in new.iter().take(MOST_NEW_IPS) {
            let others = match new.len() {
                number if number > MOST_NEW_IPS => format!(" (and {} more)", number - MOST_NEW_IPS),
                _ => String::new(),
            };
            let message = format!(
                "{ip} is new in order {} since its record was last written, and would be marked to go{others}",
                order.order_id
            );
            let import = import_command(order.order_id);
            let help =
                format!("list it under `keep`, as `{import}` does; if it shall go, pass --allow-removals {total}");
            let problem = Problem::new(ProblemCode::NewIp, message).help(help).ip(*ip);
            push(order, problem, span.map(|span| (span, "`keep` does not list it".to_owned())));
        }
        if new.len() > MOST_NEW_IPS {
            let list = AddressRun::list(new.iter().copied());
            if let Some(problem) = order.problems.iter_mut().rfind(|problem| problem.code == ProblemCode::NewIp) {
                let import = import_command(order.order_id);
                let help =
                    format!("list them under `keep`, as `{import}` does, or pass --allow-removals {total}: {list}");
                problem.help = Some(help);
            }
        }
    }
}

/// The most new IPs of an order that have a problem of their own.
const MOST_NEW_IPS: usize = 20;

fn slots_span(order: &OrderPlan, desired: &Desired) -> Option<crate::model::Span> {
    let declared = desired.orders.get(&order.order_id)?;
    Some(declared.p0f_slots.as_ref().map_or(declared.span, |slots| slots.span))
}

fn push(order: &mut OrderPlan, problem: Problem, at: Option<(crate::model::Span, String)>) {
    let problem = problem.order(order.order_id);
    order.problems.push(match at {
        Some((span, label)) => problem.at(span, label),
        None => problem,
    });
}

fn is_purchase(step: &Step) -> bool {
    matches!(step, Step::PurchaseSlots { .. })
}

/// Counts the IPs that were not marked to go before this plan and are marked by it.
fn newly_leaving(order: &OrderPlan) -> usize {
    order.steps.iter().flat_map(Step::newly_leaving).count()
}
