//! An order in as few words as can be, with every IP that leaves or gets its first signature named all the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::{MAX_MESSAGE, MAX_TAG, code, escape, short, weighted};
use super::left_out::{LeftOut, Part};
use super::order::{self, Block, in_few_words, is_weighty_note, part, standing, told_by_notes, untold, without_ips};
use crate::diagnostic::{Note, NoteCode};
use crate::model::{ProxyIp, Signature, count};
use crate::plan::{OrderPlan, Step};
use crate::render::words::{self, Weight};

/// How many of the IPs are named that have to be seen.
#[derive(Debug, Clone, Copy)]
struct Names {
    /// Of those that leave.
    leaving: usize,
    /// Of those that get their first signature.
    first: usize,
}

/// Writes an order as an item of a list.
pub(super) fn block(order: &OrderPlan) -> Block {
    item(order, Names { leaving: usize::MAX, first: usize::MAX })
}

/// Writes an order as an item of a list, without the names of its IPs.
pub(super) fn without_names(order: &OrderPlan) -> Block {
    item(order, Names { leaving: 0, first: 0 })
}

/// Writes an order as an item of a list, with the names of as many IPs as go into so many characters: those that leave
/// are the last to be left out.
pub(super) fn with_as_many_names_as_fit(order: &OrderPlan, room: usize) -> Option<Block> {
    let leaving: usize = order.steps.iter().map(Step::ips_leaving).sum();
    let first = first_signatures(order).values().map(Vec::len).sum();
    let all_that_leave = most(first, room, |first| item(order, Names { leaving: usize::MAX, first }));
    all_that_leave.or_else(|| most(leaving, room, |leaving| item(order, Names { leaving, first: 0 })))
}

/// Finds the largest number with which something fits.
fn most(all: usize, room: usize, write: impl Fn(usize) -> Block) -> Option<Block> {
    let fitting = |number| Some(write(number)).filter(|block| block.length() <= room);
    let mut best = fitting(0)?;
    let (mut low, mut high) = (0, all);
    while low < high {
        let middle = (low + high).div_ceil(2);
        match fitting(middle) {
            Some(block) => (best, low) = (block, middle),
            None => high = middle - 1,
        }
    }
    Some(best)
}

fn item(order: &OrderPlan, names: Names) -> Block {
    let mut text = format!("- {}\n", title(order));
    let leaving: Vec<ProxyIp> = order.steps.iter().flat_map(Step::leaving).collect();
    if let Some(leave) = order::share_leaving(order) {
        let leave = format!("**{leave} {}**", words::PeriodEnd::of(order).of_leaving_in_short());
        named_so_many(&mut text, &leave, &leaving, names.leaving, &leave);
    }
    let (mut to_name, mut not_named) = (names.first, 0);
    for ((signature, is_certain), ips) in first_signatures(order) {
        let takes = if is_certain { "takes" } else { "may take" };
        let most = ips.len().min(to_name);
        let what = format!("**{takes} a slot for good** ({signature})");
        let of_all = format!("**{takes} a slot for good** ({signature}, {})", count(ips.len(), "IP"));
        named_so_many(&mut text, &what, &ips, most, &of_all);
        (to_name, not_named) = (to_name - most, not_named + ips.len() - most);
    }
    let already = order.notes.iter().filter(|note| note.code == NoteCode::AlreadyLeaving);
    already.for_each(|note| named(&mut text, "marked to go before this plan, and still to leave", &note.ips));
    for (code_of, what) in [
        (NoteCode::ChangedElsewhere, "changed elsewhere"),
        (NoteCode::NotCarriedOut, "not carried out at the renewal"),
        (NoteCode::MarksElsewhere, "marked elsewhere"),
    ] {
        said(&mut text, what, order.notes.iter().filter(|note| note.code == code_of));
    }
    let mut left_out = hidden(order);
    left_out.add(Part::Leaving, leaving.len().saturating_sub(names.leaving), order.order_id);
    left_out.add(Part::FirstSignatures, not_named, order.order_id);
    let notes = order.notes.iter().filter(|note| !is_weighty_note(note.code)).count();
    left_out.add(Part::Notes, notes, order.order_id);
    left_out.is_in_short = text.contains(", .") || text.contains("–.");
    Block { text, left_out }
}

/// Names an order, with what no list below it says.
fn title(order: &OrderPlan) -> String {
    let mut title = name(order);
    let mut parts: Vec<String> = Vec::new();
    let others = order.steps.iter().filter_map(|step| without_ips(step, order));
    parts.extend(standing(order).into_iter().chain(others).map(|(weight, words)| weighted(weight, &words)));
    if !parts.is_empty() {
        let _ = write!(title, ": {}", parts.join(", "));
    }
    title
}

/// Says what is done with an order whose IPs are not named; its name stands before that.
pub(super) fn unnamed(order: &OrderPlan) -> Block {
    let words = in_few_words(order);
    let mut words: Vec<String> = words.iter().map(|(weight, words)| weighted(*weight, words)).collect();
    let leaving: usize = order.steps.iter().map(Step::ips_leaving).sum();
    let first: usize = first_signatures(order).values().map(Vec::len).sum();
    words.extend((leaving + first > 0).then(|| "without the names of these IPs".to_owned()));
    let mut left_out = hidden(order);
    left_out.add(Part::Leaving, leaving, order.order_id);
    left_out.add(Part::FirstSignatures, first, order.order_id);
    let drifted = order.notes.iter().filter(|note| note.is_drift()).count();
    left_out.add(Part::Drift, drifted, order.order_id);
    left_out.add(Part::Notes, order.notes.len() - drifted, order.order_id);
    Block { text: words.join(", "), left_out }
}

/// Names an order as the beginning of an item.
pub(super) fn name(order: &OrderPlan) -> String {
    let tag = order.tag.as_ref().map(|tag| format!(" ({})", code(&short(tag.raw(), MAX_TAG))));
    format!("order {}{}", order.order_id, tag.unwrap_or_default())
}

/// Counts what no order in few words shows; of the signatures those that nothing else in it names.
fn hidden(order: &OrderPlan) -> LeftOut {
    let mut left_out = LeftOut::new(true);
    left_out.add(Part::Steps, order.steps.len(), order.order_id);
    left_out.add(Part::Diffs, usize::from(!order.steps.is_empty()), order.order_id);
    let told = told_by_notes(order);
    for step in &order.steps {
        let words = words::step(step, order);
        for group in words.groups.iter().filter(|group| !group.is_named()) {
            left_out.add(part(group), untold(group, &told), order.order_id);
        }
    }
    left_out
}

/// Collects the IPs that get their first signature, or may, by what it is.
fn first_signatures(order: &OrderPlan) -> BTreeMap<(Signature, bool), Vec<ProxyIp>> {
    let mut firsts: BTreeMap<(Signature, bool), Vec<ProxyIp>> = BTreeMap::new();
    for step in &order.steps {
        let words = words::step(step, order);
        for group in words.groups.iter().filter(|group| group.weight() == Weight::Slot) {
            let ips = group.signature().map(|signature| firsts.entry(signature).or_default());
            ips.into_iter().for_each(|ips| ips.extend(&group.ips));
        }
    }
    firsts.values_mut().for_each(|ips| ips.sort_unstable());
    firsts
}

fn named(text: &mut String, what: &str, ips: &[ProxyIp]) {
    if !ips.is_empty() {
        let _ = writeln!(text, "  - {what}: {}", code(&words::in_short(ips)));
    }
}

/// Names the first of IPs, and counts the others; `of_all` says the same without any name.
fn named_so_many(text: &mut String, what: &str, ips: &[ProxyIp], most: usize, of_all: &str) {
    let (shown, others) = ips.split_at(ips.len().min(most));
    let _ = match (shown, others.len()) {
        (_, 0) => return named(text, what, ips),
        ([], _) => writeln!(text, "  - {of_all} (there is no room for their names)"),
        (shown, number) => {
            let shown = code(&words::in_short(shown));
            writeln!(text, "  - {what}: {shown} and {number} more (there is no room for their names)")
        }
    };
}

/// Says what notes say; those that say the same of several IPs are one.
fn said<'a>(text: &mut String, what: &str, notes: impl Iterator<Item = &'a Note>) {
    for group in words::alike(notes) {
        let (before, sentence) = group.in_few_words();
        let sentence = escape(&short(&sentence, MAX_MESSAGE));
        let _ = match group.ips.len() {
            0 => writeln!(text, "  - {what}: {sentence}"),
            _ => writeln!(text, "  - {what}: {before}{} {sentence}", code(&words::in_short(&group.ips))),
        };
    }
}
