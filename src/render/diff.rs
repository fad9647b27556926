//! An order as it is and as it is declared, both written as a manifest, and the difference of the two.

use std::cmp::Ordering;
use std::fmt;

use similar::algorithms::{Capture, DiffHook, Replace};
use similar::udiff::UnifiedHunkHeader;
use similar::{DiffOp, DiffTag};

use super::{FOLD_AFTER, Shown};
use crate::manifest::write::{Key, scalar};
use crate::model::{DesiredOrder, Foreign, LiveSignature, OrderId, PendingChange, ProxyIp, Signature};
use crate::plan::{Belief, Covered, OrderPlan, Row, resolve};

/// A line of a difference.
pub(super) enum Line<'a> {
    /// Where the lines that follow stand on both sides; what is left out before them is the same on both.
    Hunk(UnifiedHunkHeader),
    /// The same on both sides.
    Same(Written<'a>),
    /// Only as it is; `asserted` where the declared line differs only in what was unknown.
    Removed { written: Written<'a>, asserted: bool },
    /// Only as it is declared; `asserted` where the line as it is differs only in what was unknown.
    Added { written: Written<'a>, asserted: bool },
    /// So many more lines of the same kind, left out.
    More(usize),
}

/// A line of an order written as a manifest; it becomes text only where it is shown.
///
/// The order of these values is the order of the lines, so that an order's lines ascend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Written<'a> {
    Order(OrderId),
    Tag(&'a str),
    Slots { qty: u32, pending: Option<Option<PendingChange>> },
    Keep,
    Ip { ip: ProxyIp, signature: Option<SignatureWord<'a>>, signature_unknown: bool, mark_unknown: bool },
}

/// A signature, declared or live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SignatureWord<'a> {
    Known(Signature),
    /// A word of the API's that cannot be declared.
    Other(&'a Foreign),
}

impl fmt::Display for SignatureWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignatureWord::Known(signature) => signature.fmt(f),
            SignatureWord::Other(word) => f.write_str(&scalar(word.raw())),
        }
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Written::Order(order_id) => write!(f, "{order_id}:"),
            Written::Tag(tag) => write!(f, "  tag: {}", scalar(tag)),
            Written::Slots { qty, pending } => write!(f, "  p0f_slots: {qty}{}", pending_comment(*pending)),
            Written::Keep => f.write_str("  keep:"),
            Written::Ip { ip, signature, signature_unknown, mark_unknown } => {
                write!(f, "    {}:", Key(*ip))?;
                if let Some(signature) = signature {
                    write!(f, " {signature}")?;
                }
                match (signature_unknown, mark_unknown) {
                    (true, true) => f.write_str("  # signature and mark unknown"),
                    (true, false) => f.write_str("  # signature unknown"),
                    (false, true) => f.write_str("  # mark unknown"),
                    (false, false) => Ok(()),
                }
            }
        }
    }
}

/// Compares an order as it is with what is declared; nothing where it could not be read.
pub(super) fn order<'a>(shown: &Shown<'a>, order: &'a OrderPlan) -> Vec<Line<'a>> {
    let desired = shown.view.desired.orders.get(&order.order_id);
    let (Some(desired), Some(seen)) = (desired, &order.seen) else { return Vec::new() };
    let before = as_it_is(order, desired, &seen.belief);
    let after = as_declared(order.order_id, desired, &seen.belief);
    compare(&before, &after, if shown.verbose { usize::MAX } else { FOLD_AFTER })
}

impl Written<'_> {
    /// Returns whether the declared line says no more than what is known, and asserts what is not.
    fn is_asserted_by(&self, declared: &Written<'_>) -> bool {
        match (self, declared) {
            (Written::Slots { qty, pending: None }, Written::Slots { qty: to, .. }) => qty == to,
            (
                Written::Ip { ip, signature, signature_unknown, mark_unknown },
                Written::Ip { ip: same, signature: to, .. },
            ) => ip == same && (*signature_unknown || *mark_unknown && signature == to),
            _ => false,
        }
    }

    /// Orders lines by what they are about, whatever they say of it.
    fn compare_subject(&self, other: &Written<'_>) -> Ordering {
        match (self, other) {
            (Written::Tag(_), Written::Tag(_)) | (Written::Slots { .. }, Written::Slots { .. }) => Ordering::Equal,
            (Written::Ip { ip, .. }, Written::Ip { ip: other, .. }) => ip.cmp(other),
            _ => self.cmp(other),
        }
    }

    /// Finds the line about the same among lines that ascend.
    fn counterpart<'b>(&self, lines: &'b [Written<'b>]) -> Option<&'b Written<'b>> {
        lines.binary_search_by(|line| line.compare_subject(self)).ok().map(|at| &lines[at])
    }
}

/// Finds the difference; of a run of lines of one kind, all that come after `fold_after` are only counted.
fn compare<'a>(before: &[Written<'a>], after: &[Written<'a>], fold_after: usize) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for hunk in similar::group_diff_ops(operations(before, after), 3) {
        lines.push(Line::Hunk(UnifiedHunkHeader::new(&hunk)));
        for operation in hunk {
            let (tag, old, new) = operation.as_tag_tuple();
            let (old, new) = (&before[old], &after[new]);
            if tag == DiffTag::Equal {
                run(&mut lines, old, fold_after, Line::Same);
                continue;
            }
            run(&mut lines, old, fold_after, |written| Line::Removed {
                written,
                asserted: written.counterpart(new).is_some_and(|declared| written.is_asserted_by(declared)),
            });
            run(&mut lines, new, fold_after, |written| Line::Added {
                written,
                asserted: written.counterpart(old).is_some_and(|live| live.is_asserted_by(&written)),
            });
        }
    }
    lines
}

fn operations(before: &[Written<'_>], after: &[Written<'_>]) -> Vec<DiffOp> {
    let mut capture = Replace::new(Capture::new());
    let Ok(()) = walk(&mut capture, before, after);
    capture.into_inner().into_ops()
}

/// Walks through both sides at once: as both ascend, every line that is the same on both is found.
fn walk<D: DiffHook>(found: &mut D, before: &[Written<'_>], after: &[Written<'_>]) -> Result<(), D::Error> {
    let (mut old, mut new) = (0, 0);
    loop {
        let order = match (before.get(old), after.get(new)) {
            (None, None) => return found.finish(),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.cmp(after),
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

fn run<'a>(
    lines: &mut Vec<Line<'a>>,
    written: &[Written<'a>],
    fold_after: usize,
    kind: impl Fn(Written<'a>) -> Line<'a>,
) {
    // A line that says that there is one more takes as much room as that one.
    let shown = if written.len() - usize::from(!written.is_empty()) <= fold_after { written.len() } else { fold_after };
    lines.extend(written[..shown].iter().copied().map(kind));
    if shown < written.len() {
        lines.push(Line::More(written.len() - shown));
    }
}

fn as_declared<'a>(order_id: OrderId, desired: &'a DesiredOrder, belief: &Belief) -> Vec<Written<'a>> {
    let mut lines = vec![Written::Order(order_id)];
    lines.extend(desired.tag.as_ref().map(|tag| Written::Tag(tag.value.raw())));
    lines.extend(desired.p0f_slots.as_ref().map(|slots| Written::Slots { qty: slots.value, pending: Some(None) }));
    if let Some(keep) = &desired.keep {
        lines.push(Written::Keep);
        let resolved = resolve(keep, belief.rows.iter().map(|row| row.ip));
        let covered = belief.rows.iter().zip(resolved.covered);
        let mut kept: Vec<_> = covered.filter_map(|(row, covered)| Some((row.ip, covered?.signature))).collect();
        kept.extend(resolved.missing.iter().map(|(ip, kept)| (*ip, kept.signature)));
        kept.sort_unstable_by_key(|(ip, _)| *ip);
        lines.extend(kept.into_iter().map(|(ip, signature)| {
            let signature = signature.map(SignatureWord::Known);
            Written::Ip { ip, signature, signature_unknown: false, mark_unknown: false }
        }));
    }
    lines
}

fn as_it_is<'a>(order: &'a OrderPlan, desired: &DesiredOrder, belief: &'a Belief) -> Vec<Written<'a>> {
    let mut lines = vec![Written::Order(order.order_id)];
    if desired.tag.is_some() {
        lines.extend(order.tag.as_ref().map(|tag| Written::Tag(tag.raw())));
    }
    if let (Some(_), Some(qty)) = (&desired.p0f_slots, order.slots) {
        lines.push(Written::Slots { qty, pending: belief.pending.value().copied() });
    }
    if let Some(keep) = &desired.keep {
        lines.push(Written::Keep);
        let covered = belief.rows.iter().zip(resolve(keep, belief.rows.iter().map(|row| row.ip)).covered);
        let shown = covered.filter(|(_, covered)| desired.prune || covered.is_some());
        lines.extend(shown.filter_map(|(row, covered)| live_ip(row, covered)));
    }
    lines
}

/// Writes an IP as it is; an IP that is believed to leave is not kept, and so has no line.
fn live_ip(row: &Row, kept: Option<Covered>) -> Option<Written<'_>> {
    if row.leaves() {
        return None;
    }
    let managed = kept.is_none_or(|kept| kept.signature.is_some());
    let signature = row.signature.value().filter(|_| managed);
    let signature_unknown = signature.is_none() && kept.is_some_and(|kept| kept.signature.is_some());
    let signature = signature.and_then(|signature| match signature {
        LiveSignature::None => None,
        LiveSignature::Known(signature) => Some(SignatureWord::Known(*signature)),
        LiveSignature::Other(word) => Some(SignatureWord::Other(word)),
    });
    Some(Written::Ip { ip: row.ip, signature, signature_unknown, mark_unknown: row.mark.is_unknown() })
}

fn pending_comment(pending: Option<Option<PendingChange>>) -> String {
    match pending {
        Some(None) => String::new(),
        Some(Some(PendingChange::Downgrade { next_qty })) => {
            format!("  # {next_qty} from the next renewal on")
        }
        Some(Some(PendingChange::Cancel {})) => "  # none from the next renewal on".to_owned(),
        None => "  # pending downgrade unknown".to_owned(),
    }
}
