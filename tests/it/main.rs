//! The integration tests, one binary.

mod cases;
mod manifest;
mod openapi;
mod plan_properties;
#[cfg(feature = "sandbox")]
mod sandbox;
mod state_files;
mod words;
