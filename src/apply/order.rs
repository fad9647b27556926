//! The steps of one order, in sequence.

use std::collections::{BTreeMap, BTreeSet};

use super::journal::{Journal, StepFailure};
use super::purchase::{self, PlannedPurchase};
use crate::api::{ApiError, MAX_ITEMS_PER_REQUEST, Writer};
use crate::model::{
    Cents, OrderId, OrderReport, PendingChange, ProxyIp, Recorded, RecordedSlots, Signature, StepResult,
};
use crate::plan::{DelNpItem, SignatureItem, Step};

/// Carries out the steps of an order up to the first failure.
pub(super) async fn run(mut journal: Journal<'_>) -> OrderReport {
    let order = journal.order;
    for (index, step) in order.steps.iter().enumerate() {
        if journal.course.is_over() {
            break;
        }
        journal.context.events.step_started(order.order_id, step);
        let charged_before = journal.report.charged;
        let result = match run_step(&mut journal, step).await {
            Ok(()) => StepResult::Done,
            Err(StepFailure::Failed(error)) => StepResult::Failed { error },
            Err(StepFailure::Unknown(error)) => StepResult::Unknown { error },
        };
        if let charge @ 1.. = journal.report.charged.0 - charged_before.0 {
            journal.context.events.charged(order.order_id, Cents(charge));
        }
        journal.context.events.step_ended(order.order_id, step, &result);
        let done = result == StepResult::Done;
        journal.report.results[index] = result;
        if !done {
            break;
        }
    }
    journal.close().await
}

async fn run_step(journal: &mut Journal<'_>, step: &Step) -> Result<(), StepFailure> {
    match step {
        Step::CancelDowngrade { pending } => cancel_downgrade(journal, *pending).await,
        Step::PurchaseSlots { from_qty, quote } => {
            purchase::run(journal, PlannedPurchase { from_qty: *from_qty, quote: *quote }).await
        }
        Step::SetSignatures { items } => set_signatures(journal, items).await,
        Step::SetDelNp { items } => set_del_np(journal, items).await,
        Step::ScheduleDowngrade { from_qty, next_qty } => schedule_downgrade(journal, *from_qty, *next_qty).await,
        Step::SetAutoRenewal { to, .. } => set_auto_renewal(journal, *to).await,
    }
}

async fn cancel_downgrade(journal: &mut Journal<'_>, pending: Option<PendingChange>) -> Result<(), StepFailure> {
    let nothing = RecordedSlots { qty: journal.order.slots.unwrap_or(0), pending: None };
    let before = journal.forget_slots().await?;
    let answer = match journal.context.writer.cancel_downgrade(journal.order.order_id).await {
        // A lost answer to an earlier attempt makes a known pending change an unknown one.
        Err(error) if (pending.is_none() || !error.had_no_effect) && means_nothing_pending(&error) => {
            return nothing_was_pending(journal, nothing, &error).await;
        }
        Err(error) => {
            let failure = journal.failed(&error, before.is_some(), |recorded| recorded.slots = before).await;
            return Err(if means_nothing_pending(&error) { taken_back_elsewhere(failure) } else { failure });
        }
        Ok(answer) => answer,
    };
    journal.slots_changed(answer, nothing).await
}

/// Records that nothing is scheduled; unless an earlier attempt took it back, nothing was changed.
async fn nothing_was_pending(
    journal: &mut Journal<'_>,
    slots: RecordedSlots,
    error: &ApiError,
) -> Result<(), StepFailure> {
    journal.report.changed |= !error.had_no_effect;
    journal.recorded.slots = Some(slots);
    journal
        .save()
        .await
        .map_err(|error| StepFailure::Failed(format!("nothing is scheduled, but not recorded: {error}")))
}

async fn schedule_downgrade(journal: &mut Journal<'_>, from_qty: u32, next_qty: u32) -> Result<(), StepFailure> {
    let before = journal.forget_slots().await?;
    let answer = match journal.context.writer.schedule_downgrade(journal.order.order_id, next_qty).await {
        Err(error) => return Err(journal.failed(&error, before.is_some(), |recorded| recorded.slots = before).await),
        Ok(answer) => answer,
    };
    let pending = Some(PendingChange::Downgrade { next_qty });
    journal.slots_changed(answer, RecordedSlots { qty: from_qty, pending }).await
}

async fn set_auto_renewal(journal: &mut Journal<'_>, on: bool) -> Result<(), StepFailure> {
    journal.ensure_locked().await?;
    let before = journal.recorded.auto_renewal.take();
    if before.is_some_and(|before| before != on) {
        journal.save().await?;
    }
    if let Err(error) = journal.context.writer.set_auto_renewal(journal.order.order_id, on).await {
        return Err(journal.failed(&error, before.is_some(), |recorded| recorded.auto_renewal = before).await);
    }
    journal.recorded.auto_renewal = Some(on);
    journal.save_acknowledged().await
}

async fn set_signatures(journal: &mut Journal<'_>, items: &[SignatureItem]) -> Result<(), StepFailure> {
    let wanted: Vec<(ProxyIp, Signature)> = items.iter().map(|item| (item.ip, item.to)).collect();
    set(
        journal,
        &wanted,
        |recorded| &mut recorded.signatures,
        |recorded| Some(&mut recorded.unknown_signatures),
        Writer::set_signatures,
    )
    .await
}

async fn set_del_np(journal: &mut Journal<'_>, items: &[DelNpItem]) -> Result<(), StepFailure> {
    let wanted: Vec<(ProxyIp, bool)> = items.iter().map(|item| (item.ip, item.to)).collect();
    set(journal, &wanted, |recorded| &mut recorded.del_np, |_| None, Writer::set_del_np).await
}

/// Sets a value of each IP by as many requests as it takes, recording each as it is acknowledged. `unknown` are the
/// IPs that are known to have some value.
async fn set<V: Copy>(
    journal: &mut Journal<'_>,
    wanted: &[(ProxyIp, V)],
    part: fn(&mut Recorded) -> &mut BTreeMap<ProxyIp, V>,
    unknown: fn(&mut Recorded) -> Option<&mut BTreeSet<ProxyIp>>,
    send: impl AsyncFn(&Writer, OrderId, &[(ProxyIp, V)]) -> Result<(), ApiError>,
) -> Result<(), StepFailure> {
    for (chunks_sent, chunk) in wanted.chunks(MAX_ITEMS_PER_REQUEST).enumerate() {
        check_stop(journal, chunks_sent, wanted.len())?;
        journal.ensure_locked().await?;
        let values = part(&mut journal.recorded);
        let before: Vec<(ProxyIp, V)> = chunk.iter().filter_map(|(ip, _)| values.remove_entry(ip)).collect();
        let known_again = |recorded: &mut Recorded, items: &[(ProxyIp, V)]| {
            part(recorded).extend(items.iter().copied());
            let unknown = unknown(recorded);
            unknown.into_iter().for_each(|unknown| items.iter().for_each(|(ip, _)| _ = unknown.remove(ip)));
        };
        if !before.is_empty() {
            let unknown = unknown(&mut journal.recorded);
            unknown.into_iter().for_each(|unknown| unknown.extend(before.iter().map(|(ip, _)| *ip)));
            journal.save().await?;
        }
        if let Err(error) = send(journal.context.writer, journal.order.order_id, chunk).await {
            let restore = |recorded: &mut Recorded| known_again(recorded, &before);
            return Err(journal.failed(&error, !before.is_empty(), restore).await);
        }
        known_again(&mut journal.recorded, chunk);
        journal.save_acknowledged().await?;
    }
    Ok(())
}

fn check_stop(journal: &Journal<'_>, chunks_sent: usize, items: usize) -> Result<(), StepFailure> {
    let done = chunks_sent * MAX_ITEMS_PER_REQUEST;
    match journal.context.stop.is_requested() {
        true => Err(StepFailure::Failed(format!("interrupted after {done} of {items} IPs"))),
        false => Ok(()),
    }
}

/// What is recorded is believed until somebody says otherwise, or every further apply fails in the same way.
fn taken_back_elsewhere(failure: StepFailure) -> StepFailure {
    match failure {
        StepFailure::Failed(error) => {
            StepFailure::Failed(format!("{error}; if it was taken back elsewhere already, apply with --reassert"))
        }
        unknown => unknown,
    }
}

/// Returns whether the refusal of a cancel means that nothing was scheduled (contract, Apply).
fn means_nothing_pending(error: &ApiError) -> bool {
    matches!(error.refusal_status(), Some(400 | 404 | 409 | 422))
}
