//! What a plan does to the price of an order's next renewal.

use std::collections::BTreeMap;

use super::next_period::NextPeriod;
use crate::model::{Cents, OrderDetail, ProxyIp};
use crate::plan::{Belief, DelNpItem, OrderPlan, Row, Seen, Step};

/// The price of an order's next renewal, without a plan and with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceEffect {
    /// As things stand.
    pub now: Cents,
    /// Once the plan is carried out.
    pub then: Cents,
    /// Whether either is estimated, because the vendor's own price does not show yet what changes.
    pub estimated: bool,
}

/// Says what a plan does to the price of an order's next renewal; `None`: nothing, or it is not known.
pub fn price_effect(order: &OrderPlan) -> Option<PriceEffect> {
    let Seen { belief, detail, .. } = order.seen.as_ref()?;
    let as_things_stand = NextPeriod::new(order.slots, belief, detail);
    let once_applied = once_applied(as_things_stand, order, belief, detail);
    let renews = order.auto_renewal != Some(false);
    let renews_then = order.steps.iter().fold(renews, |renews, step| match step {
        Step::SetAutoRenewal { to, .. } => *to,
        _ => renews,
    });
    let before = if renews { as_things_stand } else { as_things_stand.ended() }.price;
    let after = if renews_then { once_applied } else { once_applied.ended() }.price;
    let (now, then) = (before.after?, after.after?);
    (now != then).then_some(PriceEffect { now, then, estimated: before.estimated || after.estimated })
}

fn once_applied(mut period: NextPeriod, order: &OrderPlan, belief: &Belief, detail: &OrderDetail) -> NextPeriod {
    let mut slot_price = detail.slot_price;
    for step in &order.steps {
        match step {
            Step::CancelDowngrade { .. } => period.slots.after = period.slots.now,
            Step::PurchaseSlots { from_qty, quote } => {
                period.slots.after = Some(from_qty.saturating_add(quote.add_qty));
                slot_price = Some(quote.price_per_unit);
            }
            Step::SetDelNp { items } => period.ips.after = Some(staying(belief, items, period.ips.after)),
            Step::ScheduleDowngrade { next_qty, .. } => period.slots.after = Some(*next_qty),
            Step::SetSignatures { .. } | Step::SetAutoRenewal { .. } => {}
        }
    }
    period.priced(detail, slot_price)
}

/// Counts the IPs that stay once marks are set, of which so many stay before; one that nobody speaks of stays. Where the
/// number before is not what the record allows for, somebody else set or took back marks, and they are still so.
fn staying(belief: &Belief, items: &[DelNpItem], before: Option<usize>) -> usize {
    let count = |is: &dyn Fn(&Row) -> bool| belief.rows.iter().filter(|row| is(row)).count();
    let marks: BTreeMap<ProxyIp, bool> = items.iter().map(|item| (item.ip, item.to)).collect();
    let active = belief.rows.len();
    let staying = active - count(&|row| marks.get(&row.ip).copied().unwrap_or(row.leaves()));
    let most = active - count(&Row::leaves);
    let least = most - count(&|row| row.mark.is_unknown());
    let before = before.unwrap_or(most);
    let (marked, taken_back) = (least.saturating_sub(before), before.saturating_sub(most));
    (staying + taken_back).saturating_sub(marked).clamp(active.min(1), active)
}
