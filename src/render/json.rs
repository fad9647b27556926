//! The JSON of plans, reports and problems, in structs of its own: a rename elsewhere breaks no script.

use std::io::{self, Write};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shown;
use crate::diagnostic::{Note, NoteCode, Problem, ProblemCode, SourceMap};
use crate::model::{
    LOG_COMMAND, OperationResult, OrderReport, Outcome, P0F_SLOTS, PendingChange, Percent, Renewal, Report, Signature,
    is_unprintable,
};
use crate::plan::{self, Operation, OrderPlan, Precondition, Status, Summary};

/// The version of the documents in this module.
pub const FORMAT_VERSION: u32 = 1;

/// A plan, as `plan --format json` prints it and `plan --out` saves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "shardctl plan")]
pub struct PlanDocument {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    pub format_version: u32,
    /// The version of the program that made the plan.
    pub shardctl: String,
    /// When the plan was made.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
    /// The API that was read.
    pub api_url: String,
    /// SHA-256 of the manifest's files.
    pub manifest_sha256: String,
    /// What was said on the command line about how to plan.
    pub options: OptionsDocument,
    /// The plan in numbers.
    pub summary: Summary,
    /// The orders, ascending by id.
    pub orders: Vec<OrderDocument>,
    /// Problems that belong to no order of the plan.
    pub problems: Vec<ProblemDocument>,
}

/// What was said on the command line about how to plan; null: nothing was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionsDocument {
    /// Whether everything that cannot be read back counts as unknown.
    pub reassert: bool,
    /// The most that the plan may charge, in cents.
    pub max_charge_cents: Option<u64>,
    /// The most of an order's IPs that may newly be marked to go.
    pub max_removal_percent: Option<Percent>,
    /// Lifts the removal limit for a plan that newly marks at most so many IPs in all.
    pub allow_removals: Option<usize>,
}

/// What came of a plan, as `apply --format json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "shardctl apply")]
pub struct ApplyDocument {
    /// The plan; its operations have results unless it was a dry run.
    #[serde(flatten)]
    pub plan: PlanDocument,
    /// What came of it, in one word.
    pub outcome: Outcome,
    /// What the purchases charged, in cents.
    pub charged_cents: u64,
}

/// One order of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderDocument {
    /// The order's id.
    pub order_id: u64,
    /// The live tag.
    pub tag: Option<String>,
    /// The next renewal, as a date-time in UTC, or as the API says it where that is no date.
    pub renews_at: Option<String>,
    /// Where the order stands.
    pub status: Status,
    /// The number of active IPs; null where they could not be read.
    pub active_ips: Option<usize>,
    /// The current number of slots; null where they were not read.
    pub slots: Option<u32>,
    /// What to do, in the order in which it is done.
    pub operations: Vec<OperationDocument>,
    /// What blocks the order.
    pub problems: Vec<ProblemDocument>,
    /// Remarks that block nothing.
    pub notes: Vec<NoteDocument>,
    /// What must still hold for a saved plan to be applied; null where the order could not be read.
    pub precondition: Option<Precondition>,
}

/// One operation of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OperationDocument {
    /// Takes back what is scheduled for the next renewal.
    CancelDowngrade {
        /// The add-on.
        addon_key: String,
        /// What is known to be scheduled; null: unknown.
        pending: Option<PendingChange>,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
    /// Buys slots: charges the wallet at once.
    PurchaseSlots {
        /// The add-on.
        addon_key: String,
        /// Slots before.
        from_qty: u32,
        /// Slots after.
        to_qty: u32,
        /// Slots that are bought.
        add_qty: u32,
        /// The price of one, in cents.
        price_per_unit_cents: u64,
        /// What is charged at once, in cents.
        charge_cents: u64,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
    /// Sets OS signatures.
    SetSignatures {
        /// The IPs, ascending.
        items: Vec<SignatureItemDocument>,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
    /// Marks IPs to go at the next renewal (true) or to stay (false).
    SetDelNp {
        /// The IPs: those that stay first, each part ascending.
        items: Vec<DelNpItemDocument>,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
    /// Schedules fewer slots for the next renewal.
    ScheduleDowngrade {
        /// The add-on.
        addon_key: String,
        /// Slots now.
        from_qty: u32,
        /// Slots from the next renewal on.
        next_qty: u32,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
}

/// A signature to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignatureItemDocument {
    /// The address.
    pub ip: String,
    /// The signature that is known to be set; null: unknown.
    pub from: Option<Signature>,
    /// The declared one.
    pub to: Signature,
}

/// A mark to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelNpItemDocument {
    /// The address.
    pub ip: String,
    /// The mark that is known to be set; null: unknown.
    pub from: Option<bool>,
    /// The declared one: true lets the IP go at the next renewal.
    pub to: bool,
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultDocument {
    /// In one word.
    pub status: ResultStatus,
    /// What went wrong; null where nothing did.
    pub error: Option<String>,
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

/// What `validate --format json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidateDocument {
    /// The version of this format.
    pub format_version: u32,
    /// Whether the manifest has no problem.
    pub valid: bool,
    /// What is wrong with it.
    pub problems: Vec<ProblemDocument>,
}

/// What a plan document says about where and when the plan was made.
#[derive(Debug, Clone)]
pub struct Header {
    /// When the plan was made.
    pub created_at: Timestamp,
    /// The API that was read.
    pub api_url: String,
}

/// Makes the document of a plan.
pub fn plan(header: &Header, shown: &Shown<'_>) -> PlanDocument {
    document(header, shown, None)
}

/// Makes the document of a plan whose manifest is not valid, so that nothing was read.
pub fn invalid_manifest(header: &Header, problems: &[Problem], sources: &SourceMap) -> PlanDocument {
    PlanDocument {
        format_version: FORMAT_VERSION,
        shardctl: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: second(header.created_at),
        api_url: header.api_url.clone(),
        manifest_sha256: String::new(),
        options: OptionsDocument::default(),
        summary: Summary::default(),
        orders: Vec::new(),
        problems: problems.iter().map(|problem| self::problem(problem, sources)).collect(),
    }
}

/// Makes the document of an apply; without a report it was a dry run.
pub fn apply(header: &Header, shown: &Shown<'_>, report: Option<&Report>) -> ApplyDocument {
    ApplyDocument {
        plan: document(header, shown, report),
        outcome: report.map_or(Outcome::DryRun, Report::outcome),
        charged_cents: report.map_or(0, |report| report.charged().0),
    }
}

/// Makes the document of a validation.
pub fn validate(problems: &[Problem], sources: &SourceMap) -> ValidateDocument {
    let problems: Vec<ProblemDocument> = problems.iter().map(|problem| self::problem(problem, sources)).collect();
    ValidateDocument { format_version: FORMAT_VERSION, valid: problems.is_empty(), problems }
}

/// Writes a document, indented, with a line break at its end. What would command a terminal or a log is escaped.
pub fn write(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document).map_err(io::Error::from)?;
    writeln!(out, "{}", escaped(text))
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

/// A plan is of a second, as in the contract's example.
fn second(moment: Timestamp) -> String {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment).to_string()
}

fn document(header: &Header, shown: &Shown<'_>, report: Option<&Report>) -> PlanDocument {
    let orders = shown.plan.orders.iter();
    PlanDocument {
        format_version: FORMAT_VERSION,
        shardctl: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: second(header.created_at),
        api_url: header.api_url.clone(),
        manifest_sha256: shown.inputs.desired.sha256.clone(),
        options: options(shown.inputs.options),
        summary: shown.plan.summary(),
        orders: orders.map(|plan| order(shown, plan, report.and_then(|report| report.order(plan.order_id)))).collect(),
        problems: Vec::new(),
    }
}

fn options(options: &plan::Options) -> OptionsDocument {
    let plan::Options { now: _, reassert, max_charge, max_removal_percent, allow_removals } = options;
    OptionsDocument {
        reassert: *reassert,
        max_charge_cents: max_charge.map(|cents| cents.0),
        max_removal_percent: *max_removal_percent,
        allow_removals: *allow_removals,
    }
}

fn order(shown: &Shown<'_>, plan: &OrderPlan, report: Option<&OrderReport>) -> OrderDocument {
    let OrderPlan { order_id, tag, renewal, active_ips, slots, operations, problems, notes, knowledge: _ } = plan;
    let live = shown.inputs.live.get(order_id).and_then(|live| live.as_ref().ok());
    let nothing_recorded = Default::default();
    let recorded = match shown.inputs.recorded.get(order_id) {
        Some(recorded) => recorded.as_ref().ok(),
        None => Some(&nothing_recorded),
    };
    let results = |index: usize| report.and_then(|report| report.results.get(index)).map(result);
    OrderDocument {
        order_id: order_id.get(),
        tag: tag.as_ref().map(|tag| tag.raw().to_owned()),
        renews_at: renewal.as_ref().map(Renewal::raw),
        status: plan.status(),
        active_ips: *active_ips,
        slots: *slots,
        operations: operations.iter().enumerate().map(|(index, it)| operation(it, results(index))).collect(),
        problems: problems.iter().map(|problem| self::problem(problem, shown.sources)).collect(),
        notes: notes.iter().map(note).collect(),
        precondition: live.zip(recorded).map(|(live, recorded)| plan::precondition(live, recorded)),
    }
}

fn operation(operation: &Operation, result: Option<ResultDocument>) -> OperationDocument {
    let addon_key = P0F_SLOTS.to_owned();
    match operation {
        Operation::CancelDowngrade { pending } => {
            OperationDocument::CancelDowngrade { addon_key, pending: *pending, result }
        }
        Operation::PurchaseSlots { from_qty, quote } => OperationDocument::PurchaseSlots {
            addon_key,
            from_qty: *from_qty,
            to_qty: from_qty.saturating_add(quote.add_qty),
            add_qty: quote.add_qty,
            price_per_unit_cents: quote.price_per_unit.0,
            charge_cents: quote.charge.0,
            result,
        },
        Operation::SetSignatures { items } => {
            let item = |item: &plan::SignatureItem| SignatureItemDocument {
                ip: item.ip.to_string(),
                from: item.from,
                to: item.to,
            };
            OperationDocument::SetSignatures { items: items.iter().map(item).collect(), result }
        }
        Operation::SetDelNp { items } => {
            let item =
                |item: &plan::DelNpItem| DelNpItemDocument { ip: item.ip.to_string(), from: item.from, to: item.to };
            OperationDocument::SetDelNp { items: items.iter().map(item).collect(), result }
        }
        Operation::ScheduleDowngrade { from_qty, next_qty } => {
            OperationDocument::ScheduleDowngrade { addon_key, from_qty: *from_qty, next_qty: *next_qty, result }
        }
    }
}

fn result(result: &OperationResult) -> ResultDocument {
    let (status, error) = match result {
        OperationResult::Done => (ResultStatus::Done, None),
        OperationResult::Failed { error } => (ResultStatus::Failed, Some(error.clone())),
        OperationResult::Unknown { error } => (ResultStatus::Unknown, Some(error.clone())),
        OperationResult::NotRun => (ResultStatus::NotRun, None),
    };
    ResultDocument { status, error }
}

/// Makes the document of a problem.
pub fn problem(problem: &Problem, sources: &SourceMap) -> ProblemDocument {
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

fn note(note: &Note) -> NoteDocument {
    let Note { code, message, ip } = note;
    NoteDocument { code: *code, message: message.clone(), ip: ip.map(|ip| ip.to_string()) }
}
