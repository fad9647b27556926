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
use crate::cli::failure::{CommandFailure, Exit, common_code};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Found;
use crate::cli::run::{self, Run, RunArgs};
use crate::cli::run_history::{self, RunRecord};
use crate::cli::terminal::Terminal;
use crate::diagnostic::{ProblemCode, SourceMap};
use crate::document::{ActorDocument, AskedByDocument, Basis, PlanDocument, PlanView, SavedPlan};
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
    #[arg(conflicts_with_all = ["orders", "reassert"])]
    pub(in crate::cli) plan: Option<PathBuf>,
    /// Go on with other orders after a failure, and with those without problems where others have some
    #[arg(long)]
    pub(in crate::cli) keep_going: bool,
    /// How many seconds to look for what came of a purchase whose answer was lost, or of a change of the slots whose answer
    /// does not tell; 0: look once
    #[arg(long, default_value = "30", value_name = "SECONDS", value_parser = args::patience)]
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
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let resolve = RunArgs { manifest: Some(&args.manifest), state: Some(&args.state), api: Some(&args.api) };
    let mut run = Run::resolve(&resolve, environment)?;
    let saved = args.plan.as_deref().map(SavedPlan::read_to_apply).transpose()?;
    let (sources, mut desired) = run.load_manifest(&args.planning.orders, terminal)?;
    if let Some(saved) = &saved {
        let planned: BTreeSet<OrderId> = saved.orders().collect();
        desired.orders.retain(|order_id, _| planned.contains(order_id));
    }
    let connection = run.connect(&terminal.reporter, interrupt.token())?;
    // Before anything is asked of an API that the plan was not made for.
    if let (Some(saved), Some(path)) = (&saved, &args.plan) {
        refuse_moved(path, saved.what_api_moved(&connection.url().to_string()).into_iter().collect())?;
    }
    let records = run.open_records(&connection.url().to_string())?;
    // Held until the report is out: nobody else plans by a record that is about to change.
    let lock = match args.apply {
        false => None,
        true => Some(interrupt.unless_asked(async { Ok(records.place().lock().await?) }).await?),
    };
    let actor = &environment.actor;
    let place_flags = run.place_flags();
    let work = Work {
        args,
        interrupt,
        place_flags,
        connection: &connection,
        records: &records,
        sources,
        desired,
        saved,
        actor,
    };
    let exit = work.plan_and_act(terminal, lock.as_deref()).await;
    if let Some(lock) = lock {
        lock.release().await;
    }
    exit
}

/// What an apply works with.
struct Work<'a> {
    args: &'a ApplyArgs,
    interrupt: &'a Interrupt,
    connection: &'a Connection,
    records: &'a Records,
    sources: SourceMap,
    desired: Desired,
    saved: Option<SavedPlan>,
    actor: &'a ActorDocument,
    /// What names the place of the record on a command line.
    place_flags: String,
}

/// A plan, and how it was made.
struct Planned {
    plan: Plan,
    options: Options,
    /// What a saved plan is compared with: the plan under the limits that it was made under.
    again: Option<(Plan, Options)>,
}

impl Work<'_> {
    /// Makes the plan and, with the lock, carries it out.
    async fn plan_and_act(&self, terminal: &mut Terminal, lock: Option<&dyn Lock>) -> Result<Exit, CommandFailure> {
        let mut planned = self.interrupt.unless_asked(async { Ok(self.plan(terminal).await?) }).await?;
        planned.plan.name_place(&self.place_flags);
        let Planned { plan, options, again } = &planned;
        terminal.reporter.planned(plan);
        let Work { sources, desired, .. } = self;
        let api_url = self.connection.url().to_string();
        let view = PlanView { plan, basis: Basis::Declared(desired), options, sources, api_url: &api_url };
        if let (Some(saved), Some(path), Some((plan, options))) = (&self.saved, &self.args.plan, again) {
            let applied = run_history::applied_before(self.records, saved).await?;
            let applied = applied.as_ref().map(run_history::applied_words);
            refuse_stale(
                saved,
                path,
                PlanDocument::to_save(&PlanView { plan, options, ..view }, AskedByDocument::default()),
                applied,
            )?;
        }
        terminal.problems_of_plan(plan.problems(), sources);
        match lock {
            Some(lock) => self.carry_out(terminal, lock, view).await,
            None => {
                terminal.show(self.args.format.format, &Found::DryRun(view))?;
                plan::judge(plan, self.args.planning.detailed_exitcode)
            }
        }
    }

    /// Makes the plan. A saved plan gives the prices that were shown to the user, and whether to reassert, but no limits.
    async fn plan(&self, terminal: &Terminal) -> Result<Planned, ObserveError> {
        let options = run::options(&self.args.planning);
        let reader = Reader::new(self.connection.clone());
        let pass = Pass::new(&reader, self.records, &terminal.reporter);
        let mut observed = pass.observe_declared(&self.desired).await?;
        let Some(saved) = &self.saved else {
            let plan = pass.plan_of(&self.desired, &observed, &options).await?;
            return Ok(Planned { plan, options, again: None });
        };
        saved.keep_prices(&mut observed);
        let then = saved.options(options.now);
        let again = crate::plan::plan(&self.desired, &observed, &then);
        let options = Options { reassert: then.reassert, ..options };
        let plan = pass.plan_of(&self.desired, &observed, &options).await?;
        Ok(Planned { plan, options, again: Some((again, then)) })
    }

    async fn carry_out(
        &self,
        terminal: &mut Terminal,
        lock: &dyn Lock,
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
            let mut files = apply::record_sizes(plan, self.records);
            files.push(RunRecord::size(&view, self.actor));
            self.records.place().probe(&files).await?;
        }
        run_history::settle(self.records, plan, &terminal.reporter).await?;
        self.interrupt.check()?;
        let run = RunRecord::begin(self.records, &view, self.saved.as_ref(), self.actor.clone()).await?;
        let name = run.as_ref().map(|run| run.name().to_owned());
        terminal.reporter.apply_started(plan, name.as_deref());
        let report = self.write(terminal, lock, plan).await;
        terminal.reporter.apply_ended(plan, &report);
        if let Some(run) = run
            && let Err(error) = run.finish(&view, &report).await
        {
            terminal.warn(&format!("what this run did could not be written into the history: {error}"));
        }
        // What was carried out counts for the exit status, not whether it could be shown.
        if let Err(failure) = terminal.show(args.format.format, &Found::Applied(view, &report)) {
            terminal.failure(&failure);
        }
        if name.is_some() && terminal.has_lost_its_reader() {
            let history = format!("shardctl history {}", self.place_flags);
            terminal.warn(&format!("the report was not read to its end; `{}` shows what was done", history.trim_end()));
        }
        if plan.is_blocked() && !report.has_run() {
            return plan::judge(plan, false);
        }
        let exit = exit(&report);
        if exit != Exit::Done && (args.format.format != Format::Text || terminal.reporter.is_for_collectors()) {
            // Where the report goes to a program, or the log to a collector, somebody still reads the log.
            terminal
                .failure(&CommandFailure { code: code(plan, &report), ..CommandFailure::new(report_line(&report)) });
        }
        Ok(exit)
    }

    /// Carries the plan out: the one place that makes a [`Writer`].
    async fn write(&self, terminal: &Terminal, lock: &dyn Lock, plan: &Plan) -> Report {
        let settings = ApplySettings {
            keep_going: self.args.keep_going,
            settle_timeout: self.args.settle_timeout,
            ..ApplySettings::default()
        };
        let writer = Writer::new(self.connection.clone());
        let stop = Stop::by(self.interrupt.token().clone());
        self.interrupt.begin_to_write();
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
        let mut report = apply::apply(plan, context).await;
        report.of_saved_plan = self.saved.is_some();
        reporter.finish();
        report
    }
}

/// Refuses a saved plan that was applied, or that is not the plan which is made now.
fn refuse_stale(
    saved: &SavedPlan,
    path: &Path,
    again: PlanDocument,
    applied: Option<String>,
) -> Result<(), CommandFailure> {
    // What an apply of this very plan changed needs no list.
    refuse_moved(path, applied.map_or_else(|| saved.what_moved(again), |applied| vec![applied]))
}

/// Fails where anything that a saved plan was made of is another one now.
fn refuse_moved(path: &Path, moved: Vec<String>) -> Result<(), CommandFailure> {
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
    Report {
        orders: plan.orders.iter().map(not_run).collect(),
        blocked: plan.blocked(),
        interrupted: false,
        of_saved_plan: false,
    }
}

/// Returns the code of what kept a plan from being carried out as a whole; a step that failed has none.
fn code(plan: &Plan, report: &Report) -> Option<ProblemCode> {
    match report.interrupted {
        true => Some(ProblemCode::Interrupted),
        false if report.has_failed() => None,
        false => common_code(plan.problems().map(|problem| problem.code)),
    }
}

fn exit(report: &Report) -> Exit {
    match report.outcome() {
        _ if report.has_unknown() => Exit::Unknown,
        Outcome::NothingToDo | Outcome::Complete => Exit::Done,
        Outcome::Partial => Exit::Partial,
        Outcome::Failed => Exit::Failed,
    }
}
