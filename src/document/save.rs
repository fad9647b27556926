//! Where a plan is saved: whatever its path leads to is written to as what it is.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
#[cfg(not(unix))]
use std::path::PathBuf;

use super::PlanDocument;
use crate::diagnostic::SourceMap;

/// Saves a plan.
///
/// An ordinary file is replaced as a whole, so that nobody reads half a plan, and keeps its mode and, where that is
/// allowed, its owner; a new one gets the mode that files usually get. A link is followed. A device or a pipe is written
/// to, and so is a file that cannot be replaced because something is mounted on it or its directory is closed to others.
///
/// # Errors
///
/// Those of the file system.
pub fn save(path: &Path, document: &PlanDocument) -> io::Result<()> {
    let mut bytes = Vec::new();
    super::write(&mut bytes, document)?;
    if is_open_already(path) {
        return append(path, &bytes);
    }
    match fs::metadata(path) {
        Ok(old) if old.is_file() => replace(&fs::canonicalize(path)?, &old, &bytes),
        Ok(_) => write_into(path, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => write_into(path, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, &bytes),
        Err(error) => Err(error),
    }
}

/// Returns which of the manifest's files a path leads to, by whatever name.
pub fn manifest_at<'s>(path: &Path, sources: &'s SourceMap) -> Option<&'s str> {
    let there = Identity::of(path)?;
    let is_there = |file: &Path| Identity::of(file).is_some_and(|file| file == there);
    let (_, file) = sources.iter().find(|(_, file)| file.path.as_deref().is_some_and(is_there))?;
    Some(&file.name)
}

/// What two names of one file have in common.
#[derive(PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    inode: (u64, u64),
    #[cfg(not(unix))]
    path: PathBuf,
}

impl Identity {
    /// Returns `None` where there is no file.
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Identity> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path).ok()?;
        Some(Identity { inode: (metadata.dev(), metadata.ino()) })
    }

    /// Returns `None` where there is no file.
    #[cfg(not(unix))]
    fn of(path: &Path) -> Option<Identity> {
        Some(Identity { path: path.canonicalize().ok()? })
    }
}

/// Returns whether a path names what a process has open, as `/dev/stdout` does: others write to the same file.
fn is_open_already(path: &Path) -> bool {
    cfg!(unix) && ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|start| path.starts_with(start))
}

fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(bytes)
}

fn write_into(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)?.write_all(bytes)
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What the process's mask forbids is left out by the system.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    put(&mut builder, path, bytes, |_| Ok(()))
}

fn replace(path: &Path, old: &Metadata, bytes: &[u8]) -> io::Result<()> {
    let replaced = put(&mut tempfile::Builder::new(), path, bytes, |file| keep_access(file, old));
    replaced.or_else(|error| if can_only_be_written_to(&error) { write_into(path, bytes) } else { Err(error) })
}

/// Returns whether the file itself may still be written to; where the disk is full, say, that would only destroy it.
fn can_only_be_written_to(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(error.kind(), CrossesDevices | PermissionDenied | ReadOnlyFilesystem | ResourceBusy)
}

/// Writes a file beside `path` and puts it in its place.
fn put(
    builder: &mut tempfile::Builder<'_, '_>,
    path: &Path,
    bytes: &[u8],
    prepare: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = builder.prefix(".shardctl-plan.").tempfile_in(directory)?;
    file.write_all(bytes)?;
    prepare(file.as_file())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Gives a file the owner, as far as that is allowed, and the mode of another.
fn keep_access(file: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Without the right to give files away the group may still be one of the user's own.
        let _ = fchown(file, Some(old.uid()), Some(old.gid())).or_else(|_| fchown(file, None, Some(old.gid())));
    }
    file.set_permissions(old.permissions())
}
