//! An order in as few words as can be, with every IP that leaves or gets its first signature named all the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::{MAX_TAG, code, escape, html, short, weighted};
use super::left_out::LeftOut;
use super::order::{Block, in_few_words, is_weighty_note};
use crate::diagnostic::{Attribute, Note, NoteCode};
use crate::model::{Cents, ProxyIp, Signature, count};
use crate::plan::{OrderPlan, Status, Step};
use crate::render::words::{self, Group, Weight};

/// Writes an order as an item of a list.
pub(super) fn block(order: &OrderPlan) -> Block {
    let mut text = format!("- {}\n", title(order));
    let leaving: Vec<ProxyIp> = order.steps.iter().flat_map(Step::leaving).collect();
    let verb = if leaving.len() == 1 { "leaves" } else { "leave" };
    let when = words::at_renewal(order.renewal.as_ref());
    named(&mut text, &format!("**{} {verb} {when}**", count(leaving.len(), "IP")), &leaving);
    for ((signature, is_certain), ips) in first_signatures(order) {
        let takes = if is_certain { "takes" } else { "may take" };
        named(&mut text, &format!("**{takes} a slot for good** ({signature})"), &ips);
    }
    let already = order.notes.iter().filter(|note| note.code == NoteCode::AlreadyLeaving);
    already.for_each(|note| named(&mut text, "marked to go before", &note.ips));
    text.push_str(&drift(order, NoteCode::ChangedElsewhere, "changed elsewhere"));
    text.push_str(&drift(order, NoteCode::NotCarriedOut, "not carried out at the renewal"));
    for note in order.notes.iter().filter(|note| note.code == NoteCode::MarksElsewhere) {
        let _ = writeln!(text, "  - {}", escape(&note.message));
    }
    let is_said = |note: &&Note| is_weighty_note(note.code);
    let notes = order.notes.iter().filter(|note| !is_said(note)).count();
    Block { text, left_out: LeftOut { notes, is_in_short: true, ..hidden(order) } }
}

/// Names an order, with what no list below it says.
fn title(order: &OrderPlan) -> String {
    let mut title = format!("order {}", order.order_id);
    if let Some(tag) = &order.tag {
        let _ = write!(title, " ({})", code(&short(tag.raw(), MAX_TAG)));
    }
    let mut parts = Vec::new();
    parts.extend((order.status() == Status::Blocked).then(|| "**blocked**".to_owned()));
    parts.extend((order.charge() > Cents(0)).then(|| format!("**charges {} now**", order.charge())));
    for step in &order.steps {
        let words = words::step(step, order.renewal.as_ref());
        let is_told = words.groups.iter().any(Group::is_named) || words.weight == Weight::Money;
        parts.extend((words.weight < Weight::Plain && !is_told).then(|| weighted(words.weight, &words.title)));
    }
    if !parts.is_empty() {
        let _ = write!(title, ": {}", parts.join(", "));
    }
    title
}

/// Writes an order whose IPs are not named, as a part of a sentence.
pub(super) fn mention(order: &OrderPlan) -> Block {
    let words: Vec<String> = in_few_words(order).into_iter().map(|(_, words)| html(&words)).collect();
    let leaving = order.steps.iter().map(Step::ips_leaving).sum();
    let signatures = first_signatures(order).values().map(Vec::len).sum();
    let notes = order.notes.len();
    let text = format!("order {} ({})", order.order_id, words.join(", "));
    Block { text, left_out: LeftOut { leaving, signatures, notes, ..hidden(order) } }
}

/// Counts what no order in few words shows.
fn hidden(order: &OrderPlan) -> LeftOut {
    let mut left_out = LeftOut { steps: order.steps.len(), ..LeftOut::default() };
    left_out.diffs = usize::from(!order.steps.is_empty());
    for step in &order.steps {
        for group in &words::step(step, order.renewal.as_ref()).groups {
            match group.weight() {
                Weight::Asserted => left_out.assertions += group.ips.len(),
                _ => left_out.lists += usize::from(!group.is_named()),
            }
        }
    }
    left_out
}

/// Collects the IPs that get their first signature, or may, by what it is.
fn first_signatures(order: &OrderPlan) -> BTreeMap<(Signature, bool), Vec<ProxyIp>> {
    let mut firsts: BTreeMap<(Signature, bool), Vec<ProxyIp>> = BTreeMap::new();
    for step in &order.steps {
        let words = words::step(step, order.renewal.as_ref());
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

/// Says what is not as shardctl left it, attribute by attribute.
fn drift(order: &OrderPlan, code_of: NoteCode, what: &str) -> String {
    let notes: Vec<&Note> = order.notes.iter().filter(|note| note.code == code_of).collect();
    let about = |attribute| notes.iter().filter(move |note| note.attribute == Some(attribute));
    let ips = |attribute| about(attribute).filter_map(|note| note.ip).collect::<Vec<_>>();
    let mut parts = Vec::new();
    for (attribute, words) in [(Attribute::Signature, "signature"), (Attribute::Mark, "mark")] {
        let ips = ips(attribute);
        if !ips.is_empty() {
            parts.push(format!("{words} of {}", code(&words::in_short(&ips))));
        }
    }
    for (attribute, words) in [
        (Attribute::Slots, "the slots"),
        (Attribute::Pending, "what is scheduled for the slots"),
        (Attribute::AutoRenewal, "automatic renewal"),
    ] {
        parts.extend(about(attribute).next().map(|_| words.to_owned()));
    }
    if parts.is_empty() { String::new() } else { format!("  - {what}: {}\n", parts.join(", ")) }
}
