//! Problems and notes as scripts read them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::PendingDocument;
use crate::diagnostic::{Note, NoteCode, NoteValue, Problem, ProblemCode, SourceMap};

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
    /// The IPs it belongs to, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ips: Vec<String>,
    /// What it is about: `signature`, `slots`, `pending`, `auto_renewal` or `mark`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The value before; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub from: Option<NoteValueDocument>,
    /// The value now, or the one that was to be; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub to: Option<NoteValueDocument>,
}

/// A value that a note is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "NoteValue")]
pub enum NoteValueDocument {
    /// Whether something is so.
    Flag(bool),
    /// A number of slots.
    Number(u32),
    /// A word, such as a signature.
    Word(String),
    /// What is scheduled for the next renewal; null: nothing.
    Pending(Option<PendingDocument>),
}

/// Reads a value that is there, and may be null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NoteValueDocument>, D::Error> {
    NoteValueDocument::deserialize(deserializer).map(Some)
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
        let Note { code, message, ip, ips, attribute, from, to } = note;
        NoteDocument {
            code: *code,
            message: message.clone(),
            ip: ip.map(|ip| ip.to_string()),
            ips: ips.iter().map(ToString::to_string).collect(),
            attribute: attribute.map(|attribute| attribute.as_str().to_owned()),
            from: from.as_ref().map(NoteValueDocument::from),
            to: to.as_ref().map(NoteValueDocument::from),
        }
    }
}

impl From<&NoteValue> for NoteValueDocument {
    fn from(value: &NoteValue) -> NoteValueDocument {
        match value {
            NoteValue::Word(word) => NoteValueDocument::Word(word.clone()),
            NoteValue::Number(number) => NoteValueDocument::Number(*number),
            NoteValue::Pending(pending) => NoteValueDocument::Pending(pending.map(PendingDocument::from)),
            NoteValue::Flag(flag) => NoteValueDocument::Flag(*flag),
        }
    }
}
