//! Orders of which a comment says nothing, and lists of orders.

use crate::model::{Cents, OrderId};
use crate::plan::{OrderPlan, Step};
use crate::render::words::verb;

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
        let is_one = orders.len() == 1;
        let are = if is_one { "order is" } else { "orders are" };
        let (they_charge, their) = if is_one { ("it charges", "its") } else { ("they charge", "their") };
        let charge = if self.charge == Cents(0) { "nothing".to_owned() } else { self.charge.to_string() };
        format!(
            "**{} {are} not listed at all: {they_charge} {charge}, and {} of {their} IPs {}** ({}). ",
            orders.len(),
            self.ips_leaving,
            verb("leave", self.ips_leaving, false),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[u64]) -> Vec<OrderId> {
        ids.iter().filter_map(|id| OrderId::new(*id)).collect()
    }

    #[test]
    fn neighbours_of_a_plan_are_put_together_and_no_other_order_is_among_them() {
        let all = ids(&[7, 9, 10, 48_213, 48_977, 50_000]);
        for (orders, most, list) in [
            (&[9][..], 100, "order 9"),
            (&[9, 10], 100, "orders 9, 10"),
            (&[7, 9, 10, 48_213], 100, "orders 7–48213"),
            (&[7, 10, 48_213, 48_977], 100, "orders 7, 10–48977"),
            (&[7, 10, 48_977], 2, "orders 7, 10, …"),
            // Of an order that the plan does not have nobody knows the neighbours.
            (&[1, 2, 3], 100, "orders 1, 2, 3"),
        ] {
            assert_eq!(numbers(&ids(orders), &all, most), list);
        }
    }

    #[test]
    fn what_is_not_listed_is_told_in_numbers() {
        let all = ids(&[7, 9]);
        let one = Unlisted { orders: ids(&[9]), charge: Cents(0), ips_leaving: 1 };
        let said = "**1 order is not listed at all: it charges nothing, and 1 of its IPs leaves** (order 9). ";
        assert_eq!(one.sentence(&all), said);
        let mut both = Unlisted { orders: ids(&[7]), charge: Cents(150), ips_leaving: 2 };
        both.extend(one);
        let said = "**2 orders are not listed at all: they charge 1.50, and 3 of their IPs leave** (orders 7, 9). ";
        assert_eq!(both.sentence(&all), said);
    }
}
