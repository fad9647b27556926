//! Signs of life where nobody sees a bar: a log that stands still for long is taken for a program that does.

use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often work in progress says how far it is.
pub(super) const INTERVAL: Duration = Duration::from_secs(30);

/// From so long a pause on it is said why nothing happens.
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// Does something again and again until it is dropped.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// The thread ends when its other end does.
    _alive: mpsc::Sender<()>,
}

impl Heartbeat {
    /// Starts a thread that waits for `interval` before each beat.
    pub(super) fn start(interval: Duration, mut beat: impl FnMut() + Send + 'static) -> Heartbeat {
        let (alive, ended) = mpsc::channel();
        let beats = move || {
            while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                beat();
            }
        };
        // Where there is no thread, the work goes on without signs of life.
        let _ = thread::Builder::new().name("heartbeat".to_owned()).spawn(beats);
        Heartbeat { _alive: alive }
    }
}

/// Says how far work is that counts orders.
pub(super) fn how_far(what: &str, done: u64, of: u64) -> String {
    format!("{what}: {done} of {of} {} so far", if of == 1 { "order" } else { "orders" })
}

/// Pauses that were announced.
#[derive(Debug, Default)]
pub(super) struct LongPauses {
    /// When the last one that was announced is over.
    until: Mutex<Option<Instant>>,
}

impl LongPauses {
    /// Returns whether a pause is to be announced: it is long, and does not begin within one that was announced. Many
    /// requests may wait for the same reason.
    pub(super) fn is_news(&self, now: Instant, pause: Duration) -> bool {
        let mut until = self.until.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let is_news = pause > LONG_PAUSE && until.is_none_or(|until| until <= now);
        if is_news {
            *until = now.checked_add(pause);
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heart_beats_until_it_is_dropped() {
        let (beats, felt) = mpsc::channel();
        let heart = Heartbeat::start(Duration::from_millis(1), move || _ = beats.send(()));
        assert_eq!([felt.recv(), felt.recv()], [Ok(()), Ok(())]);
        drop(heart);
        // It ends, or this never does.
        let _ = felt.iter().count();
    }

    #[test]
    fn it_says_how_much_of_how_much_is_done() {
        assert_eq!(how_far("Reading", 120, 300), "Reading: 120 of 300 orders so far");
        assert_eq!(how_far("Applying", 0, 1), "Applying: 0 of 1 order so far");
    }

    #[test]
    fn a_long_pause_is_news_once() {
        let (pauses, start) = (LongPauses::default(), Instant::now());
        let rows =
            [(0, 5, false), (0, 6, true), (1, 60, false), (5, 30, false), (6, 30, true), (35, 9, false), (36, 9, true)];
        for (after, pause, is_news) in rows {
            let now = start + Duration::from_secs(after);
            assert_eq!(pauses.is_news(now, Duration::from_secs(pause)), is_news, "{pause} s after {after} s");
        }
    }
}
