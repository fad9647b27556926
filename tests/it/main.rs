//! The integration tests, one binary.

mod openapi;
#[cfg(feature = "sandbox")]
mod sandbox;
