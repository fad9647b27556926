//! A stateful simulation of the vendor's API over HTTP on loopback, for tests, trials and demonstrations.
//!
//! It models the vendor, including what its API hides, and knows nothing of plans.

mod account;
mod account_file;
mod call;
mod control;
mod faults;
mod log;
mod operation;
mod routes;
mod server;
mod wire;

pub use account::{Account, AddonLine, Charge, Kind, Order, Preview, Proxy, Refusal};
pub use account_file::AccountError;
pub use control::Control;
pub use faults::{Action, FaultCount, FaultRule, Target, When};
pub use log::{LOG_CAPACITY, LoggedRequest};
pub use operation::Operation;
pub use server::{Running, Sandbox, default_listen};
