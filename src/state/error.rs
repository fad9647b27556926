//! Why the recorded state could not be read or written, and why a record cannot be used.

use std::io;

use super::holder::Holder;

/// Why the recorded state could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What kind of failure it is.
    pub kind: StoreErrorKind,
    /// What went wrong, where, and what to do; fit for a terminal.
    pub message: String,
}

/// The kinds of failures of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Somebody else holds the lock.
    Held {
        /// Who it is.
        holder: Box<Holder>,
    },
    /// The lock was held and is held no more: somebody else may be at work.
    Lost,
    /// The place cannot be reached, or does not allow what was asked for.
    Unavailable,
    /// The system does not give this one file; the others may well be fine.
    Unreadable(io::ErrorKind),
    /// Somebody else wrote it meanwhile, or it exists already: nothing was overwritten.
    Conflict,
    /// It is larger than anything that is kept there.
    TooLarge,
    /// What was named is no place for the state.
    BadPlace,
}

impl StoreError {
    /// Makes an error of a kind.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> StoreError {
        StoreError { kind, message: message.into() }
    }

    /// Makes the error of a place that cannot be reached, or does not allow what was asked for.
    pub fn unavailable(message: impl Into<String>) -> StoreError {
        StoreError::new(StoreErrorKind::Unavailable, message)
    }

    /// Makes the error of something that is no place for the state.
    pub fn bad_place(message: impl Into<String>) -> StoreError {
        StoreError::new(StoreErrorKind::BadPlace, message)
    }
}
