//! What came of a plan.

use super::{Cents, OrderId};

/// What came of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationResult {
    /// Carried out, acknowledged and recorded.
    Done,
    /// Not carried out, or not as it was asked for.
    Failed {
        /// What went wrong.
        error: String,
    },
    /// A purchase whose outcome is unknown.
    Unknown {
        /// What is known about it.
        error: String,
    },
    /// Not tried.
    NotRun,
}

/// What came of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderReport {
    /// The order.
    pub order_id: OrderId,
    /// One result for each operation of the plan, in its order.
    pub results: Vec<OperationResult>,
    /// Whether anything was changed, or may have been.
    pub changed: bool,
    /// What the purchases charged.
    pub charged: Cents,
    /// What went wrong outside of any operation, such as a record that could not be written.
    pub failure: Option<String>,
}

/// What came of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The orders, ascending by id, as in the plan.
    pub orders: Vec<OrderReport>,
    /// Orders of the plan that were left out because a problem blocks them.
    pub blocked: usize,
    /// Whether the user asked to stop.
    pub interrupted: bool,
}

/// What came of a plan, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not invoked to carry anything out.
    DryRun,
    /// There was nothing to do.
    NothingToDo,
    /// Everything was carried out.
    Complete,
    /// Some of it was carried out.
    Partial,
    /// Nothing was carried out.
    Failed,
}

impl OrderReport {
    /// Starts the report of an order with so many operations, none of them tried.
    pub fn not_run(order_id: OrderId, operations: usize) -> OrderReport {
        let results = vec![OperationResult::NotRun; operations];
        OrderReport { order_id, results, changed: false, charged: Cents(0), failure: None }
    }

    /// Tells whether everything was carried out.
    pub fn is_complete(&self) -> bool {
        self.failure.is_none() && self.results.iter().all(|result| *result == OperationResult::Done)
    }

    /// Tells whether the outcome of a purchase is unknown.
    pub fn has_unknown(&self) -> bool {
        self.results.iter().any(|result| matches!(result, OperationResult::Unknown { .. }))
    }

    /// Tells whether something went wrong.
    pub fn has_failed(&self) -> bool {
        let went_wrong = |result: &OperationResult| !matches!(result, OperationResult::Done | OperationResult::NotRun);
        self.failure.is_some() || self.results.iter().any(went_wrong)
    }
}

impl Report {
    /// Says in one word what came of the plan.
    pub fn outcome(&self) -> Outcome {
        let complete = self.blocked == 0 && self.orders.iter().all(OrderReport::is_complete);
        let changed = self.orders.iter().any(|order| order.changed);
        let operations: usize = self.orders.iter().map(|order| order.results.len()).sum();
        match (complete, changed) {
            (true, _) if operations == 0 => Outcome::NothingToDo,
            (true, _) => Outcome::Complete,
            (false, true) => Outcome::Partial,
            (false, false) => Outcome::Failed,
        }
    }

    /// Returns what all purchases charged.
    pub fn charged(&self) -> Cents {
        self.orders.iter().map(|order| order.charged).sum()
    }

    /// Tells whether the outcome of any purchase is unknown.
    pub fn has_unknown(&self) -> bool {
        self.orders.iter().any(OrderReport::has_unknown)
    }

    /// Returns the report of an order.
    pub fn order(&self, order_id: OrderId) -> Option<&OrderReport> {
        let index = self.orders.binary_search_by_key(&order_id, |order| order.order_id).ok()?;
        self.orders.get(index)
    }
}
