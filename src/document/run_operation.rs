//! An operation as the history and the events tell it: neighbouring addresses stand as ranges, so that a run of any size
//! stays small.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::order::signature_word;
use super::{PendingDocument, ResultDocument};
use crate::model::{AddressRun, P0F_SLOTS, ProxyIp, Signature, StepResult};
use crate::plan::{DelNpItem, SignatureItem, Step};

/// How many ranges a document may still hold; what is beyond them is counted only.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Default for Room {
    fn default() -> Room {
        Room(50_000)
    }
}

/// An operation, with lists of IPs as ranges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "RunOperation")]
pub enum RunOperationDocument {
    /// Takes back what is scheduled for the next renewal.
    CancelDowngrade {
        /// The add-on.
        addon_key: String,
        /// What is known to be scheduled; null: unknown.
        pending: Option<PendingDocument>,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
    /// Buys slots: charges the wallet at once.
    PurchaseSlots {
        /// The add-on.
        addon_key: String,
        /// Slots before.
        from_qty: u32,
        /// Slots after.
        to_qty: u32,
        /// Slots that are bought.
        add_qty: u32,
        /// The price of one, in cents.
        price_per_unit_cents: u64,
        /// What is charged at once, in cents.
        charge_cents: u64,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
        /// Whether a later run found that it was made, where its own run could not tell; absent: that is not ruled out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        found_bought: bool,
    },
    /// Sets OS signatures.
    SetSignatures {
        /// The IPs, ascending.
        items: Vec<SignatureRangeDocument>,
        /// IPs that are not listed, because there are too many ranges.
        #[serde(default, skip_serializing_if = "is_none_left_out")]
        ips_left_out: usize,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
    /// Marks IPs to go at the next renewal (true) or to stay (false).
    SetDelNp {
        /// The IPs: those that stay first, each part ascending.
        items: Vec<DelNpRangeDocument>,
        /// IPs that are not listed, because there are too many ranges.
        #[serde(default, skip_serializing_if = "is_none_left_out")]
        ips_left_out: usize,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
    /// Schedules fewer slots for the next renewal.
    ScheduleDowngrade {
        /// The add-on.
        addon_key: String,
        /// Slots now.
        from_qty: u32,
        /// Slots from the next renewal on.
        next_qty: u32,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
    /// Switches automatic renewal on or off.
    SetAutoRenewal {
        /// Whether it is believed to be on; null: unknown.
        from: Option<bool>,
        /// The declared value.
        to: bool,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ResultDocument>,
    },
}

/// Neighbouring IPs that get a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SignatureRange")]
pub struct SignatureRangeDocument {
    /// The first address.
    pub first: String,
    /// The last address; the first where it is one.
    pub last: String,
    /// How many there are; none between them is left out.
    pub ips: usize,
    /// The signature that they are believed to have, `none` where the API says that they have none; null: unknown.
    pub from: Option<String>,
    /// The declared one.
    pub to: Signature,
}

/// Neighbouring IPs that are marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DelNpRange")]
pub struct DelNpRangeDocument {
    /// The first address.
    pub first: String,
    /// The last address; the first where it is one.
    pub last: String,
    /// How many there are; none between them is left out.
    pub ips: usize,
    /// The mark that is known to be set; null: unknown.
    pub from: Option<bool>,
    /// The declared one: true lets the IPs go at the next renewal.
    pub to: bool,
}

fn is_none_left_out(ips: &usize) -> bool {
    *ips == 0
}

impl RunOperationDocument {
    /// Makes the document of an operation; without a result nothing came of it so far.
    pub fn new(step: &Step, result: Option<&StepResult>) -> RunOperationDocument {
        RunOperationDocument::within(&mut Room::default(), step, result.map(|result| ResultDocument::new(result, None)))
    }

    /// Makes it with no more ranges than there is room for.
    pub(super) fn within(room: &mut Room, step: &Step, result: Option<ResultDocument>) -> RunOperationDocument {
        let addon_key = P0F_SLOTS.to_owned();
        match step {
            Step::CancelDowngrade { pending } => {
                RunOperationDocument::CancelDowngrade { addon_key, pending: pending.map(PendingDocument::from), result }
            }
            Step::PurchaseSlots { from_qty, quote } => RunOperationDocument::PurchaseSlots {
                addon_key,
                from_qty: *from_qty,
                to_qty: from_qty.saturating_add(quote.add_qty),
                add_qty: quote.add_qty,
                price_per_unit_cents: quote.price_per_unit.0,
                charge_cents: quote.charge.0,
                result,
                found_bought: false,
            },
            Step::SetSignatures { items } => {
                let runs = runs(items, |item| item.ip, |one, other| (&one.from, one.to) == (&other.from, other.to));
                let (runs, ips_left_out) = room.take(runs);
                let items = runs.into_iter().map(|(run, item)| signature_range(run, item)).collect();
                RunOperationDocument::SetSignatures { items, ips_left_out, result }
            }
            Step::SetDelNp { items } => {
                let runs = runs(items, |item| item.ip, |one, other| (one.from, one.to) == (other.from, other.to));
                let (runs, ips_left_out) = room.take(runs);
                let items = runs.into_iter().map(|(run, item)| mark_range(run, item)).collect();
                RunOperationDocument::SetDelNp { items, ips_left_out, result }
            }
            Step::ScheduleDowngrade { from_qty, next_qty } => {
                let (from_qty, next_qty) = (*from_qty, *next_qty);
                RunOperationDocument::ScheduleDowngrade { addon_key, from_qty, next_qty, result }
            }
            Step::SetAutoRenewal { from, to } => RunOperationDocument::SetAutoRenewal { from: *from, to: *to, result },
        }
    }

    /// Returns what came of it.
    pub fn result(&self) -> Option<&ResultDocument> {
        let (RunOperationDocument::CancelDowngrade { result, .. }
        | RunOperationDocument::PurchaseSlots { result, .. }
        | RunOperationDocument::SetSignatures { result, .. }
        | RunOperationDocument::SetDelNp { result, .. }
        | RunOperationDocument::ScheduleDowngrade { result, .. }
        | RunOperationDocument::SetAutoRenewal { result, .. }) = self;
        result.as_ref()
    }

    pub(super) fn result_mut(&mut self) -> Option<&mut ResultDocument> {
        let (RunOperationDocument::CancelDowngrade { result, .. }
        | RunOperationDocument::PurchaseSlots { result, .. }
        | RunOperationDocument::SetSignatures { result, .. }
        | RunOperationDocument::SetDelNp { result, .. }
        | RunOperationDocument::ScheduleDowngrade { result, .. }
        | RunOperationDocument::SetAutoRenewal { result, .. }) = self;
        result.as_mut()
    }
}

/// Puts items together that say the same of neighbouring addresses, each with the first of them.
fn runs<T>(items: &[T], ip: fn(&T) -> ProxyIp, say_the_same: fn(&T, &T) -> bool) -> Vec<(AddressRun, &T)> {
    let alike = items.chunk_by(say_the_same);
    alike.flat_map(|items| AddressRun::of(items.iter().map(ip)).into_iter().map(|run| (run, &items[0]))).collect()
}

impl Room {
    /// Takes as many ranges as there is room for, and counts the addresses of the others.
    fn take<'a, T>(&mut self, mut runs: Vec<(AddressRun, &'a T)>) -> (Vec<(AddressRun, &'a T)>, usize) {
        let beyond = runs.split_off(runs.len().min(self.0));
        self.0 -= runs.len();
        (runs, beyond.iter().map(|(run, _)| run.count).sum())
    }
}

fn signature_range(run: AddressRun, item: &SignatureItem) -> SignatureRangeDocument {
    let from = item.from.as_ref().map(signature_word);
    let (first, last) = (run.first.to_string(), run.last.to_string());
    SignatureRangeDocument { first, last, ips: run.count, from, to: item.to }
}

fn mark_range(run: AddressRun, item: &DelNpItem) -> DelNpRangeDocument {
    let (first, last) = (run.first.to_string(), run.last.to_string());
    DelNpRangeDocument { first, last, ips: run.count, from: item.from, to: item.to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let mark = |number: u8, to| {
            let ip = ProxyIp::new([203, 0, 113, number].into());
            DelNpItem { ip, from: None, to, newly: to }
        };
        let items = vec![mark(1, false), mark(2, false), mark(3, true), mark(4, true), mark(9, true)];
        let step = Step::SetDelNp { items };
        let listed = |room: usize| match RunOperationDocument::within(&mut Room(room), &step, None) {
            RunOperationDocument::SetDelNp { items, ips_left_out, .. } => {
                let items: Vec<_> = items.into_iter().map(|it| (it.first, it.last, it.ips, it.to)).collect();
                (items, ips_left_out)
            }
            other => panic!("{other:?}"),
        };
        let all = [("203.0.113.1", "203.0.113.2", 2, false), ("203.0.113.3", "203.0.113.4", 2, true)];
        let mut all = all.map(|(first, last, ips, to)| (first.to_owned(), last.to_owned(), ips, to)).to_vec();
        all.push(("203.0.113.9".to_owned(), "203.0.113.9".to_owned(), 1, true));
        assert_eq!(listed(3), (all.clone(), 0));
        assert_eq!(listed(2), (all[..2].to_vec(), 1));
        assert_eq!(listed(0), (Vec::new(), 5));
    }
}
