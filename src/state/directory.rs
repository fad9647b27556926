//! Records in a directory of the local file system.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Holder, Lock, MAX_RECORD_BYTES, Raw, Record, Store, StoreError, TOO_LARGE, decode, encode};
use crate::model::{OrderId, Recorded, io_reason};

const LOCK_FILE: &str = ".lock";
const TEMPORARY_MIDDLE: &str = ".json.";
const TEMPORARY_SUFFIX: &str = ".tmp";

/// A directory with one file for each order.
#[derive(Debug, Clone)]
pub struct Directory {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    api_url: String,
}

/// The lock on a directory: held until it is dropped, and never longer than the process lives.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

/// What the lock's file says about the process that holds the lock.
#[derive(Debug, Serialize, Deserialize)]
struct LockFile {
    pid: u32,
    since: Timestamp,
}

impl Lock for DirectoryLock {
    fn ensure_held(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        // The operating system lets go of it when the file is closed.
        std::future::ready(()).boxed()
    }
}

impl Directory {
    /// Names the directory of the records that belong to an API URL. It need not exist; reading never creates it.
    pub fn new(path: impl Into<PathBuf>, api_url: impl Into<String>) -> Directory {
        Directory { inner: Arc::new(Inner { path: path.into(), api_url: api_url.into() }) }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.inner);
        let joined = tokio::task::spawn_blocking(move || work(&inner)).await;
        joined.unwrap_or_else(|_| Err(StoreError("the state could not be accessed: its task ended early".to_owned())))
    }
}

impl Store for Directory {
    fn load(&self, order_id: OrderId) -> BoxFuture<'_, Result<Record, StoreError>> {
        self.blocking(move |inner| inner.load(order_id)).boxed()
    }

    fn save<'a>(&'a self, order_id: OrderId, recorded: &'a Recorded) -> BoxFuture<'a, Result<(), StoreError>> {
        let bytes = encode(order_id, &self.inner.api_url, recorded);
        self.blocking(move |inner| inner.replace(order_id, &bytes)).boxed()
    }

    fn raw(&self, order_id: OrderId) -> BoxFuture<'_, Result<Option<Raw>, StoreError>> {
        self.blocking(move |inner| inner.raw(order_id)).boxed()
    }

    fn put_raw<'a>(&'a self, order_id: OrderId, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        let bytes = bytes.to_vec();
        self.blocking(move |inner| inner.replace(order_id, &bytes)).boxed()
    }

    fn forget(&self, order_id: OrderId) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.blocking(move |inner| inner.remove(order_id)).boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<OrderId>, StoreError>> {
        self.blocking(Inner::list).boxed()
    }

    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>> {
        self.blocking(|inner| Ok(Box::new(inner.lock()?) as Box<dyn Lock>)).boxed()
    }

    fn holder(&self) -> BoxFuture<'_, Result<Option<Holder>, StoreError>> {
        self.blocking(Inner::holder).boxed()
    }

    fn unlock<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let reason = "the lock on a directory ends with the process that holds it: end that process";
        std::future::ready(Err(StoreError(reason.to_owned()))).boxed()
    }
}

impl Inner {
    fn file(&self, order_id: OrderId) -> PathBuf {
        self.path.join(format!("{order_id}.json"))
    }

    fn read(&self, order_id: OrderId) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.file(order_id);
        let mut bytes = Vec::new();
        let file = check_kind(&path).and_then(|()| File::open(&path));
        match file.and_then(|file| file.take(MAX_RECORD_BYTES + 1).read_to_end(&mut bytes)) {
            Ok(read) if read as u64 > MAX_RECORD_BYTES => {
                Err(failed("read", &path, &io::ErrorKind::FileTooLarge.into()))
            }
            Ok(_) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path, &error)),
        }
    }

    fn raw(&self, order_id: OrderId) -> Result<Option<Raw>, StoreError> {
        let Some(bytes) = self.read(order_id)? else { return Ok(None) };
        let path = self.file(order_id);
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let modified = modified.map_err(|error| failed("read", &path, &error))?;
        Ok(Some(Raw { bytes, modified: Timestamp::try_from(modified).unwrap_or_default() }))
    }

    fn load(&self, order_id: OrderId) -> Result<Record, StoreError> {
        // An unreadable file is a matter of its order alone, like a damaged one.
        let decoded = match self.read(order_id) {
            Ok(None) => return Ok(Record::Known(Recorded::default())),
            Ok(Some(bytes)) => decode(&bytes, order_id, &self.api_url),
            Err(StoreError(message)) => return Ok(Record::Unusable { message }),
        };
        Ok(decoded.map(Record::Known).unwrap_or_else(|reason| {
            let path = self.file(order_id);
            let message = format!("the recorded state in {} cannot be used: {reason}", path.display());
            Record::Unusable { message }
        }))
    }

    /// Writes beside the file, syncs, renames over it and syncs the directory: a crash leaves the old file or the new.
    fn replace(&self, order_id: OrderId, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.file(order_id);
        let write = || -> io::Result<()> {
            let mut temporary = temporary_file(&self.path, order_id)?;
            temporary.write_all(bytes)?;
            temporary.as_file().sync_all()?;
            temporary.persist(&path).map_err(|error| error.error)?;
            sync_directory(&self.path)
        };
        write().map_err(|error| failed("write", &path, &error))
    }

    fn remove(&self, order_id: OrderId) -> Result<bool, StoreError> {
        let path = self.file(order_id);
        match fs::remove_file(&path).and_then(|()| sync_directory(&self.path)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("remove", &path, &error)),
        }
    }

    fn list(&self) -> Result<Vec<OrderId>, StoreError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.path, &error)),
        };
        let mut orders = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| failed("read", &self.path, &error))?.file_name();
            orders.extend(name.to_str().and_then(|name| name.strip_suffix(".json")?.parse::<OrderId>().ok()));
        }
        orders.sort_unstable();
        Ok(orders)
    }

    fn lock(&self) -> Result<DirectoryLock, StoreError> {
        create_directory(&self.path).map_err(|error| failed("create", &self.path, &error))?;
        let path = self.path.join(LOCK_FILE);
        let open = || File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let kind = check_kind(&path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        });
        let mut file = kind.and_then(|()| open()).map_err(|error| failed("lock", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.held_by(&mut file)),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
        }
        write_holder(&mut file).map_err(|error| failed("lock", &path, &error))?;
        self.remove_leftovers();
        Ok(DirectoryLock { _file: file })
    }

    fn holder(&self) -> Result<Option<Holder>, StoreError> {
        let path = self.path.join(LOCK_FILE);
        let mut file = match check_kind(&path).and_then(|()| File::open(&path)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path, &error)),
        };
        if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return Ok(None);
        }
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        let unknown = LockFile { pid: 0, since: Timestamp::UNIX_EPOCH };
        let LockFile { pid, since } = serde_json::from_str(&text).unwrap_or(unknown);
        Ok(Some(Holder { id: pid.to_string(), who: format!("process {pid}"), since, expires: None }))
    }

    fn held_by(&self, file: &mut File) -> StoreError {
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        let state = self.path.display();
        StoreError(match serde_json::from_str::<LockFile>(&text) {
            Ok(LockFile { pid, since }) => {
                format!("the state in {state} is locked by process {pid} since {since:.0}; wait until it has ended")
            }
            Err(_) => format!("the state in {state} is locked by another process; wait until it has ended"),
        })
    }

    /// Removes what writers that were killed left behind; no other writer is at work while the lock is held.
    fn remove_leftovers(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name.to_str().is_some_and(is_temporary) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Fails where something is not a file of its own. Whoever proposes a change to a directory in git can propose a link,
/// and it could lead to what nobody may read or write in this way, or to a device that never ends.
fn check_kind(path: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(path)?.file_type();
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => Ok(()),
        (false, true) => Err(io::ErrorKind::IsADirectory.into()),
        (false, false) => Err(io::Error::other("it is a link or a device, not a file")),
    }
}

fn temporary_file(directory: &Path, order_id: OrderId) -> io::Result<tempfile::NamedTempFile> {
    let prefix = format!(".{order_id}{TEMPORARY_MIDDLE}");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY_SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    builder.tempfile_in(directory)
}

/// Tells whether a name is one that [`temporary_file`] gives: the directory may hold what belongs to others.
fn is_temporary(name: &str) -> bool {
    let name = name.strip_prefix('.').and_then(|name| name.strip_suffix(TEMPORARY_SUFFIX));
    name.and_then(|name| name.split_once(TEMPORARY_MIDDLE))
        .is_some_and(|(order_id, _)| order_id.parse::<OrderId>().is_ok())
}

/// Creates a directory and those above it, durably: a synced file in a directory that a crash takes away is lost, too.
fn create_directory(path: &Path) -> io::Result<()> {
    let missing = path.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).count();
    fs::create_dir_all(path)?;
    for parent in path.ancestors().skip(1).take(missing) {
        sync_directory(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
    }
    Ok(())
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    // Other systems offer no handle to a directory that could be synced.
    Ok(())
}

fn write_holder(file: &mut File) -> io::Result<()> {
    let holder = LockFile { pid: std::process::id(), since: Timestamp::now() };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(serde_json::to_string(&holder)?.as_bytes())
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> StoreError {
    let reason = match error.kind() {
        io::ErrorKind::NotADirectory => "a part of its path is not a directory".to_owned(),
        io::ErrorKind::AlreadyExists => "it exists and is not a directory".to_owned(),
        io::ErrorKind::FileTooLarge => TOO_LARGE.to_owned(),
        _ => io_reason(error),
    };
    StoreError(format!("cannot {verb} the state in {}: {reason}", path.display()))
}
