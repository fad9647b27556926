//! Failures as a user meets them: one sentence, what to do, the code for scripts, and the exit status.

use std::io;
use std::process::ExitCode;

use crate::diagnostic::{Problem, ProblemCode, SourceMap};
use crate::document::NotAPlan;
use crate::manifest::LoadError;
use crate::model::{count, io_reason};
use crate::reconcile::ObserveError;
use crate::state::{StoreError, StoreErrorKind};

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
pub(super) struct CommandFailure {
    /// What went wrong.
    pub(super) message: String,
    /// Its parts, a line each.
    pub(super) parts: Vec<String>,
    /// What to do about it.
    pub(super) hint: Option<String>,
    /// The stable code, where it ends a run before there is a result (contract, Problems). Usage errors have none.
    pub(super) code: Option<ProblemCode>,
    /// The problems of a manifest that cannot be used, in place of one code.
    pub(super) manifest: Option<Box<InvalidManifest>>,
}

/// A manifest that cannot be used.
#[derive(Debug)]
pub(super) struct InvalidManifest {
    pub(super) problems: Vec<Problem>,
    pub(super) sources: SourceMap,
}

/// Returns the code of problems that all have the same.
pub(super) fn common_code(codes: impl IntoIterator<Item = ProblemCode>) -> Option<ProblemCode> {
    let mut codes = codes.into_iter();
    let first = codes.next()?;
    codes.all(|code| code == first).then_some(first)
}

impl CommandFailure {
    pub(super) fn new(message: impl Into<String>) -> CommandFailure {
        CommandFailure { message: message.into(), parts: Vec::new(), hint: None, code: None, manifest: None }
    }

    /// Makes the failure of a manifest that has problems.
    pub(super) fn invalid_manifest(problems: Vec<Problem>, sources: SourceMap) -> CommandFailure {
        let mut failure = CommandFailure::new(format!("the manifest has {}", count(problems.len(), "problem")));
        failure.manifest = Some(Box::new(InvalidManifest { problems, sources }));
        failure
    }

    pub(super) fn parts(mut self, parts: Vec<String>) -> CommandFailure {
        self.parts = parts;
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> CommandFailure {
        self.hint = Some(hint.into());
        self
    }

    /// Adds something else that helps.
    pub(super) fn or(mut self, hint: &str) -> CommandFailure {
        self.hint = Some(match self.hint {
            Some(first) => format!("{first}; {hint}"),
            None => hint.to_owned(),
        });
        self
    }

    pub(super) fn code(mut self, code: ProblemCode) -> CommandFailure {
        self.code = Some(code);
        self
    }

    /// Returns what is wrong, for the document of a run that ended before there was a result; nothing where a usage
    /// error prints none.
    pub(super) fn problems(&self) -> Vec<Problem> {
        match &self.manifest {
            Some(manifest) => manifest.problems.clone(),
            None => self.code.map(|code| self.problem(code)).into_iter().collect(),
        }
    }

    fn problem(&self, code: ProblemCode) -> Problem {
        let parts = self.parts.join("; ");
        let message = if parts.is_empty() { self.message.clone() } else { format!("{} {parts}", self.message) };
        let problem = Problem::new(code, message);
        match &self.hint {
            Some(hint) => problem.help(hint.as_str()),
            None => problem,
        }
    }

    pub(super) fn exit(&self) -> Exit {
        Exit::Failed
    }
}

impl From<LoadError> for CommandFailure {
    fn from(error: LoadError) -> CommandFailure {
        CommandFailure::new(error.to_string()).code(ProblemCode::ManifestMissing)
    }
}

impl From<StoreError> for CommandFailure {
    fn from(error: StoreError) -> CommandFailure {
        let code = match error.kind {
            StoreErrorKind::Held { .. } => ProblemCode::LockHeld,
            _ => ProblemCode::StateUnavailable,
        };
        CommandFailure::new(error.to_string()).code(code)
    }
}

impl From<NotAPlan> for CommandFailure {
    fn from(error: NotAPlan) -> CommandFailure {
        CommandFailure::new(error.to_string())
            .hint("make one by `shardctl plan --out FILE`")
            .code(ProblemCode::UnusablePlan)
    }
}

impl From<ObserveError> for CommandFailure {
    fn from(error: ObserveError) -> CommandFailure {
        match error {
            ObserveError::Unauthorized { .. } => CommandFailure::new(error.to_string())
                .hint("check PROXYSHARD_TOKEN or --token-file, and that --api-url is the right API")
                .code(ProblemCode::TokenRefused),
            ObserveError::Unreachable { .. } => CommandFailure::new(error.to_string())
                .hint("check the network, a proxy in HTTPS_PROXY, and that --api-url is right; then run again")
                .code(ProblemCode::ApiUnreachable),
            ObserveError::NoList { .. } => CommandFailure::new(error.to_string())
                .hint("name the orders instead: a server of the older API does not list them")
                .code(ProblemCode::ApiError),
            ObserveError::Records(error) => error.into(),
        }
    }
}

impl From<anyhow::Error> for CommandFailure {
    fn from(error: anyhow::Error) -> CommandFailure {
        let words = |cause: &(dyn std::error::Error + 'static)| {
            cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), io_reason)
        };
        CommandFailure::new(error.chain().map(words).collect::<Vec<_>>().join(": "))
    }
}

impl From<io::Error> for CommandFailure {
    fn from(error: io::Error) -> CommandFailure {
        CommandFailure::new(format!("the output could not be written: {}", io_reason(&error)))
    }
}
