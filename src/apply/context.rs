//! What all orders of one apply share: the way to the API, the records and their lock, and the wish to stop.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::api::{ApiError, Writer};
use crate::model::{Cents, OrderId, StepResult};
use crate::plan::Step;
use crate::state::{Lock, Records};

/// An older intent may be found void by another apply before the purchase has arrived (contract, Money 3).
pub const INTENT_FRESHNESS: Duration = Duration::from_secs(60);
/// An older price may have changed (contract, Money 3).
pub const QUOTE_FRESHNESS: Duration = Duration::from_secs(10);

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct ApplySettings {
    /// Whether further orders are started after a failure, and orders without problems where others have some.
    pub keep_going: bool,
    /// How long to wait for a purchase to show whose answer was lost.
    pub settle_timeout: Duration,
    /// The pause between two looks while waiting for it.
    pub settle_interval: Duration,
    /// How old the intent of a purchase may be when it is sent; where it is older, nothing is sent.
    pub intent_freshness: Duration,
    /// How old its price may be; where it is older, it is quoted again.
    pub quote_freshness: Duration,
}

impl Default for ApplySettings {
    fn default() -> Self {
        ApplySettings {
            keep_going: false,
            settle_timeout: Duration::from_secs(30),
            settle_interval: Duration::from_millis(500),
            intent_freshness: INTENT_FRESHNESS,
            quote_freshness: QUOTE_FRESHNESS,
        }
    }
}

/// Is told what happens while a plan is carried out.
pub trait ApplyEvents: Sync {
    /// The steps of an order are about to be carried out.
    fn order_started(&self, order_id: OrderId);
    /// A step is about to be carried out.
    fn step_started(&self, _order_id: OrderId, _step: &Step) {}
    /// A purchase charged the wallet.
    fn charged(&self, _order_id: OrderId, _charge: Cents) {}
    /// A step ended.
    fn step_ended(&self, order_id: OrderId, step: &Step, result: &StepResult);
    /// The order is through, or stopped at a failure.
    fn order_ended(&self, order_id: OrderId);
}

/// A user's wish to stop: requests under way finish, nothing further is begun. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Stop(CancellationToken);

impl Stop {
    /// Is asked to stop by a token, which others may cancel.
    pub fn by(token: CancellationToken) -> Stop {
        Stop(token)
    }

    /// Asks to stop.
    pub fn request(&self) {
        self.0.cancel();
    }

    /// Returns whether somebody asked to stop.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// What every order of one apply shares.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The way to the API.
    pub writer: &'a Writer,
    /// The records.
    pub records: &'a Records,
    /// The lock on them.
    pub lock: &'a dyn Lock,
    /// How the plan is carried out.
    pub settings: &'a ApplySettings,
    /// Is told what happens.
    pub events: &'a dyn ApplyEvents,
    /// The wish to stop.
    pub stop: &'a Stop,
}

impl Context<'_> {
    /// Fails where the lock is not held for as long as a request may take: somebody else may be at work now.
    pub(super) async fn ensure_locked(&self) -> Result<(), String> {
        let request = self.writer.reader().connection().settings().timeout;
        self.lock.ensure_held_for(request).await.map_err(|error| error.to_string())
    }
}

/// How far an apply may still go: one token for all of it, and one below it for orders that are not begun.
pub(super) struct Course {
    /// Cancelled by a user's wish, and where the token is refused: nothing more can succeed.
    over: CancellationToken,
    /// Cancelled with the one above, and by the first failure: no further order is started.
    no_further: CancellationToken,
}

impl Course {
    pub(super) fn begin(stop: &Stop) -> Course {
        let over = stop.0.child_token();
        Course { no_further: over.child_token(), over }
    }

    /// Learns from a failed request whether any other can succeed.
    pub(super) fn learn(&self, error: &ApiError) {
        if error.is_unauthorized() {
            self.over.cancel();
        }
    }

    /// Starts no further order.
    pub(super) fn start_no_further(&self) {
        self.no_further.cancel();
    }

    /// Returns whether nothing more is to be begun.
    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Returns whether no further order is to be started.
    pub(super) fn is_closed(&self) -> bool {
        self.no_further.is_cancelled()
    }
}
