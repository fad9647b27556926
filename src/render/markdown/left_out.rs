//! What a comment had no room for.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Sum;

use super::escape::{MAX_MESSAGE, code, short};
use crate::model::{OrderId, count};

/// What can be left out, the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// IPs that leave and are not named.
    Leaving,
    /// IPs that get their first signature, or may, and are not named.
    FirstSignatures,
    /// What somebody else changed, or what was not carried out.
    Drift,
    /// Orders that are not mentioned at all.
    Orders,
    /// IPs that get another signature, or stay after all.
    OtherChanges,
    /// IPs of which something is only asserted.
    Asserted,
    /// Notes.
    Notes,
    /// Operations that are not listed one by one.
    Steps,
    /// Diffs.
    Diffs,
}

/// What was left out, in numbers, and of which orders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LeftOut {
    parts: BTreeMap<Part, (usize, BTreeSet<OrderId>)>,
    /// Whether lists of IPs are written in short.
    pub(super) is_in_short: bool,
}

/// So many orders are named; of more it is said how many there are.
const NAMED: usize = 3;

impl Sum for LeftOut {
    fn sum<I: Iterator<Item = LeftOut>>(all: I) -> LeftOut {
        let mut sum = LeftOut::default();
        for LeftOut { parts, is_in_short } in all {
            sum.is_in_short |= is_in_short;
            for (part, (number, orders)) in parts {
                let (before, from) = sum.parts.entry(part).or_default();
                *before += number;
                from.extend(orders);
            }
        }
        sum
    }
}

impl LeftOut {
    /// Counts something that is left out of an order.
    pub(super) fn add(&mut self, part: Part, number: usize, order_id: OrderId) {
        if number > 0 {
            let (before, orders) = self.parts.entry(part).or_default();
            *before += number;
            orders.insert(order_id);
        }
    }

    /// Returns whether every order is mentioned, and every IP named that has to be.
    pub(super) fn names_all(&self) -> bool {
        ![Part::Leaving, Part::FirstSignatures, Part::Orders].iter().any(|part| self.parts.contains_key(part))
    }

    /// Says what was left out and which command shows it; nothing where nothing was.
    pub(super) fn sentence(&self, command: &str) -> String {
        if self.parts.is_empty() {
            return String::new();
        }
        let notation = match self.is_in_short {
            true => " IPs are written in short: `203.0.113.4, .6–.8` are 203.0.113.4 and 203.0.113.6 to 203.0.113.8.",
            false => "",
        };
        let command = code(&short(command, MAX_MESSAGE));
        format!(
            "> **Not everything fits into this comment.** {} To see all of it, run {command}.{notation}\n\n",
            self.list()
        )
    }

    /// Lists what was left out; where all of it is of the same orders, they are named once.
    fn list(&self) -> String {
        let all: BTreeSet<&BTreeSet<OrderId>> = self.parts.values().map(|(_, orders)| orders).collect();
        let is_same = all.len() == 1;
        let words = |(part, (number, orders)): (&Part, &(usize, BTreeSet<OrderId>))| match is_same {
            true => part.words(*number),
            false => format!("{} (of {})", part.words(*number), named(orders)),
        };
        let parts: Vec<String> = self.parts.iter().map(words).collect();
        match all.into_iter().next().filter(|_| is_same) {
            Some(orders) => format!("Left out of {}: {}.", named(orders), parts.join("; ")),
            None => format!("Left out: {}.", parts.join("; ")),
        }
    }
}

impl Part {
    /// Says what is left out, for a reader who never saw the program.
    fn words(self, number: usize) -> String {
        let ips = if number == 1 { "IP".to_owned() } else { count(number, "IP") };
        let verb = |one: &'static str, more: &'static str| if number == 1 { one } else { more };
        match self {
            Part::Leaving => format!("**which {ips} {}**", verb("leaves", "leave")),
            Part::FirstSignatures => format!("**which {ips} {} a slot for good, or may**", verb("takes", "take")),
            Part::Drift => format!("which {} changed elsewhere", count(number, "thing") + verb(" was", " were")),
            Part::Orders => "everything else".to_owned(),
            Part::OtherChanges => format!(
                "which {ips} {} another signature, or {} marked to go no longer",
                verb("gets", "get"),
                verb("is", "are")
            ),
            Part::Asserted => {
                format!(
                    "which {ips} {} only set as declared because nothing reports how {} set now",
                    verb("is", "are"),
                    verb("it is", "they are")
                )
            }
            Part::Notes => count(number, "further note"),
            Part::Steps => format!("the list of {}", count(number, "operation")),
            Part::Diffs => format!("the {} line by line", verb("difference", "differences")),
        }
    }
}

/// Names orders, or counts them.
fn named(orders: &BTreeSet<OrderId>) -> String {
    let ids: Vec<String> = orders.iter().map(ToString::to_string).collect();
    match &ids[..] {
        [id] => format!("order {id}"),
        [others @ .., last] if ids.len() <= NAMED => format!("orders {} and {last}", others.join(", ")),
        _ => count(ids.len(), "order"),
    }
}
