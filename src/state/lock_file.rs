//! The lock of a directory: a file that the system locks for as long as it is open.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::{check_file, if_there};
use super::holder::Holder;
use crate::model::Foreign;

/// The most that is read of what a holder says.
const MAX_WORDS: u64 = 4096;

/// The lock's file, open and locked.
#[derive(Debug)]
pub(super) struct LockFile {
    _file: File,
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
    if_there(check_file(path))?;
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Taking::Held(read_holder(&mut file))),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    write_holder(&mut file)?;
    Ok(Taking::Taken(LockFile { _file: file }))
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
