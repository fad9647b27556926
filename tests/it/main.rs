//! The integration tests, one binary.

mod architecture;
#[cfg(all(feature = "sandbox", feature = "remote-state"))]
mod buckets;
mod cases;
#[cfg(feature = "sandbox")]
mod cli;
mod client;
#[cfg(feature = "sandbox")]
mod contract;
#[cfg(feature = "sandbox")]
mod day_two;
#[cfg(feature = "sandbox")]
mod events;
#[cfg(feature = "sandbox")]
mod executor;
mod forecast;
mod fuzz;
#[cfg(feature = "sandbox")]
mod history;
#[cfg(feature = "sandbox")]
mod hostile;
mod imported;
mod manifest;
#[cfg(feature = "sandbox")]
mod money;
mod openapi;
#[cfg(feature = "sandbox")]
mod openmetrics;
mod order_status;
mod outlook;
mod plan_properties;
#[cfg(feature = "sandbox")]
mod readme;
#[cfg(feature = "sandbox")]
mod recipes;
#[cfg(feature = "remote-state")]
mod remote_state;
mod rendered;
#[cfg(feature = "sandbox")]
mod renewals;
mod review;
mod rig;
#[cfg(feature = "sandbox")]
mod sandbox;
#[cfg(feature = "sandbox")]
mod saved_plans;
mod saved_where;
#[cfg(feature = "sandbox")]
mod schemas;
#[cfg(all(unix, feature = "sandbox"))]
mod signals;
#[cfg(feature = "sandbox")]
mod soak;
#[cfg(feature = "sandbox")]
mod state_directory;
mod state_files;
#[cfg(all(unix, feature = "sandbox"))]
mod state_lock;
#[cfg(feature = "sandbox")]
mod sweep;
#[cfg(feature = "sandbox")]
mod tutorial;
mod words;
#[cfg(feature = "sandbox")]
mod workflows;
#[cfg(feature = "sandbox")]
mod worlds;
