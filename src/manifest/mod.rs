//! The manifest: `read` makes [`Desired`](crate::model::Desired) of YAML files, `write` is the one writer of YAML, and
//! `document` is the schema as plain types, for the JSON Schema that editors use.

pub mod document;
mod read;
pub mod write;

pub use document::{Document, schema};
pub use read::{DEFAULT_PATH, LoadError, MAX_FILE_BYTES, Manifest, enclosure, from_bytes, load, parse};
