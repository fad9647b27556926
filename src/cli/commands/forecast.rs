//! `shardctl forecast`: the renewals to come, and whether the wallet covers them.

use clap::Args;

use crate::api::Reader;
use crate::cli::args::{self, ApiArgs, FormatArgs, ManifestArgs, StatePlaceArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::interrupt::Interrupt;
use crate::cli::order_filter::SelectionArgs;
use crate::cli::output::Found;
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::document::ForecastDocument;
use crate::model::count;
use crate::outlook::{self, ExpectedRenewal};
use crate::reconcile::Pass;

#[derive(Debug, Args)]
pub(in crate::cli) struct ForecastArgs {
    #[command(flatten)]
    pub(in crate::cli) selection: SelectionArgs,
    /// How many days to look ahead, from 1 to 366
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = args::whole::<u32>(1, 366))]
    pub(in crate::cli) days: u32,
    /// Exit with 2 if a renewal is not covered, or an order is on hold or does not renew by itself
    #[arg(long)]
    pub(in crate::cli) detailed_exitcode: bool,
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
    #[command(flatten)]
    pub(in crate::cli) format: FormatArgs,
    #[command(flatten)]
    pub(in crate::cli) api: ApiArgs,
}

pub(in crate::cli) async fn run(
    args: &ForecastArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let resolve = RunArgs { manifest: Some(&args.manifest), state: Some(&args.state), api: Some(&args.api) };
    let mut run = Run::resolve(&resolve, environment)?;
    let chosen = args.selection.chosen(|| Ok(run.load_manifest(&[], terminal)?.1))?;
    let reader = Reader::new(run.connect(&terminal.reporter, interrupt.token())?);
    let records = run.open_records(&reader.connection().url().to_string())?;
    let pass = Pass::new(&reader, &records, &terminal.reporter);
    let observed = chosen.observe(&pass, &args.selection.only).await?;
    let now = reader.connection().now().moment;
    let forecast = outlook::forecast(&observed, pass.wallet().await?.balance_cents, now, args.days);
    let document = ForecastDocument::new(&forecast, now);
    terminal.show(args.format.format, &Found::Forecast(&document, args.days))?;
    match forecast.unreadable.len() {
        0 if args.detailed_exitcode && forecast.renewals.iter().any(ExpectedRenewal::needs_care) => Ok(Exit::Changes),
        0 => Ok(Exit::Done),
        failed => Err(CommandFailure::new(format!("{} could not be looked at", count(failed, "order")))),
    }
}
