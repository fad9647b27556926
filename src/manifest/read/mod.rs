//! YAML files to [`Desired`], with the position of everything and all problems of all files.
//!
//! `files` reads, `tree` turns the events of the YAML parser into a small tree with positions, `decode` and `order`
//! hold it against the schema, `checks` looks at what was decoded.

mod address;
mod checks;
mod decode;
mod fields;
mod files;
mod load_error;
mod order;
mod scalar;
mod slips;
mod stretch;
mod suggest;
mod syntax;
pub(super) mod tree;
mod warning;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::diagnostic::{Problem, SourceFile, SourceMap};
use crate::model::{Desired, SourceId, hex};

pub use files::{MAX_FILE_BYTES, enclosure, is_read_from};
pub use load_error::{DEFAULT_PATH, LoadError};
pub(crate) use scalar::cents;
pub(super) use stretch::Stretch;
pub use warning::ManifestWarning;

use decode::Draft;
use files::Loaded;

/// What was read from the manifest files of one run.
#[derive(Debug)]
pub struct Manifest {
    /// The files, for showing positions in them.
    pub sources: SourceMap,
    /// What the files declare, taken together; `None` when there is a problem.
    pub desired: Option<Desired>,
    /// All problems of all files, by file and position.
    pub problems: Vec<Problem>,
    /// What is worth a remark and blocks nothing.
    pub warnings: Vec<ManifestWarning>,
}

/// Reads the manifest files at `paths`; a directory stands for the manifests directly in it, and `-` for standard input.
///
/// No path at all stands for [`DEFAULT_PATH`]. What is wrong inside the files is no error but in
/// [`Manifest::problems`].
///
/// # Errors
///
/// [`LoadError`] where a path leads to no manifest or a file cannot be read.
pub fn load(paths: &[PathBuf]) -> Result<Manifest, LoadError> {
    let loaded = files::load(paths)?;
    Ok(parse_readable(loaded))
}

/// Reads manifest files whose bytes are at hand, each with its name; each must be smaller than [`MAX_FILE_BYTES`].
pub fn from_bytes(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Manifest {
    let mut loaded = Loaded::default();
    for (name, bytes) in files {
        loaded.add(SourceFile::new(name, ""), bytes);
    }
    parse_readable(loaded)
}

/// Reads manifest files whose text is at hand; each must be smaller than [`MAX_FILE_BYTES`].
pub fn parse(sources: SourceMap) -> Manifest {
    parse_readable(Loaded { sources, ..Loaded::default() })
}

/// Reads what the text of one file declares, which may be no order; `None` where it is no valid manifest.
pub(super) fn declared(text: &str) -> Option<Desired> {
    let (mut draft, mut problems) = (Draft::default(), Vec::new());
    let file = SourceId(0);
    decode::document(file, text, tree::read(file, text, &mut problems)?, &mut draft, &mut problems);
    problems.is_empty().then(|| Desired { limits: draft.limits, orders: draft.orders, sha256: String::new() })
}

fn parse_readable(loaded: Loaded) -> Manifest {
    let Loaded { sources, mut problems, not_text, warnings } = loaded;
    let mut draft = Draft::default();
    for (file, source) in sources.iter().filter(|(file, _)| !not_text.contains(file)) {
        let first_problem = problems.len();
        if let Some(root) = tree::read(file, &source.text, &mut problems) {
            decode::document(file, &source.text, root, &mut draft, &mut problems);
        }
        if let Some(conflict) = slips::conflict(file, &source.text).filter(|_| problems.len() > first_problem) {
            problems.truncate(first_problem);
            problems.push(conflict);
        }
    }
    if problems.is_empty() && draft.orders.is_empty() {
        problems.push(draft.no_orders());
    }
    problems.sort_by_key(|problem| problem.primary.as_ref().map(|label| label.span));
    let desired = problems.is_empty().then(|| {
        let sha256 = digest(&sources);
        Desired { limits: draft.limits, orders: draft.orders, sha256 }
    });
    Manifest { sources, desired, problems, warnings }
}

/// Hashes the bytes of all files one after the other, so that one file gives what `sha256sum` prints.
fn digest(sources: &SourceMap) -> String {
    let mut hash = Sha256::new();
    for (_, source) in sources.iter() {
        hash.update(source.text.as_bytes());
    }
    hex(&hash.finalize())
}

/// Returns whether an ordinary file is a manifest, or was to be one: it has a `version`, and `orders` or `limits` with keys.
/// A saved plan has neither.
pub fn is_manifest_at(path: &Path) -> bool {
    let Some(text) = files::read_ordinary(path) else { return false };
    let Some(root) = tree::read(SourceId(0), &text, &mut Vec::new()) else { return false };
    let tree::Value::Mapping(entries) = &root.value else { return false };
    let field = |name: &str| entries.iter().find(|entry| entry.key.text == name);
    let has_keys = |name: &str| field(name).is_some_and(|it| matches!(it.value.value, tree::Value::Mapping(_)));
    field("version").is_some() && (has_keys("orders") || has_keys("limits"))
}
