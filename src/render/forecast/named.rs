//! Orders and days in words.

use std::collections::BTreeSet;

use crate::document::{ForecastDocument, RenewalDocument};
use crate::model::count;

/// The most orders that one sentence names.
const MAX_NAMED: usize = 20;

/// Says how many days, behind `the next`.
pub(super) fn days(days: u32) -> String {
    if days == 1 { "day".to_owned() } else { count(days, "day") }
}

/// Returns the orders of which something is so, each once, in the order in which they come.
pub(super) fn orders(document: &ForecastDocument, is_so: impl Fn(&RenewalDocument) -> bool) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    let orders = document.renewals.iter().filter(|renewal| is_so(renewal)).map(|renewal| renewal.order_id);
    orders.filter(|order_id| seen.insert(*order_id)).collect()
}

/// Names orders, as in `orders 3, 7`; `None`: there is none.
pub(super) fn named(orders: &[u64]) -> Option<String> {
    let noun = match orders.len() {
        0 => return None,
        1 => "order",
        _ => "orders",
    };
    let shown: Vec<String> = orders.iter().take(MAX_NAMED).map(u64::to_string).collect();
    let more = match orders.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{noun} {}{more}", shown.join(", ")))
}
