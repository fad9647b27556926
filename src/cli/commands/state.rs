//! `shardctl state`: prints, copies or drops what is recorded, and breaks a lock.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueHint};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::cli::args::{ManifestArgs, StatePlaceArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;
use crate::model::{OrderId, count, printable};
use crate::state::{Lock, Place, StateFile, StoreError, Stored, record_name, recorded_orders};

/// How many records are read at once.
const READS_AT_ONCE: usize = 16;

#[derive(Debug, Args)]
pub(in crate::cli) struct StateArgs {
    #[command(subcommand)]
    pub(in crate::cli) action: StateAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StateAction {
    /// Print what is recorded of an order
    Show(StateOrderArgs),
    /// Drop what is recorded of an order: everything about it is then unknown, and asserted by the next apply
    Forget(StateOrderArgs),
    /// List the orders of which something is recorded
    List(StateListArgs),
    /// Copy the records of a directory to the bucket that --state names
    Push(StateCopyArgs),
    /// Copy the records of the bucket that --state names to a directory
    Pull(StateCopyArgs),
    /// Show who holds the lock of a bucket and, with the lock's id, break it
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
    #[command(flatten)]
    pub(in crate::cli) state: StatePlaceArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StateUnlockArgs {
    /// The lock's id, as it is shown without it
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
    #[arg(value_name = "ORDER_ID")]
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
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    match &args.action {
        StateAction::Show(args) => show(args, environment, terminal).await,
        StateAction::Forget(args) => forget(args, environment, terminal).await,
        StateAction::List(args) => list(args, environment, terminal).await,
        StateAction::Push(args) => push(args, environment, terminal).await,
        StateAction::Pull(args) => pull(args, environment, terminal).await,
        StateAction::Unlock(args) => unlock(args, environment, terminal).await,
    }
}

/// Opens the place of the records, whichever API they belong to.
fn open_place(
    state: &StatePlaceArgs,
    manifest: &ManifestArgs,
    environment: &Environment,
) -> Result<Arc<dyn Place>, CommandFailure> {
    let args = RunArgs { manifest: Some(manifest), state: Some(state), ..RunArgs::default() };
    Run::resolve(&args, environment)?.open_place()
}

async fn show(
    args: &StateOrderArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let place = open_place(&args.state, &args.manifest, environment)?;
    match place.read(&record_name(args.order)).await? {
        Some(raw) if serde_json::from_slice::<StateFile>(&raw.bytes).is_ok() => terminal.out.write_all(&raw.bytes)?,
        // Whatever it is, it does not speak to the terminal.
        Some(raw) => writeln!(terminal.out, "{}", printable(&String::from_utf8_lossy(&raw.bytes)))?,
        None => return Err(CommandFailure::new(format!("nothing is recorded of order {}", args.order))),
    }
    Ok(Exit::Done)
}

async fn forget(
    args: &StateOrderArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let place = open_place(&args.state, &args.manifest, environment)?;
    let order = args.order;
    let Some(raw) = place.read(&record_name(order)).await? else {
        terminal.say(&format!("Nothing is recorded of order {order}."));
        return Ok(Exit::Done);
    };
    let lock = place.lock().await?;
    let forgotten = place.remove(&record_name(order)).await;
    lock.release().await;
    forgotten?;
    if has_open_purchase(&raw.bytes) {
        terminal.warn(&format!(
            "a purchase of order {order} was open, and whether it was carried out is no longer followed: look at the \
             order's slots in the panel before the next apply, which may buy them again"
        ));
    }
    terminal.say(&format!("Forgot order {order}: everything about it is unknown now, and the next apply asserts it."));
    Ok(Exit::Done)
}

/// Returns whether a record, damaged or not, holds a purchase whose outcome is not known.
fn has_open_purchase(record: &[u8]) -> bool {
    let record: Option<serde_json::Value> = serde_json::from_slice(record).ok();
    record.is_some_and(|record| !record["purchase"].is_null())
}

async fn list(
    args: &StateListArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let place = open_place(&args.state, &args.manifest, environment)?;
    for order in recorded_orders(&*place).await? {
        writeln!(terminal.out, "{order}")?;
    }
    Ok(Exit::Done)
}

async fn push(
    args: &StateCopyArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let Places { directory, bucket } = both_places(args, environment)?;
    copy(&*directory, &*bucket, args.force, terminal).await
}

async fn pull(
    args: &StateCopyArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let Places { directory, bucket } = both_places(args, environment)?;
    copy(&*bucket, &*directory, args.force, terminal).await
}

/// The two places between which records are copied.
struct Places {
    directory: Arc<dyn Place>,
    bucket: Arc<dyn Place>,
}

fn both_places(args: &StateCopyArgs, environment: &Environment) -> Result<Places, CommandFailure> {
    let is_url = args.state.state.as_ref().is_some_and(|state| state.contains("://"));
    if !is_url {
        let failure = CommandFailure::new("--state names no bucket to copy to or from");
        return Err(
            failure.hint("name it by --state s3://bucket/prefix (or gs://, az://), and the directory as the argument")
        );
    }
    let bucket = open_place(&args.state, &args.manifest, environment)?;
    let directory = args.directory.as_ref().map(|path| path.display().to_string());
    let directory = open_place(&StatePlaceArgs { state: directory }, &args.manifest, environment)?;
    Ok(Places { directory, bucket })
}

/// Copies every record that differs; refuses as a whole where one of the target's would be lost.
async fn copy(from: &dyn Place, to: &dyn Place, force: bool, terminal: &mut Terminal) -> Result<Exit, CommandFailure> {
    let lock = to.lock().await?;
    let copied = copy_locked(from, to, &*lock, force).await;
    lock.release().await;
    let Copied { written, same } = copied?;
    terminal.say(&match (written, same) {
        (0, 0) => "There are no records to copy.".to_owned(),
        (written, 0) => format!("Copied {}.", records(written)),
        (written, same) => format!("Copied {}; {} were the same already.", records(written), records(same)),
    });
    Ok(Exit::Done)
}

/// How many records were copied, and how many did not have to be.
struct Copied {
    written: usize,
    same: usize,
}

fn records(number: usize) -> String {
    count(number, "record")
}

async fn copy_locked(from: &dyn Place, to: &dyn Place, lock: &dyn Lock, force: bool) -> Result<Copied, CommandFailure> {
    let pairs = stream::iter(recorded_orders(from).await?).map(|order| async move {
        let name = record_name(order);
        let (source, target) = tokio::try_join!(from.read(&name), to.read(&name))?;
        Ok::<_, StoreError>((order, source, target))
    });
    let pairs: Vec<_> = pairs.buffered(READS_AT_ONCE).try_collect().await?;
    let (mut differing, mut obstacles, mut same) = (Vec::new(), Vec::new(), 0);
    for (order, source, target) in pairs {
        let Some(source) = source else { continue };
        match target {
            Some(target) if target.bytes == source.bytes => same += 1,
            target => {
                obstacles.extend(target.and_then(|target| obstacle(&source, &target)).map(|why| (order, why)));
                differing.push((order, source.bytes));
            }
        }
    }
    if !obstacles.is_empty() && !force {
        let list: Vec<String> = obstacles.iter().map(|(order, why)| format!("{order} ({why})")).collect();
        let message = format!("nothing was copied: the target has records that would be lost: {}", list.join(", "));
        return Err(CommandFailure::new(message).hint("look at both by `state show`; --force overwrites them"));
    }
    for (done, (order, bytes)) in differing.iter().enumerate() {
        let written = async {
            lock.ensure_held().await?;
            to.write(&record_name(*order), bytes).await
        };
        if let Err(error) = written.await {
            let so_far = format!("{done} of {} were copied; run it again to copy the rest", records(differing.len()));
            return Err(CommandFailure::new(error.to_string()).hint(so_far));
        }
    }
    Ok(Copied { written: differing.len(), same })
}

/// Returns why a record of the target must not be lost, if so.
fn obstacle(source: &Stored, target: &Stored) -> Option<&'static str> {
    match serde_json::from_slice::<StateFile>(&target.bytes) {
        Err(_) => Some("it cannot be read"),
        Ok(file) if file.purchase.is_some() => Some("a purchase is open"),
        // A bucket says the second alone: within the same one nobody can tell which is newer.
        Ok(_) if target.modified.as_second() >= source.modified.as_second() => Some("newer"),
        Ok(_) => None,
    }
}

async fn unlock(
    args: &StateUnlockArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let place = open_place(&args.state, &args.manifest, environment)?;
    let Some(holder) = place.holder().await? else {
        terminal.say("Nobody holds the lock.");
        return Ok(Exit::Done);
    };
    let until = holder.expires.map_or("it ends with its process".to_owned(), |expires| format!("expires {expires:.0}"));
    writeln!(terminal.out, "{}: held by {}, {until}", holder.id.printable(), holder.words())?;
    match &args.id {
        Some(id) => {
            place.unlock(id).await?;
            terminal.say("The lock is broken: its holder stops before its next write.");
            Ok(Exit::Done)
        }
        None => Err(CommandFailure::new("the lock was not broken")
            .hint("pass its id, once you are sure that its holder is gone")),
    }
}
