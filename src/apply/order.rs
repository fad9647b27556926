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
            let failure = journal.failed(&error, before.is_any(), |recorded| before.restore(recorded)).await;
            let is_told = journal.order.seen.as_ref().is_some_and(|seen| seen.detail.pending.is_some());
            return Err(if means_nothing_pending(&error) && !is_told {
                taken_back_elsewhere(failure)
            } else {
                failure
            });
        }
        Ok(told) => told,
    };
    let learned = journal.learn_slots(told, expected).await;
    // An answer that does not tell is no reason to ask again before the next renewal.
    journal.recorded.pending_asked = learned.slots.pending.is_none() && learned.still.is_none();
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
        Err(error) => return Err(journal.failed(&error, before.is_any(), |recorded| before.restore(recorded)).await),
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
    let part = Part {
        values: |recorded: &mut Recorded| &mut recorded.signatures,
        unknown: |recorded| Some(&mut recorded.unknown_signatures),
        has_none: Recorded::had_no_signature,
    };
    set(
        journal,
        &wanted,
        part,
        async |writer, order_id, items, permit| writer.set_signatures(order_id, items, permit).await,
        other_signatures,
    )
    .await
}

/// Returns which IPs are reported to have another signature than was set; nothing where nobody reports it.
async fn other_signatures(writer: &Writer, order_id: OrderId, wanted: &[(ProxyIp, Signature)]) -> BTreeSet<ProxyIp> {
    let Ok(seen) = writer.reader().active_proxies(order_id).await else { return BTreeSet::new() };
    let told = |ip: &ProxyIp| seen.active.get(ip).and_then(|seen| seen.signature.as_ref());
    let differs = |(ip, to): &&(ProxyIp, Signature)| told(ip).is_some_and(|it| *it != LiveSignature::Known(*to));
    wanted.iter().filter(differs).map(|(ip, _)| *ip).collect()
}

async fn set_del_np(journal: &mut Journal<'_>, items: &[DelNpItem]) -> Result<(), StepFailure> {
    let wanted: Vec<(ProxyIp, bool)> = items.iter().map(|item| (item.ip, item.to)).collect();
    let part =
        Part { values: |recorded: &mut Recorded| &mut recorded.del_np, unknown: |_| None, has_none: |_, _| false };
    set(
        journal,
        &wanted,
        part,
        async |writer, order_id, items, permit| writer.set_del_np(order_id, items, permit).await,
        // Nothing reports marks.
        async |_, _, _| BTreeSet::new(),
    )
    .await
}

/// The part of a record that holds a value of each IP.
#[derive(Clone, Copy)]
struct Part<V> {
    values: fn(&mut Recorded) -> &mut BTreeMap<ProxyIp, V>,
    /// The IPs that are known to have some value, where that is recorded.
    unknown: fn(&mut Recorded) -> Option<&mut BTreeSet<ProxyIp>>,
    /// Whether the record says that an IP has no value.
    has_none: fn(&Recorded, ProxyIp) -> bool,
}

/// What a record no longer says while it is changed.
struct Forgotten<V> {
    values: Vec<(ProxyIp, V)>,
    /// Whether it said that some of the IPs have no value.
    none: bool,
}

impl<V> Forgotten<V> {
    fn is_any(&self) -> bool {
        self.none || !self.values.is_empty()
    }
}

impl<V: Copy + PartialEq> Part<V> {
    /// Forgets what is about to change, and returns what it was. What is recorded as it shall be is claimed neither more
    /// nor less while it is asserted.
    fn forget(self, recorded: &mut Recorded, wanted: &[(ProxyIp, V)]) -> Forgotten<V> {
        let none = wanted.iter().any(|(ip, _)| (self.has_none)(recorded, *ip));
        recorded.signatures_told &= !none;
        let values = (self.values)(recorded);
        let differs = |(ip, to): &&(ProxyIp, V)| values.get(ip).is_some_and(|before| before != to);
        let changing: Vec<ProxyIp> = wanted.iter().filter(differs).map(|(ip, _)| *ip).collect();
        let values: Vec<(ProxyIp, V)> = changing.iter().filter_map(|ip| values.remove_entry(ip)).collect();
        if let Some(unknown) = (self.unknown)(recorded) {
            unknown.extend(changing);
        }
        Forgotten { values, none }
    }

    fn know(self, recorded: &mut Recorded, items: impl IntoIterator<Item = (ProxyIp, V)>) {
        for (ip, value) in items {
            (self.values)(recorded).insert(ip, value);
            (self.unknown)(recorded).map(|unknown| unknown.remove(&ip));
        }
    }
}

/// Sets a value of each IP by as many requests as it takes, recording each as it is acknowledged. Where an answer counts
/// fewer IPs than were sent, `others` looks which of them have another value still: these are not recorded.
async fn set<V: Copy + PartialEq>(
    journal: &mut Journal<'_>,
    wanted: &[(ProxyIp, V)],
    part: Part<V>,
    send: impl AsyncFn(&Writer, OrderId, &[(ProxyIp, V)], &Permit<'_>) -> Result<Option<u64>, ApiError>,
    others: impl AsyncFn(&Writer, OrderId, &[(ProxyIp, V)]) -> BTreeSet<ProxyIp>,
) -> Result<(), StepFailure> {
    let (writer, order_id) = (journal.context.writer, journal.order.order_id);
    let (mut sent, mut updated) = (0, 0);
    for chunk in wanted.chunks(MAX_ITEMS_PER_REQUEST) {
        check_stop(journal, sent, wanted.len())?;
        let before = part.forget(&mut journal.recorded, chunk);
        if !before.values.is_empty() || journal.must_forget_signatures() {
            journal.ensure_locked().await?;
            journal.save().await?;
        }
        let permit = Permit::new(journal.context, journal.course);
        let counted = match send(writer, order_id, chunk, &permit).await {
            Ok(told) => told.unwrap_or(chunk.len() as u64),
            Err(error) => {
                let forgot = before.is_any();
                let restore = |recorded: &mut Recorded| {
                    recorded.signatures_told |= before.none;
                    part.know(recorded, before.values);
                };
                return Err(journal.failed(&error, forgot, restore).await);
            }
        };
        let are_fewer = counted < chunk.len() as u64;
        let others = if are_fewer { others(writer, order_id, chunk).await } else { BTreeSet::new() };
        part.know(&mut journal.recorded, chunk.iter().filter(|(ip, _)| !others.contains(ip)).copied());
        journal.recorded.signatures_told |= before.none && others.is_empty();
        journal.save_acknowledged().await?;
        (sent, updated) = (sent + chunk.len(), updated + counted);
        journal.say_updated(updated, sent);
        fail_for_others(&others)?;
    }
    Ok(())
}

fn fail_for_others(others: &BTreeSet<ProxyIp>) -> Result<(), StepFailure> {
    let Some(first) = others.first() else { return Ok(()) };
    let what = count(others.len(), "IP");
    Err(StepFailure::Failed(format!(
        "acknowledged, and the API still shows another signature for {what}, {first} first"
    )))
}

fn check_stop(journal: &Journal<'_>, done: usize, items: usize) -> Result<(), StepFailure> {
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
