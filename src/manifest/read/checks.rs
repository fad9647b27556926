//! What must hold for an order beyond the form of its fields.

use crate::diagnostic::{Problem, ProblemCode};
use crate::model::{DesiredOrder, OrderId, Span};

/// An order as it was decoded, for the checks to look at.
pub(super) struct Checked<'o> {
    pub order: &'o DesiredOrder,
    /// The order's id; `None` where the key is not one.
    pub order_id: Option<OrderId>,
    /// Where the key `keep` stands.
    pub keep_at: Option<Span>,
}

/// Every check; a new rule for orders is a new line here.
const CHECKS: &[fn(&Checked<'_>) -> Option<Problem>] = &[empty_keep, slots_below_signatures];

/// Runs every check on an order.
pub(super) fn run(checked: &Checked<'_>) -> impl Iterator<Item = Problem> {
    CHECKS.iter().filter_map(move |check| check(checked))
}

fn empty_keep(checked: &Checked<'_>) -> Option<Problem> {
    let at = checked.keep_at?;
    let empty = checked.order.keep.as_ref()?.is_empty();
    empty.then(|| {
        Problem::new(ProblemCode::EmptyKeep, "`keep` lists no IP").at(at, "expected at least one IP").help(
            "the API lets no order go without an IP: list the IPs to keep, or remove `keep` to leave all of them alone",
        )
    })
}

fn slots_below_signatures(checked: &Checked<'_>) -> Option<Problem> {
    let slots = checked.order.p0f_slots.as_ref()?;
    // Which IPs lie in a range only the live order tells, and it may be none that takes a slot.
    let kept = checked.order.keep.iter().flat_map(|keep| keep.addresses.values());
    let signed = || kept.clone().filter(|kept| kept.signature.is_some());
    let count = signed().count();
    let first = signed().map(|kept| kept.span).min()?;
    if count <= slots.value as usize {
        return None;
    }
    let order = checked.order_id.map_or_else(|| "the order".to_owned(), |order_id| format!("order {order_id}"));
    let message = format!("{order} declares {} for {}", counted(count, "signature"), counted(slots.value, "p0f slot"));
    Some(
        Problem::new(ProblemCode::SlotsBelowSignatures, message)
            .at(slots.span, format!("expected at least {count}"))
            .also_at(first, "the first IP with a signature")
            .help(format!(
                "each signature takes a slot: set `p0f_slots` to {count} or more, or declare fewer signatures"
            )),
    )
}

fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    if count == "1" { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
