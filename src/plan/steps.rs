//! The steps of one order, in the sequence in which they are carried out (contract, Plan).

use super::difference::Difference;
use super::step::{DelNpItem, SignatureItem, Step};
use crate::diagnostic::{Note, NoteCode, Problem, ProblemCode};
use crate::model::{AddressRun, LiveSignature, PendingChange, ProxyIp, count};

impl Difference<'_> {
    /// Plans the steps, in the order in which they are carried out.
    pub(super) fn plan_steps(&mut self) {
        self.cancel_downgrade();
        self.purchase_slots();
        self.set_signatures();
        self.set_del_np();
        self.schedule_downgrade();
        self.set_auto_renewal();
    }

    fn cancel_downgrade(&mut self) {
        let Some((wanted, slots)) = self.managed_slots() else { return };
        let pending = match self.belief.pending.value() {
            Some(None) => return,
            Some(Some(pending)) if is_wanted(*pending, wanted, slots) => return,
            Some(pending) => *pending,
            None if self.belief.pending_asked => {
                let message = "what is scheduled for the slots is unknown, and was asked for this renewal already: it is \
                               asked again after the renewal, or by --reassert";
                return self.note(Note::new(NoteCode::PendingUnknown, message));
            }
            None => None,
        };
        self.order.steps.push(Step::CancelDowngrade { pending });
    }

    fn purchase_slots(&mut self) {
        let Some((wanted, slots)) = self.managed_slots() else { return };
        let missing = wanted.saturating_sub(slots);
        if missing == 0 {
            return;
        }
        if let Some(quote) = self.live.quote.filter(|quote| quote.add_qty == missing) {
            return self.order.steps.push(Step::PurchaseSlots { from_qty: slots, quote });
        }
        // A purchase that is known has no price: its order is blocked until the slots show it. Nor has an order that does
        // not run, which is a problem of its own.
        if self.belief.unsettled.is_some() || self.cannot_buy() {
            return;
        }
        let (code, message) = match &self.live.bad_price {
            Some(reason) => (ProblemCode::BadPrice, format!("nothing can be bought: {}", reason.printable())),
            None => {
                let what = count(missing, "more p0f slot");
                let message = format!(
                    "the API does not tell the price of {what} (`add_total` of addons/calculate), so that nothing can be bought"
                );
                (ProblemCode::ApiError, message)
            }
        };
        let problem = Problem::new(code, message).help("run again later").at(self.slots_span(), "");
        self.problem(problem);
    }

    fn set_signatures(&mut self) {
        let (mut items, mut notes) = (Vec::new(), Vec::new());
        for (row, kept) in self.rows() {
            let from = row.signature.value();
            match kept.map(|kept| kept.signature) {
                Some(Some(to)) if from != Some(&LiveSignature::Known(to)) => {
                    items.push(SignatureItem { ip: row.ip, from: from.cloned(), to, takes_slot: !row.holds_slot });
                }
                Some(None) => notes.extend(row.signature.last().and_then(|it| signature_stays(row.ip, it))),
                _ => {}
            }
        }
        self.order.notes.append(&mut notes);
        if !items.is_empty() {
            self.order.steps.push(Step::SetSignatures { items });
        }
    }

    fn set_del_np(&mut self) {
        if self.desired.keep.is_none() {
            return;
        }
        let (mut staying, mut leaving, mut already_leaving) = (Vec::new(), Vec::new(), Vec::new());
        for (row, kept) in self.rows() {
            let to = kept.is_none();
            if to && !self.desired.prune {
                continue;
            }
            let from = row.mark.value().copied();
            if to && row.was_leaving() {
                already_leaving.push(row.ip);
            }
            if from != Some(to) {
                let newly = to && !row.was_leaving();
                if to { &mut leaving } else { &mut staying }.push(DelNpItem { ip: row.ip, from, to, newly });
            }
        }
        if !already_leaving.is_empty() {
            self.note(already_leaving_note(already_leaving));
        }
        staying.append(&mut leaving);
        if !staying.is_empty() {
            self.order.steps.push(Step::SetDelNp { items: staying });
        }
    }

    fn schedule_downgrade(&mut self) {
        let Some((wanted, from_qty)) = self.managed_slots() else { return };
        if wanted >= from_qty {
            return;
        }
        if wanted == 0 {
            let message =
                format!("`p0f_slots: 0` while order {} has {}", self.order_id, count(from_qty, "active slot"));
            let problem = Problem::new(ProblemCode::SlotsFloor, message)
                .help("the API schedules no downgrade below 1: set `p0f_slots: 1`, or remove the line to leave the slots alone")
                .at(self.slots_span(), "the least that can be reached is 1");
            return self.problem(problem);
        }
        let very_downgrade = Some(PendingChange::Downgrade { next_qty: wanted });
        if self.belief.pending.value() != Some(&very_downgrade) {
            self.order.steps.push(Step::ScheduleDowngrade { from_qty, next_qty: wanted });
        }
    }

    fn set_auto_renewal(&mut self) {
        let Some(to) = self.desired.auto_renewal.as_ref().map(|declared| declared.value) else { return };
        let from = self.belief.auto_renewal.value().copied();
        if from != Some(to) {
            self.order.steps.push(Step::SetAutoRenewal { from, to });
        }
    }
}

/// Returns whether what is scheduled is what the manifest wants.
fn is_wanted(pending: PendingChange, wanted: u32, current_qty: u32) -> bool {
    wanted < current_qty && pending.next_qty() == wanted
}

fn signature_stays(ip: ProxyIp, signature: &LiveSignature) -> Option<Note> {
    let signature = signature.word()?;
    let message = format!(
        "{ip} has the signature {signature}, which the manifest does not declare: it holds its slot, and cannot be removed"
    );
    Some(Note::new(NoteCode::SignatureStays, message).ip(ip))
}

fn already_leaving_note(ips: Vec<ProxyIp>) -> Note {
    let (was, leaves) = if ips.len() == 1 { ("was", "leaves") } else { ("were", "leave") };
    let (number, list) = (count(ips.len(), "IP"), AddressRun::list(ips.iter().copied()));
    let message = format!("{number} {was} marked to go before this plan and still {leaves} at the renewal: {list}");
    Note::new(NoteCode::AlreadyLeaving, message).ips(ips)
}
