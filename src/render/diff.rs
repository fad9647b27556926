//! The lines of a difference, of one kind not without end.

use super::shown::{FOLD_AFTER, Shown};
use crate::diff::{DiffLine, Hunk, Unit};
use crate::plan::OrderPlan;

/// A line of a difference, as it is shown.
pub(super) enum Line<'a> {
    /// Where the lines that follow stand on both sides; what is left out before them is the same on both.
    Hunk(String),
    /// The same on both sides.
    Same(DiffLine<'a>),
    /// Only as it is; `asserted` where the declared line differs only in what was unknown.
    Removed { written: DiffLine<'a>, asserted: bool },
    /// Only as it is declared; `asserted` where the line as it is differs only in what was unknown.
    Added { written: DiffLine<'a>, asserted: bool },
    /// So many more lines, left out.
    More(usize),
}

/// Compares an order as it is with what is declared; nothing where it could not be read.
pub(super) fn order<'a>(shown: &Shown<'a>, order: &'a OrderPlan) -> Vec<Line<'a>> {
    let fold_after = if shown.verbose { usize::MAX } else { FOLD_AFTER };
    let mut lines = Vec::new();
    for hunk in shown.view.diff(order) {
        fold(&mut lines, &hunk, fold_after);
    }
    lines
}

/// Writes the units of a hunk; of one kind, only so many, and a count in place of a stretch of others.
fn fold<'a>(lines: &mut Vec<Line<'a>>, hunk: &Hunk<'a>, fold_after: usize) {
    lines.push(Line::Hunk(hunk.header.clone()));
    let kinds: Vec<Kind> = hunk.units().map(|unit| Kind::of(&unit)).collect();
    let mut hidden = Hidden::default();
    for (is_shown, unit) in shown(&kinds, fold_after).into_iter().zip(hunk.units()) {
        if is_shown {
            hidden.flush(lines);
            write(lines, unit);
        } else {
            hidden.add(unit);
        }
    }
    hidden.flush(lines);
}

/// A stretch of units that are not shown; of a large order they are most, and only counted.
#[derive(Default)]
struct Hidden<'a> {
    lines: usize,
    units: usize,
    last: Option<Unit<'a>>,
}

impl<'a> Hidden<'a> {
    fn add(&mut self, unit: Unit<'a>) {
        self.lines += height(&unit);
        self.units += 1;
        self.last = Some(unit);
    }

    /// Writes in place of the stretch how long it is, and begins another one.
    fn flush(&mut self, lines: &mut Vec<Line<'a>>) {
        match std::mem::take(self) {
            // A line that says that there is one more takes as much room as that one.
            Hidden { units: 1, last: Some(unit), .. } => write(lines, unit),
            hidden => lines.extend((hidden.lines > 0).then_some(Line::More(hidden.lines))),
        }
    }
}

/// Decides which units are shown: so many of each kind, and what is the same only beside one that differs.
fn shown(kinds: &[Kind], most: usize) -> Vec<bool> {
    let mut numbers = [0; 4];
    let mut is_shown = |kind: &Kind| {
        let number = &mut numbers[*kind as usize];
        *number += 1;
        *number <= most
    };
    let first: Vec<bool> = kinds.iter().map(&mut is_shown).collect();
    let differs = |at: &usize| kinds[*at] != Kind::Same;
    let beside = |at: Option<usize>| at.is_some_and(|at| first[at]);
    let decide = |at: usize| match kinds[at] {
        Kind::Same => {
            let (before, after) = ((0..at).rev().find(differs), (at + 1..kinds.len()).find(differs));
            first[at] && (beside(before) || beside(after))
        }
        _ => first[at],
    };
    (0..kinds.len()).map(decide).collect()
}

/// What kind of unit it is; each is counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Same,
    Pair,
    Removed,
    Added,
}

impl Kind {
    fn of(unit: &Unit<'_>) -> Kind {
        match unit {
            Unit::Same(_) => Kind::Same,
            Unit::Pair { .. } => Kind::Pair,
            Unit::Removed(_) => Kind::Removed,
            Unit::Added(_) => Kind::Added,
        }
    }
}

fn height(unit: &Unit<'_>) -> usize {
    if matches!(unit, Unit::Pair { .. }) { 2 } else { 1 }
}

fn write<'a>(lines: &mut Vec<Line<'a>>, unit: Unit<'a>) {
    match unit {
        Unit::Same(written) => lines.push(Line::Same(written)),
        Unit::Removed(written) => lines.push(Line::Removed { written, asserted: false }),
        Unit::Added(written) => lines.push(Line::Added { written, asserted: false }),
        Unit::Pair { live, declared, asserted } => {
            lines.push(Line::Removed { written: live, asserted });
            lines.push(Line::Added { written: declared, asserted });
        }
    }
}
