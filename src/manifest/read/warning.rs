//! What is worth a remark about the manifest files that were read.

use std::fmt;
use std::path::PathBuf;

use crate::diagnostic::quoted_path;
use crate::model::count;

/// Something about the manifest files that is no problem and may not be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestWarning {
    /// A directory stands for what is directly in it, and a subdirectory has files that look like manifests.
    NotRead {
        /// The subdirectory, as it would be given.
        directory: PathBuf,
        /// How many of its files are not read.
        files: usize,
    },
}

impl fmt::Display for ManifestWarning {
    /// Writes what it is and what to do, in one sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ManifestWarning::NotRead { directory, files } = self;
        let name = quoted_path(directory);
        let are = if *files == 1 { "looks like a manifest and is" } else { "look like manifests and are" };
        write!(
            f,
            "{} in the subdirectory {name} {are} not read: a directory stands for what is directly in it; add `-f` with \
             that path to read more",
            count(*files, "file")
        )
    }
}
