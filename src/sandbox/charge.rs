//! What was taken from the wallet.

use serde::Serialize;

use crate::model::{Cents, OrderId};

/// One charge of the wallet for a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The order that the slots were bought for.
    pub order_id: OrderId,
    /// The slots that were bought.
    pub add_qty: u32,
    /// What was taken from the wallet.
    pub charge_cents: Cents,
}

/// One charge of the wallet for the next period of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RenewalCharge {
    /// The order that was renewed.
    pub order_id: OrderId,
    /// The price of the proxies that stay.
    pub proxies_cents: Cents,
    /// The price of the slots that stay, and of the other add-ons.
    pub addons_cents: Cents,
    /// What was taken from the wallet.
    pub charge_cents: Cents,
}
