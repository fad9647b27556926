//! Who holds a lock.

use jiff::Timestamp;

use crate::model::{Foreign, second};

/// The holder of a lock, as the lock's file or object says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The lock's own id; empty where it is not told.
    pub id: Foreign,
    /// The process, in words that help to find it.
    pub who: Foreign,
    /// Since when; `None` where it is not told.
    pub since: Option<Timestamp>,
    /// When it ends by itself; `None`: with its process.
    pub expires: Option<Timestamp>,
}

impl Holder {
    /// Returns who it is and since when, fit for a terminal.
    pub fn words(&self) -> String {
        let who = self.who.printable();
        self.since.map_or_else(|| who.to_string(), |since| format!("{who} since {}", second(since)))
    }
}
