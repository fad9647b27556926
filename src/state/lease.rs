//! The lock of a bucket: an object with a holder and an expiry, renewed while it is held.
//!
//! Every step is a conditional write, so that two who try at once cannot both have it. A holder that dies leaves a
//! lease that expires. A holder that could not renew in time stops before its next write.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use object_store::UpdateVersion;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::remote::Bucket;
use super::{Holder, Lock, StoreError};

/// How long a lease lasts and how often it is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTimes {
    /// From a renewal to the expiry.
    pub lifetime: Duration,
    /// From one renewal to the next.
    pub renewal: Duration,
    /// What is kept clear of the expiry, on both sides, for clocks that differ.
    pub margin: Duration,
}

impl Default for LeaseTimes {
    fn default() -> Self {
        LeaseTimes {
            lifetime: Duration::from_secs(60),
            renewal: Duration::from_secs(15),
            margin: Duration::from_secs(5),
        }
    }
}

/// The lease's object. One that was given up has expired.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LeaseFile {
    expires: Timestamp,
    holder: String,
    id: String,
    since: Timestamp,
}

/// A lease that is held, and renewed in the background until it is dropped.
#[derive(Debug)]
pub(super) struct Lease {
    shared: Arc<Shared>,
    renewal: JoinHandle<()>,
}

struct Shared {
    bucket: Arc<Bucket>,
    times: LeaseTimes,
    file: LeaseFile,
    held: Mutex<Held>,
    lost: AtomicBool,
}

/// The lease as it was last written.
#[derive(Debug, Clone)]
struct Held {
    version: UpdateVersion,
    until: Instant,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("file", &self.file).finish_non_exhaustive()
    }
}

impl LeaseFile {
    fn new(times: LeaseTimes) -> LeaseFile {
        let now = Timestamp::now();
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "a host without HOSTNAME".to_owned());
        LeaseFile {
            expires: expiry(now, times),
            holder: format!("process {} on {host}", std::process::id()),
            id: fresh_id(),
            since: now,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}

fn expiry(now: Timestamp, times: LeaseTimes) -> Timestamp {
    now.checked_add(times.lifetime).unwrap_or(now)
}

/// Makes an id that nobody else has: the randomness is that of the standard library's hash keys.
fn fresh_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    let now = Timestamp::now().as_nanosecond();
    let part = || RandomState::new().hash_one((now, std::process::id()));
    format!("{:016x}{:016x}", part(), part())
}

impl Lease {
    /// Takes the lease, or says who holds it.
    pub(super) async fn take(bucket: Arc<Bucket>, times: LeaseTimes) -> Result<Lease, StoreError> {
        let path = bucket.lease_path();
        let found = bucket.get(&path).await.map_err(|error| bucket.failed("lock", &error))?;
        let seen = match found {
            None => None,
            Some(object) => {
                let current = serde_json::from_slice::<LeaseFile>(&object.bytes)
                    .map_err(|_| StoreError(format!("the lock in {} is damaged: remove lock.json", bucket.place)))?;
                let free_at = current.expires.checked_add(times.margin).unwrap_or(current.expires);
                if Timestamp::now() < free_at {
                    return Err(held_by(&bucket, &current));
                }
                Some(object.version)
            }
        };
        let file = LeaseFile::new(times);
        let started = Instant::now();
        match bucket.put(&path, &file.bytes(), seen).await.map_err(|error| bucket.failed("lock", &error))? {
            Some(version) => Ok(Lease::held(bucket, times, file, Held { version, until: started + times.lifetime })),
            None => Err(StoreError(format!("the state in {} was locked by somebody else just now", bucket.place))),
        }
    }

    fn held(bucket: Arc<Bucket>, times: LeaseTimes, file: LeaseFile, held: Held) -> Lease {
        let shared = Arc::new(Shared { bucket, times, file, held: Mutex::new(held), lost: AtomicBool::new(false) });
        let renewal = tokio::spawn(Arc::clone(&shared).renew());
        Lease { shared, renewal }
    }
}

impl Shared {
    fn held(&self) -> Held {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn renew(self: Arc<Self>) {
        while !self.lost.load(Ordering::SeqCst) {
            tokio::time::sleep(self.times.renewal).await;
            self.write(expiry(Timestamp::now(), self.times)).await;
        }
    }

    /// Writes the lease with another expiry, if it is still ours.
    async fn write(&self, expires: Timestamp) {
        let file = LeaseFile { expires, ..self.file.clone() };
        let started = Instant::now();
        let written = self.bucket.put(&self.bucket.lease_path(), &file.bytes(), Some(self.held().version)).await;
        match written {
            Ok(Some(version)) => {
                let held = Held { version, until: started + self.times.lifetime };
                *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
            }
            Ok(None) => self.lost.store(true, Ordering::SeqCst),
            // The store does not answer: the lease is held until it expires, and renewed if that succeeds in time.
            Err(_) => {}
        }
    }
}

impl Lock for Lease {
    fn ensure_held(&self) -> Result<(), StoreError> {
        let still = self.shared.held().until.checked_duration_since(Instant::now());
        let in_time = still.is_some_and(|still| still > self.shared.times.margin);
        match in_time && !self.shared.lost.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err(StoreError(format!(
                "the lock on the state in {} was lost: nothing further is written; run again",
                self.shared.bucket.place
            ))),
        }
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            self.renewal.abort();
            if self.ensure_held().is_ok() {
                // Expired long enough ago that nobody has to wait for the margin.
                let given_up = Timestamp::now().checked_sub(self.shared.times.margin * 2).unwrap_or_default();
                self.shared.write(given_up).await;
            }
        }
        .boxed()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Tells who holds the lease, if anybody does.
pub(super) async fn holder(bucket: &Bucket) -> Result<Option<Holder>, StoreError> {
    let object = bucket.get(&bucket.lease_path()).await.map_err(|error| bucket.failed("read", &error))?;
    let file = object.and_then(|object| serde_json::from_slice::<LeaseFile>(&object.bytes).ok());
    Ok(file.filter(|file| Timestamp::now() < file.expires).map(|file| Holder {
        id: file.id,
        who: file.holder,
        since: file.since,
        expires: Some(file.expires),
    }))
}

/// Breaks the lease with an id; the one that held it stops before its next write.
pub(super) async fn unlock(bucket: &Bucket, id: &str) -> Result<(), StoreError> {
    let path = bucket.lease_path();
    let object = bucket.get(&path).await.map_err(|error| bucket.failed("read", &error))?;
    let nobody = || StoreError(format!("nobody holds the lock {id} on the state in {}", bucket.place));
    let object = object.ok_or_else(nobody)?;
    let file: LeaseFile = serde_json::from_slice(&object.bytes).map_err(|_| nobody())?;
    if file.id != id || file.expires < Timestamp::now() {
        return Err(nobody());
    }
    let broken = LeaseFile { expires: Timestamp::UNIX_EPOCH, ..file };
    let put = bucket.put(&path, &broken.bytes(), Some(object.version)).await;
    match put.map_err(|error| bucket.failed("unlock", &error))? {
        Some(_) => Ok(()),
        None => Err(StoreError("the lock changed while it was broken: look at it again".to_owned())),
    }
}

fn held_by(bucket: &Bucket, file: &LeaseFile) -> StoreError {
    let LeaseFile { expires, holder, id, since } = file;
    StoreError(format!(
        "the state in {} is locked by {holder} since {since:.0}; wait until it has ended, or until {expires:.0}. If it is \
         gone for good: shardctl state unlock {id}",
        bucket.place
    ))
}
