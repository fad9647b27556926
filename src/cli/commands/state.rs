//! `shardctl state`: prints, copies or drops what is recorded, and breaks a lock.

mod copy;
mod locks;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueHint};
use clap_complete::ArgValueCandidates;
use jiff::Timestamp;

use crate::cli::args::{ManifestArgs, StatePlaceArgs};
use crate::cli::completion;
use crate::cli::environment::Environment;
use crate::cli::examples;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::interrupt::Interrupt;
use crate::cli::line::shell_word;
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::model::{OrderId, printable, second};
use crate::plan::is_young;
use crate::state::{Place, StateFile, StoreError, StoreErrorKind, record_name, recorded_orders};

use copy::copy;
use locks::{Locks, locked};

#[derive(Debug, Args)]
pub(in crate::cli) struct StateArgs {
    #[command(subcommand)]
    pub(in crate::cli) action: StateAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StateAction {
    /// Print what is recorded of an order
    #[command(after_help = examples::STATE_SHOW)]
    Show(StateOrderArgs),
    /// Drop what is recorded of an order: everything about it is then unknown, and asserted by the next apply
    #[command(after_help = examples::STATE_FORGET)]
    Forget(StateOrderArgs),
    /// List the orders of which something is recorded
    #[command(after_help = examples::STATE_LIST)]
    List(StateListArgs),
    /// Copy the records and the history of a directory to the bucket that --state names
    #[command(after_help = examples::STATE_PUSH)]
    Push(StateCopyArgs),
    /// Copy the records and the history of the bucket that --state names to a directory
    #[command(after_help = examples::STATE_PULL)]
    Pull(StateCopyArgs),
    /// Show who holds the lock; with the lock's id, break it, so that its holder stops before its next write
    #[command(after_help = examples::STATE_UNLOCK)]
    Unlock(StateUnlockArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StateCopyArgs {
    /// The directory [default: shardctl.state beside the manifest]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) directory: Option<PathBuf>,
    /// Overwrite records of the target even where they are newer
    #[arg(long)]
    pub(in crate::cli) force: bool,
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    /// The bucket: s3://, gs:// or az://; there is no default
    #[arg(long, env = "SHARDCTL_STATE", hide_env_values = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub(in crate::cli) state: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StateUnlockArgs {
    /// The id of the lock to break; without it, the lock's id and its holder are shown, and nothing is broken
    #[arg(value_name = "LOCK_ID")]
    pub(in crate::cli) id: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StateOrderArgs {
    /// The order
    #[arg(value_name = "ORDER_ID", add = ArgValueCandidates::new(completion::order_ids))]
    pub(in crate::cli) order: OrderId,
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StateListArgs {
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
}

pub(in crate::cli) async fn run(
    args: &StateArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    match &args.action {
        StateAction::Show(args) => show(args, environment, terminal).await,
        StateAction::Forget(args) => forget(args, environment, interrupt, terminal).await,
        StateAction::List(args) => list(args, environment, terminal).await,
        StateAction::Push(args) => push(args, environment, interrupt, terminal).await,
        StateAction::Pull(args) => pull(args, environment, interrupt, terminal).await,
        StateAction::Unlock(args) => unlock(args, environment, terminal).await,
    }
}

/// Says where nothing is, in words of [`Run::missing_place`].
pub(in crate::cli) fn nothing_there(missing: &str) -> String {
    let missing = missing.replacen("there", "There", 1);
    format!("{missing}: name the place of the record by -f or --state, unless nothing was applied yet.")
}

/// Opens the place of the records, whichever API they belong to.
fn open_place(
    state: &StatePlaceArgs,
    manifest: &ManifestArgs,
    environment: &Environment,
) -> Result<Arc<dyn Place>, CommandFailure> {
    resolve(state, manifest, environment)?.open_place()
}

fn resolve(state: &StatePlaceArgs, manifest: &ManifestArgs, environment: &Environment) -> Result<Run, CommandFailure> {
    let args = RunArgs { manifest: Some(manifest), state: Some(state), ..RunArgs::default() };
    Run::resolve(&args, environment)
}

async fn show(
    args: &StateOrderArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let run = resolve(&args.state, &args.manifest, environment)?;
    let place = run.open_place()?;
    if let Some(missing) = run.missing_place()? {
        let failure = CommandFailure::new(format!("nothing is recorded of order {}: {missing}", args.order));
        return Err(failure.hint("name the place of the record by -f or --state"));
    }
    match place.read(&record_name(args.order)).await? {
        Some(stored) if serde_json::from_slice::<StateFile>(&stored.bytes).is_ok() => {
            terminal.out.write_all(&stored.bytes)?;
        }
        // Whatever it is, it does not speak to the terminal.
        Some(stored) => writeln!(terminal.out, "{}", printable(&String::from_utf8_lossy(&stored.bytes)))?,
        None => {
            return Err(CommandFailure::new(format!(
                "nothing is recorded of order {} in {}",
                args.order,
                place.describe()
            )));
        }
    }
    Ok(Exit::Done)
}

async fn forget(
    args: &StateOrderArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let run = resolve(&args.state, &args.manifest, environment)?;
    let place = run.open_place()?;
    let order = args.order;
    // A lock would make the place, and nobody is at work in one that is not there.
    if let Some(missing) = run.missing_place()? {
        terminal.say(&nothing_there(&missing));
        return Ok(Exit::Done);
    }
    let forgotten = locked(&[&*place], interrupt, async |locks| drop_record(&*place, order, &locks).await).await?;
    let Some(record) = forgotten else {
        terminal.say(&format!("Nothing is recorded of order {order} in {}.", place.describe()));
        return Ok(Exit::Done);
    };
    if let Some(purchase) = purchase_at_risk(&record) {
        terminal.warn(&format!(
            "a purchase of order {order} {purchase}: look at the order's slots in the panel before the next apply, which \
             may buy them again"
        ));
    }
    terminal.say(&format!("Forgot order {order}: everything about it is unknown now, and the next apply asserts it."));
    Ok(Exit::Done)
}

/// Removes the record of an order and returns what it said.
async fn drop_record(place: &dyn Place, order: OrderId, locks: &Locks<'_>) -> Result<Option<Vec<u8>>, CommandFailure> {
    let record = bytes_of(place, order).await?;
    if record.is_some() {
        locks.ensure_held().await?;
        place.remove(&record_name(order)).await?;
    }
    Ok(record)
}

/// Reads the record of an order; one that is too large to be one says nothing.
async fn bytes_of(place: &dyn Place, order: OrderId) -> Result<Option<Vec<u8>>, CommandFailure> {
    match place.read(&record_name(order)).await {
        Err(StoreError { kind: StoreErrorKind::TooLarge, .. }) => Ok(Some(Vec::new())),
        read => Ok(read?.map(|stored| stored.bytes)),
    }
}

/// Says why the next apply might buy once more what a record, damaged or not, guards from that.
fn purchase_at_risk(record: &[u8]) -> Option<&'static str> {
    let record: serde_json::Value = serde_json::from_slice(record).ok()?;
    if !record["purchase"].is_null() {
        return Some("was open, and whether it was carried out is no longer followed");
    }
    let when: Timestamp = record["bought"]["when"].as_str()?.parse().ok()?;
    is_young(when, Timestamp::now()).then_some("was carried out just now, and the API may not show it yet")
}

async fn list(
    args: &StateListArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let run = resolve(&args.state, &args.manifest, environment)?;
    let place = run.open_place()?;
    if let Some(missing) = run.missing_place()? {
        terminal.say(&nothing_there(&missing));
        return Ok(Exit::Done);
    }
    let orders = recorded_orders(&*place).await?;
    for order in &orders {
        writeln!(terminal.out, "{order}")?;
    }
    if orders.is_empty() {
        terminal.say(&format!("Nothing is recorded in {}.", place.describe()));
    }
    Ok(Exit::Done)
}

async fn push(
    args: &StateCopyArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let Places { directory, bucket } = both_places(args, environment)?;
    copy((&*directory, &*bucket), &[&*directory, &*bucket], args.force, interrupt, terminal).await
}

async fn pull(
    args: &StateCopyArgs,
    environment: &Environment,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let Places { directory, bucket } = both_places(args, environment)?;
    copy((&*bucket, &*directory), &[&*directory, &*bucket], args.force, interrupt, terminal).await
}

/// The two places between which records and runs are copied.
struct Places {
    directory: Arc<dyn Place>,
    bucket: Arc<dyn Place>,
}

fn both_places(args: &StateCopyArgs, environment: &Environment) -> Result<Places, CommandFailure> {
    let is_url = args.state.as_ref().is_some_and(|state| state.contains("://"));
    if !is_url {
        let failure = CommandFailure::new("--state names no bucket to copy to or from");
        return Err(
            failure.hint("name it by --state s3://bucket/prefix (or gs://, az://), and the directory as the argument")
        );
    }
    let bucket = open_place(&StatePlaceArgs { state: args.state.clone() }, &args.manifest, environment)?;
    let directory = args.directory.as_ref().map(|path| path.display().to_string());
    let directory = open_place(&StatePlaceArgs { state: directory }, &args.manifest, environment)?;
    Ok(Places { directory, bucket })
}

async fn unlock(
    args: &StateUnlockArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let run_args = RunArgs { manifest: Some(&args.manifest), state: Some(&args.state), ..RunArgs::default() };
    let run = Run::resolve(&run_args, environment)?;
    let place = run.open_place()?;
    let Some(holder) = place.holder().await? else {
        terminal.say("Nobody holds the lock.");
        return Ok(Exit::Done);
    };
    let until =
        holder.expires.map_or("it ends with its process".to_owned(), |expires| format!("expires {}", second(expires)));
    writeln!(terminal.out, "{}: held by {}, {until}", holder.id.printable(), holder.words())?;
    match &args.id {
        Some(id) => {
            place.unlock(id).await?;
            terminal.say("The lock is broken: its holder stops before its next write.");
            Ok(Exit::Done)
        }
        None => Err(CommandFailure::new("the lock is held, and was left alone").hint(match holder.expires {
            Some(_) => {
                let (id, place) = (shell_word(&holder.id.printable()), run.place_flags());
                format!("to break it, once you are sure that its holder is gone: shardctl state unlock {id} {place}")
            }
            None => "the lock on a directory ends with its process: wait until that has ended, or stop it".to_owned(),
        })),
    }
}
