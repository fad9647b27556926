//! What came of a plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PlanDocument, PlanView};
use crate::model::{Outcome, Report, StepResult};

/// What came of a plan, as `apply --format json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "shardctl apply")]
pub struct ApplyDocument {
    /// The plan; its operations have results unless it was a dry run.
    #[serde(flatten)]
    pub plan: PlanDocument,
    /// What came of it, in one word.
    pub outcome: OutcomeWord,
    /// What the purchases charged, in cents.
    pub charged_cents: u64,
    /// What purchases may have charged whose outcome is unknown, in cents.
    #[serde(default)]
    pub may_have_charged_cents: u64,
}

/// What came of a plan, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Outcome")]
pub enum OutcomeWord {
    /// Not invoked to carry anything out.
    DryRun,
    /// There was nothing to do.
    NothingToDo,
    /// Everything was carried out.
    Complete,
    /// Some of it was carried out.
    Partial,
    /// Nothing was carried out.
    Failed,
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultDocument {
    /// In one word.
    pub status: ResultStatus,
    /// What went wrong; null where nothing did.
    pub error: Option<String>,
    /// What is worth saying although nothing went wrong, as that the API does not show what came of it; absent where there
    /// is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// What came of an operation, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    /// Carried out, acknowledged and recorded.
    Done,
    /// Not carried out, or not as it was asked for.
    Failed,
    /// A purchase whose outcome is unknown.
    Unknown,
    /// Not tried.
    NotRun,
}

impl ApplyDocument {
    /// Makes the document of an apply; without a report it was a dry run.
    pub fn new(view: &PlanView<'_>, report: Option<&Report>) -> ApplyDocument {
        ApplyDocument {
            plan: PlanDocument::with_results(view, report),
            outcome: report.map_or(OutcomeWord::DryRun, |report| report.outcome().into()),
            charged_cents: report.map_or(0, |report| report.charged().0),
            may_have_charged_cents: report.map_or(0, |report| report.may_have_charged().0),
        }
    }
}

impl From<Outcome> for OutcomeWord {
    fn from(outcome: Outcome) -> OutcomeWord {
        match outcome {
            Outcome::NothingToDo => OutcomeWord::NothingToDo,
            Outcome::Complete => OutcomeWord::Complete,
            Outcome::Partial => OutcomeWord::Partial,
            Outcome::Failed => OutcomeWord::Failed,
        }
    }
}

impl ResultDocument {
    /// Makes the document of a step's result, with what is worth saying of it.
    pub(super) fn new(result: &StepResult, remark: Option<&str>) -> ResultDocument {
        let (status, error) = match result {
            StepResult::Done => (ResultStatus::Done, None),
            StepResult::Failed { error } => (ResultStatus::Failed, Some(error.clone())),
            StepResult::Unknown { error } => (ResultStatus::Unknown, Some(error.clone())),
            StepResult::NotRun => (ResultStatus::NotRun, None),
        };
        ResultDocument { status, error, remark: remark.map(str::to_owned) }
    }
}
