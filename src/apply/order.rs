//! The operations of one order, in sequence.
//!
//! The record never claims what may not be so: before a write changes something that is recorded, the record forgets
//! it, durably; after the write was acknowledged, the record takes the new value. A crash between the two leaves an
//! unknown, which the next plan asserts.

use std::collections::{BTreeMap, BTreeSet};

use super::executor::Context;
use super::purchase;
use crate::api::{AlwaysPermitted, ApiError, Endpoint, MAX_ITEMS_PER_REQUEST, Stage, Writer};
use crate::model::{
    OperationResult, OrderId, OrderReport, P0F_SLOTS, PendingChange, ProxyIp, Recorded, RecordedSlots, Signature,
    SlotsTold,
};
use crate::plan::{DelNpItem, Knowledge, Operation, OrderPlan, SignatureItem};

/// Why an operation did not end well.
pub(super) enum Failure {
    /// It failed.
    Failed(String),
    /// A purchase whose outcome is unknown.
    Unknown(String),
}

impl From<String> for Failure {
    fn from(error: String) -> Failure {
        Failure::Failed(error)
    }
}

/// One order under way.
pub(super) struct OrderRun<'a> {
    pub(super) order: &'a OrderPlan,
    pub(super) context: &'a Context<'a>,
    /// The record as it shall be stored.
    pub(super) recorded: Recorded,
    /// Whether `recorded` differs from what is stored.
    unsaved: bool,
    pub(super) report: OrderReport,
}

impl<'a> OrderRun<'a> {
    pub(super) fn new(order: &'a OrderPlan, knowledge: &Knowledge, context: &'a Context<'a>) -> OrderRun<'a> {
        OrderRun {
            order,
            context,
            recorded: knowledge.recorded.clone(),
            unsaved: knowledge.recorded_is_new,
            report: OrderReport::not_run(order.order_id, order.operations.len()),
        }
    }

    /// Carries out the operations up to the first failure.
    pub(super) async fn run(mut self) -> OrderReport {
        for (index, operation) in self.order.operations.iter().enumerate() {
            if self.context.is_over() {
                break;
            }
            let result = match self.operation(operation).await {
                Ok(()) => OperationResult::Done,
                Err(Failure::Failed(error)) => OperationResult::Failed { error },
                Err(Failure::Unknown(error)) => OperationResult::Unknown { error },
            };
            self.context.events.operation_ended(self.order.order_id, operation, &result);
            let done = result == OperationResult::Done;
            self.report.results[index] = result;
            if !done {
                break;
            }
        }
        if self.unsaved && !self.report.has_failed() {
            self.report.failure = self.save().await.err();
        }
        self.report
    }

    async fn operation(&mut self, operation: &Operation) -> Result<(), Failure> {
        match operation {
            Operation::CancelDowngrade { pending } => self.cancel_downgrade(*pending).await,
            Operation::PurchaseSlots { from_qty, quote } => {
                purchase::run(self, purchase::Planned { from_qty: *from_qty, quote: *quote }).await
            }
            Operation::SetSignatures { items } => self.set_signatures(items).await,
            Operation::SetDelNp { items } => self.set_del_np(items).await,
            Operation::ScheduleDowngrade { from_qty, next_qty } => self.schedule_downgrade(*from_qty, *next_qty).await,
        }
    }

    /// Fails where the lock was lost: somebody else may be at work now.
    pub(super) async fn ensure_locked(&self) -> Result<(), String> {
        self.context.lock.ensure_held().await.map_err(|error| error.to_string())
    }

    /// Stores the record, durably.
    pub(super) async fn save(&mut self) -> Result<(), String> {
        self.context.store.save(self.order.order_id, &self.recorded).await.map_err(|error| error.to_string())?;
        self.unsaved = false;
        Ok(())
    }

    /// Stores the record after an acknowledged write.
    async fn save_acknowledged(&mut self) -> Result<(), Failure> {
        self.report.changed = true;
        self.save().await.map_err(|error| Failure::Failed(format!("carried out, but not recorded: {error}")))
    }

    /// After a failed write: where it certainly took no effect, the record is again what it was before.
    async fn failed(&mut self, error: &ApiError, forgot: bool, restore: impl FnOnce(&mut Recorded)) -> Failure {
        self.context.learn(error);
        if !error.had_no_effect {
            self.report.changed = true;
        } else if forgot {
            restore(&mut self.recorded);
            if let Err(unsaved) = self.save().await {
                return Failure::Failed(format!("{error}; and {unsaved}"));
            }
        }
        Failure::Failed(error.to_string())
    }

    /// Forgets the slots, durably where they are recorded, and returns what they were.
    async fn forget_slots(&mut self) -> Result<Option<RecordedSlots>, Failure> {
        self.ensure_locked().await?;
        let before = self.recorded.slots.take();
        // What is stored may say more than what is known by now, where the slots were changed elsewhere.
        if before.is_some() || self.unsaved {
            self.save().await?;
        }
        Ok(before)
    }

    /// Records what an answer shows, and compares it with what was asked for.
    async fn slots_changed(&mut self, answer: RecordedSlots, expected: RecordedSlots) -> Result<(), Failure> {
        self.recorded.slots = Some(answer);
        self.save_acknowledged().await?;
        expect_slots(answer, expected)
    }

    async fn cancel_downgrade(&mut self, pending: Option<PendingChange>) -> Result<(), Failure> {
        let nothing = RecordedSlots { qty: self.order.slots.unwrap_or(0), pending: None };
        let before = self.forget_slots().await?;
        let answer = self.context.writer.cancel_downgrade(self.order.order_id, &AlwaysPermitted).await;
        let answer = match shown(Endpoint::CancelDowngrade, answer) {
            // A lost answer to an earlier attempt makes a known pending change an unknown one.
            Err(error) if (pending.is_none() || !error.had_no_effect) && means_nothing_pending(&error) => {
                return self.nothing_was_pending(nothing, &error).await;
            }
            Err(error) => {
                let failure = self.failed(&error, before.is_some(), |recorded| recorded.slots = before).await;
                return Err(if means_nothing_pending(&error) { taken_back_elsewhere(failure) } else { failure });
            }
            Ok(answer) => answer,
        };
        self.slots_changed(answer, nothing).await
    }

    /// Records that nothing is scheduled; unless an earlier attempt took it back, nothing was changed.
    async fn nothing_was_pending(&mut self, slots: RecordedSlots, error: &ApiError) -> Result<(), Failure> {
        self.report.changed |= !error.had_no_effect;
        self.recorded.slots = Some(slots);
        self.save().await.map_err(|error| Failure::Failed(format!("nothing is scheduled, but not recorded: {error}")))
    }

    async fn schedule_downgrade(&mut self, from_qty: u32, next_qty: u32) -> Result<(), Failure> {
        let before = self.forget_slots().await?;
        let answer = self.context.writer.schedule_downgrade(self.order.order_id, next_qty, &AlwaysPermitted).await;
        let answer = match shown(Endpoint::ScheduleDowngrade, answer) {
            Err(error) => return Err(self.failed(&error, before.is_some(), |recorded| recorded.slots = before).await),
            Ok(answer) => answer,
        };
        let pending = Some(PendingChange::Downgrade { next_qty });
        self.slots_changed(answer, RecordedSlots { qty: from_qty, pending }).await
    }

    async fn set_signatures(&mut self, items: &[SignatureItem]) -> Result<(), Failure> {
        let wanted: Vec<(ProxyIp, Signature)> = items.iter().map(|item| (item.ip, item.to)).collect();
        self.set(
            &wanted,
            |recorded| &mut recorded.signatures,
            |recorded| Some(&mut recorded.unknown_signatures),
            async |writer: &Writer, order_id, items: &[_]| {
                writer.set_signatures(order_id, items, &AlwaysPermitted).await
            },
        )
        .await
    }

    async fn set_del_np(&mut self, items: &[DelNpItem]) -> Result<(), Failure> {
        let wanted: Vec<(ProxyIp, bool)> = items.iter().map(|item| (item.ip, item.to)).collect();
        self.set(
            &wanted,
            |recorded| &mut recorded.del_np,
            |_| None,
            async |writer: &Writer, order_id, items: &[_]| writer.set_del_np(order_id, items, &AlwaysPermitted).await,
        )
        .await
    }

    /// Sets a value of each IP by as many requests as it takes, recording each as it is acknowledged. `unknown` are the
    /// IPs that are known to have some value.
    async fn set<V: Copy>(
        &mut self,
        wanted: &[(ProxyIp, V)],
        part: fn(&mut Recorded) -> &mut BTreeMap<ProxyIp, V>,
        unknown: fn(&mut Recorded) -> Option<&mut BTreeSet<ProxyIp>>,
        send: impl AsyncFn(&Writer, OrderId, &[(ProxyIp, V)]) -> Result<Option<u64>, ApiError>,
    ) -> Result<(), Failure> {
        for (chunks_sent, chunk) in wanted.chunks(MAX_ITEMS_PER_REQUEST).enumerate() {
            self.check_stop(chunks_sent, wanted.len())?;
            self.ensure_locked().await?;
            let values = part(&mut self.recorded);
            let before: Vec<(ProxyIp, V)> = chunk.iter().filter_map(|(ip, _)| values.remove_entry(ip)).collect();
            let known_again = |recorded: &mut Recorded, items: &[(ProxyIp, V)]| {
                part(recorded).extend(items.iter().copied());
                let unknown = unknown(recorded);
                unknown.into_iter().for_each(|unknown| items.iter().for_each(|(ip, _)| _ = unknown.remove(ip)));
            };
            if !before.is_empty() {
                let unknown = unknown(&mut self.recorded);
                unknown.into_iter().for_each(|unknown| unknown.extend(before.iter().map(|(ip, _)| *ip)));
                self.save().await?;
            }
            if let Err(error) = send(self.context.writer, self.order.order_id, chunk).await {
                let restore = |recorded: &mut Recorded| known_again(recorded, &before);
                return Err(self.failed(&error, !before.is_empty(), restore).await);
            }
            known_again(&mut self.recorded, chunk);
            self.save_acknowledged().await?;
        }
        Ok(())
    }

    fn check_stop(&self, chunks_sent: usize, items: usize) -> Result<(), Failure> {
        let done = chunks_sent * MAX_ITEMS_PER_REQUEST;
        match self.context.stop.is_requested() {
            true => Err(Failure::Failed(format!("interrupted after {done} of {items} IPs"))),
            false => Ok(()),
        }
    }
}

/// Fails where an answer does not tell the slots.
pub(super) fn shown(endpoint: Endpoint, answer: Result<SlotsTold, ApiError>) -> Result<RecordedSlots, ApiError> {
    let SlotsTold { qty, pending } = answer?;
    let reason = format!("the answer shows no {P0F_SLOTS} add-on");
    let qty = qty.ok_or_else(|| ApiError::once(endpoint, Stage::Unexpected { reason }))?;
    Ok(RecordedSlots { qty, pending: pending.flatten() })
}

/// What is recorded is believed until somebody says otherwise, or every further apply fails in the same way.
fn taken_back_elsewhere(failure: Failure) -> Failure {
    match failure {
        Failure::Failed(error) => {
            Failure::Failed(format!("{error}; if it was taken back elsewhere already, apply with --reassert"))
        }
        unknown => unknown,
    }
}

/// Tells whether the refusal of a cancel means that nothing was scheduled (contract, Apply).
fn means_nothing_pending(error: &ApiError) -> bool {
    matches!(error.refusal_status(), Some(400 | 404 | 409 | 422))
}

/// Fails where an answer shows something else than what was asked for.
pub(super) fn expect_slots(answer: RecordedSlots, expected: RecordedSlots) -> Result<(), Failure> {
    if answer == expected {
        return Ok(());
    }
    let words = |slots: RecordedSlots| match slots.pending {
        None => format!("{} slots with nothing scheduled", slots.qty),
        Some(pending) => format!("{} slots with {} from the next renewal on", slots.qty, pending.next_qty()),
    };
    Err(Failure::Failed(format!("the API now shows {}, not {}", words(answer), words(expected))))
}
