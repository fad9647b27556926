//! The add-ons of an order, as its detail and the answers to writes list them, and what they cost.

use serde::Serialize;

use super::account::{OTHER_CATALOG_ID, SLOTS_CATALOG_ID};
use super::order::{Order, times};
use crate::model::{Cents, P0F_SLOTS, PendingChange};

/// A line of an order's `addons`.
#[derive(Serialize)]
pub(super) struct AddonLine<'a> {
    pub(super) addon_key: &'a str,
    pub(super) catalog_id: u32,
    pub(super) qty: u32,
    pub(super) price_per_unit: Cents,
    pub(super) pending: Option<PendingChange>,
}

impl Order {
    /// Returns the price of all add-ons of the current period.
    pub fn price_of_addons(&self) -> Cents {
        let others = self.other_addons.values().map(|addon| times(addon.price_cents, addon.qty));
        self.addons_price_paid.plus(others.sum())
    }

    /// Returns the price of all add-ons of the next period.
    pub(super) fn next_price_of_addons(&self) -> Cents {
        let others = self.other_addons.values().map(|addon| times(addon.price_cents, addon.next_qty()));
        times(self.price_per_unit, self.next_slots()).plus(others.sum())
    }

    /// Lists the add-ons of which there are any.
    pub(super) fn addons(&self) -> Vec<AddonLine<'_>> {
        let slots = AddonLine {
            addon_key: P0F_SLOTS,
            catalog_id: SLOTS_CATALOG_ID,
            qty: self.p0f_slots,
            price_per_unit: self.price_per_unit,
            pending: self.pending,
        };
        let others = self.other_addons.iter().map(|(addon_key, addon)| AddonLine {
            addon_key,
            catalog_id: OTHER_CATALOG_ID,
            qty: addon.qty,
            price_per_unit: addon.price_cents,
            pending: addon.pending,
        });
        (self.p0f_slots > 0).then_some(slots).into_iter().chain(others).collect()
    }
}
