//! Carrying out a plan: the only room that writes.
//!
//! It does just what the plan says and takes no decision of its own but to stop. Nothing here prints: what happens is
//! told to [`ApplyEvents`], and the end of it is a [`Report`](crate::model::Report).

mod executor;
mod order;
pub mod purchase;

pub use executor::{ApplySettings, Stop, apply};

use crate::model::{OperationResult, OrderId};
use crate::plan::Operation;

/// Is told what happens while a plan is carried out.
pub trait ApplyEvents: Sync {
    /// The operations of an order are about to be carried out.
    fn order_started(&self, order_id: OrderId);
    /// An operation ended.
    fn operation_ended(&self, order_id: OrderId, operation: &Operation, result: &OperationResult);
    /// The order is through, or stopped at a failure.
    fn order_ended(&self, order_id: OrderId);
}
