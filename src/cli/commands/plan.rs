//! `shardctl plan`: shows what would be done; changes nothing.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueHint};

use crate::api::{ApiUrl, Reader};
use crate::cli::args::{ApiArgs, FormatArgs, ManifestArgs, PlanningArgs, StatePlaceArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit, common_code};
use crate::cli::interrupt::Interrupt;
use crate::cli::line::Line;
use crate::cli::output::Found;
use crate::cli::run::{self, Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::diagnostic::SourceMap;
use crate::document::{self, Basis, PlanDocument, PlanView};
use crate::manifest;
use crate::model::{count, printable};
use crate::plan::Plan;
use crate::reconcile::Pass;
use crate::state::Holder;

#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// Also save the plan to a file, for `apply --plan`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) out: Option<PathBuf>,
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
    args: &PlanArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let resolve = RunArgs { manifest: Some(&args.manifest), state: Some(&args.state), api: Some(&args.api) };
    let mut run = Run::resolve(&resolve, environment)?;
    let (sources, desired) = run.load_manifest(&args.planning.orders, terminal)?;
    args.out.as_deref().map_or(Ok(()), |out| refuse_place(out, &run, &sources, &args.manifest.manifest))?;
    let api_url = run.api_url();
    let reader = Reader::new(run.connect(&terminal.reporter, interrupt.token())?);
    let records = run.open_records(&api_url)?;
    let options = run::options(&args.planning);
    let pass = Pass::new(&reader, &records, &terminal.reporter);
    let (plan, holder) = tokio::join!(pass.plan(&desired, &options), records.place().holder());
    let mut plan = plan?;
    // Where nobody can tell who holds the lock, nothing is wrong with the plan.
    holder.ok().flatten().iter().for_each(|holder| say_who_applies(holder, terminal));
    plan.name_place(&run.place_flags());
    terminal.reporter.planned(&plan);
    let view = PlanView {
        plan: &plan,
        basis: Basis::Declared(&desired),
        options: &options,
        sources: &sources,
        api_url: &api_url,
    };
    terminal.show(args.format.format, &Found::Plan(view))?;
    terminal.problems_of_plan(plan.problems(), &sources);
    if let Some(path) = &args.out {
        save(path.clone(), PlanDocument::to_save(&view, terminal.asked_by())).await?;
        say_where(path, args, &plan, terminal);
    }
    judge(&plan, args.planning.detailed_exitcode)
}

/// Fails where the plan would take the place of what it is made of, or be taken for a manifest the next time.
fn refuse_place(out: &Path, run: &Run, sources: &SourceMap, manifests: &[PathBuf]) -> Result<(), CommandFailure> {
    let reason = match document::manifest_at(out, sources) {
        Some(name) => format!("this is the manifest {name}, which the plan would overwrite"),
        None if manifest::is_read_from(out, manifests) => {
            "the next run would read it as a manifest, as it does every *.yaml and *.yml file of that directory"
                .to_owned()
        }
        None if manifest::is_manifest_at(out) => "this is a manifest, which the plan would overwrite".to_owned(),
        None if run.records_at(out) => "this is a file of the record, which the plan would overwrite".to_owned(),
        None => return Ok(()),
    };
    let message = format!("--out {}: {reason}", out.display());
    Err(CommandFailure::new(message).hint("name another file, such as `--out plan.json`"))
}

/// Says that an apply is under way: what is live and recorded may have changed while it was read.
fn say_who_applies(holder: &Holder, terminal: &mut Terminal) {
    terminal.note(&format!("an apply is under way: held by {}; plan again when it has ended", holder.words()));
}

/// Says where a plan was saved and what carries it out, unless it went to whoever reads a pipe.
fn say_where(path: &Path, args: &PlanArgs, plan: &Plan, terminal: &mut Terminal) {
    if run::is_passed_in(path) {
        return;
    }
    let saved = format!("The plan is saved in {}", path.display());
    let words = match plan.has_changes() && !plan.is_blocked() {
        true => format!("{saved}. This carries it out: {}", carries_out(path, args)),
        false => format!("{saved}."),
    };
    terminal.say(&printable(&words));
}

/// Writes the command that carries out a plan that was saved. What lifts a limit counts for it only where it is said again.
fn carries_out(file: &Path, args: &PlanArgs) -> String {
    let PlanningArgs { max_charge_cents, max_removal_percent, max_removals, allow_removals, .. } = &args.planning;
    let limits = [
        ("--max-charge-cents", max_charge_cents.map(|limit| limit.to_string())),
        ("--max-removal-percent", max_removal_percent.map(|limit| limit.to_string())),
        ("--max-removals", max_removals.map(|limit| limit.to_string())),
        ("--allow-removals", allow_removals.map(|limit| limit.to_string())),
    ];
    let line = Line::new("shardctl apply --apply").flag("--plan", &file.to_string_lossy());
    let line = line.manifests(&args.manifest).state(&args.state);
    let line = match args.api.named_url() {
        url if url == ApiUrl::DEFAULT => line,
        url => line.flag("--api-url", &url),
    };
    let line = args.api.token_file.iter().fold(line, |line, path| line.flag("--token-file", &path.to_string_lossy()));
    let given = limits.into_iter().filter_map(|(flag, limit)| Some((flag, limit?)));
    given.fold(line, |line, (flag, limit)| line.flag(flag, &limit)).0
}

/// Saves a plan on a thread of its own: a pipe that nobody reads keeps no signal from ending the run.
async fn save(path: PathBuf, document: PlanDocument) -> Result<(), CommandFailure> {
    let name = path.display().to_string();
    let saved = tokio::task::spawn_blocking(move || document::save(&path, &document)).await;
    saved.map_err(io::Error::from).flatten().with_context(|| format!("the plan could not be saved to {name}"))?;
    Ok(())
}

/// Returns the exit status of a plan that is only shown.
pub(in crate::cli) fn judge(plan: &Plan, detailed: bool) -> Result<Exit, CommandFailure> {
    match plan.problems().count() {
        0 if detailed && plan.has_changes() => Ok(Exit::Changes),
        0 => Ok(Exit::Done),
        problems => {
            let problems = count(problems, "problem");
            let failure = CommandFailure::new(format!("the plan is blocked by {problems}; nothing was changed"));
            Err(CommandFailure { code: common_code(plan.problems().map(|problem| problem.code)), ..failure })
        }
    }
}
