//! A manifest for live orders.

use std::io::{self, Write};

use crate::manifest::write::{Key, scalar};
use crate::model::{Foreign, LiveOrder, LiveSignature, OrderId, PendingChange};
use crate::plan::{Belief, DEFAULT_MAX_CHARGE, DEFAULT_MAX_REMOVAL_PERCENT, Row, Seen};

/// An order to write a manifest for.
#[derive(Debug, Clone, Copy)]
pub struct Imported<'a> {
    /// The order.
    pub order_id: OrderId,
    /// What is live.
    pub live: &'a LiveOrder,
    /// What is made of it.
    pub seen: &'a Seen,
}

/// Writes a manifest that plans to nothing but assertions; what cannot be known stands in comments.
pub fn manifest(out: &mut dyn Write, orders: &[Imported<'_>]) -> io::Result<()> {
    writeln!(out, "# Help in editors: shardctl schema manifest > manifest.schema.json")?;
    writeln!(out, "# yaml-language-server: $schema=manifest.schema.json")?;
    writeln!(out, "version: 1\n")?;
    writeln!(out, "limits:")?;
    let (charge, percent) = (DEFAULT_MAX_CHARGE.0, DEFAULT_MAX_REMOVAL_PERCENT);
    writeln!(out, "  max_charge_cents: {charge}  # the most that one apply may charge; 0 buys nothing")?;
    writeln!(
        out,
        "  max_removal_percent: {percent}  # the most of an order's active IPs that one apply may newly let go\n"
    )?;
    writeln!(out, "orders:")?;
    orders.iter().try_for_each(|order| write_order(out, order))
}

fn write_order(out: &mut dyn Write, imported: &Imported<'_>) -> io::Result<()> {
    let Imported { order_id, live, seen: Seen { belief, .. } } = *imported;
    writeln!(out, "  {order_id}:")?;
    if let Some(renewal) = &live.renewal {
        writeln!(out, "    # renews on {}", renewal.day())?;
    }
    if belief.unsettled.is_some() {
        writeln!(out, "    # a purchase of slots is under way: the number below may be one too early")?;
    }
    if let Some(tag) = live.tag.as_ref().map(Foreign::raw).filter(|tag| !tag.is_empty()) {
        writeln!(out, "    tag: {}", scalar(tag))?;
    }
    write_slots(out, live, belief)?;
    write_keep(out, belief)
}

fn write_slots(out: &mut dyn Write, live: &LiveOrder, belief: &Belief) -> io::Result<()> {
    let slots = live.slots.unwrap_or(0);
    let held = belief.rows.iter().filter(|row| !row.leaves() && row.holds_slot).count();
    match belief.pending.value() {
        _ if slots == 0 => writeln!(out, "    # p0f_slots: 0 now"),
        Some(Some(PendingChange::Cancel {})) => {
            writeln!(out, "    # p0f_slots: {slots} now, none from the renewal on")
        }
        Some(Some(pending)) if held > pending.next_qty() as usize => {
            let next = pending.next_qty();
            writeln!(out, "    # p0f_slots: {slots} now, {next} from the renewal on, and {held} signatures hold slots")
        }
        _ if held > slots as usize => writeln!(out, "    # p0f_slots: {slots} now, and {held} signatures hold slots"),
        Some(Some(pending)) => {
            writeln!(out, "    p0f_slots: {}  # {slots} now, until the renewal", pending.next_qty())
        }
        Some(None) => writeln!(out, "    p0f_slots: {slots}"),
        None => writeln!(out, "    p0f_slots: {slots}  # whether a downgrade is pending cannot be read"),
    }
}

fn write_keep(out: &mut dyn Write, belief: &Belief) -> io::Result<()> {
    if belief.rows.iter().all(Row::leaves) {
        return writeln!(out, "    # keep: no IP stays");
    }
    writeln!(out, "    keep:")?;
    for row in &belief.rows {
        let address = Key(row.ip);
        match row.signature.value() {
            _ if row.leaves() => writeln!(out, "      # {address} is marked to go")?,
            Some(LiveSignature::Known(signature)) => writeln!(out, "      {address}: {signature}")?,
            _ => writeln!(out, "      {address}:  # signature unknown, not managed")?,
        }
    }
    Ok(())
}
