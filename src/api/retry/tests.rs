//! Runs against simulated limits, with a simulated clock.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Resend, Retry, Rules};
use crate::api::endpoint::Endpoint;
use crate::api::error::{ApiError, Stage};
use crate::api::gate::Gate;
use crate::api::observer::{NoObserver, Observer, RequestEnded, Waiting};

/// How an API counts requests.
#[derive(Debug, Clone)]
enum Limiter {
    /// So many in each stretch of time that begins when the one before it ended.
    FixedWindow { limit: usize, window: Duration, used: usize, began: Option<Instant> },
    /// So many in any stretch of time; some count what they refuse, too.
    SlidingWindow { limit: usize, window: Duration, sent: VecDeque<Instant>, counts_all: bool },
    /// One for each token; tokens come steadily, and a bucket holds so many.
    TokenBucket { every: Duration, most: f64, tokens: f64, filled: Option<Instant> },
}

impl Limiter {
    fn fixed_window(limit: usize, window: Duration) -> Limiter {
        Limiter::FixedWindow { limit, window, used: 0, began: None }
    }

    fn sliding_window(limit: usize, window: Duration) -> Limiter {
        Limiter::SlidingWindow { limit, window, sent: VecDeque::new(), counts_all: false }
    }

    fn sliding_window_of_all(limit: usize, window: Duration) -> Limiter {
        Limiter::SlidingWindow { limit, window, sent: VecDeque::new(), counts_all: true }
    }

    fn token_bucket(every: Duration, most: usize) -> Limiter {
        Limiter::TokenBucket { every, most: most as f64, tokens: most as f64, filled: None }
    }

    /// Counts a request, or returns how long it takes until there is room for one.
    fn ask(&mut self, now: Instant) -> Result<(), Duration> {
        match self {
            Limiter::FixedWindow { limit, window, used, began } => {
                let start = *began.get_or_insert(now);
                if now >= start + *window {
                    (*began, *used) = (Some(now), 0);
                }
                *used += 1;
                if *used <= *limit { Ok(()) } else { Err(start + *window - now) }
            }
            Limiter::SlidingWindow { limit, window, sent, counts_all } => {
                while sent.front().is_some_and(|first| *first + *window <= now) {
                    sent.pop_front();
                }
                let is_full = sent.len() >= *limit;
                if !is_full || *counts_all {
                    sent.push_back(now);
                }
                // There is room once all but one less than the limit are out of the window.
                if is_full { Err(sent[sent.len() - *limit] + *window - now) } else { Ok(()) }
            }
            Limiter::TokenBucket { every, most, tokens, filled } => {
                let since = now - filled.replace(now).unwrap_or(now);
                *tokens = (*tokens + since.as_secs_f64() / every.as_secs_f64()).min(*most);
                if *tokens < 1.0 {
                    return Err(every.mul_f64(1.0 - *tokens));
                }
                *tokens -= 1.0;
                Ok(())
            }
        }
    }
}

/// An API with a limit that is so far away.
struct Api {
    limiter: Mutex<Limiter>,
    latency: Duration,
    says_how_long: bool,
    refused: Mutex<usize>,
}

impl Api {
    fn new(limiter: Limiter, latency: Duration, says_how_long: bool) -> Api {
        Api { limiter: Mutex::new(limiter), latency, says_how_long, refused: Mutex::default() }
    }

    async fn answer(&self) -> Result<(), Stage> {
        sleep(self.latency / 2).await;
        let counted = self.limiter.lock().expect("no panic").ask(Instant::now());
        sleep(self.latency / 2).await;
        counted.map_err(|wait| {
            *self.refused.lock().expect("no panic") += 1;
            // In whole seconds, as the header has it.
            let seconds = self.says_how_long.then(|| Duration::from_secs(wait.as_secs_f64().ceil() as u64));
            refusal(429, seconds)
        })
    }
}

fn refusal(status: u16, retry_after: Option<Duration>) -> Stage {
    Stage::Refused { status, message: "Slow down".into(), from_api: true, retry_after }
}

fn retry(concurrency: usize, observer: Arc<dyn Observer>) -> Retry {
    let patience = Duration::from_secs(300);
    Retry { gate: Gate::new(concurrency), retries: 4, patience, observer, stop: CancellationToken::new() }
}

const READ: Rules<'_> = Rules { endpoint: Endpoint::ActiveProxies, resend: Resend::Idempotent, permit: None };

/// Reads so many orders, as many of them side by side as requests may be under way, each by three requests. Returns how
/// long that took and how many requests were refused.
async fn read_orders(api: &Api, orders: usize, concurrency: usize) -> (Duration, usize) {
    let retry = retry(concurrency, Arc::new(NoObserver));
    let start = Instant::now();
    let read = async |_| {
        for _ in 0..3 {
            retry.send(READ, |_| api.answer()).await?;
        }
        Ok::<(), ApiError>(())
    };
    let answers: Vec<_> = stream::iter(0..orders).map(read).buffer_unordered(concurrency).collect().await;
    let failed: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(failed, [], "every request ends well");
    (start.elapsed(), *api.refused.lock().expect("no panic"))
}

#[tokio::test(start_paused = true)]
async fn a_run_converges_on_any_limit() {
    let (ms, s) = (Duration::from_millis, Duration::from_secs);
    let rows = [
        (10, s(1), ms(60), 300, 16),
        (200, s(1), ms(1), 3000, 64),
        (200, s(1), ms(60), 1000, 64),
        (1, s(1), ms(60), 30, 16),
        (1, s(1), ms(1), 30, 64),
        (60, s(60), ms(60), 60, 16),
    ];
    for (limit, window, latency, orders, concurrency) in rows {
        let every = window / limit;
        let limit = limit as usize;
        let limiters = [
            Limiter::fixed_window(limit, window),
            Limiter::sliding_window(limit, window),
            Limiter::sliding_window_of_all(limit, window),
            Limiter::token_bucket(every, limit),
            Limiter::token_bucket(every, 1),
        ];
        for (limiter, says_how_long) in limiters.iter().flat_map(|limiter| [(limiter, false), (limiter, true)]) {
            let words = format!("{limiter:?} {latency:?} away, {concurrency} at once, Retry-After: {says_how_long}");
            let api = Api::new(limiter.clone(), latency, says_how_long);
            let (took, refused) = read_orders(&api, orders, concurrency).await;
            let requests = 3 * orders;
            let ideal = every * u32::try_from(requests).expect("a small number");
            assert!(took <= ideal * 2, "{took:?} instead of {ideal:?}: {words}");
            assert!(refused <= requests / 5 + 150, "{refused} of {requests} were refused: {words}");
        }
    }
}

/// Remembers the pauses.
#[derive(Default)]
struct Pauses(Mutex<Vec<(Duration, bool)>>);

impl Observer for Pauses {
    fn request_ended(&self, _request: &RequestEnded<'_>) {}

    fn waiting(&self, waiting: &Waiting<'_>) {
        self.0.lock().expect("no panic").push((waiting.pause, waiting.whole_run));
    }
}

/// Sends a request that is answered so at its first attempts, and well after that.
async fn send(retry: &Retry, rules: Rules<'_>, first: &[Stage]) -> Result<u32, ApiError> {
    let answer = |attempt: u32| ready(first.get(attempt as usize - 1).map_or(Ok(attempt), |stage| Err(stage.clone())));
    retry.send(rules, answer).await
}

#[tokio::test(start_paused = true)]
async fn a_429_uses_up_no_retries() {
    let retry = Retry { retries: 0, ..retry(4, Arc::new(NoObserver)) };
    let refusals = vec![refusal(429, None); 8];
    assert_eq!(send(&retry, READ, &refusals).await, Ok(9));
    let error = send(&retry, READ, &[refusal(429, None), refusal(503, None)]).await.expect_err("no retries");
    assert_eq!((error.refusal_status(), error.attempts), (Some(503), 2));
}

#[tokio::test(start_paused = true)]
async fn five_minutes_of_429_are_enough() {
    let start = Instant::now();
    let error = send(&retry(4, Arc::new(NoObserver)), READ, &vec![refusal(429, None); 10_000]).await.expect_err("429");
    assert_eq!(start.elapsed().as_secs(), 300);
    assert!(error.attempts < 60, "{error}");
    let words = "proxies/active: refused with 429: Slow down; given up after 300 s of waiting for its turn (after";
    assert!(error.to_string().starts_with(words), "{error}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_while_the_api_asks_to_wait() {
    let pauses = Arc::<Pauses>::default();
    let retry = retry(4, Arc::<Pauses>::clone(&pauses));
    let start = Instant::now();
    let asked = Duration::from_secs(120);
    let other = async {
        sleep(Duration::from_secs(1)).await;
        retry.send(READ, |_| ready(Ok(start.elapsed()))).await
    };
    let (first, other) = tokio::join!(async { send(&retry, READ, &[refusal(429, Some(asked))]).await }, other);
    assert_eq!(first, Ok(2));
    assert!(other.is_ok_and(|sent| sent >= asked), "it was sent before that");
    assert_eq!(*pauses.0.lock().expect("no panic"), [(asked, true)], "said once");
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_is_waited_for_only_within_reason() {
    let hour = Some(Duration::from_secs(3600));
    for (status, asked, words) in [
        (429, hour, "it asks to wait 3600 s, try again then"),
        (503, hour, "it asks to wait 3600 s, try again then"),
        (503, Some(Duration::from_secs(61)), "it asks to wait 61 s, try again then"),
        (429, Some(Duration::MAX), "it asks to wait for more than a day"),
    ] {
        let start = Instant::now();
        let retry = retry(4, Arc::new(NoObserver));
        let error = send(&retry, READ, &[refusal(status, asked)]).await.expect_err("too long");
        assert_eq!(error.to_string(), format!("proxies/active: refused with {status}: Slow down; {words}"));
        assert_eq!(send(&retry, READ, &[]).await, Ok(1), "the others go on");
        assert!(start.elapsed() < Duration::from_secs(1), "{status}");
    }
    for (status, asked) in [(429, 299), (503, 60)] {
        let asked = Some(Duration::from_secs(asked));
        assert_eq!(send(&retry(4, Arc::new(NoObserver)), READ, &[refusal(status, asked)]).await, Ok(2), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_purchase_that_is_answered_is_never_sent_again() {
    let rules = Rules { endpoint: Endpoint::PurchaseAddon, resend: Resend::OnlyIfNotSent, permit: None };
    for status in [429, 503] {
        let error = send(&retry(4, Arc::new(NoObserver)), rules, &[refusal(status, None)]).await.expect_err("refused");
        assert_eq!((error.refusal_status(), error.attempts), (Some(status), 1));
        assert_eq!(error.had_no_effect, status == 429);
    }
}
