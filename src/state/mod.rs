//! The recorded state: one small file for each order, replaced atomically, and the lock for those who write.

mod directory;
mod file;

use futures_util::future::BoxFuture;

use crate::model::{OrderId, Recorded};

pub use directory::{Directory, DirectoryLock};
pub use file::{FORMAT_VERSION, StateFile, decode, encode, schema};

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

/// A place that keeps records.
pub trait Store: Send + Sync {
    /// Reads the record of an order; an order of which nothing is recorded has an empty record.
    fn load(&self, order_id: OrderId) -> BoxFuture<'_, Result<Record, StoreError>>;

    /// Replaces the record of an order, durably once this returns.
    fn save<'a>(&'a self, order_id: OrderId, recorded: &'a Recorded) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Returns the stored bytes of an order's record as they are, if there are any.
    fn raw(&self, order_id: OrderId) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>>;

    /// Drops what is recorded of an order; tells whether there was anything.
    fn forget(&self, order_id: OrderId) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Lists the orders of which something is recorded.
    fn list(&self) -> BoxFuture<'_, Result<Vec<OrderId>, StoreError>>;

    /// Takes the lock for those who write; it is given back when what is returned is dropped.
    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Send + Sync>, StoreError>>;
}
