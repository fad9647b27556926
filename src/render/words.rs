//! The steps of a plan in words, the same for terminals and pull requests.

use std::fmt::{self, Display, Write as _};

use super::FOLD_AFTER;
use crate::model::{
    Cents, LiveSignature, Outcome, PendingChange, ProxyIp, Renewal, Report, Signature, StepResult, count,
};
use crate::plan::{DelNpItem, OrderPlan, SignatureItem, Step, Summary};

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
pub(super) struct Words<'a> {
    /// One line.
    pub(super) title: String,
    /// What the operation means to the reader.
    pub(super) weight: Weight,
    /// The IPs, line by line.
    pub(super) details: Vec<ItemLine<'a>>,
}

/// One line about an IP of an operation; it becomes text only where it is shown.
pub(super) struct ItemLine<'a> {
    /// What the change means to the reader.
    pub(super) weight: Weight,
    about: About,
    /// The width of the widest of the operation's lines up to the change.
    width: usize,
    change: Change<'a>,
}

/// What a line is about.
#[derive(Clone, Copy)]
enum About {
    Ip(ProxyIp),
    More(usize),
}

/// What becomes of an IP.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change<'a> {
    Signature { from: Option<&'a LiveSignature>, to: Signature },
    Stays { from: Option<bool> },
    Leaves { from: Option<bool>, renewal: Option<&'a Renewal> },
}

impl Change<'_> {
    fn weight(self) -> Weight {
        match self {
            Change::Leaves { .. } => Weight::Leaving,
            Change::Signature { from: None, .. } | Change::Stays { from: None } => Weight::Asserted,
            Change::Signature { .. } | Change::Stays { .. } => Weight::Plain,
        }
    }
}

impl Display for ItemLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.width;
        match self.about {
            About::Ip(ip) => write!(f, "{ip:width$}  {}", self.change),
            About::More(number) => write!(f, "{:width$}  {}", format!("and {number} more"), self.change),
        }
    }
}

impl Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Change::Signature { from: None, to } => write!(f, "{UNKNOWN} -> {to}"),
            Change::Signature { from: Some(from), to } => {
                write!(f, "{} -> {to}", from.word().as_deref().unwrap_or("none"))
            }
            Change::Stays { from } => write!(f, "{} -> stays", from.map_or(UNKNOWN, mark_word)),
            Change::Leaves { from, renewal } => {
                write!(f, "{} -> leaves {}", from.map_or(UNKNOWN, mark_word), at_renewal(renewal))
            }
        }
    }
}

const UNKNOWN: &str = "unknown";

/// Puts a step into words.
pub(super) fn step<'a>(step: &'a Step, renewal: Option<&'a Renewal>, verbose: bool) -> Words<'a> {
    let plain = |title| Words { title, weight: Weight::Plain, details: Vec::new() };
    match step {
        Step::CancelDowngrade { pending: None } => Words {
            title: "cancel a pending downgrade of the p0f slots, if there is one (nothing reports it)".to_owned(),
            weight: Weight::Asserted,
            details: Vec::new(),
        },
        Step::CancelDowngrade { pending: Some(PendingChange::Downgrade { next_qty }) } => {
            plain(format!("cancel the pending downgrade to {}", count(*next_qty, "p0f slot")))
        }
        Step::CancelDowngrade { pending: Some(PendingChange::Cancel {}) } => {
            plain("cancel the pending removal of all p0f slots".to_owned())
        }
        Step::PurchaseSlots { from_qty, quote } => Words {
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
        Step::SetSignatures { items } => {
            let unknown = items.iter().filter(|item| item.from.is_none()).count();
            Words {
                title: format!("set {}{}", count(items.len(), "signature"), unknown_until_now(unknown)),
                weight: if unknown == items.len() { Weight::Asserted } else { Weight::Plain },
                details: folded(items.iter().map(SignatureItem::change), verbose),
            }
        }
        Step::SetDelNp { items } => marks(items, renewal, verbose),
        Step::SetAutoRenewal { from, to } => Words {
            title: match to {
                true => "switch automatic renewal on".to_owned(),
                false => format!("switch automatic renewal off: the order ends {}", at_its_end(renewal)),
            } + if from.is_none() { " (unknown until now)" } else { "" },
            weight: if *to { Weight::Plain } else { Weight::Leaving },
            details: Vec::new(),
        },
        Step::ScheduleDowngrade { from_qty, next_qty } => Words {
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

fn marks<'a>(items: &'a [DelNpItem], renewal: Option<&'a Renewal>, verbose: bool) -> Words<'a> {
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
    let weight = match leaving {
        0 if unknown == items.len() => Weight::Asserted,
        0 => Weight::Plain,
        _ => Weight::Leaving,
    };
    Words { title, weight, details: folded(items.iter().map(|item| item.change(renewal)), verbose) }
}

fn unknown_until_now(unknown: usize) -> String {
    if unknown == 0 { String::new() } else { format!(" ({unknown} unknown until now)") }
}

fn mark_word(mark: bool) -> &'static str {
    if mark { "leaves" } else { "stays" }
}

impl SignatureItem {
    fn change(&self) -> (ProxyIp, Change<'_>) {
        (self.ip, Change::Signature { from: self.from.as_ref(), to: self.to })
    }
}

impl DelNpItem {
    fn change<'a>(&self, renewal: Option<&'a Renewal>) -> (ProxyIp, Change<'a>) {
        let change =
            if self.to { Change::Leaves { from: self.from, renewal } } else { Change::Stays { from: self.from } };
        (self.ip, change)
    }
}

/// Makes a line for each IP; of more than 20 with the same change, the rest becomes one line with a count.
fn folded<'a>(changes: impl Iterator<Item = (ProxyIp, Change<'a>)>, verbose: bool) -> Vec<ItemLine<'a>> {
    let mut groups: Vec<(Change<'a>, Vec<ProxyIp>)> = Vec::new();
    for (ip, change) in changes {
        match groups.iter_mut().find(|(known, _)| *known == change) {
            Some((_, group)) => group.push(ip),
            None => groups.push((change, vec![ip])),
        }
    }
    let shown = |group: &[ProxyIp]| if verbose { group.len() } else { group.len().min(FOLD_AFTER) };
    let width = groups.iter().flat_map(|(_, group)| &group[..shown(group)]).map(width).max().unwrap_or(0);
    let mut details = Vec::new();
    for (change, group) in groups {
        let shown = shown(&group);
        let weight = change.weight();
        details.extend(group[..shown].iter().map(|ip| ItemLine { weight, about: About::Ip(*ip), width, change }));
        if shown < group.len() {
            details.push(ItemLine { weight, about: About::More(group.len() - shown), width, change });
        }
    }
    details
}

/// Counts the characters of a text that is not made.
fn width(text: &impl Display) -> usize {
    struct Counter(usize);
    impl fmt::Write for Counter {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.chars().count();
            Ok(())
        }
    }
    let mut counter = Counter(0);
    let _ = write!(counter, "{text}");
    counter.0
}

/// Says when an order ends that does not renew.
fn at_its_end(renewal: Option<&Renewal>) -> String {
    renewal.map_or("with its paid period".to_owned(), |renewal| format!("on {}", renewal.day()))
}

/// Says when a scheduled change takes effect.
pub(super) fn at_renewal(renewal: Option<&Renewal>) -> String {
    match renewal {
        Some(renewal) => format!("at the renewal on {}", renewal.day()),
        None => "at the next renewal".to_owned(),
    }
}

/// Names an order with what the reader knows it by.
pub(super) fn order_title(order: &OrderPlan) -> String {
    let mut title = format!("order {}", order.order_id);
    if let Some(tag) = &order.tag {
        title.push_str(&format!(" ({})", tag.printable()));
    }
    title
}

/// Says what is live of an order.
pub(super) fn order_facts(order: &OrderPlan) -> String {
    let mut facts = Vec::new();
    facts.extend(order.active_ips.map(|ips| count(ips, "active IP")));
    facts.extend(order.slots.map(|slots| count(slots, "p0f slot")));
    facts.extend(order.renewal.as_ref().map(|renewal| format!("renews on {}", renewal.day())));
    facts.join(", ")
}

/// Puts the summary of a plan into the parts of one line.
pub(super) fn summary(summary: &Summary) -> Vec<(Weight, String)> {
    let Summary { orders, changed, unchanged, blocked, steps, charge, ips_leaving, signatures_set, drifted } = *summary;
    let states = [(changed, "to change"), (unchanged, "unchanged"), (blocked, "blocked")];
    let states = states.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
    let states: Vec<String> = states.collect();
    let mut parts = vec![
        (Weight::Plain, format!("{} ({})", count(orders, "order"), states.join(", "))),
        (Weight::Plain, count(steps, "operation")),
        match charge {
            Cents(0) => (Weight::Plain, "charges nothing".to_owned()),
            charge => (Weight::Money, format!("charges {charge} now")),
        },
    ];
    if ips_leaving > 0 {
        parts.push((Weight::Leaving, format!("{} marked to go", count(ips_leaving, "IP"))));
    }
    if signatures_set > 0 {
        parts.push((Weight::Plain, format!("{} set", count(signatures_set, "signature"))));
    }
    if drifted > 0 {
        parts.push((Weight::Plain, format!("{} changed elsewhere", count(drifted, "thing"))));
    }
    parts
}

/// Puts what came of an operation into a word and, where there is one, the reason.
pub(super) fn result(result: &StepResult) -> (&'static str, Option<&str>) {
    match result {
        StepResult::Done => ("done", None),
        StepResult::Failed { error } => ("failed", Some(error)),
        StepResult::Unknown { error } => ("unknown", Some(error)),
        StepResult::NotRun => ("not run", None),
    }
}

/// Puts the end of an apply into one line.
pub fn report(report: &Report) -> String {
    let results = || report.orders.iter().flat_map(|order| &order.results);
    let done = results().filter(|result| **result == StepResult::Done).count();
    let mut text = match report.outcome() {
        Outcome::NothingToDo => "Nothing to do".to_owned(),
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
