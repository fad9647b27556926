//! Two lists of lines that ascend, and what is the same in both.

use std::cmp::Ordering;

use similar::algorithms::{Capture, DiffHook, Replace};
use similar::{DiffOp, DiffTag};

use super::lines::Written;

/// One or two lines about the same, which stand next to each other. The lines themselves stay where they are: of a large
/// order most are only counted.
pub(super) enum Unit<'s, 'a> {
    /// The same on both sides.
    Same(&'s Written<'a>),
    /// What is said of the same on both sides; `asserted` where the declared line differs only in what was unknown.
    Pair { live: &'s Written<'a>, declared: &'s Written<'a>, asserted: bool },
    /// Only as it is.
    Removed(&'s Written<'a>),
    /// Only as it is declared.
    Added(&'s Written<'a>),
}

/// Finds the parts that differ, each with three lines around it.
pub(super) fn hunks(before: &[Written<'_>], after: &[Written<'_>]) -> Vec<Vec<DiffOp>> {
    let mut capture = Replace::new(Capture::new());
    let Ok(()) = walk(&mut capture, before, after);
    similar::group_diff_ops(capture.into_inner().into_ops(), 3)
}

/// Walks through both sides at once: as both ascend, every line that is the same on both is found.
fn walk<D: DiffHook>(found: &mut D, before: &[Written<'_>], after: &[Written<'_>]) -> Result<(), D::Error> {
    let (mut old, mut new) = (0, 0);
    loop {
        let order = match (before.get(old), after.get(new)) {
            (None, None) => return found.finish(),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.says.cmp(&after.says),
        };
        match order {
            Ordering::Equal => found.equal(old, new, 1)?,
            Ordering::Less => found.delete(old, 1, new)?,
            Ordering::Greater => found.insert(old, new, 1)?,
        }
        old += usize::from(order.is_le());
        new += usize::from(order.is_ge());
    }
}

/// Puts the lines of a hunk side by side: those about the same follow one another.
pub(super) fn units<'s, 'a>(hunk: &[DiffOp], before: &'s [Written<'a>], after: &'s [Written<'a>]) -> Vec<Unit<'s, 'a>> {
    let mut units = Vec::new();
    for operation in hunk {
        let (tag, old, new) = operation.as_tag_tuple();
        match tag {
            // The declared line names the range that covers it, too.
            DiffTag::Equal => units.extend(after[new].iter().map(Unit::Same)),
            _ => merge(&mut units, &before[old], &after[new]),
        }
    }
    units
}

fn merge<'s, 'a>(units: &mut Vec<Unit<'s, 'a>>, mut live: &'s [Written<'a>], mut declared: &'s [Written<'a>]) {
    loop {
        let order = match (live.first(), declared.first()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(live), Some(declared)) => live.says.compare_subject(&declared.says),
        };
        let (removed, added) = (order.is_le().then(|| &live[0]), order.is_ge().then(|| &declared[0]));
        units.extend(match (removed, added) {
            (Some(live), Some(declared)) => {
                let asserted = live.is_asserted_by(declared);
                Some(Unit::Pair { live, declared, asserted })
            }
            (Some(live), None) => Some(Unit::Removed(live)),
            (None, Some(declared)) => Some(Unit::Added(declared)),
            (None, None) => None,
        });
        live = &live[usize::from(order.is_le())..];
        declared = &declared[usize::from(order.is_ge())..];
    }
}
