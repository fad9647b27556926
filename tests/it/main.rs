//! The integration tests, one binary.

mod manifest;
mod openapi;
mod sandbox;
