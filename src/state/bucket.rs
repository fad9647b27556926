//! A prefix of a bucket: its objects are read with their versions, and written only if they are still what was seen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult, UpdateVersion,
};

use super::error::StoreError;
use super::words::{is_missing_bucket, reason};

/// A prefix of a bucket, and the versions of its objects as they were last seen.
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The place as messages name it, without anything secret.
    pub(super) place: String,
    /// The version that was read or written last, by name; `None`: there was no object.
    versions: Mutex<BTreeMap<String, Option<UpdateVersion>>>,
}

/// An object of the bucket.
pub(super) struct Object {
    /// `None`: it is larger than was asked for, and was not read.
    pub(super) content: Option<Vec<u8>>,
    pub(super) version: UpdateVersion,
    pub(super) modified: Timestamp,
}

impl Bucket {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: Path, place: impl Into<String>) -> Bucket {
        Bucket { store, prefix, place: place.into(), versions: Mutex::default() }
    }

    fn path(&self, name: &str) -> Path {
        name.split('/').fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// Names an object as messages do.
    pub(super) fn object(&self, name: &str) -> String {
        format!("{}/{name}", self.place.trim_end_matches('/'))
    }

    pub(super) fn failed(&self, verb: &str, error: &Error) -> StoreError {
        StoreError::unavailable(format!("cannot {verb} the state in {}: {}", self.place, reason(error)))
    }

    /// Returns the version of an object that was seen last; the outer `None`: nobody looked yet.
    pub(super) fn seen(&self, name: &str) -> Option<Option<UpdateVersion>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn remember(&self, name: &str, version: Option<UpdateVersion>) {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), version);
    }

    /// Reads an object with its version, if there is one; its content only up to a limit of bytes.
    pub(super) async fn get(&self, name: &str, limit: u64) -> Result<Option<Object>, Error> {
        let result = match self.store.get_opts(&self.path(name), GetOptions::default()).await {
            Ok(result) => result,
            // A bucket that is missing holds no records that are missing.
            Err(error @ Error::NotFound { .. }) if !is_missing_bucket(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let meta = result.meta.clone();
        let version = UpdateVersion { e_tag: meta.e_tag, version: meta.version };
        let modified = Timestamp::from_second(meta.last_modified.timestamp()).unwrap_or_default();
        let content = if meta.size <= limit { Some(result.bytes().await?.to_vec()) } else { None };
        Ok(Some(Object { content, version, modified }))
    }

    /// Writes an object only if it is still what was seen; `None` where somebody else wrote it.
    ///
    /// An answer that was lost makes a second attempt meet the first one's object: what counts is what is there.
    pub(super) async fn put(
        &self,
        name: &str,
        bytes: &[u8],
        seen: Option<UpdateVersion>,
    ) -> Result<Option<UpdateVersion>, Error> {
        let update = seen.is_some();
        let mode = seen.map_or(PutMode::Create, PutMode::Update);
        let payload = PutPayload::from(bytes.to_vec());
        let put = self.store.put_opts(&self.path(name), payload, PutOptions { mode, ..PutOptions::default() }).await;
        let error = match put {
            Ok(PutResult { e_tag, version, .. }) => return Ok(Some(UpdateVersion { e_tag, version })),
            Err(error) => error,
        };
        let conflict = match &error {
            Error::AlreadyExists { .. } | Error::Precondition { .. } => true,
            Error::NotFound { .. } => update && !is_missing_bucket(&error),
            _ => false,
        };
        match self.get(name, bytes.len() as u64).await {
            Ok(Some(object)) if object.content.as_deref() == Some(bytes) => Ok(Some(object.version)),
            Ok(_) if conflict => Ok(None),
            Err(unread) if conflict => Err(unread),
            _ => Err(error),
        }
    }

    /// Removes an object, whatever its version: there is no conditional removal.
    pub(super) async fn delete(&self, name: &str) -> Result<(), Error> {
        self.store.delete(&self.path(name)).await
    }

    /// Lists the last parts of the names of what is in a folder, but not below it.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<String>, Error> {
        let folder = if folder.is_empty() { self.prefix.clone() } else { self.path(folder) };
        let objects = self.store.list_with_delimiter(Some(&folder)).await?.objects;
        Ok(objects.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect())
    }
}
