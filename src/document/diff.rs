//! The difference between an order as it is and as it is declared, as a saved plan holds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diff::{DiffLine, Hunk, Unit};
use crate::model::printable;

/// A part of an order that differs, with what stands around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Hunk")]
pub struct HunkDocument {
    /// Where it stands on both sides, as a unified diff writes it.
    pub header: String,
    /// Its lines, from top to bottom.
    pub lines: Vec<DiffLineDocument>,
}

/// A line of a difference; two of them where the same is said in other words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[schemars(rename = "DiffLine")]
pub enum DiffLineDocument {
    /// The same on both sides.
    Same {
        /// The line.
        same: String,
    },
    /// Another one on each side.
    Pair {
        /// As it is.
        live: String,
        /// As it is declared.
        declared: String,
        /// Whether the declared line differs only in what was unknown.
        asserted: bool,
    },
    /// Only as it is.
    Removed {
        /// The line.
        live: String,
    },
    /// Only as it is declared.
    Added {
        /// The line.
        declared: String,
    },
}

impl From<&Hunk<'_>> for HunkDocument {
    fn from(hunk: &Hunk<'_>) -> HunkDocument {
        HunkDocument {
            header: hunk.header.clone(),
            lines: hunk.units().map(|unit| DiffLineDocument::from(&unit)).collect(),
        }
    }
}

impl From<&Unit<'_>> for DiffLineDocument {
    fn from(unit: &Unit<'_>) -> DiffLineDocument {
        match unit {
            Unit::Same(line) => DiffLineDocument::Same { same: line.to_string() },
            Unit::Pair { live, declared, asserted } => {
                DiffLineDocument::Pair { live: live.to_string(), declared: declared.to_string(), asserted: *asserted }
            }
            Unit::Removed(line) => DiffLineDocument::Removed { live: line.to_string() },
            Unit::Added(line) => DiffLineDocument::Added { declared: line.to_string() },
        }
    }
}

impl<'a> From<&'a HunkDocument> for Hunk<'a> {
    fn from(document: &'a HunkDocument) -> Hunk<'a> {
        Hunk::saved(printable(&document.header), document.lines.iter().map(Unit::from).collect())
    }
}

impl<'a> From<&'a DiffLineDocument> for Unit<'a> {
    fn from(document: &'a DiffLineDocument) -> Unit<'a> {
        match document {
            DiffLineDocument::Same { same } => Unit::Same(DiffLine::Saved(same)),
            DiffLineDocument::Pair { live, declared, asserted } => {
                Unit::Pair { live: DiffLine::Saved(live), declared: DiffLine::Saved(declared), asserted: *asserted }
            }
            DiffLineDocument::Removed { live } => Unit::Removed(DiffLine::Saved(live)),
            DiffLineDocument::Added { declared } => Unit::Added(DiffLine::Saved(declared)),
        }
    }
}
