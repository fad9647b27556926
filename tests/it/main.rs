//! The integration tests, one binary.

mod manifest;
