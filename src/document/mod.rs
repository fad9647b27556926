//! Every versioned document that a user's script reads, in structs of its own: a rename inside breaks no script.
//!
//! The JSON Schemas are made of these types. A document is built from what the program knows and is written by
//! [`write()`]; [`SavedPlan`] reads one back.

mod apply;
mod diff;
mod event;
mod forecast;
mod history;
mod log;
mod order;
mod plan;
mod problem;
mod restore;
mod review;
mod run_operation;
mod save;
mod saved;
mod status;
mod validate;
mod view;

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{LOG_COMMAND, is_unprintable};

pub use apply::{ApplyDocument, OutcomeWord, ResultDocument, ResultStatus};
pub use diff::{DiffLineDocument, HunkDocument};
pub use event::{EventDocument, EventLineDocument, LogLevel};
pub use forecast::{
    ForecastDocument, ForecastSummaryDocument, NowAndAfterDocument, PeriodPriceDocument, RenewalDocument,
};
pub use history::{ActorDocument, ActorSource, HistoryDocument, OpenPurchase, RunDocument, RunOrderDocument};
pub use log::{LogLineDocument, MessageLineDocument, PauseLineDocument, RequestLineDocument};
pub use order::{
    DelNpItemDocument, OperationDocument, OrderDocument, PendingDocument, PreconditionDocument, SignatureItemDocument,
    StatusWord,
};
pub use plan::{OptionsDocument, PlanDocument, SummaryDocument};
pub use problem::{NoteDocument, NoteValueDocument, ProblemDocument};
pub use review::{
    AskedByDocument, ManifestLinesDocument, MarkDocument, NextPriceDocument, OnRecordDocument, OrderReviewDocument,
    ReviewDocument,
};
pub use run_operation::{DelNpRangeDocument, RunOperationDocument, SignatureRangeDocument};
pub use save::{manifest_at, save};
pub use saved::{NotAPlan, SavedPlan, plan_sha256};
pub use status::{StatusDocument, StatusOrderDocument};
pub use validate::ValidateDocument;
pub use view::{Basis, PlanView};

/// The version of the documents in this room.
pub const FORMAT_VERSION: u32 = 1;

/// Writes a document, indented, with a line break at its end. What would command a terminal or a log is escaped.
///
/// # Errors
///
/// Those of the writer.
pub fn write(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document).map_err(io::Error::from)?;
    writeln!(out, "{}", escaped(text))
}

/// Returns a document in one line, for a log. What would command a terminal or a log is escaped.
pub fn line(document: &impl Serialize) -> String {
    // Nothing that is logged has a key that is no text, or a value that JSON cannot say.
    escaped(serde_json::to_string(document).unwrap_or_default())
}

/// Such a character stands within a string of the document, where an escape says the same.
fn escaped(text: String) -> String {
    let is_hidden = |character: char| character != '\n' && is_unprintable(character);
    // The first question is soon answered, and mostly the last.
    let is_plain = text.is_ascii() && !text.contains('\u{7f}') || !text.contains(is_hidden);
    if is_plain && !text.contains(LOG_COMMAND) {
        return text;
    }
    text.replace(LOG_COMMAND, "##\\u005b").chars().fold(String::new(), |mut text, character| {
        match is_hidden(character) {
            true => {
                character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")))
            }
            false => text.push(character),
        }
        text
    })
}

/// Writes the moment of a line of the log, to the millisecond.
pub fn at(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

/// A document is of a second, as in the contract's example.
fn by_second(moment: Timestamp) -> String {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment).to_string()
}
