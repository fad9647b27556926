//! What went wrong with a request, by the stage at which it did.

use std::fmt;
use std::time::Duration;

use super::endpoint::Endpoint;
use crate::model::Foreign;

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// What was asked for.
    pub endpoint: Endpoint,
    /// How often it was sent, or tried to be.
    pub attempts: u32,
    /// How far the last attempt got.
    pub stage: Stage,
    /// Whether it is certain that no attempt took effect.
    pub had_no_effect: bool,
    /// Whether an answer of whatever kind came to any attempt.
    pub answered: bool,
}

/// How far a request got before it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// No connection: nothing reached the API.
    NotSent {
        /// What kept it from being sent.
        reason: Foreign,
        /// Whether another attempt cannot help.
        lasting: bool,
    },
    /// Its permit was refused: this attempt was not made.
    NotPermitted {
        /// Why it must not be sent, and how the attempt before it failed, if there was one.
        reason: Foreign,
    },
    /// Sent, and no whole answer came back: whether it took effect is unknown.
    NoAnswer {
        /// What happened instead.
        reason: Foreign,
        /// The HTTP status, where an answer began to come.
        status: Option<u16>,
    },
    /// The API said no.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The API's own message, or what the status means.
        message: Foreign,
        /// Whether the answer has the shape of the API's errors; where not, something else may stand in its place.
        from_api: bool,
        /// How long the API asks to wait.
        retry_after: Option<Duration>,
    },
    /// An answer that is not what the API's description promises.
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// Where and how it differs; never what it holds.
        reason: String,
    },
    /// A readable answer that does not show what was asked for.
    Unexpected {
        /// What was expected and what came.
        reason: String,
    },
}

impl Stage {
    /// Returns whether sending an idempotent request once more may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Stage::NotSent { lasting, .. } => !lasting,
            Stage::NoAnswer { .. } => true,
            Stage::Refused { status, .. } => *status == 429 || *status >= 500,
            Stage::NotPermitted { .. } | Stage::Unreadable { .. } | Stage::Unexpected { .. } => false,
        }
    }

    /// Returns whether it is certain that the request took no effect.
    pub fn had_no_effect(&self) -> bool {
        match self {
            Stage::NotSent { .. } | Stage::NotPermitted { .. } => true,
            // 200 is a refusal where the answer says so. Another success, or a redirect to where the result is to be
            // seen, may mean that it was done. 408 and 499 come from a proxy that gave up, or believes that its client
            // did, while what arrived may be under way.
            Stage::Refused { status, .. } => matches!(status, 200 | 307 | 308 | 400..=407 | 409..=498),
            Stage::NoAnswer { .. } | Stage::Unreadable { .. } | Stage::Unexpected { .. } => false,
        }
    }

    /// Returns how long the API asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Stage::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Adds how long the answer asks to wait, where it is one after which waiting can help.
    pub(super) fn asking_to_wait(mut self, asked: Option<Duration>) -> Stage {
        if let Stage::Refused { status, retry_after, .. } = &mut self {
            *retry_after = asked.filter(|_| *status == 429 || *status >= 500);
        }
        self
    }

    /// Adds words of our own behind the message of a refusal.
    pub(super) fn add_words(&mut self, words: &str) {
        if let Stage::Refused { message, .. } = self {
            *message = Foreign::new(format!("{}; {words}", message.raw()));
        }
    }

    /// Returns the HTTP status, where an answer at least began to come.
    pub fn status(&self) -> Option<u16> {
        match self {
            Stage::NotSent { .. } | Stage::NotPermitted { .. } => None,
            Stage::NoAnswer { status, .. } => *status,
            Stage::Refused { status, .. } | Stage::Unreadable { status, .. } => Some(*status),
            // Only an answer that says that all is well is read that far.
            Stage::Unexpected { .. } => Some(200),
        }
    }
}

impl ApiError {
    /// Makes the error of a request that was sent once.
    pub fn once(endpoint: Endpoint, stage: Stage) -> ApiError {
        let (had_no_effect, answered) = (stage.had_no_effect(), stage.status().is_some());
        ApiError { endpoint, attempts: 1, stage, had_no_effect, answered }
    }

    /// Makes the error of a request that somebody asked to stop before it was sent.
    pub(super) fn not_tried(endpoint: Endpoint) -> ApiError {
        let stage = Stage::NotSent { reason: "interrupted before it was sent".into(), lasting: true };
        ApiError { endpoint, attempts: 0, stage, had_no_effect: true, answered: false }
    }

    /// Takes note of an attempt that failed.
    pub(super) fn failed_again(&mut self, stage: Stage) {
        self.attempts += 1;
        self.had_no_effect &= stage.had_no_effect();
        self.answered |= stage.status().is_some();
        self.stage = stage;
    }

    /// Takes note that another attempt must not be made. What earlier attempts may have done stays as it is.
    pub(super) fn not_permitted(mut self, reason: Foreign) -> ApiError {
        let reason = match self.attempts {
            0 => reason,
            _ => Foreign::new(format!("{}; the attempt before: {}", reason.raw(), self.stage)),
        };
        self.stage = Stage::NotPermitted { reason };
        self
    }

    /// Returns the HTTP status of a refusal.
    pub fn refusal_status(&self) -> Option<u16> {
        match self.stage {
            Stage::Refused { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Returns whether the answer is a refusal that does not look like one of the API's.
    pub fn is_refused_elsewhere(&self) -> bool {
        matches!(self.stage, Stage::Refused { from_api: false, .. })
    }

    /// Returns whether the request was tried and nothing whatsoever came back from the API.
    pub fn is_unreachable(&self) -> bool {
        let went_out = matches!(self.stage, Stage::NotSent { .. } | Stage::NoAnswer { .. });
        went_out && self.attempts > 0 && !self.answered
    }

    /// Returns whether the API refused the token.
    pub fn is_unauthorized(&self) -> bool {
        self.refusal_status() == Some(401)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.endpoint, self.stage)?;
        match self.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, " (after {attempts} attempts)"),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stage::NotSent { reason, .. } => write!(f, "not sent: {}", reason.printable()),
            Stage::NotPermitted { reason } => write!(f, "not sent: {}", reason.printable()),
            Stage::NoAnswer { reason, .. } => write!(f, "no answer: {}", reason.printable()),
            Stage::Refused { status, message, .. } => write!(f, "refused with {status}: {}", message.printable()),
            Stage::Unreadable { status, reason } => write!(f, "unreadable answer ({status}): {reason}"),
            Stage::Unexpected { reason } => write!(f, "unexpected answer: {reason}"),
        }
    }
}

impl std::error::Error for ApiError {}
