//! Where each order stands.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{Foreign, LiveOrder, Observations, Observed, OrderId, PendingChange, Recorded, Renewal};
use crate::plan::{Believed, Seen, Unsettled};

/// Where one order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The live tag.
    pub tag: Option<Foreign>,
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
    /// What is scheduled for the next renewal.
    pub pending: Believed<Option<PendingChange>>,
    /// A purchase whose outcome nobody knows yet.
    pub unsettled: Option<Unsettled>,
    /// The next renewal.
    pub renewal: Option<Renewal>,
    /// Whole days until then.
    pub renews_in_days: Option<i64>,
}

/// Where the orders stand, by id, or why one cannot be shown.
pub type Standings = BTreeMap<OrderId, Result<Standing, Foreign>>;

/// Says where the orders stand at a moment.
pub fn standings(observed: &Observations, now: Timestamp) -> Standings {
    let standing = |observed: &Observed| match (&observed.live, &observed.recorded) {
        (Ok(live), Ok(recorded)) => Ok(Standing::new(live, recorded, now)),
        (Err(failure), _) => Err(failure.message().clone()),
        (_, Err(unusable)) => Err(Foreign::from(unusable.message.as_str())),
    };
    observed.iter().map(|(order_id, observed)| (*order_id, standing(observed))).collect()
}

impl Standing {
    fn new(live: &LiveOrder, recorded: &Recorded, now: Timestamp) -> Standing {
        let belief = Seen::new(live, recorded, now, false).belief;
        let count = |mark: Option<&bool>| belief.rows.iter().filter(|row| row.mark.value() == mark).count();
        let signatures = belief.rows.iter().filter(|row| row.holds_slot).count();
        let signatures_unknown = belief.rows.iter().filter(|row| !row.holds_slot && row.signature.is_unknown()).count();
        Standing {
            tag: live.tag.clone(),
            active_ips: belief.rows.len(),
            ips_leaving: count(Some(&true)),
            marks_unknown: count(None),
            signatures,
            signatures_unknown,
            slots: live.slots,
            pending: belief.pending,
            unsettled: belief.unsettled,
            renewal: live.renewal.clone(),
            renews_in_days: live.renewal.as_ref().and_then(|renewal| days_until(renewal, now)),
        }
    }
}

fn days_until(renewal: &Renewal, now: Timestamp) -> Option<i64> {
    let Renewal::At(moment) = renewal else { return None };
    let day = |moment: Timestamp| moment.to_zoned(TimeZone::UTC).date();
    Some(i64::from(day(*moment).since(day(now)).ok()?.get_days()))
}
