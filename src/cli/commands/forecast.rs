//! `shardctl forecast`: the renewals to come, and whether the wallet covers them.

use std::collections::BTreeSet;

use clap::Args;

use crate::api::Reader;
use crate::cli::args::{ApiArgs, FormatArgs, ManifestArgs, StatePlaceArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::interrupt::Interrupt;
use crate::cli::order_filter::{self, OrderFilter};
use crate::cli::output::Found;
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::document::ForecastDocument;
use crate::model::{OrderId, count};
use crate::outlook::{self, ExpectedRenewal};
use crate::reconcile::Pass;

#[derive(Debug, Args)]
pub(in crate::cli) struct ForecastArgs {
    /// Orders to look at [default: those of the manifest]
    #[arg(value_name = "ORDER_ID")]
    pub(in crate::cli) orders: Vec<OrderId>,
    /// All orders of the account that are not over, in place of those of the manifest
    #[arg(long, conflicts_with = "orders")]
    pub(in crate::cli) all: bool,
    /// Only these orders, by id or by live tag, in which * stands for any characters; may be repeated
    #[arg(long = "order", value_name = "ID|TAG")]
    pub(in crate::cli) only: Vec<OrderFilter>,
    /// How many days to look ahead, from 1 to 366
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=366))]
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
    let declared = match args.all || !args.orders.is_empty() {
        true => BTreeSet::new(),
        false => run.load_manifest(&[], terminal)?.1.orders.into_keys().collect(),
    };
    let reader = Reader::new(run.connect(&terminal.reporter, interrupt.token())?);
    let records = run.open_records(&reader.connection().url().to_string())?;
    let pass = Pass::new(&reader, &records, &terminal.reporter);
    let orders: BTreeSet<OrderId> = match args.all {
        true => pass.all_orders().await?.into_iter().map(|order| order.order_id).collect(),
        false => args.orders.iter().copied().chain(declared).collect(),
    };
    let orders = order_filter::before_reading(orders, &args.only)?;
    let observed = order_filter::after_reading(pass.observe(orders).await?, &args.only)?;
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
