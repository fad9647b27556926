//! What was looked at for a history, and what it adds up to.

use jiff::Timestamp;

use crate::document::{HistoryDocument, RunDocument};
use crate::model::{Cents, OrderId, count, second};

/// What was looked at for a history.
#[derive(Debug, Clone, Default)]
pub struct LookedAt {
    /// The place, as messages name it.
    pub place: String,
    /// Where the place is not there: a sentence that says so.
    pub missing: Option<String>,
    /// Only these orders; none: all.
    pub orders: Vec<OrderId>,
    /// Only runs that began then or later.
    pub since: Option<Timestamp>,
    /// The run that may still be at work, if there is one.
    pub at_work: Option<AtWork>,
}

/// A run without an end that may still be at work: the newest one, while somebody holds the lock, or may hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtWork {
    /// Its name.
    pub run: String,
    /// Who holds the lock; `None`: nobody can tell.
    pub holder: Option<String>,
}

impl LookedAt {
    /// Returns who carries a run out now; `Some(None)`: it may be under way, and nobody can tell.
    pub(super) fn at_work(&self, run: &RunDocument) -> Option<Option<&str>> {
        let at_work = self.at_work.as_ref().filter(|at_work| run.ended_at.is_none() && at_work.run == run.id)?;
        Some(at_work.holder.as_deref())
    }

    /// Says which orders an amount is for, where it is not for all: ` for order 1`.
    pub(super) fn for_orders(&self) -> String {
        orders(&self.orders).map(|orders| format!(" for {orders}")).unwrap_or_default()
    }

    /// Says what the runs add up to, or that there are none.
    pub(super) fn total(&self, document: &HistoryDocument) -> String {
        if document.runs.is_empty() {
            return self.nothing(document.problems.len());
        }
        let runs = count(document.runs.len(), "run");
        let charged = format!("{runs}, charged {}{} in all", Cents(document.charged_cents), self.for_orders());
        let perhaps = match Cents(document.may_have_charged_cents) {
            Cents(0) => String::new(),
            more => format!("; of {more} more nobody knows"),
        };
        let unread = match document.problems.len() {
            0 => String::new(),
            1 => "; 1 more run cannot be read, and what it charged is not counted".to_owned(),
            unread => format!("; {unread} more runs cannot be read, and what they charged is not counted"),
        };
        format!("{charged}{perhaps}{unread}.")
    }

    /// Says what there is nothing in.
    fn nothing(&self, unread: usize) -> String {
        if let Some(missing) = &self.missing {
            return missing.clone();
        }
        let of = orders(&self.orders).map(|orders| format!(" of {orders}")).unwrap_or_default();
        let since = self.since.map(|since| format!(" since {}", second(since)));
        let what = format!("{of} in {}{}", self.place, since.unwrap_or_default());
        let is_filtered = !self.orders.is_empty() || self.since.is_some();
        match unread {
            0 if is_filtered => format!("There is no run{what}."),
            0 => format!("There is no run{what}: nothing was applied yet."),
            unread => format!("There is no run{what} that can be read; {} cannot.", count(unread, "run")),
        }
    }
}

fn orders(orders: &[OrderId]) -> Option<String> {
    match orders {
        [] => None,
        [order] => Some(format!("order {order}")),
        [orders @ .., last] => {
            let others: Vec<String> = orders.iter().map(ToString::to_string).collect();
            Some(format!("orders {} and {last}", others.join(", ")))
        }
    }
}
