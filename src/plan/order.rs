//! The plan of one order.

use jiff::Timestamp;

use super::knowledge::{Knowledge, PendingKnowledge};
use super::operation::{DelNpItem, Operation, SignatureItem};
use super::resolve::resolve;
use super::walk::{Row, rows};
use super::{Options, OrderPlan};
use crate::diagnostic::{Note, NoteCode, Problem, ProblemCode};
use crate::model::{
    DesiredOrder, LiveOrder, LiveSlots, OrderId, PendingChange, ProxyIp, ReadFailure, Recorded, Signature, Span, count,
};

/// Compares one order's three states.
pub(super) fn plan_order(
    order_id: OrderId,
    desired: &DesiredOrder,
    live: &Result<LiveOrder, ReadFailure>,
    recorded: &Result<Recorded, String>,
    options: &Options,
) -> OrderPlan {
    let mut order = OrderPlan {
        order_id,
        tag: None,
        renewal: None,
        active_ips: None,
        slots: None,
        operations: Vec::new(),
        problems: Vec::new(),
        notes: Vec::new(),
        knowledge: None,
    };
    match live {
        Ok(live) => {
            order.tag.clone_from(&live.tag);
            order.renewal.clone_from(&live.renewal);
            order.active_ips = Some(live.active.len());
            order.slots = live.slots.map(|slots| slots.current_qty);
        }
        Err(failure) => order.problems.push(read_problem(order_id, desired, failure)),
    }
    if let Err(message) = recorded {
        order.problems.push(state_problem(order_id, desired, message));
    }
    if let (Ok(live), Ok(recorded)) = (live, recorded) {
        let knowledge = Knowledge::new(recorded, live, options.now, options.reassert, &mut order.notes);
        Difference { order_id, desired, live, knowledge: &knowledge, now: options.now, order: &mut order }.take();
        order.knowledge = Some(knowledge);
    }
    order
}

/// The comparison of one order under way.
struct Difference<'a> {
    order_id: OrderId,
    desired: &'a DesiredOrder,
    live: &'a LiveOrder,
    knowledge: &'a Knowledge,
    now: Timestamp,
    order: &'a mut OrderPlan,
}

impl Difference<'_> {
    /// Fills the plan with operations, in the order in which they are carried out, with problems and notes.
    fn take(mut self) {
        self.check_tag();
        self.check_unsettled();
        self.cancel_downgrade();
        self.purchase_slots();
        self.set_signatures();
        self.set_del_np();
        self.schedule_downgrade();
        self.check_slots();
    }

    fn problem(&mut self, problem: Problem) {
        self.order.problems.push(problem.order(self.order_id));
    }

    fn check_tag(&mut self) {
        let Some(declared) = &self.desired.tag else { return };
        if self.live.tag.as_deref() == Some(declared.value.raw()) {
            return;
        }
        let (live, but) = match &self.live.tag {
            Some(tag) => (format!("the tag `{tag}`"), "not"),
            None => ("no tag".to_owned(), "and the manifest declares"),
        };
        let message = format!("order {} has {live}, {but} `{}`", self.order_id, declared.value.raw());
        let problem = Problem::new(ProblemCode::TagMismatch, message)
            .help("is the order id right? If it is, change the tag here or in the panel")
            .at(declared.span, format!("the live order has {live}"));
        self.problem(problem);
    }

    fn check_unsettled(&mut self) {
        let Some(intent) = self.knowledge.unsettled else { return };
        let message = format!(
            "the outcome of the purchase of {}, begun at {}, is unknown: the order would have {}",
            count(intent.add_qty, "p0f slot"),
            intent.when,
            count(intent.to_qty(), "slot")
        );
        let help = match intent.when > self.now {
            true => {
                "the purchase lies in the future: set this machine's clock right; where it is right, look at the order's \
                     slots in the panel and drop the record by `shardctl state forget`"
            }
            false => "run again later: it is settled once the slots show it, or void 10 minutes after it was sent",
        };
        let problem = Problem::new(ProblemCode::PurchaseUnsettled, message).help(help).at(self.desired.span, "");
        self.problem(problem);
    }

    /// Returns the slots that the manifest wants and those that there are, where slots are managed.
    fn managed_slots(&self) -> Option<(u32, LiveSlots)> {
        Some((self.desired.p0f_slots.as_ref()?.value, self.live.slots?))
    }

    /// Returns where the number of slots stands, or the order where none is declared.
    fn slots_span(&self) -> Span {
        self.desired.p0f_slots.as_ref().map_or(self.desired.span, |slots| slots.span)
    }

    fn cancel_downgrade(&mut self) {
        let Some((wanted, slots)) = self.managed_slots() else { return };
        let pending = match self.knowledge.pending {
            PendingKnowledge::Known(None) => return,
            PendingKnowledge::Known(Some(pending)) if is_wanted(pending, wanted, slots.current_qty) => return,
            PendingKnowledge::Known(pending) => pending,
            PendingKnowledge::Unknown => None,
        };
        self.order.operations.push(Operation::CancelDowngrade { pending });
    }

    fn purchase_slots(&mut self) {
        let Some((wanted, slots)) = self.managed_slots() else { return };
        let missing = wanted.saturating_sub(slots.current_qty);
        if missing == 0 {
            return;
        }
        match slots.quote.filter(|quote| quote.add_qty == missing) {
            Some(quote) => self.order.operations.push(Operation::PurchaseSlots { from_qty: slots.current_qty, quote }),
            None => {
                let message = format!(
                    "the API shows no price for {}, so that nothing can be bought",
                    count(missing, "more p0f slot")
                );
                let problem =
                    Problem::new(ProblemCode::ApiError, message).help("run again later").at(self.slots_span(), "");
                self.problem(problem);
            }
        }
    }

    fn set_signatures(&mut self) {
        self.check_kept_ips();
        let mut items = Vec::new();
        for row in rows(self.desired, self.live, self.knowledge) {
            let from = row.signature.filter(|_| !self.knowledge.reassert);
            match (row.kept.map(|kept| kept.signature), row.signature) {
                (Some(Some(to)), _) if from != Some(to) => items.push(SignatureItem { ip: row.ip, from, to }),
                (Some(None), Some(stays)) => self.order.notes.push(signature_stays(row.ip, stays)),
                _ => {}
            }
        }
        if !items.is_empty() {
            self.order.operations.push(Operation::SetSignatures { items });
        }
    }

    /// Checks that every kept IP is one of the order's active IPs, and that every range holds one.
    fn check_kept_ips(&mut self) {
        let Some(keep) = &self.desired.keep else { return };
        let resolved = resolve(keep, self.live.active.iter().copied());
        for (ip, kept) in resolved.missing {
            let message = format!("{ip} is not an active IP of order {}", self.order_id);
            let problem = Problem::new(ProblemCode::IpNotInOrder, message)
                .help("remove the line, or find the order that this IP belongs to")
                .ip(ip)
                .at(kept.span, "not among the order's active IPs");
            self.problem(problem);
        }
        for (range, kept) in resolved.empty {
            let message = format!("no active IP of order {} lies in {range}", self.order_id);
            let problem = Problem::new(ProblemCode::IpNotInOrder, message)
                .help("remove the line, or find the order that these IPs belong to")
                .at(kept.span, "none of the order's active IPs");
            self.problem(problem);
        }
    }

    fn set_del_np(&mut self) {
        if self.desired.keep.is_none() {
            return;
        }
        let (mut staying, mut leaving, mut already_leaving) = (Vec::new(), Vec::new(), 0usize);
        for row in rows(self.desired, self.live, self.knowledge) {
            let to = row.kept.is_none();
            if to && !self.desired.prune {
                continue;
            }
            let from = row.mark.filter(|_| !self.knowledge.reassert);
            already_leaving += usize::from(to && row.mark == Some(true));
            if from != Some(to) {
                if to { &mut leaving } else { &mut staying }.push(DelNpItem { ip: row.ip, from, to });
            }
        }
        if already_leaving > 0 {
            let message = match already_leaving {
                1 => "1 IP was marked to go before this plan".to_owned(),
                count => format!("{count} IPs were marked to go before this plan"),
            };
            self.order.notes.push(Note::new(NoteCode::AlreadyLeaving, message));
        }
        staying.append(&mut leaving);
        if !staying.is_empty() {
            self.order.operations.push(Operation::SetDelNp { items: staying });
        }
    }

    fn schedule_downgrade(&mut self) {
        let Some((wanted, slots)) = self.managed_slots() else { return };
        let from_qty = slots.current_qty;
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
        if self.knowledge.pending != PendingKnowledge::Known(very_downgrade) {
            self.order.operations.push(Operation::ScheduleDowngrade { from_qty, next_qty: wanted });
        }
    }

    /// Checks that there is a slot for every active IP that has a signature or gets one, and goes on to be one where
    /// slots end at the renewal.
    fn check_slots(&mut self) {
        let Some(slots) = self.live.slots else { return };
        let wanted = self.desired.p0f_slots.as_ref().map(|wanted| wanted.value);
        let there_are = wanted.unwrap_or(0).max(slots.current_qty);
        let (mut held, mut held_on) = (0usize, 0usize);
        for row in rows(self.desired, self.live, self.knowledge).filter(Row::holds_slot) {
            held += 1;
            held_on += usize::from(row.stays(self.desired));
        }
        if held > there_are as usize {
            self.not_enough_slots(held, there_are, "this plan");
        } else if let Some(wanted) = wanted.filter(|wanted| held_on > *wanted as usize) {
            self.not_enough_slots(held_on, wanted, "the renewal");
        }
    }

    fn not_enough_slots(&mut self, held: usize, there_are: u32, after: &str) {
        let message = format!(
            "{} of order {} hold a signature after {after}, on {}",
            count(held, "IP"),
            self.order_id,
            count(there_are, "slot")
        );
        let set = match self.desired.p0f_slots {
            Some(_) => format!("set `p0f_slots: {held}`"),
            None => format!("add `p0f_slots: {held}` to the order"),
        };
        let is_declared = |row: &Row| row.kept.is_some_and(|kept| kept.signature.is_some());
        let declared = rows(self.desired, self.live, self.knowledge).filter(is_declared).count();
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

fn signature_stays(ip: ProxyIp, signature: Signature) -> Note {
    let message = format!("{ip} still has the signature {signature} and its slot: a signature cannot be removed");
    Note::new(NoteCode::SignatureStays, message).ip(ip)
}

/// Tells whether what is scheduled is what the manifest wants.
fn is_wanted(pending: PendingChange, wanted: u32, current_qty: u32) -> bool {
    wanted < current_qty && pending.next_qty() == wanted
}

/// What to do about an order that the API does not have.
const MEND_ORDER: &str = "remove the order from the manifest, or mend its id";

fn read_problem(order_id: OrderId, desired: &DesiredOrder, failure: &ReadFailure) -> Problem {
    let could_not = |message: &str| format!("order {order_id} could not be read: {message}");
    let misdirected = format!(
        "this is not how the API answers: check --api-url (PROXYSHARD_API_URL); where it is right, {MEND_ORDER}"
    );
    let problem = match failure {
        ReadFailure::Unavailable { message, from_api: true } => {
            let text = format!("order {order_id} is not an order of datacenter or ISP proxies ({message})");
            Problem::new(ProblemCode::OrderUnavailable, text).help(MEND_ORDER)
        }
        ReadFailure::Unavailable { message, from_api: false } => {
            Problem::new(ProblemCode::OrderUnavailable, could_not(message)).help(misdirected)
        }
        // The API's own words say which order it is.
        ReadFailure::NotFound { message, from_api: true } => {
            Problem::new(ProblemCode::OrderNotFound, message).help(MEND_ORDER)
        }
        ReadFailure::NotFound { message, from_api: false } => {
            Problem::new(ProblemCode::OrderNotFound, could_not(message)).help(misdirected)
        }
        ReadFailure::Failed { message } => Problem::new(ProblemCode::ApiError, could_not(message)),
    };
    problem.order(order_id).at(desired.span, "")
}

fn state_problem(order_id: OrderId, desired: &DesiredOrder, message: &str) -> Problem {
    Problem::new(ProblemCode::StateMismatch, message)
        .help(format!(
            "restore the file, name another place by --state, or drop the record by `shardctl state forget {order_id}`: \
             everything about the order is then unknown and is asserted once, and a purchase that is open is forgotten"
        ))
        .order(order_id)
        .at(desired.span, "")
}
