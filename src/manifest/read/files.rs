//! Finding and reading the manifest files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::{Problem, ProblemCode, SourceFile, SourceMap};
use crate::model::{SourceId, Span};

/// The manifest that is read where no path is given.
pub const DEFAULT_PATH: &str = "shardctl.yaml";

const GIT_DIRECTORY: &str = ".git";

/// The largest manifest file that is read, 256 MiB; positions in it fit in 32 bits with room to spare.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// Why the manifest files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path leads nowhere.
    #[error(
        "there is no manifest at `{}`: the default is `{DEFAULT_PATH}` in the working directory, and `-f PATH` names \
         another file or a directory",
        path.display()
    )]
    Missing {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A directory has no manifest in it.
    #[error("the directory `{}` holds no manifest: no file in it is named `*.yaml` or `*.yml`", path.display())]
    NoManifests {
        /// The directory.
        path: PathBuf,
    },
    /// The operating system refuses to give a file or directory.
    #[error("cannot read the manifest `{}`: {reason}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The reason in the operating system's words.
        reason: String,
    },
    /// A link leads out of the repository, or of the working directory.
    #[error(
        "the manifest `{}` leads by a link out of the repository or the working directory: what is elsewhere is not read; \
         copy the file, or name it by its own path",
        path.display()
    )]
    LeadsOut {
        /// The path, before the link is followed.
        path: PathBuf,
    },
    /// A file is beyond [`MAX_FILE_BYTES`].
    #[error("the manifest `{}` is larger than 256 MiB: split it into several files", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

impl LoadError {
    fn of_io(path: &Path, error: &io::Error) -> LoadError {
        let path = path.to_owned();
        if error.kind() == io::ErrorKind::NotFound {
            return LoadError::Missing { path };
        }
        let text = error.to_string();
        let reason = text.split(" (os error").next().unwrap_or(&text).to_lowercase();
        LoadError::Unreadable { path, reason }
    }
}

/// The manifest files as they were read.
#[derive(Default)]
pub(super) struct Loaded {
    /// The files, those that are not UTF-8 with replacement characters.
    pub sources: SourceMap,
    /// One problem for each file that is not UTF-8.
    pub problems: Vec<Problem>,
    /// The files that are not UTF-8.
    pub not_text: BTreeSet<SourceId>,
}

/// Reads every file that the paths lead to, each once.
pub(super) fn load(paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    let mut loaded = Loaded::default();
    for path in collect(paths)? {
        loaded.add(path.display().to_string(), read(&path)?);
    }
    Ok(loaded)
}

impl Loaded {
    /// Adds a file; what is no UTF-8 text is a problem.
    pub fn add(&mut self, name: String, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.sources.add(SourceFile::new(name, text));
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let utf16 = matches!(error.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
                let byte = error.as_bytes()[at];
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let file = self.sources.add(SourceFile::new(name, text));
                self.not_text.insert(file);
                self.problems.push(not_utf8(file, at as u32, byte, utf16));
            }
        }
    }
}

fn not_utf8(file: SourceId, at: u32, byte: u8, utf16: bool) -> Problem {
    let end = at + char::REPLACEMENT_CHARACTER.len_utf8() as u32;
    let help = if utf16 { "the file looks like UTF-16: save it as UTF-8" } else { "save the file as UTF-8" };
    Problem::new(ProblemCode::ManifestSyntax, "the file is not UTF-8 text")
        .at(Span { file, start: at, end }, format!("the byte 0x{byte:02x} is not UTF-8"))
        .help(help)
}

/// Lists the files that the paths lead to, in order; a file that is reached twice is listed once.
fn collect(paths: &[PathBuf]) -> Result<Vec<PathBuf>, LoadError> {
    let default = [PathBuf::from(DEFAULT_PATH)];
    let paths = if paths.is_empty() { &default } else { paths };
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        let found = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => manifests_in(path)?,
            Ok(_) => vec![path.clone()],
            Err(error) => return Err(LoadError::of_io(path, &error)),
        };
        let enclosure = enclosure(path);
        for file in found {
            // A pipe has no canonical path and is then known by the one that was given.
            let target = file.canonicalize().unwrap_or_else(|_| file.clone());
            if enclosure.as_ref().is_some_and(|enclosure| !is_inside(&target, enclosure)) {
                return Err(LoadError::LeadsOut { path: file });
            }
            if seen.insert(target) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// Returns what a path must not lead out of: the repository that it is in, or else the working directory. A pull request
/// can propose a link to any file of the machine, and a problem shows the line that it is at. What is named by a path
/// to elsewhere is the user's own choice.
pub fn enclosure(path: &Path) -> Option<PathBuf> {
    let working = std::env::current_dir().ok()?;
    // Without a look at what is there: a link on the way is what this is about.
    let mut whole = PathBuf::new();
    for component in working.join(path).components() {
        match component {
            Component::ParentDir => _ = whole.pop(),
            other => whole.push(other),
        }
    }
    let is_itself = |directory: &Path| directory.canonicalize().is_ok_and(|real| real == directory);
    let is_repository = |directory: &&Path| directory.join(GIT_DIRECTORY).exists() && is_itself(directory);
    let working = Some(&*working).filter(|working| whole.starts_with(working));
    let start = working.unwrap_or(&whole);
    start.ancestors().find(is_repository).or(working).map(Path::to_owned)
}

fn is_inside(target: &Path, enclosure: &Path) -> bool {
    // Git keeps credentials in its own directory.
    let is_gits = |path: &Path| path.components().any(|component| component.as_os_str() == GIT_DIRECTORY);
    target.strip_prefix(enclosure).is_ok_and(|path| !is_gits(path))
}

fn manifests_in(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| LoadError::of_io(directory, &error))?;
    let mut names: Vec<_> =
        entries.iter().map(fs::DirEntry::file_name).filter(|name| is_manifest(name.as_ref())).collect();
    names.sort();
    let files: Vec<_> = names.iter().map(|name| directory.join(name)).filter(|file| !file.is_dir()).collect();
    if files.is_empty() { Err(LoadError::NoManifests { path: directory.to_owned() }) } else { Ok(files) }
}

/// Tells whether a name matches `*.yaml` or `*.yml` as a shell would: hidden files, such as an editor's, do not.
fn is_manifest(name: &Path) -> bool {
    let hidden = name.as_os_str().as_encoded_bytes().starts_with(b".");
    !hidden && name.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |error: io::Error| LoadError::of_io(path, &error);
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > MAX_FILE_BYTES {
        return Err(LoadError::TooLarge { path: path.to_owned() });
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // The length of a pipe is not known beforehand, and a file may grow while it is read.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES { Err(LoadError::TooLarge { path: path.to_owned() }) } else { Ok(bytes) }
}
