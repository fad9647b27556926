//! What happens during an apply: events for a collector, decisions for people.

use std::fmt::Display;

use super::Reporter;
use crate::apply::ApplyEvents;
use crate::cli::args::LogFormat;
use crate::document::{EventDocument, LogLevel, OpenPurchase, RunOperationDocument};
use crate::model::{Cents, OrderId, Outcome, Report, StepResult, count};
use crate::plan::{OrderPlan, Plan, Status, Step};

impl Reporter {
    /// Tells what a plan is about to do that is carried out now; `run` is its name in the history.
    pub(in crate::cli) fn apply_started(&self, plan: &Plan, run: Option<&str>) {
        if let Some(run) = run {
            let _ = self.run.set(run.to_owned());
        }
        let orders = || to_change(plan);
        let steps = || orders().flat_map(|order| &order.steps);
        let event = EventDocument::ApplyStarted {
            run: run.map(str::to_owned),
            orders: orders().count(),
            operations: steps().count(),
            charge_cents: orders().map(OrderPlan::charge).sum::<Cents>().0,
            ips_leaving: steps().map(Step::ips_leaving).sum(),
        };
        self.event(LogLevel::Info, event, "apply started");
    }

    /// Tells what came of a plan.
    pub(in crate::cli) fn apply_ended(&self, plan: &Plan, report: &Report) {
        let results = || report.orders.iter().flat_map(|order| &order.results);
        let level = match report.outcome() {
            Outcome::NothingToDo | Outcome::Complete => LogLevel::Info,
            Outcome::Partial | Outcome::Failed => LogLevel::Error,
        };
        let event = EventDocument::ApplyEnded {
            run: self.run.get().cloned(),
            outcome: report.outcome().into(),
            operations: to_change(plan).map(|order| order.steps.len()).sum(),
            operations_done: results().filter(|result| **result == StepResult::Done).count(),
            orders_blocked: report.blocked,
            charged_cents: report.charged().0,
            may_have_charged_cents: report.may_have_charged().0,
        };
        self.event(level, event, "apply ended");
    }

    /// Tells that a purchase of an earlier run was found to have been made.
    pub(in crate::cli) fn purchase_found(&self, run: &str, purchase: OpenPurchase, charge: Cents) {
        let OpenPurchase { order_id, from_qty, to_qty } = purchase;
        let add_qty = to_qty.saturating_sub(from_qty);
        let event =
            |order_id| EventDocument::PurchaseFound { run: run.to_owned(), order_id, add_qty, charge_cents: charge.0 };
        let message =
            format_args!("the purchase of {} by run {run} was made, for {charge}", count(add_qty, "p0f slot"));
        self.order_event(order_id, LogLevel::Info, event, message);
    }

    /// Tells an event of an order: to a collector as such, to people as a decision.
    fn order_event(
        &self,
        order_id: OrderId,
        level: LogLevel,
        event: impl FnOnce(u64) -> EventDocument,
        message: impl Display,
    ) {
        match self.format {
            LogFormat::Json => self.event(level, event(order_id.get()), format_args!("order {order_id}: {message}")),
            LogFormat::Text => self.decision(order_id, message),
        }
    }
}

/// Returns the orders of a plan that are to be changed.
fn to_change(plan: &Plan) -> impl Iterator<Item = &OrderPlan> {
    plan.orders.iter().filter(|order| order.status() == Status::Changed)
}

impl ApplyEvents for Reporter {
    fn order_started(&self, order_id: OrderId) {
        let event = |order_id| EventDocument::OrderStarted { order_id };
        self.order_event(order_id, LogLevel::Info, event, "started");
    }

    fn step_started(&self, order_id: OrderId, step: &Step) {
        let operation = || RunOperationDocument::new(step, None);
        let event = |order_id| EventDocument::OperationStarted { order_id, operation: operation() };
        self.order_event(order_id, LogLevel::Info, event, format_args!("{} started", step.kind()));
    }

    fn charged(&self, order_id: OrderId, charge: Cents) {
        let run = || self.run.get().cloned();
        let event = |order_id| EventDocument::Charged { run: run(), order_id, charge_cents: charge.0 };
        self.order_event(order_id, LogLevel::Info, event, format_args!("charged {charge}"));
    }

    fn step_ended(&self, order_id: OrderId, step: &Step, result: &StepResult) {
        let words = match result {
            StepResult::Done => "done".to_owned(),
            StepResult::NotRun => "not run".to_owned(),
            StepResult::Failed { error } => format!("failed: {error}"),
            StepResult::Unknown { error } => format!("outcome unknown: {error}"),
        };
        let level = match result {
            StepResult::Done | StepResult::NotRun => LogLevel::Info,
            StepResult::Failed { .. } | StepResult::Unknown { .. } => LogLevel::Error,
        };
        let operation = || RunOperationDocument::new(step, Some(result));
        let event = |order_id| EventDocument::OperationEnded { order_id, operation: operation() };
        self.order_event(order_id, level, event, format_args!("{} {words}", step.kind()));
    }

    fn order_ended(&self, order_id: OrderId) {
        self.bar.inc(1);
        let event = |order_id| EventDocument::OrderEnded { order_id };
        self.order_event(order_id, LogLevel::Info, event, "ended");
    }
}
