//! What was seen of one order before a plan is made: what is live, and what is recorded.

use std::collections::BTreeMap;
use std::io;

use super::{LiveOrder, OrderId, ReadFailure, Recorded};

/// One order as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What the API reports, or why it could not be read.
    pub live: Result<LiveOrder, ReadFailure>,
    /// What is recorded; an order of which nothing is has an empty record.
    pub recorded: Result<Recorded, UnusableRecord>,
}

/// The orders as they were seen, by id.
pub type Observations = BTreeMap<OrderId, Observed>;

/// A record that cannot be used; it is never replaced silently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UnusableRecord {
    /// What kind of trouble it is; what helps depends on it.
    pub kind: UnusableKind,
    /// What is wrong, fit for a terminal.
    pub message: String,
}

/// Why a record cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnusableKind {
    /// It is no record, or says something that no record says: restored or forgotten, it is out of the way.
    Damaged,
    /// A merge in git left both sides of a conflict in it: each may say what the other does not.
    MergeConflict,
    /// It belongs to another API: most likely the API's URL or the place is not the one that was meant.
    OtherApi,
    /// It is the record of another order, under this order's name.
    OtherOrder,
    /// A newer shardctl wrote it.
    NewerVersion,
    /// The system does not give it, as for want of permission: what it says is not known, and forgetting it is no help.
    Unreadable(io::ErrorKind),
}

impl UnusableRecord {
    /// Makes one of a kind.
    pub fn new(kind: UnusableKind, message: impl Into<String>) -> UnusableRecord {
        UnusableRecord { kind, message: message.into() }
    }

    /// Makes a damaged one; the reason follows upon "it is damaged".
    pub fn damaged(reason: impl std::fmt::Display) -> UnusableRecord {
        UnusableRecord::new(UnusableKind::Damaged, format!("it is damaged: {reason}"))
    }

    /// Returns whether `shardctl state forget` helps: whether the record is there to be dropped, and wrong by itself.
    pub fn can_be_forgotten(&self) -> bool {
        matches!(self.kind, UnusableKind::Damaged | UnusableKind::OtherOrder)
    }
}
