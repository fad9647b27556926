//! The history of a place: one file for each run that changed something, written before its first write.
//!
//! Here it is names and bytes; what a run's file says is the document's own matter.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::error::{StoreError, StoreErrorKind};
use super::names::{HISTORY, RunName, run_file, run_of};
use super::place::Place;

/// How many runs are read at once.
const READS_AT_ONCE: usize = 16;
/// How many names are tried: one that another run has is one in sixteen million.
const NAMES_TRIED: u32 = 3;

/// The runs that a place keeps.
#[derive(Clone)]
pub struct History {
    place: Arc<dyn Place>,
}

impl History {
    /// Names the history of a place. Reading creates nothing.
    pub fn new(place: Arc<dyn Place>) -> History {
        History { place }
    }

    /// Stores the file of a run that begins, durably once this returns; the document is made for the name that it gets.
    pub async fn begin(
        &self,
        started: Timestamp,
        document: impl Fn(&RunName) -> Vec<u8>,
    ) -> Result<RunName, StoreError> {
        let mut tried = 0;
        loop {
            let run = RunName::fresh(started);
            tried += 1;
            match self.place.create(&run_file(&run), &document(&run)).await {
                Ok(()) => return Ok(run),
                Err(error) if error.kind == StoreErrorKind::Conflict && tried < NAMES_TRIED => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Replaces the file of a run, durably once this returns; afterwards it changes no more.
    pub async fn finish(&self, run: &RunName, document: &[u8]) -> Result<(), StoreError> {
        self.place.write(&run_file(run), document).await
    }

    /// Lists the runs, newest first.
    pub async fn list(&self) -> Result<Vec<RunName>, StoreError> {
        let names = self.place.list(HISTORY).await?;
        let mut runs: Vec<RunName> = names.iter().filter_map(|name| run_of(name)).collect();
        runs.sort_unstable_by(|one, other| other.cmp(one));
        Ok(runs)
    }

    /// Reads the file of a run, if there is one.
    pub async fn read(&self, run: &RunName) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.place.read(&run_file(run)).await?.map(|stored| stored.bytes))
    }

    /// Reads the files of all runs, newest first. One that cannot be read is an error of its own and hides no other; one
    /// that vanished meanwhile is left out.
    pub async fn read_all(&self) -> Result<Vec<(RunName, Result<Vec<u8>, StoreError>)>, StoreError> {
        Ok(self.read_each(self.list().await?).await)
    }

    /// Reads the files of runs, in their order; otherwise as [`read_all`](History::read_all).
    pub async fn read_each(&self, runs: Vec<RunName>) -> Vec<(RunName, Result<Vec<u8>, StoreError>)> {
        let reads = stream::iter(runs).map(|run| async move {
            let read = self.read(&run).await.transpose()?;
            Some((run, read))
        });
        reads.buffered(READS_AT_ONCE).filter_map(std::future::ready).collect().await
    }

    /// Returns the file of a run as messages name it.
    pub fn name_of(&self, run: &RunName) -> String {
        self.place.name_of(&run_file(run))
    }
}
