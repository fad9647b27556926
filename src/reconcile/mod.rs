//! The program's main sentence: read what is recorded and what is live, and plan.
//!
//! A [`Pass`] holds what one run shares. [`Pass::observe`] gives one [`Observed`](crate::model::Observed) for each order,
//! [`Pass::plan`] makes the plan of what is declared; nobody else puts the inputs of a plan together.

mod detail_route;
mod observe;
mod order;

pub use observe::{NoProgress, ObserveError, Pass, ReadProgress};
