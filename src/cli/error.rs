//! Errors as a user meets them: one sentence, what to do, and the exit status.

use std::io;
use std::process::ExitCode;

use crate::live::Unauthorized;
use crate::manifest::LoadError;
use crate::model::io_reason;
use crate::state::StoreError;

/// The exit status (contract, Exit status).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done: nothing to change, or changes shown, or all changes made.
    Done,
    /// Failed, and nothing was changed.
    Failed,
    /// There are changes; only with `--detailed-exitcode`.
    Changes,
    /// Some changes were made, some were not.
    Partial,
    /// The outcome of a purchase is unknown.
    Unknown,
    /// Interrupted a second time.
    Interrupted,
}

impl Exit {
    /// Returns the number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Changes => 2,
            Exit::Partial => 3,
            Exit::Unknown => 4,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why a command ended without doing what it was asked for.
#[derive(Debug)]
pub(super) struct Failure {
    /// What went wrong; empty where everything was said already.
    pub(super) message: String,
    /// Its parts, a line each.
    pub(super) parts: Vec<String>,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), parts: Vec::new(), hint: None }
    }

    pub(super) fn parts(mut self, parts: Vec<String>) -> Failure {
        self.parts = parts;
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn exit(&self) -> Exit {
        Exit::Failed
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        Failure::new(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::new(error.to_string())
    }
}

impl From<Unauthorized> for Failure {
    fn from(error: Unauthorized) -> Failure {
        Failure::new(error.to_string())
            .hint("check PROXYSHARD_TOKEN or --token-file, and that --api-url is the right API")
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        let words = |cause: &(dyn std::error::Error + 'static)| {
            cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), io_reason)
        };
        Failure::new(error.chain().map(words).collect::<Vec<_>>().join(": "))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::new(format!("the output could not be written: {}", io_reason(&error)))
    }
}
