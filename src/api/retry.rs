//! When a request that failed is sent again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::error::{ApiError, Stage};
use super::gate::{Gate, Place};
use super::observer::{Observer, Waiting};
use super::pauses::Pauses;
use super::permit::SendPermit;

/// The longest wait that a server may ask for; beyond it the request fails instead.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
    pub(super) observer: Arc<dyn Observer>,
    /// Once it is cancelled, nothing is sent again, and nothing waits.
    pub(super) stop: CancellationToken,
}

impl Retry {
    /// Sends a request by `exchange`, which gets the number of the attempt, until it is answered or nothing more can or
    /// may be done about it.
    pub(super) async fn send<T, F: Future<Output = Result<T, Stage>>>(
        &self,
        rules: Rules<'_>,
        exchange: impl Fn(u32) -> F,
    ) -> Result<T, ApiError> {
        let Rules { endpoint, resend, permit } = rules;
        let mut pauses = Pauses::new(self.retries);
        let mut error = ApiError::not_tried(endpoint);
        loop {
            let Some(place) = self.enter().await else { return Err(error) };
            // The last thing before sending.
            if let Some(permit) = permit
                && let Err(reason) = permit.may_send().await
            {
                return Err(error.not_permitted(reason));
            }
            let result = exchange(error.attempts + 1).await;
            place.judge(&result);
            drop(place);
            match result {
                Ok(answer) => return Ok(answer),
                Err(stage) => error.failed_again(name_long_wait(stage)),
            }
            let Some(pause) = pause_after(&error.stage, resend, &mut pauses) else { return Err(error) };
            if self.stop.is_cancelled() {
                return Err(error);
            }
            self.observer.waiting(&Waiting { endpoint, failure: &error.stage, pause });
            if self.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Err(error);
            }
        }
    }

    /// Waits for a place; `None` where somebody asked to stop first.
    async fn enter(&self) -> Option<Place<'_>> {
        tokio::select! {
            biased;
            place = self.gate.enter() => Some(place),
            () = self.stop.cancelled() => None,
        }
    }
}

/// Returns the pause before a request is sent again; `None` where it is not.
fn pause_after(stage: &Stage, resend: Resend, pauses: &mut Pauses) -> Option<Duration> {
    let allowed = match resend {
        Resend::Idempotent => true,
        Resend::OnlyIfNotSent => matches!(stage, Stage::NotSent { .. }),
    };
    let asked = stage.retry_after().unwrap_or_default();
    if !allowed || !stage.is_transient() || asked > MAX_RETRY_AFTER {
        return None;
    }
    pauses.next().map(|pause| pause.max(asked))
}

/// Says in a refusal how long the API asks to wait, where that is longer than anybody waits.
fn name_long_wait(stage: Stage) -> Stage {
    let Some(asked) = stage.retry_after().filter(|asked| *asked > MAX_RETRY_AFTER) else { return stage };
    match asked > ONE_DAY {
        true => stage.with_words("it asks to wait for more than a day"),
        false => stage.with_words(&format!("it asks to wait {} s, try again then", asked.as_secs())),
    }
}
