//! One order of a plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoteDocument, ProblemDocument, ResultDocument};
use crate::diagnostic::SourceMap;
use crate::model::{Foreign, LiveSignature, OrderReport, P0F_SLOTS, PendingChange, Renewal, Signature};
use crate::plan::{DelNpItem, OrderPlan, Precondition, SignatureItem, Status, Step};

/// One order of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderDocument {
    /// The order's id.
    pub order_id: u64,
    /// The live tag.
    pub tag: Option<String>,
    /// Where the order stands with the vendor, such as `active`; null where that is not told.
    pub order_status: Option<String>,
    /// Whether the order renews by itself; null where that is unknown.
    pub auto_renewal: Option<bool>,
    /// The next renewal, as a date-time in UTC, or as the API says it where that is no date.
    pub renews_at: Option<String>,
    /// Where the order stands.
    pub status: StatusWord,
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
    pub precondition: Option<PreconditionDocument>,
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
        pending: Option<PendingDocument>,
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
    /// Switches automatic renewal on or off.
    SetAutoRenewal {
        /// Whether it is believed to be on; null: unknown.
        from: Option<bool>,
        /// The declared value.
        to: bool,
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
    /// The signature that it is believed to have, `none` where the API says that it has none; null: unknown.
    pub from: Option<String>,
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

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Status")]
pub enum StatusWord {
    /// There is something to do.
    Changed,
    /// There is nothing to do.
    Unchanged,
    /// A problem keeps the order from being applied.
    Blocked,
}

/// A change of an add-on that takes effect at the next renewal (`addons[].pending`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "lowercase", deny_unknown_fields)]
#[schemars(rename = "PendingChange")]
pub enum PendingDocument {
    /// Fewer slots from the next renewal on.
    Downgrade {
        /// Slots from the next renewal on.
        #[schemars(range(min = 1))]
        next_qty: u32,
    },
    /// No slots from the next renewal on.
    Cancel {},
}

/// What an order looked like when it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Precondition")]
pub struct PreconditionDocument {
    /// SHA-256 over the order's active IPs.
    pub active_ips_sha256: String,
    /// SHA-256 over the signatures that the API reports; null where it reports none at all.
    pub signatures_sha256: Option<String>,
    /// The slots; null where they were not read.
    pub slots: Option<u32>,
    /// Whether the API tells what is scheduled for the next renewal.
    pub pending_told: bool,
    /// What it tells; null: nothing is scheduled.
    pub pending: Option<PendingDocument>,
    /// Whether the order renews by itself; null where the API does not tell it.
    pub auto_renewal: Option<bool>,
    /// Where the order stands; null where the API does not tell it.
    pub order_status: Option<String>,
    /// The next renewal, as the API says it.
    pub renews_at: Option<String>,
    /// SHA-256 over what was recorded of the order.
    pub recorded_sha256: String,
}

impl OrderDocument {
    /// Makes the document of an order; with a report, its operations have results.
    pub fn new(plan: &OrderPlan, sources: &SourceMap, report: Option<&OrderReport>) -> OrderDocument {
        let OrderPlan {
            order_id,
            tag,
            order_status,
            auto_renewal,
            renewal,
            active_ips,
            slots,
            steps,
            problems,
            notes,
            seen,
        } = plan;
        let results = |index: usize| {
            let report = report?;
            let remark = report.remarks.get(&index).map(String::as_str);
            report.results.get(index).map(|result| ResultDocument::new(result, remark))
        };
        OrderDocument {
            order_id: order_id.get(),
            tag: tag.as_ref().map(|tag| Foreign::raw(tag).to_owned()),
            order_status: order_status.as_ref().map(|status| status.word().to_owned()),
            auto_renewal: *auto_renewal,
            renews_at: renewal.as_ref().map(Renewal::raw),
            status: plan.status().into(),
            active_ips: *active_ips,
            slots: *slots,
            operations: steps.iter().enumerate().map(|(at, step)| OperationDocument::new(step, results(at))).collect(),
            problems: problems.iter().map(|problem| ProblemDocument::new(problem, sources)).collect(),
            notes: notes.iter().map(NoteDocument::from).collect(),
            precondition: seen.as_ref().map(|seen| (&seen.precondition).into()),
        }
    }
}

impl OperationDocument {
    fn new(step: &Step, result: Option<ResultDocument>) -> OperationDocument {
        let addon_key = P0F_SLOTS.to_owned();
        match step {
            Step::CancelDowngrade { pending } => {
                OperationDocument::CancelDowngrade { addon_key, pending: pending.map(PendingDocument::from), result }
            }
            Step::PurchaseSlots { from_qty, quote } => OperationDocument::PurchaseSlots {
                addon_key,
                from_qty: *from_qty,
                to_qty: from_qty.saturating_add(quote.add_qty),
                add_qty: quote.add_qty,
                price_per_unit_cents: quote.price_per_unit.0,
                charge_cents: quote.charge.0,
                result,
            },
            Step::SetSignatures { items } => OperationDocument::SetSignatures {
                items: items.iter().map(SignatureItemDocument::from).collect(),
                result,
            },
            Step::SetDelNp { items } => {
                OperationDocument::SetDelNp { items: items.iter().map(DelNpItemDocument::from).collect(), result }
            }
            Step::ScheduleDowngrade { from_qty, next_qty } => {
                OperationDocument::ScheduleDowngrade { addon_key, from_qty: *from_qty, next_qty: *next_qty, result }
            }
            Step::SetAutoRenewal { from, to } => OperationDocument::SetAutoRenewal { from: *from, to: *to, result },
        }
    }
}

/// Returns the word of a signature that is believed, as documents have it.
pub(super) fn signature_word(signature: &LiveSignature) -> String {
    match signature {
        LiveSignature::None => "none".to_owned(),
        LiveSignature::Known(signature) => signature.to_string(),
        LiveSignature::Other(word) => word.raw().to_owned(),
    }
}

impl From<&SignatureItem> for SignatureItemDocument {
    fn from(item: &SignatureItem) -> SignatureItemDocument {
        let from = item.from.as_ref().map(signature_word);
        SignatureItemDocument { ip: item.ip.to_string(), from, to: item.to }
    }
}

impl From<&DelNpItem> for DelNpItemDocument {
    fn from(item: &DelNpItem) -> DelNpItemDocument {
        DelNpItemDocument { ip: item.ip.to_string(), from: item.from, to: item.to }
    }
}

impl From<Status> for StatusWord {
    fn from(status: Status) -> StatusWord {
        match status {
            Status::Changed => StatusWord::Changed,
            Status::Unchanged => StatusWord::Unchanged,
            Status::Blocked => StatusWord::Blocked,
        }
    }
}

impl From<PendingChange> for PendingDocument {
    fn from(pending: PendingChange) -> PendingDocument {
        match pending {
            PendingChange::Downgrade { next_qty } => PendingDocument::Downgrade { next_qty },
            PendingChange::Cancel {} => PendingDocument::Cancel {},
        }
    }
}

impl From<&Precondition> for PreconditionDocument {
    fn from(precondition: &Precondition) -> PreconditionDocument {
        let Precondition {
            active_ips_sha256,
            signatures_sha256,
            slots,
            pending,
            auto_renewal,
            order_status,
            renews_at,
            recorded_sha256,
        } = precondition;
        PreconditionDocument {
            active_ips_sha256: active_ips_sha256.clone(),
            signatures_sha256: signatures_sha256.clone(),
            slots: *slots,
            pending_told: pending.is_some(),
            pending: pending.flatten().map(PendingDocument::from),
            auto_renewal: *auto_renewal,
            order_status: order_status.clone(),
            renews_at: renews_at.clone(),
            recorded_sha256: recorded_sha256.clone(),
        }
    }
}
