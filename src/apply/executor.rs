//! Many orders side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::ApplyEvents;
use super::order::OrderRun;
use crate::api::{ApiError, Writer};
use crate::model::{OrderReport, Report};
use crate::plan::{OrderPlan, Plan};
use crate::state::{Lock, Records};

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct ApplySettings {
    /// Whether further orders are started after a failure, and orders without problems where others have some.
    pub keep_going: bool,
    /// How long to wait for a purchase to show whose answer was lost.
    pub settle_timeout: Duration,
    /// The pause between two looks while waiting for it.
    pub settle_interval: Duration,
}

impl Default for ApplySettings {
    fn default() -> Self {
        ApplySettings {
            keep_going: false,
            settle_timeout: Duration::from_secs(30),
            settle_interval: Duration::from_millis(500),
        }
    }
}

/// A wish to stop: requests under way finish, no further one is started.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Tells whether somebody asked to stop.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What every order's run shares.
pub(super) struct Context<'a> {
    pub(super) writer: &'a Writer,
    pub(super) store: &'a Records,
    pub(super) lock: &'a dyn Lock,
    pub(super) settings: &'a ApplySettings,
    pub(super) events: &'a dyn ApplyEvents,
    pub(super) stop: &'a Stop,
    /// The API refused the token, so that no request can succeed any more.
    pub(super) token_refused: &'a AtomicBool,
}

impl Context<'_> {
    /// Learns from a failed request whether any other can succeed.
    pub(super) fn learn(&self, error: &ApiError) {
        self.token_refused.fetch_or(error.is_unauthorized(), Ordering::SeqCst);
    }

    /// Tells whether nothing more is to be begun.
    pub(super) fn is_over(&self) -> bool {
        self.stop.is_requested() || self.token_refused.load(Ordering::SeqCst)
    }
}

/// Carries out the orders of a plan that no problem blocks; the caller has judged whether it may.
///
/// Orders run side by side, the operations of one in sequence. `lock` is that of the store.
pub async fn apply(
    plan: &Plan,
    writer: &Writer,
    store: &Records,
    lock: &dyn Lock,
    settings: &ApplySettings,
    events: &dyn ApplyEvents,
    stop: &Stop,
) -> Report {
    let token_refused = &AtomicBool::new(false);
    let context = Context { writer, store, lock, settings, events, stop, token_refused };
    let failed = AtomicBool::new(false);
    let at_once = writer.reader().connection().settings().concurrency.max(1);
    let runs = stream::iter(&plan.orders).map(|order| run_order(order, &context, &failed));
    let mut orders: Vec<OrderReport> = runs.buffer_unordered(at_once).collect().await;
    orders.sort_by_key(|order| order.order_id);
    Report { orders, blocked: plan.blocked(), interrupted: stop.is_requested() }
}

async fn run_order(order: &OrderPlan, context: &Context<'_>, failed: &AtomicBool) -> OrderReport {
    let halted = failed.load(Ordering::SeqCst) && !context.settings.keep_going;
    let skipped = OrderReport::not_run(order.order_id, order.operations.len());
    let Some(knowledge) = order.knowledge.as_ref().filter(|_| order.problems.is_empty()) else { return skipped };
    let idle = order.operations.is_empty() && !knowledge.recorded_is_new;
    if idle || halted || context.is_over() {
        return skipped;
    }
    context.events.order_started(order.order_id);
    let report = OrderRun::new(order, knowledge, context).run().await;
    if report.has_failed() {
        failed.store(true, Ordering::SeqCst);
    }
    context.events.order_ended(order.order_id);
    report
}
