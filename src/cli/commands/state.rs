//! `shardctl state`: prints, copies or drops what is recorded, and breaks a lock.

use std::io::Write;

use crate::cli::args::{
    StateAction, StateArgs, StateCopyArgs, StateListArgs, StateOrderArgs, StatePlaceArgs, StateUnlockArgs,
};
use crate::cli::error::{Exit, Failure};
use crate::cli::session;
use crate::cli::terminal::Terminal;
use crate::render::printable;
use crate::state::Store;

pub(in crate::cli) async fn run(args: &StateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.action {
        StateAction::Show(args) => show(args, terminal).await,
        StateAction::Forget(args) => forget(args, terminal).await,
        StateAction::List(args) => list(args, terminal).await,
        StateAction::Push(args) => push(args, terminal).await,
        StateAction::Pull(args) => pull(args, terminal).await,
        StateAction::Unlock(args) => unlock(args, terminal).await,
    }
}

async fn show(args: &StateOrderArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = session::open_store(&args.state, &args.manifest, "")?;
    match store.raw(args.order).await? {
        Some(raw) => terminal.out.write_all(&raw.bytes)?,
        None => return Err(Failure::new(format!("nothing is recorded of order {}", args.order))),
    }
    Ok(Exit::Done)
}

async fn forget(args: &StateOrderArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = session::open_store(&args.state, &args.manifest, "")?;
    let order = args.order;
    let Some(raw) = store.raw(order).await? else {
        terminal.say(&format!("Nothing is recorded of order {order}."));
        return Ok(Exit::Done);
    };
    let lock = store.lock().await?;
    let forgotten = store.forget(order).await;
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

/// Tells whether a record, damaged or not, holds a purchase whose outcome is not known.
fn has_open_purchase(record: &[u8]) -> bool {
    let record: Option<serde_json::Value> = serde_json::from_slice(record).ok();
    record.is_some_and(|record| !record["purchase"].is_null())
}

async fn list(args: &StateListArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = session::open_store(&args.state, &args.manifest, "")?;
    for order in store.list().await? {
        writeln!(terminal.out, "{order}")?;
    }
    Ok(Exit::Done)
}

async fn push(args: &StateCopyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Places { directory, bucket } = both_places(args)?;
    copy(&*directory, &*bucket, args.force, terminal).await
}

async fn pull(args: &StateCopyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Places { directory, bucket } = both_places(args)?;
    copy(&*bucket, &*directory, args.force, terminal).await
}

/// The two places between which records are copied.
struct Places {
    directory: Box<dyn Store>,
    bucket: Box<dyn Store>,
}

fn both_places(args: &StateCopyArgs) -> Result<Places, Failure> {
    let is_url = args.state.state.as_ref().is_some_and(|state| state.contains("://"));
    if !is_url {
        let failure = Failure::new("--state names no bucket to copy to or from");
        return Err(
            failure.hint("name it by --state s3://bucket/prefix (or gs://, az://), and the directory as the argument")
        );
    }
    let bucket = session::open_store(&args.state, &args.manifest, "")?;
    let directory = args.directory.as_ref().map(|path| path.display().to_string());
    let directory = session::open_store(&StatePlaceArgs { state: directory }, &args.manifest, "")?;
    Ok(Places { directory, bucket })
}

/// Copies every record that differs; refuses as a whole where one of the target's is newer.
async fn copy(from: &dyn Store, to: &dyn Store, force: bool, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let lock = to.lock().await?;
    let copied = copy_locked(from, to, force).await;
    lock.release().await;
    let copied = copied?;
    terminal.say(&match copied {
        1 => "Copied 1 record.".to_owned(),
        copied => format!("Copied {copied} records."),
    });
    Ok(Exit::Done)
}

async fn copy_locked(from: &dyn Store, to: &dyn Store, force: bool) -> Result<usize, Failure> {
    let (mut differing, mut newer) = (Vec::new(), Vec::new());
    for order in from.list().await? {
        let Some(source) = from.raw(order).await? else { continue };
        let target = to.raw(order).await?;
        if target.as_ref().is_some_and(|target| target.bytes == source.bytes) {
            continue;
        }
        if target.is_some_and(|target| target.modified > source.modified) {
            newer.push(order.to_string());
        }
        differing.push((order, source.bytes));
    }
    if !newer.is_empty() && !force {
        let message = format!("nothing was copied: the target has newer records of {}", newer.join(", "));
        return Err(Failure::new(message).hint("look at both by `state show`; --force overwrites them"));
    }
    for (order, bytes) in &differing {
        to.put_raw(*order, bytes).await?;
    }
    Ok(differing.len())
}

async fn unlock(args: &StateUnlockArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = session::open_store(&args.state, &args.manifest, "")?;
    let Some(holder) = store.holder().await? else {
        terminal.say("Nobody holds the lock.");
        return Ok(Exit::Done);
    };
    let until = holder.expires.map_or("it ends with its process".to_owned(), |expires| format!("expires {expires:.0}"));
    let (id, who) = (printable(&holder.id), printable(&holder.who));
    writeln!(terminal.out, "{id}: held by {who} since {:.0}, {until}", holder.since)?;
    match &args.id {
        Some(id) => {
            store.unlock(id).await?;
            terminal.say("The lock is broken: its holder stops before its next write.");
            Ok(Exit::Done)
        }
        None => {
            Err(Failure::new("the lock was not broken").hint("pass its id, once you are sure that its holder is gone"))
        }
    }
}
