//! Records in a bucket: the same objects as in the directory, conditional writes, and a lease in place of the lock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use jiff::Timestamp;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    ClientOptions, Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult,
    RetryConfig, UpdateVersion,
};
use url::Url;

use super::lease::{Lease, LeaseTimes};
use super::{Holder, Lock, Raw, Record, Store, StoreError, decode, encode};
use crate::model::{OrderId, Recorded};

/// The lease's object; its name is no order's.
pub(super) const LEASE_OBJECT: &str = "lock.json";
/// A record larger than this is damaged.
const MAX_OBJECT_BYTES: u64 = 256 << 20;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

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
        let store = connect(&parsed).map_err(|error| StoreError(format!("--state {parsed}: {}", reason(&error))))?;
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

fn parse_place(url: &str) -> Result<Url, StoreError> {
    let parsed = Url::parse(url).map_err(|_| StoreError("--state: the URL cannot be read".to_owned()))?;
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
        let problem = "--state: the URL must not hold credentials; they come from the environment";
        return Err(StoreError(problem.to_owned()));
    }
    match (parsed.scheme(), parsed.host_str()) {
        ("s3" | "gs" | "az", Some(_)) => Ok(parsed),
        ("s3" | "gs" | "az", None) => Err(StoreError(format!("--state {parsed}: the URL names no bucket"))),
        (scheme, _) => Err(StoreError(format!(
            "--state: {scheme}:// is no place for the state: use a directory, s3://, gs:// or az://"
        ))),
    }
}

fn connect(url: &Url) -> Result<Arc<dyn ObjectStore>, Error> {
    let retry = RetryConfig { max_retries: 4, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() };
    let options = || ClientOptions::default().with_timeout(REQUEST_TIMEOUT);
    let allow_http = std::env::var("AWS_ALLOW_HTTP").is_ok_and(|value| value == "true");
    Ok(match url.scheme() {
        "s3" => {
            let options = options().with_allow_http(allow_http);
            let builder = AmazonS3Builder::from_env().with_url(url.as_str());
            Arc::new(builder.with_client_options(options).with_retry(retry).build()?)
        }
        "gs" => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(url.as_str());
            Arc::new(builder.with_client_options(options()).with_retry(retry).build()?)
        }
        _ => {
            let emulator = std::env::var("AZURE_STORAGE_USE_EMULATOR").is_ok_and(|value| value == "true");
            let builder = MicrosoftAzureBuilder::from_env().with_url(url.as_str());
            let options = options().with_allow_http(emulator);
            Arc::new(builder.with_client_options(options).with_retry(retry).build()?)
        }
    })
}

impl Bucket {
    fn order_path(&self, order_id: OrderId) -> Path {
        self.prefix.clone().join(format!("{order_id}.json"))
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
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if result.meta.size > MAX_OBJECT_BYTES {
            let source = "the object is too large to be a record".into();
            return Err(Error::Generic { store: "state", source });
        }
        let meta = result.meta.clone();
        let version = UpdateVersion { e_tag: meta.e_tag, version: meta.version };
        let modified = Timestamp::from_second(meta.last_modified.timestamp()).unwrap_or_default();
        Ok(Some(Object { bytes: result.bytes().await?.to_vec(), version, modified }))
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
        let mode = seen.map_or(PutMode::Create, PutMode::Update);
        let payload = PutPayload::from(bytes.to_vec());
        let put = self.store.put_opts(path, payload, PutOptions { mode, ..PutOptions::default() }).await;
        let error = match put {
            Ok(PutResult { e_tag, version, .. }) => return Ok(Some(UpdateVersion { e_tag, version })),
            Err(error) => error,
        };
        let conflict =
            matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotFound { .. });
        match self.get(path).await {
            Ok(Some(object)) if object.bytes == bytes => Ok(Some(object.version)),
            _ if conflict => Ok(None),
            _ => Err(error),
        }
    }

    async fn load(&self, order_id: OrderId) -> Result<Record, StoreError> {
        let object = self.get(&self.order_path(order_id)).await.map_err(|error| self.failed("read", &error))?;
        self.remember(order_id, object.as_ref().map(|object| object.version.clone()));
        let Some(object) = object else { return Ok(Record::Known(Recorded::default())) };
        Ok(match decode(&object.bytes, order_id, &self.api_url) {
            Ok(recorded) => Record::Known(recorded),
            Err(reason) => {
                let place = self.place.trim_end_matches('/');
                let message = format!("the recorded state in {place}/{order_id}.json cannot be used: {reason}");
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
        let existed = self.get(&path).await.map_err(|error| self.failed("read", &error))?.is_some();
        if existed {
            self.store.delete(&path).await.map_err(|error| self.failed("remove", &error))?;
        }
        self.remember(order_id, None);
        Ok(existed)
    }

    async fn list(&self) -> Result<Vec<OrderId>, StoreError> {
        let objects: Vec<_> =
            self.store.list(Some(&self.prefix)).try_collect().await.map_err(|error| self.failed("list", &error))?;
        let ours = objects.iter().filter(|object| object.location.prefix_matches(&self.prefix));
        let direct = ours.filter(|object| object.location.parts().count() == self.prefix.parts().count() + 1);
        let mut orders: Vec<OrderId> =
            direct.filter_map(|object| object.location.filename()?.strip_suffix(".json")?.parse().ok()).collect();
        orders.sort_unstable();
        Ok(orders)
    }
}

/// An object of the bucket.
pub(super) struct Object {
    pub(super) bytes: Vec<u8>,
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
            Ok(object.map(|object| Raw { bytes: object.bytes, modified: object.modified }))
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
        super::lease::holder(&self.inner).boxed()
    }

    fn unlock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        super::lease::unlock(&self.inner, id).boxed()
    }
}

/// Puts an error of the store into words. What follows a `?` in a URL may be a signature, and is left out.
fn reason(error: &Error) -> String {
    let words = match error {
        Error::NotFound { .. } => "there is no such bucket or object".to_owned(),
        Error::PermissionDenied { .. } => "permission denied".to_owned(),
        Error::Unauthenticated { .. } => "the credentials were refused".to_owned(),
        other => other.to_string(),
    };
    let without_queries = words.split_inclusive(char::is_whitespace).map(|word| match word.split_once('?') {
        Some((before, _)) if before.contains("://") => format!("{before} "),
        _ => word.to_owned(),
    });
    without_queries.collect::<String>().trim_end().chars().filter(|c| !c.is_control()).take(600).collect()
}
