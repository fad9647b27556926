//! Plans and reports for a comment on a pull request.
//!
//! What comes from outside (tags, addresses, messages) stands in code spans or in a fence that it cannot close, so that
//! it can neither format the comment nor mention anybody.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Shown;
use super::diff::{self, Line};
use super::words::{self, Weight};
use crate::diagnostic::{Problem, SourceMap};
use crate::model::{Outcome, Report, StepResult, count, printable};
use crate::plan::{OrderPlan, Status, Step};

/// The first line, by which a bot finds its comment to replace it.
pub const MARKER: &str = "<!-- shardctl -->";
/// The most characters that are written; GitHub takes 65,536.
pub const MAX_CHARACTERS: usize = 64_000;
/// The most problems that are listed one by one.
const MAX_PROBLEMS: usize = 50;
/// The most characters of a message that are shown.
pub(super) const MAX_MESSAGE: usize = 400;
/// The most characters of a tag that are shown.
pub(super) const MAX_TAG: usize = 100;

/// Which command a plan was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invocation {
    /// A plan.
    Plan,
    /// An apply without `--apply`.
    DryRun,
}

/// How much is said of each order, from all to next to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Detail {
    Full,
    WithoutIps,
    Titles,
}

/// Writes a plan.
pub fn plan(out: &mut dyn Write, shown: &Shown<'_>, invocation: Invocation) -> io::Result<()> {
    let what = if invocation == Invocation::DryRun { "apply (dry run)" } else { "plan" };
    let mut head = format!("{MARKER}\n## shardctl {what}: {}\n\n", headline(shown));
    if shown.view.plan.has_changes() || shown.view.plan.is_blocked() {
        let parts = words::summary(&shown.view.plan.summary());
        let parts: Vec<String> = parts.iter().map(|(weight, part)| weighted(*weight, part)).collect();
        let _ = writeln!(head, "{}.\n", parts.join("; "));
    }
    head.push_str(&problem_list(shown.view.plan.problems(), shown.view.sources));
    let tail = match invocation {
        Invocation::DryRun => "\nThis was a dry run: nothing was changed.\n",
        Invocation::Plan => "",
    };
    let orders: Vec<&OrderPlan> = shown
        .view
        .plan
        .orders
        .iter()
        .filter(|order| order.status() != Status::Unchanged || !order.notes.is_empty())
        .collect();
    let rest = "`shardctl plan` shows them all";
    write_bounded(out, &head, (tail, rest), orders.len(), |index, detail| order_block(shown, orders[index], detail))
}

/// Writes the problems of a manifest that cannot be used.
pub fn invalid_manifest(out: &mut dyn Write, problems: &[Problem], sources: &SourceMap) -> io::Result<()> {
    let head = format!("{MARKER}\n## shardctl: the manifest has {}\n\n", count(problems.len(), "problem"));
    out.write_all(head.as_bytes())?;
    out.write_all(problem_list(problems, sources).as_bytes())
}

/// Writes why a command ended before there was anything to show.
pub fn ended(out: &mut dyn Write, command: &str, problems: &[Problem], sources: &SourceMap) -> io::Result<()> {
    writeln!(out, "{MARKER}\n## shardctl {command}: failed, nothing was changed\n")?;
    out.write_all(problem_list(problems, sources).as_bytes())
}

/// Writes what a validation found.
pub fn validate(out: &mut dyn Write, problems: &[Problem], sources: &SourceMap) -> io::Result<()> {
    if problems.is_empty() {
        return writeln!(out, "{MARKER}\n## shardctl: the manifest is valid");
    }
    invalid_manifest(out, problems, sources)
}

/// Writes what came of a plan.
pub fn report(out: &mut dyn Write, shown: &Shown<'_>, report: &Report) -> io::Result<()> {
    let outcome = match report.outcome() {
        Outcome::NothingToDo => "nothing to do",
        Outcome::Complete => "complete",
        Outcome::Partial => "stopped part way",
        Outcome::Failed => "failed, nothing was changed",
    };
    let mut head = format!("{MARKER}\n## shardctl apply: {outcome}\n\n{}\n\n", words::report(report));
    head.push_str(&problem_list(shown.view.plan.problems(), shown.view.sources));
    let orders: Vec<&OrderPlan> = shown.view.plan.orders.iter().filter(|order| !order.steps.is_empty()).collect();
    let rest = "`shardctl plan` shows what is left to do";
    write_bounded(out, &head, ("", rest), orders.len(), |index, detail| report_block(orders[index], report, detail))
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

/// Writes head, blocks and tail with as much detail as the bound allows, and never without head and tail.
///
/// A block that is empty, or that does not fit even without detail, is counted; `rest` says where those are shown.
fn write_bounded(
    out: &mut dyn Write,
    head: &str,
    (tail, rest): (&str, &str),
    blocks: usize,
    block: impl Fn(usize, Detail) -> String,
) -> io::Result<()> {
    let room = MAX_CHARACTERS.saturating_sub(head.chars().count() + tail.chars().count() + 200);
    let mut body = String::new();
    for detail in [Detail::Full, Detail::WithoutIps, Detail::Titles] {
        body.clear();
        let (mut used, mut left_out) = (0, 0);
        for index in 0..blocks {
            let next = block(index, detail);
            let length = next.chars().count();
            if length == 0 || used + length > room {
                left_out += 1;
                if detail != Detail::Titles {
                    break;
                }
            } else {
                used += length;
                body.push_str(&next);
            }
        }
        if left_out == 0 {
            break;
        }
        if detail == Detail::Titles {
            let _ = writeln!(body, "\n… and {} more; {rest}.", count(left_out, "order"));
        }
    }
    out.write_all(head.as_bytes())?;
    out.write_all(body.as_bytes())?;
    out.write_all(tail.as_bytes())
}

fn order_block(shown: &Shown<'_>, order: &OrderPlan, detail: Detail) -> String {
    let mut title = order_name(order);
    let in_short = in_short(order);
    if !in_short.is_empty() {
        let _ = write!(title, ": {in_short}");
    }
    if detail == Detail::Titles {
        return format!("- {title}\n");
    }
    let open = if order.status() == Status::Blocked { " open" } else { "" };
    let mut block = format!("<details{open}><summary>{title}</summary>\n\n");
    match facts(order) {
        facts if facts.is_empty() => block.push_str("It could not be read.\n"),
        facts => _ = writeln!(block, "{facts}\n"),
    }
    if !order.steps.is_empty() && detail == Detail::Full {
        block.push_str(&diff_fence(&diff::order(shown, order)));
    }
    for (index, step) in order.steps.iter().enumerate() {
        let words = words::step(step, order.renewal.as_ref(), shown.verbose);
        let _ = writeln!(block, "{}. {}", index + 1, weighted(words.weight, &words.title));
        if detail == Detail::Full && !words.details.is_empty() {
            let lines: String = words.details.iter().map(|line| format!("   {line}\n")).collect();
            let fence = fence(std::iter::once(lines.as_str()));
            let _ = write!(block, "\n   {fence}text\n{lines}   {fence}\n\n");
        }
    }
    for note in &order.notes {
        let _ = writeln!(block, "\n> **{}**: {}", note.code, escape(&short(&note.message, MAX_MESSAGE)));
    }
    block.push_str("\n</details>\n\n");
    block
}

fn report_block(order: &OrderPlan, report: &Report, detail: Detail) -> String {
    let Some(done) = report.order(order.order_id) else { return String::new() };
    let failed = done.has_failed() || !done.is_complete();
    if detail == Detail::Titles && !failed {
        return String::new();
    }
    let mut block = format!("### {}\n\n", order_name(order));
    for (index, (step, result)) in order.steps.iter().zip(&done.results).enumerate() {
        let words = words::step(step, order.renewal.as_ref(), false);
        let (word, reason) = words::result(result);
        let word = if *result == StepResult::Done { word.to_owned() } else { format!("**{word}**") };
        let _ = write!(block, "{}. {word}: {}", index + 1, weighted(words.weight, &words.title));
        if let Some(reason) = reason {
            let _ = write!(block, "<br>{}", code(&short(reason, MAX_MESSAGE)));
        }
        block.push('\n');
    }
    if let Some(failure) = &done.failure {
        let _ = writeln!(block, "\n**failed**: {}", code(&short(failure, MAX_MESSAGE)));
    }
    block.push('\n');
    block
}

/// Says what an order's operations come to, in a few words.
fn in_short(order: &OrderPlan) -> String {
    let mut parts = Vec::new();
    if order.status() == Status::Blocked {
        parts.push("blocked".to_owned());
    }
    if order.charge().0 > 0 {
        parts.push(format!("charges {} now", order.charge()));
    }
    let leaving: usize = order.steps.iter().map(Step::ips_leaving).sum();
    if leaving > 0 {
        let verb = if leaving == 1 { "leaves" } else { "leave" };
        let when = words::at_renewal(order.renewal.as_ref());
        parts.push(format!("{} {verb} {}", count(leaving, "IP"), html(&short(&when, MAX_TAG))));
    }
    if !order.steps.is_empty() {
        parts.push(count(order.steps.len(), "operation"));
    }
    parts.join(", ")
}

fn order_name(order: &OrderPlan) -> String {
    match &order.tag {
        Some(tag) => format!("<b>order {}</b> ({})", order.order_id, html_code(&short(tag.raw(), MAX_TAG))),
        None => format!("<b>order {}</b>", order.order_id),
    }
}

fn facts(order: &OrderPlan) -> String {
    escape(&short(&words::order_facts(order), MAX_MESSAGE))
}

fn weighted(weight: Weight, text: &str) -> String {
    let text = escape(&short(text, MAX_MESSAGE));
    match weight {
        Weight::Money | Weight::Leaving => format!("**{text}**"),
        Weight::Asserted => format!("<sub>{text}</sub>"),
        Weight::Plain => text,
    }
}

fn problem_list<'a>(problems: impl IntoIterator<Item = &'a Problem>, sources: &SourceMap) -> String {
    let problems: Vec<&Problem> = problems.into_iter().collect();
    let mut list = String::new();
    let (mut listed, mut used) = (0, 0);
    for problem in problems.iter().take(MAX_PROBLEMS) {
        let item = problem_item(problem, sources);
        used += item.chars().count();
        if used > MAX_CHARACTERS / 2 {
            break;
        }
        list.push_str(&item);
        listed += 1;
    }
    if listed < problems.len() {
        let _ = writeln!(list, "- … and {} more", problems.len() - listed);
    }
    if !list.is_empty() {
        list.push('\n');
    }
    list
}

fn problem_item(problem: &Problem, sources: &SourceMap) -> String {
    let place = problem.primary.as_ref().map(|label| {
        let (file, position) = sources.locate(label.span);
        format!(" {}", code(&short(&format!("{file}:{}:{}", position.line, position.column), MAX_MESSAGE)))
    });
    let message = escape(&short(&problem.message, MAX_MESSAGE));
    let help = problem.help.as_ref().map(|help| format!("<br>{}", escape(&short(help, MAX_MESSAGE))));
    format!("- **{}**{}: {message}{}\n", problem.code, place.unwrap_or_default(), help.unwrap_or_default())
}

/// Makes a text from outside printable and cuts it where it is too long.
pub(super) fn short(text: &str, most: usize) -> String {
    let text = printable(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn diff_fence(lines: &[Line<'_>]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut body = String::from("--- live\n+++ declared\n");
    for line in lines {
        let _ = match line {
            Line::Hunk(header) => writeln!(body, "{header}"),
            Line::Same(written) => writeln!(body, " {written}"),
            Line::Removed { written, .. } => writeln!(body, "-{written}"),
            Line::Added { written, .. } => writeln!(body, "+{written}"),
            Line::More(number) => writeln!(body, "# … {number} more lines like these"),
        };
    }
    let fence = fence(std::iter::once(body.as_str()));
    format!("{fence}diff\n{body}{fence}\n\n")
}

/// Returns a fence that nothing in the texts can close.
fn fence<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let longest = texts.map(longest_backtick_run).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn longest_backtick_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Writes a text from outside as a code span.
pub(super) fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_backtick_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Writes a text from outside as code inside of HTML.
pub(super) fn html_code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// Makes a text from outside fit for HTML where Markdown may or may not have a say: what either could take for markup
/// stands as a reference to its character.
pub(super) fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' ' | '-' | '.' | ',' | '/' => html.push(character),
            _ if character.is_ascii_punctuation() => _ = write!(html, "&#{};", u32::from(character)),
            _ => html.push(character),
        }
    }
    html
}

/// Makes a sentence that may hold a text from outside fit for Markdown; its code spans stay what they are.
fn escape(text: &str) -> String {
    // Longer runs of backticks open and close code spans by rules of their own.
    let has_spans = longest_backtick_run(text) == 1 && text.matches('`').count().is_multiple_of(2);
    let mut in_code = false;
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '`' if has_spans => {
                in_code = !in_code;
                escaped.push(c);
            }
            _ if in_code => escaped.push(c),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // An invisible space keeps it from being a mention, or a reference to an issue.
            '@' | '#' => escaped.extend(['\\', c, '\u{200b}']),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}
