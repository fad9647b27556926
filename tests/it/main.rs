//! The integration tests, one binary.

mod architecture;
#[cfg(feature = "sandbox")]
mod cli;
mod client;
#[cfg(feature = "sandbox")]
mod executor;
mod manifest;
mod openapi;
#[cfg(feature = "sandbox")]
mod sandbox;
#[cfg(feature = "sandbox")]
mod schemas;
