//! The recorded state: one small file for each order, replaced as a whole, and the lock for those who write.
//!
//! A [`Place`] keeps bytes under names: a [`Directory`], or a bucket (`Remote`). Two things are kept there. [`Records`]
//! are what the API acknowledged: a file for each order, of one API, in the layout of `file`. The [`History`] is what was
//! done: a file for each run.
//!
//! Whoever writes takes the [`Lock`] of the place first and asks before each write whether it still holds it. In a
//! directory that is a lock of the system (`lock_file`), in a bucket a lease that a thread of its own renews (`lease`,
//! `keeper`).

#[cfg(feature = "remote-state")]
mod bucket;
#[cfg(feature = "remote-state")]
mod clouds;
mod directory;
mod error;
mod file;
mod files;
mod history;
mod holder;
#[cfg(feature = "remote-state")]
mod keeper;
#[cfg(feature = "remote-state")]
mod lease;
#[cfg(feature = "remote-state")]
mod lease_file;
mod lock_file;
mod moment;
mod names;
mod place;
mod random;
mod records;
#[cfg(feature = "remote-state")]
mod remote;
#[cfg(feature = "remote-state")]
mod whereabouts;
#[cfg(feature = "remote-state")]
mod words;

pub use directory::{Directory, DirectoryLock, keeps};
pub use error::{StoreError, StoreErrorKind};
pub use file::{FORMAT_VERSION, StateFile, decode, encode, schema};
pub use history::History;
pub use holder::Holder;
#[cfg(feature = "remote-state")]
pub use lease_file::LeaseTimes;
pub use moment::Moment;
pub use names::{HISTORY, MAX_RECORD_BYTES, MAX_RUN_BYTES, RunName, record_name};
pub use place::{Lock, Place, Stored};
pub use records::{Record, Records, recorded_orders};
#[cfg(feature = "remote-state")]
pub use remote::Remote;
