//! What a comment had no room for.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Sum;

use super::escape::{MAX_MESSAGE, code, short};
use super::unlisted::{Unlisted, numbers};
use crate::model::{OrderId, count};
use crate::render::words;

/// What can be left out, the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// IPs that leave and are not named.
    Leaving,
    /// IPs that get their first signature, or may, and are not named.
    FirstSignatures,
    /// What somebody else changed, or what was not carried out.
    Drift,
    /// IPs that get another signature.
    Signatures,
    /// IPs that were marked to go, and stay after all.
    Staying,
    /// IPs whose signature is only asserted.
    AssertedSignatures,
    /// IPs that are marked to stay because nobody knows whether they are.
    AssertedMarks,
    /// Notes.
    Notes,
    /// Operations that are not listed one by one.
    Steps,
    /// Diffs.
    Diffs,
    /// Lines of diffs that are shown.
    DiffLines,
}

/// What was left out, in numbers, and of which orders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LeftOut {
    parts: BTreeMap<Part, (usize, BTreeSet<OrderId>)>,
    /// The orders of which nothing is said.
    pub(super) unlisted: Unlisted,
    /// Whether lists of IPs are written in short.
    pub(super) is_in_short: bool,
    /// Whether anything is left out for want of room; else lists are only folded.
    is_cut: bool,
}

/// The most characters that the numbers of orders take; of more it is said how many there are.
const MAX_NUMBERS: usize = 60;

impl Sum for LeftOut {
    fn sum<I: Iterator<Item = LeftOut>>(all: I) -> LeftOut {
        let mut sum = LeftOut::default();
        for LeftOut { parts, unlisted, is_in_short, is_cut } in all {
            sum.is_in_short |= is_in_short;
            sum.is_cut |= is_cut;
            sum.unlisted.extend(unlisted);
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
    /// Begins to count: what is left out for want of room, or what is only folded.
    pub(super) fn new(is_cut: bool) -> LeftOut {
        LeftOut { is_cut, ..LeftOut::default() }
    }

    /// Counts something that is left out of an order.
    pub(super) fn add(&mut self, part: Part, number: usize, order_id: OrderId) {
        if number > 0 {
            let (before, orders) = self.parts.entry(part).or_default();
            *before += number;
            orders.insert(order_id);
        }
    }

    /// Returns whether every order is listed, and every IP named that has to be.
    pub(super) fn names_all(&self) -> bool {
        self.unlisted.is_empty()
            && ![Part::Leaving, Part::FirstSignatures].iter().any(|part| self.parts.contains_key(part))
    }

    /// Says what was left out and which command shows it; nothing where nothing was.
    pub(super) fn sentence(&self, command: &str, all: &[OrderId]) -> String {
        let command = code(&short(command, MAX_MESSAGE));
        match (self.is_cut, self.parts.is_empty() && self.unlisted.is_empty()) {
            (_, true) => String::new(),
            (false, false) => format!("> Folded: {}. To list them: {command}.\n\n", self.list(all)),
            (true, false) => {
                let (unlisted, notation) = (self.unlisted.sentence(all), self.notation());
                let list = self.list(all);
                format!(
                    "> **Not everything fits into this comment.** {unlisted}Left out{list}. To see all of it, run \
                     {command}.{notation}\n\n"
                )
            }
        }
    }

    fn notation(&self) -> &'static str {
        match self.is_in_short {
            true => " IPs are written in short: `203.0.113.4, .6–.8` are 203.0.113.4 and 203.0.113.6 to 203.0.113.8.",
            false => "",
        }
    }

    /// Lists what was left out, behind `Left out` or `Folded:`; where all of it is of the same orders, they are named once.
    fn list(&self, plan: &[OrderId]) -> String {
        let all: BTreeSet<&BTreeSet<OrderId>> = self.parts.values().map(|(_, orders)| orders).collect();
        let is_same = all.len() == 1;
        let names_leaving = self.names_all();
        let words = |(part, (number, orders)): (&Part, &(usize, BTreeSet<OrderId>))| match is_same {
            true => part.words(*number, names_leaving),
            false => format!("{} (of {})", part.words(*number, names_leaving), named(orders, plan)),
        };
        let parts: Vec<String> = self.parts.iter().map(words).collect();
        let parts = parts.join("; ");
        match (self.is_cut, all.into_iter().next().filter(|_| is_same)) {
            (false, _) => parts,
            (true, Some(orders)) => format!(" of {}: {parts}", named(orders, plan)),
            (true, None) => format!(": {parts}"),
        }
    }
}

impl Part {
    /// Says what is left out, for a reader who never saw the program.
    fn words(self, number: usize, names_leaving: bool) -> String {
        let ips = if number == 1 { "IP".to_owned() } else { count(number, "IP") };
        let verb = |base: &str| words::verb(base, number, false);
        let is = if number == 1 { "is" } else { "are" };
        match self {
            Part::Leaving => format!("**which {ips} {}**", verb("leave")),
            Part::FirstSignatures => format!("**which {ips} {} a slot for good, or may**", verb("take")),
            Part::Drift => {
                format!(
                    "which {} {} changed elsewhere",
                    count(number, "thing"),
                    if number == 1 { "was" } else { "were" }
                )
            }
            Part::Signatures => format!("which {ips} {} another signature", verb("get")),
            Part::Staying => format!("which {ips} {is} marked to go no longer"),
            Part::AssertedSignatures => format!("which {ips} {} a signature that may be set already", verb("get")),
            Part::AssertedMarks if names_leaving => {
                format!("which {ips} {} (every IP that leaves is named)", verb("stay"))
            }
            Part::AssertedMarks => format!("which {ips} {}", verb("stay")),
            Part::Notes => count(number, "further note"),
            Part::Steps => format!("the list of {}", count(number, "operation")),
            Part::Diffs => format!("the {} line by line", if number == 1 { "difference" } else { "differences" }),
            Part::DiffLines => format!("{} of the diff", count(number, "line")),
        }
    }
}

/// Names orders, or counts them where there are too many of them.
fn named(orders: &BTreeSet<OrderId>, plan: &[OrderId]) -> String {
    let ids: Vec<OrderId> = orders.iter().copied().collect();
    let list = numbers(&ids, plan, MAX_NUMBERS);
    match ids.len() {
        number if number == plan.len() && number > 1 => format!("all {}", count(number, "order")),
        number if list.contains('…') => count(number, "order"),
        _ => list,
    }
}
