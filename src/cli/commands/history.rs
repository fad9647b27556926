//! `shardctl history`: what was applied, when, by whom, and what it charged.

use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use clap_complete::ArgValueCandidates;
use jiff::Timestamp;

use crate::cli::args::{FormatArgs, ManifestArgs, StatePlaceArgs};
use crate::cli::commands::state::nothing_there;
use crate::cli::completion;
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::output::Found;
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::diagnostic::{Problem, ProblemCode, SourceMap};
use crate::document::{HistoryDocument, ProblemDocument, RunDocument};
use crate::model::{OrderId, Renewal};
use crate::render::history::{AtWork, LookedAt};
use crate::state::{History, Holder, Place, RunName, StoreError};

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArgs {
    /// Only what was done with these orders [default: all]
    #[arg(value_name = "ORDER_ID", add = ArgValueCandidates::new(completion::order_ids))]
    pub(in crate::cli) orders: Vec<OrderId>,
    /// Only runs that began on this day or at this moment, or later; in UTC where no zone is said
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) since: Option<Since>,
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
    #[command(flatten)]
    pub(in crate::cli) format: FormatArgs,
}

/// A moment from which on something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Since(Timestamp);

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Since, Self::Err> {
        if let Ok(moment) = text.parse() {
            return Ok(Since(moment));
        }
        match Renewal::parse(text) {
            // The names of zones are not known here, and without one it would be another moment.
            _ if text.contains('[') => Err(
                "a zone in brackets is not understood: write its offset, as in 2026-11-01T06:00:00+01:00, or Z for UTC",
            ),
            Renewal::At(moment) => Ok(Since(moment)),
            Renewal::Unreadable(_) => {
                Err("a date is a day such as 2026-11-01, or a moment such as 2026-11-01T06:00:00Z")
            }
        }
    }
}

pub(in crate::cli) async fn run(
    args: &HistoryArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let resolve = RunArgs { manifest: Some(&args.manifest), state: Some(&args.state), ..RunArgs::default() };
    let run = Run::resolve(&resolve, environment)?;
    let place = run.open_place()?;
    let missing = run.missing_place()?.map(|words| nothing_there(&words));
    let history = History::new(Arc::clone(&place));
    // Looked at before the runs: whoever ends meanwhile leaves an end.
    let holder = place.holder().await;
    let mut names = history.list().await?;
    let newest = names.first().cloned();
    names.retain(|name| args.since.is_none_or(|Since(moment)| !name.is_before(moment)));
    let (mut runs, mut unusable) = (Vec::new(), Vec::new());
    for (name, bytes) in history.read_each(names).await {
        match parse(&history, &name, bytes) {
            Ok(run) => runs.push(run),
            Err(message) => unusable.push(message),
        }
    }
    let at_work = match newest {
        Some(name) => at_work(&name, &runs, holder, &*place).await,
        None => None,
    };
    if !args.orders.is_empty() {
        runs = runs.into_iter().filter_map(|run| run.of_orders(&args.orders)).collect();
    }
    // They hide no other run, and so are no failure.
    unusable.iter().for_each(|message| terminal.warn(message));
    let document = HistoryDocument::new(runs, unusable.iter().map(|message| problem(message)).collect());
    let since = args.since.map(|Since(moment)| moment);
    let looked_at = LookedAt { place: place.describe(), missing, orders: args.orders.clone(), since, at_work };
    terminal.show(args.format.format, &Found::History(&document, &looked_at))?;
    Ok(Exit::Done)
}

/// Returns the newest run, where it has no end and may still be at work: where the lock is held, and was before it began.
/// `holder` is who held the lock before the runs were read.
async fn at_work(
    newest: &RunName,
    runs: &[RunDocument],
    holder: Result<Option<Holder>, StoreError>,
    place: &dyn Place,
) -> Option<AtWork> {
    let run = runs.iter().find(|run| run.id == newest.as_str() && run.ended_at.is_none())?;
    // It may have begun since.
    let holder = match holder {
        Ok(None) => place.holder().await,
        holder => holder,
    };
    let Ok(holder) = holder else { return Some(AtWork { run: run.id.clone(), holder: None }) };
    let holder = holder?;
    // Moments of runs are whole seconds.
    let began = run.started_at.parse::<Timestamp>().ok()?.as_second();
    let is_its_own = holder.since.is_none_or(|since| since.as_second() <= began);
    is_its_own.then(|| AtWork { run: run.id.clone(), holder: Some(holder.words()) })
}

fn parse(history: &History, name: &RunName, bytes: Result<Vec<u8>, StoreError>) -> Result<RunDocument, String> {
    let bytes = bytes.map_err(|error| format!("a run of the history is not shown: {error}"))?;
    let not_shown = |why: String| format!("the run in {} is not shown: {why}", history.name_of(name));
    RunDocument::parse(&bytes).map_err(not_shown)
}

fn problem(message: &str) -> ProblemDocument {
    ProblemDocument::new(&Problem::new(ProblemCode::StateMismatch, message), &SourceMap::default())
}
