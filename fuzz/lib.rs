//! What the fuzz targets have in common: the properties, which `cargo test` tries without a fuzzer, too.

#[path = "../tests/it/fuzz/properties.rs"]
pub mod properties;
