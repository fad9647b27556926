//! The operations of the vendor's API.

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
    /// Tells the detail of an order.
    Order,
    /// Lists the orders of the account.
    Orders,
    /// Tells who has the account, and what its wallet holds.
    Me,
    /// Switches an order's automatic renewal on or off.
    SetAutoRenewal,
}

impl Operation {
    /// Every operation: first the seven of the older description, then what the newer one adds.
    pub const ALL: [Operation; 11] = [
        Operation::Active,
        Operation::Calculate,
        Operation::Purchase,
        Operation::Schedule,
        Operation::Cancel,
        Operation::SetDelNp,
        Operation::SetSignatures,
        Operation::Order,
        Operation::Orders,
        Operation::Me,
        Operation::SetAutoRenewal,
    ];

    /// Returns the path with `{order_id}` or `{id}` where it has one.
    pub const fn path(self) -> &'static str {
        match self {
            Operation::Active => "/user/api/proxies/active",
            Operation::Calculate => "/user/api/orders/{order_id}/addons/calculate",
            Operation::Purchase => "/user/api/orders/{order_id}/addons/purchase",
            Operation::Schedule => "/user/api/orders/{order_id}/addons/schedule",
            Operation::Cancel => "/user/api/orders/{order_id}/addons/schedule/cancel",
            Operation::SetDelNp => "/user/api/orders/{order_id}/del-np/set",
            Operation::SetSignatures => "/user/api/orders/{order_id}/signature/set",
            Operation::Order => "/user/api/orders/{id}",
            Operation::Orders => "/user/api/orders",
            Operation::Me => "/user/api/me",
            Operation::SetAutoRenewal => "/user/api/orders/edit-auto-renewal/{order_id}",
        }
    }

    /// Returns whether the operation changes something, and so is a POST.
    pub const fn writes(self) -> bool {
        match self {
            Operation::Active | Operation::Calculate | Operation::Order | Operation::Orders | Operation::Me => false,
            Operation::Purchase
            | Operation::Schedule
            | Operation::Cancel
            | Operation::SetDelNp
            | Operation::SetSignatures
            | Operation::SetAutoRenewal => true,
        }
    }

    /// Returns whether the operation reads one order.
    pub const fn reads_an_order(self) -> bool {
        matches!(self, Operation::Active | Operation::Calculate | Operation::Order)
    }
}
