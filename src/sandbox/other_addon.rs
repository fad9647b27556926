//! An add-on of an order beside the slots.

use serde::{Deserialize, Serialize};

use crate::model::{Cents, PendingChange};

/// An add-on that only the panel sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherAddon {
    /// Units in the current period.
    pub qty: u32,
    /// The price of one for a period.
    pub price_cents: Cents,
    /// The change at the next renewal.
    #[serde(default)]
    pub pending: Option<PendingChange>,
}

impl OtherAddon {
    /// Returns how many there are from the next renewal on.
    pub(super) fn next_qty(&self) -> u32 {
        self.pending.map_or(self.qty, PendingChange::next_qty)
    }
}
