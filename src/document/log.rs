//! The lines of the log that `--log-format json` writes: events, and what is said beside them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EventLineDocument, LogLevel, at};

/// A line of the log that `--log-format json` writes to stderr. Each is one of these; a line that tells no event has no
/// `event`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(title = "shardctl event")]
pub enum LogLineDocument {
    /// Something that happened, such as a charge.
    Event(Box<EventLineDocument>),
    /// A request to the API ended (`-vv`).
    Request(RequestLineDocument),
    /// A request waits before it is sent again.
    Pause(PauseLineDocument),
    /// Something that is said on the side.
    Message(MessageLineDocument),
}

/// Something that is said on the side, such as a warning, or a decision (`-v`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MessageLine")]
pub struct MessageLineDocument {
    /// When it was said.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// How much it matters.
    pub level: LogLevel,
    /// The order that it is about; absent: none, or several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
    /// What is said, for people; its words may change.
    pub message: String,
}

/// A request to the API that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RequestLine")]
pub struct RequestLineDocument {
    /// When it ended.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// How much it matters.
    pub level: LogLevel,
    /// The method.
    pub method: String,
    /// The path and, where there is one, the query.
    pub path: String,
    /// The status of the answer; null: there was none.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// What is said, for people; its words may change.
    pub message: String,
}

/// A pause before a request is sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PauseLine")]
pub struct PauseLineDocument {
    /// When it began.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// How much it matters.
    pub level: LogLevel,
    /// How long it is.
    pub seconds: f64,
    /// Which request it is and why it waits, for people; its words may change.
    pub message: String,
}

impl MessageLineDocument {
    /// Makes the line of something that is said now.
    pub fn new(time: Timestamp, level: LogLevel, order_id: Option<u64>, message: &str) -> MessageLineDocument {
        MessageLineDocument { time: at(time), level, order_id, message: message.to_owned() }
    }
}
