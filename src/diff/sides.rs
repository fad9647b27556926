//! An order as it is, and as it is declared.

use super::lines::{Says, SignatureWord, Written};
use crate::model::{DesiredOrder, Keep, LiveSignature, ProxyIp, ProxyRange, Signature};
use crate::plan::{Belief, Covered, OrderPlan, Row, resolve};

/// Writes an order as it is declared.
pub(super) fn as_declared<'a>(order: &OrderPlan, desired: &'a DesiredOrder, belief: &Belief) -> Vec<Written<'a>> {
    let mut says = vec![Says::Order(order.order_id)];
    says.extend(desired.tag.as_ref().map(|tag| Says::Tag(tag.value.raw())));
    says.extend(desired.p0f_slots.as_ref().map(|slots| {
        let declared = Says::Slots { qty: slots.value, pending: Some(None) };
        until_renewal(order, slots.value, belief).unwrap_or(declared)
    }));
    says.extend(desired.auto_renewal.as_ref().map(|declared| Says::AutoRenewal(Some(declared.value))));
    says.extend(desired.keep.as_ref().map(|_| Says::Keep));
    let mut lines: Vec<Written<'a>> = says.into_iter().map(Written::from).collect();
    if let Some(keep) = &desired.keep {
        lines.extend(kept(keep, belief).into_iter().map(|(ip, signature, covered_by)| {
            let signature = signature.map(SignatureWord::Known);
            let says = Says::Ip { ip, signature, signature_unknown: false, mark_unknown: false };
            Written { covered_by, ..Written::from(says) }
        }));
    }
    lines
}

/// Returns how the slots are written where all that is left to do is to wait for the renewal.
fn until_renewal<'a>(order: &OrderPlan, declared: u32, belief: &Belief) -> Option<Says<'a>> {
    let next_qty = belief.pending.value().copied().flatten()?.next_qty();
    let qty_now = order.slots?;
    (next_qty == declared && next_qty < qty_now).then_some(Says::SlotsUntilRenewal { qty_now, next_qty })
}

/// Lists the IPs that are kept, those included that the order does not have, each with the range that covers it.
fn kept(keep: &Keep, belief: &Belief) -> Vec<(ProxyIp, Option<Signature>, Option<ProxyRange>)> {
    let resolved = resolve(keep, belief.rows.iter().map(|row| row.ip));
    let covered = belief.rows.iter().zip(resolved.covered);
    let mut kept: Vec<_> = covered
        .filter_map(|(row, covered)| covered.map(|covered| (row.ip, covered.signature, covered.range)))
        .chain(resolved.missing.iter().map(|(ip, kept)| (*ip, kept.signature, None)))
        .collect();
    kept.sort_unstable_by_key(|(ip, ..)| *ip);
    kept
}

/// Writes an order as it is.
pub(super) fn as_it_is<'a>(order: &'a OrderPlan, desired: &DesiredOrder, belief: &'a Belief) -> Vec<Written<'a>> {
    let mut says = vec![Says::Order(order.order_id)];
    if desired.tag.is_some() {
        says.extend(order.tag.as_ref().map(|tag| Says::Tag(tag.raw())));
    }
    if let (Some(declared), Some(qty)) = (&desired.p0f_slots, order.slots) {
        let now = Says::Slots { qty, pending: belief.pending.value().copied() };
        says.push(until_renewal(order, declared.value, belief).unwrap_or(now));
    }
    if desired.auto_renewal.is_some() {
        says.push(Says::AutoRenewal(belief.auto_renewal.value().copied()));
    }
    says.extend(desired.keep.as_ref().map(|_| Says::Keep));
    let mut lines: Vec<Written<'a>> = says.into_iter().map(Written::from).collect();
    if let Some(keep) = &desired.keep {
        let covered = belief.rows.iter().zip(resolve(keep, belief.rows.iter().map(|row| row.ip)).covered);
        let shown = covered.filter(|(_, covered)| desired.prune || covered.is_some());
        lines.extend(shown.filter_map(|(row, covered)| live_ip(row, covered)));
    }
    lines
}

/// Writes an IP as it is; an IP that is believed to leave is not kept, and so has no line.
fn live_ip(row: &Row, kept: Option<Covered>) -> Option<Written<'_>> {
    if row.leaves() {
        return None;
    }
    let managed = kept.is_none_or(|kept| kept.signature.is_some());
    let signature = row.signature.value().filter(|_| managed);
    let signature_unknown = signature.is_none() && kept.is_some_and(|kept| kept.signature.is_some());
    let signature = signature.and_then(|signature| match signature {
        LiveSignature::None => None,
        LiveSignature::Known(signature) => Some(SignatureWord::Known(*signature)),
        LiveSignature::Other(word) => Some(SignatureWord::Other(word)),
    });
    let says = Says::Ip { ip: row.ip, signature, signature_unknown, mark_unknown: row.mark.is_unknown() };
    Some(Written { takes_slot: !row.holds_slot && signature_unknown, ..Written::from(says) })
}
