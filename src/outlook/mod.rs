//! What is to be expected of orders, made of the same rows as a plan: pure, like the plan.

mod status;

pub use status::{Standing, Standings, standings};
