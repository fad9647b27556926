//! The lock of a bucket: an object with a holder and an expiry, renewed while it is held.
//!
//! Every step is a conditional write, so that two who try at once cannot both have it. A holder that dies leaves a
//! lease that expires. Before each write its holder looks whether it is still its own.
//!
//! What is assumed: the clocks of those who share a bucket differ by less than [`LeaseTimes::margin`], and a request
//! that its holder began is over within the time for which it asked to be certain and that margin. Where the first does
//! not hold, a lease is taken from a live holder, which notices before its next write. Where the second does not, a
//! request may take effect beside another holder's: a purchase is then still guarded by its intent, because records are
//! written under the version that was read.
//!
//! A bucket that does not answer ends the lease for its holder, once what is left of it is too short for a request. A
//! holder that is killed, as by a second Ctrl-C, leaves it to expire, or to be broken by its id. A request that may take
//! longer than a lease lasts makes it last longer, also for those who wait for it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Builder;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::bucket::Bucket;
use super::error::StoreError;
use super::keeper::{Keeper, LEAST_TO_GIVE_UP, LOOK_TIMEOUT, Request, Shared, Ways};
use super::lease_file::LeaseTimes;
use super::place::Lock;

/// How long it is waited for a lease to be given up that was let fall, as by Ctrl-C.
const FALL_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two looks whether it was.
const FALL_PAUSE: Duration = Duration::from_millis(1);

/// A lease that is held, or about to be: given up once it is dropped.
pub(super) struct Lease {
    bucket: Arc<Bucket>,
    times: LeaseTimes,
    shared: Arc<Shared>,
    requests: mpsc::UnboundedSender<Request>,
    /// Dropped to tell the keeper that nobody holds the lease any more.
    holding: Option<oneshot::Sender<()>>,
    /// Ends once the keeper has.
    ended: Option<oneshot::Receiver<()>>,
}

impl Lease {
    /// Takes the lease, or says who holds it. The bucket must have connections of its own: the keeper uses it on another
    /// thread, and a connection is served by the runtime that opened it.
    pub(super) async fn take(bucket: Arc<Bucket>, times: LeaseTimes) -> Result<Lease, StoreError> {
        let (lease, taken) = Lease::begin(bucket, times)?;
        let ended = "the lock could not be taken: its thread ended early";
        taken.await.unwrap_or_else(|_| Err(StoreError::unavailable(ended)))?;
        Ok(lease)
    }

    fn begin(
        bucket: Arc<Bucket>,
        times: LeaseTimes,
    ) -> Result<(Lease, oneshot::Receiver<Result<(), StoreError>>), StoreError> {
        let failed = |error: std::io::Error| StoreError::unavailable(format!("the lock could not be taken: {error}"));
        let shared = Arc::new(Shared::new(times));
        let ((taken, is_taken), (requests, asked)) = (oneshot::channel(), mpsc::unbounded_channel());
        let ((holding, held), (end, ended)) = (oneshot::channel(), oneshot::channel());
        let ways = Ways { taken, requests: asked, holding: held, ended: end };
        let keeper = Keeper::new(Arc::clone(&bucket), Arc::clone(&shared));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let work = move || {
            runtime.block_on(keeper.run(ways));
            // Nobody waits for a name to be looked up.
            runtime.shutdown_background();
        };
        thread::Builder::new().name("lease".to_owned()).spawn(work).map_err(failed)?;
        let lease = Lease { bucket, times, shared, requests, holding: Some(holding), ended: Some(ended) };
        Ok((lease, is_taken))
    }

    async fn ensure(&self, duration: Duration) -> Result<(), StoreError> {
        if !self.shared.is_certain(duration) {
            let (done, is_done) = oneshot::channel();
            // A keeper that ended has nothing to add.
            if self.requests.send(Request { duration, done }).is_ok() {
                let _ = timeout(LOOK_TIMEOUT, is_done).await;
            }
        }
        match self.shared.is_held(duration) {
            true => Ok(()),
            false => Err(self.shared.loss(&self.bucket.place)),
        }
    }
}

impl Lock for Lease {
    fn ensure_held_for(&self, duration: Duration) -> BoxFuture<'_, Result<(), StoreError>> {
        self.ensure(duration).boxed()
    }

    fn release(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            self.holding = None;
            if let Some(ended) = &mut self.ended {
                let _ = timeout(self.times.renewal.max(LEAST_TO_GIVE_UP), ended).await;
            }
            self.ended = None;
        }
        .boxed()
    }
}

impl Drop for Lease {
    /// Waits for the keeper to give the lease up: this may be the end of the process, and then of the keeper.
    fn drop(&mut self) {
        self.holding = None;
        let Some(mut ended) = self.ended.take().filter(|_| self.shared.abandon()) else { return };
        let deadline = Instant::now() + FALL_TIMEOUT;
        while ended.try_recv() == Err(TryRecvError::Empty) && Instant::now() < deadline {
            thread::sleep(FALL_PAUSE);
        }
    }
}
