//! Two lists of lines that ascend, and what is the same in both.

use std::cmp::Ordering;

use similar::algorithms::{Capture, DiffHook, Replace};
use similar::{DiffOp, DiffTag};

use super::Unit;
use super::lines::{DiffLine, Written};

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

/// Puts the lines of a part of a hunk side by side: those about the same follow one another. A large order has many, of
/// which few are shown: none is kept.
pub(super) fn units<'s, 'a: 's>(
    operation: &DiffOp,
    before: &'s [Written<'a>],
    after: &'s [Written<'a>],
) -> Box<dyn Iterator<Item = Unit<'a>> + 's> {
    let (tag, old, new) = operation.as_tag_tuple();
    match tag {
        // The declared line names the range that covers it, too.
        DiffTag::Equal => Box::new(after[new].iter().copied().map(DiffLine::Written).map(Unit::Same)),
        _ => Box::new(merged(&before[old], &after[new])),
    }
}

fn merged<'s, 'a: 's>(
    mut live: &'s [Written<'a>],
    mut declared: &'s [Written<'a>],
) -> impl Iterator<Item = Unit<'a>> + 's {
    std::iter::from_fn(move || {
        let order = match (live.first(), declared.first()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(live), Some(declared)) => live.says.compare_subject(&declared.says),
        };
        let removed = if order.is_le() { live.split_off_first() } else { None };
        let added = if order.is_ge() { declared.split_off_first() } else { None };
        match (removed, added) {
            (Some(live), Some(declared)) => {
                let asserted = live.is_asserted_by(declared);
                let (live, declared) = (DiffLine::Written(*live), DiffLine::Written(*declared));
                Some(Unit::Pair { live, declared, asserted })
            }
            (Some(live), None) => Some(Unit::Removed(DiffLine::Written(*live))),
            (None, Some(declared)) => Some(Unit::Added(DiffLine::Written(*declared))),
            (None, None) => None,
        }
    })
}
