//! The manifest: `read` makes [`Desired`](crate::model::Desired) of YAML files, `write` is the one writer of YAML,
//! `edit` changes a file in place, `document` is a manifest as plain types, and `schema` the JSON Schema that editors use.

pub mod document;
pub mod edit;
mod field_schemas;
mod read;
mod schema;
pub mod write;

pub use document::Document;
pub(crate) use read::cents;
pub use read::{
    DEFAULT_PATH, LoadError, MAX_FILE_BYTES, Manifest, ManifestWarning, enclosure, from_bytes, is_manifest_at,
    is_read_from, load, parse,
};
pub use schema::schema;
