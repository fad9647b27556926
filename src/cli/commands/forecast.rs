//! `shardctl forecast`: the renewals to come, and whether the wallet covers them.

use std::collections::BTreeMap;

use clap::Args;

use crate::api::Reader;
use crate::cli::args::{self, ApiArgs, FormatArgs, ManifestArgs, StatePlaceArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit, common_code};
use crate::cli::interrupt::Interrupt;
use crate::cli::order_filter::SelectionArgs;
use crate::cli::output::Found;
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::document::ForecastDocument;
use crate::model::{Observations, OrderId, count};
use crate::outlook::{self, ExpectedRenewal};
use crate::reconcile::Pass;
use crate::render::forecast::ForecastView;

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
    let reporter = terminal.reporter.clone();
    let pass = Pass::new(&reader, &records, &reporter);
    let observed = chosen.observe(&pass, &args.selection.only, &mut |note| terminal.note(note)).await?;
    let now = reader.connection().now().moment;
    let balance = pass.wallet().await?;
    say_which_details_are_missing(&observed, terminal);
    if let Err(why) = &balance {
        terminal.warn(&format!("what the wallet holds is not known: {}", why.printable()));
    }
    let forecast = outlook::forecast(&observed, balance.ok(), now, args.days);
    let document = ForecastDocument::new(&forecast, now);
    let view = ForecastView { document: &document, days: args.days, scope: args.selection.scope(observed.len()) };
    terminal.show(args.format.format, &Found::Forecast(view))?;
    match forecast.unreadable.len() {
        0 if args.detailed_exitcode && forecast.renewals.iter().any(ExpectedRenewal::needs_care) => Ok(Exit::Changes),
        0 => Ok(Exit::Done),
        failed => {
            let code = common_code(document.problems.iter().map(|problem| problem.code));
            Err(CommandFailure {
                code,
                ..CommandFailure::new(format!("{} could not be looked at", count(failed, "order")))
            })
        }
    }
}

/// Says why an order's detail could not be had, each reason once: without it nobody tells what the order costs.
fn say_which_details_are_missing(observed: &Observations, terminal: &mut Terminal) {
    let mut reasons: BTreeMap<String, Vec<OrderId>> = BTreeMap::new();
    for (order_id, observed) in observed {
        if let Some(why) = observed.live.as_ref().ok().and_then(|live| live.detail_unavailable.as_ref()) {
            reasons.entry(why.printable().into_owned()).or_default().push(*order_id);
        }
    }
    for (why, orders) in &reasons {
        let (first, more) = (orders.iter().take(1).map(OrderId::to_string).collect::<String>(), orders.len() - 1);
        let more = if more > 0 { format!(" and {}", count(more, "more order")) } else { String::new() };
        terminal
            .warn(&format!("nobody tells what order {first}{more} will cost, as the detail could not be had: {why}"));
    }
}
