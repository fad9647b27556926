//! An order as it is and as it is declared, both written as a manifest, and the difference of the two.

mod compare;
mod lines;
mod sides;

use std::rc::Rc;

use similar::DiffOp;
use similar::udiff::UnifiedHunkHeader;

use crate::model::DesiredOrder;
use crate::plan::OrderPlan;

pub use lines::{DiffLine, Written};

/// A part of an order that differs, with what stands around it.
pub struct Hunk<'a> {
    /// Where it stands on both sides, as a unified diff writes it.
    pub header: String,
    lines: Lines<'a>,
}

enum Lines<'a> {
    /// They are put together where they are looked at.
    Made {
        operations: Vec<DiffOp>,
        sides: Rc<Sides<'a>>,
    },
    Saved(Vec<Unit<'a>>),
}

/// An order as it is, and as it is declared.
struct Sides<'a> {
    before: Vec<Written<'a>>,
    after: Vec<Written<'a>>,
}

impl<'a> Hunk<'a> {
    /// Makes a part that was saved.
    pub fn saved(header: String, units: Vec<Unit<'a>>) -> Hunk<'a> {
        Hunk { header, lines: Lines::Saved(units) }
    }

    /// Iterates over its lines, from top to bottom.
    pub fn units(&self) -> Box<dyn Iterator<Item = Unit<'a>> + '_> {
        match &self.lines {
            Lines::Made { operations, sides } => {
                Box::new(operations.iter().flat_map(|part| compare::units(part, &sides.before, &sides.after)))
            }
            Lines::Saved(units) => Box::new(units.iter().copied()),
        }
    }
}

/// One or two lines about the same, which stand next to each other.
#[derive(Debug, Clone, Copy)]
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
    let sides = Rc::new(Sides {
        before: sides::as_it_is(order, desired, &seen.belief),
        after: sides::as_declared(order, desired, &seen.belief),
    });
    let hunk = |operations: Vec<DiffOp>| Hunk {
        header: UnifiedHunkHeader::new(&operations).to_string(),
        lines: Lines::Made { operations, sides: Rc::clone(&sides) },
    };
    compare::hunks(&sides.before, &sides.after).into_iter().map(hunk).collect()
}
