//! A manifest for live orders.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::manifest::write::{Key, scalar};
use crate::model::{Foreign, LiveOrder, OrderId, PendingChange, Recorded};
use crate::plan::{DEFAULT_MAX_CHARGE, DEFAULT_MAX_REMOVAL_PERCENT, Knowledge, PendingKnowledge};

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

/// Writes a manifest that plans to nothing but assertions; what cannot be known stands in comments. `now` is when what is
/// live was read.
pub fn manifest(out: &mut dyn Write, orders: &[Imported<'_>], now: Timestamp) -> io::Result<()> {
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
    orders.iter().try_for_each(|order| write_order(out, order, now))
}

fn write_order(out: &mut dyn Write, imported: &Imported<'_>, now: Timestamp) -> io::Result<()> {
    let Imported { order_id, live, recorded } = *imported;
    let knowledge = Knowledge::new(recorded, live, now, false, &mut Vec::new());
    writeln!(out, "  {order_id}:")?;
    if let Some(renewal) = &live.renewal {
        writeln!(out, "    # renews on {}", renewal.day())?;
    }
    if knowledge.unsettled.is_some() {
        writeln!(out, "    # a purchase of slots is under way: the number below may be one too early")?;
    }
    if let Some(tag) = live.tag.as_ref().map(Foreign::raw).filter(|tag| !tag.is_empty()) {
        writeln!(out, "    tag: {}", scalar(tag))?;
    }
    write_slots(out, live, &knowledge)?;
    write_keep(out, live, &knowledge)
}

fn write_slots(out: &mut dyn Write, live: &LiveOrder, knowledge: &Knowledge) -> io::Result<()> {
    let slots = live.slots.unwrap_or(0);
    let held = live.active.keys().filter(|ip| knowledge.mark(ip) != Some(true) && knowledge.holds_slot(ip)).count();
    match knowledge.pending {
        _ if slots == 0 => writeln!(out, "    # p0f_slots: 0 now"),
        PendingKnowledge::Known(Some(PendingChange::Cancel {})) => {
            writeln!(out, "    # p0f_slots: {slots} now, none from the renewal on")
        }
        PendingKnowledge::Known(Some(pending)) if held > pending.next_qty() as usize => {
            let next = pending.next_qty();
            writeln!(out, "    # p0f_slots: {slots} now, {next} from the renewal on, and {held} signatures hold slots")
        }
        _ if held > slots as usize => writeln!(out, "    # p0f_slots: {slots} now, and {held} signatures hold slots"),
        PendingKnowledge::Known(Some(pending)) => {
            writeln!(out, "    p0f_slots: {}  # {slots} now, until the renewal", pending.next_qty())
        }
        PendingKnowledge::Known(None) => writeln!(out, "    p0f_slots: {slots}"),
        PendingKnowledge::Unknown => {
            writeln!(out, "    p0f_slots: {slots}  # whether a downgrade is pending cannot be read")
        }
    }
}

fn write_keep(out: &mut dyn Write, live: &LiveOrder, knowledge: &Knowledge) -> io::Result<()> {
    let leaves = |ip| knowledge.mark(ip) == Some(true);
    if live.active.keys().all(leaves) {
        return writeln!(out, "    # keep: no IP stays");
    }
    writeln!(out, "    keep:")?;
    for ip in live.active.keys() {
        let address = Key(*ip);
        match knowledge.signature(ip) {
            _ if leaves(ip) => writeln!(out, "      # {address} is marked to go")?,
            Some(signature) => writeln!(out, "      {address}: {signature}")?,
            None => writeln!(out, "      {address}:  # signature unknown, not managed")?,
        }
    }
    Ok(())
}
