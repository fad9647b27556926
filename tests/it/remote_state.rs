//! The recorded state in a bucket: the contract that it shares with a directory, the lease, and a store that fails.

#![allow(clippy::unwrap_used)]

mod contract;
mod faults;
mod lease;
mod places;
#[cfg(feature = "sandbox")]
mod program;
mod reads;
#[cfg(feature = "sandbox")]
mod server;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use shardctl::model::{OrderId, Recorded, RecordedSlots, Signature};
use shardctl::state::{Place, Records, Remote};

const API_URL: &str = "https://user-api.proxyshard.com";
const PLACE: &str = "s3://bucket/states";
/// What a read says that is not answered.
const UNREAD: &str = "504 Gateway Timeout";

fn order(id: u64) -> OrderId {
    OrderId::new(id).unwrap()
}

/// Returns a record that differs with its number.
fn recorded(number: u32) -> Recorded {
    Recorded {
        signatures: BTreeMap::from([("203.0.113.10".parse().unwrap(), Signature::Win11)]),
        slots: Some(RecordedSlots { qty: number, pending: None }),
        ..Recorded::default()
    }
}

/// Opens a bucket as one process does.
fn remote(store: &Arc<Faulty>) -> Remote {
    Remote::new(Arc::clone(store) as Arc<dyn ObjectStore>, Path::from("states"), PLACE)
}

/// Opens the records of a bucket as one process does.
fn records(store: &Arc<Faulty>) -> Records {
    of_api(remote(store))
}

fn of_api(place: impl Place + 'static) -> Records {
    Records::new(Arc::new(place), API_URL)
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It has no effect.
    Before,
    /// It has its effect, and the answer is lost.
    After,
    /// There is no such object, or no such bucket, says the answer.
    Missing(&'static str),
}

/// A bucket in memory that fails as it is told, and counts.
#[derive(Debug, Default)]
struct Faulty {
    inner: Arc<InMemory>,
    /// What becomes of the next puts; `None`: nothing special.
    puts: Mutex<VecDeque<Option<Fault>>>,
    /// Whether nothing is answered at all.
    down: AtomicBool,
    /// What the next request fails by.
    error: Mutex<Option<Error>>,
    /// Whether reads alone are not answered.
    reads_down: AtomicBool,
    /// How long a read takes.
    delay: Mutex<Duration>,
    /// How long the answer to a write takes that had its effect.
    answer_delay: Mutex<Duration>,
    /// The largest object that is taken; 0: any.
    takes: AtomicUsize,
    gets: AtomicUsize,
    lists: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Faulty {
    fn new() -> Arc<Faulty> {
        Arc::default()
    }

    fn fail_puts(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        *self.puts.lock().unwrap() = faults.into_iter().collect();
    }

    /// Returns another process's way to the same bucket, with troubles of its own.
    fn beside(&self) -> Arc<Faulty> {
        Arc::new(Faulty { inner: Arc::clone(&self.inner), ..Faulty::default() })
    }

    async fn plant(&self, name: &str, bytes: &[u8]) {
        self.inner.put(&Path::from(format!("states/{name}")), PutPayload::from(bytes.to_vec())).await.unwrap();
    }

    async fn bytes(&self, name: &str) -> Vec<u8> {
        self.inner.get(&Path::from(format!("states/{name}"))).await.unwrap().bytes().await.unwrap().to_vec()
    }

    async fn is_empty(&self) -> bool {
        let listed = self.inner.list_with_delimiter(Some(&Path::from("states"))).await.unwrap();
        listed.objects.is_empty()
    }

    fn unavailable() -> Error {
        Error::Generic { store: "test", source: "503 Service Unavailable".into() }
    }

    fn check(&self) -> Result<()> {
        if let Some(error) = self.error.lock().unwrap().take() {
            return Err(error);
        }
        if self.down.load(Ordering::SeqCst) { Err(Faulty::unavailable()) } else { Ok(()) }
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a faulty store")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.check()?;
        let takes = self.takes.load(Ordering::SeqCst);
        if takes > 0 && payload.content_length() > takes {
            return Err(Faulty::unavailable());
        }
        let fault = self.puts.lock().unwrap().pop_front().flatten();
        match fault {
            None => {
                let put = self.inner.put_opts(location, payload, options).await;
                let delay = *self.answer_delay.lock().unwrap();
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                put
            }
            Some(Fault::Before) => Err(Faulty::unavailable()),
            Some(Fault::After) => {
                self.inner.put_opts(location, payload, options).await?;
                Err(Faulty::unavailable())
            }
            Some(Fault::Missing(code)) => {
                let source = format!("<Error><Code>{code}</Code></Error>").into();
                Err(Error::NotFound { path: location.to_string(), source })
            }
        }
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        unreachable!("records are small")
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.check()?;
        if self.reads_down.load(Ordering::SeqCst) {
            return Err(Error::Generic { store: "test", source: UNREAD.into() });
        }
        self.gets.fetch_add(1, Ordering::SeqCst);
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        let delay = *self.delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.lists.fetch_add(1, Ordering::SeqCst);
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.check()?;
        self.lists.fetch_add(1, Ordering::SeqCst);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        unreachable!("nothing is copied inside a bucket")
    }
}
