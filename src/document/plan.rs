//! A plan.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AskedByDocument, FORMAT_VERSION, OrderDocument, PlanView, ProblemDocument, ReviewDocument, by_second};
use crate::model::{Percent, Report};
use crate::plan::{Options, Summary};

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
    pub summary: SummaryDocument,
    /// The orders, ascending by id.
    pub orders: Vec<OrderDocument>,
    /// Problems that belong to no order of the plan.
    pub problems: Vec<ProblemDocument>,
    /// What `show` prints beyond that; only a file of `plan --out` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewDocument>,
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
    /// The most IPs that may newly be marked to go, over all orders.
    pub max_removals: Option<usize>,
    /// Lifts the removal limits and `new_ip` for a plan that newly marks at most so many IPs in all.
    pub allow_removals: Option<usize>,
}

/// The plan in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Summary")]
pub struct SummaryDocument {
    /// Orders in the plan.
    pub orders: usize,
    /// Orders with something to do and nothing that blocks them.
    pub changed: usize,
    /// Orders with nothing to do.
    pub unchanged: usize,
    /// Orders that a problem blocks.
    pub blocked: usize,
    /// Operations of all orders, those of blocked orders included.
    pub operations: usize,
    /// What all purchases charge, in cents.
    pub charge_cents: u64,
    /// IPs that are marked to go.
    pub ips_leaving: usize,
    /// IPs whose signature is set.
    pub signatures_set: usize,
    /// Notes that something is not as shardctl left it: `changed_elsewhere` and `not_carried_out`.
    pub drifted: usize,
}

impl PlanDocument {
    /// Makes the document of a plan.
    pub fn new(view: &PlanView<'_>) -> PlanDocument {
        PlanDocument::with_results(view, None)
    }

    /// Makes the document that is saved of a plan.
    pub fn to_save(view: &PlanView<'_>, asked_by: AskedByDocument) -> PlanDocument {
        PlanDocument { review: Some(ReviewDocument::new(view, asked_by)), ..PlanDocument::new(view) }
    }

    /// Makes the document of a run that ended before there was a plan.
    pub fn without_plan(api_url: String, created_at: Timestamp, problems: Vec<ProblemDocument>) -> PlanDocument {
        PlanDocument {
            format_version: FORMAT_VERSION,
            shardctl: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: by_second(created_at),
            api_url,
            manifest_sha256: String::new(),
            options: OptionsDocument::default(),
            summary: SummaryDocument::default(),
            orders: Vec::new(),
            problems,
            review: None,
        }
    }

    pub(super) fn with_results(view: &PlanView<'_>, report: Option<&Report>) -> PlanDocument {
        let of_order = |order_id| report.and_then(|report| report.order(order_id));
        let orders = view.plan.orders.iter();
        PlanDocument {
            manifest_sha256: view.manifest_sha256().to_owned(),
            options: view.options.into(),
            summary: view.plan.summary().into(),
            orders: orders.map(|plan| OrderDocument::new(plan, view.sources, of_order(plan.order_id))).collect(),
            ..PlanDocument::without_plan(view.api_url.to_owned(), view.options.now, Vec::new())
        }
    }
}

impl From<&Options> for OptionsDocument {
    fn from(options: &Options) -> OptionsDocument {
        let Options { now: _, reassert, max_charge, max_removal_percent, max_removals, allow_removals } = options;
        OptionsDocument {
            reassert: *reassert,
            max_charge_cents: max_charge.map(|cents| cents.0),
            max_removal_percent: *max_removal_percent,
            max_removals: *max_removals,
            allow_removals: *allow_removals,
        }
    }
}

impl From<Summary> for SummaryDocument {
    fn from(summary: Summary) -> SummaryDocument {
        let Summary { orders, changed, unchanged, blocked, steps, charge, ips_leaving, signatures_set, drifted } =
            summary;
        SummaryDocument {
            orders,
            changed,
            unchanged,
            blocked,
            operations: steps,
            charge_cents: charge.0,
            ips_leaving,
            signatures_set,
            drifted,
        }
    }
}
