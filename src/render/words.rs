//! Operations in words, the same for terminals and pull requests.

use super::FOLD_AFTER;
use crate::model::{Cents, OperationResult, Outcome, PendingChange, Renewal, Report, count};
use crate::plan::{DelNpItem, Operation, OrderPlan, SignatureItem, Summary};

/// What an operation means to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It costs money now.
    Money,
    /// Something leaves at the renewal.
    Leaving,
    /// Nothing may change at all: it is only asserted, because it cannot be read back.
    Asserted,
    /// Neither.
    Plain,
}

/// An operation in words.
pub(super) struct Words {
    /// One line.
    pub(super) title: String,
    /// What the operation means to the reader.
    pub(super) weight: Weight,
    /// The IPs, line by line, each with what its change means.
    pub(super) details: Vec<(Weight, String)>,
}

/// Puts an operation into words.
pub(super) fn operation(operation: &Operation, renewal: Option<&Renewal>, verbose: bool) -> Words {
    let plain = |title| Words { title, weight: Weight::Plain, details: Vec::new() };
    match operation {
        Operation::CancelDowngrade { pending: None } => Words {
            title: "cancel a pending downgrade of the p0f slots, if there is one (nothing reports it)".to_owned(),
            weight: Weight::Asserted,
            details: Vec::new(),
        },
        Operation::CancelDowngrade { pending: Some(PendingChange::Downgrade { next_qty }) } => {
            plain(format!("cancel the pending downgrade to {}", count(*next_qty, "p0f slot")))
        }
        Operation::CancelDowngrade { pending: Some(PendingChange::Cancel {}) } => {
            plain("cancel the pending removal of all p0f slots".to_owned())
        }
        Operation::PurchaseSlots { from_qty, quote } => Words {
            title: format!(
                "buy {}, from {from_qty} to {}, at {} each: charges {} now",
                count(quote.add_qty, "p0f slot"),
                from_qty.saturating_add(quote.add_qty),
                quote.price_per_unit,
                quote.charge
            ),
            weight: Weight::Money,
            details: Vec::new(),
        },
        Operation::SetSignatures { items } => {
            let unknown = items.iter().filter(|item| item.from.is_none()).count();
            Words {
                title: format!("set {}{}", count(items.len(), "signature"), unknown_until_now(unknown)),
                weight: if unknown == items.len() { Weight::Asserted } else { Weight::Plain },
                details: folded(items, |item| (item.from, item.to), signature_line, verbose),
            }
        }
        Operation::SetDelNp { items } => marks(items, renewal, verbose),
        Operation::ScheduleDowngrade { from_qty, next_qty } => Words {
            title: format!(
                "schedule a downgrade from {from_qty} to {} {}",
                count(*next_qty, "p0f slot"),
                at_renewal(renewal)
            ),
            weight: Weight::Leaving,
            details: Vec::new(),
        },
    }
}

fn marks(items: &[DelNpItem], renewal: Option<&Renewal>, verbose: bool) -> Words {
    let leaving = items.iter().filter(|item| item.to).count();
    let unknown = items.iter().filter(|item| item.from.is_none()).count();
    let title = match (items.len() - leaving, leaving) {
        (staying, 0) => format!("mark {} to stay", count(staying, "IP")),
        (0, leaving) => format!("mark {} to go {}", count(leaving, "IP"), at_renewal(renewal)),
        (staying, leaving) => {
            format!("mark {} to stay and {leaving} to go {}", count(staying, "IP"), at_renewal(renewal))
        }
    };
    let title = title + &unknown_until_now(unknown);
    let line = |item: &DelNpItem, ip: &str| {
        let from = item.from.map_or("unknown", mark_word);
        let to = if item.to { format!("leaves {}", at_renewal(renewal)) } else { "stays".to_owned() };
        let weight = match (item.from, item.to) {
            (_, true) => Weight::Leaving,
            (None, false) => Weight::Asserted,
            (Some(_), false) => Weight::Plain,
        };
        (weight, format!("{ip}  {from} -> {to}"))
    };
    let weight = match leaving {
        0 if unknown == items.len() => Weight::Asserted,
        0 => Weight::Plain,
        _ => Weight::Leaving,
    };
    Words { title, weight, details: folded(items, |item| (item.from, item.to), line, verbose) }
}

fn signature_line(item: &SignatureItem, ip: &str) -> (Weight, String) {
    let weight = if item.from.is_none() { Weight::Asserted } else { Weight::Plain };
    (weight, format!("{ip}  {} -> {}", item.from.map_or("unknown", crate::model::Signature::as_str), item.to))
}

fn unknown_until_now(unknown: usize) -> String {
    if unknown == 0 { String::new() } else { format!(" ({unknown} unknown until now)") }
}

fn mark_word(mark: bool) -> &'static str {
    if mark { "leaves" } else { "stays" }
}

/// An item of an operation that concerns one IP.
trait Addressed {
    fn ip(&self) -> String;
}

impl Addressed for SignatureItem {
    fn ip(&self) -> String {
        self.ip.to_string()
    }
}

impl Addressed for DelNpItem {
    fn ip(&self) -> String {
        self.ip.to_string()
    }
}

/// Writes a line for each item; of more than 20 with the same change, the rest becomes one line with a count.
fn folded<T: Addressed, C: PartialEq>(
    items: &[T],
    change: impl Fn(&T) -> C,
    line: impl Fn(&T, &str) -> (Weight, String),
    verbose: bool,
) -> Vec<(Weight, String)> {
    let mut groups: Vec<(C, Vec<&T>)> = Vec::new();
    for item in items {
        let change = change(item);
        match groups.iter_mut().find(|(known, _)| *known == change) {
            Some((_, group)) => group.push(item),
            None => groups.push((change, vec![item])),
        }
    }
    let shown = |group: &[&T]| if verbose { group.len() } else { group.len().min(FOLD_AFTER) };
    let widths = groups.iter().flat_map(|(_, group)| group[..shown(group)].iter().map(|item| item.ip().len()));
    let width = widths.max().unwrap_or(0);
    let mut lines = Vec::new();
    for (_, group) in groups {
        let shown = shown(&group);
        lines.extend(group[..shown].iter().map(|item| line(item, &format!("{:width$}", item.ip()))));
        if let Some(next) = group.get(shown) {
            lines.push(line(next, &format!("{:width$}", format!("and {} more", group.len() - shown))));
        }
    }
    lines
}

/// Says when a scheduled change takes effect.
pub(super) fn at_renewal(renewal: Option<&Renewal>) -> String {
    match renewal {
        Some(renewal) => format!("at the renewal on {}", printable(&renewal.day())),
        None => "at the next renewal".to_owned(),
    }
}

/// Names an order with what the reader knows it by.
pub(super) fn order_title(order: &OrderPlan) -> String {
    let mut title = format!("order {}", order.order_id);
    if let Some(tag) = &order.tag {
        title.push_str(&format!(" ({})", printable(tag)));
    }
    title
}

/// Says what is live of an order.
pub(super) fn order_facts(order: &OrderPlan) -> String {
    let mut facts = Vec::new();
    facts.extend(order.active_ips.map(|ips| count(ips, "active IP")));
    facts.extend(order.slots.map(|slots| count(slots, "p0f slot")));
    facts.extend(order.renewal.as_ref().map(|renewal| format!("renews on {}", printable(&renewal.day()))));
    facts.join(", ")
}

/// Puts the summary of a plan into the parts of one line.
pub(super) fn summary(summary: &Summary) -> Vec<(Weight, String)> {
    let Summary { orders, changed, unchanged, blocked, operations, charge_cents, ips_leaving, signatures_set } =
        *summary;
    let states = [(changed, "to change"), (unchanged, "unchanged"), (blocked, "blocked")];
    let states = states.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
    let states: Vec<String> = states.collect();
    let mut parts = vec![
        (Weight::Plain, format!("{} ({})", count(orders, "order"), states.join(", "))),
        (Weight::Plain, count(operations, "operation")),
        match charge_cents {
            0 => (Weight::Plain, "charges nothing".to_owned()),
            cents => (Weight::Money, format!("charges {} now", Cents(cents))),
        },
    ];
    if ips_leaving > 0 {
        parts.push((Weight::Leaving, format!("{} marked to go", count(ips_leaving, "IP"))));
    }
    if signatures_set > 0 {
        parts.push((Weight::Plain, format!("{} set", count(signatures_set, "signature"))));
    }
    parts
}

/// Puts what came of an operation into a word and, where there is one, the reason.
pub(super) fn result(result: &OperationResult) -> (&'static str, Option<&str>) {
    match result {
        OperationResult::Done => ("done", None),
        OperationResult::Failed { error } => ("failed", Some(error)),
        OperationResult::Unknown { error } => ("unknown", Some(error)),
        OperationResult::NotRun => ("not run", None),
    }
}

/// Puts the end of an apply into one line.
pub(super) fn report(report: &Report) -> String {
    let results = || report.orders.iter().flat_map(|order| &order.results);
    let done = results().filter(|result| **result == OperationResult::Done).count();
    let mut text = match report.outcome() {
        Outcome::DryRun | Outcome::NothingToDo => "Nothing to do".to_owned(),
        Outcome::Complete => format!("Applied: {} done", count(done, "operation")),
        Outcome::Partial => format!("Partly applied: {done} of {} done", count(results().count(), "operation")),
        Outcome::Failed => "Failed: nothing was changed".to_owned(),
    };
    if report.charged() > Cents(0) {
        text.push_str(&format!("; charged {}", report.charged()));
    }
    if report.interrupted {
        text.push_str("; interrupted");
    }
    text.push('.');
    if report.outcome() == Outcome::Partial {
        text.push_str(" Run again to go on from there.");
    }
    text
}

/// Makes a text from outside fit for a terminal: what would command it or reorder the line is shown as an escape.
pub fn printable(text: &str) -> String {
    if !text.contains(is_unprintable) {
        return text.to_owned();
    }
    text.chars().flat_map(|c| if is_unprintable(c) { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Tells whether a character is a control, a separator of lines, a byte order mark, or a mark that reorders the text
/// around it.
pub(super) fn is_unprintable(character: char) -> bool {
    let reorders =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reorders || character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}
