//! The integration tests, one binary.

mod cases;
#[cfg(feature = "sandbox")]
mod cli;
mod client;
#[cfg(feature = "sandbox")]
mod executor;
mod manifest;
mod openapi;
mod plan_properties;
#[cfg(feature = "sandbox")]
mod readme;
#[cfg(feature = "sandbox")]
mod recipes;
#[cfg(feature = "sandbox")]
mod sandbox;
mod state_files;
mod words;
