//! The purchase protocol: a charge happens at most once for one intent, whatever breaks (contract, Money).
//!
//! [`State`] is a value, [`State::next`] a function of it and of what happened: both can be tested without a network.
//! [`run`] only performs what the state asks for.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::order::{Failure, OrderRun, expect_slots, shown};
use crate::api::{AlwaysPermitted, ApiError, Endpoint};
use crate::model::{Cents, LiveSlots, NoQuote, PurchaseIntent, Quote, RecordedSlots};

/// How far a purchase is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
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
pub enum Event {
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
pub struct Planned {
    /// Slots before.
    pub from_qty: u32,
    /// What to buy, and the price that was shown to the user.
    pub quote: Quote,
}

impl Planned {
    fn to_qty(self) -> u32 {
        self.from_qty.saturating_add(self.quote.add_qty)
    }
}

impl State {
    /// Returns the state after something happened; an event that the state does not wait for changes nothing.
    pub fn next(self, planned: Planned, event: Event) -> State {
        match (self, event) {
            (State::Quoting, Event::Quoted(quoted)) => judge_quote(planned, quoted),
            (State::Intending, Event::Stored(Ok(()))) => State::Sending,
            (State::Intending, Event::Stored(Err(reason))) => {
                State::NotBought { reason: format!("nothing was bought: {reason}"), intended: false }
            }
            (State::Intending, Event::Interrupted) => interrupted(false),
            (State::Sending, Event::Interrupted) => interrupted(true),
            (State::Sending, Event::Answered(answer)) => judge_answer(planned, answer),
            (State::ReadingBack { .. }, Event::SlotsRead(Ok(qty))) if qty >= planned.to_qty() => State::Found,
            (State::ReadingBack { reason }, Event::TimeUp) => {
                let to_qty = planned.to_qty();
                let reason =
                    format!("{reason}; the slots did not show {to_qty} in time: it may or may not have been bought");
                State::Unknown { reason }
            }
            (state, _) => state,
        }
    }
}

fn interrupted(intended: bool) -> State {
    State::NotBought { reason: "nothing was bought: interrupted".to_owned(), intended }
}

fn judge_quote(planned: Planned, quoted: Result<LiveSlots, ApiError>) -> State {
    let not_bought = |reason| State::NotBought { reason, intended: false };
    let slots = match quoted {
        Ok(slots) => slots,
        Err(error) => return not_bought(format!("nothing was bought: {error}")),
    };
    let Planned { from_qty, quote } = planned;
    match slots.quote {
        _ if slots.current_qty != from_qty => {
            let now = slots.current_qty;
            not_bought(format!("nothing was bought: the order has {now} slots now, the plan was made for {from_qty}"))
        }
        Err(NoQuote::NotShown) => not_bought("nothing was bought: the API shows no price any more".to_owned()),
        Err(bad) => not_bought(format!("nothing was bought: {bad}")),
        Ok(now) if now.charge > quote.charge => not_bought(format!(
            "nothing was bought: the price is {} cents now, the plan shows {}",
            now.charge.0, quote.charge.0
        )),
        Ok(_) => State::Intending,
    }
}

fn judge_answer(planned: Planned, answer: Result<RecordedSlots, ApiError>) -> State {
    match answer {
        Ok(slots) if slots.qty >= planned.to_qty() => State::Bought { slots },
        Ok(slots) => {
            State::ReadingBack { reason: format!("the answer shows {} slots, not {}", slots.qty, planned.to_qty()) }
        }
        // Sent again where it was not sent, so that the last attempt speaks for all of them.
        Err(error) if error.had_no_effect => {
            State::NotBought { reason: format!("nothing was bought: {error}"), intended: true }
        }
        Err(error) => State::ReadingBack { reason: error.to_string() },
    }
}

/// Buys slots for an order, keeping its record at every step.
pub(super) async fn run(run: &mut OrderRun<'_>, planned: Planned) -> Result<(), Failure> {
    let mut charge = planned.quote.charge;
    let mut state = State::Quoting;
    let mut time_up = None;
    loop {
        let event = match &state {
            State::Quoting => {
                let quoted = run.context.writer.reader().quote_slots(run.order.order_id, planned.quote.add_qty).await;
                charge = quoted.as_ref().ok().and_then(|slots| slots.quote.ok()).map_or(charge, |now| now.charge);
                Event::Quoted(quoted)
            }
            State::Intending | State::Sending if run.context.stop.is_requested() => Event::Interrupted,
            State::Intending => Event::Stored(store_intent(run, planned).await),
            State::Sending => {
                let (writer, add_qty) = (run.context.writer, planned.quote.add_qty);
                let answer = writer.purchase_slots(run.order.order_id, add_qty, &AlwaysPermitted).await;
                Event::Answered(shown(Endpoint::PurchaseAddon, answer))
            }
            State::ReadingBack { .. } => {
                let settings = run.context.settings;
                let pause = if time_up.is_some() { settings.settle_interval } else { Duration::ZERO };
                let until = *time_up.get_or_insert_with(|| Instant::now() + settings.settle_timeout);
                read_back(run, pause, until).await
            }
            State::Bought { slots } => {
                run.recorded.purchase = None;
                run.recorded.slots = Some(*slots);
                bought(run, charge).await?;
                // What was scheduled was taken back before.
                return expect_slots(*slots, RecordedSlots { qty: planned.to_qty(), pending: None });
            }
            State::Found => {
                run.recorded.settle_purchase();
                return bought(run, charge).await;
            }
            State::NotBought { reason, intended } => return Err(not_bought(run, reason, *intended).await),
            State::Unknown { reason } => {
                run.report.changed = true;
                return Err(Failure::Unknown(reason.clone()));
            }
        };
        if let Event::Quoted(Err(error)) | Event::Answered(Err(error)) = &event {
            run.context.learn(error);
        }
        state = state.next(planned, event);
    }
}

async fn store_intent(run: &mut OrderRun<'_>, planned: Planned) -> Result<(), String> {
    let Planned { from_qty, quote } = planned;
    run.recorded.purchase = Some(PurchaseIntent { from_qty, add_qty: quote.add_qty, when: Timestamp::now() });
    let stored = match run.ensure_locked().await {
        Ok(()) => run.save().await,
        Err(lost) => Err(lost),
    };
    if stored.is_err() {
        run.recorded.purchase = None;
    }
    stored
}

async fn not_bought(run: &mut OrderRun<'_>, reason: &str, intended: bool) -> Failure {
    run.recorded.purchase = None;
    match if intended { run.save().await } else { Ok(()) } {
        Ok(()) => Failure::Failed(reason.to_owned()),
        Err(error) => Failure::Failed(format!("{reason}; and {error}")),
    }
}

async fn read_back(run: &OrderRun<'_>, pause: Duration, until: Instant) -> Event {
    sleep(pause.min(until.saturating_duration_since(Instant::now()))).await;
    if Instant::now() >= until {
        return Event::TimeUp;
    }
    let read = tokio::time::timeout_at(until, run.context.writer.reader().quote_slots(run.order.order_id, 1)).await;
    match read {
        Err(_) => Event::TimeUp,
        Ok(read) => Event::SlotsRead(read.map(|slots| slots.current_qty)),
    }
}

async fn bought(run: &mut OrderRun<'_>, charge: Cents) -> Result<(), Failure> {
    run.report.changed = true;
    run.report.charged = run.report.charged.plus(charge);
    // Where this fails the intent stays in the stored record, and the next plan settles it by what is live.
    run.save().await.map_err(|error| Failure::Failed(format!("bought, but not recorded: {error}")))
}
