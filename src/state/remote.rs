//! Records in a bucket: the same objects as in the directory, conditional writes, and a lease in place of the lock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult, UpdateVersion,
};

use super::clouds::{connect, parse_place};
use super::lease::{self, Lease, LeaseTimes};
use super::words::{is_missing_bucket, reason};
use super::{Holder, Lock, MAX_RECORD_BYTES, Raw, Record, Store, StoreError, TOO_LARGE, decode, encode};
use crate::model::{OrderId, Recorded};

/// The lease's object; its name is no order's.
pub(super) const LEASE_OBJECT: &str = "lock.json";

/// A prefix of a bucket with one object for each order.
#[derive(Clone)]
pub struct Remote {
    inner: Arc<Bucket>,
    lease_times: LeaseTimes,
}

/// A prefix of a bucket, and the versions of its objects as they were last seen.
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The place as messages name it, without anything secret.
    pub(super) place: String,
    api_url: String,
    /// The version that was read or written last; `None`: there was no object.
    versions: Mutex<BTreeMap<OrderId, Option<UpdateVersion>>>,
}

impl Remote {
    /// Opens a place by its URL: `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`. Credentials and
    /// endpoint come from the usual environment of each cloud. Nothing is sent yet.
    pub fn open(url: &str, api_url: impl Into<String>) -> Result<Remote, StoreError> {
        let parsed = parse_place(url)?;
        // Fails only where a provider is installed already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = connect(&parsed)?;
        let prefix = Path::from_url_path(parsed.path())
            .map_err(|_| StoreError(format!("--state {parsed}: the prefix is no path of a bucket")))?;
        Ok(Remote::new(store, prefix, parsed.to_string(), api_url))
    }

    /// Uses a store that is open already; `place` names it in messages.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        prefix: Path,
        place: impl Into<String>,
        api_url: impl Into<String>,
    ) -> Remote {
        let (place, api_url) = (place.into(), api_url.into());
        let inner = Bucket { store, prefix, place, api_url, versions: Mutex::default() };
        Remote { inner: Arc::new(inner), lease_times: LeaseTimes::default() }
    }

    /// Uses other times for leases.
    pub fn with_lease_times(mut self, times: LeaseTimes) -> Remote {
        self.lease_times = times;
        self
    }
}

impl Bucket {
    fn order_path(&self, order_id: OrderId) -> Path {
        self.prefix.clone().join(format!("{order_id}.json"))
    }

    /// Names the object of an order as messages do.
    fn object(&self, order_id: OrderId) -> String {
        format!("{}/{order_id}.json", self.place.trim_end_matches('/'))
    }

    pub(super) fn lease_path(&self) -> Path {
        self.prefix.clone().join(LEASE_OBJECT)
    }

    pub(super) fn failed(&self, verb: &str, error: &Error) -> StoreError {
        StoreError(format!("cannot {verb} the state in {}: {}", self.place, reason(error)))
    }

    fn seen(&self, order_id: OrderId) -> Option<Option<UpdateVersion>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(&order_id).cloned()
    }

    fn remember(&self, order_id: OrderId, version: Option<UpdateVersion>) {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).insert(order_id, version);
    }

    /// Reads an object with its version, if there is one.
    pub(super) async fn get(&self, path: &Path) -> Result<Option<Object>, Error> {
        let result = match self.store.get_opts(path, GetOptions::default()).await {
            Ok(result) => result,
            // A bucket that is missing holds no records that are missing.
            Err(error @ Error::NotFound { .. }) if !is_missing_bucket(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let meta = result.meta.clone();
        let version = UpdateVersion { e_tag: meta.e_tag, version: meta.version };
        let modified = Timestamp::from_second(meta.last_modified.timestamp()).unwrap_or_default();
        let content = if meta.size <= MAX_RECORD_BYTES { Some(result.bytes().await?.to_vec()) } else { None };
        Ok(Some(Object { content, version, modified }))
    }

    /// Writes an object only if it is still what was seen; `None` where somebody else wrote it.
    ///
    /// An answer that was lost makes a second attempt meet the first one's object: what counts is what is there.
    pub(super) async fn put(
        &self,
        path: &Path,
        bytes: &[u8],
        seen: Option<UpdateVersion>,
    ) -> Result<Option<UpdateVersion>, Error> {
        let update = seen.is_some();
        let mode = seen.map_or(PutMode::Create, PutMode::Update);
        let payload = PutPayload::from(bytes.to_vec());
        let put = self.store.put_opts(path, payload, PutOptions { mode, ..PutOptions::default() }).await;
        let error = match put {
            Ok(PutResult { e_tag, version, .. }) => return Ok(Some(UpdateVersion { e_tag, version })),
            Err(error) => error,
        };
        let conflict = match &error {
            Error::AlreadyExists { .. } | Error::Precondition { .. } => true,
            Error::NotFound { .. } => update && !is_missing_bucket(&error),
            _ => false,
        };
        match self.get(path).await {
            Ok(Some(object)) if object.content.as_deref() == Some(bytes) => Ok(Some(object.version)),
            Ok(_) if conflict => Ok(None),
            Err(unread) if conflict => Err(unread),
            _ => Err(error),
        }
    }

    async fn load(&self, order_id: OrderId) -> Result<Record, StoreError> {
        let object = self.get(&self.order_path(order_id)).await.map_err(|error| self.failed("read", &error))?;
        self.remember(order_id, object.as_ref().map(|object| object.version.clone()));
        let Some(object) = object else { return Ok(Record::Known(Recorded::default())) };
        let decoded = match object.content {
            Some(bytes) => decode(&bytes, order_id, &self.api_url),
            None => Err(TOO_LARGE.to_owned()),
        };
        Ok(match decoded {
            Ok(recorded) => Record::Known(recorded),
            Err(reason) => {
                let message = format!("the recorded state in {} cannot be used: {reason}", self.object(order_id));
                Record::Unusable { message }
            }
        })
    }

    async fn write(&self, order_id: OrderId, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.order_path(order_id);
        let seen = match self.seen(order_id) {
            Some(seen) => seen,
            None => self.get(&path).await.map_err(|error| self.failed("read", &error))?.map(|object| object.version),
        };
        match self.put(&path, bytes, seen).await.map_err(|error| self.failed("write", &error))? {
            Some(version) => {
                self.remember(order_id, Some(version));
                Ok(())
            }
            None => Err(StoreError(format!(
                "somebody else changed the state of order {order_id} in {} meanwhile: nothing was overwritten; run again",
                self.place
            ))),
        }
    }

    async fn forget(&self, order_id: OrderId) -> Result<bool, StoreError> {
        let path = self.order_path(order_id);
        // There is no conditional removal: the lock alone keeps others away.
        let existed = self.get(&path).await.map_err(|error| self.failed("read", &error))?.is_some();
        if existed {
            self.store.delete(&path).await.map_err(|error| self.failed("remove", &error))?;
        }
        self.remember(order_id, None);
        Ok(existed)
    }

    async fn list(&self) -> Result<Vec<OrderId>, StoreError> {
        let listed = self.store.list_with_delimiter(Some(&self.prefix)).await;
        let objects = listed.map_err(|error| self.failed("list", &error))?.objects;
        let names = objects.iter().filter_map(|object| object.location.filename()?.strip_suffix(".json"));
        let mut orders: Vec<OrderId> = names.filter_map(|name| name.parse().ok()).collect();
        orders.sort_unstable();
        Ok(orders)
    }
}

/// An object of the bucket.
pub(super) struct Object {
    /// `None`: it is too large to be a record, and was not read.
    pub(super) content: Option<Vec<u8>>,
    pub(super) version: UpdateVersion,
    modified: Timestamp,
}

impl Store for Remote {
    fn load(&self, order_id: OrderId) -> BoxFuture<'_, Result<Record, StoreError>> {
        self.inner.load(order_id).boxed()
    }

    fn save<'a>(&'a self, order_id: OrderId, recorded: &'a Recorded) -> BoxFuture<'a, Result<(), StoreError>> {
        let bytes = encode(order_id, &self.inner.api_url, recorded);
        async move { self.inner.write(order_id, &bytes).await }.boxed()
    }

    fn raw(&self, order_id: OrderId) -> BoxFuture<'_, Result<Option<Raw>, StoreError>> {
        async move {
            let object = self.inner.get(&self.inner.order_path(order_id)).await;
            let object = object.map_err(|error| self.inner.failed("read", &error))?;
            self.inner.remember(order_id, object.as_ref().map(|object| object.version.clone()));
            let Some(Object { content, modified, .. }) = object else { return Ok(None) };
            let named = || self.inner.object(order_id);
            let too_large = || StoreError(format!("cannot read the state in {}: {TOO_LARGE}", named()));
            Ok(Some(Raw { bytes: content.ok_or_else(too_large)?, modified }))
        }
        .boxed()
    }

    fn put_raw<'a>(&'a self, order_id: OrderId, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        self.inner.write(order_id, bytes).boxed()
    }

    fn forget(&self, order_id: OrderId) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.inner.forget(order_id).boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<OrderId>, StoreError>> {
        self.inner.list().boxed()
    }

    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>> {
        let (bucket, times) = (Arc::clone(&self.inner), self.lease_times);
        async move { Ok(Box::new(Lease::take(bucket, times).await?) as Box<dyn Lock>) }.boxed()
    }

    fn holder(&self) -> BoxFuture<'_, Result<Option<Holder>, StoreError>> {
        lease::holder(&self.inner, self.lease_times).boxed()
    }

    fn unlock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        lease::unlock(&self.inner, self.lease_times, id).boxed()
    }
}
