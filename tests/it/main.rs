//! The integration tests, one binary.

#[cfg(feature = "sandbox")]
mod cli;
mod client;
mod manifest;
mod openapi;
#[cfg(feature = "sandbox")]
mod sandbox;
