//! Files that are replaced as a whole, and links that are not followed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const GIT_DIRECTORY: &str = ".git";
const TEMPORARY_MIDDLE: &str = ".json.";
const TEMPORARY_SUFFIX: &str = ".tmp";

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It is replaced.
    Replaced,
    /// It stays, and that is an error.
    Kept,
}

/// Writes beside the file, syncs, renames over it and syncs the directory: a crash leaves the old file or the new.
pub(super) fn replace(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let directory = parent(path);
    let mut temporary = temporary_file(directory, path)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    let renamed = match existing {
        Existing::Replaced => temporary.persist(path),
        Existing::Kept => temporary.persist_noclobber(path),
    };
    renamed.map_err(|error| error.error)?;
    sync_directory(directory)
}

/// Removes a file, durably.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_directory(parent(path))
}

/// Fails where something is not a file of its own. Whoever proposes a change to a directory in git can propose a link,
/// and it could lead to what nobody may read or write in this way, or to a device that never ends.
pub(super) fn check_file(path: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(path)?.file_type();
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => Ok(()),
        (false, true) => Err(io::ErrorKind::IsADirectory.into()),
        (false, false) => Err(io::Error::other("it is a link or a device, not a file")),
    }
}

/// Fails where something is not a directory of its own, for the same reason.
pub(super) fn check_directory(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.file_type().is_dir() {
        true => Ok(()),
        false => Err(io::Error::other("it is a link or a file, not a directory")),
    }
}

/// Returns whether a path leads out of a directory by a link, or may do so. What is not there yet is where the nearest
/// directory above it is that is there.
pub(super) fn leads_out(path: &Path, enclosure: &Path) -> bool {
    let above = |path: &Path| match path.as_os_str().is_empty() {
        true => Path::new(".").canonicalize().ok(),
        // A link to what is not there may lead anywhere by the time that it is.
        false if path.is_symlink() && !path.exists() => Some(PathBuf::new()),
        false => path.canonicalize().ok(),
    };
    let target = path.ancestors().find_map(above).unwrap_or_default();
    let inside =
        enclosure.canonicalize().ok().and_then(|enclosure| Some(target.strip_prefix(enclosure).ok()?.to_owned()));
    // Git keeps credentials in its own directory.
    inside.is_none_or(|inside| inside.components().any(|component| component.as_os_str() == GIT_DIRECTORY))
}

/// Turns "there is no such file" into nothing.
pub(super) fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// Creates a directory and those above it, durably: a synced file in a directory that a crash takes away is lost, too.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    let missing = path.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).count();
    fs::create_dir_all(path)?;
    for made in path.ancestors().take(missing) {
        sync_directory(parent(made))?;
    }
    Ok(())
}

/// Returns the directory that a file is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_file(directory: &Path, path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY_SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    builder.tempfile_in(directory)
}

/// Returns the stem of the file that a temporary one was to become; `None`: the name belongs to somebody else.
pub(super) fn stem_of_temporary(name: &str) -> Option<&str> {
    let name = name.strip_prefix('.')?.strip_suffix(TEMPORARY_SUFFIX)?;
    name.split_once(TEMPORARY_MIDDLE).map(|(stem, _)| stem)
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    // Other systems offer no handle to a directory that could be synced.
    Ok(())
}
