//! `shardctl plan`: shows what would be done; changes nothing.

use crate::cli::args::{Format, PlanArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::session::{self, Loaded, Planned};
use crate::cli::terminal::Terminal;
use crate::render::{json, text};

pub(in crate::cli) async fn run(args: &PlanArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let connection = session::connect(&args.api)?;
    let api_url = connection.url().to_string();
    let (sources, desired) = match session::load_manifest(&args.manifest, &args.planning.orders)? {
        Loaded::Valid(sources, desired) => (sources, desired),
        Loaded::Invalid(sources, problems) => {
            if args.format.format == Format::Json {
                let header = json::Header { created_at: jiff::Timestamp::now(), api_url };
                json::write(&mut terminal.out, &json::invalid_manifest(&header, &problems, &sources))?;
            }
            return Err(session::invalid_manifest(terminal, &problems, &sources));
        }
    };
    let store = session::open_store(&args.state, &args.manifest, &api_url)?;
    let planned = session::make_plan(sources, desired, &connection, &*store, &args.planning).await?;
    let header = json::Header { created_at: planned.options.now, api_url };
    let shown = planned.shown(terminal.verbose > 0);
    match args.format.format {
        Format::Text => text::plan(&mut terminal.out, &shown)?,
        Format::Json => json::write(&mut terminal.out, &json::plan(&header, &shown))?,
    }
    judge(&planned, args.planning.detailed_exitcode)
}

/// Returns the exit status of a plan that is only shown.
pub(in crate::cli) fn judge(planned: &Planned, detailed: bool) -> Result<Exit, Failure> {
    match planned.plan.problems().count() {
        0 if detailed && planned.plan.has_changes() => Ok(Exit::Changes),
        0 => Ok(Exit::Done),
        1 => Err(Failure::new("the plan is blocked by 1 problem; nothing was changed")),
        count => Err(Failure::new(format!("the plan is blocked by {count} problems; nothing was changed"))),
    }
}
