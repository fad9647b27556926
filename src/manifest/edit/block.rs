//! Edits in lines: each address on a line of its own.

use super::not_editable::NotEditable;
use super::places::Placed;
use super::splices::Splices;
use super::text::Text;
use crate::manifest::read::tree::Entry;
use crate::manifest::write;
use crate::model::ProxyIp;

/// Adds a line for each new address.
pub(super) fn add_addresses(
    text: &Text<'_>,
    keep: &Entry<'_>,
    entries: &[Entry<'_>],
    placed: Vec<Placed>,
    splices: &mut Splices,
) -> Result<(), NotEditable> {
    let head = head(text, keep, entries);
    for (place, ip, signature) in placed {
        let neighbour = entries.get(place.unwrap_or(0)).ok_or(NotEditable::Unsound)?;
        let below = match (place, head) {
            (None, Some(head)) => head,
            _ => text.end_of(neighbour),
        };
        let key_at = neighbour.key.at.start as usize;
        let key = key(ip, text.quote(key_at));
        let line = format!("{}{}\n", indentation(text, key_at)?, write::entry(&key, signature));
        text.insert_below(below, &line, splices);
    }
    Ok(())
}

/// Writes an address as a key, in the quotes that its neighbour has.
fn key(ip: ProxyIp, quote: Option<char>) -> String {
    match quote {
        Some(quote) => format!("{quote}{ip}{quote}"),
        None => write::Key(ip).to_string(),
    }
}

/// Returns the end of the key `keep`, where the first address stands below its line.
///
/// A new first line goes right there: a comment above the first address may be about that one.
fn head(text: &Text<'_>, keep: &Entry<'_>, entries: &[Entry<'_>]) -> Option<usize> {
    let end = keep.key.at.end as usize;
    let first = entries.first()?.key.at.start as usize;
    let colon = text.rest(end).trim_start_matches([' ', '\t']).starts_with(':');
    (colon && text.below(end) <= text.start(first)).then_some(end)
}

/// Returns the spaces with which the line of a key that is added beside one starts.
pub(super) fn indentation(text: &Text<'_>, key: usize) -> Result<String, NotEditable> {
    if let Some(mark) = text.mark_above(key) {
        return Err(NotEditable::Layout { line: text.number(mark) });
    }
    match text.before(key) {
        before if matches!(before.trim_matches(' '), "" | "?") => Ok(" ".repeat(text.column(key))),
        _ => Err(NotEditable::Layout { line: text.number(key) }),
    }
}

/// Removes the lines of some entries.
pub(super) fn remove(
    text: &Text<'_>,
    entries: &[Entry<'_>],
    leaves: impl Fn(&Entry<'_>) -> bool,
    splices: &mut Splices,
) -> Result<(), NotEditable> {
    for entry in entries.iter().filter(|entry| leaves(entry)) {
        let key = entry.key.at.start as usize;
        indentation(text, key)?;
        splices.remove(text.whole(key, text.end_of(entry)));
    }
    Ok(())
}
