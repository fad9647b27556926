//! One order of a plan.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::detail::Detail;
use super::escape::{MAX_MESSAGE, MAX_TAG, escape, fenced, html_code, short, weighted};
use super::left_out::{LeftOut, Part};
use crate::diagnostic::{Attribute, Note, NoteCode};
use crate::model::{ProxyIp, count};
use crate::plan::{OrderPlan, Status, Step};
use crate::render::diff::{self, Line};
use crate::render::shown::Shown;
use crate::render::words::{self, Group, NoteWords, Weight, Words};

/// A part of a comment about one order, and what it leaves out.
pub(super) struct Block {
    pub(super) text: String,
    pub(super) left_out: LeftOut,
}

impl Block {
    /// Counts its characters.
    pub(super) fn length(&self) -> usize {
        self.text.chars().count()
    }
}

/// Writes an order.
pub(super) fn block(shown: &Shown<'_>, order: &OrderPlan, detail: Detail) -> Block {
    let mut left_out = LeftOut::new(detail > Detail::Whole);
    let open = if stands_out(order) { " open" } else { "" };
    let mut text = format!("<details{open}><summary>{}</summary>\n\n", title(order));
    let _ = writeln!(text, "{}", facts(shown, order));
    let told = told_by_notes(order);
    for (index, step) in order.steps.iter().enumerate() {
        let words = words::step(step, order);
        let (shown_groups, hidden): (Vec<&Group<'_>>, Vec<&Group<'_>>) =
            words.groups.iter().partition(|group| is_shown(group, detail));
        let folded =
            shown_groups.iter().filter(|group| !group.is_named() && group.is_folded(detail == Detail::Verbose));
        let counted = hidden.iter().chain(folded);
        counted.for_each(|group| left_out.add(part(group), untold(group, &told), order.order_id));
        text.push_str(&step_item(&with_detail(shown, detail), (index + 1, order.steps.len()), &words, &shown_groups));
    }
    if let Some(price) = words::next_price(&shown.view, order) {
        let _ = writeln!(text, "{price}\n");
    }
    text.push_str(&notes(shown, order, detail, &mut left_out));
    text.push_str(&difference(shown, order, detail, &mut left_out));
    text.push_str("</details>\n\n");
    Block { text, left_out }
}

/// Returns whether an order is worth more than a closed line.
pub(super) fn stands_out(order: &OrderPlan) -> bool {
    let is_weighty = |step| words::step(step, order).weight < Weight::Plain;
    order.status() == Status::Blocked
        || order.steps.iter().any(is_weighty)
        || order.notes.iter().any(|note| is_weighty_note(note.code))
}

/// Returns whether a note says what leaves, or what somebody else changed: the last ones to be left out.
pub(super) fn is_weighty_note(code: NoteCode) -> bool {
    use NoteCode::{AlreadyLeaving, ChangedElsewhere, MarksElsewhere, NotCarriedOut};
    matches!(code, AlreadyLeaving | ChangedElsewhere | MarksElsewhere | NotCarriedOut)
}

/// Names an order, and says what its operations come to.
pub(super) fn title(order: &OrderPlan) -> String {
    let mut title = format!("order {}", order.order_id);
    if let Some(tag) = &order.tag {
        let _ = write!(title, " ({})", html_code(&short(tag.raw(), MAX_TAG)));
    }
    let parts: Vec<String> = in_few_words(order).into_iter().map(bold_where_weighty).collect();
    if !parts.is_empty() {
        let _ = write!(title, ": {}", parts.join(", "));
    }
    title
}

fn bold_where_weighty((weight, words): (Weight, String)) -> String {
    if weight < Weight::Plain { format!("<b>{words}</b>") } else { words }
}

/// Says what an order's operations come to.
pub(super) fn in_few_words(order: &OrderPlan) -> Vec<(Weight, String)> {
    let would = order.status() == Status::Blocked;
    let mut parts = standing(order);
    parts.extend(leaving(order).map(|words| (Weight::Leaving, words)));
    let firsts = order.steps.iter().map(words::first_signatures);
    let (first, perhaps) = firsts.fold((0, 0), |all, more| (all.0 + more.0, all.1 + more.1));
    if first > 0 {
        let takes = words::verb("take", first, would);
        parts.push((Weight::Slot, format!("{} {takes} a slot for good", count(first, "signature"))));
    }
    if perhaps > 0 {
        parts.push((Weight::Slot, format!("{} may take a slot for good", count(perhaps, "signature"))));
    }
    parts.extend(order.steps.iter().filter_map(|step| without_ips(step, order)));
    if !order.steps.is_empty() {
        parts.push((Weight::Plain, count(order.steps.len(), "operation")));
    }
    parts.extend(words::drift([order], would));
    parts
}

/// Says whether an order is blocked, what it buys, and whether it ends.
pub(super) fn standing(order: &OrderPlan) -> Vec<(Weight, String)> {
    let would = order.status() == Status::Blocked;
    let mut parts = Vec::new();
    parts.extend(would.then(|| (Weight::Money, "blocked".to_owned())));
    for step in &order.steps {
        if let Step::PurchaseSlots { quote, .. } = step {
            let (buys, slots) = (words::verb("buy", 1, would), count(quote.add_qty, "p0f slot"));
            parts.push((Weight::Money, format!("{buys} {slots} for {}", quote.charge)));
        }
    }
    parts.extend(
        words::does_not_renew(order)
            .then(|| (Weight::Leaving, "ends unless it is renewed, and its IPs with it".to_owned())),
    );
    parts
}

/// Says how many of an order's IPs leave, and when.
fn leaving(order: &OrderPlan) -> Option<String> {
    Some(format!("{} {}", share_leaving(order)?, words::PeriodEnd::of(order).of_leaving()))
}

/// Says how many of an order's IPs leave.
pub(super) fn share_leaving(order: &OrderPlan) -> Option<String> {
    let leaving: usize = order.steps.iter().map(Step::ips_leaving).sum();
    let share = match order.active_ips {
        Some(active) => format!("{leaving} of {}", count(active, "IP")),
        None => count(leaving, "IP"),
    };
    let leave = words::verb("leave", leaving, order.status() == Status::Blocked);
    (leaving > 0).then(|| format!("{share} {leave}"))
}

/// Says what a step of an order does that is not about IPs and costs nothing.
pub(super) fn without_ips(step: &Step, order: &OrderPlan) -> Option<(Weight, String)> {
    Some(match step {
        Step::ScheduleDowngrade { from_qty, next_qty } => {
            let is_last = words::PeriodEnd::of(order).is_last;
            let when = if is_last { "if the order is renewed" } else { "at the renewal" };
            (Weight::Leaving, format!("from {from_qty} to {next_qty} p0f slots {when}"))
        }
        Step::SetAutoRenewal { to: false, .. } => {
            let ips = order.active_ips.map_or_else(|| "IPs".to_owned(), |ips| count(ips, "IP"));
            (Weight::Leaving, format!("no more automatic renewal: unless it is renewed, it ends with its {ips}"))
        }
        Step::SetAutoRenewal { to: true, .. } => (Weight::Plain, "automatic renewal switched on".to_owned()),
        Step::CancelDowngrade { pending: Some(pending) } => {
            (Weight::Plain, format!("cancels the pending downgrade to {}", count(pending.next_qty(), "p0f slot")))
        }
        Step::CancelDowngrade { pending: None } => {
            (Weight::Asserted, "cancels a pending downgrade, if there is one".to_owned())
        }
        Step::PurchaseSlots { .. } | Step::SetSignatures { .. } | Step::SetDelNp { .. } => return None,
    })
}

fn facts(shown: &Shown<'_>, order: &OrderPlan) -> String {
    match words::order_facts(order, shown.view.options.now) {
        facts if facts.is_empty() => "It could not be read.\n".to_owned(),
        facts => format!("{}\n", escape(&short(&facts, MAX_MESSAGE))),
    }
}

/// Returns whether a group of IPs is listed.
fn is_shown(group: &Group<'_>, detail: Detail) -> bool {
    match group.weight() {
        Weight::Asserted => detail < Detail::WithoutAssertions,
        _ => detail < Detail::WithoutLists || group.is_named(),
    }
}

/// Returns what is left out where a group of IPs is not listed.
pub(super) fn part(group: &Group<'_>) -> Part {
    match group.weight() {
        Weight::Asserted if group.signature().is_some() => Part::AssertedSignatures,
        Weight::Asserted => Part::AssertedMarks,
        Weight::Leaving => Part::Leaving,
        Weight::Slot => Part::FirstSignatures,
        Weight::Money | Weight::Plain if group.signature().is_some() => Part::Signatures,
        Weight::Money | Weight::Plain => Part::Staying,
    }
}

/// Returns the IPs of which a note says what becomes of their signature: one that is always written.
pub(super) fn told_by_notes(order: &OrderPlan) -> BTreeSet<ProxyIp> {
    let is_signature = |note: &&Note| note.is_drift() && note.attribute == Some(Attribute::Signature);
    order.notes.iter().filter(is_signature).filter_map(|note| note.ip).collect()
}

/// Counts the IPs of a group of which nothing else says what becomes of them.
pub(super) fn untold(group: &Group<'_>, told: &BTreeSet<ProxyIp>) -> usize {
    let is_told = |ip: &&ProxyIp| group.signature().is_some() && told.contains(ip);
    group.ips.iter().filter(|ip| !is_told(ip)).count()
}

fn with_detail<'a>(shown: &Shown<'a>, detail: Detail) -> Shown<'a> {
    Shown { verbose: detail == Detail::Verbose, ..*shown }
}

fn step_item(shown: &Shown<'_>, (number, last): (usize, usize), words: &Words<'_>, groups: &[&Group<'_>]) -> String {
    let mut item = format!("{number}. {}\n", weighted(words.weight, &words.title));
    if groups.is_empty() {
        item.push_str(if number == last { "\n" } else { "" });
    } else {
        let lines = words::lines(groups, shown);
        let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        let _ = write!(item, "\n{}\n", fenced("   ", "text", &lines));
    }
    item
}

/// Writes the notes; those go first that say neither what leaves nor what somebody else changed.
fn notes(shown: &Shown<'_>, order: &OrderPlan, detail: Detail, left_out: &mut LeftOut) -> String {
    let mut text = String::new();
    for note in words::notes(&order.notes, &with_detail(shown, detail)) {
        match is_weighty_note(note.code) || detail < Detail::WithoutNotes {
            true => text.push_str(&note_block(&note)),
            false => left_out.add(Part::Notes, 1, order.order_id),
        }
    }
    text
}

fn note_block(note: &NoteWords<'_>) -> String {
    let mut block = format!("> **{}**: {}\n", note.code, escape(&short(&note.message, MAX_MESSAGE)));
    if !note.lines.is_empty() {
        let _ = write!(block, ">\n{}", fenced("> ", "text", &note.lines));
    }
    block.push('\n');
    block
}

/// Writes the difference between the order as it is and as it is declared.
pub(super) fn difference(shown: &Shown<'_>, order: &OrderPlan, detail: Detail, left_out: &mut LeftOut) -> String {
    if order.steps.is_empty() {
        return String::new();
    }
    if detail >= Detail::WithoutDiffs {
        left_out.add(Part::Diffs, 1, order.order_id);
        return String::new();
    }
    let lines = diff::order(&with_detail(shown, detail), order);
    if lines.is_empty() {
        return String::new();
    }
    for line in &lines {
        if let Line::More(number) = line {
            left_out.add(Part::DiffLines, *number, order.order_id);
        }
    }
    let head = ["--- live", "+++ declared"].map(str::to_owned).into_iter();
    let lines: Vec<String> = head.chain(lines.iter().map(|line| diff_line(shown, line))).collect();
    format!("<details><summary>diff</summary>\n\n{}\n</details>\n\n", fenced("", "diff", &lines))
}

fn diff_line(shown: &Shown<'_>, line: &Line<'_>) -> String {
    match line {
        Line::Hunk(header) => header.to_string(),
        Line::Same(written) => format!(" {written}"),
        Line::Removed { written, .. } => format!("-{written}"),
        Line::Added { written, .. } => format!("+{written}"),
        Line::More(number) => format!("# … {number} more lines like these (to list them: `{}`)", shown.shows_all),
    }
}
