//! The bound on requests under way at once: halved when the API asks to slow down, recovered answer by answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::error::Stage;

/// Lets at most so many requests be under way at once.
#[derive(Debug)]
pub(super) struct Gate {
    most: usize,
    state: Mutex<State>,
    /// Woken for each place that becomes free.
    freed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    under_way: usize,
    /// Answers since the limit last changed.
    answers: usize,
}

/// A place that is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a>(&'a Gate);

impl Gate {
    pub(super) fn new(most: usize) -> Gate {
        let most = most.max(1);
        Gate { most, state: Mutex::new(State { limit: most, under_way: 0, answers: 0 }), freed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place.
    pub(super) async fn enter(&self) -> Place<'_> {
        loop {
            {
                let mut state = self.state();
                if state.under_way < state.limit {
                    state.under_way += 1;
                    return Place(self);
                }
            }
            self.freed.notified().await;
        }
    }

    /// Takes note of an answer that asks to slow down. A burst of them, sent under one limit, halves it once.
    pub(super) fn slow_down(&self) {
        let mut state = self.state();
        state.answers += 1;
        if state.limit == self.most || state.answers > state.limit {
            state.limit = (state.limit / 2).max(1);
            state.answers = 0;
        }
    }

    /// Takes note of any other answer: one more place for as many as there are places.
    pub(super) fn go_on(&self) {
        let mut state = self.state();
        if state.limit < self.most {
            state.answers += 1;
            if state.answers > state.limit {
                state.limit += 1;
                state.answers = 0;
                self.freed.notify_one();
            }
        }
    }
}

impl Place<'_> {
    /// Takes note of how the request of this place ended.
    pub(super) fn judge<T>(&self, result: &Result<T, Stage>) {
        match result.as_ref().map_or_else(Stage::status, |_| Some(200)) {
            Some(429) => self.0.slow_down(),
            _ => self.0.go_on(),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Waits a moment for a place.
    async fn enter_soon(gate: &Gate) -> Option<Place<'_>> {
        tokio::time::timeout(Duration::from_millis(5), gate.enter()).await.ok()
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_under_way_and_every_place_comes_back() {
        let gate = Gate::new(2);
        let mut places = vec![enter_soon(&gate).await.expect("the first place")];
        places.push(enter_soon(&gate).await.expect("the second place"));
        assert!(enter_soon(&gate).await.is_none(), "there are two");
        let waiting = async { drop(gate.enter().await) };
        let freeing = async { places.clear() };
        tokio::time::timeout(Duration::from_secs(5), async { tokio::join!(waiting, freeing) }).await.expect("a place");
        assert_eq!(gate.state().under_way, 0);
    }

    #[test]
    fn a_burst_halves_once_and_answers_bring_it_back() {
        let gate = Gate::new(16);
        (0..8).for_each(|_| gate.slow_down());
        assert_eq!(gate.state().limit, 8);
        (0..100).for_each(|_| gate.slow_down());
        assert_eq!(gate.state().limit, 1, "never below one");
        (0..1000).for_each(|_| gate.go_on());
        assert_eq!(gate.state().limit, 16);
    }
}
