//! The plan: what has to be done so that what is live becomes what is declared.
//!
//! Pure data, made of data by functions without clock, environment, network or randomness: the same inputs make the
//! same plan, byte for byte. The executor and the renderers meet it only in these types.

mod guards;
mod knowledge;
mod operation;
mod order;
mod precondition;
mod resolve;
mod walk;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::diagnostic::{Note, Problem};
use crate::model::{Cents, Desired, DesiredOrder, LiveOrder, OrderId, Percent, ReadFailure, Recorded, Renewal};

pub use guards::{DEFAULT_MAX_CHARGE, DEFAULT_MAX_REMOVAL_PERCENT};
pub use knowledge::{INTENT_LIFETIME, Knowledge, PendingKnowledge};
pub use operation::{DelNpItem, Operation, SignatureItem};
pub use precondition::{Precondition, precondition};
pub use resolve::{Covered, Resolved, resolve};

/// Everything that a plan is made of.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What the manifest declares.
    pub desired: &'a Desired,
    /// What the API reports; an order that is missing here is not planned.
    pub live: &'a BTreeMap<OrderId, Result<LiveOrder, ReadFailure>>,
    /// What is recorded, or why it cannot be used; an order that is missing here has an empty record.
    pub recorded: &'a BTreeMap<OrderId, Result<Recorded, String>>,
    /// How to plan.
    pub options: &'a Options,
}

/// What a user may say about how to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The moment at which the live state was read; open purchase intents are judged by it.
    pub now: Timestamp,
    /// Whether everything that cannot be read back counts as unknown.
    pub reassert: bool,
    /// The most that the plan may charge, over the manifest's own limit.
    pub max_charge: Option<Cents>,
    /// The most of an order's IPs that may newly be marked to go, over the manifest's own limit.
    pub max_removal_percent: Option<Percent>,
    /// Lifts the removal limit for a plan that newly marks at most so many IPs in all.
    pub allow_removals: Option<usize>,
}

impl Options {
    /// Makes the options of a plan at a moment, with nothing said on the command line.
    pub fn at(now: Timestamp) -> Options {
        Options { now, reassert: false, max_charge: None, max_removal_percent: None, allow_removals: None }
    }
}

/// What has to be done, order by order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The orders, ascending by id.
    pub orders: Vec<OrderPlan>,
}

/// What has to be done with one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPlan {
    /// The order.
    pub order_id: OrderId,
    /// The live tag.
    pub tag: Option<String>,
    /// The next renewal.
    pub renewal: Option<Renewal>,
    /// The number of active IPs; `None` where they could not be read.
    pub active_ips: Option<usize>,
    /// The current number of slots; `None` where they were not read.
    pub slots: Option<u32>,
    /// What to do, in the order in which it is done.
    pub operations: Vec<Operation>,
    /// What blocks the order.
    pub problems: Vec<Problem>,
    /// Remarks that block nothing.
    pub notes: Vec<Note>,
    /// What is known about the order, where it could be read.
    pub knowledge: Option<Knowledge>,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// There is something to do.
    Changed,
    /// There is nothing to do.
    Unchanged,
    /// A problem keeps the order from being applied.
    Blocked,
}

/// The plan in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
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
}

impl OrderPlan {
    /// Tells where the order stands.
    pub fn status(&self) -> Status {
        match (self.problems.is_empty(), self.operations.is_empty()) {
            (false, _) => Status::Blocked,
            (true, true) => Status::Unchanged,
            (true, false) => Status::Changed,
        }
    }

    /// Returns what the purchases of this order charge.
    pub fn charge(&self) -> Cents {
        self.operations.iter().map(Operation::charge).sum()
    }
}

impl Plan {
    /// Counts the plan.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { orders: self.orders.len(), ..Summary::default() };
        for order in &self.orders {
            match order.status() {
                Status::Changed => summary.changed += 1,
                Status::Unchanged => summary.unchanged += 1,
                Status::Blocked => summary.blocked += 1,
            }
            summary.operations += order.operations.len();
            summary.charge_cents = Cents(summary.charge_cents).plus(order.charge()).0;
            summary.ips_leaving += order.operations.iter().map(Operation::ips_leaving).sum::<usize>();
            summary.signatures_set += order.operations.iter().map(Operation::signatures_set).sum::<usize>();
        }
        summary
    }

    /// Counts the orders that a problem blocks.
    pub fn blocked(&self) -> usize {
        self.orders.iter().filter(|order| order.status() == Status::Blocked).count()
    }

    /// Tells whether a problem blocks any order.
    pub fn is_blocked(&self) -> bool {
        self.blocked() > 0
    }

    /// Tells whether there is anything to do.
    pub fn has_changes(&self) -> bool {
        self.orders.iter().any(|order| !order.operations.is_empty())
    }

    /// Iterates over the problems of all orders.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.orders.iter().flat_map(|order| &order.problems)
    }
}

/// Tells whether an order's slots have to be read: the manifest needs them, or an open purchase intent does.
pub fn needs_slots(desired: &DesiredOrder, recorded: Option<&Recorded>) -> bool {
    desired.needs_slots() || recorded.is_some_and(|recorded| recorded.purchase.is_some())
}

/// Makes the plan.
pub fn plan(inputs: &Inputs<'_>) -> Plan {
    let nothing_recorded = Ok(Recorded::default());
    let mut orders = Vec::with_capacity(inputs.live.len());
    for (order_id, live) in inputs.live {
        if let Some(desired) = inputs.desired.orders.get(order_id) {
            let recorded = inputs.recorded.get(order_id).unwrap_or(&nothing_recorded);
            orders.push(order::plan_order(*order_id, desired, live, recorded, inputs.options));
        }
    }
    guards::judge(&mut orders, inputs.desired, inputs.options);
    Plan { orders }
}
