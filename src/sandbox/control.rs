//! What all connections share, and what a test reaches without HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::account::Account;
use super::clock::Clock;
use super::faults::{FaultCount, FaultRule, Faults, Strike};
use super::log::{LoggedRequest, RequestLog};
use super::operation::Operation;
use super::order::Order;
use super::panel::PanelAction;
use super::refusal::Refusal;
use super::tells::Tells;
use crate::model::{Cents, OrderId};

/// A handle on the state of a sandbox; clones share it.
#[derive(Debug, Clone)]
pub struct Control(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    token: String,
    account: Mutex<Account>,
    faults: Mutex<Faults>,
    log: Mutex<RequestLog>,
}

/// Takes a lock even where a panic of its last holder left it poisoned: each holder changes all or nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Control {
    pub(super) fn new(account: Account, log_capacity: usize) -> Control {
        Control(Arc::new(Shared {
            token: account.token.clone(),
            account: Mutex::new(account),
            faults: Mutex::default(),
            log: Mutex::new(RequestLog::with_capacity(log_capacity)),
        }))
    }

    /// Returns the token that clients must send.
    pub fn token(&self) -> &str {
        &self.0.token
    }

    /// Returns a copy of the account as it is now.
    pub fn account(&self) -> Account {
        lock(&self.0.account).clone()
    }

    /// Reads or changes the account in place, behind the back of every client.
    pub fn with_account<T>(&self, work: impl FnOnce(&mut Account) -> T) -> T {
        work(&mut lock(&self.0.account))
    }

    /// Changes an order as the panel does, behind the back of every client, and returns what it is then.
    pub fn panel(&self, id: OrderId, action: PanelAction) -> Result<Order, Refusal> {
        lock(&self.0.account).panel(id, action).cloned()
    }

    /// Sets what is left to spend.
    pub fn set_wallet(&self, wallet_cents: Cents) {
        lock(&self.0.account).wallet_cents = wallet_cents;
    }

    /// Sets the price of a slot from now on; what was bought keeps its own.
    pub fn set_slot_price(&self, slot_price_cents: Cents) {
        lock(&self.0.account).slot_price_cents = slot_price_cents;
    }

    /// Returns what the API tells.
    pub fn tells(&self) -> Tells {
        lock(&self.0.account).tells.clone()
    }

    /// Sets what the API tells from now on.
    pub fn set_tells(&self, tells: Tells) {
        lock(&self.0.account).tells = tells;
    }

    pub(super) fn knows(&self, operation: Operation) -> bool {
        lock(&self.0.account).tells.knows(operation)
    }

    /// Returns the vendor requests that are kept, the oldest first.
    pub fn requests(&self) -> Vec<Arc<LoggedRequest>> {
        lock(&self.0.log).kept()
    }

    /// Replaces the fault rules; their counts start again.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        lock(&self.0.faults).set(rules);
    }

    /// Returns the fault rules with what has come of them.
    pub fn faults(&self) -> Vec<FaultCount> {
        lock(&self.0.faults).counts()
    }

    pub(super) fn strike(&self, operation: Operation, order_id: Option<OrderId>) -> Strike {
        lock(&self.0.faults).strike(operation, order_id, Instant::now())
    }

    pub(super) fn clock(&self) -> Clock {
        lock(&self.0.faults).clock()
    }

    pub(super) fn log(&self, request: LoggedRequest) -> Arc<LoggedRequest> {
        lock(&self.0.log).push(request)
    }

    pub(super) fn set_log_capacity(&self, capacity: usize) {
        *lock(&self.0.log) = RequestLog::with_capacity(capacity);
    }
}
