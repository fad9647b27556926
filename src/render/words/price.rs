//! What a plan does to the price of an order's next renewal.

use crate::document::PlanView;
use crate::model::{Cents, Renewal};
use crate::outlook::PriceEffect;
use crate::plan::OrderPlan;

/// Says what a plan does to the price of the next renewal; `None`: nothing, or nobody knows.
pub(in crate::render) fn next_price(view: &PlanView<'_>, order: &OrderPlan) -> Option<String> {
    let PriceEffect { now, then, estimated } = view.next_price(order)?;
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
