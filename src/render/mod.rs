//! Plans, reports and problems as people read them: documents and plans to bytes, and nothing else.

mod columns;
mod diff;
pub mod forecast;
pub mod history;
pub mod import;
pub mod markdown;
pub mod openmetrics;
pub mod problem;
pub mod status;
mod style;
pub mod text;
mod words;

pub use words::report as report_line;

use crate::document::PlanView;

/// A plan, and how much of it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The plan with what it was made of.
    pub view: PlanView<'a>,
    /// Whether long lists are shown whole.
    pub verbose: bool,
}

/// How many lines of one kind are shown before the rest is only counted.
pub(crate) const FOLD_AFTER: usize = 20;
