//! `shardctl status`: a table of orders.

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::api::Reader;
use crate::cli::args::{ApiArgs, Format, ManifestArgs, StatePlaceArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit, common_code};
use crate::cli::interrupt::Interrupt;
use crate::cli::order_filter::SelectionArgs;
use crate::cli::output::Found;
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::diagnostic::ProblemCode;
use crate::document::StatusDocument;
use crate::model::{Observed, count};
use crate::outlook;
use crate::reconcile::Pass;
use crate::render::markdown::Title;

#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    pub(in crate::cli) selection: SelectionArgs,
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = StatusFormat::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: StatusFormat,
    /// Name the comment that --format markdown makes, where there is one for each of several manifests
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    pub(in crate::cli) title: Option<Title>,
    #[command(flatten)]
    pub(in crate::cli) api: ApiArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum StatusFormat {
    /// For a terminal
    Text,
    /// For a script
    Json,
    /// For a comment on a pull request
    Markdown,
    /// For Prometheus
    Openmetrics,
}

impl From<StatusFormat> for Format {
    fn from(format: StatusFormat) -> Format {
        match format {
            StatusFormat::Text => Format::Text,
            StatusFormat::Json => Format::Json,
            StatusFormat::Markdown => Format::Markdown,
            StatusFormat::Openmetrics => Format::Openmetrics,
        }
    }
}

pub(in crate::cli) async fn run(
    args: &StatusArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let resolve = RunArgs { manifest: Some(&args.manifest), state: Some(&args.state), api: Some(&args.api) };
    let mut run = Run::resolve(&resolve, environment)?;
    let chosen = args.selection.chosen(|| Ok(run.load_manifest(&[], terminal)?.1))?;
    let reader = Reader::new(run.connect(&terminal.reporter, interrupt.token())?);
    let records = run.open_records(&reader.connection().url().to_string())?;
    let reporter = terminal.reporter.clone();
    let pass = Pass::new(&reader, &records, &reporter);
    let observed = chosen.observe(&pass, &args.selection.only, &mut |note| terminal.note(note)).await?;
    let mut document = StatusDocument::new(&outlook::standings(&observed, Timestamp::now()));
    if args.format == StatusFormat::Openmetrics {
        document.wallet_cents = pass.wallet().await?.ok();
    }
    terminal.show(args.format.into(), &Found::Status(&document))?;
    match document.orders.iter().filter(|order| order.error.is_some()).count() {
        0 => Ok(Exit::Done),
        failed => {
            let code = common_code(observed.values().filter_map(code));
            Err(CommandFailure {
                code,
                ..CommandFailure::new(format!("{} could not be shown", count(failed, "order")))
            })
        }
    }
}

/// Returns the code of what keeps an order from being shown.
fn code(observed: &Observed) -> Option<ProblemCode> {
    match (&observed.live, &observed.recorded) {
        (Err(failure), _) => Some(failure.into()),
        (Ok(_), Err(_)) => Some(ProblemCode::StateMismatch),
        (Ok(_), Ok(_)) => None,
    }
}
