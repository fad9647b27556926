//! Changes a manifest's text in place, for `import --into FILE`: what is not changed stays as it is, byte for byte.
//!
//! The caller decides what is added and removed; here only the text is known. `plan` finds out what is left to do,
//! `places` where a new address goes, `block` and `flow` edit the two styles of YAML, `orders` adds whole orders. What
//! comes out is read again and must declare just what was declared before, with the changes.

mod block;
mod flow;
mod lines;
mod not_editable;
mod orders;
mod places;
mod plan;
mod splices;

use std::fmt;

use super::document::Document;
use super::read::{self, tree};
use super::write::OrderToWrite;
use crate::model::{OrderId, ProxyIp, Signature, SourceId};

pub use not_editable::NotEditable;

use lines::Lines;
use plan::Plan;
use splices::Splices;
use tree::{Entry, Node, Value};

/// What to change in a manifest. What is there already is left as it is, so that the same edits change nothing the
/// second time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits {
    /// Orders to add at the end of `orders`.
    pub new_orders: Vec<OrderToWrite>,
    /// What to change in orders that are there.
    pub orders: Vec<OrderEdits>,
}

/// What to change in the `keep` of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEdits {
    /// The order.
    pub order_id: OrderId,
    /// Addresses to list, each with its signature; one that is listed keeps the signature that it has.
    pub add: Vec<(ProxyIp, Option<Signature>)>,
    /// Addresses to list no longer.
    pub remove: Vec<ProxyIp>,
}

/// A manifest that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// What was changed, by order and address.
    pub changes: Vec<Change>,
}

/// One thing that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// An order was added, with all of its lines.
    OrderAdded {
        /// The order.
        order_id: OrderId,
    },
    /// An address is listed from now on.
    IpAdded {
        /// The order.
        order_id: OrderId,
        /// The address.
        ip: ProxyIp,
        /// Its signature.
        signature: Option<Signature>,
    },
    /// An address is listed no longer.
    IpRemoved {
        /// The order.
        order_id: OrderId,
        /// The address.
        ip: ProxyIp,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::OrderAdded { order_id } => write!(f, "order {order_id} added"),
            Change::IpAdded { order_id, ip, signature: None } => write!(f, "order {order_id}: {ip} added"),
            Change::IpAdded { order_id, ip, signature: Some(signature) } => {
                write!(f, "order {order_id}: {ip} added, {signature}")
            }
            Change::IpRemoved { order_id, ip } => write!(f, "order {order_id}: {ip} removed"),
        }
    }
}

/// Changes the text of a manifest file.
///
/// # Errors
///
/// [`NotEditable`] where the text is no valid manifest, where the edits do not fit it, and where it is written in a way
/// in which they cannot be made.
pub fn apply(text: &str, edits: &Edits) -> Result<Edited, NotEditable> {
    if text.replace("\r\n", "").contains('\r') {
        return Err(NotEditable::LoneReturn);
    }
    let before = declared(text).ok_or(NotEditable::Invalid)?;
    let plan = Plan::new(before, edits)?;
    let mut edited = text.to_owned();
    for step in [add_addresses, remove_addresses, orders::add] {
        let splices = {
            let root = tree_of(&edited)?;
            step(&Lines::new(&edited), &root, &plan)?
        };
        edited = splices.apply(edited);
    }
    if declared(&edited).as_ref() != Some(&plan.expected) {
        return Err(NotEditable::Unsound);
    }
    Ok(Edited { text: edited, changes: plan.changes })
}

/// Reads what a text declares; it may be no order.
fn declared(text: &str) -> Option<Document> {
    read::declared(text).map(|desired| Document::from(&desired))
}

fn tree_of(text: &str) -> Result<Node<'_>, NotEditable> {
    tree::read(SourceId(0), text, &mut Vec::new()).ok_or(NotEditable::Unsound)
}

fn add_addresses(text: &Lines<'_>, root: &Node<'_>, plan: &Plan<'_>) -> Result<Splices, NotEditable> {
    let mut splices = Splices::default();
    for (keep, edits) in keeps(root, plan).filter(|(_, edits)| !edits.add.is_empty()) {
        let Value::Mapping(entries) = &keep.value.value else { return Err(NotEditable::Unsound) };
        let placed = places::places(entries, &edits.add);
        match text.is_flow(&keep.value) {
            true => flow::add_addresses(text, &keep.value, entries, placed, &mut splices),
            false => block::add_addresses(text, keep, entries, placed, &mut splices)?,
        }
    }
    Ok(splices)
}

fn remove_addresses(text: &Lines<'_>, root: &Node<'_>, plan: &Plan<'_>) -> Result<Splices, NotEditable> {
    let mut splices = Splices::default();
    for (keep, edits) in keeps(root, plan).filter(|(_, edits)| !edits.remove.is_empty()) {
        let Value::Mapping(entries) = &keep.value.value else { return Err(NotEditable::Unsound) };
        let leaves = |entry: &Entry<'_>| entry.key.text.parse().is_ok_and(|ip: ProxyIp| edits.remove.contains(&ip));
        match text.is_flow(&keep.value) {
            true => flow::remove(text, entries, leaves, &mut splices),
            false => block::remove(text, entries, leaves, &mut splices)?,
        }
    }
    Ok(splices)
}

/// Iterates over the `keep` of each order that is edited, with its edits.
fn keeps<'t, 'a>(root: &'t Node<'a>, plan: &'t Plan<'_>) -> impl Iterator<Item = (&'t Entry<'a>, &'t plan::Planned)> {
    let orders = field(root, "orders").map(|orders| &orders.value).into_iter().flat_map(entries_of);
    orders.filter_map(|order| {
        let order_id: OrderId = order.key.text.parse().ok()?;
        Some((field(&order.value, "keep")?, plan.orders.get(&order_id)?))
    })
}

fn field<'t, 'a>(node: &'t Node<'a>, name: &str) -> Option<&'t Entry<'a>> {
    entries_of(node).iter().find(|entry| entry.key.text == name)
}

fn entries_of<'t, 'a>(node: &'t Node<'a>) -> &'t [Entry<'a>] {
    match &node.value {
        Value::Mapping(entries) => entries,
        _ => &[],
    }
}
