//! The lines of a difference, of one kind not without end.

use similar::udiff::UnifiedHunkHeader;

use super::compare::{Unit, hunks, units};
use super::lines::Written;
use super::sides::{as_declared, as_it_is};
use crate::plan::OrderPlan;
use crate::render::shown::{FOLD_AFTER, Shown};

/// A line of a difference.
pub(in crate::render) enum Line<'a> {
    /// Where the lines that follow stand on both sides; what is left out before them is the same on both.
    Hunk(UnifiedHunkHeader),
    /// The same on both sides.
    Same(Written<'a>),
    /// Only as it is; `asserted` where the declared line differs only in what was unknown.
    Removed { written: Written<'a>, asserted: bool },
    /// Only as it is declared; `asserted` where the line as it is differs only in what was unknown.
    Added { written: Written<'a>, asserted: bool },
    /// So many more lines, left out.
    More(usize),
}

/// Compares an order as it is with what is declared; nothing where it could not be read.
pub(in crate::render) fn order<'a>(shown: &Shown<'a>, order: &'a OrderPlan) -> Vec<Line<'a>> {
    let desired = shown.view.desired.orders.get(&order.order_id);
    let (Some(desired), Some(seen)) = (desired, &order.seen) else { return Vec::new() };
    let before = as_it_is(order, desired, &seen.belief);
    let after = as_declared(order.order_id, desired, &seen.belief);
    let fold_after = if shown.verbose { usize::MAX } else { FOLD_AFTER };
    let mut lines = Vec::new();
    for hunk in hunks(&before, &after) {
        lines.push(Line::Hunk(UnifiedHunkHeader::new(&hunk)));
        fold(&mut lines, units(&hunk, &before, &after), fold_after);
    }
    lines
}

/// Writes the units of a hunk; of one kind, only so many, and a count in place of a stretch of others.
fn fold<'a>(lines: &mut Vec<Line<'a>>, units: Vec<Unit<'_, 'a>>, fold_after: usize) {
    let mut hidden = Hidden::default();
    for (is_shown, unit) in shown(&units, fold_after).into_iter().zip(units) {
        if is_shown {
            hidden.flush(lines);
            unit.write(lines);
        } else {
            hidden.add(unit);
        }
    }
    hidden.flush(lines);
}

/// A stretch of units that are not shown.
#[derive(Default)]
struct Hidden<'s, 'a> {
    lines: usize,
    units: usize,
    last: Option<Unit<'s, 'a>>,
}

impl<'s, 'a> Hidden<'s, 'a> {
    fn add(&mut self, unit: Unit<'s, 'a>) {
        self.lines += unit.lines();
        self.units += 1;
        self.last = Some(unit);
    }

    /// Writes in place of the stretch how long it is, and begins another one.
    fn flush(&mut self, lines: &mut Vec<Line<'a>>) {
        match std::mem::take(self) {
            // A line that says that there is one more takes as much room as that one.
            Hidden { units: 1, last: Some(unit), .. } => unit.write(lines),
            hidden => lines.extend((hidden.lines > 0).then_some(Line::More(hidden.lines))),
        }
    }
}

/// Decides which units are shown: so many of each kind, and what is the same only beside one that differs.
fn shown(units: &[Unit<'_, '_>], most: usize) -> Vec<bool> {
    let mut numbers = [0; 4];
    let mut is_shown = |unit: &Unit<'_, '_>| {
        let number = &mut numbers[unit.kind()];
        *number += 1;
        *number <= most
    };
    let first: Vec<bool> = units.iter().map(&mut is_shown).collect();
    let differs = |at: &usize| !matches!(units[*at], Unit::Same(_));
    let beside = |at: Option<usize>| at.is_some_and(|at| first[at]);
    let decide = |at: usize| match units[at] {
        Unit::Same(_) => {
            let (before, after) = ((0..at).rev().find(differs), (at + 1..units.len()).find(differs));
            first[at] && (beside(before) || beside(after))
        }
        _ => first[at],
    };
    (0..units.len()).map(decide).collect()
}

impl<'a> Unit<'_, 'a> {
    /// Returns the number of its kind, from 0.
    fn kind(&self) -> usize {
        match self {
            Unit::Same(_) => 0,
            Unit::Pair { .. } => 1,
            Unit::Removed(_) => 2,
            Unit::Added(_) => 3,
        }
    }

    fn lines(&self) -> usize {
        if matches!(self, Unit::Pair { .. }) { 2 } else { 1 }
    }

    fn write(self, lines: &mut Vec<Line<'a>>) {
        match self {
            Unit::Same(written) => lines.push(Line::Same(*written)),
            Unit::Removed(written) => lines.push(Line::Removed { written: *written, asserted: false }),
            Unit::Added(written) => lines.push(Line::Added { written: *written, asserted: false }),
            Unit::Pair { live, declared, asserted } => {
                lines.push(Line::Removed { written: *live, asserted });
                lines.push(Line::Added { written: *declared, asserted });
            }
        }
    }
}
