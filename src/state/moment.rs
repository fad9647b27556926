//! Time as the holder of a lock, and whoever is about to buy, has to count it.
//!
//! `Instant` stands still on Linux and macOS while the machine sleeps, so that a lease would seem to be held long after it
//! expired for everybody else. The clock that is read here goes on. It still stands still in a virtual machine that was
//! paused, and others judge a lease by their wall clocks: so the wall clock is looked at, too, and the one that says that
//! more time has passed is right. A wall clock that is set forward may cost a renewal that was not due; one that is set
//! back changes nothing.

use std::time::Duration;

use jiff::Timestamp;

/// A moment by two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By a clock that nobody sets and that goes on while the machine sleeps, from some moment on.
    steady: Duration,
    wall: Timestamp,
}

impl Moment {
    /// Reads the clocks.
    pub fn now() -> Moment {
        Moment { steady: steady(), wall: Timestamp::now() }
    }

    /// Returns how much time passed from it to a later moment, by the clock that says more.
    pub fn until(self, later: Moment) -> Duration {
        let wall = Duration::try_from(later.wall.duration_since(self.wall)).unwrap_or_default();
        later.steady.saturating_sub(self.steady).max(wall)
    }

    /// Returns how much time passed since.
    pub fn elapsed(self) -> Duration {
        self.until(Moment::now())
    }

    /// Returns it by the wall clock.
    pub fn wall(self) -> Timestamp {
        self.wall
    }
}

#[cfg(unix)]
fn steady() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // On Linux the monotonic clock stands still with the machine, on other systems it goes on.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: ClockId = ClockId::Monotonic;
    Duration::try_from(clock_gettime(CLOCK)).unwrap_or_default()
}

#[cfg(not(unix))]
fn steady() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    // On Windows it goes on while the machine sleeps.
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(steady: u64, wall: i64) -> Moment {
        Moment { steady: Duration::from_secs(steady), wall: Timestamp::constant(1_800_000_000 + wall, 0) }
    }

    #[test]
    fn the_clock_that_says_more_is_right() {
        let rows = [
            ("awake", moment(15, 15), 15),
            ("asleep, or stopped", moment(600, 600), 600),
            ("paused from outside", moment(15, 600), 600),
            ("the wall clock was set forward", moment(15, 86_400), 86_400),
            ("the wall clock was set back", moment(15, -3600), 15),
            ("asleep, and the wall clock was set back", moment(600, -3600), 600),
        ];
        for (what, later, expected) in rows {
            assert_eq!(moment(0, 0).until(later), Duration::from_secs(expected), "{what}");
        }
    }

    /// The file tells the time since the machine was started, its sleep included.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_clock_goes_on_while_the_machine_sleeps() {
        let uptime = || -> f64 {
            let text = std::fs::read_to_string("/proc/uptime").expect("a file of the system");
            text.split(' ').next().and_then(|seconds| seconds.parse().ok()).expect("seconds")
        };
        // It is told by the hundredth of a second.
        let (before, read, after) = (uptime(), steady().as_secs_f64(), uptime());
        assert!(before - 0.02 <= read && read <= after + 0.02, "{before} {read} {after}");
    }
}
