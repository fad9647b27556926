//! A saved plan as it was, to be shown and never to be applied.

use std::collections::BTreeSet;

use super::order::{DelNpItemDocument, PendingDocument, SignatureItemDocument};
use super::{
    NoteDocument, NoteValueDocument, OperationDocument, OrderDocument, OrderReviewDocument, PlanDocument,
    ProblemDocument, ReviewDocument,
};
use crate::diagnostic::{Attribute, Label, Note, NoteValue, Problem, SourceMap};
use crate::model::{
    Cents, Foreign, LiveSignature, OrderId, OrderStatus, PendingChange, ProxyIp, Quote, Renewal, Signature, printable,
};
use crate::plan::{DelNpItem, OrderPlan, Plan, SignatureItem, Step};

/// Returns the plan that a document holds, and the lines of the manifest at which its problems point. Where the document
/// does not hold those, a problem names file, line and column.
pub(super) fn plan(document: &PlanDocument) -> (Plan, SourceMap) {
    let sources = document.review.as_ref().map(ReviewDocument::sources).unwrap_or_default();
    let review = |order_id| document.review.as_ref().and_then(|review| review.order(order_id));
    let of_order = |document: &OrderDocument| {
        let order_id = OrderId::new(document.order_id)?;
        Some(order(order_id, document, review(order_id), &sources))
    };
    (Plan { orders: document.orders.iter().filter_map(of_order).collect() }, sources)
}

fn order(
    order_id: OrderId,
    document: &OrderDocument,
    review: Option<&OrderReviewDocument>,
    sources: &SourceMap,
) -> OrderPlan {
    let hold_slots = review.iter().flat_map(|review| &review.hold_slots).map(String::as_str).collect();
    let problem = |(index, document): (usize, &ProblemDocument)| {
        problem(document, review.map(|review| review.labels(sources, index)).unwrap_or_default())
    };
    OrderPlan {
        order_id,
        tag: document.tag.as_deref().map(Foreign::from),
        order_status: document.order_status.as_deref().map(OrderStatus::parse),
        auto_renewal: document.auto_renewal,
        renewal: document.renews_at.as_deref().map(Renewal::parse),
        active_ips: document.active_ips,
        slots: document.slots,
        steps: document.operations.iter().map(|operation| step(operation, &hold_slots)).collect(),
        problems: document.problems.iter().enumerate().map(problem).collect(),
        notes: document.notes.iter().map(note).collect(),
        seen: None,
    }
}

fn step(document: &OperationDocument, hold_slots: &BTreeSet<&str>) -> Step {
    match document {
        OperationDocument::CancelDowngrade { pending, .. } => {
            Step::CancelDowngrade { pending: pending.map(PendingChange::from) }
        }
        OperationDocument::PurchaseSlots { from_qty, add_qty, price_per_unit_cents, charge_cents, .. } => {
            let (price_per_unit, charge) = (Cents(*price_per_unit_cents), Cents(*charge_cents));
            Step::PurchaseSlots { from_qty: *from_qty, quote: Quote { add_qty: *add_qty, price_per_unit, charge } }
        }
        OperationDocument::SetSignatures { items, .. } => {
            let item = |(ip, item): (ProxyIp, &SignatureItemDocument)| {
                let from = item.from.as_deref().map(signature);
                let takes_slot = match from {
                    None => !hold_slots.contains(item.ip.as_str()),
                    Some(LiveSignature::None) => true,
                    Some(_) => false,
                };
                SignatureItem { ip, from, to: item.to, takes_slot }
            };
            Step::SetSignatures { items: items.iter().filter_map(|it| Some((ip(&it.ip)?, it))).map(item).collect() }
        }
        OperationDocument::SetDelNp { items, .. } => {
            let item = |it: &DelNpItemDocument| {
                let newly = it.to && it.from != Some(true);
                Some(DelNpItem { ip: ip(&it.ip)?, from: it.from, to: it.to, newly })
            };
            Step::SetDelNp { items: items.iter().filter_map(item).collect() }
        }
        OperationDocument::ScheduleDowngrade { from_qty, next_qty, .. } => {
            Step::ScheduleDowngrade { from_qty: *from_qty, next_qty: *next_qty }
        }
        OperationDocument::SetAutoRenewal { from, to, .. } => Step::SetAutoRenewal { from: *from, to: *to },
    }
}

fn signature(word: &str) -> LiveSignature {
    match word.parse::<Signature>() {
        Ok(signature) => LiveSignature::Known(signature),
        Err(_) if word == "none" => LiveSignature::None,
        Err(_) => LiveSignature::Other(Box::new(Foreign::from(word))),
    }
}

fn ip(text: &str) -> Option<ProxyIp> {
    text.parse().ok()
}

fn problem(document: &ProblemDocument, labels: Vec<Label>) -> Problem {
    let place = match (&document.file, document.line, document.column) {
        (Some(file), Some(line), Some(column)) if labels.is_empty() => format!(" ({file}:{line}:{column})"),
        _ => String::new(),
    };
    let mut problem = Problem::new(document.code, format!("{}{place}", document.message));
    problem.help.clone_from(&document.help);
    problem.order_id = document.order_id.and_then(OrderId::new);
    problem.ip = document.ip.as_deref().and_then(ip);
    let mut labels = labels.into_iter();
    problem.primary = labels.next();
    problem.secondary = labels.collect();
    problem
}

fn note(document: &NoteDocument) -> Note {
    let NoteDocument { code, message, ip: of_ip, ips, attribute, from, to } = document;
    Note {
        code: *code,
        message: message.clone(),
        ip: of_ip.as_deref().and_then(ip),
        ips: ips.iter().filter_map(|text| ip(text)).collect(),
        attribute: attribute.as_deref().and_then(Attribute::parse),
        from: from.as_ref().map(NoteValue::from),
        to: to.as_ref().map(NoteValue::from),
    }
}

impl From<&NoteValueDocument> for NoteValue {
    fn from(document: &NoteValueDocument) -> NoteValue {
        match document {
            NoteValueDocument::Flag(flag) => NoteValue::Flag(*flag),
            NoteValueDocument::Number(number) => NoteValue::Number(*number),
            NoteValueDocument::Word(word) => NoteValue::Word(printable(word)),
            NoteValueDocument::Pending(pending) => NoteValue::Pending(pending.map(PendingChange::from)),
        }
    }
}

impl From<PendingDocument> for PendingChange {
    fn from(pending: PendingDocument) -> PendingChange {
        match pending {
            PendingDocument::Downgrade { next_qty } => PendingChange::Downgrade { next_qty },
            PendingDocument::Cancel {} => PendingChange::Cancel {},
        }
    }
}
