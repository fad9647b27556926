//! `shardctl state`: prints, copies or drops what is recorded, and breaks a lock.

mod copy;
mod locks;

use std::io::Write;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::cli::args::{
    StateAction, StateArgs, StateCopyArgs, StateListArgs, StateOrderArgs, StatePlaceArgs, StateUnlockArgs,
};
use crate::cli::error::{Exit, Failure};
use crate::cli::session;
use crate::cli::terminal::Terminal;
use crate::model::{OrderId, printable};
use crate::state::{Place, StateFile, StoreError, StoreErrorKind, record_name, recorded_orders};

use copy::copy;
use locks::{Locks, locked};

/// For how long slots may still show what they were before a purchase (contract, Money).
const PURCHASE_SHOWS: SignedDuration = SignedDuration::from_mins(10);

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
    let place = session::open_place(&args.state, &args.manifest)?;
    match place.read(&record_name(args.order)).await? {
        Some(stored) if serde_json::from_slice::<StateFile>(&stored.bytes).is_ok() => {
            terminal.out.write_all(&stored.bytes)?;
        }
        // Whatever it is, it does not speak to the terminal.
        Some(stored) => writeln!(terminal.out, "{}", printable(&String::from_utf8_lossy(&stored.bytes)))?,
        None => {
            return Err(Failure::new(format!("nothing is recorded of order {} in {}", args.order, place.describe())));
        }
    }
    Ok(Exit::Done)
}

async fn forget(args: &StateOrderArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let place = session::open_place(&args.state, &args.manifest)?;
    let order = args.order;
    // Without a record nothing is locked, which might make the place.
    let forgotten = match is_recorded(&*place, order).await? {
        true => locked(&[&*place], async |locks| drop_record(&*place, order, &locks).await).await?,
        false => None,
    };
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

async fn is_recorded(place: &dyn Place, order: OrderId) -> Result<bool, Failure> {
    Ok(bytes_of(place, order).await?.is_some())
}

/// Removes the record of an order and returns what it said.
async fn drop_record(place: &dyn Place, order: OrderId, locks: &Locks<'_>) -> Result<Option<Vec<u8>>, Failure> {
    let record = bytes_of(place, order).await?;
    if record.is_some() {
        locks.ensure_held().await?;
        place.remove(&record_name(order)).await?;
    }
    Ok(record)
}

/// Reads the record of an order; one that is too large to be one says nothing.
async fn bytes_of(place: &dyn Place, order: OrderId) -> Result<Option<Vec<u8>>, Failure> {
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
    is_young(when).then_some("was carried out just now, and the API may not show it yet")
}

fn is_young(purchase: Timestamp) -> bool {
    Timestamp::now().duration_since(purchase) < PURCHASE_SHOWS
}

async fn list(args: &StateListArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let place = session::open_place(&args.state, &args.manifest)?;
    let orders = recorded_orders(&*place).await?;
    for order in &orders {
        writeln!(terminal.out, "{order}")?;
    }
    if orders.is_empty() {
        terminal.say(&format!("Nothing is recorded in {}.", place.describe()));
    }
    Ok(Exit::Done)
}

async fn push(args: &StateCopyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Places { directory, bucket } = both_places(args)?;
    copy((&*directory, &*bucket), &[&*directory, &*bucket], args.force, terminal).await
}

async fn pull(args: &StateCopyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Places { directory, bucket } = both_places(args)?;
    copy((&*bucket, &*directory), &[&*directory, &*bucket], args.force, terminal).await
}

/// The two places between which records and runs are copied.
struct Places {
    directory: Arc<dyn Place>,
    bucket: Arc<dyn Place>,
}

fn both_places(args: &StateCopyArgs) -> Result<Places, Failure> {
    let is_url = args.state.state.as_ref().is_some_and(|state| state.contains("://"));
    if !is_url {
        let failure = Failure::new("--state names no bucket to copy to or from");
        return Err(
            failure.hint("name it by --state s3://bucket/prefix (or gs://, az://), and the directory as the argument")
        );
    }
    let bucket = session::open_place(&args.state, &args.manifest)?;
    let directory = args.directory.as_ref().map(|path| path.display().to_string());
    let directory = session::open_place(&StatePlaceArgs { state: directory }, &args.manifest)?;
    Ok(Places { directory, bucket })
}

async fn unlock(args: &StateUnlockArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let place = session::open_place(&args.state, &args.manifest)?;
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
        None => {
            Err(Failure::new("the lock was not broken").hint("pass its id, once you are sure that its holder is gone"))
        }
    }
}
