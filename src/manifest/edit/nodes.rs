//! Fields and entries of a mapping.

use crate::manifest::read::tree::{Entry, Node, Value};

/// Returns the entry of a mapping with a key.
pub(super) fn field<'t, 'a>(node: &'t Node<'a>, name: &str) -> Option<&'t Entry<'a>> {
    entries_of(node).iter().find(|entry| entry.key.text == name)
}

/// Returns the entries of a mapping; what is none has none.
pub(super) fn entries_of<'t, 'a>(node: &'t Node<'a>) -> &'t [Entry<'a>] {
    match &node.value {
        Value::Mapping(entries) => entries,
        _ => &[],
    }
}
