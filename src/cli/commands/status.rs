//! `shardctl status`: a table of orders.

use std::collections::BTreeSet;

use clap::Args;
use jiff::Timestamp;

use crate::api::Reader;
use crate::cli::args::{ApiArgs, FormatArgs, ManifestArgs, StatePlaceArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Found;
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::document::StatusDocument;
use crate::model::{OrderId, count};
use crate::outlook;
use crate::reconcile::Pass;

#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    /// Orders to show [default: those of the manifest]
    #[arg(value_name = "ORDER_ID")]
    pub(in crate::cli) orders: Vec<OrderId>,
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
    args: &StatusArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let resolve = RunArgs { manifest: Some(&args.manifest), state: Some(&args.state), api: Some(&args.api) };
    let mut run = Run::resolve(&resolve, environment)?;
    let orders: BTreeSet<OrderId> = match args.orders.is_empty() {
        false => args.orders.iter().copied().collect(),
        true => run.load_manifest(&[], terminal)?.1.orders.into_keys().collect(),
    };
    let reader = Reader::new(run.connect(&terminal.reporter, interrupt.token())?);
    let records = run.open_records(&reader.connection().url().to_string())?;
    let observed = Pass::new(&reader, &records, &terminal.reporter).observe(orders).await?;
    let document = StatusDocument::new(&outlook::standings(&observed, Timestamp::now()));
    terminal.show(args.format.format, &Found::Status(&document))?;
    match document.orders.iter().filter(|order| order.error.is_some()).count() {
        0 => Ok(Exit::Done),
        failed => Err(CommandFailure::new(format!("{} could not be shown", count(failed, "order")))),
    }
}
