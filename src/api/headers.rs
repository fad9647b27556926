//! What the headers of an answer say about time: when it was made, and how long to wait.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// Reads `Date`, which has no fractions of a second.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    moment(text(headers, DATE)?)
}

/// Reads `Retry-After`: seconds, or a date, which counts from the answer's own `Date`, else from `now`.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let from = date(headers).unwrap_or(now);
    Duration::try_from(moment(value)?.duration_since(from)).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn moment(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_counts_from_the_answers_own() {
        let now: Timestamp = "2026-11-23T02:00:00Z".parse().expect("a moment");
        let soon = "Mon, 23 Nov 2026 02:00:30 GMT";
        let rows = [
            ("7", None, Some(7)),
            (" 7 ", None, Some(7)),
            ("99999999999999999999", None, Some(u64::MAX)),
            (soon, None, Some(30)),
            // This machine's clock is behind by ten minutes, or ahead.
            (soon, Some("Mon, 23 Nov 2026 02:00:20 GMT"), Some(10)),
            (soon, Some("Mon, 23 Nov 2026 01:50:30 GMT"), Some(600)),
            (soon, Some("yesterday"), Some(30)),
            ("Mon, 23 Nov 2026 01:00:00 GMT", None, None),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("", None, None),
        ];
        for (value, date, expected) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().expect("a header"));
            date.map(|date| headers.insert(DATE, date.parse().expect("a header")));
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{value} with {date:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
