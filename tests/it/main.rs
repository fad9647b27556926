//! The integration tests, one binary.

mod manifest;
mod openapi;
#[cfg(feature = "sandbox")]
mod sandbox;
