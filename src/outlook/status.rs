//! Where each order stands.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::forecast::Unforeseen;
use crate::diagnostic::Note;
use crate::model::{
    Foreign, LiveOrder, Observations, Observed, OrderId, OrderStatus, PendingChange, Recorded, Renewal,
};
use crate::plan::{Believed, Seen, Unsettled};

/// Where one order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The live tag.
    pub tag: Option<Foreign>,
    /// Where it stands with the vendor; `None`: not told.
    pub order_status: Option<OrderStatus>,
    /// Whether it renews by itself; `None`: unknown.
    pub auto_renewal: Option<bool>,
    /// The number of active IPs.
    pub active_ips: usize,
    /// Active IPs that are believed to be marked to go.
    pub ips_leaving: usize,
    /// Active IPs of which nobody knows whether they are marked.
    pub marks_unknown: usize,
    /// Active IPs that are known to hold a signature.
    pub signatures: usize,
    /// Active IPs of which nobody knows whether they hold a signature.
    pub signatures_unknown: usize,
    /// The current number of slots.
    pub slots: Option<u32>,
    /// The slots that signatures hold, as the vendor counts them, else as they are known; `None`: not known.
    pub slots_held: Option<usize>,
    /// What is scheduled for the next renewal.
    pub pending: Believed<Option<PendingChange>>,
    /// A purchase whose outcome nobody knows yet.
    pub unsettled: Option<Unsettled>,
    /// The next renewal.
    pub renewal: Option<Renewal>,
    /// Days of the calendar, in UTC, until then.
    pub renews_in_days: Option<i64>,
    /// What is not as shardctl left it, and what became of purchases.
    pub notes: Vec<Note>,
}

/// Where the orders stand, by id, or why one cannot be shown.
pub type Standings = BTreeMap<OrderId, Result<Standing, Unforeseen>>;

/// Says where the orders stand at a moment.
pub fn standings(observed: &Observations, now: Timestamp) -> Standings {
    let standing = |observed: &Observed| match (&observed.live, &observed.recorded) {
        (Ok(live), Ok(recorded)) => Ok(Standing::new(live, recorded, now)),
        (Err(failure), _) => Err(Unforeseen::Live(failure.clone())),
        (_, Err(unusable)) => Err(Unforeseen::Recorded(unusable.clone())),
    };
    observed.iter().map(|(order_id, observed)| (*order_id, standing(observed))).collect()
}

impl Standing {
    fn new(live: &LiveOrder, recorded: &Recorded, now: Timestamp) -> Standing {
        let Seen { belief, notes, .. } = Seen::new(live, recorded, now, false);
        let count = |mark: Option<&bool>| belief.rows.iter().filter(|row| row.mark.value() == mark).count();
        let signatures = belief.rows.iter().filter(|row| row.holds_slot).count();
        let signatures_unknown = belief.rows.iter().filter(|row| !row.holds_slot && row.signature.is_unknown()).count();
        let counted = (signatures_unknown == 0).then_some(signatures);
        Standing {
            tag: live.tag.clone(),
            order_status: live.detail.status.clone(),
            auto_renewal: belief.auto_renewal.value().copied(),
            active_ips: belief.rows.len(),
            ips_leaving: count(Some(&true)),
            marks_unknown: count(None),
            signatures,
            signatures_unknown,
            slots: live.slots,
            slots_held: live.detail.slots_used.map(|used| used as usize).or(counted),
            pending: belief.pending,
            unsettled: belief.unsettled,
            renewal: live.renewal.clone(),
            renews_in_days: live.renewal.as_ref().and_then(|renewal| days_until(renewal, now)),
            notes,
        }
    }
}

fn days_until(renewal: &Renewal, now: Timestamp) -> Option<i64> {
    let Renewal::At(moment) = renewal else { return None };
    let day = |moment: Timestamp| moment.to_zoned(TimeZone::UTC).date();
    Some(i64::from(day(*moment).since(day(now)).ok()?.get_days()))
}
