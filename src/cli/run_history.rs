//! What an apply writes into the history, and what it learns from it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::reporter::Reporter;
use crate::document::{self, ActorDocument, OpenPurchase, OutcomeWord, PlanDocument, PlanView, RunDocument, SavedPlan};
use crate::model::{OrderId, Recorded, Report};
use crate::plan::{Plan, Status};
use crate::state::{History, Record, Records, RunName, StoreError};

/// How many of the newest runs are looked at for purchases of which nobody knows what became of them: every apply looks,
/// so that there is hardly ever more than one.
const RUNS_LOOKED_AT: usize = 16;
/// How far the clocks of two machines may be apart: an apply of a plan began after the plan was made.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(24);
/// How far the clock of a run's machine may be ahead of the API's: what was recorded earlier than that before a run began
/// did not come of it.
const CLOCK_AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// The run under way, in the history.
pub(super) struct RunRecord {
    history: History,
    name: RunName,
    document: RunDocument,
}

impl RunRecord {
    /// Stores what is about to be done, durably once this returns; a saved plan is known by its own digest. Where there is
    /// nothing to do, nothing is stored.
    pub(super) async fn begin(
        records: &Records,
        view: &PlanView<'_>,
        saved: Option<&SavedPlan>,
        actor: ActorDocument,
    ) -> Result<Option<RunRecord>, StoreError> {
        if !view.plan.orders.iter().any(|order| order.status() == Status::Changed) {
            return Ok(None);
        }
        let digest = saved.map_or_else(|| document::plan_sha256(&PlanDocument::new(view)), SavedPlan::sha256);
        let started_at = Timestamp::now();
        let mut document = RunDocument::begun(view, String::new(), started_at, digest, actor);
        let history = History::new(records.place().clone());
        let name =
            history.begin(started_at, |name| bytes(&RunDocument { id: name.to_string(), ..document.clone() })).await?;
        document.id = name.to_string();
        Ok(Some(RunRecord { history, name, document }))
    }

    /// Returns how many bytes a run's file takes: what came of it stands beside what was to be done.
    pub(super) fn size(view: &PlanView<'_>, actor: &ActorDocument) -> u64 {
        let run = RunDocument::begun(view, String::new(), Timestamp::now(), String::new(), actor.clone());
        2 * bytes(&run).len() as u64
    }

    /// Returns its name.
    pub(super) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Stores what came of it.
    pub(super) async fn finish(self, view: &PlanView<'_>, report: &Report) -> Result<(), StoreError> {
        let ended = self.document.ended(view, report, Timestamp::now());
        self.history.finish(&self.name, &bytes(&ended)).await
    }
}

fn bytes(document: &RunDocument) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Memory takes all that is written to it.
    let _ = document::write(&mut bytes, document);
    bytes
}

/// Returns the run that began to apply a saved plan, if there is one.
pub(super) async fn applied_before(records: &Records, saved: &SavedPlan) -> Result<Option<RunDocument>, StoreError> {
    let history = History::new(records.place().clone());
    let digest = saved.sha256();
    let earliest = saved.created_at().and_then(|made| made.checked_sub(CLOCKS_DIFFER).ok());
    let names =
        history.list().await?.into_iter().filter(|name| earliest.is_none_or(|earliest| !name.is_before(earliest)));
    let mut runs = read(&history, names.collect()).await;
    runs.retain(|(_, run)| run.plan_sha256 == digest);
    // The newest stands first.
    Ok(runs.into_iter().next().map(|(_, run)| run))
}

/// Says which run it was that applied a plan, or began to.
pub(super) fn applied_words(run: &RunDocument) -> String {
    let by = run.actor.name.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    let (begun, end) = match (&run.ended_at, run.outcome) {
        (None, _) => ("begun", ", and that run never ended"),
        (Some(_), Some(OutcomeWord::Failed)) => {
            ("begun", ", and that run changed nothing; it is refused all the same: a plan is carried out once at most")
        }
        (Some(_), Some(OutcomeWord::Partial)) => ("begun", ", and that run stopped part way"),
        _ => ("applied", ""),
    };
    format!("this plan was {begun} at {}{by} (run {}){end}", run.started_at, run.id)
}

/// Finds out which purchases of earlier runs that could not tell it were carried out, and notes it with them. Only for
/// who holds the lock, so that no such run is still under way.
pub(super) async fn settle(records: &Records, plan: &Plan, reporter: &Reporter) -> Result<(), StoreError> {
    let history = History::new(records.place().clone());
    let mut names = history.list().await?;
    names.truncate(RUNS_LOOKED_AT);
    // What is recorded of a purchase came of the newest run that may have sent one: earlier ones can say nothing by it.
    let mut bought_since: BTreeSet<OrderId> = BTreeSet::new();
    for (name, read) in history.read_each(names).await {
        // One that cannot be read may have bought anything.
        let Some(mut run) = read.ok().and_then(|bytes| RunDocument::parse(&bytes).ok()) else { break };
        let mut is_changed = false;
        for purchase in run.open_purchases() {
            if bought_since.contains(&purchase.order_id) {
                continue;
            }
            let Record::Known(recorded) = records.load(purchase.order_id).await? else { continue };
            if was_bought(purchase, &run, &recorded, plan) {
                let charge = run.found_bought(purchase.order_id);
                // Told before it is noted: rather twice, by the same names, than never.
                reporter.purchase_found(name.as_str(), purchase, charge);
                is_changed = true;
            }
        }
        bought_since.extend(run.may_have_bought());
        if is_changed {
            history.finish(&name, &bytes(&run)).await?;
        }
    }
    Ok(())
}

/// Reads runs; one that cannot be read tells nothing.
async fn read(history: &History, names: Vec<RunName>) -> Vec<(RunName, RunDocument)> {
    let files = history.read_each(names).await.into_iter();
    files.filter_map(|(name, bytes)| Some((name, RunDocument::parse(&bytes.ok()?).ok()?))).collect()
}

/// Returns whether it is certain that a purchase was carried out, by what was recorded of its order last and what is live.
///
/// Only its intent, or what is recorded as bought since the run began, says anything. That neither is there does not mean
/// that it was not sent: the record may have been forgotten, or put back to an older one. Nor does it that an intent is
/// void, for the purchase may arrive later still.
fn was_bought(purchase: OpenPurchase, run: &RunDocument, recorded: &Recorded, plan: &Plan) -> bool {
    let OpenPurchase { order_id, from_qty, to_qty } = purchase;
    let began = run.started_at.parse::<Timestamp>().ok().and_then(|began| began.checked_sub(CLOCK_AHEAD).ok());
    let is_its_own = |when: Timestamp| began.is_some_and(|began| when >= began);
    if let Some(intent) = recorded.purchase {
        let is_same = (intent.from_qty, intent.to_qty()) == (from_qty, to_qty) && is_its_own(intent.when);
        let order = plan.orders.iter().find(|order| order.order_id == order_id);
        return is_same && order.and_then(|order| order.slots).is_some_and(|slots| slots >= to_qty);
    }
    recorded.bought.is_some_and(|bought| bought.qty >= to_qty && is_its_own(bought.when))
}
