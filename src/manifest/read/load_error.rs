//! Why manifest files cannot be read.

use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::quoted_path;
use crate::model::io_reason;

/// The manifest that is read where no path is given.
pub const DEFAULT_PATH: &str = "shardctl.yaml";

/// Why the manifest files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path leads nowhere.
    #[error(
        "there is no manifest at {}: the default is `{DEFAULT_PATH}` in the working directory, and `-f PATH` names \
         another file or a directory",
        quoted_path(path)
    )]
    Missing {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A directory has no manifest in it.
    #[error("the directory {} holds no manifest: no file in it is named `*.yaml` or `*.yml`", quoted_path(path))]
    NoManifests {
        /// The directory.
        path: PathBuf,
    },
    /// A directory holds a pipe, a socket or a device under the name of a manifest: to read it might never end.
    #[error(
        "{} is no file: of what a directory holds only files are read; remove it, or name it by a `-f` of its own",
        quoted_path(path)
    )]
    NotAFile {
        /// The entry of the directory.
        path: PathBuf,
    },
    /// Standard input is named more than once.
    #[error("`-f -` stands for standard input, which can be read once only: name it once")]
    StandardInputTwice,
    /// The operating system refuses to give a file or directory.
    #[error("cannot read the manifest {}: {reason}", quoted_path(path))]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The reason in the operating system's words.
        reason: String,
    },
    /// A link leads out of the repository, or of the working directory.
    #[error(
        "the manifest {} leads by a link out of the repository or the working directory: what is elsewhere is not read; \
         copy the file, or name it by its own path",
        quoted_path(path)
    )]
    LeadsOut {
        /// The path, before the link is followed.
        path: PathBuf,
    },
    /// A file is beyond [`MAX_FILE_BYTES`](super::MAX_FILE_BYTES).
    #[error("the manifest {} is larger than 256 MiB: split it into several files", quoted_path(path))]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

impl LoadError {
    /// Says that the operating system does not give a file or directory.
    pub(super) fn of_io(path: &Path, error: &io::Error) -> LoadError {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => LoadError::Missing { path },
            _ => LoadError::Unreadable { path, reason: io_reason(error) },
        }
    }
}
