//! The purchase protocol: a charge happens at most once for one intent, whatever breaks (contract, Money).
//!
//! [`PurchaseStage`] is a value, [`PurchaseStage::next`] a function of it and of what happened: both can be tested without
//! a network. `run` only performs what the stage asks for.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::journal::{Journal, StepFailure, still_shows};
use super::permit::{Denial, LastAttempt, Permit, PurchaseTimes};
use crate::api::ApiError;
use crate::model::{Bought, Cents, LiveSlots, NoQuote, PurchaseIntent, Quote, SlotsTold};
use crate::state::Moment;

/// How far a purchase is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PurchaseStage {
    /// The price is to be quoted once more.
    Quoting {
        /// Whether the intent is stored already: the price was quoted, and has grown old.
        intended: bool,
    },
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
        told: SlotsTold,
    },
    /// No answer, but the slots show it.
    Found {
        /// The slots.
        qty: u32,
    },
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
    Answered(Result<SlotsTold, ApiError>),
    /// It was not sent, because its price had grown old.
    PriceTooOld,
    /// The slots were read, or could not be.
    SlotsRead(Result<u32, ApiError>),
    /// The time to wait is over.
    TimeUp,
    /// The user asked to stop, and the purchase is not sent yet.
    Interrupted,
}

/// How often the price may be too old before it is given up.
const MOST_TOO_OLD: u32 = 3;
/// How long the first look at the slots may take, whatever time there is to wait for them.
const FIRST_LOOK: Duration = Duration::from_secs(2);

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
            (PurchaseStage::Quoting { intended }, PurchaseEvent::Quoted(quoted)) => {
                judge_quote(planned, quoted, intended)
            }
            (PurchaseStage::Intending, PurchaseEvent::Stored(Ok(()))) => PurchaseStage::Sending,
            (PurchaseStage::Intending, PurchaseEvent::Stored(Err(reason))) => {
                PurchaseStage::NotBought { reason: format!("nothing was bought: {reason}"), intended: false }
            }
            (PurchaseStage::Quoting { intended }, PurchaseEvent::Interrupted) => interrupted(intended),
            (PurchaseStage::Intending, PurchaseEvent::Interrupted) => interrupted(false),
            (PurchaseStage::Sending, PurchaseEvent::Interrupted) => interrupted(true),
            (PurchaseStage::Sending, PurchaseEvent::PriceTooOld) => PurchaseStage::Quoting { intended: true },
            (PurchaseStage::Sending, PurchaseEvent::Answered(answer)) => judge_answer(planned, answer),
            (PurchaseStage::ReadingBack { .. }, PurchaseEvent::SlotsRead(Ok(qty))) if qty >= planned.to_qty() => {
                PurchaseStage::Found { qty }
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

fn judge_quote(planned: PlannedPurchase, quoted: Result<LiveSlots, ApiError>, intended: bool) -> PurchaseStage {
    let not_bought = |reason| PurchaseStage::NotBought { reason, intended };
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
        Err(NoQuote::NotShown) => not_bought("nothing was bought: the API shows no price any more".to_owned()),
        Err(bad_price) => not_bought(format!("nothing was bought: {bad_price}")),
        Ok(now) if now.charge > quote.charge => not_bought(format!(
            "nothing was bought: the price is {} cents now, the plan shows {}",
            now.charge.0, quote.charge.0
        )),
        Ok(_) if intended => PurchaseStage::Sending,
        Ok(_) => PurchaseStage::Intending,
    }
}

fn judge_answer(planned: PlannedPurchase, answer: Result<SlotsTold, ApiError>) -> PurchaseStage {
    match answer {
        Ok(told) if told.qty.is_none_or(|qty| qty >= planned.to_qty()) => PurchaseStage::Bought { told },
        Ok(told) => PurchaseStage::ReadingBack {
            reason: format!("the answer shows {} slots, not {}", told.qty.unwrap_or(0), planned.to_qty()),
        },
        // Sent again where it was not sent, so that the last attempt speaks for all of them.
        Err(error) if error.had_no_effect => {
            PurchaseStage::NotBought { reason: format!("nothing was bought: {error}"), intended: true }
        }
        Err(error) => PurchaseStage::ReadingBack { reason: error.to_string() },
    }
}

/// A purchase under way, with what `run` has to remember of it.
struct Purchase {
    planned: PlannedPurchase,
    /// What it charges, by the last quote.
    charge: Cents,
    quoted: Moment,
    intended: Moment,
    /// Until when the slots are read back.
    until: Option<Instant>,
    /// How often its price was too old when it was to be sent.
    too_old: u32,
}

/// Buys slots for an order, keeping its record at every step.
pub(super) async fn run(journal: &mut Journal<'_>, planned: PlannedPurchase) -> Result<(), StepFailure> {
    let now = Moment::now();
    let mut purchase =
        Purchase { planned, charge: planned.quote.charge, quoted: now, intended: now, until: None, too_old: 0 };
    let mut stage = PurchaseStage::Quoting { intended: false };
    loop {
        let event = match &stage {
            PurchaseStage::Quoting { .. } | PurchaseStage::Intending | PurchaseStage::Sending
                if journal.course.is_over() =>
            {
                PurchaseEvent::Interrupted
            }
            PurchaseStage::Quoting { .. } => purchase.quote(journal).await,
            PurchaseStage::Intending => purchase.store_intent(journal).await,
            PurchaseStage::Sending => purchase.send(journal).await,
            PurchaseStage::ReadingBack { .. } => purchase.read_back(journal).await,
            PurchaseStage::Bought { told } => return purchase.acknowledged(journal, *told).await,
            PurchaseStage::Found { qty } => return purchase.found(journal, *qty).await,
            PurchaseStage::NotBought { reason, intended } => return Err(not_bought(journal, reason, *intended).await),
            PurchaseStage::Unknown { reason } => {
                journal.report.changed = true;
                journal.report.may_have_charged = journal.report.may_have_charged.plus(purchase.charge);
                return Err(StepFailure::Unknown(reason.clone()));
            }
        };
        if let PurchaseEvent::Quoted(Err(error)) | PurchaseEvent::Answered(Err(error)) = &event {
            journal.course.learn(error);
        }
        purchase.too_old += u32::from(event == PurchaseEvent::PriceTooOld);
        stage = match purchase.too_old {
            ..=MOST_TOO_OLD => stage.next(planned, event),
            _ => too_slow(),
        };
    }
}

/// A price that takes longer to arrive than it is good for would be asked for without end.
fn too_slow() -> PurchaseStage {
    let reason = "nothing was bought: whenever its price had arrived, it was more than ten seconds old; the API or the \
                  machine is too slow";
    PurchaseStage::NotBought { reason: reason.to_owned(), intended: true }
}

impl Purchase {
    async fn quote(&mut self, journal: &Journal<'_>) -> PurchaseEvent {
        let reader = journal.context.writer.reader();
        let attempt = LastAttempt::new();
        let quoted = reader.quote_slots_asking(journal.order.order_id, self.planned.quote.add_qty, &attempt).await;
        // However long the answer took, the price is from when it was asked for.
        self.quoted = attempt.moment();
        self.charge = quoted.as_ref().ok().and_then(|slots| slots.quote.ok()).map_or(self.charge, |now| now.charge);
        PurchaseEvent::Quoted(quoted)
    }

    async fn store_intent(&mut self, journal: &mut Journal<'_>) -> PurchaseEvent {
        let PlannedPurchase { from_qty, quote } = self.planned;
        self.intended = Moment::now();
        let when = journal.context.writer.reader().connection().now().moment;
        journal.recorded.purchase = Some(PurchaseIntent { from_qty, add_qty: quote.add_qty, when });
        let stored = match journal.ensure_locked().await {
            Ok(()) => journal.save().await,
            Err(lost) => Err(lost),
        };
        if stored.is_err() {
            journal.recorded.purchase = None;
        }
        PurchaseEvent::Stored(stored)
    }

    async fn send(&mut self, journal: &Journal<'_>) -> PurchaseEvent {
        let times = PurchaseTimes { intended: self.intended, quoted: self.quoted };
        let permit = Permit::for_purchase(journal.context, journal.course, times);
        let writer = journal.context.writer;
        let answer = writer.purchase_slots(journal.order.order_id, self.planned.quote.add_qty, &permit).await;
        match (answer, permit.denial()) {
            (Err(error), Some(Denial::QuoteTooOld)) if error.had_no_effect => PurchaseEvent::PriceTooOld,
            (Err(error), Some(Denial::Stopped)) if error.had_no_effect => PurchaseEvent::Interrupted,
            (answer, _) => PurchaseEvent::Answered(answer),
        }
    }

    async fn read_back(&mut self, journal: &Journal<'_>) -> PurchaseEvent {
        let settings = journal.context.settings;
        let is_first = self.until.is_none();
        let pause = if is_first { Duration::ZERO } else { settings.settle_interval };
        let until = *self.until.get_or_insert_with(|| Instant::now() + settings.settle_timeout);
        let until = journal.patience(until);
        self.until = Some(until);
        sleep(pause.min(until.saturating_duration_since(Instant::now()))).await;
        let now = Instant::now();
        if now >= until && !is_first {
            return PurchaseEvent::TimeUp;
        }
        let until = if is_first { until.max(now + FIRST_LOOK) } else { until };
        let reader = journal.context.writer.reader();
        match tokio::time::timeout_at(until, reader.slots(journal.order.order_id)).await {
            Err(_) => PurchaseEvent::TimeUp,
            Ok(read) => PurchaseEvent::SlotsRead(read),
        }
    }

    /// Records what an acknowledged purchase shows, and compares it with what was asked for.
    async fn acknowledged(self, journal: &mut Journal<'_>, told: SlotsTold) -> Result<(), StepFailure> {
        let to_qty = self.planned.to_qty();
        journal.recorded.purchase = None;
        journal.recorded.bought = Some(self.bought(journal, told.qty.unwrap_or(to_qty)));
        // What was scheduled was taken back before.
        let expected = SlotsTold { qty: Some(to_qty), pending: Some(None) };
        // What is charged is recorded before anything is waited for.
        let is_enough = told.is_enough(expected);
        if !is_enough {
            journal.recorded.slots = None;
            journal.save_bought(self.charge).await?;
        }
        let learned = journal.learn_slots(told, expected).await;
        match is_enough {
            true => journal.save_bought(self.charge).await?,
            false => journal.save_acknowledged().await?,
        }
        if let Some(still) = learned.still {
            // It was made all the same: what is read is behind, and the record of what was bought says so to the next plan.
            journal.remark = Some(still_shows(still));
            return Ok(());
        }
        journal.expect_slots(learned, expected)
    }

    /// Records a purchase whose answer was lost, and that the slots show.
    async fn found(self, journal: &mut Journal<'_>, qty: u32) -> Result<(), StepFailure> {
        journal.recorded.settle_purchase();
        journal.recorded.bought = Some(self.bought(journal, qty));
        journal.save_bought(self.charge).await
    }

    fn bought(&self, journal: &Journal<'_>, qty: u32) -> Bought {
        Bought { qty, when: journal.context.writer.reader().connection().now().moment }
    }
}

async fn not_bought(journal: &mut Journal<'_>, reason: &str, intended: bool) -> StepFailure {
    journal.recorded.purchase = None;
    match if intended { journal.save().await } else { Ok(()) } {
        Ok(()) => StepFailure::Failed(reason.to_owned()),
        Err(error) => StepFailure::Failed(format!("{reason}; and {error}")),
    }
}
