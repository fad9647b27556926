//! `shardctl import`: prints a manifest for live orders, or edits one.

mod elsewhere;
mod into;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::ArgValueCandidates;
use jiff::Timestamp;

use crate::api::Reader;
use crate::cli::args::{ApiArgs, ManifestArgs, StatePlaceArgs};
use crate::cli::completion;
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::interrupt::Interrupt;
use crate::cli::order_filter::{Chosen, OrderFilter};
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::diagnostic::ProblemCode;
use crate::model::{OrderId, ReadFailure};
use crate::plan::Seen;
use crate::reconcile::Pass;
use crate::render::import::{self, Imported};

use elsewhere::Elsewhere;
use into::{Target, Updated};

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// Orders to write a manifest for
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "ORDER_ID")]
    #[arg(add = ArgValueCandidates::new(completion::order_ids))]
    pub(in crate::cli) orders: Vec<OrderId>,
    /// All orders of datacenter and ISP proxies of the account
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Of all orders only these, by id or by live tag, in which * stands for any characters; may be repeated
    #[arg(long = "order", value_name = "ID|TAG", requires = "all", conflicts_with = "orders")]
    #[arg(add = ArgValueCandidates::new(completion::ids_and_tags))]
    pub(in crate::cli) only: Vec<OrderFilter>,
    /// Edit this manifest in place, or make it, instead of printing one: new orders and IPs are added, IPs that left are
    /// removed, all else stays. Orders that stand in other manifests, which -f names, are left there
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) into: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
    #[command(flatten)]
    pub(in crate::cli) api: ApiArgs,
}

pub(in crate::cli) async fn run(
    args: &ImportArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let manifest = beside(args);
    let resolve = RunArgs { manifest: Some(&manifest), state: Some(&args.state), api: Some(&args.api) };
    let mut run = Run::resolve(&resolve, environment)?;
    let target =
        args.into.as_deref().map(|path| Target::read(path, |sources| run.refuse_token(sources))).transpose()?;
    let elsewhere = match &target {
        Some(target) => {
            Elsewhere::read(&args.manifest.manifest, target, terminal, |sources| run.refuse_token(sources))?
        }
        None => Elsewhere::default(),
    };
    let reader = Reader::new(run.connect(&terminal.reporter, interrupt.token())?);
    let records = run.open_records(&reader.connection().url().to_string())?;
    let chosen = if args.all { Chosen::All } else { Chosen::These(args.orders.iter().copied().collect()) };
    let reporter = terminal.reporter.clone();
    let pass = Pass::new(&reader, &records, &reporter);
    let observed = chosen.observe(&pass, &args.only, &mut |note| terminal.note(note)).await?;
    if observed.is_empty() {
        return Err(CommandFailure::new("the account has no order of datacenter or ISP proxies"));
    }
    let now = Timestamp::now();
    let mut orders = Vec::new();
    for (order_id, observed) in observed.iter().filter(|(order_id, _)| !elsewhere.has(**order_id)) {
        let live = observed.live.as_ref().map_err(|failure| unreadable(*order_id, failure))?;
        let recorded = observed
            .recorded
            .as_ref()
            .map_err(|unusable| CommandFailure::new(unusable.message.as_str()).code(ProblemCode::StateMismatch))?;
        orders.push((*order_id, live, Seen::new(live, recorded, now, false)));
    }
    let imported: Vec<Imported<'_>> =
        orders.iter().map(|(order_id, live, seen)| Imported { order_id: *order_id, live, seen, as_of: now }).collect();
    match target {
        Some(target) => {
            elsewhere.words(observed.keys().copied()).iter().for_each(|words| terminal.note(words));
            let Updated { changes, remarks } = target.update(&imported)?;
            changes.iter().for_each(|change| terminal.say(change));
            remarks.iter().for_each(|remark| terminal.warn(remark));
            if changes.is_empty() {
                terminal.say("Nothing was changed: no line had to be added or removed.");
            }
        }
        None => import::manifest(&mut terminal.out, &imported)?,
    }
    terminal.out.flush()?;
    Ok(Exit::Done)
}

/// Returns the manifest beside which the record is: the one that is edited, where no other is named.
fn beside(args: &ImportArgs) -> ManifestArgs {
    let named = args.manifest.manifest.iter().chain(args.into.iter().filter(|_| args.manifest.manifest.is_empty()));
    ManifestArgs { manifest: named.cloned().collect() }
}

fn unreadable(order_id: OrderId, failure: &ReadFailure) -> CommandFailure {
    let message = failure.message().printable();
    let unreadable = CommandFailure::new(format!("order {order_id} could not be read: {message}")).code(failure.into());
    match failure.may_be_misdirected() {
        true => unreadable.hint("this is not how the API answers: check --api-url (PROXYSHARD_API_URL)"),
        false => unreadable,
    }
}
