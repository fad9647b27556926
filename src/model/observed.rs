//! What was seen of one order before a plan is made: what is live, and what is recorded.

use std::collections::BTreeMap;

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

/// A record that is damaged or belongs to something else; it is never replaced silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableRecord {
    /// What is wrong with it, fit for a terminal.
    pub message: String,
}
