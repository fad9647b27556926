//! What came of a plan.

use std::collections::BTreeMap;

use super::{Cents, OrderId};

/// What came of one step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
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
    /// One result for each step of the plan, in its order.
    pub results: Vec<StepResult>,
    /// Whether anything was changed, or may have been.
    pub changed: bool,
    /// What the purchases charged.
    pub charged: Cents,
    /// What purchases may have charged whose outcome is unknown.
    pub may_have_charged: Cents,
    /// What is worth saying of steps that did not fail, by their place in the plan.
    pub remarks: BTreeMap<usize, String>,
    /// What went wrong outside of any step, such as a record that could not be written.
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
    /// Whether it is what came of a plan that was saved, and cannot be applied twice.
    pub of_saved_plan: bool,
}

/// What came of a plan, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
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
    /// Starts the report of an order with so many steps, none of them tried.
    pub fn not_run(order_id: OrderId, steps: usize) -> OrderReport {
        let results = vec![StepResult::NotRun; steps];
        let remarks = BTreeMap::new();
        let (charged, may_have_charged) = (Cents(0), Cents(0));
        OrderReport { order_id, results, changed: false, charged, may_have_charged, remarks, failure: None }
    }

    /// Returns whether everything was carried out.
    pub fn is_complete(&self) -> bool {
        self.failure.is_none() && self.results.iter().all(|result| *result == StepResult::Done)
    }

    /// Returns whether the outcome of a purchase is unknown.
    pub fn has_unknown(&self) -> bool {
        self.results.iter().any(|result| matches!(result, StepResult::Unknown { .. }))
    }

    /// Returns whether something went wrong.
    pub fn has_failed(&self) -> bool {
        let went_wrong = |result: &StepResult| !matches!(result, StepResult::Done | StepResult::NotRun);
        self.failure.is_some() || self.results.iter().any(went_wrong)
    }
}

impl Report {
    /// Says in one word what came of the plan.
    pub fn outcome(&self) -> Outcome {
        let complete = self.blocked == 0 && self.orders.iter().all(OrderReport::is_complete);
        let changed = self.orders.iter().any(|order| order.changed);
        let steps: usize = self.orders.iter().map(|order| order.results.len()).sum();
        match (complete, changed) {
            (true, _) if steps == 0 => Outcome::NothingToDo,
            (true, _) => Outcome::Complete,
            (false, true) => Outcome::Partial,
            (false, false) => Outcome::Failed,
        }
    }

    /// Returns what all purchases charged.
    pub fn charged(&self) -> Cents {
        self.orders.iter().map(|order| order.charged).sum()
    }

    /// Returns what purchases may have charged whose outcome is unknown.
    pub fn may_have_charged(&self) -> Cents {
        self.orders.iter().map(|order| order.may_have_charged).sum()
    }

    /// Returns whether the outcome of any purchase is unknown.
    pub fn has_unknown(&self) -> bool {
        self.orders.iter().any(OrderReport::has_unknown)
    }

    /// Returns whether something went wrong with an order that was begun.
    pub fn has_failed(&self) -> bool {
        self.orders.iter().any(OrderReport::has_failed)
    }

    /// Returns whether there is anything to report beyond the plan.
    pub fn has_run(&self) -> bool {
        let tried = |order: &OrderReport| order.results.iter().any(|result| *result != StepResult::NotRun);
        self.interrupted || self.orders.iter().any(|order| order.failure.is_some() || tried(order))
    }

    /// Returns the report of an order.
    pub fn order(&self, order_id: OrderId) -> Option<&OrderReport> {
        let index = self.orders.binary_search_by_key(&order_id, |order| order.order_id).ok()?;
        self.orders.get(index)
    }
}
