//! The purchase protocol: a charge happens at most once for one intent, whatever breaks (contract, Money).
//!
//! [`PurchaseStage`] is a value, [`PurchaseStage::next`] a function of it and of what happened: both can be tested without
//! a network. `run` only performs what the stage asks for.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::journal::{Journal, StepFailure, expect_slots};
use crate::api::ApiError;
use crate::model::{LiveSlots, PurchaseIntent, Quote, RecordedSlots};

/// How far a purchase is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurchaseStage {
    /// The price is to be quoted once more.
    Quoting,
    /// The intent is to be stored, durably.
    Intending,
    /// The purchase is to be sent, once.
    Sending,
    /// No usable answer came: the slots are to be read until they show it.
    ReadingBack {
        /// Why there is no usable answer.
        reason: String,
    },
    /// The API acknowledged it.
    Bought {
        /// What the answer shows.
        slots: RecordedSlots,
    },
    /// No answer, but the slots show it.
    Found,
    /// It certainly did not happen.
    NotBought {
        /// Why.
        reason: String,
        /// Whether an intent was stored that is void now.
        intended: bool,
    },
    /// Nobody can say yet; the intent stays.
    Unknown {
        /// What is known.
        reason: String,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurchaseEvent {
    /// The price was quoted, or could not be.
    Quoted(Result<LiveSlots, ApiError>),
    /// The intent was stored, or could not be.
    Stored(Result<(), String>),
    /// The purchase was answered, or was not.
    Answered(Result<RecordedSlots, ApiError>),
    /// The slots were read, or could not be.
    SlotsRead(Result<u32, ApiError>),
    /// The time to wait is over.
    TimeUp,
    /// The user asked to stop, and the purchase is not sent yet.
    Interrupted,
}

/// What was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedPurchase {
    /// Slots before.
    pub from_qty: u32,
    /// What to buy, and the price that was shown to the user.
    pub quote: Quote,
}

impl PlannedPurchase {
    fn to_qty(self) -> u32 {
        self.from_qty.saturating_add(self.quote.add_qty)
    }
}

impl PurchaseStage {
    /// Returns the stage after something happened; an event that the stage does not wait for changes nothing.
    pub fn next(self, planned: PlannedPurchase, event: PurchaseEvent) -> PurchaseStage {
        match (self, event) {
            (PurchaseStage::Quoting, PurchaseEvent::Quoted(quoted)) => judge_quote(planned, quoted),
            (PurchaseStage::Intending, PurchaseEvent::Stored(Ok(()))) => PurchaseStage::Sending,
            (PurchaseStage::Intending, PurchaseEvent::Stored(Err(reason))) => {
                PurchaseStage::NotBought { reason: format!("nothing was bought: {reason}"), intended: false }
            }
            (PurchaseStage::Intending, PurchaseEvent::Interrupted) => interrupted(false),
            (PurchaseStage::Sending, PurchaseEvent::Interrupted) => interrupted(true),
            (PurchaseStage::Sending, PurchaseEvent::Answered(answer)) => judge_answer(planned, answer),
            (PurchaseStage::ReadingBack { .. }, PurchaseEvent::SlotsRead(Ok(qty))) if qty >= planned.to_qty() => {
                PurchaseStage::Found
            }
            (PurchaseStage::ReadingBack { reason }, PurchaseEvent::TimeUp) => {
                let to_qty = planned.to_qty();
                let reason =
                    format!("{reason}; the slots did not show {to_qty} in time: it may or may not have been bought");
                PurchaseStage::Unknown { reason }
            }
            (stage, _) => stage,
        }
    }
}

fn interrupted(intended: bool) -> PurchaseStage {
    PurchaseStage::NotBought { reason: "nothing was bought: interrupted".to_owned(), intended }
}

fn judge_quote(planned: PlannedPurchase, quoted: Result<LiveSlots, ApiError>) -> PurchaseStage {
    let not_bought = |reason| PurchaseStage::NotBought { reason, intended: false };
    let slots = match quoted {
        Ok(slots) => slots,
        Err(error) => return not_bought(format!("nothing was bought: {error}")),
    };
    let PlannedPurchase { from_qty, quote } = planned;
    match slots.quote {
        _ if slots.current_qty != from_qty => {
            let now = slots.current_qty;
            not_bought(format!("nothing was bought: the order has {now} slots now, the plan was made for {from_qty}"))
        }
        None => not_bought("nothing was bought: the API shows no price any more".to_owned()),
        Some(now) if now.charge > quote.charge => not_bought(format!(
            "nothing was bought: the price is {} cents now, the plan shows {}",
            now.charge.0, quote.charge.0
        )),
        Some(_) => PurchaseStage::Intending,
    }
}

fn judge_answer(planned: PlannedPurchase, answer: Result<RecordedSlots, ApiError>) -> PurchaseStage {
    match answer {
        Ok(slots) if slots.qty >= planned.to_qty() => PurchaseStage::Bought { slots },
        Ok(slots) => PurchaseStage::ReadingBack {
            reason: format!("the answer shows {} slots, not {}", slots.qty, planned.to_qty()),
        },
        // Sent again where it was not sent, so that the last attempt speaks for all of them.
        Err(error) if error.had_no_effect => {
            PurchaseStage::NotBought { reason: format!("nothing was bought: {error}"), intended: true }
        }
        Err(error) => PurchaseStage::ReadingBack { reason: error.to_string() },
    }
}

/// Buys slots for an order, keeping its record at every step.
pub(super) async fn run(journal: &mut Journal<'_>, planned: PlannedPurchase) -> Result<(), StepFailure> {
    let mut charge = planned.quote.charge;
    let mut stage = PurchaseStage::Quoting;
    let mut time_up = None;
    loop {
        let event = match &stage {
            PurchaseStage::Quoting => {
                let quoted =
                    journal.context.writer.reader().quote_slots(journal.order.order_id, planned.quote.add_qty).await;
                charge = quoted.as_ref().ok().and_then(|slots| slots.quote).map_or(charge, |now| now.charge);
                PurchaseEvent::Quoted(quoted)
            }
            PurchaseStage::Intending | PurchaseStage::Sending if journal.context.stop.is_requested() => {
                PurchaseEvent::Interrupted
            }
            PurchaseStage::Intending => PurchaseEvent::Stored(store_intent(journal, planned).await),
            PurchaseStage::Sending => PurchaseEvent::Answered(
                journal.context.writer.purchase_slots(journal.order.order_id, planned.quote.add_qty).await,
            ),
            PurchaseStage::ReadingBack { .. } => {
                let settings = journal.context.settings;
                let pause = if time_up.is_some() { settings.settle_interval } else { Duration::ZERO };
                let until = *time_up.get_or_insert_with(|| Instant::now() + settings.settle_timeout);
                read_back(journal, pause, until).await
            }
            PurchaseStage::Bought { slots } => {
                journal.recorded.purchase = None;
                journal.recorded.slots = Some(*slots);
                journal.save_bought(charge).await?;
                // What was scheduled was taken back before.
                return expect_slots(*slots, RecordedSlots { qty: planned.to_qty(), pending: None });
            }
            PurchaseStage::Found => {
                journal.recorded.settle_purchase();
                return journal.save_bought(charge).await;
            }
            PurchaseStage::NotBought { reason, intended } => return Err(not_bought(journal, reason, *intended).await),
            PurchaseStage::Unknown { reason } => {
                journal.report.changed = true;
                return Err(StepFailure::Unknown(reason.clone()));
            }
        };
        if let PurchaseEvent::Quoted(Err(error)) | PurchaseEvent::Answered(Err(error)) = &event {
            journal.course.learn(error);
        }
        stage = stage.next(planned, event);
    }
}

async fn store_intent(journal: &mut Journal<'_>, planned: PlannedPurchase) -> Result<(), String> {
    let PlannedPurchase { from_qty, quote } = planned;
    journal.recorded.purchase = Some(PurchaseIntent { from_qty, add_qty: quote.add_qty, when: Timestamp::now() });
    let stored = match journal.ensure_locked().await {
        Ok(()) => journal.save().await,
        Err(lost) => Err(lost),
    };
    if stored.is_err() {
        journal.recorded.purchase = None;
    }
    stored
}

async fn not_bought(journal: &mut Journal<'_>, reason: &str, intended: bool) -> StepFailure {
    journal.recorded.purchase = None;
    match if intended { journal.save().await } else { Ok(()) } {
        Ok(()) => StepFailure::Failed(reason.to_owned()),
        Err(error) => StepFailure::Failed(format!("{reason}; and {error}")),
    }
}

async fn read_back(journal: &Journal<'_>, pause: Duration, until: Instant) -> PurchaseEvent {
    sleep(pause.min(until.saturating_duration_since(Instant::now()))).await;
    if Instant::now() >= until {
        return PurchaseEvent::TimeUp;
    }
    let read =
        tokio::time::timeout_at(until, journal.context.writer.reader().quote_slots(journal.order.order_id, 1)).await;
    match read {
        Err(_) => PurchaseEvent::TimeUp,
        Ok(read) => PurchaseEvent::SlotsRead(read.map(|slots| slots.current_qty)),
    }
}
