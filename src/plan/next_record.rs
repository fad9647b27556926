//! The record of an order as it is after what is live was seen: what the next apply stores.
//!
//! What is live is compared with what was recorded, and where somebody else changed it, a note says so until an apply
//! has recorded it. The renewal is the moment of truth: what was recorded for it and did not happen is unknown again.

use std::time::Duration;

use jiff::Timestamp;

use crate::diagnostic::{Attribute, Note, NoteCode, NoteValue};
use crate::model::{
    Bought, LiveOrder, LiveSignature, PendingChange, Recorded, RecordedRenewal, RecordedSlots, Renewal, RenewalSource,
    count, second,
};

/// How long an open purchase intent blocks its order, and how long a purchase that is known to have been made makes reads
/// that do not show it stale (contract, Money).
pub const INTENT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Returns whether a purchase is so young that the API may not show it yet; one that lies in the future is, too.
pub fn is_young(when: Timestamp, now: Timestamp) -> bool {
    when > now || now.duration_since(when).unsigned_abs() < INTENT_LIFETIME
}

/// The record as it is after what is live was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextRecord {
    /// What the next apply stores.
    pub recorded: Recorded,
    /// Whether it differs from what is stored.
    pub is_new: bool,
    /// Whether what is stored says of IPs that they have no signature.
    pub stored_tells_signatures: bool,
    /// A purchase that what is live does not show, and that may still be under way.
    pub unsettled: Option<Unsettled>,
}

/// A purchase that what is live does not show, and that may still be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// Slots before it; `None`: it is known to have been made, and what was read is stale.
    pub from_qty: Option<u32>,
    /// Slots after it.
    pub to_qty: u32,
    /// When it was begun, or found.
    pub when: Timestamp,
}

impl Unsettled {
    /// Returns the number of slots that it adds, where that is known.
    pub fn add_qty(self) -> Option<u32> {
        self.from_qty.map(|from_qty| self.to_qty.saturating_sub(from_qty))
    }
}

impl NextRecord {
    /// Brings a record up to date, and remarks on what it finds.
    pub(super) fn new(stored: &Recorded, live: &LiveOrder, now: Timestamp, notes: &mut Vec<Note>) -> NextRecord {
        let mut update = Update { recorded: stored.clone(), live, now, notes, unsettled: None };
        update.drop_gone_ips();
        let has_passed = update.renewal_has_passed();
        if has_passed {
            update.see_what_the_renewal_did();
        }
        update.settle_purchase();
        update.see_slots(has_passed);
        update.see_signatures();
        update.see_auto_renewal();
        update.recorded.ips = Some(live.active.keys().copied().collect());
        update.recorded.signatures_told =
            !live.active.is_empty() && live.active.values().all(|seen| seen.signature.is_some());
        update.see_renewal(has_passed);
        let Update { recorded, unsettled, .. } = update;
        let stored_tells_signatures = stored.signatures_told;
        NextRecord { is_new: recorded != *stored, stored_tells_signatures, recorded, unsettled }
    }
}

/// A record that is being brought up to date.
struct Update<'a> {
    recorded: Recorded,
    live: &'a LiveOrder,
    now: Timestamp,
    notes: &'a mut Vec<Note>,
    unsettled: Option<Unsettled>,
}

impl Update<'_> {
    fn drop_gone_ips(&mut self) {
        let Update { recorded, live, .. } = self;
        recorded.signatures.retain(|ip, _| live.active.contains_key(ip));
        recorded.del_np.retain(|ip, _| live.active.contains_key(ip));
        recorded.unknown_signatures.retain(|ip| live.active.contains_key(ip));
    }

    /// Returns whether the renewal is over that the marks and the pending change were recorded for. Only dates of the
    /// same source are compared: one source may be a day ahead of the other.
    fn renewal_has_passed(&self) -> bool {
        let Some(recorded) = &self.recorded.renews_at else { return false };
        match (&recorded.at, told_by(self.live, recorded.source)) {
            (Renewal::At(before), Some(now)) => now > *before,
            // Its own source does not tell it: the other one, if it was told then, does as well.
            _ => recorded.until.zip(moment(self.live.until.as_ref())).is_some_and(|(before, now)| now > before),
        }
    }

    /// Records the renewal that is told, but never in place of one that is yet to come: where its source does not tell it
    /// this time, or an answer that is behind tells an earlier one, what will happen at it would be forgotten unseen.
    fn see_renewal(&mut self, has_passed: bool) {
        let Some(live) = live_renewal(self.live) else { return };
        let is_to_come = self.recorded.renews_at.as_ref().is_some_and(|recorded| {
            let Renewal::At(at) = recorded.at else { return false };
            told_by(self.live, recorded.source).is_none_or(|now| now < at)
        });
        if has_passed || !is_to_come {
            self.recorded.renews_at = Some(Box::new(live));
        }
    }

    /// Forgets what was recorded for a renewal that is over, and says what did not happen at it.
    fn see_what_the_renewal_did(&mut self) {
        let still_there: Vec<_> = self.recorded.del_np.iter().filter(|(_, mark)| **mark).map(|(ip, _)| *ip).collect();
        for ip in still_there {
            self.recorded.del_np.remove(&ip);
            let message = format!(
                "{ip} was marked to go at the renewal, and is still there: whether it is marked is unknown again"
            );
            self.notes.push(Note::new(NoteCode::NotCarriedOut, message).ip(ip).about(Attribute::Mark));
        }
        self.recorded.pending_asked = false;
        // From now on fewer slots may well be what was scheduled.
        self.recorded.bought = self.recorded.bought.filter(|bought| self.is_young(bought.when));
        let Some(RecordedSlots { qty, pending: Some(pending) }) = self.recorded.slots else { return };
        if self.live.slots == Some(qty) && pending.next_qty() != qty {
            self.recorded.slots = None;
            let message = format!(
                "the slots were to go from {qty} to {} at the renewal, and there are still {qty}{}",
                pending.next_qty(),
                if self.live.detail.pending.is_none() { ": what is pending is unknown again" } else { "" }
            );
            let note = Note::new(NoteCode::NotCarriedOut, message).about(Attribute::Slots);
            self.notes.push(note.change(NoteValue::Number(qty), NoteValue::Number(pending.next_qty())));
        }
    }

    fn is_young(&self, when: Timestamp) -> bool {
        is_young(when, self.now)
    }

    /// Judges an open intent, and a purchase that is known, by the slots that are live.
    fn settle_purchase(&mut self) {
        let slots = self.live.slots;
        if let Some(bought) = self.recorded.bought {
            match (slots, self.is_young(bought.when)) {
                // A replica that lags behind is not believed: it would have the slots bought once more.
                (Some(slots), true) if slots < bought.qty => {
                    self.unsettled = Some(Unsettled { from_qty: None, to_qty: bought.qty, when: bought.when });
                }
                (Some(slots), false) if slots >= bought.qty => self.recorded.bought = None,
                _ => {}
            }
        }
        let Some(intent) = self.recorded.purchase else { return };
        let what = count(intent.add_qty, "p0f slot");
        match slots {
            Some(slots) if slots >= intent.to_qty() => {
                let message = format!("the purchase of {what}, begun at {}, was carried out", second(intent.when));
                self.notes.push(Note::new(NoteCode::PurchaseSettled, message));
                self.recorded.settle_purchase();
                self.recorded.bought = Some(Bought { qty: slots, when: self.now });
            }
            _ if self.is_young(intent.when) => {
                let from_qty = Some(intent.from_qty);
                self.unsettled = Some(Unsettled { from_qty, to_qty: intent.to_qty(), when: intent.when });
            }
            Some(_) => {
                let message = format!(
                    "the purchase of {what}, begun at {}, does not show ten minutes later: it is void, and planned again \
                     where the manifest still wants it",
                    second(intent.when)
                );
                self.notes.push(Note::new(NoteCode::PurchaseVoid, message));
                self.recorded.purchase = None;
            }
            None => {}
        }
    }

    /// Compares the recorded slots, and what is pending, with what is live.
    fn see_slots(&mut self, renewal_has_passed: bool) {
        let Some(slots) = self.live.slots.filter(|_| self.unsettled.is_none()) else { return };
        // Where there are none, nothing can be scheduled for them.
        let told = self.live.detail.pending.or((slots == 0).then_some(None));
        let before = self.recorded.slots;
        let carried_out = before.is_some_and(|before| before.pending.is_some_and(|it| it.next_qty() == slots));
        let qty_changed = before.is_some_and(|before| before.qty != slots) && !carried_out;
        if let Some(before) = before.filter(|_| qty_changed) {
            let message = format!(
                "the order has {} where shardctl last saw {}: they were changed elsewhere",
                count(slots, "p0f slot"),
                before.qty
            );
            let note = Note::new(NoteCode::ChangedElsewhere, message).about(Attribute::Slots);
            self.notes.push(note.change(NoteValue::Number(before.qty), NoteValue::Number(slots)));
        }
        let recorded_pending = before.map(|before| before.pending.filter(|_| !carried_out));
        // Beside other slots, what was recorded for a renewal that is over says nothing any more.
        if let (Some(recorded), Some(told)) = (recorded_pending, told)
            && recorded != told
            && !(qty_changed && renewal_has_passed)
        {
            self.pending_changed(recorded, told);
        }
        // What was scheduled for other slots says nothing of these.
        let pending = told.or(recorded_pending.filter(|_| !qty_changed));
        self.recorded.pending_asked &= pending.is_none();
        self.recorded.slots = pending.map(|pending| RecordedSlots { qty: slots, pending });
    }

    fn pending_changed(&mut self, from: Option<PendingChange>, to: Option<PendingChange>) {
        let what = |pending: PendingChange| match pending {
            PendingChange::Downgrade { next_qty } => format!("a downgrade to {}", count(next_qty, "p0f slot")),
            PendingChange::Cancel {} => "the removal of all p0f slots".to_owned(),
        };
        let message = match (from, to) {
            (None, None) => return,
            (None, Some(to)) => format!("somebody scheduled {} elsewhere", what(to)),
            (Some(from), None) => format!("somebody cancelled {} elsewhere, which was scheduled", what(from)),
            (Some(from), Some(to)) => {
                format!("somebody scheduled {} elsewhere, in place of {}", what(to), what(from))
            }
        };
        let note = Note::new(NoteCode::ChangedElsewhere, message).about(Attribute::Pending);
        self.notes.push(note.change(NoteValue::Pending(from), NoteValue::Pending(to)));
    }

    /// Compares the recorded signatures with those that are reported, and takes the latter.
    fn see_signatures(&mut self) {
        for (ip, seen) in &self.live.active {
            let Some(told) = &seen.signature else { continue };
            let before = match self.recorded.signatures.get(ip) {
                Some(before) => Some(LiveSignature::Known(*before)),
                None => self.recorded.had_no_signature(*ip).then_some(LiveSignature::None),
            };
            if let Some(before) = before.filter(|before| before != told) {
                let [was, now] = [&before, told].map(|it| it.word().unwrap_or("none".into()).into_owned());
                let message = match told {
                    LiveSignature::None => format!("{ip} has no signature where shardctl last saw {was}"),
                    _ => format!("{ip} has the signature {now} where shardctl last saw {was}"),
                };
                let message = message + ": it was changed elsewhere";
                let note = Note::new(NoteCode::ChangedElsewhere, message).ip(*ip).about(Attribute::Signature);
                self.notes.push(note.change(NoteValue::Word(was), NoteValue::Word(now)));
            }
            let Recorded { signatures, unknown_signatures, .. } = &mut self.recorded;
            match told {
                LiveSignature::Known(signature) => {
                    signatures.insert(*ip, *signature);
                    unknown_signatures.remove(ip);
                }
                LiveSignature::None => {
                    signatures.remove(ip);
                    unknown_signatures.remove(ip);
                }
                LiveSignature::Other(_) => {
                    signatures.remove(ip);
                    unknown_signatures.insert(*ip);
                }
            }
        }
    }

    fn see_auto_renewal(&mut self) {
        let Some(told) = self.live.detail.auto_renewal else { return };
        if let Some(before) = self.recorded.auto_renewal.filter(|before| *before != told) {
            let on = |on: bool| if on { "on" } else { "off" };
            let message = format!(
                "automatic renewal is {} where shardctl last saw it {}: it was changed elsewhere",
                on(told),
                on(before)
            );
            let note = Note::new(NoteCode::ChangedElsewhere, message).about(Attribute::AutoRenewal);
            self.notes.push(note.change(NoteValue::Flag(before), NoteValue::Flag(told)));
        }
        self.recorded.auto_renewal = Some(told);
    }
}

/// Returns the renewal as it is recorded.
fn live_renewal(live: &LiveOrder) -> Option<RecordedRenewal> {
    let at = live.renewal.clone()?;
    let (source, until) = match moment(live.detail.expires_at.as_ref()) {
        Some(_) => (RenewalSource::ExpiresAt, moment(live.until.as_ref())),
        None => (RenewalSource::Until, None),
    };
    Some(RecordedRenewal { at, source: Some(source), until })
}

/// Returns the renewal that a source tells.
fn told_by(live: &LiveOrder, source: Option<RenewalSource>) -> Option<Timestamp> {
    moment(match source {
        Some(RenewalSource::ExpiresAt) => live.detail.expires_at.as_ref(),
        Some(RenewalSource::Until) => live.until.as_ref(),
        None => live.renewal.as_ref(),
    })
}

fn moment(renewal: Option<&Renewal>) -> Option<Timestamp> {
    match renewal {
        Some(Renewal::At(moment)) => Some(*moment),
        _ => None,
    }
}
