//! A manifest for live orders.

use std::io::{self, Write};

use super::words::printable;
use crate::model::{LiveOrder, OrderId, PendingChange, Recorded};
use crate::plan::{DEFAULT_MAX_CHARGE, DEFAULT_MAX_REMOVAL_PERCENT};

/// An order to write a manifest for.
#[derive(Debug, Clone, Copy)]
pub struct Imported<'a> {
    /// The order.
    pub order_id: OrderId,
    /// What is live.
    pub live: &'a LiveOrder,
    /// What is recorded.
    pub recorded: &'a Recorded,
}

/// Writes a manifest that plans to nothing but assertions; what cannot be known stands in comments.
pub fn manifest(out: &mut dyn Write, orders: &[Imported<'_>]) -> io::Result<()> {
    writeln!(out, "# Help in editors: shardctl schema manifest > manifest.schema.json")?;
    writeln!(out, "# yaml-language-server: $schema=manifest.schema.json")?;
    writeln!(out, "version: 1\n")?;
    writeln!(out, "limits:")?;
    writeln!(
        out,
        "  max_charge_cents: {}  # the most that one apply may charge; 0 buys nothing",
        DEFAULT_MAX_CHARGE.0
    )?;
    writeln!(
        out,
        "  max_removal_percent: {DEFAULT_MAX_REMOVAL_PERCENT}  # the most of an order's IPs that one apply may let go\n"
    )?;
    writeln!(out, "orders:")?;
    orders.iter().try_for_each(|order| write_order(out, order))
}

fn write_order(out: &mut dyn Write, imported: &Imported<'_>) -> io::Result<()> {
    let Imported { order_id, live, recorded } = *imported;
    writeln!(out, "  {order_id}:")?;
    if let Some(renewal) = &live.renewal {
        writeln!(out, "    # renews on {}", printable(&renewal.day()))?;
    }
    if let Some(tag) = &live.tag {
        writeln!(out, "    tag: {}", super::diff::scalar(tag))?;
    }
    let slots = live.slots.map_or(0, |slots| slots.current_qty);
    let known = recorded.slots.filter(|known| known.qty == slots);
    match (slots, known.and_then(|known| known.pending)) {
        (0, _) => writeln!(out, "    # p0f_slots: 0 now")?,
        (_, Some(PendingChange::Cancel {})) => writeln!(out, "    # p0f_slots: {slots} now, none from the renewal on")?,
        (_, None) if known.is_some() => writeln!(out, "    p0f_slots: {slots}")?,
        (_, None) => writeln!(out, "    p0f_slots: {slots}  # whether a downgrade is pending cannot be read")?,
        (_, Some(pending)) => {
            writeln!(out, "    p0f_slots: {}  # {slots} now, until the renewal", pending.next_qty())?;
        }
    }
    write_keep(out, imported)
}

fn write_keep(out: &mut dyn Write, imported: &Imported<'_>) -> io::Result<()> {
    let Imported { live, recorded, .. } = *imported;
    let leaves = |ip| recorded.del_np.get(ip) == Some(&true);
    if live.active.iter().all(leaves) {
        return writeln!(out, "    # keep: no IP stays");
    }
    writeln!(out, "    keep:")?;
    for ip in &live.active {
        let address = super::diff::scalar(&ip.to_string());
        match recorded.signatures.get(ip) {
            _ if leaves(ip) => writeln!(out, "      # {address} is marked to go")?,
            Some(signature) => writeln!(out, "      {address}: {signature}")?,
            None => writeln!(out, "      {address}:  # signature unknown, not managed")?,
        }
    }
    Ok(())
}
