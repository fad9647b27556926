//! Orders of which a comment says nothing, and lists of orders.

use crate::model::{Cents, OrderId};
use crate::plan::{OrderPlan, Step};

/// Orders for which there is no room at all, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Unlisted {
    orders: Vec<OrderId>,
    charge: Cents,
    ips_leaving: usize,
}

/// The most characters that the numbers of unlisted orders take.
const MAX_NUMBERS: usize = 400;

impl Unlisted {
    /// Returns an order as one of which nothing is said.
    pub(super) fn of(order: &OrderPlan) -> Unlisted {
        let ips_leaving = order.steps.iter().map(Step::ips_leaving).sum();
        Unlisted { orders: vec![order.order_id], charge: order.charge(), ips_leaving }
    }

    /// Adds others.
    pub(super) fn extend(&mut self, others: Unlisted) {
        self.orders.extend(others.orders);
        self.charge = self.charge.plus(others.charge);
        self.ips_leaving += others.ips_leaving;
    }

    /// Counts the orders.
    pub(super) fn len(&self) -> usize {
        self.orders.len()
    }

    /// Returns whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Says which orders of a plan they are, and what they come to.
    pub(super) fn sentence(&self, all: &[OrderId]) -> String {
        if self.is_empty() {
            return String::new();
        }
        let mut orders = self.orders.clone();
        orders.sort_unstable();
        let are = if orders.len() == 1 { "order is" } else { "orders are" };
        format!(
            "**{} {are} not listed at all: they charge {}, and {} of their IPs leave** ({}). ",
            orders.len(),
            self.charge,
            self.ips_leaving,
            numbers(&orders, all, MAX_NUMBERS)
        )
    }
}

/// Lists ascending orders as far as so many characters go: neighbours among all orders as one, as in
/// `orders 7, 9–12`.
pub(super) fn numbers(orders: &[OrderId], all: &[OrderId], most: usize) -> String {
    let mut runs: Vec<(OrderId, OrderId, usize, usize)> = Vec::new();
    for id in orders {
        let at = all.binary_search(id).unwrap_or(usize::MAX);
        match runs.last_mut().filter(|(.., last_at, _)| last_at.checked_add(1) == Some(at)) {
            Some((_, last, last_at, number)) => (*last, *last_at, *number) = (*id, at, *number + 1),
            None => runs.push((*id, *id, at, 1)),
        }
    }
    let mut list = String::new();
    for (first, last, _, number) in &runs {
        let separator = if list.is_empty() { "" } else { ", " };
        if list.chars().count() > most {
            list.extend([separator, "…"]);
            break;
        }
        list.push_str(separator);
        list.push_str(&match number {
            1 => first.to_string(),
            2 => format!("{first}, {last}"),
            _ => format!("{first}–{last}"),
        });
    }
    match orders {
        [_] => format!("order {list}"),
        _ => format!("orders {list}"),
    }
}
