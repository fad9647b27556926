//! What a comment had no room for.

use std::iter::Sum;
use std::ops::Add;

use super::escape::{MAX_MESSAGE, code, short};
use crate::model::count;

/// What was left out, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LeftOut {
    /// Diffs.
    pub(super) diffs: usize,
    /// IPs of which something is only asserted.
    pub(super) assertions: usize,
    /// Lists of IPs that need not be named.
    pub(super) lists: usize,
    /// Notes.
    pub(super) notes: usize,
    /// Operations in words.
    pub(super) steps: usize,
    /// IPs that leave and are not named.
    pub(super) leaving: usize,
    /// IPs that get their first signature, or may, and are not named.
    pub(super) signatures: usize,
    /// Orders that are not mentioned at all.
    pub(super) orders: usize,
    /// Whether lists of IPs are written in short.
    pub(super) is_in_short: bool,
}

impl Add for LeftOut {
    type Output = LeftOut;

    fn add(self, other: LeftOut) -> LeftOut {
        LeftOut {
            diffs: self.diffs + other.diffs,
            assertions: self.assertions + other.assertions,
            lists: self.lists + other.lists,
            notes: self.notes + other.notes,
            steps: self.steps + other.steps,
            leaving: self.leaving + other.leaving,
            signatures: self.signatures + other.signatures,
            orders: self.orders + other.orders,
            is_in_short: self.is_in_short || other.is_in_short,
        }
    }
}

impl Sum for LeftOut {
    fn sum<I: Iterator<Item = LeftOut>>(all: I) -> LeftOut {
        all.fold(LeftOut::default(), LeftOut::add)
    }
}

impl LeftOut {
    /// Returns whether every order is mentioned, and every IP named that has to be.
    pub(super) fn names_all(&self) -> bool {
        self.leaving == 0 && self.signatures == 0 && self.orders == 0
    }

    /// Says what was left out and which command shows it; nothing where nothing was.
    pub(super) fn sentence(&self, command: &str) -> String {
        let LeftOut { diffs, assertions, lists, notes, steps, leaving, signatures, orders, is_in_short } = *self;
        let mut parts = Vec::new();
        let mut part = |number: usize, words: String| parts.extend((number > 0).then_some(words));
        part(leaving, format!("**the names of {} that leave**", count(leaving, "IP")));
        part(signatures, format!("**the names of {} that take a slot, or may**", count(signatures, "IP")));
        part(orders, count(orders, "order"));
        part(diffs, count(diffs, "diff"));
        part(assertions, format!("what is only asserted of {}", count(assertions, "IP")));
        part(lists, count(lists, "list"));
        part(notes, count(notes, "note"));
        part(steps, format!("{} in words", count(steps, "operation")));
        if parts.is_empty() {
            return String::new();
        }
        let notation = match is_in_short {
            true => " IPs are written in short: `203.0.113.4, .6–.8` are 203.0.113.4 and 203.0.113.6 to 203.0.113.8.",
            false => "",
        };
        format!(
            "> Left out for want of room: {}. {} shows everything.{notation}\n\n",
            parts.join(", "),
            code(&short(command, MAX_MESSAGE))
        )
    }
}
