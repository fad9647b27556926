//! The steps of one order, in sequence.

use std::collections::{BTreeMap, BTreeSet};

use super::journal::{Journal, StepFailure};
use super::permit::Permit;
use super::purchase::{self, PlannedPurchase};
use crate::api::{ApiError, MAX_ITEMS_PER_REQUEST, Writer};
use crate::model::{
    Cents, LiveSignature, OrderId, OrderReport, PendingChange, ProxyIp, Recorded, Signature, SlotsTold, StepResult,
    count,
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
        if let Some(remark) = journal.remark.take() {
            journal.report.remarks.insert(index, remark);
        }
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
    let expected = SlotsTold { qty: journal.order.slots, pending: Some(None) };
    let before = journal.forget_slots().await?;
    let permit = Permit::new(journal.context, journal.course);
    let told = match journal.context.writer.cancel_downgrade(journal.order.order_id, &permit).await {
        // A lost answer to an earlier attempt makes a known pending change an unknown one.
        Err(error) if (pending.is_none() || !error.had_no_effect) && means_nothing_pending(&error) => {
            return nothing_was_pending(journal, &error).await;
        }
        Err(error) => {
            let failure = journal.failed(&error, before.is_some(), |recorded| recorded.slots = before).await;
            return Err(if means_nothing_pending(&error) { taken_back_elsewhere(failure) } else { failure });
        }
        Ok(told) => told,
    };
    let learned = journal.learn_slots(told, expected).await;
    // An answer that does not tell is no reason to ask again before the next renewal.
    journal.recorded.pending_asked = learned.pending.is_none();
    journal.save_acknowledged().await?;
    journal.expect_slots(learned, expected)
}

/// What is scheduled stays unknown: the refusal may have another reason than that there is nothing. The record only
/// remembers that it was asked for this renewal.
async fn nothing_was_pending(journal: &mut Journal<'_>, error: &ApiError) -> Result<(), StepFailure> {
    journal.report.changed |= !error.had_no_effect;
    journal.remark = Some(format!("nothing seems to be scheduled: {error}"));
    journal.recorded.slots = None;
    journal.recorded.pending_asked = true;
    journal
        .save()
        .await
        .map_err(|error| StepFailure::Failed(format!("nothing is scheduled, but not recorded: {error}")))
}

async fn schedule_downgrade(journal: &mut Journal<'_>, from_qty: u32, next_qty: u32) -> Result<(), StepFailure> {
    let expected = SlotsTold { qty: Some(from_qty), pending: Some(Some(PendingChange::Downgrade { next_qty })) };
    let before = journal.forget_slots().await?;
    let permit = Permit::new(journal.context, journal.course);
    let told = match journal.context.writer.schedule_downgrade(journal.order.order_id, next_qty, &permit).await {
        Err(error) => return Err(journal.failed(&error, before.is_some(), |recorded| recorded.slots = before).await),
        Ok(told) => told,
    };
    let learned = journal.learn_slots(told, expected).await;
    journal.save_acknowledged().await?;
    journal.expect_slots(learned, expected)
}

async fn set_auto_renewal(journal: &mut Journal<'_>, on: bool) -> Result<(), StepFailure> {
    let before = journal.recorded.auto_renewal;
    let forgets = before.is_some_and(|before| before != on);
    if forgets {
        journal.ensure_locked().await?;
        journal.recorded.auto_renewal = None;
        journal.save().await?;
    }
    let permit = Permit::new(journal.context, journal.course);
    if let Err(error) = journal.context.writer.set_auto_renewal(journal.order.order_id, on, &permit).await {
        return Err(journal.failed(&error, forgets, |recorded| recorded.auto_renewal = before).await);
    }
    journal.recorded.auto_renewal = Some(on);
    journal.save_acknowledged().await
}

async fn set_signatures(journal: &mut Journal<'_>, items: &[SignatureItem]) -> Result<(), StepFailure> {
    let wanted: Vec<(ProxyIp, Signature)> = items.iter().map(|item| (item.ip, item.to)).collect();
    let updated = set(
        journal,
        &wanted,
        |recorded| &mut recorded.signatures,
        |recorded| Some(&mut recorded.unknown_signatures),
        async |writer: &Writer, order_id, items: &[_], permit| writer.set_signatures(order_id, items, permit).await,
    )
    .await?;
    match updated < wanted.len() as u64 {
        true => compare_signatures(journal, &wanted, updated).await,
        false => Ok(()),
    }
}

/// After an answer that counts fewer IPs than were sent: what the API reports counts, where it reports it.
async fn compare_signatures(
    journal: &mut Journal<'_>,
    wanted: &[(ProxyIp, Signature)],
    updated: u64,
) -> Result<(), StepFailure> {
    journal.say_updated(updated, wanted.len());
    let Ok(seen) = journal.context.writer.reader().active_proxies(journal.order.order_id).await else { return Ok(()) };
    let told = |ip: &ProxyIp| seen.active.get(ip).and_then(|seen| seen.signature.as_ref());
    let differs = |(ip, to): &&(ProxyIp, Signature)| told(ip).is_some_and(|it| *it != LiveSignature::Known(*to));
    let others: Vec<ProxyIp> = wanted.iter().filter(differs).map(|(ip, _)| *ip).collect();
    if others.is_empty() {
        return Ok(());
    }
    for ip in &others {
        journal.recorded.signatures.remove(ip);
    }
    journal.save().await?;
    let what = count(others.len(), "IP");
    Err(StepFailure::Failed(format!(
        "acknowledged, and the API still shows another signature for {what}, {} first",
        others[0]
    )))
}

async fn set_del_np(journal: &mut Journal<'_>, items: &[DelNpItem]) -> Result<(), StepFailure> {
    let wanted: Vec<(ProxyIp, bool)> = items.iter().map(|item| (item.ip, item.to)).collect();
    let updated = set(
        journal,
        &wanted,
        |recorded| &mut recorded.del_np,
        |_| None,
        async |writer: &Writer, order_id, items: &[_], permit| writer.set_del_np(order_id, items, permit).await,
    )
    .await?;
    journal.say_updated(updated, wanted.len());
    Ok(())
}

/// Sets a value of each IP by as many requests as it takes, recording each as it is acknowledged. `unknown` are the
/// IPs that are known to have some value. Returns how many the API says that it updated.
async fn set<V: Copy + PartialEq>(
    journal: &mut Journal<'_>,
    wanted: &[(ProxyIp, V)],
    part: fn(&mut Recorded) -> &mut BTreeMap<ProxyIp, V>,
    unknown: fn(&mut Recorded) -> Option<&mut BTreeSet<ProxyIp>>,
    send: impl AsyncFn(&Writer, OrderId, &[(ProxyIp, V)], &Permit<'_>) -> Result<Option<u64>, ApiError>,
) -> Result<u64, StepFailure> {
    let mut updated = 0;
    for (chunks_sent, chunk) in wanted.chunks(MAX_ITEMS_PER_REQUEST).enumerate() {
        check_stop(journal, chunks_sent, wanted.len())?;
        // What is recorded as it shall be is claimed neither more nor less while it is asserted.
        let values = part(&mut journal.recorded);
        let differs = |(ip, to): &&(ProxyIp, V)| values.get(ip).is_some_and(|before| before != to);
        let changing: Vec<ProxyIp> = chunk.iter().filter(differs).map(|(ip, _)| *ip).collect();
        let before: Vec<(ProxyIp, V)> = changing.iter().filter_map(|ip| values.remove_entry(ip)).collect();
        let known_again = |recorded: &mut Recorded, items: &[(ProxyIp, V)]| {
            part(recorded).extend(items.iter().copied());
            let unknown = unknown(recorded);
            unknown.into_iter().for_each(|unknown| items.iter().for_each(|(ip, _)| _ = unknown.remove(ip)));
        };
        if !before.is_empty() {
            let unknown = unknown(&mut journal.recorded);
            unknown.into_iter().for_each(|unknown| unknown.extend(before.iter().map(|(ip, _)| *ip)));
            journal.ensure_locked().await?;
            journal.save().await?;
        }
        let permit = Permit::new(journal.context, journal.course);
        match send(journal.context.writer, journal.order.order_id, chunk, &permit).await {
            Ok(told) => updated += told.unwrap_or(chunk.len() as u64),
            Err(error) => {
                let restore = |recorded: &mut Recorded| known_again(recorded, &before);
                return Err(journal.failed(&error, !before.is_empty(), restore).await);
            }
        }
        known_again(&mut journal.recorded, chunk);
        journal.save_acknowledged().await?;
    }
    Ok(updated)
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

/// Returns whether the refusal of a cancel means that nothing was scheduled (contract, Apply): only the API itself can
/// say so, not a page of something in its place.
fn means_nothing_pending(error: &ApiError) -> bool {
    matches!(error.refusal_status(), Some(400 | 404 | 422)) && !error.is_refused_elsewhere()
}
