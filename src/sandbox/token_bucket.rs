//! A limit on the rate of requests.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// A bucket that holds the requests of one second and fills up steadily.
#[derive(Debug)]
pub(super) struct TokenBucket {
    /// How long one request takes to come back.
    interval: Duration,
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// Makes a full one.
    pub(super) fn new(per_second: NonZeroU32) -> TokenBucket {
        TokenBucket { interval: SECOND / per_second.get(), full_at: None }
    }

    /// Takes a request out; `false` where the bucket is empty.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now)) + self.interval;
        let had_one = full_at - now <= SECOND;
        if had_one {
            self.full_at = Some(full_at);
        }
        had_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_requests_at_once_and_then_one_at_a_time() {
        let mut bucket = TokenBucket::new(NonZeroU32::new(4).expect("a number"));
        let start = Instant::now();
        let mut taken = |millis: u64, requests: usize| {
            let now = start + Duration::from_millis(millis);
            (0..requests).filter(|_| bucket.take(now)).count()
        };
        let rows = [(0, 6, 4), (249, 1, 0), (250, 2, 1), (1000, 6, 3), (9000, 6, 4)];
        for (millis, requests, passed) in rows {
            assert_eq!(taken(millis, requests), passed, "after {millis} ms");
        }
    }
}
