//! The record of one order while its plan is carried out, and what came of it so far.
//!
//! The record never claims what may not be so: before a write changes something that is recorded, the record forgets
//! it, durably; after the write was acknowledged, the record takes the new value. A crash between the two leaves an
//! unknown, which the next plan asserts.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::context::{Context, Course};
use crate::api::ApiError;
use crate::model::{Cents, OrderReport, Recorded, RecordedSlots, SlotsTold};
use crate::plan::{NextRecord, OrderPlan};

/// How long is still waited for something to show when somebody asked to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// Why a step did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StepFailure {
    /// It failed.
    Failed(String),
    /// A purchase whose outcome is unknown.
    Unknown(String),
}

impl From<String> for StepFailure {
    fn from(error: String) -> StepFailure {
        StepFailure::Failed(error)
    }
}

/// What was known of the slots before a write that changes them.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownSlots {
    slots: Option<RecordedSlots>,
    pending_asked: bool,
}

impl KnownSlots {
    /// Returns whether anything was known.
    pub(super) fn is_any(self) -> bool {
        self.slots.is_some() || self.pending_asked
    }

    /// Puts it back: the write had no effect.
    pub(super) fn restore(self, recorded: &mut Recorded) {
        (recorded.slots, recorded.pending_asked) = (self.slots, self.pending_asked);
    }
}

/// What is known of the slots after a write that was acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learned {
    /// What the answer tells, completed by the detail unless that contradicts what was acknowledged.
    pub(super) slots: SlotsTold,
    /// What the detail still shows in place of what was acknowledged.
    pub(super) still: Option<SlotsTold>,
}

/// Says that what is read contradicts what was acknowledged.
pub(super) fn still_shows(still: SlotsTold) -> String {
    format!("the API acknowledged it, and still shows {}", words(still))
}

fn words(slots: SlotsTold) -> String {
    let qty = slots.qty.map_or("an unknown number of".to_owned(), |qty| qty.to_string());
    match slots.pending {
        None => format!("{qty} slots"),
        Some(None) => format!("{qty} slots with nothing scheduled"),
        Some(Some(pending)) => format!("{qty} slots with {} from the next renewal on", pending.next_qty()),
    }
}

/// The record of one order under way.
pub(super) struct Journal<'a> {
    pub(super) context: Context<'a>,
    pub(super) course: &'a Course,
    pub(super) order: &'a OrderPlan,
    /// The record as it shall be stored.
    pub(super) recorded: Recorded,
    /// Whether `recorded` differs from what is stored.
    unsaved: bool,
    /// Whether what is stored says of IPs that they have no signature.
    stored_tells_signatures: bool,
    pub(super) report: OrderReport,
    /// What is worth saying of the step under way, although it did not fail.
    pub(super) remark: Option<String>,
}

impl<'a> Journal<'a> {
    pub(super) fn new(
        order: &'a OrderPlan,
        next: &NextRecord,
        context: Context<'a>,
        course: &'a Course,
    ) -> Journal<'a> {
        Journal {
            context,
            course,
            order,
            recorded: next.recorded.clone(),
            unsaved: next.is_new,
            stored_tells_signatures: next.stored_tells_signatures,
            report: OrderReport::not_run(order.order_id, order.steps.len()),
            remark: None,
        }
    }

    /// Ends the journal: what was seen and is not stored yet is, unless something went wrong.
    pub(super) async fn close(mut self) -> OrderReport {
        if self.unsaved && !self.report.has_failed() {
            self.report.failure = self.save().await.err();
        }
        self.report
    }

    /// Fails where the lock was lost: somebody else may be at work now.
    pub(super) async fn ensure_locked(&self) -> Result<(), String> {
        self.context.ensure_locked().await
    }

    /// Stores the record, durably.
    pub(super) async fn save(&mut self) -> Result<(), String> {
        self.context.records.save(self.order.order_id, &self.recorded).await.map_err(|error| error.to_string())?;
        self.unsaved = false;
        self.stored_tells_signatures = self.recorded.signatures_told;
        Ok(())
    }

    /// Returns whether what is stored says of IPs that they have no signature, and `recorded` no longer does.
    pub(super) fn must_forget_signatures(&self) -> bool {
        self.stored_tells_signatures && !self.recorded.signatures_told
    }

    /// Stores the record after an acknowledged write.
    pub(super) async fn save_acknowledged(&mut self) -> Result<(), StepFailure> {
        self.report.changed = true;
        self.save().await.map_err(|error| StepFailure::Failed(format!("carried out, but not recorded: {error}")))
    }

    /// Stores the record after a purchase that was carried out.
    pub(super) async fn save_bought(&mut self, charge: Cents) -> Result<(), StepFailure> {
        self.report.changed = true;
        self.report.charged = self.report.charged.plus(charge);
        // Where this fails the intent stays in the stored record, and the next plan settles it by what is live.
        self.save().await.map_err(|error| StepFailure::Failed(format!("bought, but not recorded: {error}")))
    }

    /// After a failed write: where it certainly took no effect, the record is again what it was before.
    pub(super) async fn failed(
        &mut self,
        error: &ApiError,
        forgot: bool,
        restore: impl FnOnce(&mut Recorded),
    ) -> StepFailure {
        self.course.learn(error);
        if !error.had_no_effect {
            self.report.changed = true;
        } else if forgot {
            restore(&mut self.recorded);
            if let Err(unsaved) = self.save().await {
                return StepFailure::Failed(format!("{error}; and {unsaved}"));
            }
        }
        StepFailure::Failed(error.to_string())
    }

    /// Forgets the slots, and that what is pending was asked for, durably where they are recorded, and returns what they
    /// were: a change whose answer is lost is to be taken back by the next plan that does not want it.
    pub(super) async fn forget_slots(&mut self) -> Result<KnownSlots, StepFailure> {
        self.ensure_locked().await?;
        let pending_asked = std::mem::take(&mut self.recorded.pending_asked);
        let before = KnownSlots { slots: self.recorded.slots.take(), pending_asked };
        // What is stored may say more than what is known by now, where the slots were changed elsewhere.
        if before.is_any() || self.unsaved {
            self.save().await?;
        }
        Ok(before)
    }

    /// Completes what an answer tells of the slots by the order's detail, and takes it into the record. What nobody tells
    /// is recorded as the write that was acknowledged, but never that nothing is scheduled: that is unknown then.
    pub(super) async fn learn_slots(&mut self, told: SlotsTold, expected: SlotsTold) -> Learned {
        let learned = match told.is_enough(expected) {
            true => Learned { slots: told, still: None },
            false => self.wait_for_slots(told, expected).await,
        };
        let qty = learned.slots.qty.or(expected.qty);
        // Of two that contradict each other neither is recorded.
        let acknowledged = expected.pending.filter(|pending| pending.is_some() && learned.still.is_none());
        let pending = learned.slots.pending.or(acknowledged);
        self.recorded.slots = qty.zip(pending).map(|(qty, pending)| RecordedSlots { qty, pending });
        self.recorded.pending_asked &= self.recorded.slots.is_none();
        learned
    }

    /// Reads the order's detail until it shows what was acknowledged: a first read may be behind.
    async fn wait_for_slots(&self, told: SlotsTold, expected: SlotsTold) -> Learned {
        let settings = self.context.settings;
        let mut until = Instant::now() + settings.settle_timeout;
        let mut still = None;
        loop {
            match self.context.writer.reader().order(self.order.order_id).await {
                Ok(detail) => {
                    let slots = SlotsTold { qty: told.qty.or(detail.slots), pending: told.pending.or(detail.pending) };
                    if !slots.contradicts(expected) {
                        return Learned { slots, still: None };
                    }
                    still = Some(slots);
                }
                // Nobody tells. Where somebody told something else before, a failure does not take that back.
                Err(_) if still.is_none() => return Learned { slots: told, still },
                Err(_) => {}
            }
            until = self.patience(until);
            if Instant::now() >= until {
                return Learned { slots: told, still };
            }
            sleep(settings.settle_interval.min(until.saturating_duration_since(Instant::now()))).await;
        }
    }

    /// Returns until when to wait for something to show: whoever asked to stop does not wait for long, and gets a report.
    pub(super) fn patience(&self, until: Instant) -> Instant {
        if self.course.is_over() { until.min(Instant::now() + STOP_PATIENCE) } else { until }
    }

    /// Fails where the API shows something else than what was asked for, as far as it shows anything.
    pub(super) fn expect_slots(&mut self, learned: Learned, expected: SlotsTold) -> Result<(), StepFailure> {
        let Learned { slots, still } = learned;
        if let Some(still) = still {
            return Err(StepFailure::Failed(still_shows(still)));
        }
        if slots.contradicts(expected) {
            return Err(StepFailure::Failed(format!("the API now shows {}, not {}", words(slots), words(expected))));
        }
        if !slots.is_whole() {
            self.remark = Some("the API acknowledged it, and does not show what came of it".to_owned());
        }
        Ok(())
    }

    /// Says that the API updated fewer IPs than were sent, where it says so.
    pub(super) fn say_updated(&mut self, updated: u64, sent: usize) {
        if updated < sent as u64 {
            self.remark = Some(format!("the API says that it updated {updated} of {sent} IPs"));
        }
    }
}
