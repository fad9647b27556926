//! The keeper of a lease: it takes the lease, renews it until nobody holds it any more, and gives it up.
//!
//! It works on a thread of its own, with connections of its own, because the thread of the holder may wait for minutes in
//! a write to a terminal that nobody reads. It outlives the future that asked for the lease: where that is dropped, what
//! the keeper has written by then is given up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use object_store::UpdateVersion;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::bucket::Bucket;
use super::error::{StoreError, StoreErrorKind};
use super::lease_file::{LEASE_OBJECT, LeaseFile, LeaseTimes, ensure_free, read};
use super::moment::Moment;

/// How long a look before a write may take; a bucket that is slower counts as one that does not answer.
pub(super) const LOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// A lease that is renewed more often than that is given this time to be given up: a busy machine takes a while.
pub(super) const LEAST_TO_GIVE_UP: Duration = Duration::from_millis(500);
/// Renewals that a lease lasts beyond what was asked for.
const RENEWALS_TO_SPARE: u32 = 2;

/// What the holder knows of the lease, and its keeper.
pub(super) struct Shared {
    times: LeaseTimes,
    known: Mutex<Known>,
}

/// What is known of the lease, by the holder's own clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Whether anything was written that others see.
    begun: bool,
    /// Whether nobody waits for it any more.
    abandoned: bool,
    renewed: Moment,
    lifetime: Duration,
    looked: Moment,
    /// Somebody broke it, or took it.
    lost: bool,
}

impl Shared {
    pub(super) fn new(times: LeaseTimes) -> Shared {
        let now = Moment::now();
        let known =
            Known { begun: false, abandoned: false, renewed: now, lifetime: Duration::ZERO, looked: now, lost: false };
        Shared { times, known: Mutex::new(known) }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_lost(&self) -> bool {
        self.lock().lost
    }

    /// Says that from now on others may see the lease; `false`: nobody waits for it, and nothing is to be written.
    fn begin(&self) -> bool {
        let mut known = self.lock();
        known.begun = !known.abandoned;
        known.begun
    }

    /// Says that nobody waits for the lease any more; `false`: others cannot have seen anything of it, nor ever will.
    pub(super) fn abandon(&self) -> bool {
        let mut known = self.lock();
        known.abandoned = true;
        known.begun
    }

    /// Returns whether it is known, without asking anybody, that the lease is held for as long as is said.
    pub(super) fn is_certain(&self, duration: Duration) -> bool {
        let known = *self.lock();
        self.is_held(duration) && known.looked.elapsed() <= self.times.freshness()
    }

    /// Returns whether the lease lasts for as long as is said, as far as was heard.
    pub(super) fn is_held(&self, duration: Duration) -> bool {
        let known = *self.lock();
        !known.lost && known.lifetime.saturating_sub(known.renewed.elapsed()) > duration
    }

    /// Says why it is not held.
    pub(super) fn loss(&self, place: &str) -> StoreError {
        let why = match self.is_lost() {
            true => "somebody broke it, or took it over",
            false => "it could not be renewed in time",
        };
        let message =
            format!("the lock on the state in {place} was lost: {why}. Nothing further is written; run again");
        StoreError::new(StoreErrorKind::Lost, message)
    }
}

/// The holder wants to be certain that the lease is held for as long as it says.
pub(super) struct Request {
    pub(super) duration: Duration,
    pub(super) done: oneshot::Sender<()>,
}

/// The keeper's ways to the holder.
pub(super) struct Ways {
    /// Whether the lease was taken.
    pub(super) taken: oneshot::Sender<Result<(), StoreError>>,
    pub(super) requests: mpsc::UnboundedReceiver<Request>,
    /// Its other end is dropped once nobody holds the lease.
    pub(super) holding: oneshot::Receiver<()>,
    /// Is dropped once nothing is left to be done.
    pub(super) ended: oneshot::Sender<()>,
}

/// The keeper.
pub(super) struct Keeper {
    bucket: Arc<Bucket>,
    shared: Arc<Shared>,
    file: LeaseFile,
    lifetime: Duration,
    /// The version that was written last.
    version: Option<UpdateVersion>,
}

impl Keeper {
    pub(super) fn new(bucket: Arc<Bucket>, shared: Arc<Shared>) -> Keeper {
        let lifetime = shared.times.lifetime;
        Keeper { bucket, shared, file: LeaseFile::new(), lifetime, version: None }
    }

    /// Takes the lease, keeps it until nobody holds it, and gives it up.
    pub(super) async fn run(mut self, ways: Ways) {
        let Ways { taken, requests, mut holding, ended } = ways;
        let result = self.take(&mut holding).await;
        let is_taken = result.is_ok();
        if taken.send(result).is_ok() && is_taken {
            tokio::select! {
                () = self.keep(requests) => {}
                _ = &mut holding => {}
            }
        }
        if is_taken {
            self.give_up().await;
        }
        drop(ended);
    }

    async fn take(&mut self, holding: &mut oneshot::Receiver<()>) -> Result<(), StoreError> {
        let times = self.shared.times;
        let abandoned = || StoreError::unavailable("nobody waits for the lock any more");
        let seen = tokio::select! {
            seen = ensure_free(&self.bucket, times) => seen?,
            _ = holding => return Err(abandoned()),
        };
        if !self.shared.begin() {
            return Err(abandoned());
        }
        let now = Moment::now();
        let bytes = self.file.lasting(now.wall(), self.lifetime);
        match self.bucket.put(LEASE_OBJECT, &bytes, seen).await {
            Ok(Some(version)) => {
                self.written(version, now, self.lifetime);
                Ok(())
            }
            Ok(None) => {
                ensure_free(&self.bucket, times).await?;
                let place = &self.bucket.place;
                let message = format!("the state in {place} was locked by somebody else just now; run again later");
                Err(StoreError::new(StoreErrorKind::Conflict, message))
            }
            Err(error) => {
                // It may be there all the same.
                if let Ok(Some(version)) = timeout(LOOK_TIMEOUT, self.look()).await {
                    self.version = Some(version);
                    self.give_up().await;
                }
                Err(self.bucket.failed("lock", &error))
            }
        }
    }

    /// Renews the lease, and does what the holder asks for, until the lease is lost.
    async fn keep(&mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        let renewal = self.shared.times.renewal;
        let mut next = Instant::now() + renewal;
        while !self.shared.is_lost() {
            tokio::select! {
                Some(Request { duration, done }) = requests.recv() => {
                    // Whoever asked may have gone away: while the bucket does not answer, nobody waits for long.
                    if !done.is_closed() {
                        let _ = timeout(LOOK_TIMEOUT, self.assure(duration)).await;
                        let _ = done.send(());
                    }
                }
                () = sleep_until(next) => {
                    // An attempt that hangs must not use up the time in which the next could succeed.
                    let _ = timeout(renewal, self.renew()).await;
                    next = Instant::now() + renewal;
                }
            }
        }
    }

    /// Makes sure that the lease is held for as long as is said, if that can be had.
    async fn assure(&mut self, duration: Duration) {
        if self.shared.is_certain(duration) {
            return;
        }
        if self.shared.is_held(duration) {
            if let Some(version) = self.look().await {
                self.version = Some(version);
            }
            return;
        }
        let enough = duration.saturating_add(self.shared.times.renewal * RENEWALS_TO_SPARE);
        self.lifetime = self.lifetime.max(enough);
        self.renew().await;
    }

    async fn renew(&mut self) {
        let now = Moment::now();
        self.write(&self.file.lasting(now.wall(), self.lifetime), now, self.lifetime).await;
    }

    async fn give_up(&mut self) {
        let (now, times) = (Moment::now(), self.shared.times);
        if !self.shared.is_lost() {
            let bytes = self.file.given_up(now.wall(), times);
            let _ = timeout(times.renewal.max(LEAST_TO_GIVE_UP), self.write(&bytes, now, Duration::ZERO)).await;
        }
    }

    /// Writes the lease if it is still ours.
    async fn write(&mut self, bytes: &[u8], now: Moment, lifetime: Duration) {
        for _attempt in 0..3 {
            match self.bucket.put(LEASE_OBJECT, bytes, self.version.clone()).await {
                Ok(Some(version)) => return self.written(version, now, lifetime),
                // Perhaps an earlier renewal of ours, whose answer was lost.
                Ok(None) => match self.look().await {
                    Some(version) => self.version = Some(version),
                    None => return,
                },
                // The store does not answer: the lease is held until it expires, and renewed if that succeeds in time.
                Err(_) => return,
            }
        }
    }

    fn written(&mut self, version: UpdateVersion, now: Moment, lifetime: Duration) {
        self.version = Some(version);
        let mut known = self.shared.lock();
        (known.renewed, known.looked, known.lifetime) = (now, now, lifetime);
    }

    /// Looks whether the lease is still ours, and returns its version; `None`: it is not, or nobody can say.
    async fn look(&self) -> Option<UpdateVersion> {
        let now = Moment::now();
        match read(&self.bucket, "read").await {
            Ok(Some((file, version))) if self.file.is_still(&file) => {
                self.shared.lock().looked = now;
                Some(version)
            }
            Ok(_) => {
                self.shared.lock().lost = true;
                None
            }
            Err(_) => None,
        }
    }
}
