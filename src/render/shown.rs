//! What is shown, and how much of it.

use crate::document::PlanView;

/// A plan, and how much of it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The plan with what it was made of.
    pub view: PlanView<'a>,
    /// Whether long lists are shown whole.
    pub verbose: bool,
    /// The command that shows them whole, as it is printed.
    pub shows_all: &'a str,
}

/// How many lines of one kind are shown before the rest is only counted.
pub(super) const FOLD_AFTER: usize = 20;
