//! The vendor's operations by their names.

use std::fmt;

/// One of the vendor's operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `GET /user/api/me`
    Me,
    /// `GET /user/api/orders`
    ListOrders,
    /// `GET /user/api/orders/{id}`
    GetOrder,
    /// `GET /user/api/proxies/active`
    ActiveProxies,
    /// `GET /user/api/orders/{order_id}/addons/calculate`
    CalculateAddon,
    /// `POST /user/api/orders/{order_id}/addons/purchase`
    PurchaseAddon,
    /// `POST /user/api/orders/{order_id}/addons/schedule`
    ScheduleDowngrade,
    /// `POST /user/api/orders/{order_id}/addons/schedule/cancel`
    CancelDowngrade,
    /// `POST /user/api/orders/{order_id}/del-np/set`
    SetDelNp,
    /// `POST /user/api/orders/{order_id}/signature/set`
    SetSignatures,
    /// `POST /user/api/orders/edit-auto-renewal/{order_id}`
    SetAutoRenewal,
}

impl Endpoint {
    /// Returns the short name that messages use, the part of the operation's path that tells it from others.
    pub const fn as_str(self) -> &'static str {
        match self {
            Endpoint::Me => "me",
            Endpoint::ListOrders => "orders",
            Endpoint::GetOrder => "orders/{id}",
            Endpoint::ActiveProxies => "proxies/active",
            Endpoint::CalculateAddon => "addons/calculate",
            Endpoint::PurchaseAddon => "addons/purchase",
            Endpoint::ScheduleDowngrade => "addons/schedule",
            Endpoint::CancelDowngrade => "addons/schedule/cancel",
            Endpoint::SetDelNp => "del-np/set",
            Endpoint::SetSignatures => "signature/set",
            Endpoint::SetAutoRenewal => "orders/edit-auto-renewal",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
