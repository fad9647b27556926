//! What was applied, for a terminal and for a page.

mod looked_at;

use std::io::{self, Write};

use anstyle::Style;

use super::columns;
use super::markdown::{Comment, MAX_MESSAGE, MAX_TAG, code, html, html_code, short};
use super::shown::FOLD_AFTER;
use super::style::{BOLD, MONEY, PLAIN, REMOVED, Styled, WRONG};
use crate::document::{
    ActorSource, HistoryDocument, OutcomeWord, ResultStatus, RunDocument, RunOperationDocument, RunOrderDocument,
};
use crate::model::{Cents, Renewal, count, printable, second};

pub use looked_at::{AtWork, LookedAt};

const LEAVE: &str = "to go";
const BOUGHT: &str = "bought";
/// How much of a commit is shown.
const COMMIT_DIGITS: usize = 10;

/// Writes the runs for a terminal, newest first.
pub fn text(out: &mut dyn Write, document: &HistoryDocument, looked_at: &LookedAt, verbose: bool) -> io::Result<()> {
    for run in &document.runs {
        let charged = amounts(run, &looked_at.for_orders());
        let title = format!("{}  {}  charged {charged}", moment(&run.started_at), outcome(run, looked_at));
        writeln!(out, "{}  {}", Styled(title_style(run), title), printable(&who(run)))?;
        run.orders.iter().try_for_each(|order| text_order(out, order, verbose))?;
        if run.ended_at.is_none() {
            writeln!(out, "  {}", Styled(WRONG, no_end(run, looked_at)))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", Styled(BOLD, looked_at.total(document)))
}

fn text_order(out: &mut dyn Write, order: &RunOrderDocument, verbose: bool) -> io::Result<()> {
    writeln!(out, "  {}", order_name(order))?;
    for operation in &order.operations {
        let Words { text, style } = words(operation, if verbose { usize::MAX } else { FOLD_AFTER });
        let result = result(operation);
        writeln!(out, "    {result:9} {}", Styled(style, text))?;
        // What was not known when the run ended was found out since.
        let error = operation.result().and_then(|result| result.error.as_deref()).filter(|_| result != BOUGHT);
        if let Some(error) = error {
            writeln!(out, "    {:9} {}", "", Styled(WRONG, printable(error)))?;
        }
    }
    Ok(())
}

/// Writes the runs for a pull request or a page, as much of them as fits into a comment.
pub fn markdown(
    out: &mut dyn Write,
    document: &HistoryDocument,
    looked_at: &LookedAt,
    comment: &Comment,
) -> io::Result<()> {
    out.write_all(comment.heading("history", &count(document.runs.len(), "run")).as_bytes())?;
    writeln!(out, "{}\n", html(&looked_at.total(document)))?;
    if !document.runs.is_empty() {
        let charged = format!("Charged{}", looked_at.for_orders());
        writeln!(out, "| When | Who | Commit | Outcome | Operations | {charged} |")?;
        writeln!(out, "| --- | --- | --- | --- | --- | ---: |")?;
    }
    let rows = document.runs.iter().map(|run| markdown_row(run, looked_at));
    let problems = document.problems.iter().map(|it| format!("\n- {}", code(&short(&it.message, MAX_MESSAGE))));
    let lines: Vec<String> = rows.chain(problems).collect();
    columns::bounded(out, lines.into_iter(), "line", &comment.shows_all)
}

fn markdown_row(run: &RunDocument, looked_at: &LookedAt) -> String {
    let commit = run.actor.commit.as_deref().map(|commit| html_code(&printable(short_commit(commit))));
    let who = html(&short(&printable(&name(run)), MAX_TAG));
    // A file that somebody else wrote may hold anything.
    let url = run.actor.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let who = match url {
        Some(url) => format!("<a href=\"{}\">{who}</a>", html(&printable(url))),
        None => who,
    };
    let operations: Vec<String> = run.orders.iter().map(markdown_order).collect();
    let (when, commit) = (html(&moment(&run.started_at)), commit.unwrap_or_default());
    let (outcome, charged) = (outcome(run, looked_at), amounts(run, ""));
    format!("| {when} | {who} | {commit} | {outcome} | {} | {charged} |", operations.join("<br>"))
}

fn markdown_order(order: &RunOrderDocument) -> String {
    let done = order.operations.iter().map(|operation| {
        let result = match result(operation) {
            "done" => String::new(),
            result => format!("{result}: "),
        };
        html(&format!("{result}{}", short(&words(operation, 3).text, MAX_MESSAGE)))
    });
    let tag = order.tag.as_deref().map(|tag| format!(" {}", html_code(&short(&printable(tag), MAX_TAG))));
    format!("order {}{}: {}", order.order_id, tag.unwrap_or_default(), done.collect::<Vec<_>>().join("; "))
}

/// Shows a moment with its zone, or what stands in its place.
fn moment(text: &str) -> String {
    match Renewal::parse(text) {
        Renewal::At(moment) => second(moment),
        Renewal::Unreadable(text) => text.printable().into_owned(),
    }
}

fn outcome(run: &RunDocument, looked_at: &LookedAt) -> &'static str {
    match run.outcome {
        None if matches!(looked_at.at_work(run), Some(Some(_))) => "under way",
        None => "never ended",
        Some(OutcomeWord::DryRun) => "dry run",
        Some(OutcomeWord::NothingToDo) => "nothing to do",
        Some(OutcomeWord::Complete) => "complete",
        Some(OutcomeWord::Partial) => "stopped part way",
        Some(OutcomeWord::Failed) => "failed",
    }
}

fn title_style(run: &RunDocument) -> Style {
    match run.outcome {
        Some(OutcomeWord::Complete | OutcomeWord::NothingToDo | OutcomeWord::DryRun) => BOLD,
        Some(OutcomeWord::Partial | OutcomeWord::Failed) | None => WRONG,
    }
}

/// Says what a run charged; `for_orders` says for which orders, where it is not for all.
fn amounts(run: &RunDocument, for_orders: &str) -> String {
    let charged = Cents(run.charged_cents);
    match Cents(run.may_have_charged_cents) {
        Cents(0) => format!("{charged}{for_orders}"),
        more => format!("{charged}{for_orders}, perhaps {more} more"),
    }
}

fn who(run: &RunDocument) -> String {
    let commit = run.actor.commit.as_deref().map(|commit| format!(", commit {}", short_commit(commit)));
    let url = run.actor.url.as_deref().map(|url| format!(", {url}"));
    format!("by {}{}{}", name(run), commit.unwrap_or_default(), url.unwrap_or_default())
}

fn name(run: &RunDocument) -> String {
    let name = run.actor.name.as_deref().unwrap_or("somebody");
    match run.actor.source {
        ActorSource::Github => format!("{name} on GitHub"),
        ActorSource::Gitlab => format!("{name} on GitLab"),
        ActorSource::Ci => format!("{name} in CI"),
        ActorSource::Local => name.to_owned(),
    }
}

fn short_commit(commit: &str) -> &str {
    commit.get(..COMMIT_DIGITS).unwrap_or(commit)
}

fn order_name(order: &RunOrderDocument) -> String {
    let tag = order.tag.as_deref().map(|tag| format!(" ({})", printable(tag)));
    format!("order {}{}", order.order_id, tag.unwrap_or_default())
}

fn result(operation: &RunOperationDocument) -> &'static str {
    match (operation.result().map(|result| result.status), operation) {
        (_, RunOperationDocument::PurchaseSlots { found_bought: true, .. }) => BOUGHT,
        (None, _) => "open",
        (Some(ResultStatus::Done), _) => "done",
        (Some(ResultStatus::Failed), _) => "failed",
        (Some(ResultStatus::Unknown), _) => "unknown",
        (Some(ResultStatus::NotRun), _) => "not run",
    }
}

/// An operation in words.
struct Words {
    text: String,
    style: Style,
}

fn words(operation: &RunOperationDocument, ranges_shown: usize) -> Words {
    let plain = |text: String| Words { text, style: PLAIN };
    match operation {
        RunOperationDocument::CancelDowngrade { .. } => {
            plain("cancel the pending downgrade of the p0f slots".to_owned())
        }
        RunOperationDocument::PurchaseSlots { from_qty, to_qty, add_qty, charge_cents, .. } => {
            let slots = count(*add_qty, "p0f slot");
            let text = format!("buy {slots}, from {from_qty} to {to_qty}, for {}", Cents(*charge_cents));
            Words { text, style: MONEY }
        }
        RunOperationDocument::SetSignatures { items, ips_left_out, .. } => {
            let ranges = items.iter().map(|it| (it.to.as_str(), range(&it.first, &it.last, it.ips), it.ips));
            let ips = items.iter().map(|item| item.ips).sum::<usize>() + ips_left_out;
            plain(format!("set {}{}", count(ips, "signature"), listed(ranges, ranges_shown, *ips_left_out)))
        }
        RunOperationDocument::SetDelNp { items, ips_left_out, .. } => {
            let word = |to: bool| if to { LEAVE } else { "to stay" };
            let ranges = items.iter().map(|it| (word(it.to), range(&it.first, &it.last, it.ips), it.ips));
            let ips = items.iter().map(|item| item.ips).sum::<usize>() + ips_left_out;
            let text = format!("mark {}{}", count(ips, "IP"), listed(ranges, ranges_shown, *ips_left_out));
            Words { text, style: if items.iter().any(|item| item.to) { REMOVED } else { PLAIN } }
        }
        RunOperationDocument::ScheduleDowngrade { from_qty, next_qty, .. } => Words {
            text: format!("schedule a downgrade from {from_qty} to {}", count(*next_qty, "p0f slot")),
            style: REMOVED,
        },
        RunOperationDocument::SetAutoRenewal { to, .. } => {
            plain(format!("switch automatic renewal {}", if *to { "on" } else { "off" }))
        }
    }
}

fn range(first: &str, last: &str, ips: usize) -> String {
    let [first, last] = [first, last].map(printable);
    match ips {
        1 => first,
        ips => format!("{first}–{last} ({ips} IPs)"),
    }
}

/// Lists ranges by what becomes of them; of more than so many, the rest is counted, but for those that leave.
fn listed<'a>(ranges: impl Iterator<Item = (&'a str, String, usize)>, shown: usize, left_out: usize) -> String {
    let mut groups: Vec<(&str, Vec<String>, usize)> = Vec::new();
    for (what, range, ips) in ranges {
        let at = groups.iter().position(|(known, _, _)| *known == what).unwrap_or_else(|| {
            groups.push((what, Vec::new(), 0));
            groups.len() - 1
        });
        let (_, ranges, more) = &mut groups[at];
        match ranges.len() < shown || what == LEAVE {
            true => ranges.push(range),
            false => *more += ips,
        }
    }
    let mut text: String =
        groups.iter().map(|(what, ranges, more)| format!("; {what}: {}{}", ranges.join(", "), and(*more))).collect();
    if left_out > 0 {
        text.push_str(&format!("; {} not listed", count(left_out, "IP")));
    }
    text
}

fn and(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" and {more} more") }
}

/// Says why a run has no end.
fn no_end(run: &RunDocument, looked_at: &LookedAt) -> String {
    let more = match Cents(run.may_have_charged_cents) {
        Cents(0) => String::new(),
        cents => format!(" What it may have charged is {cents}."),
    };
    let why = match looked_at.at_work(run) {
        Some(Some(holder)) => format!("It is under way: the lock is held by {holder}."),
        Some(None) => {
            "It never ended: the process was killed or its machine was lost, or it is still at work.".to_owned()
        }
        None => "It never ended: the process was killed or its machine was lost.".to_owned(),
    };
    why + &more
}
