//! Whose turn it is: the bound on requests under way at once, and a pace that the API's 429s slow down.
//!
//! Most limits of APIs are rates, so the answer to a 429 is one: a pause between any two sends of the whole run. It
//! begins at twice the one that the run kept until then, and doubles whenever a rate that worked for a while turns out
//! too high; it shrinks by half in [`RECOVERY`] while answers come. That goes below one request at a time wherever it
//! must, and back to as fast as the answers come.
//!
//! After a 429 nothing is sent for a moment, or for as long as the API asks; then one request tries, and the others
//! follow once it was answered otherwise. So a window that is used up costs a few requests, and says nothing about the
//! rate that the next window bears.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::pauses::lengthen;

/// The longest pause between two sends that is kept: slower than any limit of one request a second needs.
const SLOWEST: Duration = Duration::from_secs(2);
/// A pause between two sends that is too short to matter.
const FASTEST: Duration = Duration::from_micros(10);
/// The time in which the pace doubles while nothing is refused.
const RECOVERY: Duration = Duration::from_secs(10);
/// The first and the longest time in which nothing is sent after a 429 that does not say for how long.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(8);
/// Timers are no finer than this: who is woken late may send at once what should have been sent by then.
const TIMER: Duration = Duration::from_millis(1);

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// What grows old while it waits, or has waited already.
    First,
    /// Everything else.
    InTurn,
}

/// Lets requests through, a bounded number at once and at the pace that the API bears.
#[derive(Debug)]
pub(super) struct Gate {
    most: usize,
    state: Mutex<State>,
    /// Held by the one who is let through next.
    next: tokio::sync::Mutex<()>,
    /// Held by the first of those who are not urgent.
    next_in_turn: tokio::sync::Mutex<()>,
    /// Woken when a place becomes free.
    freed: Notify,
}

#[derive(Debug)]
struct State {
    under_way: usize,
    /// The pause between two sends; zero while nothing was refused.
    interval: Duration,
    /// When the next request may be sent by that pace.
    next_send: Instant,
    /// When anything may be sent again after a refusal.
    opens: Instant,
    /// The refusals in a row.
    refusals: u32,
    /// The number of refusals that slowed the run down. What was sent before the last of them says nothing new.
    era: u64,
    /// The requests under way that were sent in this era.
    of_this_era: usize,
    /// When the pace last recovered.
    recovered: Instant,
}

/// A place among the requests under way, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    gate: &'a Gate,
    era: u64,
    entered: Instant,
}

enum Admission {
    /// With the era that it belongs to.
    Now(u64),
    At(Instant),
    WhenFreed,
}

impl Gate {
    /// Makes a gate that lets at most so many requests be under way at once.
    pub(super) fn new(most: usize) -> Gate {
        let now = Instant::now();
        let state = State {
            under_way: 0,
            interval: Duration::ZERO,
            next_send: now,
            opens: now,
            refusals: 0,
            era: 0,
            of_this_era: 0,
            recovered: now,
        };
        Gate {
            most: most.max(1),
            state: Mutex::new(state),
            next: tokio::sync::Mutex::default(),
            next_in_turn: tokio::sync::Mutex::default(),
            freed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place and for the moment to send; first come, first served among those of one urgency.
    pub(super) async fn enter(&self, urgency: Urgency) -> Place<'_> {
        let _in_turn = match urgency {
            Urgency::InTurn => Some(self.next_in_turn.lock().await),
            Urgency::First => None,
        };
        let _next = self.next.lock().await;
        loop {
            let now = Instant::now();
            // The state is not held while waiting.
            let admission = self.state().admit(self.most, now);
            match admission {
                Admission::Now(era) => return Place { gate: self, era, entered: now },
                Admission::At(moment) => sleep_until(moment).await,
                Admission::WhenFreed => self.freed.notified().await,
            }
        }
    }
}

impl State {
    fn admit(&mut self, most: usize, now: Instant) -> Admission {
        let is_trying = self.refusals > 0 && self.of_this_era > 0;
        if self.under_way >= most || is_trying {
            return Admission::WhenFreed;
        }
        let moment = self.opens.max(self.next_send);
        if moment > now {
            return Admission::At(moment);
        }
        self.under_way += 1;
        self.of_this_era += 1;
        let on_time = now.checked_sub(TIMER).unwrap_or(now);
        self.next_send = self.next_send.max(on_time) + self.interval;
        Admission::Now(self.era)
    }

    /// Slows the pace down. `took` is the time between the sending of a request and its refusal.
    fn slow_down(&mut self, took: Duration) {
        // Without a pace, requests followed each other as fast as the answers came.
        let unpaced = took / u32::try_from(self.under_way.max(1)).unwrap_or(u32::MAX);
        self.interval = (self.interval.max(unpaced) * 2).clamp(FASTEST, SLOWEST);
    }

    fn recover(&mut self, now: Instant) {
        // Time in which nothing was answered shows nothing.
        let time = now.duration_since(self.recovered).min(Duration::from_secs(2));
        self.recovered = now;
        self.interval = self.interval.mul_f64((-time.as_secs_f64() / RECOVERY.as_secs_f64()).exp2());
        if self.interval < FASTEST {
            self.interval = Duration::ZERO;
        }
    }
}

impl Place<'_> {
    /// Takes note of a 429, with how long it asks to wait. Returns how long nothing is sent because of it; `None` where
    /// that is no news: it belongs to a burst that was answered by a rest already.
    pub(super) fn refused(&self, asked: Duration) -> Option<Duration> {
        let now = Instant::now();
        let mut state = self.gate.state();
        let is_longer = now + asked > state.opens + Duration::from_secs(1);
        state.opens = state.opens.max(now + asked);
        if self.era != state.era {
            return is_longer.then_some(asked);
        }
        if state.refusals == 0 {
            state.slow_down(now - self.entered);
        }
        let first = FIRST_REST.max(state.interval / 2);
        let rest = first.saturating_mul(1 << state.refusals.min(16)).min(LONGEST_REST);
        state.opens = state.opens.max(now + lengthen(rest));
        state.refusals += 1;
        state.era += 1;
        state.of_this_era = 0;
        Some(state.opens - now)
    }

    /// Takes note of any other answer.
    pub(super) fn answered(&self) {
        let mut state = self.gate.state();
        if self.era == state.era {
            state.refusals = 0;
            state.recover(Instant::now());
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.under_way -= 1;
        if self.era == state.era {
            state.of_this_era -= 1;
        }
        drop(state);
        self.gate.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_are_under_way_and_every_place_comes_back() {
        let gate = Gate::new(2);
        let mut places = join_all((0..2).map(|_| gate.enter(Urgency::InTurn))).await;
        for urgency in [Urgency::InTurn, Urgency::First] {
            assert!(gate.enter(urgency).now_or_never().is_none(), "there are two");
        }
        // Who gives up waiting takes nothing along.
        let waiting = async { drop(gate.enter(Urgency::InTurn).await) };
        tokio::join!(waiting, async { places.clear() });
        assert_eq!(gate.state().under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_urgent_goes_before_those_that_are_not_next_yet() {
        let gate = Gate::new(1);
        let order = Mutex::new(Vec::new());
        let enter = async |name, urgency| {
            let place = gate.enter(urgency).await;
            order.lock().expect("no panic").push(name);
            drop(place);
        };
        let place = gate.enter(Urgency::InTurn).await;
        tokio::join!(
            enter("next", Urgency::InTurn),
            enter("in turn", Urgency::InTurn),
            enter("urgent", Urgency::First),
            enter("urgent, too", Urgency::First),
            async { drop(place) },
        );
        assert_eq!(order.into_inner().expect("no panic"), ["next", "urgent", "urgent, too", "in turn"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_slows_down_once_and_one_request_tries_before_the_others() {
        let gate = Gate::new(8);
        let burst = join_all((0..8).map(|_| gate.enter(Urgency::InTurn))).await;
        tokio::time::advance(Duration::from_millis(80)).await;
        let rests: Vec<_> = burst.iter().filter_map(|place| place.refused(Duration::ZERO)).collect();
        assert_eq!(rests.len(), 1, "{rests:?}");
        let asked = Duration::from_secs(3);
        assert_eq!(burst[7].refused(asked), Some(asked), "unless one of them asks for more");
        assert_eq!(gate.state().interval, Duration::from_millis(20), "8 in 80 ms were too many");
        drop(burst);
        let since = Instant::now();
        let trying = gate.enter(Urgency::InTurn).await;
        assert!(since.elapsed() >= asked, "it was sent while nothing is");
        assert!(gate.enter(Urgency::First).now_or_never().is_none(), "one tries");
        assert_eq!(trying.refused(Duration::from_secs(7)), Some(Duration::from_secs(7)));
        assert_eq!(gate.state().interval, Duration::from_millis(20), "the window is still used up");
        drop(trying);
        let trying = gate.enter(Urgency::InTurn).await;
        trying.answered();
        let since = Instant::now();
        let _others = join_all((0..2).map(|_| gate.enter(Urgency::InTurn))).await;
        assert!((30..=42).contains(&since.elapsed().as_millis()), "{:?}", since.elapsed());
    }
}
