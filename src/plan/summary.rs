//! Where the orders of a plan stand, and the plan in numbers.

use super::{OrderPlan, Plan, Step};
use crate::diagnostic::Problem;
use crate::model::{Cents, OrderId};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// There is something to do.
    Changed,
    /// There is nothing to do.
    Unchanged,
    /// A problem keeps the order from being applied.
    Blocked,
}

/// The plan in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Orders in the plan.
    pub orders: usize,
    /// Orders with something to do and nothing that blocks them.
    pub changed: usize,
    /// Orders with nothing to do.
    pub unchanged: usize,
    /// Orders that a problem blocks.
    pub blocked: usize,
    /// Steps of all orders, those of blocked orders included.
    pub steps: usize,
    /// What all purchases charge.
    pub charge: Cents,
    /// IPs that are marked to go.
    pub ips_leaving: usize,
    /// IPs whose signature is set.
    pub signatures_set: usize,
    /// Notes that say that something is not as shardctl left it.
    pub drifted: usize,
}

impl OrderPlan {
    /// Returns where the order stands.
    pub fn status(&self) -> Status {
        match (self.problems.is_empty(), self.steps.is_empty()) {
            (false, _) => Status::Blocked,
            (true, true) => Status::Unchanged,
            (true, false) => Status::Changed,
        }
    }

    /// Returns what the purchases of this order charge.
    pub fn charge(&self) -> Cents {
        self.steps.iter().map(Step::charge).sum()
    }
}

impl Plan {
    /// Counts the plan.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { orders: self.orders.len(), ..Summary::default() };
        for order in &self.orders {
            match order.status() {
                Status::Changed => summary.changed += 1,
                Status::Unchanged => summary.unchanged += 1,
                Status::Blocked => summary.blocked += 1,
            }
            summary.steps += order.steps.len();
            summary.charge = summary.charge.plus(order.charge());
            summary.ips_leaving += order.steps.iter().map(Step::ips_leaving).sum::<usize>();
            summary.drifted += order.notes.iter().filter(|note| note.is_drift()).count();
            summary.signatures_set += order.steps.iter().map(Step::signatures_set).sum::<usize>();
        }
        summary
    }

    /// Returns the orders, ascending.
    pub fn order_ids(&self) -> Vec<OrderId> {
        self.orders.iter().map(|order| order.order_id).collect()
    }

    /// Counts the orders that a problem blocks.
    pub fn blocked(&self) -> usize {
        self.orders.iter().filter(|order| order.status() == Status::Blocked).count()
    }

    /// Returns whether a problem blocks any order.
    pub fn is_blocked(&self) -> bool {
        self.blocked() > 0
    }

    /// Returns whether there is anything to do.
    pub fn has_changes(&self) -> bool {
        self.orders.iter().any(|order| !order.steps.is_empty())
    }

    /// Iterates over the problems of all orders.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.orders.iter().flat_map(|order| &order.problems)
    }
}
