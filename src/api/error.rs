//! What went wrong with a request, by the stage at which it did.

use std::fmt;
use std::time::Duration;

/// One of the vendor's operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
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

impl Operation {
    /// Returns the short name that messages use, the end of the operation's path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::ActiveProxies => "proxies/active",
            Operation::CalculateAddon => "addons/calculate",
            Operation::PurchaseAddon => "addons/purchase",
            Operation::ScheduleDowngrade => "addons/schedule",
            Operation::CancelDowngrade => "addons/schedule/cancel",
            Operation::SetDelNp => "del-np/set",
            Operation::SetSignatures => "signature/set",
            Operation::SetAutoRenewal => "edit-auto-renewal",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The operation.
    pub operation: Operation,
    /// How often it was sent, or tried to be.
    pub attempts: u32,
    /// How far the last attempt got.
    pub stage: Stage,
    /// Whether it is certain that no attempt took effect.
    pub had_no_effect: bool,
}

/// How far a request got before it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// No connection: nothing reached the API.
    NotSent {
        /// What kept it from being sent.
        reason: String,
        /// Whether another attempt can help.
        lasting: bool,
    },
    /// Sent, and no whole answer came back: whether it took effect is unknown.
    NoAnswer {
        /// What happened instead.
        reason: String,
    },
    /// The API said no.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The API's own message, or what the status means.
        message: String,
        /// Whether the answer has the shape of the API's errors; where not, something else may stand in its place.
        from_api: bool,
        /// How long the API asks to wait.
        retry_after: Option<Duration>,
    },
    /// An answer that is not what the API's description promises.
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// Where and how it differs; never what it holds.
        reason: String,
    },
    /// A readable answer that does not show what was asked for.
    Unexpected {
        /// What was expected and what came.
        reason: String,
    },
}

impl Stage {
    /// Tells whether sending an idempotent request once more may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Stage::NotSent { lasting, .. } => !lasting,
            Stage::NoAnswer { .. } => true,
            Stage::Refused { status, .. } => *status == 429 || *status >= 500,
            Stage::Unreadable { .. } | Stage::Unexpected { .. } => false,
        }
    }

    /// Tells whether it is certain that the request took no effect.
    pub fn had_no_effect(&self) -> bool {
        match self {
            Stage::NotSent { .. } => true,
            // 200 is a refusal where the answer says so. Another success, or a redirect to where the result is to be
            // seen, may mean that it was done. 408 and 499 come from a proxy that gave up, or believes that its client
            // did, while what arrived may be under way.
            Stage::Refused { status, .. } => matches!(status, 200 | 307 | 308 | 400..=407 | 409..=498),
            Stage::NoAnswer { .. } | Stage::Unreadable { .. } | Stage::Unexpected { .. } => false,
        }
    }
}

impl ApiError {
    /// Returns the HTTP status of a refusal.
    pub fn refusal_status(&self) -> Option<u16> {
        match self.stage {
            Stage::Refused { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Tells whether the answer is a refusal that does not look like one of the API's.
    pub fn is_refused_elsewhere(&self) -> bool {
        matches!(self.stage, Stage::Refused { from_api: false, .. })
    }

    /// Tells whether the API refused the token.
    pub fn is_unauthorized(&self) -> bool {
        self.refusal_status() == Some(401)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation;
        match &self.stage {
            Stage::NotSent { reason, .. } => write!(f, "{operation}: not sent: {reason}")?,
            Stage::NoAnswer { reason } => write!(f, "{operation}: no answer: {reason}")?,
            Stage::Refused { status, message, .. } => write!(f, "{operation}: refused with {status}: {message}")?,
            Stage::Unreadable { status, reason } => write!(f, "{operation}: unreadable answer ({status}): {reason}")?,
            Stage::Unexpected { reason } => write!(f, "{operation}: unexpected answer: {reason}")?,
        }
        match self.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " (after {attempts} attempts)"),
        }
    }
}

impl std::error::Error for ApiError {}
