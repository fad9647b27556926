//! Many orders side by side.

use super::context::{Context, Course};
use super::journal::Journal;
use super::order;
use crate::model::{OrderReport, Report};
use crate::plan::{OrderPlan, Plan};
use futures_util::{StreamExt, stream};

/// Carries out the orders of a plan that no problem blocks; the caller has judged whether it may.
///
/// Orders run side by side, the steps of one in sequence. The lock of the context is that of its records.
pub async fn apply(plan: &Plan, context: Context<'_>) -> Report {
    let course = Course::begin(context.stop);
    let at_once = context.writer.reader().connection().settings().concurrency.max(1);
    let runs = stream::iter(&plan.orders).map(|order| run_order(order, context, &course));
    let mut orders: Vec<OrderReport> = runs.buffer_unordered(at_once).collect().await;
    orders.sort_by_key(|order| order.order_id);
    Report { orders, blocked: plan.blocked(), interrupted: context.stop.is_requested(), of_saved_plan: false }
}

async fn run_order(order: &OrderPlan, context: Context<'_>, course: &Course) -> OrderReport {
    let skipped = OrderReport::not_run(order.order_id, order.steps.len());
    let Some(seen) = order.seen.as_ref().filter(|_| order.problems.is_empty()) else { return skipped };
    let idle = order.steps.is_empty() && !seen.next_record.is_new;
    if idle || course.is_closed() {
        return skipped;
    }
    context.events.order_started(order.order_id);
    let report = order::run(Journal::new(order, &seen.next_record, context, course)).await;
    if report.has_failed() && !context.settings.keep_going {
        course.start_no_further();
    }
    context.events.order_ended(order.order_id);
    report
}
