//! The history: one file for each run that changed something, and all of them together.
//!
//! A run's file is written twice: before its first write, with everything that it is about to do, and at its end, with
//! what came of it. What it certainly charged and what it may have charged are two numbers, so that a run that was killed
//! is never counted as one that was free.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::run_operation::{Room, RunOperationDocument};
use super::{FORMAT_VERSION, OutcomeWord, PlanView, ProblemDocument, ResultDocument, ResultStatus, by_second};
use crate::model::{Cents, Foreign, OrderId, OrderReport, Report, printable};
use crate::plan::{OrderPlan, Status};

/// The longest reason of a failure that a run keeps.
const MAX_ERROR: usize = 2000;

/// The runs, as `history --format json` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "shardctl history")]
pub struct HistoryDocument {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    pub format_version: u32,
    /// The runs, newest first, each as its file has it; of orders that were named, only those.
    pub runs: Vec<RunDocument>,
    /// What they are known to have charged, in cents; where orders were named, for those alone.
    pub charged_cents: u64,
    /// What purchases would have charged of which nobody knows whether they were made, in cents; where orders were
    /// named, for those alone.
    pub may_have_charged_cents: u64,
    /// Files that cannot be read, or why there is nothing to show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ProblemDocument>,
}

/// A run of `apply --apply`, as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Run")]
pub struct RunDocument {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    pub format_version: u32,
    /// Its name: when it began, and a random part.
    pub id: String,
    /// When it began.
    #[schemars(extend("format" = "date-time"))]
    pub started_at: String,
    /// When it ended; null: it never did, because it was killed or its machine was lost, or it is still under way.
    #[schemars(extend("format" = "date-time"))]
    pub ended_at: Option<String>,
    /// The version of the program.
    pub shardctl: String,
    /// The API that it wrote to.
    pub api_url: String,
    /// SHA-256 of the manifest's files.
    pub manifest_sha256: String,
    /// SHA-256 of the plan as `plan --out` writes it.
    pub plan_sha256: String,
    /// Who ran it.
    pub actor: ActorDocument,
    /// What came of it, in one word; null: it never ended.
    pub outcome: Option<OutcomeWord>,
    /// What it is known to have charged, in cents; where `history` was given orders, for those alone.
    pub charged_cents: u64,
    /// What purchases would have charged of which nobody knows whether they were made, in cents; where `history` was
    /// given orders, for those alone.
    pub may_have_charged_cents: u64,
    /// The orders that it was to change, ascending by id.
    pub orders: Vec<RunOrderDocument>,
}

/// Who ran something, and for which commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Actor")]
pub struct ActorDocument {
    /// Where it ran.
    pub source: ActorSource,
    /// Whom the CI system names, or the user and the machine; null: not known.
    pub name: Option<String>,
    /// The commit; null: not known.
    pub commit: Option<String>,
    /// Where the CI system shows the run; null: not known.
    pub url: Option<String>,
}

/// Where something ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorSource {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// Another CI system.
    Ci,
    /// No CI system.
    Local,
}

/// An order that a run was to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RunOrder")]
pub struct RunOrderDocument {
    /// The order's id.
    pub order_id: u64,
    /// Its tag.
    pub tag: Option<String>,
    /// What its purchases are known to have charged, in cents.
    pub charged_cents: u64,
    /// What purchases would have charged of which nobody knows whether they were made, in cents.
    pub may_have_charged_cents: u64,
    /// What was to be done, in the order in which it is done, with what came of it.
    pub operations: Vec<RunOperationDocument>,
}

/// A purchase of which the run that made it does not say whether it was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenPurchase {
    /// The order.
    pub order_id: OrderId,
    /// Slots before it.
    pub from_qty: u32,
    /// Slots after it.
    pub to_qty: u32,
}

impl RunDocument {
    /// Makes the document of a run that begins: everything is still to be done.
    pub fn begun(
        view: &PlanView<'_>,
        id: String,
        started_at: Timestamp,
        plan_sha256: String,
        actor: ActorDocument,
    ) -> RunDocument {
        let mut room = Room::default();
        let orders = view.plan.orders.iter().filter(|order| order.status() == Status::Changed);
        let mut run = RunDocument {
            format_version: FORMAT_VERSION,
            id,
            started_at: by_second(started_at),
            ended_at: None,
            shardctl: env!("CARGO_PKG_VERSION").to_owned(),
            api_url: view.api_url.to_owned(),
            manifest_sha256: view.manifest_sha256().to_owned(),
            plan_sha256,
            actor,
            outcome: None,
            charged_cents: 0,
            may_have_charged_cents: 0,
            orders: orders.map(|order| RunOrderDocument::new(&mut room, order, None)).collect(),
        };
        run.add_up();
        run
    }

    /// Makes the document of the run's end.
    pub fn ended(&self, view: &PlanView<'_>, report: &Report, ended_at: Timestamp) -> RunDocument {
        let mut room = Room::default();
        let orders = view.plan.orders.iter().filter(|order| order.status() == Status::Changed);
        let mut run = RunDocument {
            ended_at: Some(by_second(ended_at)),
            outcome: Some(report.outcome().into()),
            orders: orders.map(|order| RunOrderDocument::new(&mut room, order, report.order(order.order_id))).collect(),
            ..self.clone()
        };
        run.add_up();
        run
    }

    /// Reads a run's file.
    ///
    /// # Errors
    ///
    /// Why it cannot be used, as a part of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<RunDocument, String> {
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let damaged = |error: serde_json::Error| format!("it is damaged: {}", printable(&error.to_string()));
        match serde_json::from_slice::<Version>(bytes).map_err(damaged)?.format_version {
            FORMAT_VERSION => serde_json::from_slice(bytes).map_err(damaged),
            other => Err(format!("it is of version {other}, and this shardctl reads version {FORMAT_VERSION}")),
        }
    }

    /// Leaves out all orders but those that are named; `None`: there are none left.
    pub fn of_orders(mut self, orders: &[OrderId]) -> Option<RunDocument> {
        self.orders.retain(|order| orders.iter().any(|order_id| order_id.get() == order.order_id));
        self.add_up();
        (!self.orders.is_empty()).then_some(self)
    }

    /// Lists the purchases of which the run itself does not say what became of them, and nobody found out.
    pub fn open_purchases(&self) -> Vec<OpenPurchase> {
        let operations = self.orders.iter().flat_map(|order| order.operations.iter().map(|it| (order.order_id, it)));
        let open = operations.filter_map(|(order_id, operation)| match operation {
            RunOperationDocument::PurchaseSlots { from_qty, to_qty, .. } if operation.is_open() => {
                Some(OpenPurchase { order_id: OrderId::new(order_id)?, from_qty: *from_qty, to_qty: *to_qty })
            }
            _ => None,
        });
        open.collect()
    }

    /// Lists the orders for which the run may have sent a purchase.
    pub fn may_have_bought(&self) -> impl Iterator<Item = OrderId> + '_ {
        let may_have_bought =
            |order: &&RunOrderDocument| order.operations.iter().any(RunOperationDocument::may_have_bought);
        self.orders.iter().filter(may_have_bought).filter_map(|order| OrderId::new(order.order_id))
    }

    /// Notes that an order's open purchase was carried out, as a later run found, and returns what it charged.
    pub fn found_bought(&mut self, order_id: OrderId) -> Cents {
        let mut found = Cents(0);
        let orders = self.orders.iter_mut().filter(|order| order.order_id == order_id.get());
        for order in orders {
            let RunOrderDocument { operations, charged_cents, may_have_charged_cents, .. } = order;
            for operation in operations.iter_mut().filter(|operation| operation.is_open()) {
                if let RunOperationDocument::PurchaseSlots { found_bought, .. } = operation {
                    // A plan buys once for an order, so that all that may have been charged was charged.
                    let charge = std::mem::take(may_have_charged_cents);
                    *charged_cents = charged_cents.saturating_add(charge);
                    found = Cents(charge);
                    *found_bought = true;
                }
            }
        }
        self.add_up();
        found
    }

    fn add_up(&mut self) {
        let sum = |cents: fn(&RunOrderDocument) -> u64| self.orders.iter().map(cents).fold(0, u64::saturating_add);
        (self.charged_cents, self.may_have_charged_cents) =
            (sum(|it| it.charged_cents), sum(|it| it.may_have_charged_cents));
    }
}

impl RunOrderDocument {
    fn new(room: &mut Room, order: &OrderPlan, report: Option<&OrderReport>) -> RunOrderDocument {
        let result = |at: usize| {
            let report = report?;
            Some(ResultDocument::new(report.results.get(at)?, report.remarks.get(&at).map(String::as_str)))
        };
        let steps = order.steps.iter().enumerate();
        let mut operations: Vec<RunOperationDocument> =
            steps.map(|(at, step)| RunOperationDocument::within(room, step, result(at))).collect();
        operations.iter_mut().for_each(RunOperationDocument::shorten_error);
        RunOrderDocument {
            order_id: order.order_id.get(),
            tag: order.tag.as_ref().map(|tag| Foreign::raw(tag).to_owned()),
            charged_cents: report.map_or(0, |report| report.charged.0),
            may_have_charged_cents: report.map_or(order.charge(), |report| report.may_have_charged).0,
            operations,
        }
    }
}

impl RunOperationDocument {
    /// Returns whether it is a purchase of which nobody knows whether it was made.
    fn is_open(&self) -> bool {
        let unknown = self.result().is_none_or(|result| result.status == ResultStatus::Unknown);
        unknown && matches!(self, RunOperationDocument::PurchaseSlots { found_bought: false, .. })
    }

    /// Returns whether it is a purchase that may have been sent.
    fn may_have_bought(&self) -> bool {
        let was_begun = self.result().is_none_or(|result| result.status != ResultStatus::NotRun);
        was_begun && matches!(self, RunOperationDocument::PurchaseSlots { .. })
    }

    fn shorten_error(&mut self) {
        if let Some(error) = self.result_mut().and_then(|result| result.error.as_mut())
            && let Some((end, _)) = error.char_indices().nth(MAX_ERROR)
        {
            error.truncate(end);
            error.push('…');
        }
    }
}

impl HistoryDocument {
    /// Makes the document of runs, newest first.
    pub fn new(runs: Vec<RunDocument>, problems: Vec<ProblemDocument>) -> HistoryDocument {
        let sum = |cents: fn(&RunDocument) -> u64| runs.iter().map(cents).fold(0, u64::saturating_add);
        HistoryDocument {
            format_version: FORMAT_VERSION,
            charged_cents: sum(|run| run.charged_cents),
            may_have_charged_cents: sum(|run| run.may_have_charged_cents),
            runs,
            problems,
        }
    }
}
