//! Where kept IPs are that their order does not have.

use std::collections::{BTreeMap, BTreeSet};

use super::OrderPlan;
use crate::diagnostic::ProblemCode;
use crate::model::{AddressRun, Desired, Observations, Observed, OrderId, ProxyIp};

/// Returns the command that lists what is new in an order and not what left it.
pub(super) fn import_command(order_id: OrderId) -> String {
    format!("shardctl import {order_id} --into FILE")
}

/// The most new IPs that a help names.
const MOST_NAMED: usize = 20;

/// Says in the help of `ip_not_in_order` what is known of the IP: that it is in another order of this run, or that it
/// left its order since shardctl last saw it, and what is new there.
pub(super) fn tell(orders: &mut [OrderPlan], desired: &Desired, observed: &Observations) {
    let missing = |order: &&mut OrderPlan| order.problems.iter().any(|it| it.code == ProblemCode::IpNotInOrder);
    let mut elsewhere: Option<BTreeMap<ProxyIp, OrderId>> = None;
    for order in orders.iter_mut().filter(missing) {
        let Some(seen) = observed.get(&order.order_id) else { continue };
        let elsewhere = elsewhere.get_or_insert_with(|| owners(observed));
        let unlisted = unlisted_new_ips(order, seen);
        for problem in order.problems.iter_mut().filter(|problem| problem.code == ProblemCode::IpNotInOrder) {
            let Some(ip) = problem.ip else { continue };
            let owner = elsewhere.get(&ip).map(|owner| (*owner, is_listed(desired, *owner, ip)));
            problem.help = Some(help(order.order_id, ip, owner, seen, &unlisted));
        }
    }
}

fn is_listed(desired: &Desired, order_id: OrderId, ip: ProxyIp) -> bool {
    let keep = desired.orders.get(&order_id).and_then(|declared| declared.keep.as_ref());
    keep.is_some_and(|keep| keep.addresses.contains_key(&ip))
}

fn owners(observed: &Observations) -> BTreeMap<ProxyIp, OrderId> {
    let live = observed.iter().filter_map(|(order_id, observed)| Some((*order_id, observed.live.as_ref().ok()?)));
    live.flat_map(|(order_id, live)| live.active.keys().map(move |ip| (*ip, order_id))).collect()
}

/// Returns the IPs that are new in the order and that the plan would let go: the manifest does not list them.
fn unlisted_new_ips(order: &OrderPlan, observed: &Observed) -> Vec<ProxyIp> {
    let Some(known) = known_ips(observed) else { return Vec::new() };
    let items = order.steps.iter().flat_map(super::Step::leaving);
    items.filter(|ip| !known.contains(ip)).collect()
}

fn known_ips(observed: &Observed) -> Option<&BTreeSet<ProxyIp>> {
    observed.recorded.as_ref().ok()?.ips.as_ref()
}

/// Says what to do; `order_id` is the order that does not have the IP, `owner` the one that has it, and whether the
/// manifest lists it there.
fn help(
    order_id: OrderId,
    ip: ProxyIp,
    owner: Option<(OrderId, bool)>,
    observed: &Observed,
    unlisted: &[ProxyIp],
) -> String {
    let left = known_ips(observed).is_some_and(|known| known.contains(&ip));
    let new = match unlisted {
        [] => String::new(),
        ips if ips.len() > MOST_NAMED => format!("; {} IPs are new there and not listed", ips.len()),
        ips => format!("; new there and not listed: {}", AddressRun::list(ips.iter().copied())),
    };
    let import = import_command(order_id);
    let is_empty = observed.live.as_ref().is_ok_and(|live| live.active.is_empty());
    match owner {
        _ if is_empty => {
            "the order has no active IP any more: remove the order from the manifest, or its `keep`".to_owned()
        }
        Some((owner, false)) => format!("it is an active IP of order {owner}: move the line there"),
        Some((owner, true)) => format!("it is an active IP of order {owner}, and listed there: remove the line here"),
        None if left => {
            format!("it left the order since shardctl last saw it: remove the line, as `{import}` does{new}")
        }
        None => format!("remove the line, or find the order that this IP belongs to{new}"),
    }
}
