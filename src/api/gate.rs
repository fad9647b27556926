//! The bound on requests under way at once.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Lets at most so many requests be under way at once.
#[derive(Debug)]
pub(super) struct Gate {
    permits: Semaphore,
}

impl Gate {
    pub(super) fn new(at_once: usize) -> Gate {
        Gate { permits: Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)) }
    }

    /// Waits for a place; it is given back when the permit is dropped.
    pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed, so there always is a permit in the end.
        self.permits.acquire().await.ok()
    }
}
