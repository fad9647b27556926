//! Problems and notes as scripts read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Note, NoteCode, Problem, ProblemCode, SourceMap};

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemDocument {
    /// The stable code.
    pub code: ProblemCode,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The order it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
    /// The IP it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The manifest file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The character in the line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteDocument {
    /// The stable code.
    pub code: NoteCode,
    /// The remark.
    pub message: String,
    /// The IP it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

impl ProblemDocument {
    /// Makes the document of a problem.
    pub fn new(problem: &Problem, sources: &SourceMap) -> ProblemDocument {
        let Problem { code, message, help, order_id, ip, primary, secondary: _ } = problem;
        let place = primary.as_ref().map(|label| sources.locate(label.span));
        ProblemDocument {
            code: *code,
            message: message.clone(),
            help: help.clone(),
            order_id: order_id.map(|order_id| order_id.get()),
            ip: ip.map(|ip| ip.to_string()),
            file: place.map(|(file, _)| file.to_owned()),
            line: place.map(|(_, position)| position.line),
            column: place.map(|(_, position)| position.column),
        }
    }
}

impl From<&Note> for NoteDocument {
    fn from(note: &Note) -> NoteDocument {
        let Note { code, message, ip } = note;
        NoteDocument { code: *code, message: message.clone(), ip: ip.map(|ip| ip.to_string()) }
    }
}
