//! The locks of the places that a command reads and writes, and the signals that stop it.

use std::cell::Cell;
use std::pin::pin;
use std::time::{Duration, Instant};

use crate::cli::failure::CommandFailure;
use crate::cli::interrupt::Signals;
use crate::state::{Lock, Place};

/// For how long a lock has to be held when something is written: longer than one request takes.
const WRITE_TIME: Duration = Duration::from_secs(30);
/// A second signal within this time is the first one, sent twice by who passes signals on.
const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// Locks that are held.
pub(super) struct Locks<'a> {
    held: &'a [Box<dyn Lock>],
    stop: &'a Cell<bool>,
}

impl Locks<'_> {
    /// Fails where somebody asked to stop, or where a lock was lost; asked before every write.
    pub(super) async fn ensure_held(&self) -> Result<(), CommandFailure> {
        if self.stop.get() {
            return Err(interrupted());
        }
        for lock in self.held {
            lock.ensure_held_for(WRITE_TIME).await?;
        }
        Ok(())
    }
}

fn interrupted() -> CommandFailure {
    CommandFailure::new("interrupted before it was done")
}

/// Does something under the locks of places. A signal stops it before its next write, and a second one where it is; the
/// locks are given up in any case.
pub(super) async fn locked<T>(
    places: &[&dyn Place],
    work: impl AsyncFnOnce(Locks<'_>) -> Result<T, CommandFailure>,
) -> Result<T, CommandFailure> {
    let mut signals = Signals::new();
    let mut held = Vec::new();
    let result = async {
        for place in places {
            tokio::select! {
                lock = place.lock() => held.push(lock?),
                () = signals.next() => return Err(interrupted()),
            }
        }
        let stop = Cell::new(false);
        unless_stopped(work(Locks { held: &held, stop: &stop }), &stop, &mut signals).await
    }
    .await;
    for lock in held.into_iter().rev() {
        lock.release().await;
    }
    result
}

async fn unless_stopped<T>(
    work: impl Future<Output = Result<T, CommandFailure>>,
    stop: &Cell<bool>,
    signals: &mut Signals,
) -> Result<T, CommandFailure> {
    let mut work = pin!(work);
    let mut first: Option<Instant> = None;
    loop {
        tokio::select! {
            result = &mut work => return result,
            () = signals.next() => match first {
                Some(first) if first.elapsed() >= SAME_SIGNAL => {
                    return Err(CommandFailure::new("interrupted: what was under way may have been done, or not"));
                }
                Some(_) => {}
                None => {
                    first = Some(Instant::now());
                    stop.set(true);
                }
            },
        }
    }
}
