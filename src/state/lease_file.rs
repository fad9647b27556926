//! The lock of a bucket as others see it: an object with a holder and an expiry.

use std::time::Duration;

use jiff::Timestamp;
use object_store::UpdateVersion;
use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::error::{StoreError, StoreErrorKind};
use super::holder::Holder;
use super::random::random_hex;
use super::whereabouts;
use crate::model::{Foreign, second};

/// The lease's object; its name is no order's.
pub(super) const LEASE_OBJECT: &str = "lock.json";
/// A larger object is no lease.
const MAX_LEASE_BYTES: u64 = 64 << 10;
/// The expiry of a lease that somebody broke.
const BROKEN: Timestamp = Timestamp::UNIX_EPOCH;

/// How long a lease lasts and how often it is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTimes {
    /// From a renewal to the expiry; more where a request may take longer.
    pub lifetime: Duration,
    /// From one renewal to the next.
    pub renewal: Duration,
    /// How long others wait beyond the expiry, because clocks differ.
    pub margin: Duration,
}

impl Default for LeaseTimes {
    fn default() -> Self {
        let [lifetime, renewal, margin] = [120, 15, 10].map(Duration::from_secs);
        LeaseTimes { lifetime, renewal, margin }
    }
}

impl LeaseTimes {
    /// For how long a look at the lease is believed.
    pub(super) fn freshness(self) -> Duration {
        self.renewal / 15
    }
}

/// The lease's object. One that was given up has expired.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LeaseFile {
    expires: Timestamp,
    holder: String,
    id: String,
    since: Timestamp,
}

impl LeaseFile {
    /// Makes the lease of this process; it has no lifetime yet.
    pub(super) fn new() -> LeaseFile {
        let now = Timestamp::now();
        LeaseFile { expires: now, holder: whereabouts::this_process(), id: random_hex(32), since: now }
    }

    /// Returns its bytes with a lifetime from a moment on.
    pub(super) fn lasting(&self, now: Timestamp, lifetime: Duration) -> Vec<u8> {
        LeaseFile { expires: later(now, lifetime), ..self.clone() }.bytes()
    }

    /// Returns its bytes once it is given up: it expired long enough ago for nobody to wait for the margin.
    pub(super) fn given_up(&self, now: Timestamp, times: LeaseTimes) -> Vec<u8> {
        let expires = now.checked_sub(times.margin * 2).unwrap_or(now);
        LeaseFile { expires, ..self.clone() }.bytes()
    }

    /// Returns whether what was read is this lease, and nobody broke it.
    pub(super) fn is_still(&self, read: &LeaseFile) -> bool {
        read.id == self.id && read.expires != BROKEN
    }

    /// Returns the holder, unless others may take it.
    pub(super) fn holder(&self, times: LeaseTimes) -> Option<Holder> {
        let free_at = later(self.expires, times.margin);
        (Timestamp::now() < free_at).then(|| Holder {
            id: Foreign::new(&*self.id),
            who: Foreign::new(&*self.holder),
            since: Some(self.since),
            expires: Some(free_at),
        })
    }

    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}

fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Reads the lease's object, whether it has expired or not.
pub(super) async fn read(bucket: &Bucket, verb: &str) -> Result<Option<(LeaseFile, UpdateVersion)>, StoreError> {
    let object = bucket.get(LEASE_OBJECT, MAX_LEASE_BYTES).await.map_err(|error| bucket.failed(verb, &error))?;
    let Some(object) = object else { return Ok(None) };
    let file = serde_json::from_slice(&object.content.unwrap_or_default()).map_err(|_| {
        let place = &bucket.place;
        StoreError::unavailable(format!(
            "the lock in {place} is damaged: once nobody is at work there, remove lock.json"
        ))
    })?;
    Ok(Some((file, object.version)))
}

/// Returns who holds the lease, if anybody does.
pub(super) async fn holder(bucket: &Bucket, times: LeaseTimes) -> Result<Option<Holder>, StoreError> {
    Ok(read(bucket, "read").await?.and_then(|(file, _)| file.holder(times)))
}

/// Fails where somebody holds the lease; otherwise returns the version to write over, if there is one.
pub(super) async fn ensure_free(bucket: &Bucket, times: LeaseTimes) -> Result<Option<UpdateVersion>, StoreError> {
    let Some((file, version)) = read(bucket, "lock").await? else { return Ok(None) };
    file.holder(times).map_or(Ok(Some(version)), |holder| Err(held_by(bucket, holder)))
}

/// Breaks the lease with an id; the one that held it stops before its next write.
pub(super) async fn unlock(bucket: &Bucket, times: LeaseTimes, id: &str) -> Result<(), StoreError> {
    let conflict = |message: String| StoreError::new(StoreErrorKind::Conflict, message);
    let found = read(bucket, "read").await?.filter(|(file, _)| file.id == id && file.holder(times).is_some());
    let Some((file, version)) = found else {
        let id = Foreign::new(id);
        return Err(conflict(format!("nobody holds the lock {} on the state in {}", id.printable(), bucket.place)));
    };
    let broken = LeaseFile { expires: BROKEN, ..file };
    let put = bucket.put(LEASE_OBJECT, &broken.bytes(), Some(version)).await;
    let written = put.map_err(|error| bucket.failed("unlock", &error))?;
    written.map(drop).ok_or_else(|| conflict("the lock changed while it was broken: look at it again".to_owned()))
}

fn held_by(bucket: &Bucket, holder: Holder) -> StoreError {
    let place = &bucket.place;
    let mut message = format!("the state in {place} is locked by {}; wait until it has ended", holder.words());
    if let Some(expires) = holder.expires {
        message.push_str(&format!(", or until {}", second(expires)));
    }
    message.push_str(". If it is gone for good: shardctl state unlock ");
    // An id of ours is plain; another might be more than a word to the shell that it is copied to.
    if holder.id.raw().bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        message.push_str(&format!("{} ", holder.id.raw()));
    }
    message.push_str(&format!("--state {place}"));
    StoreError::new(StoreErrorKind::Held { holder: Box::new(holder) }, message)
}
