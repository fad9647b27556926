//! A manifest for live orders.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::manifest::write::{self, Indent, OrderToWrite, Remarked};
use crate::model::{
    AddressRun, Foreign, LiveOrder, LiveSignature, OrderId, OrderStatus, PendingChange, ProxyIp, Renewal, Signature,
    count, minute,
};
use crate::plan::{Belief, DEFAULT_MAX_CHARGE, DEFAULT_MAX_REMOVAL_PERCENT, DEFAULT_MAX_REMOVALS, Row, Seen};

/// An order to write a manifest for.
#[derive(Debug, Clone, Copy)]
pub struct Imported<'a> {
    /// The order.
    pub order_id: OrderId,
    /// What is live.
    pub live: &'a LiveOrder,
    /// What is made of it.
    pub seen: &'a Seen,
    /// When it was read: what a comment says is true on that day.
    pub as_of: Timestamp,
}

/// How wide a comment of an order is, so that a line stays within the 80 columns that `yamllint` asks for.
const WIDTH: usize = 74;
/// The most characters of a signature that cannot be declared.
const MAX_WORD: usize = 20;

/// Writes a manifest that plans to nothing but assertions; what cannot be known stands in comments.
///
/// # Errors
///
/// Those of the writer.
pub fn manifest(out: &mut dyn Write, orders: &[Imported<'_>]) -> io::Result<()> {
    let (charge, percent, removals) = (DEFAULT_MAX_CHARGE.0, DEFAULT_MAX_REMOVAL_PERCENT, DEFAULT_MAX_REMOVALS);
    let mut text = format!(
        "---
# Help in editors: shardctl schema manifest > manifest.schema.json
# yaml-language-server: $schema=manifest.schema.json
version: 1

limits:
  # The most that one apply may charge, in cents: 0 buys nothing.
  max_charge_cents: {charge}
  # The most that one apply may newly let go: of an order's IPs, in percent,
  # and of all IPs.
  max_removal_percent: {percent}
  max_removals: {removals}

orders:
"
    );
    orders.iter().for_each(|imported| write::order(&mut text, &order(imported), Indent::default()));
    out.write_all(text.as_bytes())
}

/// Makes what a manifest says of an order.
pub fn order(imported: &Imported<'_>) -> OrderToWrite {
    let Imported { order_id, live, seen: Seen { belief, .. }, as_of } = *imported;
    let remarks = [
        facts(live),
        belief.unsettled.map(|_| "A purchase of slots is under way: the number may be one too early.".to_owned()),
        marks(live, belief),
        unknown_signatures(belief),
        leaving(belief),
    ];
    OrderToWrite {
        comments: dated(as_of, remarks.into_iter().flatten().collect()),
        tag: live.tag.clone().filter(|tag| !tag.raw().is_empty()),
        p0f_slots: Some(slots(live, belief)),
        auto_renewal: live.detail.auto_renewal,
        keep: keep(belief),
        ..OrderToWrite::new(order_id)
    }
}

/// Puts the day before what is true on it: the comments stay in git when it is over.
fn dated(as_of: Timestamp, mut remarks: Vec<String>) -> Vec<String> {
    if let Some(first) = remarks.first_mut() {
        let day = as_of.to_zoned(TimeZone::UTC).date();
        *first = format!("As of {day}: {}", in_a_sentence(first));
    }
    remarks.iter().flat_map(|remark| wrapped(remark)).collect()
}

/// Writes a sentence so that it goes on behind a colon.
fn in_a_sentence(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            format!("{}{}", first.to_lowercase(), &sentence[first.len_utf8()..])
        }
        _ => sentence.to_owned(),
    }
}

/// Says when the order renews, and its status where that is not the usual.
fn facts(live: &LiveOrder) -> Option<String> {
    let renews = match &live.renewal {
        Some(Renewal::At(moment)) => Some(format!("Renews on {}.", minute(*moment))),
        _ => None,
    };
    let status = match &live.detail.status {
        Some(OrderStatus::OnHold) => Some("On hold: it waits to be paid.".to_owned()),
        Some(OrderStatus::Cancelled) => Some("Cancelled.".to_owned()),
        _ => None,
    };
    let facts: Vec<String> = renews.into_iter().chain(status).collect();
    (!facts.is_empty()).then(|| facts.join(" "))
}

/// Says what the first apply does to marks that nobody knows.
fn marks(live: &LiveOrder, belief: &Belief) -> Option<String> {
    let unknown = belief.rows.iter().filter(|row| row.mark.is_unknown()).count();
    let staying = belief.rows.iter().filter(|row| !row.leaves()).count();
    let seem_to_leave = live.detail.quantity.map_or(0, |quantity| staying.saturating_sub(quantity as usize));
    match (unknown, seem_to_leave) {
        (0, _) => None,
        (unknown, 0) => Some(format!(
            "The first apply marks {} to stay: nothing tells whether {} marked to go.",
            count(unknown, "IP"),
            if unknown == 1 { "it is" } else { "one is" }
        )),
        (_, 1) => Some(
            "CAREFUL: 1 IP seems to be marked to go, and nothing tells which. The first apply marks all that are listed \
             to stay: remove the line of the one that shall go."
                .to_owned(),
        ),
        (_, number) => Some(format!(
            "CAREFUL: {number} IPs seem to be marked to go, and nothing tells which. The first apply marks all that are \
             listed to stay: remove the lines of those that shall go."
        )),
    }
}

fn unknown_signatures(belief: &Belief) -> Option<String> {
    match belief.rows.iter().filter(|row| !row.leaves() && row.signature.is_unknown()).count() {
        0 => None,
        1 => Some("The signature of 1 IP is unknown, and not managed here.".to_owned()),
        unknown => Some(format!("The signatures of {unknown} IPs are unknown, and not managed here.")),
    }
}

fn leaving(belief: &Belief) -> Option<String> {
    let leaving: Vec<ProxyIp> = belief.rows.iter().filter(|row| row.leaves()).map(|row| row.ip).collect();
    (!leaving.is_empty()).then(|| format!("Marked to go, and so not listed: {}", AddressRun::list(leaving)))
}

/// Returns the slots: what is pending is the number after the renewal, where there is one and the signatures fit.
fn slots(live: &LiveOrder, belief: &Belief) -> Remarked<u32> {
    let slots = live.slots.unwrap_or(0);
    let held = belief.rows.iter().filter(|row| !row.leaves() && row.holds_slot).count();
    let renewal = match &live.renewal {
        Some(Renewal::At(moment)) => minute(*moment),
        _ => "the next renewal".to_owned(),
    };
    let value = |value, remark: String| Remarked::Value { value, remark: Some(remark) };
    match belief.pending.value() {
        _ if live.slots.is_none() => Remarked::Remark("p0f_slots: not told".to_owned()),
        _ if slots == 0 => Remarked::Remark("no p0f slots: `p0f_slots: N` buys some".to_owned()),
        Some(Some(PendingChange::Cancel {})) => {
            Remarked::Remark(format!("p0f_slots: {slots} until {renewal}, then none"))
        }
        Some(Some(pending)) if held > pending.next_qty() as usize => Remarked::Remark(format!(
            "p0f_slots: {slots} until {renewal}, then {}, and {held} are held",
            pending.next_qty()
        )),
        _ if held > slots as usize => Remarked::Remark(format!("p0f_slots: {slots}, and {held} are held")),
        Some(Some(pending)) => value(pending.next_qty(), format!("{slots} until {renewal}")),
        Some(None) => Remarked::from(slots),
        None => value(slots, "the first apply cancels a pending downgrade, if any".to_owned()),
    }
}

fn keep(belief: &Belief) -> Vec<Remarked<(ProxyIp, Option<Signature>)>> {
    if belief.rows.iter().all(Row::leaves) {
        return vec![Remarked::Remark("keep: no IP stays".to_owned())];
    }
    belief.rows.iter().filter(|row| !row.leaves()).map(kept).collect()
}

fn kept(row: &Row) -> Remarked<(ProxyIp, Option<Signature>)> {
    match row.signature.value() {
        Some(LiveSignature::Known(signature)) => (row.ip, Some(*signature)).into(),
        Some(LiveSignature::Other(word)) => {
            Remarked::Value { value: (row.ip, None), remark: Some(format!("signature {}", in_short(word))) }
        }
        Some(LiveSignature::None) | None => (row.ip, None).into(),
    }
}

fn in_short(word: &Foreign) -> String {
    let word = word.printable();
    match word.char_indices().nth(MAX_WORD) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.into_owned(),
    }
}

/// Breaks a remark into lines.
fn wrapped(remark: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in remark.split(' ') {
        match lines.last_mut().filter(|line| line.chars().count() + 1 + word.chars().count() <= WIDTH) {
            Some(line) => line.extend([" ", word]),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
