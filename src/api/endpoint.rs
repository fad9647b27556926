//! The vendor's operations by their names.

use std::fmt;

/// One of the vendor's operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
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
}

impl Endpoint {
    /// Returns the short name that messages use, the end of the operation's path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Endpoint::ActiveProxies => "proxies/active",
            Endpoint::CalculateAddon => "addons/calculate",
            Endpoint::PurchaseAddon => "addons/purchase",
            Endpoint::ScheduleDowngrade => "addons/schedule",
            Endpoint::CancelDowngrade => "addons/schedule/cancel",
            Endpoint::SetDelNp => "del-np/set",
            Endpoint::SetSignatures => "signature/set",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
