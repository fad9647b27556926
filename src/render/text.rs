//! Plans and reports for a terminal.

use std::fmt::Display;
use std::io::{self, Write};

use super::diff::{self, Line};
use super::style::{ADDED, BOLD, DIM, MONEY, PLAIN, REMOVED, SLOT, Styled, WRONG};
use super::words::{self, Weight};
use super::{Shown, problem};
use crate::model::{Report, StepResult, printable};
use crate::plan::{OrderPlan, Status};

/// Writes a plan: each order with changes or remarks, then a summary line.
pub fn plan(out: &mut dyn Write, shown: &Shown<'_>) -> io::Result<()> {
    for order in &shown.view.plan.orders {
        if order.status() != Status::Unchanged || !order.notes.is_empty() {
            write_order(out, shown, order)?;
        }
    }
    if !shown.view.plan.has_changes() && !shown.view.plan.is_blocked() {
        return writeln!(out, "{}", words::no_changes(&shown.view));
    }
    let parts = words::summary(shown.view.plan);
    let parts: Vec<String> = parts.iter().map(|(weight, part)| weighted(*weight, part).to_string()).collect();
    writeln!(out, "{} {}.", Styled(BOLD, "Plan:"), parts.join("; "))
}

fn write_order(out: &mut dyn Write, shown: &Shown<'_>, order: &OrderPlan) -> io::Result<()> {
    let facts = words::order_facts(order, shown.view.options.now);
    let facts = if facts.is_empty() { "it could not be read".to_owned() } else { facts };
    let blocked =
        if order.status() == Status::Blocked { Styled(WRONG, "blocked; ").to_string() } else { String::new() };
    writeln!(out, "{}: {blocked}{facts}", Styled(BOLD, words::order_title(order)))?;
    if !order.steps.is_empty() {
        write_diff(out, shown, &diff::order(shown, order))?;
        write_steps(out, shown, order)?;
        words::next_price(&shown.view, order).into_iter().try_for_each(|price| writeln!(out, "  {price}"))?;
    }
    for note in words::notes(&order.notes, shown) {
        writeln!(out, "  {} {}", Styled(DIM, format!("note[{}]:", note.code)), printable(&note.message))?;
        note.lines.iter().try_for_each(|line| writeln!(out, "       {line}"))?;
    }
    if !order.problems.is_empty() {
        writeln!(out)?;
        out.write_all(problem::problems(&order.problems, shown.view.sources, true).as_bytes())?;
    }
    writeln!(out)
}

fn write_steps(out: &mut dyn Write, shown: &Shown<'_>, order: &OrderPlan) -> io::Result<()> {
    for (index, step) in order.steps.iter().enumerate() {
        let words = words::step(step, order);
        writeln!(out, "  {}. {}", index + 1, weighted(words.weight, &words.title))?;
        let groups: Vec<_> = words.groups.iter().collect();
        for (weight, line) in words::lines(&groups, shown) {
            writeln!(out, "       {}", weighted(weight, line))?;
        }
    }
    Ok(())
}

fn weighted<T: Display>(weight: Weight, text: T) -> Styled<T> {
    let style = match weight {
        Weight::Money => MONEY,
        Weight::Leaving => REMOVED,
        Weight::Slot => SLOT,
        Weight::Asserted => DIM,
        Weight::Plain => PLAIN,
    };
    Styled(style, text)
}

fn write_diff(out: &mut dyn Write, shown: &Shown<'_>, lines: &[Line<'_>]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {}", Styled(DIM, "--- live"))?;
    writeln!(out, "  {}", Styled(DIM, "+++ declared"))?;
    for line in lines {
        let unless = |asserted, style| if asserted { DIM } else { style };
        match line {
            Line::Hunk(header) => writeln!(out, "  {}", Styled(DIM, header))?,
            Line::Same(written) => writeln!(out, "   {written}")?,
            Line::Removed { written, asserted } => {
                writeln!(out, "  {}", Styled(unless(*asserted, REMOVED), format_args!("-{written}")))?;
            }
            Line::Added { written, asserted } => {
                writeln!(out, "  {}", Styled(unless(*asserted, ADDED), format_args!("+{written}")))?;
            }
            Line::More(number) => {
                let more = format!("  … {number} more lines like these (to list them: `{}`)", shown.shows_all);
                writeln!(out, "  {}", Styled(DIM, more))?;
            }
        }
    }
    writeln!(out)
}

/// Writes what came of a plan, which was written before: every operation with its result, then a summary line.
pub fn report(out: &mut dyn Write, shown: &Shown<'_>, report: &Report) -> io::Result<()> {
    writeln!(out)?;
    for order in &shown.view.plan.orders {
        let Some(done) = report.order(order.order_id) else { continue };
        if order.steps.is_empty() && done.failure.is_none() {
            continue;
        }
        writeln!(out, "{}", Styled(BOLD, words::order_title(order)))?;
        for (index, (step, result)) in order.steps.iter().zip(&done.results).enumerate() {
            let title = words::step(step, order).title;
            let (word, reason) = words::result(result);
            let style = match result {
                StepResult::Done => ADDED,
                StepResult::NotRun => DIM,
                StepResult::Failed { .. } | StepResult::Unknown { .. } => WRONG,
            };
            writeln!(out, "  {}. {} {title}", index + 1, Styled(style, format!("{word:7}")))?;
            if let Some(reason) = reason {
                writeln!(out, "             {}", printable(reason))?;
            }
            if let Some(remark) = done.remarks.get(&index) {
                writeln!(out, "             {}", printable(remark))?;
            }
        }
        if let Some(failure) = &done.failure {
            writeln!(out, "  {} {}", Styled(WRONG, "failed"), printable(failure))?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{}", Styled(BOLD, words::report(report)))
}
