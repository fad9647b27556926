//! The pauses between the attempts of one request.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// One pause for each time that a request may be sent again; each is twice as long as the one before it, and longer by
/// up to itself, so that clients that failed together do not come back together.
#[derive(Debug)]
pub(super) struct Pauses {
    left: u32,
    next: Duration,
}

impl Pauses {
    /// Makes so many pauses.
    pub(super) fn new(retries: u32) -> Pauses {
        Pauses { left: retries, next: FIRST }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        Some(lengthen(pause))
    }
}

/// Makes a pause longer by a part of itself that chance decides on.
pub(super) fn lengthen(pause: Duration) -> Duration {
    // The keys of a new hasher are random, which is as much chance as this needs.
    let chance = RandomState::new().build_hasher().finish();
    pause + pause.mul_f64(chance as f64 / u64::MAX as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_differ() {
        let pauses: Vec<Duration> = Pauses::new(9).collect();
        let least = [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000].map(Duration::from_millis);
        assert_eq!(pauses.len(), least.len());
        for (pause, least) in pauses.into_iter().zip(least) {
            assert!(pause >= least && pause <= 2 * least, "{pause:?} is not about {least:?}");
        }
        assert_eq!(Pauses::new(0).next(), None);
        let lengths: std::collections::BTreeSet<_> = (0..50).map(|_| lengthen(FIRST)).collect();
        assert!(lengths.len() > 40, "{lengths:?}");
    }
}
