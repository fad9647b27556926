//! What a plan rests on that only the record says.

use super::believed::Believed;
use super::resolve::resolve;
use super::{OrderPlan, Plan};
use crate::model::{Desired, DesiredOrder};

/// What only the record says, of all that is declared, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnRecord {
    /// IPs that are marked to go or to stay.
    pub marks: usize,
    /// IPs with a signature.
    pub signatures: usize,
    /// Orders with what is scheduled for their slots.
    pub pending: usize,
    /// Orders with what is set for their automatic renewal.
    pub auto_renewals: usize,
}

impl OnRecord {
    /// Counts what a plan rests on.
    pub fn new(plan: &Plan, desired: &Desired) -> OnRecord {
        let mut on_record = OnRecord::default();
        for order in &plan.orders {
            if let Some(desired) = desired.orders.get(&order.order_id) {
                on_record.count(order, desired);
            }
        }
        on_record
    }

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
}

fn is_recorded<T>(believed: &Believed<T>) -> bool {
    matches!(believed, Believed::Recorded(_))
}
