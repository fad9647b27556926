//! The `Date` of answers, which a rule may shift or leave out.

use axum::http::HeaderValue;
use axum::http::header::DATE;
use axum::response::Response;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

/// What an answer says the time is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Clock {
    /// How many seconds it is ahead.
    pub(super) skew_seconds: i64,
    /// Whether the answer has no `Date`.
    pub(super) hidden: bool,
}

impl Clock {
    /// Dates an answer that has no `Date` of its own.
    pub(super) fn date(self, response: &mut Response) {
        if self.hidden || response.headers().contains_key(DATE) {
            return;
        }
        let now = Timestamp::now().saturating_add(SignedDuration::from_secs(self.skew_seconds));
        let text = now.ok().and_then(|now| DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok());
        if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(DATE, value);
        }
    }
}

/// Dates an answer by the clock that was put beside it, or by a right one.
pub(super) async fn dated(mut response: Response) -> Response {
    let clock = response.extensions().get().copied().unwrap_or_default();
    Clock::date(clock, &mut response);
    response
}
