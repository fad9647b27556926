//! What time it is by the API.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// A moment, and whose clock it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiTime {
    /// The moment.
    pub moment: Timestamp,
    /// Whether it is the API's own; else it is this machine's, because no answer told the time yet.
    pub from_api: bool,
}

/// Tells the time by the `Date` of the API's answers, else by this machine's clock as it was when the program began.
///
/// Between two answers it goes on with the monotonic clock, so that a local clock that is set changes nothing. It never
/// goes back: a `Date` has no fractions of a second, and one that is behind what was told already is passed over.
///
/// One server among many may be wrong: something is only as old as the earliest of all answers says.
#[derive(Debug)]
pub(super) struct Clock {
    local: Anchor,
    api: Mutex<Option<Heard>>,
}

/// What the API's answers told so far.
#[derive(Debug, Clone, Copy)]
struct Heard {
    latest: Anchor,
    earliest: Anchor,
}

/// A moment on both clocks.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    told: Timestamp,
    at: Instant,
}

impl Anchor {
    fn moment(self, now: Instant) -> Timestamp {
        let since = SignedDuration::try_from(now.duration_since(self.at)).unwrap_or(SignedDuration::MAX);
        self.told.saturating_add(since).unwrap_or(Timestamp::MAX)
    }
}

impl Clock {
    pub(super) fn new() -> Clock {
        Clock::starting_at(Timestamp::now(), Instant::now())
    }

    fn starting_at(local: Timestamp, now: Instant) -> Clock {
        Clock { local: Anchor { told: local, at: now }, api: Mutex::new(None) }
    }

    /// Takes note of the `Date` of an answer that came just now.
    pub(super) fn hear(&self, date: Timestamp) {
        self.hear_at(date, Instant::now());
    }

    /// Returns the time, as the answer says that is ahead of all others.
    pub(super) fn now(&self) -> ApiTime {
        self.at(Instant::now())
    }

    /// Returns the time, as the answer says that is behind all others.
    pub(super) fn at_least(&self) -> ApiTime {
        self.at_least_at(Instant::now())
    }

    fn hear_at(&self, date: Timestamp, now: Instant) {
        let mut api = self.api.lock().unwrap_or_else(PoisonError::into_inner);
        let told = Anchor { told: date, at: now };
        let heard = api.get_or_insert(Heard { latest: told, earliest: told });
        if heard.latest.moment(now) < date {
            heard.latest = told;
        }
        if date < heard.earliest.moment(now) {
            heard.earliest = told;
        }
    }

    fn at(&self, now: Instant) -> ApiTime {
        self.told_by(now, |heard| heard.latest)
    }

    fn at_least_at(&self, now: Instant) -> ApiTime {
        self.told_by(now, |heard| heard.earliest)
    }

    fn told_by(&self, now: Instant, which: impl FnOnce(Heard) -> Anchor) -> ApiTime {
        let api = *self.api.lock().unwrap_or_else(PoisonError::into_inner);
        let anchor = api.map_or(self.local, which);
        ApiTime { moment: anchor.moment(now), from_api: api.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_apis_time_goes_on_between_its_answers_and_never_back() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let time = |text: &str| -> Timestamp { text.parse().expect("a moment") };
        // This machine is eleven minutes ahead.
        let clock = Clock::starting_at(time("2026-11-23T02:11:00Z"), start);
        let local = ApiTime { moment: time("2026-11-23T02:11:01.5Z"), from_api: false };
        assert_eq!(clock.at(after(1500)), local);
        let api = |text| ApiTime { moment: time(text), from_api: true };
        clock.hear_at(time("2026-11-23T02:00:01Z"), after(1900));
        assert_eq!(clock.at(after(1900)), api("2026-11-23T02:00:01Z"));
        assert_eq!(clock.at(after(2800)), api("2026-11-23T02:00:01.9Z"));
        // The same second, and one of an answer that took longer or of a server that is behind.
        clock.hear_at(time("2026-11-23T02:00:01Z"), after(2800));
        clock.hear_at(time("2026-11-23T01:00:00Z"), after(2800));
        assert_eq!(clock.at(after(2800)), api("2026-11-23T02:00:01.9Z"));
        clock.hear_at(time("2026-11-23T02:00:03Z"), after(2900));
        assert_eq!(clock.at(after(3000)), api("2026-11-23T02:00:03.1Z"));
    }

    #[test]
    fn one_answer_that_is_wrong_makes_nothing_older_than_the_others_say() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let time = |text: &str| -> Timestamp { text.parse().expect("a moment") };
        let clock = Clock::starting_at(time("2026-11-23T02:11:00Z"), start);
        clock.hear_at(time("2026-11-23T02:00:01Z"), after(1000));
        // A server that is ahead by eleven minutes, and then one that is right again.
        clock.hear_at(time("2026-11-23T02:11:01Z"), after(1100));
        clock.hear_at(time("2026-11-23T02:00:01Z"), after(1200));
        let both = (clock.at(after(1300)).moment, clock.at_least_at(after(1300)).moment);
        assert_eq!(both, (time("2026-11-23T02:11:01.2Z"), time("2026-11-23T02:00:01.1Z")));
    }
}
