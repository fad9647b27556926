//! A place in a directory of the local file system.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::error::{StoreError, StoreErrorKind};
use super::files::{self, Existing, check_directory, check_file, create_directory, if_there};
use super::holder::Holder;
use super::lock_file::{self, LockFile, Taking};
use super::names;
use super::place::{Lock, Place, Stored};
use super::random::filler;
use crate::model::{io_reason, printable};

const LOCK_FILE: &str = ".lock";
/// What a file takes of a disk is mostly a multiple of so many bytes.
const BLOCK: u64 = 4096;

/// Returns whether a path leads to a record, a run or the lock of a directory, whether such a file is there yet or not.
pub fn keeps(directory: &Path, path: &Path) -> bool {
    let target = fs::read_link(path).map_or_else(|_| path.to_owned(), |target| path.with_file_name(target));
    let (Some(folder), Some(file)) = (target.parent(), target.file_name()) else { return false };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (Ok(directory), Ok(folder)) = (directory.canonicalize(), folder.canonicalize()) else { return false };
    let Ok(inside) = folder.strip_prefix(directory) else { return false };
    let mut name = inside.join(file).to_string_lossy().into_owned();
    if cfg!(windows) {
        name = name.replace('\\', "/");
    }
    name == LOCK_FILE || names::check(&name).is_ok()
}

/// A directory with one file for each order.
#[derive(Debug, Clone)]
pub struct Directory {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// The lock that was taken here and not given up.
    held: Mutex<Option<LockFile>>,
}

/// The lock on a directory: held until it is dropped, and never longer than the process lives.
#[derive(Debug)]
pub struct DirectoryLock {
    inner: Arc<Inner>,
}

impl Lock for DirectoryLock {
    fn ensure_held_for(&self, _duration: Duration) -> BoxFuture<'_, Result<(), StoreError>> {
        blocking(&self.inner, Inner::ensure_held).boxed()
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // The operating system lets go of it when the file is closed.
        *self.inner.held() = None;
    }
}

impl Directory {
    /// Names a directory. It need not exist; reading never creates it. It may be a link: whoever names it chose it.
    pub fn new(path: impl Into<PathBuf>) -> Directory {
        Directory { inner: Arc::new(Inner { path: path.into(), held: Mutex::default() }) }
    }

    /// Names the directory that is used where nobody named one, beside the manifest. Whoever proposes a change to the
    /// repository can put a link there: it must not lead out of `enclosure`, the repository or the working directory.
    pub fn default_beside(path: impl Into<PathBuf>, enclosure: Option<&Path>) -> Result<Directory, StoreError> {
        let path = path.into();
        match enclosure {
            Some(enclosure) if files::leads_out(&path, enclosure) => Err(StoreError::bad_place(format!(
                "the state directory {} leads by a link out of the repository or the working directory: what is elsewhere \
                 is neither read nor written, unless it is named by --state",
                shown(&path)
            ))),
            _ => Ok(Directory::new(path)),
        }
    }
}

async fn blocking<T: Send + 'static>(
    inner: &Arc<Inner>,
    work: impl FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let inner = Arc::clone(inner);
    let joined = tokio::task::spawn_blocking(move || work(&inner)).await;
    let ended = "the state could not be accessed: its task ended early";
    joined.unwrap_or_else(|_| Err(StoreError::unavailable(ended)))
}

impl Place for Directory {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        let name = name.to_owned();
        blocking(&self.inner, move |inner| inner.read(&name)).boxed()
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        let (name, bytes) = (name.to_owned(), bytes.to_vec());
        blocking(&self.inner, move |inner| inner.write(&name, &bytes, Existing::Replaced)).boxed()
    }

    fn create<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        let (name, bytes) = (name.to_owned(), bytes.to_vec());
        blocking(&self.inner, move |inner| inner.write(&name, &bytes, Existing::Kept)).boxed()
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        let name = name.to_owned();
        blocking(&self.inner, move |inner| inner.remove(&name)).boxed()
    }

    fn list<'a>(&'a self, folder: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        let folder = folder.to_owned();
        blocking(&self.inner, move |inner| inner.list(&folder)).boxed()
    }

    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>> {
        let inner = Arc::clone(&self.inner);
        let lock = move |_: &Inner| Ok(Box::new(Inner::lock(inner)?) as Box<dyn Lock>);
        blocking(&self.inner, lock).boxed()
    }

    fn holder(&self) -> BoxFuture<'_, Result<Option<Holder>, StoreError>> {
        blocking(&self.inner, Inner::holder).boxed()
    }

    fn unlock<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let reason = "the lock on a directory ends with its process: wait until that has ended, or stop it";
        std::future::ready(Err(StoreError::unavailable(reason))).boxed()
    }

    fn probe<'a>(&'a self, files: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>> {
        // All of them are to find room, each in blocks of its own.
        let blocks = files.iter().map(|file| (*file).min(names::MAX_RECORD_BYTES).next_multiple_of(BLOCK));
        let bytes = blocks.fold(0, u64::saturating_add).min(names::MAX_RECORD_BYTES);
        blocking(&self.inner, move |inner| inner.probe(bytes)).boxed()
    }

    fn name_of(&self, name: &str) -> String {
        shown(&self.inner.path.join(name))
    }

    fn describe(&self) -> String {
        shown(&self.inner.path)
    }
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

impl Inner {
    fn held(&self) -> MutexGuard<'_, Option<LockFile>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the path of something that is kept here. The folder that it is in may be missing, but is no link.
    fn file(&self, name: &str) -> Result<PathBuf, StoreError> {
        names::check(name)?;
        if let Some((folder, _)) = name.split_once('/') {
            self.check_folder(folder)?;
        }
        Ok(self.path.join(name))
    }

    fn folder(&self, folder: &str) -> PathBuf {
        if folder.is_empty() { self.path.clone() } else { self.path.join(folder) }
    }

    /// Fails where a folder is a link; returns whether it is there.
    fn check_folder(&self, folder: &str) -> Result<bool, StoreError> {
        let path = self.path.join(folder);
        let found = if_there(check_directory(&path)).map_err(|error| failed("use", &path, &error))?;
        Ok(found.is_some())
    }

    fn read(&self, name: &str) -> Result<Option<Stored>, StoreError> {
        let path = self.file(name)?;
        let read = || -> io::Result<(Vec<u8>, Timestamp)> {
            check_file(&path)?;
            let file = File::open(&path)?;
            let modified = Timestamp::try_from(file.metadata()?.modified()?).unwrap_or_default();
            let mut bytes = Vec::new();
            file.take(names::limit(name) + 1).read_to_end(&mut bytes)?;
            Ok((bytes, modified))
        };
        match if_there(read()) {
            Ok(None) => Ok(None),
            Ok(Some((bytes, _))) if bytes.len() as u64 > names::limit(name) => Err(StoreError::new(
                StoreErrorKind::TooLarge,
                format!("cannot read the state in {}: {}", shown(&path), names::too_large(name)),
            )),
            Ok(Some((bytes, modified))) => Ok(Some(Stored { bytes, modified })),
            // It is the place itself that is a file, or lies below one.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(failed("read", &self.path, &error)),
            Err(error) => {
                let StoreError { message, .. } = failed("read", &path, &error);
                Err(StoreError::new(StoreErrorKind::Unreadable(error.kind()), message))
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8], existing: Existing) -> Result<(), StoreError> {
        let path = self.file(name)?;
        names::check_size(name, bytes)?;
        self.ensure_ours(name)?;
        let written = match path.parent().filter(|parent| *parent != self.path) {
            Some(folder) => create_directory(folder),
            None => Ok(()),
        };
        let written = written.and_then(|()| files::replace(&path, bytes, existing));
        written.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists if existing == Existing::Kept => {
                let message = format!("cannot write the state in {}: it exists already", shown(&path));
                StoreError::new(StoreErrorKind::Conflict, message)
            }
            _ => failed("write", &path, &error),
        })
    }

    fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let path = self.file(name)?;
        self.ensure_ours(name)?;
        let removed = if_there(files::remove(&path)).map_err(|error| failed("remove", &path, &error))?;
        Ok(removed.is_some())
    }

    /// Writes a file of so many bytes as records are written, and removes it.
    fn probe(&self, bytes: u64) -> Result<(), StoreError> {
        let path = self.path.join(names::probe_file());
        let tried = files::replace(&path, &filler(bytes), Existing::Kept).and_then(|()| files::remove(&path));
        tried.map_err(|error| failed("write", &self.path, &error))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let path = self.folder(folder);
        if !folder.is_empty() && !self.check_folder(folder)? {
            return Ok(Vec::new());
        }
        let entries = if_there(fs::read_dir(&path)).map_err(|error| failed("read", &path, &error))?;
        let mut found = Vec::new();
        for entry in entries.into_iter().flatten() {
            let entry = entry.map_err(|error| failed("read", &path, &error))?.file_name();
            found.extend(entry.to_str().and_then(|entry| names::listed(folder, entry)));
        }
        found.sort_unstable();
        Ok(found)
    }

    fn lock(inner: Arc<Inner>) -> Result<DirectoryLock, StoreError> {
        create_directory(&inner.path).map_err(|error| failed("create", &inner.path, &error))?;
        let path = inner.path.join(LOCK_FILE);
        match lock_file::take(&path).map_err(|error| failed("lock", &path, &error))? {
            Taking::Taken(file) => *inner.held() = Some(file),
            Taking::Held(holder) => return Err(inner.held_by(holder)),
        }
        let lock = DirectoryLock { inner };
        lock.inner.remove_leftovers("");
        lock.inner.remove_leftovers(names::HISTORY);
        Ok(lock)
    }

    /// Fails where the lock was taken here and is held no more.
    fn ensure_held(&self) -> Result<(), StoreError> {
        if self.held().as_ref().is_none_or(LockFile::is_in_place) {
            return Ok(());
        }
        let message = format!(
            "the lock on the state in {} was lost: its file was removed or replaced, or the directory moved away. Nothing \
             further is written; make sure that no other apply is at work, and run again",
            shown(&self.path)
        );
        Err(StoreError::new(StoreErrorKind::Lost, message))
    }

    /// Fails where a record may be somebody else's by now. A run's file is always that run's own.
    fn ensure_ours(&self, name: &str) -> Result<(), StoreError> {
        if names::order_of(name).is_some() { self.ensure_held() } else { Ok(()) }
    }

    fn holder(&self) -> Result<Option<Holder>, StoreError> {
        let path = self.path.join(LOCK_FILE);
        lock_file::holder(&path).map_err(|error| failed("read", &path, &error))
    }

    fn held_by(&self, holder: Holder) -> StoreError {
        let message =
            format!("the state in {} is locked by {}; wait until it has ended", shown(&self.path), holder.words());
        StoreError::new(StoreErrorKind::Held { holder: Box::new(holder) }, message)
    }

    /// Removes what writers that were killed left behind; no other writer is at work while the lock is held.
    fn remove_leftovers(&self, folder: &str) {
        if !folder.is_empty() && !matches!(self.check_folder(folder), Ok(true)) {
            return;
        }
        for entry in fs::read_dir(self.folder(folder)).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            if names::is_probe(name) || files::stem_of_temporary(name).is_some_and(names::is_stem) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> StoreError {
    let reason = match error.kind() {
        io::ErrorKind::NotADirectory if path.exists() => "it is not a directory".to_owned(),
        io::ErrorKind::NotADirectory => "a part of its path is not a directory".to_owned(),
        io::ErrorKind::AlreadyExists if !path.exists() => "it is a link that leads nowhere".to_owned(),
        io::ErrorKind::AlreadyExists => "it exists and is not a directory".to_owned(),
        _ => io_reason(error),
    };
    StoreError::unavailable(format!("cannot {verb} the state in {}: {reason}", shown(path)))
}
