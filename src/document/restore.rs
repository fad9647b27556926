//! A saved plan as it was, to be shown: without what it was made of, and never to be applied.

use super::order::{DelNpItemDocument, PendingDocument, SignatureItemDocument};
use super::problem::NoteValueDocument;
use super::{NoteDocument, OperationDocument, OrderDocument, PlanDocument, ProblemDocument};
use crate::diagnostic::{Attribute, Note, NoteValue, Problem};
use crate::model::{
    Cents, Foreign, LiveSignature, OrderId, OrderStatus, PendingChange, ProxyIp, Quote, Renewal, Signature, printable,
};
use crate::plan::{DelNpItem, OrderPlan, Plan, SignatureItem, Step};

/// Returns the plan that a document holds. What the document does not hold is left out: the diff, and the excerpts of the
/// manifest, of which a problem names file, line and column.
pub(super) fn plan(document: &PlanDocument) -> Plan {
    Plan { orders: document.orders.iter().filter_map(order).collect() }
}

fn order(document: &OrderDocument) -> Option<OrderPlan> {
    let order_id = OrderId::new(document.order_id)?;
    Some(OrderPlan {
        order_id,
        tag: document.tag.as_deref().map(Foreign::from),
        order_status: document.order_status.as_deref().map(OrderStatus::parse),
        auto_renewal: document.auto_renewal,
        renewal: document.renews_at.as_deref().map(Renewal::parse),
        active_ips: document.active_ips,
        slots: document.slots,
        steps: document.operations.iter().map(step).collect(),
        problems: document.problems.iter().map(problem).collect(),
        notes: document.notes.iter().map(note).collect(),
        seen: None,
    })
}

fn step(document: &OperationDocument) -> Step {
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
                let takes_slot = matches!(from, None | Some(LiveSignature::None));
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

fn problem(document: &ProblemDocument) -> Problem {
    let place = match (&document.file, document.line, document.column) {
        (Some(file), Some(line), Some(column)) => format!(" ({file}:{line}:{column})"),
        _ => String::new(),
    };
    let mut problem = Problem::new(document.code, format!("{}{place}", document.message));
    problem.help.clone_from(&document.help);
    problem.order_id = document.order_id.and_then(OrderId::new);
    problem.ip = document.ip.as_deref().and_then(ip);
    problem
}

fn note(document: &NoteDocument) -> Note {
    let mut note = Note::new(document.code, document.message.clone());
    note.ip = document.ip.as_deref().and_then(ip);
    note.ips = document.ips.iter().filter_map(|text| ip(text)).collect();
    note.attribute = document.attribute.as_deref().and_then(Attribute::parse);
    (note.from, note.to) = (document.from.as_ref().map(value), document.to.as_ref().map(value));
    note
}

fn value(document: &NoteValueDocument) -> NoteValue {
    match document {
        NoteValueDocument::Flag(flag) => NoteValue::Flag(*flag),
        NoteValueDocument::Number(number) => NoteValue::Number(*number),
        NoteValueDocument::Word(word) => NoteValue::Word(printable(word)),
        NoteValueDocument::Pending(pending) => NoteValue::Pending(pending.map(PendingChange::from)),
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
