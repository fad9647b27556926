//! Plans, reports and problems as people and scripts read them.

mod diff;
pub mod import;
pub mod json;
pub mod markdown;
pub mod problem;
pub mod status;
mod style;
pub mod text;
mod words;

pub use words::report as report_line;

use crate::diagnostic::SourceMap;
use crate::plan::{Inputs, Plan};

/// A plan with what it was made of.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What it was made of.
    pub inputs: Inputs<'a>,
    /// The manifest files, for the lines that problems point at.
    pub sources: &'a SourceMap,
    /// Whether long lists are shown whole.
    pub verbose: bool,
}

/// How many lines of one kind are shown before the rest is only counted.
pub(crate) const FOLD_AFTER: usize = 20;
