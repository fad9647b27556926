//! Carrying out a plan: the only room that writes.
//!
//! It does just what the plan says and takes no decision of its own but to stop. Nothing here prints: what happens is
//! told to [`ApplyEvents`], and the end of it is a [`Report`](crate::model::Report).

mod context;
mod executor;
mod journal;
mod order;
mod permit;
pub mod purchase;
mod room;

pub use context::{ApplyEvents, ApplySettings, Context, INTENT_FRESHNESS, QUOTE_FRESHNESS, Stop};
pub use executor::apply;
pub use room::record_sizes;
