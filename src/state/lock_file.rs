//! The lock of a directory: a file that the system locks for as long as it is open.
//!
//! The system locks the file, not its name. Where the file is removed or replaced, or its directory moved away, the next
//! who comes makes another one and locks that. So the open file is compared with the one that its path names: once it is
//! locked, and before each write. On Unix they are told apart by device and inode. On Windows nobody can remove or
//! rename the file while it is open, nor the directory that it is in, because it is opened without leave for that. Other
//! systems show no identity of a file; there the file only has to be still there.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::{check_file, if_there};
use super::holder::Holder;
use crate::model::Foreign;

/// The most that is read of what a holder says.
const MAX_WORDS: u64 = 4096;

/// How often it is tried to take a lock that is held, or whose file is replaced under way. Whoever only looks who holds
/// it holds it for a moment.
const ATTEMPTS: u32 = 5;
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// The lock's file, open and locked.
#[derive(Debug)]
pub(super) struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// Returns whether the file that is locked is still the one that the path names, as far as the system tells.
    pub(super) fn is_in_place(&self) -> bool {
        matches!(is_named(&self.file, &self.path), Ok(true))
    }
}

/// What came of an attempt to take a lock.
pub(super) enum Taking {
    /// It is taken.
    Taken(LockFile),
    /// Somebody else holds it.
    Held(Holder),
}

/// What the lock's file says about the process that holds the lock.
#[derive(Debug, Serialize, Deserialize)]
struct Words {
    pid: u32,
    since: Timestamp,
}

/// Takes the lock whose file has a path, at once or not at all.
pub(super) fn take(path: &Path) -> io::Result<Taking> {
    let mut held = None;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            thread::sleep(PAUSE);
        }
        if_there(check_file(path))?;
        let mut file = open(path)?;
        match file.try_lock() {
            // Somebody may have put another file in its place between the two.
            Ok(()) if !is_named(&file, path)? => {}
            Ok(()) => {
                write_holder(&mut file)?;
                return Ok(Taking::Taken(LockFile { file, path: path.to_owned() }));
            }
            Err(TryLockError::WouldBlock) => held = Some(read_holder(&mut file)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    held.map(Taking::Held).ok_or_else(|| io::Error::other("its file is replaced again and again"))
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        // FILE_SHARE_READ and FILE_SHARE_WRITE, without FILE_SHARE_DELETE.
        options.share_mode(0x1 | 0x2);
    }
    options.open(path)
}

/// Returns whether a path names an open file.
#[cfg(unix)]
fn is_named(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let Some(named) = if_there(fs::symlink_metadata(path))? else { return Ok(false) };
    let own = file.metadata()?;
    Ok((own.dev(), own.ino()) == (named.dev(), named.ino()))
}

#[cfg(not(unix))]
fn is_named(_file: &File, path: &Path) -> io::Result<bool> {
    Ok(if_there(fs::symlink_metadata(path))?.is_some())
}

/// Returns who holds the lock whose file has a path, if anybody does.
pub(super) fn holder(path: &Path) -> io::Result<Option<Holder>> {
    let Some(mut file) = if_there(check_file(path).and_then(|()| File::open(path)))? else { return Ok(None) };
    let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    Ok(is_held.then(|| read_holder(&mut file)))
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let _ = file.take(MAX_WORDS).read_to_string(&mut text);
    let (id, who, since) = match serde_json::from_str(&text) {
        Ok(Words { pid, since }) => (pid.to_string(), format!("process {pid}"), Some(since)),
        Err(_) => (String::new(), "another process".to_owned(), None),
    };
    Holder { id: Foreign::new(id), who: Foreign::new(who), since, expires: None }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    let words = Words { pid: std::process::id(), since: Timestamp::now() };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(serde_json::to_string(&words)?.as_bytes())
}
