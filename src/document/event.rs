//! What happens during a run, as lines of a log that a collector understands without reading sentences.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OutcomeWord, ProblemDocument, RunOperationDocument, at};
use crate::diagnostic::{Problem, ProblemCode, SourceMap};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EventLine")]
pub struct EventLineDocument {
    /// When it happened.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// How much it matters.
    pub level: LogLevel,
    /// What happened.
    #[serde(flatten)]
    pub event: EventDocument,
    /// The same for people; its words may change.
    pub message: String,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Of use to whoever looks for a mistake.
    Debug,
    /// It goes as planned.
    Info,
    /// It may cost something, or takes longer than it should.
    Warn,
    /// Something failed, or nobody knows what came of it.
    Error,
}

impl LogLevel {
    /// Returns its word.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

/// What happened during a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schemars(rename = "Event")]
pub enum EventDocument {
    /// A plan is about to be carried out.
    ApplyStarted {
        /// The run in the history; null: there is nothing to do.
        run: Option<String>,
        /// Orders that are about to be changed.
        orders: usize,
        /// Their operations.
        operations: usize,
        /// What their purchases charge, in cents.
        charge_cents: u64,
        /// IPs that are marked to go.
        ips_leaving: usize,
    },
    /// The operations of an order are about to be carried out.
    OrderStarted {
        /// The order.
        order_id: u64,
    },
    /// An operation is about to be carried out.
    OperationStarted {
        /// The order.
        order_id: u64,
        /// The operation.
        operation: RunOperationDocument,
    },
    /// A purchase charged the wallet. A plan buys at most once for an order: `run` and `order_id` name a purchase.
    Charged {
        /// The run in the history that bought.
        run: Option<String>,
        /// The order.
        order_id: u64,
        /// What it charged, in cents.
        charge_cents: u64,
    },
    /// A purchase of an earlier run, which did not say what became of it, was found to have been made, and so to have
    /// charged the wallet. Where that run was killed, it may have told `charged` before: what has the same `run` and
    /// `order_id` is one purchase.
    PurchaseFound {
        /// The run in the history that bought.
        run: String,
        /// The order.
        order_id: u64,
        /// Slots that were bought.
        add_qty: u32,
        /// What it charged, in cents.
        charge_cents: u64,
    },
    /// An operation ended.
    OperationEnded {
        /// The order.
        order_id: u64,
        /// The operation with what came of it.
        operation: RunOperationDocument,
    },
    /// The order is through, or stopped at a failure.
    OrderEnded {
        /// The order.
        order_id: u64,
    },
    /// The apply is over.
    ApplyEnded {
        /// The run in the history; null: there was nothing to do.
        run: Option<String>,
        /// What came of it, in one word.
        outcome: OutcomeWord,
        /// Operations of the orders that were to be changed.
        operations: usize,
        /// How many of them are done.
        operations_done: usize,
        /// Orders that were left out because a problem blocks them: where all operations are done, they alone make the
        /// outcome `partial` or `failed`.
        orders_blocked: usize,
        /// What its purchases are known to have charged, in cents.
        charged_cents: u64,
        /// What purchases would have charged of which nobody knows whether they were made, in cents.
        may_have_charged_cents: u64,
    },
    /// A problem keeps the manifest from being used, or an order from being changed; `message` says which.
    Problem {
        /// The stable code.
        code: ProblemCode,
        /// What to do about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        help: Option<String>,
        /// The order it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_id: Option<u64>,
        /// The IP it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ip: Option<String>,
        /// The manifest file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// The line, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// The character in the line, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<u32>,
    },
    /// The run ended without doing all that it was asked for; `message` says why.
    Failed {
        /// The stable code, where there is one, or all problems have the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<ProblemCode>,
        /// What the reason consists of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<String>,
        /// What to do about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        help: Option<String>,
    },
}

impl EventLineDocument {
    /// Makes the line of a problem.
    pub fn problem(time: Timestamp, problem: &Problem, sources: &SourceMap) -> EventLineDocument {
        let ProblemDocument { code, message, help, order_id, ip, file, line, column } =
            ProblemDocument::new(problem, sources);
        let event = EventDocument::Problem { code, help, order_id, ip, file, line, column };
        EventLineDocument::new(time, LogLevel::Error, event, message)
    }

    /// Makes the line of an event.
    pub fn new(time: Timestamp, level: LogLevel, event: EventDocument, message: String) -> EventLineDocument {
        EventLineDocument { time: at(time), level, event, message }
    }
}
