//! `shardctl apply`: shows the plan and, only with `--apply`, carries it out.

use std::io::Write;

use crate::api::{Connection, Writer};
use crate::apply::{self, ApplyEvents, ApplySettings, Stop};
use crate::cli::args::{ApplyArgs, Format};
use crate::cli::commands::plan;
use crate::cli::error::{Exit, Failure};
use crate::cli::interrupt::Listener;
use crate::cli::session::{self, Loaded, Planned};
use crate::cli::terminal::Terminal;
use crate::model::{OperationResult, OrderId, Outcome, Report};
use crate::plan::Operation;
use crate::render::{json, text};
use crate::state::Store;

pub(in crate::cli) async fn run(args: &ApplyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let connection = session::connect(&args.api)?;
    let (sources, desired) = match session::load_manifest(&args.manifest, &args.planning.orders)? {
        Loaded::Valid(sources, desired) => (sources, desired),
        Loaded::Invalid(sources, problems) => return Err(session::invalid_manifest(terminal, &problems, &sources)),
    };
    let store = session::open_store(&args.state, &args.manifest, &connection.url().to_string())?;
    // Held until the report is out: nobody else plans by a record that is about to change.
    let _lock = if args.apply { Some(store.lock().await?) } else { None };
    let planned = session::make_plan(sources, desired, &connection, &*store, &args.planning).await?;
    if args.format.format == Format::Text {
        text::plan(&mut terminal.out, &planned.shown(terminal.verbose > 0))?;
        terminal.out.flush()?;
    }
    if args.apply {
        carry_out(args, terminal, &connection, &*store, &planned).await
    } else {
        dry_run(args, terminal, &connection, &planned)
    }
}

fn dry_run(
    args: &ApplyArgs,
    terminal: &mut Terminal,
    connection: &Connection,
    planned: &Planned,
) -> Result<Exit, Failure> {
    match args.format.format {
        Format::Text => {
            writeln!(
                terminal.out,
                "This was a dry run: nothing was changed. Run again with --apply to carry the plan out."
            )?;
        }
        Format::Json => write_json(terminal, connection, planned, None)?,
    }
    plan::judge(planned, args.planning.detailed_exitcode)
}

async fn carry_out(
    args: &ApplyArgs,
    terminal: &mut Terminal,
    connection: &Connection,
    store: &dyn Store,
    planned: &Planned,
) -> Result<Exit, Failure> {
    if planned.plan.is_blocked() && !args.keep_going {
        if args.format.format == Format::Json {
            let orders = planned.plan.orders.iter();
            let not_run = |order: &crate::plan::OrderPlan| {
                crate::model::OrderReport::not_run(order.order_id, order.operations.len())
            };
            let blocked = orders.clone().filter(|order| !order.problems.is_empty()).count();
            let report = Report { orders: orders.map(not_run).collect(), blocked, interrupted: false };
            write_json(terminal, connection, planned, Some(&report))?;
        }
        return plan::judge(planned, false);
    }
    let settings =
        ApplySettings { keep_going: args.keep_going, settle_timeout: args.settle_timeout, ..ApplySettings::default() };
    let writer = Writer::new(connection.clone());
    let stop = Stop::default();
    let listener = Listener::start(stop.clone());
    let report = apply::apply(&planned.plan, &writer, store, &settings, &Silent, &stop).await;
    drop(listener);
    // What was carried out counts for the exit status, not whether it could be shown.
    if let Err(failure) = show(args, terminal, connection, planned, &report) {
        terminal.failure(&failure);
    }
    Ok(exit(&report))
}

fn show(
    args: &ApplyArgs,
    terminal: &mut Terminal,
    connection: &Connection,
    planned: &Planned,
    report: &Report,
) -> Result<(), Failure> {
    match args.format.format {
        Format::Text if report.outcome() == Outcome::NothingToDo => {}
        Format::Text => text::report(&mut terminal.out, &planned.shown(false), report)?,
        Format::Json => write_json(terminal, connection, planned, Some(report))?,
    }
    Ok(terminal.out.flush()?)
}

fn exit(report: &Report) -> Exit {
    match report.outcome() {
        _ if report.has_unknown() => Exit::Unknown,
        Outcome::NothingToDo | Outcome::Complete | Outcome::DryRun => Exit::Done,
        Outcome::Partial => Exit::Partial,
        Outcome::Failed => Exit::Failed,
    }
}

fn write_json(
    terminal: &mut Terminal,
    connection: &Connection,
    planned: &Planned,
    report: Option<&Report>,
) -> Result<(), Failure> {
    let header = json::Header { created_at: planned.options.now, api_url: connection.url().to_string() };
    Ok(json::write(&mut terminal.out, &json::apply(&header, &planned.shown(false), report))?)
}

struct Silent;

impl ApplyEvents for Silent {
    fn order_started(&self, _order_id: OrderId) {}
    fn operation_ended(&self, _order_id: OrderId, _operation: &Operation, _result: &OperationResult) {}
    fn order_ended(&self, _order_id: OrderId) {}
}
