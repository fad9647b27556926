//! What a plan does to the price of an order's next renewal.

use crate::model::{Cents, Renewal};
use crate::outlook::{PriceEffect, price_effect};
use crate::plan::OrderPlan;

/// Says what a plan does to the price of the next renewal; `None`: nothing, or nobody knows.
pub(in crate::render) fn next_price(order: &OrderPlan) -> Option<String> {
    let PriceEffect { now, then, estimated } = price_effect(order)?;
    let about = if estimated { "about " } else { "" };
    let from = match &order.renewal {
        Some(renewal @ Renewal::At(_)) => format!("from {} on", renewal.day()),
        _ => "from the next renewal on".to_owned(),
    };
    Some(match then {
        Cents(0) => format!("It costs nothing in place of {now} {from}."),
        then => format!("It renews for {about}{then} in place of {now} {from}."),
    })
}
