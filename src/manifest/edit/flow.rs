//! Edits in braces: entries with commas between them, on one line or on several.

use std::ops::Range;

use super::places::Placed;
use super::splices::Splices;
use super::text::Text;
use crate::manifest::read::tree::{Entry, Node};
use crate::manifest::write::{FlowStyle, flow_entry};

/// Where an entry stands.
struct Item {
    start: usize,
    /// Behind its value, or behind its colon.
    end: usize,
    /// The comma behind it.
    comma: Option<usize>,
    /// Whether it stands on lines of its own.
    own_lines: bool,
}

impl Item {
    fn of(text: &Text<'_>, entry: &Entry<'_>) -> Item {
        let (start, end) = (entry.key.at.start as usize, text.end_of(entry));
        let next = text.skip_blank(end);
        let comma = text.rest(next).starts_with(',').then_some(next);
        let own_lines = text.nothing_before(start) && text.nothing_behind(comma.map_or(end, |comma| comma + 1));
        Item { start, end, comma, own_lines }
    }

    /// Returns where the entry ends, its comma included.
    fn end_with_comma(&self) -> usize {
        self.comma.map_or(self.end, |comma| comma + 1)
    }
}

/// Adds new addresses in the style of their neighbours.
pub(super) fn add_addresses(
    text: &Text<'_>,
    keep: &Node<'_>,
    entries: &[Entry<'_>],
    placed: Vec<Placed>,
    splices: &mut Splices,
) {
    let items = placed
        .into_iter()
        .map(|(place, ip, signature)| (place, flow_entry(ip, signature, style(text, entries.get(place.unwrap_or(0))))));
    let mut items: Vec<_> = items.collect();
    items.sort_by_key(|(place, _)| *place);
    for group in items.chunk_by(|(one, _), (next, _)| one == next) {
        let written: Vec<_> = group.iter().map(|(_, item)| &**item).collect();
        add(text, keep, entries, group[0].0, &written, splices);
    }
}

/// Returns the quotes of an entry.
pub(super) fn style(text: &Text<'_>, entry: Option<&Entry<'_>>) -> FlowStyle {
    let Some(entry) = entry else { return FlowStyle::default() };
    let key = text.quote(entry.key.at.start as usize);
    let value = match entry.value.at.is_empty() {
        true => key,
        false => text.quote(entry.value.at.start as usize),
    };
    // What is quoted like JSON may be read as JSON.
    FlowStyle { key, value: value.or(key.filter(|quote| *quote == '"')) }
}

/// Adds entries behind the one with an index, or before the first one.
pub(super) fn add(
    text: &Text<'_>,
    mapping: &Node<'_>,
    entries: &[Entry<'_>],
    behind: Option<usize>,
    written: &[&str],
    splices: &mut Splices,
) {
    let brace = mapping.at.start as usize + 1;
    match (behind.and_then(|behind| entries.get(behind)), entries.first()) {
        (Some(entry), _) => add_behind(text, &Item::of(text, entry), written, splices),
        (None, Some(first)) => {
            let first = Item::of(text, first);
            match first.own_lines && text.nothing_behind(brace) {
                true => text.insert_below(brace, &lines(text, &first, written, true), splices),
                false => {
                    splices.insert(first.start, written.iter().map(|item| format!("{item}, ")).collect::<String>())
                }
            }
        }
        (None, None) => splices.insert(brace, written.join(", ")),
    }
}

fn add_behind(text: &Text<'_>, item: &Item, written: &[&str], splices: &mut Splices) {
    if !item.own_lines {
        splices.insert(place_behind(text, item), written.iter().map(|item| format!(", {item}")).collect::<String>());
        return;
    }
    if item.comma.is_none() {
        splices.insert(item.end, ",");
    }
    text.insert_below(item.end_with_comma(), &lines(text, item, written, item.comma.is_some()), splices);
}

/// Returns where a comma goes behind an entry. Where nothing stands behind its colon, the space there stays in front of it.
fn place_behind(text: &Text<'_>, item: &Item) -> usize {
    let spaces = item.end + text.spaces_behind(item.end);
    let has_value = !text.text[..item.end].ends_with(':');
    if has_value || text.rest(spaces).starts_with(['#', '\r', '\n']) { item.end } else { spaces }
}

/// Writes entries on lines of their own, as far in as another one, with commas between them and perhaps behind them.
fn lines(text: &Text<'_>, like: &Item, written: &[&str], comma_behind: bool) -> String {
    let indentation = text.before(like.start);
    let comma = |index: usize| if comma_behind || index + 1 < written.len() { "," } else { "" };
    written.iter().enumerate().map(|(index, item)| format!("{indentation}{item}{}\n", comma(index))).collect()
}

/// Removes some entries and the commas that are left over.
pub(super) fn remove(
    text: &Text<'_>,
    entries: &[Entry<'_>],
    leaves: impl Fn(&Entry<'_>) -> bool,
    splices: &mut Splices,
) {
    let items: Vec<_> = entries.iter().map(|entry| (Item::of(text, entry), leaves(entry))).collect();
    let last_staying = items.iter().rposition(|(_, leaves)| !leaves).unwrap_or(0);
    let ends_with_comma = items.last().is_some_and(|(last, _)| last.comma.is_some());
    for (index, (item, _)) in items.iter().enumerate().filter(|(_, (_, leaves))| *leaves) {
        if item.own_lines {
            splices.remove(text.whole(item.start, item.end_with_comma()));
        } else if index < last_staying || ends_with_comma {
            splices.remove(with_spaces(text, item));
        } else {
            splices.remove(item.start..item.end);
        }
    }
    if !ends_with_comma {
        remove_commas(text, &items[last_staying..], splices);
    }
}

/// Returns an entry with its comma, and the spaces that would be left between its neighbours or at the end of the line.
fn with_spaces(text: &Text<'_>, item: &Item) -> Range<usize> {
    let end = item.end_with_comma();
    let end = end + text.spaces_behind(end);
    let ends_line = text.rest(end).starts_with(['\r', '\n']);
    let start = if ends_line { item.start - text.spaces_before(item.start) } else { item.start };
    start..end
}

/// Removes the commas behind the last entry that stays, with the spaces up to the next one in the same line.
fn remove_commas(text: &Text<'_>, items: &[(Item, bool)], splices: &mut Splices) {
    for pair in items.windows(2) {
        let (Some(comma), next) = (pair[0].0.comma, &pair[1].0) else { continue };
        let gap = text.text.get(comma + 1..next.start).unwrap_or("");
        splices.remove(comma..if gap.contains(['#', '\n']) { comma + 1 } else { next.start });
    }
}
