//! The table of orders.

use schemars::JsonSchema;
use serde::Serialize;

use super::{FORMAT_VERSION, NoteDocument, PendingDocument, ProblemDocument};
use crate::diagnostic::ProblemCode;
use crate::model::{OrderId, Renewal};
use crate::outlook::{Standing, Standings, Unforeseen};
use crate::plan::Unsettled;

/// The orders, as `status --format json` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "shardctl status")]
pub struct StatusDocument {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    pub format_version: u32,
    /// What the wallet holds, in cents; absent where it was not asked for, or is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_cents: Option<i64>,
    /// The orders, ascending by id.
    pub orders: Vec<StatusOrderDocument>,
    /// Why there is nothing to show; empty where there is something.
    pub problems: Vec<ProblemDocument>,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StatusOrderDocument {
    /// The order's id.
    pub order_id: u64,
    /// The live tag.
    pub tag: Option<String>,
    /// Where the order stands with the vendor, such as `active`; null: not told.
    pub order_status: Option<String>,
    /// Whether the order renews by itself; null: unknown.
    pub auto_renewal: Option<bool>,
    /// The number of active IPs.
    pub active_ips: Option<usize>,
    /// Active IPs that are known to be marked to go; null where the order cannot be shown, as with the three below.
    pub ips_leaving: Option<usize>,
    /// Active IPs of which nobody knows whether they are marked.
    pub marks_unknown: Option<usize>,
    /// Active IPs that are known to hold a signature.
    pub signatures: Option<usize>,
    /// Active IPs of which nobody knows whether they hold a signature.
    pub signatures_unknown: Option<usize>,
    /// The current number of slots; null: not known.
    pub slots: Option<u32>,
    /// The slots that signatures hold; null: not known.
    pub slots_held: Option<usize>,
    /// Whether it is known what is scheduled for the next renewal.
    pub pending_known: bool,
    /// What is known to be scheduled.
    pub pending: Option<PendingDocument>,
    /// A purchase whose outcome nobody knows yet.
    pub unsettled_purchase: Option<UnsettledDocument>,
    /// The next renewal.
    pub renews_at: Option<String>,
    /// Days until then by the calendar in UTC: 0 is today, 1 tomorrow.
    pub renews_in_days: Option<i64>,
    /// How many things are not as shardctl left them; null where the order cannot be shown.
    pub drifted: Option<usize>,
    /// Which these are, and what became of purchases.
    pub notes: Vec<NoteDocument>,
    /// The stable code of the problem for which the order cannot be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ProblemCode>,
    /// Why the order cannot be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A purchase whose outcome nobody knows yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnsettledDocument {
    /// Slots just before the purchase; null where it is known to have been made, and what was read is out of date.
    pub from_qty: Option<u32>,
    /// Slots to add; null likewise.
    pub add_qty: Option<u32>,
    /// Slots after the purchase.
    pub to_qty: u32,
    /// When the intent was written.
    #[schemars(extend("format" = "date-time"))]
    pub when: String,
}

impl StatusDocument {
    /// Makes the document of what was found.
    pub fn new(standings: &Standings) -> StatusDocument {
        let order = |(order_id, standing): (&OrderId, &Result<Standing, Unforeseen>)| match standing {
            Ok(standing) => known(*order_id, standing),
            Err(why) => unknown(*order_id, why),
        };
        StatusDocument {
            format_version: FORMAT_VERSION,
            wallet_cents: None,
            orders: standings.iter().map(order).collect(),
            problems: Vec::new(),
        }
    }

    /// Makes the document of a run that ended before anything was found.
    pub fn without_orders(problems: Vec<ProblemDocument>) -> StatusDocument {
        StatusDocument { format_version: FORMAT_VERSION, wallet_cents: None, orders: Vec::new(), problems }
    }
}

fn known(order_id: OrderId, standing: &Standing) -> StatusOrderDocument {
    StatusOrderDocument {
        order_id: order_id.get(),
        tag: standing.tag.as_ref().map(|tag| tag.raw().to_owned()),
        order_status: standing.order_status.as_ref().map(|status| status.word().to_owned()),
        auto_renewal: standing.auto_renewal,
        active_ips: Some(standing.active_ips),
        ips_leaving: Some(standing.ips_leaving),
        marks_unknown: Some(standing.marks_unknown),
        signatures: Some(standing.signatures),
        signatures_unknown: Some(standing.signatures_unknown),
        slots: standing.slots,
        slots_held: standing.slots_held,
        pending_known: !standing.pending.is_unknown(),
        pending: standing.pending.value().copied().flatten().map(PendingDocument::from),
        unsettled_purchase: standing.unsettled.as_ref().map(UnsettledDocument::from),
        renews_at: standing.renewal.as_ref().map(Renewal::raw),
        renews_in_days: standing.renews_in_days,
        drifted: Some(standing.notes.iter().filter(|note| note.is_drift()).count()),
        notes: standing.notes.iter().map(NoteDocument::from).collect(),
        error_code: None,
        error: None,
    }
}

fn unknown(order_id: OrderId, why: &Unforeseen) -> StatusOrderDocument {
    StatusOrderDocument {
        order_id: order_id.get(),
        tag: None,
        order_status: None,
        auto_renewal: None,
        active_ips: None,
        ips_leaving: None,
        marks_unknown: None,
        signatures: None,
        signatures_unknown: None,
        slots: None,
        slots_held: None,
        pending_known: false,
        pending: None,
        unsettled_purchase: None,
        renews_at: None,
        renews_in_days: None,
        drifted: None,
        notes: Vec::new(),
        error_code: Some(why.code()),
        error: Some(why.message().raw().to_owned()),
    }
}

impl From<&Unsettled> for UnsettledDocument {
    fn from(unsettled: &Unsettled) -> UnsettledDocument {
        let Unsettled { from_qty, to_qty, when } = *unsettled;
        UnsettledDocument { from_qty, add_qty: unsettled.add_qty(), to_qty, when: when.to_string() }
    }
}
