//! What came of a plan, as a comment.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::comment::{Comment, MAX_CHARACTERS};
use super::escape::{MAX_MESSAGE, MAX_TAG, code, fenced, html_code, short, weighted};
use super::problems::{MAX_LIST, problem_list};
use crate::model::{OrderReport, Outcome, Report, StepResult, count};
use crate::plan::OrderPlan;
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

/// Writes the orders with the IPs that leave or take a slot, without them where they do not fit, and else those orders
/// alone in which something failed.
fn body(shown: &Shown<'_>, orders: &[(&OrderPlan, &OrderReport)], room: usize, comment: &Comment) -> String {
    let see = format!("{} shows all of it.", code(&short(&comment.shows_runs, MAX_MESSAGE)));
    let shown = Shown { verbose: false, ..*shown };
    for names in [Some(&shown), None] {
        let (body, written) = fitting(orders.iter().copied(), room, names);
        if written == orders.len() {
            let left_out = if names.is_some() {
                String::new()
            } else {
                format!("The IPs are left out for want of room: {see}\n\n")
            };
            return left_out + &body;
        }
    }
    let failed = orders.iter().copied().filter(|(_, done)| done.has_failed() || !done.is_complete());
    let (failed, written) = fitting(failed, room, None);
    let left_out = count(orders.len() - written, "order");
    format!("{left_out} and all IPs are left out for want of room: {see}\n\n{failed}")
}

/// Writes as many orders as fit, and counts them.
fn fitting<'a>(
    orders: impl Iterator<Item = (&'a OrderPlan, &'a OrderReport)>,
    room: usize,
    names: Option<&Shown<'_>>,
) -> (String, usize) {
    let (mut body, mut used, mut written) = (String::new(), 0, 0);
    for block in orders.map(|(order, done)| block(order, done, names)) {
        let length = block.chars().count();
        if used + length <= room {
            body.push_str(&block);
            used += length;
            written += 1;
        }
    }
    (body, written)
}

fn block(order: &OrderPlan, done: &OrderReport, names: Option<&Shown<'_>>) -> String {
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
        if let Some(shown) = names.filter(|_| *result != StepResult::NotRun) {
            block.push_str(&named(shown, &words));
        }
    }
    if let Some(failure) = &done.failure {
        let _ = writeln!(block, "\n**failed**: {}", code(&short(failure, MAX_MESSAGE)));
    }
    block.push('\n');
    block
}

/// Names the IPs that leave, or take a slot for good.
fn named(shown: &Shown<'_>, words: &Words<'_>) -> String {
    let groups: Vec<&Group<'_>> = words.groups.iter().filter(|group| group.is_named()).collect();
    let lines: Vec<String> = words::lines(&groups, shown).into_iter().map(|(_, line)| line).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}\n", fenced("   ", "text", &lines)) }
}
