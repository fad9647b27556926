//! A place in a bucket: the same objects as in the directory, conditional writes, and a lease in place of the lock.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use super::bucket::{Bucket, Object};
use super::clouds::{connect, parse_place};
use super::error::{StoreError, StoreErrorKind};
use super::holder::Holder;
use super::lease::Lease;
use super::lease_file::{self, LeaseTimes};
use super::names;
use super::place::{Lock, Place, Stored};
use super::random::filler;

/// The object by which it is tried whether the bucket can be written to. The name is always the same, so that what a
/// process that was killed left behind is written over by the next, and removed.
const PROBE_OBJECT: &str = "probe.json";

/// A prefix of a bucket with one object for each order.
#[derive(Clone)]
pub struct Remote {
    bucket: Arc<Bucket>,
    /// Where it was opened by its URL, so that it can be opened again.
    url: Option<Url>,
    lease_times: LeaseTimes,
}

/// Opens the bucket of a URL, with connections of its own.
fn open_bucket(url: &Url) -> Result<Bucket, StoreError> {
    let store = connect(url)?;
    let prefix = Path::from_url_path(url.path())
        .map_err(|_| StoreError::bad_place(format!("--state {url}: the prefix is no path of a bucket")))?;
    Ok(Bucket::new(store, prefix, url.to_string()))
}

impl Remote {
    /// Opens a place by its URL: `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`. Credentials and
    /// endpoint come from the usual environment of each cloud. Nothing is sent yet.
    pub fn open(url: &str) -> Result<Remote, StoreError> {
        let parsed = parse_place(url)?;
        // Fails only where a provider is installed already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bucket = Arc::new(open_bucket(&parsed)?);
        Ok(Remote { bucket, url: Some(parsed), lease_times: LeaseTimes::default() })
    }

    /// Uses a store that is open already, also for the lease, which is renewed by another thread and runtime; `place` names
    /// it in messages.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: Path, place: impl Into<String>) -> Remote {
        let bucket = Arc::new(Bucket::new(store, prefix, place));
        Remote { bucket, url: None, lease_times: LeaseTimes::default() }
    }

    /// Uses other times for leases.
    pub fn with_lease_times(mut self, times: LeaseTimes) -> Remote {
        self.lease_times = times;
        self
    }

    /// Reads an object and remembers its version.
    async fn get(&self, name: &str) -> Result<Option<Object>, StoreError> {
        names::check(name)?;
        let object = self.bucket.get(name, names::limit(name)).await;
        let object = object.map_err(|error| self.bucket.failed("read", &error))?;
        self.bucket.remember(name, object.as_ref().map(|object| object.version.clone()));
        Ok(object)
    }

    async fn stored(&self, name: &str) -> Result<Option<Stored>, StoreError> {
        let Some(Object { content, modified, .. }) = self.get(name).await? else { return Ok(None) };
        let too_large = || {
            let message = format!("cannot read the state in {}: {}", self.bucket.object(name), names::too_large(name));
            StoreError::new(StoreErrorKind::TooLarge, message)
        };
        Ok(Some(Stored { bytes: content.ok_or_else(too_large)?, modified }))
    }

    async fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        names::check(name)?;
        names::check_size(name, bytes)?;
        if self.bucket.seen(name).is_none() {
            self.get(name).await?;
        }
        let seen = self.bucket.seen(name).flatten();
        match self.bucket.put(name, bytes, seen).await.map_err(|error| self.bucket.failed("write", &error))? {
            Some(version) => {
                self.bucket.remember(name, Some(version));
                Ok(())
            }
            None => Err(self.conflict(name)),
        }
    }

    fn conflict(&self, name: &str) -> StoreError {
        let (what, place) = (names::words(name), &self.bucket.place);
        let message = format!("somebody else changed {what} in {place} meanwhile: nothing was overwritten; run again");
        StoreError::new(StoreErrorKind::Conflict, message)
    }

    async fn add(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        names::check(name)?;
        self.bucket.remember(name, None);
        self.replace(name, bytes).await
    }

    /// Writes an object of so many bytes as records are written, and removes it.
    async fn try_to_write(&self, bytes: u64) -> Result<(), StoreError> {
        let failed = |error| self.bucket.failed("write", &error);
        // Unlike any other, so that it is not taken for one that is there already.
        let bytes = filler(bytes);
        let mut written = self.bucket.put(PROBE_OBJECT, &bytes, None).await.map_err(failed)?;
        if written.is_none() {
            let left = self.bucket.get(PROBE_OBJECT, 0).await.map_err(failed)?;
            written = self.bucket.put(PROBE_OBJECT, &bytes, left.map(|left| left.version)).await.map_err(failed)?;
        }
        // One that may not be removed does no harm: the next is written over it.
        let _ = self.bucket.delete(PROBE_OBJECT).await;
        written.map(drop).ok_or_else(|| self.conflict(PROBE_OBJECT))
    }

    async fn delete(&self, name: &str) -> Result<bool, StoreError> {
        // There is no conditional removal: the lock alone keeps others away.
        let existed = self.get(name).await?.is_some();
        if existed {
            self.bucket.delete(name).await.map_err(|error| self.bucket.failed("remove", &error))?;
        }
        self.bucket.remember(name, None);
        Ok(existed)
    }

    async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let listed = self.bucket.list(folder).await.map_err(|error| self.bucket.failed("list", &error))?;
        let mut found: Vec<String> = listed.iter().filter_map(|entry| names::listed(folder, entry)).collect();
        found.sort_unstable();
        Ok(found)
    }
}

impl Place for Remote {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        self.stored(name).boxed()
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        self.replace(name, bytes).boxed()
    }

    fn create<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        self.add(name, bytes).boxed()
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.delete(name).boxed()
    }

    fn list<'a>(&'a self, folder: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        self.names(folder).boxed()
    }

    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>> {
        async move {
            let bucket = match &self.url {
                Some(url) => Arc::new(open_bucket(url)?),
                None => Arc::clone(&self.bucket),
            };
            Ok(Box::new(Lease::take(bucket, self.lease_times).await?) as Box<dyn Lock>)
        }
        .boxed()
    }

    fn holder(&self) -> BoxFuture<'_, Result<Option<Holder>, StoreError>> {
        lease_file::holder(&self.bucket, self.lease_times).boxed()
    }

    fn unlock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        lease_file::unlock(&self.bucket, self.lease_times, id).boxed()
    }

    fn probe<'a>(&'a self, files: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>> {
        // A bucket does not grow full: what may be refused is an object that is too large.
        let largest = files.iter().copied().max().unwrap_or_default();
        self.try_to_write(largest.min(names::MAX_RECORD_BYTES)).boxed()
    }

    fn name_of(&self, name: &str) -> String {
        self.bucket.object(name)
    }

    fn describe(&self) -> String {
        self.bucket.place.clone()
    }
}
