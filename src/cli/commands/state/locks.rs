//! The locks of the places that a command reads and writes, and the signal that stops it.

use std::time::Duration;

use crate::cli::failure::CommandFailure;
use crate::cli::interrupt::Interrupt;
use crate::state::{Lock, Place};

/// For how long a lock has to be held when something is written: longer than one request takes.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// Locks that are held.
pub(super) struct Locks<'a> {
    held: &'a [Box<dyn Lock>],
    interrupt: &'a Interrupt,
}

impl Locks<'_> {
    /// Fails where somebody asked to stop, or where a lock was lost; asked before every write.
    pub(super) async fn ensure_held(&self) -> Result<(), CommandFailure> {
        if self.interrupt.is_asked() {
            return Err(CommandFailure::new("interrupted before it was done"));
        }
        for lock in self.held {
            lock.ensure_held_for(WRITE_TIME).await?;
        }
        Ok(())
    }
}

/// Does something under the locks of places. A signal stops it before its next write; the locks are given up in any case.
pub(super) async fn locked<T>(
    places: &[&dyn Place],
    interrupt: &Interrupt,
    work: impl AsyncFnOnce(Locks<'_>) -> Result<T, CommandFailure>,
) -> Result<T, CommandFailure> {
    let mut held = Vec::new();
    let result = async {
        for place in places {
            held.push(interrupt.unless_asked(async { Ok(place.lock().await?) }).await?);
        }
        work(Locks { held: &held, interrupt }).await
    }
    .await;
    for lock in held.into_iter().rev() {
        lock.release().await;
    }
    result
}
