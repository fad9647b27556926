//! The fields that the levels of a manifest have.

/// One kind of mapping: how a message names it, and the fields that it has.
pub(super) struct Level<const N: usize> {
    pub name: &'static str,
    pub fields: [&'static str; N],
}

pub(super) const MANIFEST: Level<3> = Level { name: "a manifest", fields: ["version", "limits", "orders"] };
pub(super) const LIMITS: Level<3> =
    Level { name: "`limits`", fields: ["max_charge_cents", "max_removal_percent", "max_removals"] };
pub(super) const ORDER: Level<5> =
    Level { name: "an order", fields: ["tag", "p0f_slots", "auto_renewal", "prune", "keep"] };

/// Returns whether any level of a manifest has a field of that name.
pub(super) fn is_field(text: &str) -> bool {
    MANIFEST.fields.contains(&text) || LIMITS.fields.contains(&text) || ORDER.fields.contains(&text)
}
