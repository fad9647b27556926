//! The lock of a bucket: an object with a holder and an expiry, renewed while it is held.
//!
//! Every step is a conditional write, so that two who try at once cannot both have it. A holder that dies leaves a
//! lease that expires. Before each write its holder looks whether it is still its own.
//!
//! What is assumed: the clocks of those who share a bucket differ by less than [`LeaseTimes::margin`], and a request
//! that its holder began is over within [`LeaseTimes::reserve`] and that margin. The holder itself goes by a clock that
//! nobody sets. Where the first does not hold, a lease is taken from a live holder, which notices before its next
//! write. Where the second does not, a request may take effect beside another holder's: a purchase is then still
//! guarded by its intent, because records are written under the version that was read.
//!
//! A bucket that does not answer ends the lease for its holder, after `lifetime - reserve` without a renewal. A holder
//! that is killed, as by a second Ctrl-C, leaves it to expire, or to be broken by its id.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use object_store::{Error, UpdateVersion};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::bucket::Bucket;
use super::error::{StoreError, StoreErrorKind};
use super::holder::Holder;
use super::place::Lock;
use super::random::random_hex;
use super::whereabouts;
use crate::model::Foreign;

/// The lease's object; its name is no order's.
const LEASE_OBJECT: &str = "lock.json";
/// A larger object is no lease.
const MAX_LEASE_BYTES: u64 = 64 << 10;

/// How long the holder's look before a write may take; a bucket that is slower counts as one that does not answer.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a lease lasts and how often it is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTimes {
    /// From a renewal to the expiry.
    pub lifetime: Duration,
    /// From one renewal to the next.
    pub renewal: Duration,
    /// What has to be left of it for the holder to begin a write: longer than one request to the API takes.
    pub reserve: Duration,
    /// How long others wait beyond the expiry, because clocks differ.
    pub margin: Duration,
}

impl Default for LeaseTimes {
    fn default() -> Self {
        let [lifetime, renewal, reserve, margin] = [120, 15, 35, 10].map(Duration::from_secs);
        LeaseTimes { lifetime, renewal, reserve, margin }
    }
}

impl LeaseTimes {
    /// For how long a look at the lease is believed.
    fn freshness(self) -> Duration {
        self.renewal / 15
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

/// The expiry of a lease that somebody broke.
const BROKEN: Timestamp = Timestamp::UNIX_EPOCH;

/// A lease that is held, and renewed in the background until it is dropped.
pub(super) struct Lease {
    shared: Arc<Shared>,
    renewal: JoinHandle<()>,
}

struct Shared {
    bucket: Arc<Bucket>,
    times: LeaseTimes,
    file: LeaseFile,
    /// The version that was written last; locked while the next one is written.
    version: tokio::sync::Mutex<UpdateVersion>,
    known: Mutex<Known>,
    lost: AtomicBool,
}

/// What is known of the lease, by the holder's own clock.
#[derive(Debug, Clone, Copy)]
struct Known {
    expires: Instant,
    looked: Instant,
}

impl LeaseFile {
    fn new(times: LeaseTimes) -> LeaseFile {
        let now = Timestamp::now();
        LeaseFile {
            expires: later(now, times.lifetime),
            holder: whereabouts::this_process(),
            id: random_hex(32),
            since: now,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    fn as_holder(&self, times: LeaseTimes) -> Holder {
        Holder {
            id: Foreign::new(&*self.id),
            who: Foreign::new(&*self.holder),
            since: Some(self.since),
            expires: Some(self.free_at(times)),
        }
    }

    /// Returns when others may take it.
    fn free_at(&self, times: LeaseTimes) -> Timestamp {
        later(self.expires, times.margin)
    }
}

fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Reads the lease's object, whether it has expired or not.
async fn read(bucket: &Bucket, verb: &str) -> Result<Option<(LeaseFile, UpdateVersion)>, StoreError> {
    let object = bucket.get(LEASE_OBJECT, MAX_LEASE_BYTES).await.map_err(|error| bucket.failed(verb, &error))?;
    let Some(object) = object else { return Ok(None) };
    let file: LeaseFile = serde_json::from_slice(&object.content.unwrap_or_default()).map_err(|_| {
        let place = &bucket.place;
        StoreError::unavailable(format!(
            "the lock in {place} is damaged: once nobody is at work there, remove lock.json"
        ))
    })?;
    Ok(Some((file, object.version)))
}

impl Lease {
    /// Takes the lease, or says who holds it.
    pub(super) async fn take(bucket: Arc<Bucket>, times: LeaseTimes) -> Result<Lease, StoreError> {
        let seen = match read(&bucket, "lock").await? {
            Some((current, _)) if Timestamp::now() < current.free_at(times) => {
                return Err(held_by(&bucket, &current, times));
            }
            found => found.map(|(_, version)| version),
        };
        let file = LeaseFile::new(times);
        let started = Instant::now();
        let put = bucket.put(LEASE_OBJECT, &file.bytes(), seen).await;
        let Some(version) = put.map_err(|error| bucket.failed("lock", &error))? else {
            let message =
                format!("the state in {} was locked by somebody else just now; run again later", bucket.place);
            return Err(StoreError::new(StoreErrorKind::Conflict, message));
        };
        let known = Mutex::new(Known { expires: started + times.lifetime, looked: started });
        let (version, lost) = (tokio::sync::Mutex::new(version), AtomicBool::new(false));
        let shared = Arc::new(Shared { bucket, times, file, version, known, lost });
        let renewal = tokio::spawn(Arc::clone(&shared).renew());
        Ok(Lease { shared, renewal })
    }
}

impl Shared {
    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, learn: impl FnOnce(&mut Known)) {
        learn(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    async fn renew(self: Arc<Self>) {
        while !self.is_lost() {
            tokio::time::sleep(self.times.renewal).await;
            // An attempt that hangs must not use up the time in which the next could succeed.
            let _ = timeout(self.times.renewal, self.write(self.times.lifetime)).await;
        }
    }

    /// Writes the lease with another lifetime from now on, if it is still ours.
    async fn write(&self, lifetime: Duration) {
        let mut version = self.version.lock().await;
        for _attempt in 0..3 {
            let (now, started) = (Timestamp::now(), Instant::now());
            // One that is given up expired long enough ago for nobody to wait for the margin.
            let given_up = now.checked_sub(self.times.margin * 2).unwrap_or(now);
            let expires = if lifetime.is_zero() { given_up } else { later(now, lifetime) };
            let bytes = LeaseFile { expires, ..self.file.clone() }.bytes();
            match self.bucket.put(LEASE_OBJECT, &bytes, Some(version.clone())).await {
                Ok(Some(written)) => {
                    *version = written;
                    self.learn(|known| *known = Known { expires: started + lifetime, looked: started });
                    return;
                }
                // Perhaps an earlier renewal of ours, whose answer was lost.
                Ok(None) => match self.look().await {
                    Some(current) => *version = current,
                    None => return,
                },
                // The store does not answer: the lease is held until it expires, and renewed if that succeeds in time.
                Err(_) => return,
            }
        }
    }

    /// Looks whether the lease is still ours, and returns its version; `None`: it is not, or nobody can say.
    async fn look(&self) -> Option<UpdateVersion> {
        let started = Instant::now();
        match read(&self.bucket, "read").await {
            Ok(Some((file, version))) if file.id == self.file.id && file.expires != BROKEN => {
                self.learn(|known| known.looked = known.looked.max(started));
                Some(version)
            }
            Ok(_) => {
                self.lost.store(true, Ordering::SeqCst);
                None
            }
            Err(_) => None,
        }
    }

    async fn ensure_held(&self) -> Result<(), StoreError> {
        if !self.is_lost() && self.known().looked.elapsed() > self.times.freshness() {
            let _ = timeout(LOOK_TIMEOUT, self.look()).await;
        }
        let left = self.known().expires.saturating_duration_since(Instant::now());
        if left > self.times.reserve && !self.is_lost() {
            return Ok(());
        }
        let place = &self.bucket.place;
        let message = format!("the lock on the state in {place} was lost: nothing further is written; run again");
        Err(StoreError::new(StoreErrorKind::Lost, message))
    }
}

impl Lock for Lease {
    fn ensure_held_for(&self, _duration: Duration) -> BoxFuture<'_, Result<(), StoreError>> {
        self.shared.ensure_held().boxed()
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            self.renewal.abort();
            if !self.shared.is_lost() {
                let _ = timeout(self.shared.times.renewal, self.shared.write(Duration::ZERO)).await;
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

/// Returns who holds the lease, if anybody does.
pub(super) async fn holder(bucket: &Bucket, times: LeaseTimes) -> Result<Option<Holder>, StoreError> {
    let found = read(bucket, "read").await?.map(|(file, _)| file);
    Ok(found.filter(|file| Timestamp::now() < file.free_at(times)).map(|file| file.as_holder(times)))
}

/// Breaks the lease with an id; the one that held it stops before its next write.
pub(super) async fn unlock(bucket: &Bucket, times: LeaseTimes, id: &str) -> Result<(), StoreError> {
    let found = read(bucket, "read").await?.filter(|(file, _)| Timestamp::now() < file.free_at(times));
    let Some((file, version)) = found.filter(|(file, _)| file.id == id) else {
        let message = format!("nobody holds the lock {id} on the state in {}", bucket.place);
        return Err(StoreError::new(StoreErrorKind::Conflict, message));
    };
    let broken = LeaseFile { expires: BROKEN, ..file };
    let put = bucket.put(LEASE_OBJECT, &broken.bytes(), Some(version)).await;
    match put.map_err(|error: Error| bucket.failed("unlock", &error))? {
        Some(_) => Ok(()),
        None => {
            let message = "the lock changed while it was broken: look at it again";
            Err(StoreError::new(StoreErrorKind::Conflict, message))
        }
    }
}

fn held_by(bucket: &Bucket, file: &LeaseFile, times: LeaseTimes) -> StoreError {
    let (holder, place) = (file.as_holder(times), &bucket.place);
    let mut message = format!(
        "the state in {place} is locked by {}; wait until it has ended, or until {:.0}. If it is gone for good: shardctl \
         state unlock",
        holder.words(),
        file.free_at(times)
    );
    // An id of ours is plain; another might be more than a word to the shell that it is copied to.
    if file.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        message.push_str(&format!(" {}", file.id));
    }
    message.push_str(&format!(" --state {place}"));
    StoreError::new(StoreErrorKind::Held { holder: Box::new(holder) }, message)
}
