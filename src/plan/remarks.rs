//! What is worth a remark about one order, and blocks nothing.

use jiff::SignedDuration;

use super::difference::Difference;
use super::step::Step;
use crate::diagnostic::{Note, NoteCode, NoteValue};
use crate::model::{OrderStatus, Renewal, count, minute};

/// A renewal that is nearer than this may come before what is done for it takes effect.
const NEAR: SignedDuration = SignedDuration::from_hours(2);

impl Difference<'_> {
    /// Remarks on what the reader of the plan should know before it is applied.
    pub(super) fn remark(&mut self) {
        self.remark_on_detail();
        self.remark_on_status();
        self.remark_on_the_renewal();
        self.remark_on_inactive_ips();
        self.remark_on_marks_elsewhere();
    }

    fn remark_on_detail(&mut self) {
        let Some(reason) = &self.live.detail_unavailable else { return };
        let message = format!(
            "the order's detail could not be had, so that what it tells is recorded or unknown: {}",
            reason.printable()
        );
        self.note(Note::new(NoteCode::DetailUnavailable, message));
    }

    fn remark_on_status(&mut self) {
        if self.live.detail.status == Some(OrderStatus::OnHold) {
            let message = "the order is on hold: it waits to be paid, and is lost three days after its end";
            self.note(Note::new(NoteCode::OrderOnHold, message));
        }
    }

    /// Returns whether anything is to happen at the next renewal.
    fn awaits_the_renewal(&self) -> bool {
        let planned = self.order.steps.iter().any(|step| match step {
            Step::SetDelNp { items } => items.iter().any(|item| item.to),
            Step::ScheduleDowngrade { .. } => true,
            _ => false,
        });
        let leaves_already = self.rows().any(|(row, kept)| row.leaves() && kept.is_none());
        let keeps_pending = matches!(self.belief.pending.value(), Some(Some(_)))
            && !self.order.steps.iter().any(|step| matches!(step, Step::CancelDowngrade { .. }));
        planned || leaves_already || keeps_pending
    }

    fn remark_on_the_renewal(&mut self) {
        if !self.awaits_the_renewal() {
            return;
        }
        let declared = self.desired.auto_renewal.as_ref().map(|declared| declared.value);
        if declared.or(self.belief.auto_renewal.value().copied()) == Some(false) {
            let message = "something is to happen at the renewal, and the order does not renew by itself";
            self.note(Note::new(NoteCode::NoAutoRenewal, message));
        }
        if let Some(Renewal::At(moment)) = self.live.renewal
            && moment.duration_since(self.options.now) < NEAR
        {
            let when = minute(moment);
            let stands = match moment < self.options.now {
                true => format!("was due on {when}"),
                false => format!("is less than two hours away ({when})"),
            };
            let message = format!("the renewal {stands}: what is to happen at it may come too late");
            self.note(Note::new(NoteCode::RenewalIsNear, message));
        }
    }

    fn remark_on_inactive_ips(&mut self) {
        let kept: Vec<_> = self.rows().filter(|(_, kept)| kept.is_some()).map(|(row, _)| row.ip).collect();
        for ip in kept {
            let Some(status) = self.live.active.get(&ip).and_then(|seen| seen.status.as_ref()) else { continue };
            let status = status.printable().into_owned();
            let message = format!("{ip} is kept, and its status is {status}, not active");
            let mut note = Note::new(NoteCode::IpNotActive, message).ip(ip);
            note.to = Some(NoteValue::Word(status));
            self.note(note);
        }
    }

    fn remark_on_marks_elsewhere(&mut self) {
        let Some(quantity) = self.live.detail.quantity.map(|quantity| quantity as usize) else { return };
        let unknown_to_stay = self.order.steps.iter().any(|step| match step {
            Step::SetDelNp { items } => items.iter().any(|item| item.from.is_none() && !item.to),
            _ => false,
        });
        let known_to_leave = self.belief.rows.iter().filter(|row| row.leaves() || row.was_leaving()).count();
        let seem_to_leave = self.belief.rows.len().saturating_sub(known_to_leave).saturating_sub(quantity);
        if seem_to_leave == 0 {
            return;
        }
        let all_are_known = || self.belief.rows.iter().all(|row| !row.mark.is_unknown());
        let message = match unknown_to_stay {
            true => "nobody knows which, and this plan marks all that it keeps to stay",
            false if self.desired.keep.is_some() && all_are_known() => {
                "the order counts fewer IPs for its next period than stay by the record. Run with --reassert: that marks \
                 all that the manifest keeps to stay"
            }
            false => return,
        };
        let seems = if seem_to_leave == 1 { "seems" } else { "seem" };
        let seem_to_leave = count(seem_to_leave, "IP");
        let message = format!("{seem_to_leave} of the order {seems} to be marked to go: {message}");
        self.note(Note::new(NoteCode::MarksElsewhere, message));
    }
}
