//! Changes a manifest's text in place, for `import --into FILE`: what is not changed stays as it is, byte for byte.
//!
//! The caller decides what is added and removed; here only the text is known. `task` finds out what is left to do,
//! `places` where a new address goes, `block` and `flow` edit the two styles of YAML, `orders` adds whole orders. What
//! comes out is read again and must declare just what was declared before, with the changes.

mod block;
mod edits;
mod flow;
mod nodes;
mod not_editable;
mod orders;
mod places;
mod splices;
mod task;
mod text;

use super::document::Document;
use super::read::{self, tree};
use crate::model::{OrderId, ProxyIp, SourceId};

pub use edits::{Change, Edited, Edits, OrderEdits};
pub use not_editable::NotEditable;

use nodes::{entries_of, field};
use splices::Splices;
use task::Task;
use text::Text;
use tree::{Entry, Node, Value};

/// Changes the text of a manifest file.
///
/// ```
/// use shardctl::manifest::edit::{Edits, OrderEdits, apply};
///
/// let text = "version: 1\norders:\n  48213:\n    keep:\n      203.0.113.10:   # the first\n";
/// let add = vec![("203.0.113.11".parse()?, Some("win11".parse()?))];
/// let orders = vec![OrderEdits { order_id: "48213".parse()?, add, remove: Vec::new() }];
/// let edited = apply(text, &Edits { new_orders: Vec::new(), orders })?;
/// assert_eq!(edited.text, format!("{text}      203.0.113.11: win11\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    let task = Task::new(before, edits)?;
    let mut edited = text.to_owned();
    for step in [add_addresses, remove_addresses, orders::add] {
        let splices = {
            let root = tree_of(&edited)?;
            step(&Text::new(&edited), &root, &task)?
        };
        edited = splices.apply(edited);
    }
    if declared(&edited).as_ref() != Some(&task.expected) {
        return Err(unsound(text));
    }
    Ok(Edited { text: edited, changes: task.changes })
}

/// Says what keeps a text from being edited soundly: its end, where something may have been added behind it.
fn unsound(text: &str) -> NotEditable {
    match text.ends_with('\n') {
        false => NotEditable::NoLastLineBreak,
        // A text in a block of its own keeps its blank lines.
        true if declared(text) != declared(&format!("{}\n", text.trim_end())) => NotEditable::TextAtTheEnd,
        true => NotEditable::Unsound,
    }
}

/// Reads what a text declares; it may be no order.
fn declared(text: &str) -> Option<Document> {
    read::declared(text).map(|desired| Document::from(&desired))
}

fn tree_of(text: &str) -> Result<Node<'_>, NotEditable> {
    tree::read(SourceId(0), text, &mut Vec::new()).ok_or(NotEditable::Unsound)
}

fn add_addresses(text: &Text<'_>, root: &Node<'_>, task: &Task<'_>) -> Result<Splices, NotEditable> {
    let mut splices = Splices::default();
    for (keep, edits) in keeps(root, task).filter(|(_, edits)| !edits.add.is_empty()) {
        let Value::Mapping(entries) = &keep.value.value else { return Err(NotEditable::Unsound) };
        let placed = places::places(entries, &edits.add);
        match text.is_flow(&keep.value) {
            true => flow::add_addresses(text, &keep.value, entries, placed, &mut splices),
            false => block::add_addresses(text, keep, entries, placed, &mut splices)?,
        }
    }
    Ok(splices)
}

fn remove_addresses(text: &Text<'_>, root: &Node<'_>, task: &Task<'_>) -> Result<Splices, NotEditable> {
    let mut splices = Splices::default();
    for (keep, edits) in keeps(root, task).filter(|(_, edits)| !edits.remove.is_empty()) {
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
fn keeps<'t, 'a>(root: &'t Node<'a>, task: &'t Task<'_>) -> impl Iterator<Item = (&'t Entry<'a>, &'t task::OrderTask)> {
    let orders = field(root, "orders").map(|orders| &orders.value).into_iter().flat_map(entries_of);
    orders.filter_map(|order| {
        let order_id: OrderId = order.key.text.parse().ok()?;
        Some((field(&order.value, "keep")?, task.orders.get(&order_id)?))
    })
}
