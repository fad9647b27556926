//! The seven operations of the vendor's API.

use serde::{Deserialize, Serialize};

/// An operation of the vendor's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Lists the active IPs of an order.
    Active,
    /// Previews the price of more slots.
    Calculate,
    /// Buys slots.
    Purchase,
    /// Schedules fewer slots.
    Schedule,
    /// Takes a scheduled change back.
    Cancel,
    /// Marks IPs to leave or to stay.
    SetDelNp,
    /// Sets the signatures of IPs.
    SetSignatures,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 7] = [
        Operation::Active,
        Operation::Calculate,
        Operation::Purchase,
        Operation::Schedule,
        Operation::Cancel,
        Operation::SetDelNp,
        Operation::SetSignatures,
    ];

    /// Returns the path with `{order_id}` where it has one.
    pub const fn path(self) -> &'static str {
        match self {
            Operation::Active => "/user/api/proxies/active",
            Operation::Calculate => "/user/api/orders/{order_id}/addons/calculate",
            Operation::Purchase => "/user/api/orders/{order_id}/addons/purchase",
            Operation::Schedule => "/user/api/orders/{order_id}/addons/schedule",
            Operation::Cancel => "/user/api/orders/{order_id}/addons/schedule/cancel",
            Operation::SetDelNp => "/user/api/orders/{order_id}/del-np/set",
            Operation::SetSignatures => "/user/api/orders/{order_id}/signature/set",
        }
    }

    /// Tells whether the operation changes something, and so is a POST.
    pub const fn writes(self) -> bool {
        !matches!(self, Operation::Active | Operation::Calculate)
    }
}
