//! When a request that failed is sent again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::error::{ApiError, Stage};
use super::gate::{Gate, Place, Urgency};
use super::observer::{Observer, Waiting};
use super::pauses::Pauses;
use super::permit::SendPermit;

/// The longest wait that a server in trouble may ask for; beyond it the request fails instead.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const TOO_MANY_REQUESTS: u16 = 429;

/// When a failed request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resend {
    /// After any transient failure: doing it twice is doing it once.
    Idempotent,
    /// Only when nothing was sent.
    OnlyIfNotSent,
}

/// What is allowed for a request.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) resend: Resend,
    /// Who is asked before each attempt; `None` for what only reads.
    pub(super) permit: Option<&'a dyn SendPermit>,
}

/// What all requests of a connection share that may have to wait, or to be sent again.
pub(super) struct Retry {
    pub(super) gate: Gate,
    /// How often a request may be sent again.
    pub(super) retries: u32,
    /// How long a request waits in all because the API asks to slow down.
    pub(super) patience: Duration,
    pub(super) observer: Arc<dyn Observer>,
    /// Once it is cancelled, nothing is sent again, and nothing waits.
    pub(super) stop: CancellationToken,
}

/// What is done about a failure.
enum Next {
    GiveUp,
    /// It is sent again after a pause of its own, which uses up one of its retries.
    After(Duration),
    /// It is sent again as soon as the run, which was slowed down, comes to it.
    InTurn,
}

impl Retry {
    /// Sends a request by `exchange`, which gets the number of the attempt, until it is answered or nothing more can or
    /// may be done about it.
    pub(super) async fn send<T, F: Future<Output = Result<T, Stage>>>(
        &self,
        rules: Rules<'_>,
        exchange: impl Fn(u32) -> F,
    ) -> Result<T, ApiError> {
        let mut error = ApiError::not_tried(rules.endpoint);
        let mut pauses = Pauses::new(self.retries);
        let mut patience = self.patience.min(ONE_DAY);
        let mut turn = self.turn(rules.urgency()).await;
        loop {
            let Some(place) = turn else { return Err(error) };
            // The last thing before sending.
            if let Some(permit) = rules.permit
                && let Err(reason) = permit.may_send().await
            {
                return Err(error.not_permitted(reason));
            }
            let result = exchange(error.attempts + 1).await;
            self.judge(place, rules.endpoint, &result, patience);
            match result {
                Ok(answer) => return Ok(answer),
                Err(stage) => error.failed_again(stage),
            }
            let next = next(&mut error.stage, rules.resend, &mut pauses, patience);
            if self.stop.is_cancelled() {
                return Err(error);
            }
            turn = match next {
                Next::GiveUp => return Err(error),
                Next::After(pause) => self.turn_after(pause, rules.endpoint, &error.stage).await,
                Next::InTurn => self.turn_within(&mut patience, &mut error.stage).await,
            };
        }
    }

    /// Waits for the turn of a request; `None` where somebody asked to stop first.
    async fn turn(&self, urgency: Urgency) -> Option<Place<'_>> {
        tokio::select! {
            biased;
            place = self.gate.enter(urgency) => Some(place),
            () = self.stop.cancelled() => None,
        }
    }

    async fn turn_after(&self, pause: Duration, endpoint: Endpoint, failure: &Stage) -> Option<Place<'_>> {
        self.observer.waiting(&Waiting { endpoint, failure, pause, whole_run: false });
        self.stop.run_until_cancelled(sleep(pause)).await?;
        self.turn(Urgency::First).await
    }

    /// Waits for a turn until the patience with the API is used up, and then says so in the failure.
    async fn turn_within(&self, patience: &mut Duration, failure: &mut Stage) -> Option<Place<'_>> {
        let since = Instant::now();
        let turn = timeout(*patience, self.turn(Urgency::First)).await;
        *patience = patience.saturating_sub(since.elapsed());
        turn.unwrap_or_else(|_| {
            failure.add_words(&format!("given up after {} s of waiting for its turn", self.patience.as_secs_f64()));
            None
        })
    }

    /// Slows the run down, or lets it recover, by how a request ended, and gives its place back.
    fn judge<T>(&self, place: Place<'_>, endpoint: Endpoint, result: &Result<T, Stage>, patience: Duration) {
        match result {
            Err(failure) if failure.status() == Some(TOO_MANY_REQUESTS) => {
                // What nobody waits for is no reason to keep everybody waiting.
                let asked = failure.retry_after().filter(|asked| *asked <= patience).unwrap_or_default();
                if let Some(pause) = place.refused(asked) {
                    self.observer.waiting(&Waiting { endpoint, failure, pause, whole_run: true });
                }
            }
            Err(failure) if failure.status().is_none() => {}
            _ => place.answered(),
        }
    }
}

impl Rules<'_> {
    fn urgency(self) -> Urgency {
        match self.resend {
            // Its quote grows old.
            Resend::OnlyIfNotSent => Urgency::First,
            Resend::Idempotent => Urgency::InTurn,
        }
    }
}

/// Returns what is done about a failure, to which it adds how long the API asks to wait where nobody waits that long.
fn next(failure: &mut Stage, resend: Resend, pauses: &mut Pauses, patience: Duration) -> Next {
    let slowed_down = failure.status() == Some(TOO_MANY_REQUESTS);
    let asked = failure.retry_after().unwrap_or_default();
    let longest = if slowed_down { patience } else { MAX_RETRY_AFTER };
    if asked > longest {
        match asked > ONE_DAY {
            true => failure.add_words("it asks to wait for more than a day"),
            false => failure.add_words(&format!("it asks to wait {} s, try again then", asked.as_secs())),
        }
    }
    let allowed = resend == Resend::Idempotent || matches!(failure, Stage::NotSent { .. });
    if !allowed || !failure.is_transient() || asked > longest {
        return Next::GiveUp;
    }
    match slowed_down {
        true if patience.is_zero() => Next::GiveUp,
        true => Next::InTurn,
        false => pauses.next().map_or(Next::GiveUp, |pause| Next::After(pause.max(asked))),
    }
}

#[cfg(test)]
mod tests;
