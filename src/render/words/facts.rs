//! What is known of an order before anything is done with it.

use jiff::Timestamp;

use super::when::PeriodEnd;
use crate::diagnostic::quoted;
use crate::model::{OrderStatus, count};
use crate::plan::OrderPlan;

/// Names an order with what the reader knows it by.
pub(in crate::render) fn order_title(order: &OrderPlan) -> String {
    let mut title = format!("order {}", order.order_id);
    if let Some(tag) = &order.tag {
        title.push_str(&format!(" ({})", tag.printable()));
    }
    title
}

/// Says what is live of an order at a moment, and when it renews or ends; of its status only what is not the usual.
pub(in crate::render) fn order_facts(order: &OrderPlan, now: Timestamp) -> String {
    let mut facts = Vec::new();
    facts.extend(order.active_ips.map(|ips| count(ips, "active IP")));
    facts.extend(order.slots.map(|slots| count(slots, "p0f slot")));
    facts.extend(order.order_status.as_ref().and_then(unusual));
    facts.extend(PeriodEnd::of(order).facts(now));
    facts.join(", ")
}

fn unusual(status: &OrderStatus) -> Option<String> {
    match status {
        OrderStatus::Active => None,
        OrderStatus::OnHold => Some("on hold".to_owned()),
        OrderStatus::Cancelled => Some("cancelled".to_owned()),
        OrderStatus::Other(word) => Some(format!("its status is {}", quoted(word.raw()))),
    }
}
