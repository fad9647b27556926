//! The one decision before every attempt of every write: whether it may be sent now (contract, Apply and Money).
//!
//! Between the decision to write and the sending lie the wait for a turn, the pauses between attempts, and a process that
//! may be put to sleep. So it is asked last, and asks anew: is the lock held now, and for as long as the request may
//! take; has nobody asked to stop; and for a purchase, are its intent and its price young enough.

use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::context::{ApplySettings, Context, Course};
use crate::api::SendPermit;
use crate::model::Foreign;
use crate::state::Moment;

/// When the intent of a purchase was stored, and when its price was quoted.
#[derive(Debug, Clone, Copy)]
pub(super) struct PurchaseTimes {
    pub(super) intended: Moment,
    pub(super) quoted: Moment,
}

/// Why a write may not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denial {
    /// The lock is not held, or not for long enough.
    LockLost(String),
    /// Somebody asked to stop, or the token was refused.
    Stopped,
    /// The purchase's intent is too old.
    IntentTooOld,
    /// The purchase's price is too old: it has to be quoted again.
    QuoteTooOld,
}

impl Denial {
    fn words(&self) -> String {
        match self {
            Denial::LockLost(reason) => reason.clone(),
            Denial::Stopped => "interrupted".to_owned(),
            Denial::IntentTooOld => {
                "it took more than a minute to send it, and another apply may be at work: run again".to_owned()
            }
            Denial::QuoteTooOld => "its price is more than ten seconds old".to_owned(),
        }
    }
}

/// Decides about the attempts of one write.
pub(super) struct Permit<'a> {
    context: Context<'a>,
    course: &'a Course,
    purchase: Option<PurchaseTimes>,
    /// Why it was denied last.
    denial: Mutex<Option<Denial>>,
}

impl<'a> Permit<'a> {
    /// Decides about a write that does the same when it is done twice.
    pub(super) fn new(context: Context<'a>, course: &'a Course) -> Permit<'a> {
        Permit { context, course, purchase: None, denial: Mutex::default() }
    }

    /// Decides about a purchase.
    pub(super) fn for_purchase(context: Context<'a>, course: &'a Course, times: PurchaseTimes) -> Permit<'a> {
        Permit { purchase: Some(times), ..Permit::new(context, course) }
    }

    /// Returns why it was denied last, where it was.
    pub(super) fn denial(&self) -> Option<Denial> {
        self.denial.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn decide(&self) -> Result<(), Denial> {
        if self.course.is_over() {
            return Err(Denial::Stopped);
        }
        self.context.ensure_locked().await.map_err(Denial::LockLost)?;
        // Last, because looking at the lock takes its time.
        let ApplySettings { intent_freshness, quote_freshness, .. } = self.context.settings;
        match self.purchase {
            Some(times) if times.intended.elapsed() > *intent_freshness => Err(Denial::IntentTooOld),
            Some(times) if times.quoted.elapsed() > *quote_freshness => Err(Denial::QuoteTooOld),
            _ => Ok(()),
        }
    }
}

/// Allows every attempt, and remembers when the last one was made.
pub(super) struct LastAttempt(Mutex<Moment>);

impl LastAttempt {
    pub(super) fn new() -> LastAttempt {
        LastAttempt(Mutex::new(Moment::now()))
    }

    pub(super) fn moment(&self) -> Moment {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SendPermit for LastAttempt {
    fn may_send(&self) -> BoxFuture<'_, Result<(), Foreign>> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Moment::now();
        ready(Ok(())).boxed()
    }
}

impl SendPermit for Permit<'_> {
    fn may_send(&self) -> BoxFuture<'_, Result<(), Foreign>> {
        async move {
            let Err(denial) = self.decide().await else { return Ok(()) };
            let words = denial.words();
            *self.denial.lock().unwrap_or_else(PoisonError::into_inner) = Some(denial);
            Err(Foreign::new(words))
        }
        .boxed()
    }
}
