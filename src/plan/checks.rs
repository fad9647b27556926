//! What blocks one order, whatever the others look like.

use jiff::SignedDuration;

use super::difference::Difference;
use super::forget::forget_record;
use super::next_record::{INTENT_LIFETIME, Unsettled};
use super::resolve::Covered;
use super::rows::Row;
use crate::diagnostic::{Problem, ProblemCode, quoted, quoted_apart};
use crate::model::{LiveSignature, OrderStatus, Signature, count, second};

/// The API's clock tells seconds alone, and each process reads it anew.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(10);

impl Difference<'_> {
    pub(super) fn check_tag(&mut self) {
        let Some(declared) = &self.desired.tag else { return };
        if self.live.tag.as_ref() == Some(&declared.value) {
            return;
        }
        let (live, wanted) = match &self.live.tag {
            Some(tag) => {
                let (live, wanted) = quoted_apart(tag.raw(), declared.value.raw());
                (format!("the tag {live}"), format!("not {wanted}"))
            }
            None => (
                "no tag that the API shows".to_owned(),
                format!("and the manifest declares {}", quoted(declared.value.raw())),
            ),
        };
        let message = format!("order {} has {live}, {wanted}", self.order_id);
        let problem = Problem::new(ProblemCode::TagMismatch, message)
            .help("is the order id right? If it is, change the tag here or in the panel")
            .at(declared.span, format!("the live order has {live}"));
        self.problem(problem);
    }

    pub(super) fn check_unsettled(&mut self) {
        let Some(unsettled) = self.belief.unsettled else { return };
        let Unsettled { to_qty, when, .. } = unsettled;
        let message = match unsettled.add_qty() {
            Some(add_qty) => format!(
                "the outcome of the purchase of {}, begun at {}, is unknown: if it was made, the order has {}",
                count(add_qty, "p0f slot"),
                second(when),
                count(to_qty, "slot")
            ),
            None => format!(
                "the order had {} at {}, after a purchase, and the API shows {}: the answer may be out of date",
                count(to_qty, "p0f slot"),
                second(when),
                self.live.slots.unwrap_or(0)
            ),
        };
        let end = when.checked_add(INTENT_LIFETIME).map_or_else(|_| "ten minutes later".to_owned(), second);
        let help = match when.duration_since(self.options.now) > CLOCKS_DIFFER {
            true => format!(
                "the purchase lies in the future: set this machine's clock right; where it is right, look at the order's \
                 slots in the panel and drop the record by `{}`",
                forget_record(self.order_id)
            ),
            false if unsettled.from_qty.is_none() => {
                format!("run again later: from {end} on what the API shows is believed")
            }
            false => format!("run again later: it is settled once the slots show it, and void from {end} on"),
        };
        let problem = Problem::new(ProblemCode::PurchaseUnsettled, message).help(help).at(self.desired.span, "");
        self.problem(problem);
    }

    /// Checks that every kept IP is one of the order's active IPs, and that every range holds one.
    pub(super) fn check_kept_ips(&mut self) {
        let Some(resolved) = &self.resolved else { return };
        if self.live.detail.status == Some(OrderStatus::Cancelled) && self.live.active.is_empty() {
            // Its IPs went with it.
            return;
        }
        let missing = resolved.missing.iter().map(|(ip, kept)| {
            let message = format!("{ip} is not an active IP of order {}", self.order_id);
            let problem = Problem::new(ProblemCode::IpNotInOrder, message)
                .help("remove the line, or find the order that this IP belongs to")
                .ip(*ip);
            problem.at(kept.span, "not among the order's active IPs")
        });
        let empty = resolved.empty.iter().map(|(range, kept)| {
            let message = format!("no active IP of order {} lies in {range}", self.order_id);
            Problem::new(ProblemCode::IpNotInOrder, message)
                .help("remove the line, or find the order that these IPs belong to")
                .at(kept.span, "none of the order's active IPs")
        });
        let problems: Vec<Problem> = missing.chain(empty).collect();
        problems.into_iter().for_each(|problem| self.problem(problem));
    }

    /// Checks that the order's status allows what is planned.
    pub(super) fn check_status(&mut self) {
        let buys = self.managed_slots().is_some_and(|(wanted, slots)| wanted > slots);
        let (message, help) = match &self.live.detail.status {
            Some(OrderStatus::Cancelled) => {
                (format!("order {} is cancelled", self.order_id), "remove the order from the manifest, or mend its id")
            }
            Some(OrderStatus::OnHold) if buys => (
                format!("order {} is on hold, and nothing can be bought for it", self.order_id),
                "pay the order in the panel, and run again",
            ),
            _ => return,
        };
        let span = if buys { self.slots_span() } else { self.desired.span };
        self.problem(Problem::new(ProblemCode::OrderNotActive, message).help(help).at(span, ""));
    }

    /// Checks that there is a slot for every active IP that has a signature or gets one, now and, where the manifest
    /// wants fewer slots, after the renewal.
    pub(super) fn check_slots(&mut self) {
        let Some(slots) = self.order.slots else { return };
        let wanted = self.desired.p0f_slots.as_ref().map(|wanted| wanted.value);
        let there_are = wanted.unwrap_or(0).max(slots);
        let (mut held, mut held_on) = (0usize, 0usize);
        for (row, kept) in self.rows().filter(|(row, kept)| holds_slot(row, kept.and_then(|kept| kept.signature))) {
            held += 1;
            held_on += usize::from(self.stays(row, kept));
        }
        let held = held.max(self.held_by_count());
        if held > there_are as usize {
            self.not_enough_slots(held, there_are, "this plan");
        } else if let Some(wanted) = wanted.filter(|wanted| held_on > *wanted as usize) {
            self.not_enough_slots(held_on, wanted, "the renewal");
        }
    }

    /// Counts the slots held after the plan by the API's own count, where it tells one.
    fn held_by_count(&self) -> usize {
        let Some(used) = self.live.detail.slots_used else { return 0 };
        let first = |(row, kept): &(&Row, Option<&Covered>)| {
            row.signature.value() == Some(&LiveSignature::None) && kept.is_some_and(|kept| kept.signature.is_some())
        };
        used as usize + self.rows().filter(first).count()
    }

    fn not_enough_slots(&mut self, held: usize, there_are: u32, after: &str) {
        let verb = if held == 1 { "holds" } else { "hold" };
        let message = format!(
            "{} of order {} {verb} a signature after {after}, on {}",
            count(held, "IP"),
            self.order_id,
            count(there_are, "slot")
        );
        let set = match self.desired.p0f_slots {
            Some(_) => format!("set `p0f_slots: {held}`"),
            None => format!("add `p0f_slots: {held}` to the order"),
        };
        let declared = self.rows().filter(|(_, kept)| kept.is_some_and(|kept| kept.signature.is_some())).count();
        let help = match held.saturating_sub(declared) {
            0 => format!("{set}, or declare fewer signatures"),
            others => format!(
                "{set}: signatures that the manifest does not declare hold {others} of them until their IPs leave the order"
            ),
        };
        let problem = Problem::new(ProblemCode::NotEnoughSlots, message)
            .help(help)
            .at(self.slots_span(), "not enough for the signatures");
        self.problem(problem);
    }
}

/// Returns whether an IP has a signature, or gets one.
fn holds_slot(row: &Row, declared: Option<Signature>) -> bool {
    row.holds_slot || declared.is_some()
}
