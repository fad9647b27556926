//! What to change in a manifest, and what was changed.

use std::fmt;

use crate::manifest::write::OrderToWrite;
use crate::model::{OrderId, ProxyIp, Signature};

/// What to change in a manifest. What is there already is left as it is, so that the same edits change nothing the
/// second time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits {
    /// Orders to add at the end of `orders`.
    pub new_orders: Vec<OrderToWrite>,
    /// What to change in orders that are there.
    pub orders: Vec<OrderEdits>,
}

/// What to change in the `keep` of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEdits {
    /// The order.
    pub order_id: OrderId,
    /// Addresses to list, each with its signature; one that is listed keeps the signature that it has.
    pub add: Vec<(ProxyIp, Option<Signature>)>,
    /// Addresses to list no longer.
    pub remove: Vec<ProxyIp>,
}

/// A manifest that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// What was changed, by order and address.
    pub changes: Vec<Change>,
}

/// One thing that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// An order was added, with all of its lines.
    OrderAdded {
        /// The order.
        order_id: OrderId,
    },
    /// An address is listed from now on.
    IpAdded {
        /// The order.
        order_id: OrderId,
        /// The address.
        ip: ProxyIp,
        /// Its signature.
        signature: Option<Signature>,
    },
    /// An address is listed no longer.
    IpRemoved {
        /// The order.
        order_id: OrderId,
        /// The address.
        ip: ProxyIp,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::OrderAdded { order_id } => write!(f, "order {order_id} added"),
            Change::IpAdded { order_id, ip, signature: None } => write!(f, "order {order_id}: {ip} added"),
            Change::IpAdded { order_id, ip, signature: Some(signature) } => {
                write!(f, "order {order_id}: {ip} added, {signature}")
            }
            Change::IpRemoved { order_id, ip } => write!(f, "order {order_id}: {ip} removed"),
        }
    }
}
