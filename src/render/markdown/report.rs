//! What came of a plan, as a comment.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::comment::{Comment, MAX_CHARACTERS};
use super::detail::Detail;
use super::escape::{MAX_MESSAGE, MAX_TAG, code, fenced, html_code, short, weighted};
use super::left_out::LeftOut;
use super::order;
use super::problems::{MAX_LIST, problem_list};
use crate::model::{OrderReport, Outcome, Report, StepResult, count};
use crate::plan::{OrderPlan, Step};
use crate::render::shown::Shown;
use crate::render::words::{self, Group, Words};

/// Writes what came of a plan.
pub fn report<'a>(out: &mut dyn Write, shown: &Shown<'a>, report: &'a Report, comment: &Comment) -> io::Result<()> {
    let outcome = match report.outcome() {
        Outcome::NothingToDo => "nothing to do",
        Outcome::Complete => "complete",
        Outcome::Partial => "stopped part way",
        Outcome::Failed => "failed, nothing was changed",
    };
    let mut head = comment.heading("apply", outcome);
    let _ = writeln!(head, "{}\n", words::report(report));
    let all = shown.view.plan.order_ids();
    head.push_str(&problem_list(shown.view.plan.problems(), &all, shown.view.sources, MAX_LIST, shown.shows_all));
    let done = |order: &'a OrderPlan| Some((order, report.order(order.order_id)?));
    let orders = shown.view.plan.orders.iter().filter(|order| !order.steps.is_empty()).filter_map(done);
    let orders: Vec<(&OrderPlan, &OrderReport)> = orders.collect();
    let room = MAX_CHARACTERS.saturating_sub(head.chars().count() + 600);
    out.write_all(head.as_bytes())?;
    out.write_all(body(shown, &orders, room, comment).as_bytes())
}

/// The most characters around the lines of a block of text: its fences, and the line that counts what is left out.
const FENCE: usize = 60;
/// The characters before and behind a line of such a block.
const INDENTATION: usize = 4;

/// How much is said of each order; each says less than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    /// Everything.
    Diffs,
    /// The IPs that leave or take a slot, and no diffs.
    Ips,
    /// What was done, or was not.
    Operations,
}

/// What came of one order, with its plan.
type Done<'a> = (&'a OrderPlan, &'a OrderReport);

/// Writes the orders with as much as there is room for; where not even all of them have room, those in which something
/// failed come first.
fn body(shown: &Shown<'_>, orders: &[Done<'_>], room: usize, comment: &Comment) -> String {
    let see = format!("{} shows what was done", code(&short(&comment.shows_runs, MAX_MESSAGE)));
    let shown = Shown { verbose: false, ..*shown };
    for extent in [Extent::Diffs, Extent::Ips, Extent::Operations] {
        let (body, left) = fitting(orders, room, &shown, extent);
        let left_out = match extent {
            _ if !left.is_empty() => continue,
            Extent::Diffs => String::new(),
            Extent::Ips => format!("> The diffs are left out for want of room; {see}.\n\n"),
            Extent::Operations => {
                let body = with_as_many_ips_as_fit(orders, room, body.chars().count(), &shown);
                return format!("> The diffs and most IPs are left out for want of room; {see}.\n\n{body}");
            }
        };
        return left_out + &body;
    }
    let went_well = |(_, done): &Done<'_>| !done.has_failed() && done.is_complete();
    let mut orders = orders.to_vec();
    orders.sort_by_key(went_well);
    let (body, left) = fitting(&orders, room, &shown, Extent::Operations);
    let failed = left.iter().filter(|done| !went_well(done)).count();
    let whole = count(left.len(), "order");
    let among = if failed > 0 { format!(", {failed} of which failed or did not end") } else { String::new() };
    format!(
        "> The diffs, the IPs and {whole}{among} are left out for want of room; {see}.\n\n{body}… and {whole} more.\n"
    )
}

/// Writes all orders, with the names of as many IPs as there is room for; without any they take so many characters.
fn with_as_many_ips_as_fit(orders: &[Done<'_>], room: usize, used: usize, shown: &Shown<'_>) -> String {
    let mut spare = room.saturating_sub(used);
    let length = |of: &Done<'_>, room| block(of.0, of.1, shown, Extent::Ips, room).chars().count();
    let mut with_leaving = Vec::new();
    for done in orders {
        let with = length(done, Room { leaving: spare, first: 0 });
        with_leaving.push((spare, with));
        spare = spare.saturating_sub(with - length(done, Room::NONE));
    }
    let mut body = String::new();
    for (of, (leaving, without)) in orders.iter().zip(with_leaving) {
        let block = block(of.0, of.1, shown, Extent::Ips, Room { leaving, first: spare });
        spare = spare.saturating_sub(block.chars().count().saturating_sub(without));
        body.push_str(&block);
    }
    body
}

/// Writes as many orders as fit, and returns those that do not.
fn fitting<'a>(orders: &[Done<'a>], room: usize, shown: &Shown<'_>, extent: Extent) -> (String, Vec<Done<'a>>) {
    let (mut body, mut used, mut left) = (String::new(), 0, Vec::new());
    for (order, done) in orders {
        let block = block(order, done, shown, extent, Room::ENOUGH);
        let length = block.chars().count();
        if used + length <= room {
            body.push_str(&block);
            used += length;
        } else {
            left.push((*order, *done));
        }
    }
    (body, left)
}

/// How many characters IPs may take: those that leave are the last to be left out.
#[derive(Debug, Clone, Copy)]
struct Room {
    leaving: usize,
    /// IPs that get their first signature.
    first: usize,
}

impl Room {
    const NONE: Room = Room { leaving: 0, first: 0 };
    const ENOUGH: Room = Room { leaving: usize::MAX, first: usize::MAX };
}

/// Writes what came of an order, with IPs in so many characters.
fn block(order: &OrderPlan, done: &OrderReport, shown: &Shown<'_>, extent: Extent, mut room: Room) -> String {
    let tag = order.tag.as_ref().map(|tag| format!(" ({})", html_code(&short(tag.raw(), MAX_TAG))));
    let mut block = format!("### order {}{}\n\n", order.order_id, tag.unwrap_or_default());
    for (index, (step, result)) in order.steps.iter().zip(&done.results).enumerate() {
        let words = words::step(step, order);
        let (word, reason) = words::result(result);
        let word = if *result == StepResult::Done { word.to_owned() } else { format!("**{word}**") };
        let _ = write!(block, "{}. {word}: {}", index + 1, weighted(words.weight, &words.title));
        if let Some(reason) = reason {
            let _ = write!(block, "<br>{}", code(&short(reason, MAX_MESSAGE)));
        }
        if let Some(remark) = done.remarks.get(&index) {
            let _ = write!(block, "<br>{}", code(&short(remark, MAX_MESSAGE)));
        }
        block.push('\n');
        if extent <= Extent::Ips && *result != StepResult::NotRun {
            let room = match step {
                Step::SetSignatures { .. } => &mut room.first,
                _ => &mut room.leaving,
            };
            let named = named(shown, &words, *room);
            *room = room.saturating_sub(named.chars().count());
            block.push_str(&named);
        }
    }
    if let Some(failure) = &done.failure {
        let _ = writeln!(block, "\n**failed**: {}", code(&short(failure, MAX_MESSAGE)));
    }
    block.push('\n');
    if extent == Extent::Diffs {
        block.push_str(&order::difference(shown, order, Detail::Whole, &mut LeftOut::default()));
    }
    block
}

/// Names the IPs that leave, or take a slot for good, as far as so many characters go.
fn named(shown: &Shown<'_>, words: &Words<'_>, room: usize) -> String {
    let groups: Vec<&Group<'_>> = words.groups.iter().filter(|group| group.is_named()).collect();
    let mut lines: Vec<String> = words::lines(&groups, shown).into_iter().map(|(_, line)| line).collect();
    let all = lines.len();
    // Each stands on a line of its own, behind the indentation of the list.
    let mut used = FENCE;
    lines.retain(|line| {
        used = used.saturating_add(line.chars().count() + INDENTATION);
        used <= room
    });
    match (lines.len(), all - lines.len()) {
        (0, _) => return String::new(),
        (_, 0) => {}
        (_, more) => lines.push(format!("… and {}", count(more, "more line"))),
    }
    format!("\n{}\n", fenced("   ", "text", &lines))
}
