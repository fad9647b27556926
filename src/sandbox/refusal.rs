//! What the vendor refuses, and in which words.

use crate::model::OrderId;

/// A request that the vendor refuses, with the status and the message of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The `message` of the error body.
    pub message: String,
}

impl Refusal {
    /// Makes a refusal of a status and a message.
    pub fn new(status: u16, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into() }
    }

    /// Makes the refusal of a request that is wrong in itself or breaks a rule of the order.
    pub fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(400, message)
    }

    pub(super) fn not_found(id: OrderId) -> Refusal {
        Refusal::new(404, format!("Order {id} not found"))
    }

    pub(super) fn not_active() -> Refusal {
        Refusal::invalid("Order is not active")
    }
}
