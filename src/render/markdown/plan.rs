//! A plan as a comment.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::comment::{Comment, MAX_CHARACTERS};
use super::escape::weighted;
use super::fit;
use super::left_out::LeftOut;
use super::problems::{MAX_LIST, problem_list};
use crate::model::count;
use crate::plan::{OrderPlan, Status};
use crate::render::shown::Shown;
use crate::render::words;

/// Which command a plan was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invocation {
    /// A plan.
    Plan,
    /// An apply without `--apply`.
    DryRun,
}

/// What the sentence about what was left out usually takes at most; below the bound there is room for a longer one.
const MAX_SENTENCE: usize = 1000;

/// Writes a plan.
pub fn plan(out: &mut dyn Write, shown: &Shown<'_>, invocation: Invocation, comment: &Comment) -> io::Result<()> {
    let (command, tail) = match invocation {
        Invocation::DryRun => ("apply (dry run)", "\nThis was a dry run: nothing was changed.\n"),
        Invocation::Plan => ("plan", ""),
    };
    let heading = comment.heading(command, &headline(shown));
    let summary = blocked(shown) + &summary(shown);
    let fixed = [&heading, &summary, tail].map(|part| part.chars().count()).iter().sum::<usize>();
    let Body { problems, orders, left_out } = body(shown, MAX_CHARACTERS.saturating_sub(fixed + MAX_SENTENCE));
    let all = shown.view.plan.order_ids();
    let left_out = left_out.sentence(&comment.shows_all, &all);
    [heading, summary, left_out, problems, orders].iter().try_for_each(|part| out.write_all(part.as_bytes()))?;
    out.write_all(tail.as_bytes())
}

/// What a comment has room for below its summary.
struct Body {
    problems: String,
    orders: String,
    left_out: LeftOut,
}

/// Lists the problems and writes the orders; where IPs would have to be left out, the list is shorter.
fn body(shown: &Shown<'_>, room: usize) -> Body {
    let plan = shown.view.plan;
    let is_shown = |order: &&OrderPlan| order.status() != Status::Unchanged || !order.notes.is_empty();
    let orders: Vec<&OrderPlan> = plan.orders.iter().filter(is_shown).collect();
    let all = plan.order_ids();
    let body = |most| {
        let problems = problem_list(plan.problems(), &all, shown.view.sources, most, shown.shows_all);
        let (orders, left_out) = fit::orders(shown, &orders, room.saturating_sub(problems.chars().count()));
        Body { problems, orders, left_out }
    };
    let bodies = [MAX_LIST, MAX_LIST / 4].into_iter().map(body);
    bodies.into_iter().find(|body| body.left_out.names_all()).unwrap_or_else(|| body(MAX_LIST / 16))
}

/// Says that nothing is carried out while anything is wrong.
fn blocked(shown: &Shown<'_>) -> String {
    let plan = shown.view.plan;
    let is_changed = |order: &&OrderPlan| order.status() == Status::Changed;
    let changed: Vec<&OrderPlan> = plan.orders.iter().filter(is_changed).collect();
    match (plan.blocked(), &changed[..]) {
        (0, _) => String::new(),
        (_, []) => "**Blocked: an apply changes nothing until the problems below are gone.**\n\n".to_owned(),
        (_, [other]) => format!(
            "**Blocked: an apply changes nothing until the problems below are gone; with `--keep-going` it changes only \
             order {}.**\n\n",
            other.order_id
        ),
        (_, others) => format!(
            "**Blocked: an apply changes nothing until the problems below are gone; with `--keep-going` it changes only the \
             {} without a problem.**\n\n",
            count(others.len(), "order")
        ),
    }
}

fn summary(shown: &Shown<'_>) -> String {
    let plan = shown.view.plan;
    let mut summary = String::new();
    if plan.has_changes() || plan.is_blocked() {
        let parts: Vec<String> = words::summary(plan).iter().map(|(weight, part)| weighted(*weight, part)).collect();
        let _ = writeln!(summary, "{}.\n", parts.join("; "));
    } else {
        let _ = writeln!(summary, "{}\n", words::no_changes(&shown.view));
    }
    summary
}

fn headline(shown: &Shown<'_>) -> String {
    let summary = shown.view.plan.summary();
    if summary.steps == 0 && summary.blocked == 0 {
        return "no changes".to_owned();
    }
    let mut parts = Vec::new();
    if summary.changed > 0 {
        parts.push(format!("{} to change", count(summary.changed, "order")));
    }
    if summary.blocked > 0 {
        parts.push(format!("{} blocked", count(summary.blocked, "order")));
    }
    parts.join(", ")
}
