//! Finding and reading the manifest files.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::load_error::{DEFAULT_PATH, LoadError};
use super::warning::ManifestWarning;
use crate::diagnostic::{Problem, ProblemCode, SourceFile, SourceMap};
use crate::model::{SourceId, Span};

const GIT_DIRECTORY: &str = ".git";

/// The largest manifest file that is read, 256 MiB; positions in it fit in 32 bits with room to spare.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// The path that stands for standard input, and its name in messages.
const STANDARD_INPUT: &str = "-";

/// The directory beside the manifests in which records are kept where no other place is named.
const STATE_DIRECTORY: &str = "shardctl.state";

/// The manifest files as they were read.
#[derive(Default)]
pub(super) struct Loaded {
    /// The files, those that are not UTF-8 with replacement characters.
    pub sources: SourceMap,
    /// One problem for each file that is not UTF-8.
    pub problems: Vec<Problem>,
    /// The files that are not UTF-8.
    pub not_text: BTreeSet<SourceId>,
    /// What is worth a remark.
    pub warnings: Vec<ManifestWarning>,
}

/// Reads every file that the paths lead to, each once.
pub(super) fn load(paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    let default = [PathBuf::from(DEFAULT_PATH)];
    let found = Found::at(if paths.is_empty() { &default } else { paths })?;
    let mut loaded = Loaded { warnings: found.warnings(), ..Loaded::default() };
    for file in found.files {
        let bytes = file.read()?;
        loaded.add(file.source(), bytes);
    }
    Ok(loaded)
}

impl Loaded {
    /// Adds the bytes of a file; what is no UTF-8 text is a problem.
    pub fn add(&mut self, mut file: SourceFile, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => {
                file.text = text;
                self.sources.add(file);
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let utf16 = matches!(error.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
                let byte = error.as_bytes()[at];
                file.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let file = self.sources.add(file);
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

/// A file that a path leads to.
struct FoundFile {
    /// The path, as it was given or as that of a directory with the name of the file.
    path: PathBuf,
    /// Where the file lies, without links; `None` for a pipe, which lies nowhere.
    target: Option<PathBuf>,
}

/// What the paths lead to.
#[derive(Default)]
struct Found {
    /// The files, in order; a file that is reached twice is listed once.
    files: Vec<FoundFile>,
    /// Where the files lie, or for a pipe the path that was given.
    seen: BTreeSet<PathBuf>,
    /// The subdirectories of the directories that were given.
    subdirectories: BTreeSet<PathBuf>,
}

impl Found {
    fn at(paths: &[PathBuf]) -> Result<Found, LoadError> {
        let mut found = Found::default();
        for path in paths {
            if path.as_os_str() == STANDARD_INPUT {
                found.add_standard_input()?;
                continue;
            }
            let is_directory = fs::metadata(path).map_err(|error| LoadError::of_io(path, &error))?.is_dir();
            let enclosure = enclosure(path);
            let files = if is_directory { found.open(path)? } else { vec![path.clone()] };
            for file in files {
                found.add(file, enclosure.as_deref(), is_directory)?;
            }
        }
        Ok(found)
    }

    fn add_standard_input(&mut self) -> Result<(), LoadError> {
        let path = PathBuf::from(STANDARD_INPUT);
        if !self.seen.insert(path.clone()) {
            return Err(LoadError::StandardInputTwice);
        }
        self.files.push(FoundFile { path, target: None });
        Ok(())
    }

    /// Adds a file that is not listed yet.
    fn add(&mut self, path: PathBuf, enclosure: Option<&Path>, is_entry: bool) -> Result<(), LoadError> {
        let target = path.canonicalize().ok();
        let lies = target.as_deref().unwrap_or(&path);
        if enclosure.is_some_and(|enclosure| !is_inside(lies, enclosure)) {
            return Err(LoadError::LeadsOut { path });
        }
        // A pipe that is given by name is the user's choice; one in a repository would hold up whoever reads it.
        if is_entry && !fs::metadata(&path).map_err(|error| LoadError::of_io(&path, &error))?.is_file() {
            return Err(LoadError::NotAFile { path });
        }
        if self.seen.insert(lies.to_owned()) {
            self.files.push(FoundFile { path, target });
        }
        Ok(())
    }

    /// Lists the manifests in a directory in the order of their names, and remembers its subdirectories.
    fn open(&mut self, directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| LoadError::of_io(directory, &error))?;
        let is_other = |entry: &&fs::DirEntry| entry.file_name() != STATE_DIRECTORY && !is_hidden(&entry.file_name());
        let is_directory = |entry: &&fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let subdirectories = entries.iter().filter(is_directory).filter(is_other);
        self.subdirectories.extend(subdirectories.map(|entry| within(directory, &entry.file_name())));
        let mut names: Vec<OsString> = entries.iter().map(fs::DirEntry::file_name).collect();
        names.retain(|name| is_manifest(name) && !directory.join(name).is_dir());
        names.sort();
        let files: Vec<_> = names.iter().map(|name| within(directory, name)).collect();
        if files.is_empty() { Err(LoadError::NoManifests { path: directory.to_owned() }) } else { Ok(files) }
    }

    /// Names the subdirectories with manifests that no path leads to.
    fn warnings(&self) -> Vec<ManifestWarning> {
        let left_out = |directory: &PathBuf| {
            let names = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
            let paths = names.filter(|name| is_manifest(name)).map(|name| directory.join(name));
            let is_read = |path: &PathBuf| path.canonicalize().is_ok_and(|target| self.seen.contains(&target));
            let files = paths.filter(|path| path.is_file() && !is_read(path)).count();
            (files > 0).then(|| ManifestWarning::NotRead { directory: directory.clone(), files })
        };
        self.subdirectories.iter().filter_map(left_out).collect()
    }
}

/// Returns the path of an entry of a directory; of the working directory the bare name, by which others know it, too.
fn within(directory: &Path, name: &OsStr) -> PathBuf {
    if directory == Path::new(".") { PathBuf::from(name) } else { directory.join(name) }
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
    let is_repository = |directory: &&Path| directory.join(GIT_DIRECTORY).exists() && is_itself(directory);
    let working = Some(&*working).filter(|working| whole.starts_with(working));
    let start = working.unwrap_or(&whole);
    start.ancestors().find(is_repository).or(working).map(Path::to_owned)
}

/// Returns whether no link is on the way to a directory. Its canonical path tells that only where systems spell paths in
/// one way: on Windows it begins with `\\?\` and has the long names, on macOS it has the case of the disk.
fn is_itself(directory: &Path) -> bool {
    !directory.ancestors().any(Path::is_symlink)
}

/// Returns whether a file, by its canonical path, lies in a directory, but not in what git keeps there.
fn is_inside(target: &Path, enclosure: &Path) -> bool {
    // Git keeps credentials in its own directory.
    let is_gits = |path: &Path| path.components().any(|component| component.as_os_str() == GIT_DIRECTORY);
    let enclosure = enclosure.canonicalize().unwrap_or_else(|_| enclosure.to_owned());
    target.strip_prefix(enclosure).is_ok_and(|path| !is_gits(path))
}

/// Returns whether a file at `path` is read as a manifest, or would be the next time, because it lies in one of the
/// directories among `manifests`.
pub fn is_read_from(path: &Path, manifests: &[PathBuf]) -> bool {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(directory) = directory.canonicalize() else { return false };
    let holds_it = |named: &PathBuf| named.canonicalize().is_ok_and(|named| named == directory);
    path.file_name().is_some_and(is_manifest) && manifests.iter().any(holds_it)
}

/// Reads an ordinary file that may be a manifest; what is larger than any manifest is not read, nor is anything else, which
/// may never end.
pub(super) fn read_ordinary(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let bytes = read_bounded(File::open(path).ok()?, metadata.len()).ok()??;
    String::from_utf8(bytes).ok()
}

/// Returns whether a name matches `*.yaml` or `*.yml` as a shell would: hidden files, such as an editor's, do not.
fn is_manifest(name: &OsStr) -> bool {
    let extension = Path::new(name).extension();
    !is_hidden(name) && extension.is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

impl FoundFile {
    /// Names the file; its text is not read yet.
    fn source(&self) -> SourceFile {
        let mut source = SourceFile::new(self.path.display().to_string(), "");
        source.path.clone_from(&self.target);
        source
    }

    fn read(&self) -> Result<Vec<u8>, LoadError> {
        let bytes = match self.path.as_os_str() == STANDARD_INPUT {
            true => read_bounded(io::stdin().lock(), 0),
            false => File::open(&self.path).and_then(|file| {
                let length = file.metadata()?.len();
                read_bounded(file, length)
            }),
        };
        let bytes = bytes.map_err(|error| LoadError::of_io(&self.path, &error))?;
        bytes.ok_or_else(|| LoadError::TooLarge { path: self.path.clone() })
    }
}

/// Reads to the end; `None` where that is beyond [`MAX_FILE_BYTES`].
fn read_bounded(input: impl Read, length: u64) -> io::Result<Option<Vec<u8>>> {
    if length > MAX_FILE_BYTES {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // The length of a pipe is not known beforehand, and a file may grow while it is read.
    input.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= MAX_FILE_BYTES).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a directory with a manifest in it; returns it without links, and the manifest's canonical path.
    fn directory_with_a_manifest() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let temporary = tempfile::tempdir().expect("a directory");
        let directory = temporary.path().canonicalize().expect("its path").join("repository");
        fs::create_dir_all(directory.join(GIT_DIRECTORY)).expect("a repository");
        for name in ["shardctl.yaml", ".git/config"] {
            fs::write(directory.join(name), "").expect("a file");
        }
        let manifest = directory.join("shardctl.yaml").canonicalize().expect("its path");
        (temporary, directory, manifest)
    }

    /// On Windows the path that was given and the canonical one always differ, elsewhere where a link is on the way.
    #[test]
    fn a_file_is_inside_its_directory_however_that_is_spelled() {
        let (temporary, directory, manifest) = directory_with_a_manifest();
        let given = temporary.path().join("repository");
        assert!(is_inside(&manifest, &given) && is_inside(&manifest, &directory));
        assert!(is_inside(&manifest, temporary.path()));
        assert!(!is_inside(&directory.join(".git/config").canonicalize().expect("its path"), &given), "git's own");
        assert!(!is_inside(&manifest, &given.join(GIT_DIRECTORY)), "beside it");
        assert!(!is_inside(&manifest, &temporary.path().join("gone")));
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_behind_a_link_is_not_itself_and_encloses_all_the_same() {
        let (temporary, directory, manifest) = directory_with_a_manifest();
        let link = temporary.path().join("link");
        std::os::unix::fs::symlink(&directory, &link).expect("a link");
        assert!(is_itself(&directory) && !is_itself(&link) && !is_itself(&link.join(GIT_DIRECTORY)));
        assert!(is_inside(&manifest, &link));
    }
}
