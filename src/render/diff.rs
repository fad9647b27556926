//! An order as it is and as it is declared, both written as a manifest, and the difference of the two.

use std::fmt::{self, Write as _};

use similar::{Algorithm, DiffTag};

use super::words::is_unprintable;
use super::{FOLD_AFTER, Shown};
use crate::model::{DesiredOrder, KeptIp, LiveOrder, OrderId, PendingChange, ProxyIp, Signature};
use crate::plan::{Knowledge, OrderPlan, PendingKnowledge};

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Lines that are the same on both sides were left out here.
    Gap,
    /// The same on both sides.
    Same(String),
    /// Only as it is.
    Removed(String),
    /// Only as it is declared.
    Added(String),
    /// So many more lines of the same kind, left out.
    More(usize),
}

/// A line of an order written as a manifest; it becomes text only where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Written<'a> {
    Order(OrderId),
    Tag(&'a str),
    Slots { qty: u32, pending: PendingKnowledge },
    Keep,
    Ip { ip: ProxyIp, signature: Option<Signature>, signature_unknown: bool, mark_unknown: bool },
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Written::Order(order_id) => write!(f, "{order_id}:"),
            Written::Tag(tag) => write!(f, "  tag: {}", scalar(tag)),
            Written::Slots { qty, pending } => write!(f, "  p0f_slots: {qty}{}", pending_comment(*pending)),
            Written::Keep => f.write_str("  keep:"),
            Written::Ip { ip, signature, signature_unknown, mark_unknown } => {
                write!(f, "    {}:", scalar(&ip.to_string()))?;
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
pub(super) fn order(shown: &Shown<'_>, order: &OrderPlan) -> Vec<Line> {
    let desired = shown.inputs.desired.orders.get(&order.order_id);
    let live = shown.inputs.live.get(&order.order_id).and_then(|live| live.as_ref().ok());
    let (Some(desired), Some(live), Some(knowledge)) = (desired, live, &order.knowledge) else { return Vec::new() };
    let before = as_it_is(order.order_id, desired, live, knowledge);
    let after = as_declared(order.order_id, desired);
    compare(&before, &after, if shown.verbose { usize::MAX } else { FOLD_AFTER })
}

/// Finds the difference; of a run of lines of one kind, all that come after `fold_after` are only counted.
fn compare(before: &[Written<'_>], after: &[Written<'_>], fold_after: usize) -> Vec<Line> {
    let operations = similar::capture_diff_slices(Algorithm::Myers, before, after);
    let mut lines = Vec::new();
    for hunk in similar::group_diff_ops(operations, 3) {
        // Line numbers would count lines of a text that exists nowhere.
        if hunk.first().is_some_and(|operation| operation.old_range().start > 0) {
            lines.push(Line::Gap);
        }
        for operation in hunk {
            let (tag, old, new) = operation.as_tag_tuple();
            match tag {
                DiffTag::Equal => run(&mut lines, &before[old], fold_after, Line::Same),
                DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                    run(&mut lines, &before[old], fold_after, Line::Removed);
                    run(&mut lines, &after[new], fold_after, Line::Added);
                }
            }
        }
    }
    lines
}

fn run(lines: &mut Vec<Line>, written: &[Written<'_>], fold_after: usize, kind: fn(String) -> Line) {
    // A line that says that there is one more takes as much room as that one.
    let shown = if written.len() - usize::from(!written.is_empty()) <= fold_after { written.len() } else { fold_after };
    lines.extend(written[..shown].iter().map(|line| kind(line.to_string())));
    if shown < written.len() {
        lines.push(Line::More(written.len() - shown));
    }
}

fn as_declared(order_id: OrderId, desired: &DesiredOrder) -> Vec<Written<'_>> {
    let mut lines = vec![Written::Order(order_id)];
    lines.extend(desired.tag.as_ref().map(|tag| Written::Tag(&tag.value)));
    let nothing = PendingKnowledge::Known(None);
    lines.extend(desired.p0f_slots.as_ref().map(|slots| Written::Slots { qty: slots.value, pending: nothing }));
    if let Some(keep) = &desired.keep {
        lines.push(Written::Keep);
        lines.extend(keep.iter().map(|(ip, kept)| Written::Ip {
            ip: *ip,
            signature: kept.signature,
            signature_unknown: false,
            mark_unknown: false,
        }));
    }
    lines
}

fn as_it_is<'a>(
    order_id: OrderId,
    desired: &DesiredOrder,
    live: &'a LiveOrder,
    knowledge: &Knowledge,
) -> Vec<Written<'a>> {
    let mut lines = vec![Written::Order(order_id)];
    if desired.tag.is_some() {
        lines.extend(live.tag.as_deref().map(Written::Tag));
    }
    if let (Some(_), Some(slots)) = (&desired.p0f_slots, live.slots) {
        lines.push(Written::Slots { qty: slots.current_qty, pending: knowledge.pending });
    }
    if let Some(keep) = &desired.keep {
        lines.push(Written::Keep);
        let listed = live.active.iter().filter(|ip| desired.prune || keep.contains_key(ip));
        lines.extend(listed.filter_map(|ip| live_ip(ip, keep.get(ip), knowledge)));
    }
    lines
}

/// Writes an IP as it is; an IP that is known to leave is not kept, and so has no line.
fn live_ip<'a>(ip: &ProxyIp, kept: Option<&KeptIp>, knowledge: &Knowledge) -> Option<Written<'a>> {
    let mark = knowledge.mark(ip);
    if mark == Some(true) {
        return None;
    }
    let managed = kept.is_none_or(|kept| kept.signature.is_some());
    let signature = knowledge.signature(ip).filter(|_| managed);
    let signature_unknown = signature.is_none() && kept.is_some_and(|kept| kept.signature.is_some());
    Some(Written::Ip { ip: *ip, signature, signature_unknown, mark_unknown: mark.is_none() })
}

fn pending_comment(pending: PendingKnowledge) -> String {
    match pending {
        PendingKnowledge::Known(None) => String::new(),
        PendingKnowledge::Known(Some(PendingChange::Downgrade { next_qty })) => {
            format!("  # {next_qty} from the next renewal on")
        }
        PendingKnowledge::Known(Some(PendingChange::Cancel {})) => "  # none from the next renewal on".to_owned(),
        PendingKnowledge::Unknown => "  # pending downgrade unknown".to_owned(),
    }
}

/// Writes a text as a YAML scalar on one line, quoted where it has to be.
pub(super) fn scalar(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain && text.matches('.').count() == 3 {
        return text.to_owned();
    }
    // The writer leaves some characters as they are that end a line, vanish, or reorder what is around them.
    if text.contains(needs_escape) {
        return double_quoted(text);
    }
    serde_yaml::to_string(text).map_or_else(|_| double_quoted(text), |written| written.trim_end().to_owned())
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if needs_escape(character) => _ = write!(quoted, "\\U{:08X}", u32::from(character)),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn needs_escape(character: char) -> bool {
    let is_space = character.is_whitespace() && character != ' ';
    is_space || is_unprintable(character) || matches!(character, '\u{fffe}' | '\u{ffff}')
}
