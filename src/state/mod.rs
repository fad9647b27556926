//! The recorded state: one small file for each order, replaced atomically, and the lock for those who write.

#[cfg(feature = "remote-state")]
mod clouds;
mod directory;
mod file;
#[cfg(feature = "remote-state")]
mod lease;
#[cfg(feature = "remote-state")]
mod remote;
#[cfg(feature = "remote-state")]
mod whereabouts;
#[cfg(feature = "remote-state")]
mod words;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::model::{OrderId, Recorded};

pub use directory::{Directory, DirectoryLock};
pub use file::{FORMAT_VERSION, StateFile, decode, encode, schema};
#[cfg(feature = "remote-state")]
pub use lease::LeaseTimes;
#[cfg(feature = "remote-state")]
pub use remote::Remote;

/// A larger file is no record: one of 100,000 IPs takes about 6 MB.
pub const MAX_RECORD_BYTES: u64 = 64 << 20;

const TOO_LARGE: &str = "it is too large to be a record";

/// What is recorded of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A record that can be used; an order without a file has an empty one.
    Known(Recorded),
    /// A record that is damaged or belongs to another API URL; it is never replaced silently.
    Unusable {
        /// What is wrong, and what to do.
        message: String,
    },
}

/// Why the recorded state could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// The stored bytes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// When they were written, by the clock of the place.
    pub modified: Timestamp,
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The lock's own id.
    pub id: String,
    /// The process.
    pub who: String,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself; `None`: with its process.
    pub expires: Option<Timestamp>,
}

/// A lock that is held.
pub trait Lock: Send + Sync {
    /// Fails where it was lost, as far as can be known; asked before every write.
    fn ensure_held(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Gives it up.
    fn release(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// A place that keeps records.
pub trait Store: Send + Sync {
    /// Reads the record of an order; an order of which nothing is recorded has an empty record.
    fn load(&self, order_id: OrderId) -> BoxFuture<'_, Result<Record, StoreError>>;

    /// Replaces the record of an order, durably once this returns.
    fn save<'a>(&'a self, order_id: OrderId, recorded: &'a Recorded) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Returns the stored bytes of an order's record as they are, if there are any.
    fn raw(&self, order_id: OrderId) -> BoxFuture<'_, Result<Option<Raw>, StoreError>>;

    /// Replaces the stored bytes of an order's record as they are given.
    fn put_raw<'a>(&'a self, order_id: OrderId, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Drops what is recorded of an order; tells whether there was anything.
    fn forget(&self, order_id: OrderId) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Lists the orders of which something is recorded.
    fn list(&self) -> BoxFuture<'_, Result<Vec<OrderId>, StoreError>>;

    /// Takes the lock for those who write, at once or not at all.
    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>>;

    /// Tells who holds the lock, if anybody does.
    fn holder(&self) -> BoxFuture<'_, Result<Option<Holder>, StoreError>>;

    /// Breaks the lock with an id.
    fn unlock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}
