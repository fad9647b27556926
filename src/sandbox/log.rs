//! The log of the vendor requests, without the token.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::operation::Operation;

/// The most requests that are kept; the oldest go first.
pub const LOG_CAPACITY: usize = 200_000;

/// A request to the vendor's part of the sandbox. Its header fields, and so the token, are not kept.
#[derive(Debug, Serialize)]
pub struct LoggedRequest {
    /// Its number since the start, from 1.
    pub n: u64,
    /// The HTTP method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The decoded query parameters in the order in which they came.
    pub query: Vec<(String, String)>,
    /// The body; `None` where there was none or it was not JSON.
    pub body: Option<Value>,
    /// Whether it carried the account's token.
    pub authorized: bool,
    /// The operation; `None` for a path or method that the vendor does not have.
    pub operation: Option<Operation>,
    /// The status of the answer, 0 until there is one.
    #[serde(serialize_with = "status_or_null")]
    pub(super) status: AtomicU16,
}

impl LoggedRequest {
    /// Returns the status of the answer; `None` while it is under way and where the connection was dropped instead.
    pub fn status(&self) -> Option<u16> {
        Some(self.status.load(Ordering::Relaxed)).filter(|status| *status != 0)
    }

    pub(super) fn answered(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }
}

fn status_or_null<S: Serializer>(status: &AtomicU16, serializer: S) -> Result<S::Ok, S::Error> {
    Some(status.load(Ordering::Relaxed)).filter(|status| *status != 0).serialize(serializer)
}

#[derive(Debug)]
pub(super) struct RequestLog {
    seen: u64,
    capacity: usize,
    kept: VecDeque<Arc<LoggedRequest>>,
}

impl RequestLog {
    pub(super) fn with_capacity(capacity: usize) -> RequestLog {
        RequestLog { seen: 0, capacity, kept: VecDeque::new() }
    }

    pub(super) fn push(&mut self, mut request: LoggedRequest) -> Arc<LoggedRequest> {
        self.seen += 1;
        request.n = self.seen;
        let request = Arc::new(request);
        if self.kept.len() >= self.capacity {
            self.kept.pop_front();
        }
        if self.capacity > 0 {
            self.kept.push_back(Arc::clone(&request));
        }
        request
    }

    pub(super) fn kept(&self) -> Vec<Arc<LoggedRequest>> {
        self.kept.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> LoggedRequest {
        LoggedRequest {
            n: 0,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: Vec::new(),
            body: None,
            authorized: false,
            operation: None,
            status: AtomicU16::new(0),
        }
    }

    #[test]
    fn keeps_the_latest_and_numbers_all() {
        for (capacity, kept) in [(0, vec![]), (2, vec![2, 3]), (5, vec![1, 2, 3])] {
            let mut log = RequestLog::with_capacity(capacity);
            let numbers: Vec<u64> = (0..3).map(|_| log.push(request()).n).collect();
            assert_eq!(numbers, [1, 2, 3]);
            assert_eq!(log.kept().iter().map(|request| request.n).collect::<Vec<_>>(), kept, "capacity {capacity}");
        }
    }
}
