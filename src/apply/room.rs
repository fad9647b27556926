//! How much room what an apply records will take, so that it is tried before the first write.

use crate::model::Recorded;
use crate::plan::{NextRecord, OrderPlan, Plan, Step};
use crate::state::Records;

/// The most that a record takes beside its IPs while it is under way: an intent, what was bought, what is pending.
const BESIDE_IPS: u64 = 1024;

/// Returns how many bytes each record takes that an apply of a plan will write, at most.
pub fn record_sizes(plan: &Plan, records: &Records) -> Vec<u64> {
    let size = |order: &OrderPlan| {
        let next = &order.seen.as_ref()?.next_record;
        let is_written = next.is_new || !order.steps.is_empty();
        is_written.then(|| records.size(order.order_id, &recorded_then(order, next)) + BESIDE_IPS)
    };
    plan.orders.iter().filter_map(size).collect()
}

/// Returns what is recorded of an order's IPs once its plan is carried out.
fn recorded_then(order: &OrderPlan, next: &NextRecord) -> Recorded {
    let mut recorded = next.recorded.clone();
    for step in &order.steps {
        match step {
            Step::SetSignatures { items } => recorded.signatures.extend(items.iter().map(|item| (item.ip, item.to))),
            Step::SetDelNp { items } => recorded.del_np.extend(items.iter().map(|item| (item.ip, item.to))),
            Step::CancelDowngrade { .. }
            | Step::PurchaseSlots { .. }
            | Step::ScheduleDowngrade { .. }
            | Step::SetAutoRenewal { .. } => {}
        }
    }
    recorded
}
