//! What `validate` found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT_VERSION, ProblemDocument};
use crate::diagnostic::{Problem, SourceMap};

/// What `validate --format json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "shardctl validate")]
pub struct ValidateDocument {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    pub format_version: u32,
    /// Whether the manifest has no problem.
    pub valid: bool,
    /// What is wrong with it.
    pub problems: Vec<ProblemDocument>,
}

impl ValidateDocument {
    /// Makes the document of a validation.
    pub fn new(problems: &[Problem], sources: &SourceMap) -> ValidateDocument {
        let problems: Vec<ProblemDocument> =
            problems.iter().map(|problem| ProblemDocument::new(problem, sources)).collect();
        ValidateDocument { format_version: FORMAT_VERSION, valid: problems.is_empty(), problems }
    }
}
