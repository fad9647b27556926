//! `shardctl apply`: shows the plan and, only with `--apply`, carries it out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};

use crate::api::{Connection, Reader, Writer};
use crate::apply::{self, ApplySettings, Context, Stop};
use crate::cli::args::{self, ApiArgs, Format, FormatArgs, ManifestArgs, PlanningArgs, StatePlaceArgs};
use crate::cli::commands::plan;
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::interrupt::{Listener, Signals};
use crate::cli::output::Found;
use crate::cli::run::{self, Run, RunArgs};
use crate::cli::run_history::{self, RunRecord};
use crate::cli::terminal::Terminal;
use crate::diagnostic::{ProblemCode, SourceMap};
use crate::document::{ActorDocument, PlanDocument, PlanView, SavedPlan};
use crate::model::{Desired, OrderId, OrderReport, Outcome, Report};
use crate::plan::{Options, Plan};
use crate::reconcile::{ObserveError, Pass};
use crate::render::report_line;
use crate::state::{Lock, Records};

#[derive(Debug, Args)]
pub(in crate::cli) struct ApplyArgs {
    /// Carry the plan out; without this flag nothing is changed
    #[arg(long)]
    pub(in crate::cli) apply: bool,
    /// Carry out a plan saved by `plan --out`, exactly or not at all
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["orders", "reassert", "max_charge_cents", "max_removal_percent", "max_removals", "allow_removals"])]
    pub(in crate::cli) plan: Option<PathBuf>,
    /// Go on with other orders after a failure, and with those without problems where others have some
    #[arg(long)]
    pub(in crate::cli) keep_going: bool,
    /// How many seconds to look for a purchase whose answer was lost
    #[arg(long, default_value = "30", value_name = "SECONDS", value_parser = args::seconds)]
    pub(in crate::cli) settle_timeout: Duration,
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
    #[command(flatten)]
    pub(in crate::cli) planning: PlanningArgs,
    #[command(flatten)]
    pub(in crate::cli) format: FormatArgs,
    #[command(flatten)]
    pub(in crate::cli) api: ApiArgs,
}

pub(in crate::cli) async fn run(
    args: &ApplyArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let resolve = RunArgs { manifest: Some(&args.manifest), state: Some(&args.state), api: Some(&args.api) };
    let mut run = Run::resolve(&resolve, environment)?;
    let saved = args.plan.as_deref().map(SavedPlan::read).transpose()?;
    let (sources, mut desired) = run.load_manifest(&args.planning.orders, terminal)?;
    if let Some(saved) = &saved {
        let planned: BTreeSet<OrderId> = saved.orders().collect();
        desired.orders.retain(|order_id, _| planned.contains(order_id));
    }
    let connection = run.connect(&terminal.reporter)?;
    let records = run.open_records(&connection.url().to_string())?;
    // A lock that is a lease would outlive a process that a signal ends.
    let mut signals = Signals::new();
    // Held until the report is out: nobody else plans by a record that is about to change.
    let lock = match args.apply {
        false => None,
        true => tokio::select! {
            lock = records.place().lock() => Some(lock?),
            () = signals.next() => return Err(interrupted()),
        },
    };
    let actor = &environment.actor;
    let work = Work { args, connection: &connection, records: &records, sources, desired, saved, actor };
    let exit = work.plan_and_act(terminal, lock.as_deref(), signals).await;
    if let Some(lock) = lock {
        lock.release().await;
    }
    exit
}

/// What an apply works with.
struct Work<'a> {
    args: &'a ApplyArgs,
    connection: &'a Connection,
    records: &'a Records,
    sources: SourceMap,
    desired: Desired,
    saved: Option<SavedPlan>,
    actor: &'a ActorDocument,
}

impl Work<'_> {
    /// Makes the plan and, with the lock, carries it out.
    async fn plan_and_act(
        &self,
        terminal: &mut Terminal,
        lock: Option<&dyn Lock>,
        mut signals: Signals,
    ) -> Result<Exit, CommandFailure> {
        let options = run::options(&self.args.planning);
        let options = self.saved.as_ref().map_or_else(|| options.clone(), |saved| saved.options(options.now));
        let plan = tokio::select! {
            plan = self.plan(terminal, &options) => plan?,
            () = signals.next() => return Err(interrupted()),
        };
        terminal.reporter.planned(&plan);
        let Work { sources, desired, .. } = self;
        let api_url = self.connection.url().to_string();
        let view = PlanView { plan: &plan, desired, options: &options, sources, api_url: &api_url };
        if let (Some(saved), Some(path)) = (&self.saved, &self.args.plan) {
            let applied = run_history::applied_before(self.records, saved).await?;
            let applied = applied.as_ref().map(run_history::applied_words);
            refuse_stale(saved, path, PlanDocument::new(&view), applied)?;
        }
        terminal.annotate(plan.problems(), sources);
        match lock {
            Some(lock) => self.carry_out(terminal, lock, signals, view).await,
            None => {
                terminal.show(self.args.format.format, &Found::DryRun(view))?;
                plan::judge(&plan, self.args.planning.detailed_exitcode)
            }
        }
    }

    /// Makes the plan; a saved plan gives the prices that were shown to the user.
    async fn plan(&self, terminal: &Terminal, options: &Options) -> Result<Plan, ObserveError> {
        let reader = Reader::new(self.connection.clone());
        let mut observed = Pass::new(&reader, self.records, &terminal.reporter).observe_declared(&self.desired).await?;
        if let Some(saved) = &self.saved {
            saved.keep_prices(&mut observed);
        }
        Ok(crate::plan::plan(&self.desired, &observed, options))
    }

    async fn carry_out(
        &self,
        terminal: &mut Terminal,
        lock: &dyn Lock,
        signals: Signals,
        view: PlanView<'_>,
    ) -> Result<Exit, CommandFailure> {
        let (args, plan) = (self.args, view.plan);
        terminal.show(args.format.format, &Found::Upcoming(view))?;
        if plan.is_blocked() && !args.keep_going {
            terminal.show(args.format.format, &Found::Applied(view, &nothing_run(plan)))?;
            return plan::judge(plan, false);
        }
        if plan.has_changes() {
            // Where the record cannot be kept, nothing is changed.
            self.records.place().probe().await?;
        }
        run_history::settle(self.records, plan).await?;
        let run = RunRecord::begin(self.records, &view, self.saved.as_ref(), self.actor.clone()).await?;
        let name = run.as_ref().map(|run| run.name().to_owned());
        terminal.reporter.apply_started(plan, name.as_deref());
        let report = self.write(terminal, lock, signals, plan).await;
        terminal.reporter.apply_ended(&report, name.as_deref());
        if let Some(run) = run
            && let Err(error) = run.finish(&view, &report).await
        {
            terminal.warn(&format!("what this run did could not be written into the history: {error}"));
        }
        // What was carried out counts for the exit status, not whether it could be shown.
        if let Err(failure) = terminal.show(args.format.format, &Found::Applied(view, &report)) {
            terminal.failure(&failure);
        }
        if plan.is_blocked() && !report.has_run() {
            return plan::judge(plan, false);
        }
        let exit = exit(&report);
        if exit != Exit::Done && args.format.format != Format::Text {
            // Where the report goes to a program, somebody still reads the log.
            terminal.failure(&CommandFailure::new(report_line(&report)));
        }
        Ok(exit)
    }

    /// Carries the plan out: the one place that makes a [`Writer`].
    async fn write(&self, terminal: &Terminal, lock: &dyn Lock, signals: Signals, plan: &Plan) -> Report {
        let settings = ApplySettings {
            keep_going: self.args.keep_going,
            settle_timeout: self.args.settle_timeout,
            ..ApplySettings::default()
        };
        let writer = Writer::new(self.connection.clone());
        let stop = Stop::default();
        let listener = Listener::start(stop.clone(), self.connection.clone(), signals);
        let reporter = &terminal.reporter;
        reporter.start("Applying", plan.orders.iter().filter(|order| !order.steps.is_empty()).count());
        let context = Context {
            writer: &writer,
            records: self.records,
            lock,
            settings: &settings,
            events: reporter,
            stop: &stop,
        };
        let report = apply::apply(plan, context).await;
        reporter.finish();
        drop(listener);
        report
    }
}

fn interrupted() -> CommandFailure {
    CommandFailure::new("interrupted while the plan was made: nothing was changed").code(ProblemCode::Interrupted)
}

/// Refuses a saved plan that was applied, or that is not the plan which is made now.
fn refuse_stale(
    saved: &SavedPlan,
    path: &Path,
    again: PlanDocument,
    applied: Option<String>,
) -> Result<(), CommandFailure> {
    let moved: Vec<String> = applied.into_iter().chain(saved.what_moved(again)).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let message = format!("the saved plan in {} is stale; nothing was changed:", path.display());
    Err(CommandFailure::new(message)
        .parts(moved)
        .hint("make a new plan, and look at it before it is applied")
        .code(ProblemCode::StalePlan))
}

/// Returns the report of a plan that was not carried out at all.
fn nothing_run(plan: &Plan) -> Report {
    let not_run = |order: &crate::plan::OrderPlan| OrderReport::not_run(order.order_id, order.steps.len());
    Report { orders: plan.orders.iter().map(not_run).collect(), blocked: plan.blocked(), interrupted: false }
}

fn exit(report: &Report) -> Exit {
    match report.outcome() {
        _ if report.has_unknown() => Exit::Unknown,
        Outcome::NothingToDo | Outcome::Complete => Exit::Done,
        Outcome::Partial => Exit::Partial,
        Outcome::Failed => Exit::Failed,
    }
}
