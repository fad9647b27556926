//! Where bytes are kept: what a directory and a bucket have in common.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::error::StoreError;
use super::holder::Holder;

/// Stored bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// When they were written, by the clock of the place.
    pub modified: Timestamp,
}

/// A lock that is held.
pub trait Lock: Send + Sync {
    /// Fails where it is not certain that it is held now; asked before every write.
    fn ensure_held(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.ensure_held_for(Duration::ZERO)
    }

    /// Fails where it is not certain that it is held now and for as long as is said: the time that a request to the API
    /// may take. A lock that ends with its process is held as long as it is held at all.
    fn ensure_held_for(&self, duration: Duration) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Gives it up.
    fn release(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// A place that keeps bytes under names: a directory or a bucket.
///
/// A name is that of a record, `48213.json`, or of a run, `history/20261123T021300Z-4f3a9c.json`; any other is refused.
pub trait Place: Send + Sync {
    /// Reads what is stored under a name, if there is anything.
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Stored>, StoreError>>;

    /// Replaces what is stored under a name as a whole, durably once this returns. Where the place can tell, it fails
    /// if somebody else wrote it since it was read or written last here.
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Stores something under a name that nothing is stored under yet, durably once this returns.
    fn create<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Removes what is stored under a name; returns whether there was anything.
    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Lists the names of what a folder holds, in order: `""` holds the records, [`HISTORY`](super::HISTORY) the runs.
    fn list<'a>(&'a self, folder: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>>;

    /// Takes the lock for those who write, at once or not at all. Dropped before it is done, it leaves no lock behind.
    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>>;

    /// Returns who holds the lock, if anybody does.
    fn holder(&self) -> BoxFuture<'_, Result<Option<Holder>, StoreError>>;

    /// Breaks the lock with an id.
    fn unlock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Fails where files of so many bytes cannot be written here: tries it with as many, up to the most that a record
    /// has, and leaves nothing behind. Only for who holds the lock.
    fn probe<'a>(&'a self, files: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Returns what is stored under a name as messages name it.
    fn name_of(&self, name: &str) -> String;

    /// Returns the place as messages name it, and as `--state` takes it.
    fn describe(&self) -> String;
}
