//! What is believed of an order: for each attribute a value and its source.
//!
//! The rows hold what is believed of each IP, the rest is of the order as a whole.

use super::believed::Believed;
use super::next_record::Unsettled;
use super::rows::{Row, rows};
use crate::model::{LiveOrder, PendingChange, ProxyIp, Recorded};

/// What is believed of an order that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belief {
    /// The active IPs, ascending.
    pub rows: Vec<Row>,
    /// What is scheduled for the next renewal; `None` in it: nothing.
    pub pending: Believed<Option<PendingChange>>,
    /// Whether what is pending is unknown, and was asked for this renewal.
    pub pending_asked: bool,
    /// Whether the order renews by itself.
    pub auto_renewal: Believed<bool>,
    /// A purchase that what is live does not show, and that may still be under way.
    pub unsettled: Option<Unsettled>,
}

impl Belief {
    /// Believes what is live, else what `recorded` says: the record as it is after what is live was seen.
    pub(super) fn new(live: &LiveOrder, recorded: &Recorded, unsettled: Option<Unsettled>, reassert: bool) -> Belief {
        Belief {
            rows: rows(live, recorded, reassert),
            pending: pending(live, recorded, reassert),
            pending_asked: recorded.pending_asked && !reassert,
            auto_renewal: Believed::new(live.detail.auto_renewal, recorded.auto_renewal, reassert),
            unsettled,
        }
    }

    /// Returns what is believed of an IP; `None`: it is not an active IP of the order.
    pub fn row(&self, ip: &ProxyIp) -> Option<&Row> {
        let at = self.rows.binary_search_by_key(ip, |row| row.ip).ok()?;
        self.rows.get(at)
    }

    /// Returns whether an IP was marked to go before, even where that is to be asserted again.
    pub fn was_leaving(&self, ip: &ProxyIp) -> bool {
        self.row(ip).is_some_and(Row::was_leaving)
    }
}

fn pending(live: &LiveOrder, recorded: &Recorded, reassert: bool) -> Believed<Option<PendingChange>> {
    // Where there are no slots, nothing can be scheduled for them.
    let none = (live.slots == Some(0)).then_some(None);
    let known = recorded.slots.filter(|_| live.slots.is_some());
    Believed::new(live.detail.pending.or(none), known.map(|slots| slots.pending), reassert)
}
