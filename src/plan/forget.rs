//! The command that drops a record, as hints name it.

use super::Plan;
use crate::model::OrderId;

const FORGET: &str = "shardctl state forget";

/// Returns the command that drops the record of an order from the default place.
pub(super) fn forget_record(order_id: OrderId) -> String {
    format!("{FORGET} {order_id}")
}

impl Plan {
    /// Says in the hints which place the records are in, by the flags that name it: without them, a command that is
    /// followed to the letter would look for the record in another place. Without flags it is the default place.
    pub fn name_place(&mut self, flags: &str) {
        if flags.is_empty() {
            return;
        }
        for order in &mut self.orders {
            let command = forget_record(order.order_id);
            let named = format!("{command} {flags}");
            for help in order.problems.iter_mut().filter_map(|problem| problem.help.as_mut()) {
                *help = help.replace(&command, &named);
            }
        }
    }
}
