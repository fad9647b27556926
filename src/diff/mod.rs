//! An order as it is and as it is declared, both written as a manifest, and the difference of the two.

mod compare;
mod lines;
mod sides;

use similar::udiff::UnifiedHunkHeader;

use crate::model::DesiredOrder;
use crate::plan::OrderPlan;

pub use lines::{DiffLine, Written};

/// A part of an order that differs, with what stands around it.
pub struct Hunk<'a> {
    /// Where it stands on both sides, as a unified diff writes it.
    pub header: String,
    /// Its lines, from top to bottom.
    pub units: Vec<Unit<'a>>,
}

/// One or two lines about the same, which stand next to each other.
pub enum Unit<'a> {
    /// The same on both sides.
    Same(DiffLine<'a>),
    /// What is said of the same on both sides.
    Pair {
        /// As it is.
        live: DiffLine<'a>,
        /// As it is declared.
        declared: DiffLine<'a>,
        /// Whether the declared line differs only in what was unknown.
        asserted: bool,
    },
    /// Only as it is.
    Removed(DiffLine<'a>),
    /// Only as it is declared.
    Added(DiffLine<'a>),
}

/// Compares an order as it is with what is declared; nothing where it could not be read.
pub fn order<'a>(order: &'a OrderPlan, desired: &'a DesiredOrder) -> Vec<Hunk<'a>> {
    let Some(seen) = &order.seen else { return Vec::new() };
    let before = sides::as_it_is(order, desired, &seen.belief);
    let after = sides::as_declared(order.order_id, desired, &seen.belief);
    let hunks = compare::hunks(&before, &after);
    let hunk = |operations: Vec<_>| Hunk {
        header: UnifiedHunkHeader::new(&operations).to_string(),
        units: compare::units(&operations, &before, &after),
    };
    hunks.into_iter().map(hunk).collect()
}
