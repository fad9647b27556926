//! What a plan without changes rests on.

use crate::document::PlanView;
use crate::model::{DesiredOrder, count};
use crate::plan::{Believed, OrderPlan, resolve};

/// What only the record says, of all that is declared.
#[derive(Default)]
struct OnRecord {
    marks: usize,
    signatures: usize,
    pending: usize,
    auto_renewals: usize,
}

/// Says that there are no changes, and what that rests on.
pub(in crate::render) fn no_changes(view: &PlanView<'_>) -> String {
    let mut on_record = OnRecord::default();
    for order in &view.plan.orders {
        if let Some(desired) = view.desired.orders.get(&order.order_id) {
            on_record.count(order, desired);
        }
    }
    format!("No changes.{}", on_record.sentence())
}

impl OnRecord {
    fn count(&mut self, order: &OrderPlan, desired: &DesiredOrder) {
        let Some(belief) = order.seen.as_ref().map(|seen| &seen.belief) else { return };
        if let Some(keep) = &desired.keep {
            let covered = resolve(keep, belief.rows.iter().map(|row| row.ip)).covered;
            for (row, covered) in belief.rows.iter().zip(covered) {
                let is_managed = desired.prune || covered.is_some();
                self.marks += usize::from(is_managed && is_recorded(&row.mark));
                let declares = covered.is_some_and(|covered| covered.signature.is_some());
                self.signatures += usize::from(declares && is_recorded(&row.signature));
            }
        }
        self.pending += usize::from(desired.p0f_slots.is_some() && is_recorded(&belief.pending));
        self.auto_renewals += usize::from(desired.auto_renewal.is_some() && is_recorded(&belief.auto_renewal));
    }

    fn sentence(&self) -> String {
        let OnRecord { marks, signatures, pending, auto_renewals } = *self;
        let of_orders = |orders, what: &str| format!("{what} of {}", count(orders, "order"));
        let mut parts = Vec::new();
        parts.extend((marks > 0).then(|| count(marks, "mark")));
        parts.extend((signatures > 0).then(|| count(signatures, "signature")));
        parts.extend((pending > 0).then(|| of_orders(pending, "what is scheduled for the slots")));
        parts.extend((auto_renewals > 0).then(|| of_orders(auto_renewals, "the automatic renewal")));
        let is_one = parts.len() == 1 && marks <= 1 && signatures <= 1;
        let (rest, them) = if is_one { ("rests", "it") } else { ("rest", "them") };
        match parts.pop() {
            None => String::new(),
            Some(last) => {
                let list = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
                format!(" {} {rest} on the record alone: no call of the API reports {them}.", capitalized(&list))
            }
        }
    }
}

fn is_recorded<T>(believed: &Believed<T>) -> bool {
    matches!(believed, Believed::Recorded(_))
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
