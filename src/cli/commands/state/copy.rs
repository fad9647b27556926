//! Copying records and runs from one place to another.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::locks::{Locks, locked};
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::interrupt::Interrupt;
use crate::cli::terminal::Terminal;
use crate::model::count;
use crate::plan::is_young;
use crate::state::{HISTORY, Place, StateFile, StoreError, StoreErrorKind, Stored, record_name, recorded_orders};

/// How many records are read at once.
const READS_AT_ONCE: usize = 16;

/// What came of a copy.
#[derive(Default)]
struct Copied {
    records: usize,
    /// Records that did not have to be copied.
    same: usize,
    runs: usize,
    /// Runs that could not be read, and why.
    unreadable: Vec<String>,
}

/// What came of a run.
enum RunCopy {
    Copied,
    Kept,
    Unreadable(String),
}

/// Copies every record that differs and every run that is missing, under the locks of both places. Refuses as a whole
/// where a record of the target's would be lost.
pub(super) async fn copy(
    (from, to): (&dyn Place, &dyn Place),
    places: &[&dyn Place],
    force: bool,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    // Where there is nothing, nothing is locked, which might make the place.
    if from.list("").await?.is_empty() && from.list(HISTORY).await?.is_empty() {
        terminal.say(&format!("There are no records to copy in {}.", from.describe()));
        return Ok(Exit::Done);
    }
    let copied = locked(places, interrupt, async |locks| {
        let mut copied = Copied::default();
        copy_records(from, to, &locks, force, &mut copied).await?;
        let runs = copy_runs(from, to, &locks, &mut copied).await;
        runs.map_err(|failure| match copied.records {
            0 => failure,
            records => failure.hint(format!("{} were copied, and not all runs; run it again", records_of(records))),
        })?;
        Ok(copied)
    });
    let Copied { records, same, runs, unreadable } = copied.await?;
    for message in unreadable {
        terminal.warn(&format!("a run was left out: {message}"));
    }
    let runs = if runs > 0 { format!(" and {}", count(runs, "run")) } else { String::new() };
    let same = if same > 0 {
        format!("; {} {} the same already", records_of(same), if same == 1 { "was" } else { "were" })
    } else {
        String::new()
    };
    terminal.say(&format!("Copied {}{runs}{same}.", records_of(records)));
    Ok(Exit::Done)
}

fn records_of(number: usize) -> String {
    count(number, "record")
}

async fn copy_records(
    from: &dyn Place,
    to: &dyn Place,
    locks: &Locks<'_>,
    force: bool,
    copied: &mut Copied,
) -> Result<(), CommandFailure> {
    let pairs = stream::iter(recorded_orders(from).await?).map(|order| async move {
        let name = record_name(order);
        let (source, target) = tokio::try_join!(from.read(&name), to.read(&name))?;
        Ok::<_, StoreError>((order, source, target))
    });
    let pairs: Vec<_> = pairs.buffered(READS_AT_ONCE).try_collect().await?;
    let (mut differing, mut obstacles) = (Vec::new(), Vec::new());
    for (order, source, target) in pairs {
        let Some(source) = source else { continue };
        match target {
            Some(target) if target.bytes == source.bytes => copied.same += 1,
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
    for (order, bytes) in &differing {
        let written = async {
            locks.ensure_held().await?;
            Ok::<_, CommandFailure>(to.write(&record_name(*order), bytes).await?)
        };
        if let Err(failure) = written.await {
            let (done, all) = (copied.records, records_of(differing.len()));
            return Err(failure.hint(format!("{done} of {all} were copied; run it again to copy the rest")));
        }
        copied.records += 1;
    }
    Ok(())
}

/// Returns why a record of the target must not be lost, if so.
fn obstacle(source: &Stored, target: &Stored) -> Option<&'static str> {
    match serde_json::from_slice::<StateFile>(&target.bytes) {
        Err(_) => Some("it cannot be read"),
        Ok(file) if file.purchase.is_some() => Some("a purchase is open"),
        Ok(file) if file.bought.is_some_and(|bought| is_young(bought.when, Timestamp::now())) => {
            Some("a purchase was made just now")
        }
        // A bucket says the second alone: within the same one nobody can tell which is newer.
        Ok(_) if target.modified.as_second() >= source.modified.as_second() => Some("newer"),
        Ok(_) => None,
    }
}

/// Copies the runs that the target does not have, and those that ended since.
async fn copy_runs(
    from: &dyn Place,
    to: &dyn Place,
    locks: &Locks<'_>,
    copied: &mut Copied,
) -> Result<(), CommandFailure> {
    let there: BTreeSet<String> = to.list(HISTORY).await?.into_iter().collect();
    let there = &there;
    let copies = stream::iter(from.list(HISTORY).await?)
        .map(|run| async move { copy_run(from, to, locks, &run, there.contains(&run)).await });
    let mut copies = copies.buffered(READS_AT_ONCE);
    while let Some(run) = copies.try_next().await? {
        match run {
            RunCopy::Copied => copied.runs += 1,
            RunCopy::Kept => {}
            RunCopy::Unreadable(message) => copied.unreadable.push(message),
        }
    }
    Ok(())
}

/// Copies a run, unless the target has its end already: after that it changes no more.
async fn copy_run(
    from: &dyn Place,
    to: &dyn Place,
    locks: &Locks<'_>,
    run: &str,
    is_there: bool,
) -> Result<RunCopy, CommandFailure> {
    let source = match source_to_copy(from, to, run, is_there).await {
        Ok(Some(source)) => source,
        Ok(None) => return Ok(RunCopy::Kept),
        // One that is damaged hides no other.
        Err(StoreError { kind: StoreErrorKind::TooLarge | StoreErrorKind::Unreadable(_), message }) => {
            return Ok(RunCopy::Unreadable(message));
        }
        Err(error) => return Err(error.into()),
    };
    locks.ensure_held().await?;
    match is_there {
        true => to.write(run, &source.bytes).await?,
        false => to.create(run, &source.bytes).await?,
    }
    Ok(RunCopy::Copied)
}

/// Reads a run that the target needs: it has none, or one without an end in the place of one that ended.
async fn source_to_copy(
    from: &dyn Place,
    to: &dyn Place,
    run: &str,
    is_there: bool,
) -> Result<Option<Stored>, StoreError> {
    if is_there && to.read(run).await?.is_some_and(|target| has_ended(&target)) {
        return Ok(None);
    }
    Ok(from.read(run).await?.filter(|source| !is_there || has_ended(source)))
}

/// Returns whether the file of a run says when it ended.
fn has_ended(run: &Stored) -> bool {
    serde_json::from_slice::<serde_json::Value>(&run.bytes).is_ok_and(|run| !run["ended_at"].is_null())
}
