//! New orders at the end of `orders`.

use super::block::indentation;
use super::flow::{self, style};
use super::nodes::{entries_of, field};
use super::not_editable::NotEditable;
use super::splices::Splices;
use super::task::Task;
use super::text::Text;
use crate::manifest::read::Stretch;
use crate::manifest::read::tree::{Entry, Node};
use crate::manifest::write::{self, FlowStyle, Indent, flow_order};

/// Adds the orders that are new, in the style of those that are there.
pub(super) fn add(text: &Text<'_>, root: &Node<'_>, task: &Task<'_>) -> Result<Splices, NotEditable> {
    let mut splices = Splices::default();
    if task.new_orders.is_empty() {
        return Ok(splices);
    }
    let in_braces = text.is_flow(root);
    match field(root, "orders") {
        None if in_braces => add_field_in_braces(text, root, task, &mut splices),
        None => add_field(text, root, task, &mut splices)?,
        Some(orders) if text.is_flow(&orders.value) && (in_braces || !is_bare(text, &orders.value)) => {
            add_in_braces(text, orders, task, &mut splices);
        }
        Some(orders) if !entries_of(&orders.value).is_empty() => add_behind(text, orders, task, &mut splices)?,
        Some(orders) if in_braces => replace_null(text, orders, task, &mut splices),
        Some(orders) => replace_nothing(text, root, orders, task, &mut splices),
    }
    Ok(splices)
}

/// Adds orders between the braces of `orders`.
fn add_in_braces(text: &Text<'_>, orders: &Entry<'_>, task: &Task<'_>, splices: &mut Splices) {
    let entries = entries_of(&orders.value);
    let written = in_flow(task, style(text, entries.last().or(Some(orders))));
    let written: Vec<_> = written.iter().map(String::as_str).collect();
    flow::add(text, &orders.value, entries, entries.len().checked_sub(1), &written, splices);
}

/// Puts orders between braces in the place of no value or `null`, in a file that is written in braces.
fn replace_null(text: &Text<'_>, orders: &Entry<'_>, task: &Task<'_>, splices: &mut Splices) {
    let written = format!("{{{}}}", in_flow(task, style(text, Some(orders))).join(", "));
    let Stretch { start, end } = orders.value.at;
    if start < end {
        splices.insert(start as usize, written);
        splices.remove(start as usize..end as usize);
        return;
    }
    let end = text.end_of(orders);
    splices.insert(end, format!(" {written}"));
    splices.remove(end..end + text.spaces_behind(end));
}

/// Returns whether nothing stands between two braces.
fn is_bare(text: &Text<'_>, node: &Node<'_>) -> bool {
    text.rest(node.at.start as usize + 1).trim_start_matches([' ', '\t']).starts_with('}')
}

fn in_flow(task: &Task<'_>, style: FlowStyle) -> Vec<String> {
    task.new_orders.iter().map(|order| flow_order(order, style)).collect()
}

fn in_lines(task: &Task<'_>, indent: Indent, blank_line: bool) -> String {
    let mut lines = String::new();
    for order in &task.new_orders {
        lines.push_str(if blank_line { "\n" } else { "" });
        write::order(&mut lines, order, indent);
    }
    lines
}

/// Adds lines below the last order.
fn add_behind(text: &Text<'_>, orders: &Entry<'_>, task: &Task<'_>, splices: &mut Splices) -> Result<(), NotEditable> {
    let entries = entries_of(&orders.value);
    let last = entries.last().ok_or(NotEditable::Unsound)?;
    let key = last.key.at.start as usize;
    indentation(text, key)?;
    let indent = indent(text, orders, entries);
    let below = below_comments(text, text.end_of(last), indent.order + 1);
    let blank_line = entries.len() > 1 && is_below_a_blank_line(text, key);
    text.insert_below(below, &in_lines(task, indent, blank_line), splices);
    Ok(())
}

/// Returns how far the first orders below a key are indented: as the fields of `limits`, where there are any.
fn first_indent(text: &Text<'_>, root: &Node<'_>, key: usize) -> Indent {
    let limits = field(root, "limits").filter(|limits| !text.is_flow(&limits.value));
    let inner = limits.and_then(|limits| entries_of(&limits.value).first());
    let step = inner.map_or(0, |inner| text.column(inner.key.at.start as usize).saturating_sub(key));
    let step = if step > 0 { step } else { Indent::default().step };
    Indent { order: key + step, step }
}

/// Returns how far orders are indented: as those that are there.
fn indent(text: &Text<'_>, orders: &Entry<'_>, entries: &[Entry<'_>]) -> Indent {
    let column = |entry: &Entry<'_>| text.column(entry.key.at.start as usize);
    let order = entries.first().map_or(0, column);
    let in_lines = entries.iter().filter(|entry| !text.is_flow(&entry.value));
    let field = in_lines.filter_map(|entry| entries_of(&entry.value).first()).map(column).next();
    let steps = [field.unwrap_or(0), order].into_iter().zip([order, column(orders)]);
    let step = steps.map(|(inner, outer)| inner.saturating_sub(outer)).find(|step| *step > 0);
    Indent { order, step: step.unwrap_or(Indent::default().step) }
}

/// Returns the end of the last comment that follows an offset and is indented that far, or the offset.
fn below_comments(text: &Text<'_>, at: usize, column: usize) -> usize {
    let (mut last, mut line) = (at, text.below(at));
    while line < text.text.len() {
        let content = text.text[line..text.end(line)].trim_start_matches(' ');
        let indented = text.end(line) - line - content.len() >= column;
        match content.chars().next() {
            Some('#') if indented => last = line,
            None => {}
            _ => break,
        }
        line = text.below(line);
    }
    last
}

/// Returns whether a blank line stands above a key and the comments above it.
fn is_below_a_blank_line(text: &Text<'_>, key: usize) -> bool {
    let above = text.text[..text.start(key)].lines().rev();
    above.map(str::trim).find(|line| !line.starts_with('#')).is_some_and(str::is_empty)
}

/// Puts orders in the place of no value, `null` or `{}`.
fn replace_nothing(text: &Text<'_>, root: &Node<'_>, orders: &Entry<'_>, task: &Task<'_>, splices: &mut Splices) {
    let end = text.end_of(orders);
    if !orders.value.at.is_empty() {
        let start = orders.value.at.start as usize;
        splices.remove(start - text.spaces_before(start)..end);
    }
    let key = text.column(orders.key.at.start as usize);
    let below = below_comments(text, end, key + 1);
    text.insert_below(below, &in_lines(task, first_indent(text, root, key), false), splices);
}

/// Adds `orders` below the last field.
fn add_field(text: &Text<'_>, root: &Node<'_>, task: &Task<'_>, splices: &mut Splices) -> Result<(), NotEditable> {
    let last = entries_of(root).last().ok_or(NotEditable::Unsound)?;
    let spaces = indentation(text, last.key.at.start as usize)?;
    let indent = first_indent(text, root, spaces.len());
    let lines = format!("\n{spaces}orders:\n{}", in_lines(task, indent, false));
    text.insert_below(below_comments(text, text.end_of(last), spaces.len() + 1), &lines, splices);
    Ok(())
}

fn add_field_in_braces(text: &Text<'_>, root: &Node<'_>, task: &Task<'_>, splices: &mut Splices) {
    let entries = entries_of(root);
    let style = style(text, entries.last());
    let orders = format!("{}: {{{}}}", style.key("orders"), in_flow(task, style).join(", "));
    flow::add(text, root, entries, entries.len().checked_sub(1), &[&orders], splices);
}
