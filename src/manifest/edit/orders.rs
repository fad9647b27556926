//! New orders at the end of `orders`.

use super::flow::{self, style};
use super::lines::Lines;
use super::plan::Plan;
use super::{NotEditable, Splices, entries_of, field};
use crate::manifest::read::tree::{Entry, Node, Value};
use crate::manifest::write::{self, FlowStyle, Indent, flow_order};

/// Adds the orders that are new, in the style of those that are there.
pub(super) fn add(text: &Lines<'_>, root: &Node<'_>, plan: &Plan<'_>) -> Result<Splices, NotEditable> {
    let mut splices = Splices::default();
    if plan.new_orders.is_empty() {
        return Ok(splices);
    }
    let in_braces = text.is_flow(root);
    match field(root, "orders") {
        None if in_braces => add_field_in_braces(text, root, plan, &mut splices),
        None => add_field(text, root, plan, &mut splices)?,
        Some(orders) if text.is_flow(&orders.value) => {
            let entries = entries_of(&orders.value);
            match entries.is_empty() && !in_braces && is_bare(text, &orders.value) {
                true => replace_nothing(text, orders, plan, &mut splices),
                false => {
                    let written = in_flow(plan, style(text, entries.last().or(Some(orders))));
                    let written: Vec<_> = written.iter().map(String::as_str).collect();
                    let behind = entries.len().checked_sub(1);
                    flow::add(text, &orders.value, entries, behind, &written, &mut splices);
                }
            }
        }
        Some(orders) => match &orders.value.value {
            Value::Null if in_braces => {
                let written = in_flow(plan, style(text, Some(orders)));
                let (start, end) = (orders.value.at.start as usize, orders.value.at.end as usize);
                let written = format!("{{{}}}", written.join(", "));
                match start == end {
                    true => {
                        let end = text.end_of(orders);
                        splices.insert(end, format!(" {written}"));
                        splices.remove(end..end + text.spaces_behind(end));
                    }
                    false => {
                        splices.insert(start, written);
                        splices.remove(start..end);
                    }
                }
            }
            Value::Null => replace_nothing(text, orders, plan, &mut splices),
            _ => add_behind(text, orders, plan, &mut splices)?,
        },
    }
    Ok(splices)
}

/// Returns whether nothing stands between two braces.
fn is_bare(text: &Lines<'_>, node: &Node<'_>) -> bool {
    text.rest(node.at.start as usize + 1).trim_start_matches([' ', '\t']).starts_with('}')
}

fn in_flow(plan: &Plan<'_>, style: FlowStyle) -> Vec<String> {
    plan.new_orders.iter().map(|order| flow_order(order, style)).collect()
}

fn in_lines(plan: &Plan<'_>, indent: Indent, blank_line: bool) -> String {
    let mut lines = String::new();
    for order in &plan.new_orders {
        lines.push_str(if blank_line { "\n" } else { "" });
        write::order(&mut lines, order, indent);
    }
    lines
}

/// Adds lines below the last order.
fn add_behind(text: &Lines<'_>, orders: &Entry<'_>, plan: &Plan<'_>, splices: &mut Splices) -> Result<(), NotEditable> {
    let entries = entries_of(&orders.value);
    let last = entries.last().ok_or(NotEditable::Unsound)?;
    let key = last.key.at.start as usize;
    super::block::indentation(text, key)?;
    let indent = indent(text, orders, entries);
    let below = below_comments(text, text.end_of(last), indent.order + 1);
    let blank_line = entries.len() > 1 && is_below_a_blank_line(text, key);
    text.insert_below(below, &in_lines(plan, indent, blank_line), splices);
    Ok(())
}

/// Returns how far orders are indented: as those that are there.
fn indent(text: &Lines<'_>, orders: &Entry<'_>, entries: &[Entry<'_>]) -> Indent {
    let column = |entry: &Entry<'_>| text.column(entry.key.at.start as usize);
    let order = entries.first().map_or(0, column);
    let in_lines = entries.iter().filter(|entry| !text.is_flow(&entry.value));
    let field = in_lines.filter_map(|entry| entries_of(&entry.value).first()).map(column).next();
    let steps = [field.unwrap_or(0), order].into_iter().zip([order, column(orders)]);
    let step = steps.map(|(inner, outer)| inner.saturating_sub(outer)).find(|step| *step > 0);
    Indent { order, step: step.unwrap_or(2) }
}

/// Returns the end of the last comment that follows an offset and is indented that far, or the offset.
fn below_comments(text: &Lines<'_>, at: usize, column: usize) -> usize {
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
fn is_below_a_blank_line(text: &Lines<'_>, key: usize) -> bool {
    let above = text.text[..text.start(key)].lines().rev();
    above.map(str::trim).find(|line| !line.starts_with('#')).is_some_and(str::is_empty)
}

/// Puts orders in the place of no value, `null` or `{}`.
fn replace_nothing(text: &Lines<'_>, orders: &Entry<'_>, plan: &Plan<'_>, splices: &mut Splices) {
    let end = text.end_of(orders);
    if !orders.value.at.is_empty() {
        let start = orders.value.at.start as usize;
        splices.remove(start - text.spaces_before(start)..end);
    }
    let key = text.column(orders.key.at.start as usize);
    let below = below_comments(text, end, key + 1);
    text.insert_below(below, &in_lines(plan, Indent { order: key + 2, step: 2 }, false), splices);
}

/// Adds `orders` below the last field.
fn add_field(text: &Lines<'_>, root: &Node<'_>, plan: &Plan<'_>, splices: &mut Splices) -> Result<(), NotEditable> {
    let last = entries_of(root).last().ok_or(NotEditable::Unsound)?;
    let indentation = super::block::indentation(text, last.key.at.start as usize)?;
    let indent = Indent { order: indentation.len() + 2, step: 2 };
    let lines = format!("\n{indentation}orders:\n{}", in_lines(plan, indent, false));
    text.insert_below(below_comments(text, text.end_of(last), indentation.len() + 1), &lines, splices);
    Ok(())
}

fn add_field_in_braces(text: &Lines<'_>, root: &Node<'_>, plan: &Plan<'_>, splices: &mut Splices) {
    let entries = entries_of(root);
    let style = style(text, entries.last());
    let orders = format!("{}: {{{}}}", style.key("orders"), in_flow(plan, style).join(", "));
    flow::add(text, root, entries, entries.len().checked_sub(1), &[&orders], splices);
}
