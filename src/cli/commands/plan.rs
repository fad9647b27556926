//! `shardctl plan`: shows what would be done; changes nothing.

use anyhow::Context;

use crate::cli::args::{Format, PlanArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::session::{self, Loaded, Planned};
use crate::cli::terminal::Terminal;
use crate::diagnostic::{Problem, SourceMap};
use crate::model::{Outcome, count};
use crate::render::json::{ApplyDocument, Header};
use crate::render::{json, markdown, text};
use crate::saved;

pub(in crate::cli) async fn run(args: &PlanArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let api_url = session::api_url(&args.api)?.to_string();
    let (sources, desired) =
        match session::load_manifest(&args.manifest, &args.planning.orders, args.api.token_file.as_deref())? {
            Loaded::Valid(sources, desired) => (sources, desired),
            Loaded::Invalid(sources, problems) => {
                return Err(invalid_manifest(args.format.format, terminal, api_url, &problems, &sources, None)?);
            }
        };
    let connection = session::connect(&args.api, terminal)?;
    let store = session::open_records(&args.state, &args.manifest, &api_url)?;
    let options = session::options(&args.planning);
    let reporter = terminal.reporter.clone();
    let planned = session::make_plan(sources, desired, &connection, &store, options, None, &reporter).await?;
    let header = Header { created_at: planned.options.now, api_url };
    let shown = planned.shown(terminal.verbose > 0);
    match args.format.format {
        Format::Text => text::plan(&mut terminal.out, &shown)?,
        Format::Json => json::write(&mut terminal.out, &json::plan(&header, &shown))?,
        Format::Markdown => markdown::plan(&mut terminal.out, &shown, markdown::Kind::Plan)?,
    }
    terminal.annotate(planned.plan.problems(), &planned.sources);
    if let Some(path) = &args.out {
        saved::save(path, &json::plan(&header, &shown))
            .with_context(|| format!("the plan could not be saved to {}", path.display()))?;
    }
    judge(&planned, args.planning.detailed_exitcode)
}

/// Shows the problems of the manifest, as part of the result too where that is for a script or a pull request; an apply
/// has an outcome besides.
pub(in crate::cli) fn invalid_manifest(
    format: Format,
    terminal: &mut Terminal,
    api_url: String,
    problems: &[Problem],
    sources: &SourceMap,
    outcome: Option<Outcome>,
) -> Result<Failure, Failure> {
    let header = Header { created_at: jiff::Timestamp::now(), api_url };
    match format {
        Format::Text => {}
        Format::Json => {
            let plan = json::invalid_manifest(&header, problems, sources);
            match outcome {
                None => json::write(&mut terminal.out, &plan)?,
                Some(outcome) => json::write(&mut terminal.out, &ApplyDocument { plan, outcome, charged_cents: 0 })?,
            }
        }
        Format::Markdown => markdown::invalid_manifest(&mut terminal.out, problems, sources)?,
    }
    Ok(session::invalid_manifest(terminal, problems, sources))
}

/// Returns the exit status of a plan that is only shown.
pub(in crate::cli) fn judge(planned: &Planned, detailed: bool) -> Result<Exit, Failure> {
    match planned.plan.problems().count() {
        0 if detailed && planned.plan.has_changes() => Ok(Exit::Changes),
        0 => Ok(Exit::Done),
        problems => {
            let problems = count(problems, "problem");
            Err(Failure::new(format!("the plan is blocked by {problems}; nothing was changed")))
        }
    }
}
