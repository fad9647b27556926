//! An order as it is and as it is declared, both written as a manifest, and the difference of the two.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::words::is_unprintable;
use super::{FOLD_AFTER, Shown};
use crate::model::{DesiredOrder, KeptIp, LiveOrder, PendingChange, ProxyIp};
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

/// Compares an order as it is with what is declared; nothing where it could not be read.
pub(super) fn order(shown: &Shown<'_>, order: &OrderPlan) -> Vec<Line> {
    let desired = shown.inputs.desired.orders.get(&order.order_id);
    let live = shown.inputs.live.get(&order.order_id).and_then(|live| live.as_ref().ok());
    let (Some(desired), Some(live), Some(knowledge)) = (desired, live, &order.knowledge) else { return Vec::new() };
    let side = |body: Vec<String>| [vec![format!("{}:", order.order_id)], body].concat();
    let before = side(as_it_is(desired, live, knowledge));
    let after = side(as_declared(desired));
    let lines = compare(&before, &after);
    if shown.verbose { lines } else { fold(lines) }
}

fn compare(before: &[String], after: &[String]) -> Vec<Line> {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&before, &after);
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        // Line numbers would count lines of a text that exists nowhere.
        if hunk.ops().first().is_some_and(|op| op.old_range().start > 0) {
            lines.push(Line::Gap);
        }
        lines.extend(hunk.iter_changes().map(|change| {
            let text = change.value().to_owned();
            match change.tag() {
                ChangeTag::Equal => Line::Same(text),
                ChangeTag::Delete => Line::Removed(text),
                ChangeTag::Insert => Line::Added(text),
            }
        }));
    }
    lines
}

/// Leaves out the rest of a long run of lines of one kind.
fn fold(lines: Vec<Line>) -> Vec<Line> {
    let mut folded = Vec::new();
    for run in lines.chunk_by(|a, b| std::mem::discriminant(a) == std::mem::discriminant(b)) {
        let shown = if run.len() > FOLD_AFTER + 1 { FOLD_AFTER } else { run.len() };
        folded.extend_from_slice(&run[..shown]);
        if shown < run.len() {
            folded.push(Line::More(run.len() - shown));
        }
    }
    folded
}

fn as_declared(desired: &DesiredOrder) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(desired.tag.as_ref().map(|tag| format!("  tag: {}", scalar(&tag.value))));
    lines.extend(desired.p0f_slots.as_ref().map(|slots| format!("  p0f_slots: {}", slots.value)));
    if let Some(keep) = &desired.keep {
        lines.push("  keep:".to_owned());
        lines.extend(keep.iter().map(|(ip, kept)| ip_line(ip, kept.signature, &[])));
    }
    lines
}

fn as_it_is(desired: &DesiredOrder, live: &LiveOrder, knowledge: &Knowledge) -> Vec<String> {
    let mut lines = Vec::new();
    if desired.tag.is_some() {
        lines.extend(live.tag.as_ref().map(|tag| format!("  tag: {}", scalar(tag))));
    }
    if let (Some(_), Some(slots)) = (&desired.p0f_slots, live.slots) {
        lines.push(format!("  p0f_slots: {}{}", slots.current_qty, pending_comment(knowledge.pending)));
    }
    if let Some(keep) = &desired.keep {
        lines.push("  keep:".to_owned());
        let listed: BTreeSet<&ProxyIp> =
            live.active.iter().filter(|ip| desired.prune || keep.contains_key(ip)).collect();
        lines.extend(listed.into_iter().filter_map(|ip| live_ip_line(ip, keep.get(ip), knowledge)));
    }
    lines
}

/// Writes an IP as it is; an IP that is known to leave is not kept, and so has no line.
fn live_ip_line(ip: &ProxyIp, kept: Option<&KeptIp>, knowledge: &Knowledge) -> Option<String> {
    let mark = knowledge.mark(ip);
    if mark == Some(true) {
        return None;
    }
    let managed = kept.is_none_or(|kept| kept.signature.is_some());
    let signature = knowledge.signature(ip).filter(|_| managed);
    let mut unknown = Vec::new();
    if signature.is_none() && kept.is_some_and(|kept| kept.signature.is_some()) {
        unknown.push("signature");
    }
    if mark.is_none() {
        unknown.push("mark");
    }
    Some(ip_line(ip, signature, &unknown))
}

fn ip_line(ip: &ProxyIp, signature: Option<crate::model::Signature>, unknown: &[&str]) -> String {
    let mut line = format!("    {}:", scalar(&ip.to_string()));
    if let Some(signature) = signature {
        line.push(' ');
        line.push_str(signature.as_str());
    }
    if !unknown.is_empty() {
        line.push_str(&format!("  # {} unknown", unknown.join(" and ")));
    }
    line
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
    is_space || is_unprintable(character) || matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
