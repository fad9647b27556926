//! The comparison of one order under way: what is declared beside what is believed.

use super::belief::Belief;
use super::resolve::{Covered, Resolved};
use super::rows::Row;
use super::{Options, OrderPlan};
use crate::diagnostic::{Note, Problem};
use crate::model::{DesiredOrder, LiveOrder, OrderId, OrderStatus, Span};

/// The comparison of one order under way.
pub(super) struct Difference<'a> {
    pub(super) order_id: OrderId,
    pub(super) desired: &'a DesiredOrder,
    pub(super) live: &'a LiveOrder,
    /// What `keep` covers, where the order's IPs are managed.
    pub(super) resolved: Option<Resolved<'a>>,
    pub(super) belief: &'a Belief,
    pub(super) options: &'a Options,
    pub(super) order: &'a mut OrderPlan,
}

impl Difference<'_> {
    /// Iterates over the active IPs, each with what the manifest says of it where it keeps the IP.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Row, Option<&Covered>)> {
        let covered = self.resolved.as_ref().map_or(&[][..], |resolved| &resolved.covered);
        let covered = covered.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        self.belief.rows.iter().zip(covered)
    }

    /// Returns whether an IP is still there after the renewal.
    pub(super) fn stays(&self, row: &Row, kept: Option<&Covered>) -> bool {
        match kept {
            Some(_) => true,
            None if self.desired.keep.is_some() && self.desired.prune => false,
            None => !row.was_leaving(),
        }
    }

    /// Returns the slots that the manifest wants and those that there are, where slots are managed.
    pub(super) fn managed_slots(&self) -> Option<(u32, u32)> {
        Some((self.desired.p0f_slots.as_ref()?.value, self.order.slots?))
    }

    /// Returns whether the order's status allows no purchase.
    pub(super) fn cannot_buy(&self) -> bool {
        matches!(self.live.detail.status, Some(OrderStatus::OnHold | OrderStatus::Cancelled))
    }

    /// Returns where the number of slots stands, or the order where none is declared.
    pub(super) fn slots_span(&self) -> Span {
        self.desired.p0f_slots.as_ref().map_or(self.desired.span, |slots| slots.span)
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.order.problems.push(problem.order(self.order_id));
    }

    pub(super) fn note(&mut self, note: Note) {
        self.order.notes.push(note);
    }
}
