//! `shardctl apply`: shows the plan and, only with `--apply`, carries it out.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use crate::api::{Connection, Writer};
use crate::apply::{self, ApplySettings, Stop};
use crate::cli::args::{ApplyArgs, Format};
use crate::cli::commands::plan;
use crate::cli::error::{Exit, Failure};
use crate::cli::interrupt::{Listener, Signals};
use crate::cli::session::{self, Loaded, Planned};
use crate::cli::terminal::Terminal;
use crate::diagnostic::SourceMap;
use crate::model::{Desired, OperationResult, OrderId, OrderReport, Outcome, Report};
use crate::render::json::Header;
use crate::render::{json, markdown, report_line, text};
use crate::saved::SavedPlan;
use crate::state::{Lock, Records};

const INTERRUPTED: &str = "interrupted while the plan was made: nothing was changed";

pub(in crate::cli) async fn run(args: &ApplyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let api_url = session::api_url(&args.api)?.to_string();
    let saved = args.plan.as_deref().map(read_saved).transpose()?;
    let (sources, mut desired) =
        match session::load_manifest(&args.manifest, &args.planning.orders, args.api.token_file.as_deref())? {
            Loaded::Valid(sources, desired) => (sources, desired),
            Loaded::Invalid(sources, problems) => {
                let (format, outcome) =
                    (args.format.format, if args.apply { Outcome::Failed } else { Outcome::DryRun });
                return Err(plan::invalid_manifest(format, terminal, api_url, &problems, &sources, Some(outcome))?);
            }
        };
    if let Some(saved) = &saved {
        let planned: BTreeSet<OrderId> = saved.orders().collect();
        desired.orders.retain(|order_id, _| planned.contains(order_id));
    }
    let connection = session::connect(&args.api, terminal)?;
    let store = session::open_records(&args.state, &args.manifest, &api_url)?;
    // A lock that is a lease would outlive a process that a signal ends.
    let mut signals = Signals::new();
    // Held until the report is out: nobody else plans by a record that is about to change.
    let lock = match args.apply {
        false => None,
        true => tokio::select! {
            lock = store.place().lock() => Some(lock?),
            () = signals.next() => return Err(Failure::new(INTERRUPTED)),
        },
    };
    let inputs = (sources, desired);
    let exit = plan_and_act(args, terminal, &connection, &store, (lock.as_deref(), signals), saved, inputs).await;
    if let Some(lock) = lock {
        lock.release().await;
    }
    exit
}

/// Makes the plan and, with the lock, carries it out.
async fn plan_and_act(
    args: &ApplyArgs,
    terminal: &mut Terminal,
    connection: &Connection,
    store: &Records,
    (lock, mut signals): (Option<&dyn Lock>, Signals),
    saved: Option<SavedPlan>,
    (sources, desired): (SourceMap, Desired),
) -> Result<Exit, Failure> {
    let options = session::options(&args.planning);
    let options = saved.as_ref().map_or_else(|| options.clone(), |saved| saved.options(options.now));
    let reporter = terminal.reporter.clone();
    let planning = session::make_plan(sources, desired, connection, store, options, saved.as_ref(), &reporter);
    let planned = tokio::select! {
        planned = planning => planned?,
        () = signals.next() => return Err(Failure::new(INTERRUPTED)),
    };
    let header = Header { created_at: planned.options.now, api_url: connection.url().to_string() };
    if let (Some(saved), Some(path)) = (&saved, &args.plan) {
        refuse_stale(saved, path, json::plan(&header, &planned.shown(true)))?;
    }
    terminal.annotate(planned.plan.problems(), &planned.sources);
    if args.format.format == Format::Text {
        text::plan(&mut terminal.out, &planned.shown(terminal.verbose > 0))?;
        terminal.out.flush()?;
    }
    match lock {
        Some(lock) => carry_out(args, terminal, connection, (store, lock), signals, &planned, &header).await,
        None => dry_run(args, terminal, &planned, &header),
    }
}

fn read_saved(path: &Path) -> Result<SavedPlan, Failure> {
    SavedPlan::read(path)
        .map_err(|error| Failure::new(error.to_string()).hint("make one by `shardctl plan --out FILE`"))
}

fn refuse_stale(saved: &SavedPlan, path: &Path, again: json::PlanDocument) -> Result<(), Failure> {
    let moved = saved.what_moved(again);
    if moved.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the saved plan in {} is stale; nothing was changed:", path.display()))
        .parts(moved)
        .hint("make a new plan, and look at it before it is applied"))
}

fn dry_run(args: &ApplyArgs, terminal: &mut Terminal, planned: &Planned, header: &Header) -> Result<Exit, Failure> {
    match args.format.format {
        Format::Text => {
            let can_be_applied = planned.plan.has_changes() && !planned.plan.is_blocked();
            let next = if can_be_applied { " Run again with --apply to carry the plan out." } else { "" };
            writeln!(terminal.out, "This was a dry run: nothing was changed.{next}")?;
        }
        Format::Json => json::write(&mut terminal.out, &json::apply(header, &planned.shown(true), None))?,
        Format::Markdown => {
            markdown::plan(&mut terminal.out, &planned.shown(terminal.verbose > 0), markdown::Kind::DryRun)?;
        }
    }
    plan::judge(planned, args.planning.detailed_exitcode)
}

async fn carry_out(
    args: &ApplyArgs,
    terminal: &mut Terminal,
    connection: &Connection,
    (store, lock): (&Records, &dyn Lock),
    signals: Signals,
    planned: &Planned,
    header: &Header,
) -> Result<Exit, Failure> {
    if planned.plan.is_blocked() && !args.keep_going {
        write_report(args, terminal, planned, header, &nothing_run(planned))?;
        return plan::judge(planned, false);
    }
    let settings =
        ApplySettings { keep_going: args.keep_going, settle_timeout: args.settle_timeout, ..ApplySettings::default() };
    if planned.plan.has_changes() {
        store.place().probe().await?;
    }
    let writer = Writer::new(connection.clone());
    let stop = Stop::default();
    let listener = Listener::start(stop.clone(), connection.clone(), signals);
    let reporter = terminal.reporter.clone();
    reporter.start("Applying", planned.plan.orders.iter().filter(|order| !order.operations.is_empty()).count());
    let report = apply::apply(&planned.plan, &writer, store, lock, &settings, &reporter, &stop).await;
    reporter.finish();
    drop(listener);
    // What was carried out counts for the exit status, not whether it could be shown.
    if let Err(failure) = write_report(args, terminal, planned, header, &report) {
        terminal.failure(&failure);
    }
    if planned.plan.is_blocked() && !has_run(&report) {
        return plan::judge(planned, false);
    }
    let exit = exit(&report);
    if exit != Exit::Done && args.format.format != Format::Text {
        // Where the report goes to a program, somebody still reads the log.
        terminal.failure(&Failure::new(report_line(&report)));
    }
    Ok(exit)
}

/// Returns the report of a plan that was not carried out at all.
fn nothing_run(planned: &Planned) -> Report {
    let orders = &planned.plan.orders;
    Report {
        orders: orders.iter().map(|order| OrderReport::not_run(order.order_id, order.operations.len())).collect(),
        blocked: planned.plan.blocked(),
        interrupted: false,
    }
}

fn write_report(
    args: &ApplyArgs,
    terminal: &mut Terminal,
    planned: &Planned,
    header: &Header,
    report: &Report,
) -> Result<(), Failure> {
    match args.format.format {
        Format::Text if !has_run(report) => {}
        Format::Text => text::report(&mut terminal.out, &planned.shown(false), report)?,
        Format::Json => json::write(&mut terminal.out, &json::apply(header, &planned.shown(true), Some(report)))?,
        Format::Markdown => markdown::report(&mut terminal.out, &planned.shown(false), report)?,
    }
    Ok(terminal.out.flush()?)
}

/// Tells whether there is anything to report beyond the plan.
fn has_run(report: &Report) -> bool {
    let tried = |order: &OrderReport| order.results.iter().any(|result| *result != OperationResult::NotRun);
    report.interrupted || report.orders.iter().any(|order| order.failure.is_some() || tried(order))
}

fn exit(report: &Report) -> Exit {
    match report.outcome() {
        _ if report.has_unknown() => Exit::Unknown,
        Outcome::NothingToDo | Outcome::Complete | Outcome::DryRun => Exit::Done,
        Outcome::Partial => Exit::Partial,
        Outcome::Failed => Exit::Failed,
    }
}
