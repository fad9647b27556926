//! What to do where there is no manifest.

use std::path::Path;

use super::failure::CommandFailure;
use crate::manifest::{DEFAULT_PATH, LoadError};

/// How far up a manifest is looked for.
const LEVELS: usize = 8;

/// Makes a failure of why there is no manifest; `is_default` where nobody named one.
pub(super) fn failure(error: LoadError, is_default: bool) -> CommandFailure {
    let is_missing = matches!(error, LoadError::Missing { .. });
    let failure = CommandFailure::from(error);
    match above().filter(|_| is_missing && is_default) {
        Some(path) => failure.hint(format!("there is one at {path}: `-f {path}` takes it")),
        None if is_missing && is_default => {
            failure.hint(format!("`shardctl import --all --into {DEFAULT_PATH}` writes one"))
        }
        None => failure,
    }
}

/// Looks for a manifest above the working directory, up to the root of the repository. It is named and never taken: what
/// an apply is about must not depend on what lies around.
fn above() -> Option<String> {
    let mut way = String::new();
    for _ in 0..LEVELS {
        if Path::new(&way).join(".git").exists() {
            return None;
        }
        way.push_str("../");
        let path = format!("{way}{DEFAULT_PATH}");
        if Path::new(&path).is_file() {
            return Some(path);
        }
    }
    None
}
