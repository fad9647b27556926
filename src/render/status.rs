//! The table of orders that `status` prints.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::markdown::{MARKER, MAX_CHARACTERS, MAX_MESSAGE, MAX_TAG, code, html, html_code, short};
use crate::model::{LiveOrder, OrderId, PendingChange, PurchaseIntent, ReadFailure, Recorded, Renewal, printable};
use crate::plan::{Knowledge, PendingKnowledge};

/// The orders, as `status --format json` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusDocument {
    /// The version of this format.
    pub format_version: u32,
    /// The orders, ascending by id.
    pub orders: Vec<StatusOrder>,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusOrder {
    /// The order's id.
    pub order_id: u64,
    /// The live tag.
    pub tag: Option<String>,
    /// The number of active IPs.
    pub active_ips: Option<usize>,
    /// Active IPs that are known to be marked to go.
    pub ips_leaving: usize,
    /// Active IPs of which nobody knows whether they are marked.
    pub marks_unknown: usize,
    /// Active IPs that are known to hold a signature.
    pub signatures: usize,
    /// Active IPs of which nobody knows whether they hold a signature.
    pub signatures_unknown: usize,
    /// The current number of slots.
    pub slots: Option<u32>,
    /// Whether it is known what is scheduled for the next renewal.
    pub pending_known: bool,
    /// What is known to be scheduled.
    pub pending: Option<PendingChange>,
    /// A purchase whose outcome nobody knows yet.
    pub unsettled_purchase: Option<PurchaseIntent>,
    /// The next renewal.
    pub renews_at: Option<String>,
    /// Whole days until then.
    pub renews_in_days: Option<i64>,
    /// Why the order cannot be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl StatusDocument {
    /// Puts together what is live and what is recorded.
    pub fn new(
        live: &BTreeMap<OrderId, Result<LiveOrder, ReadFailure>>,
        recorded: &BTreeMap<OrderId, Result<Recorded, String>>,
        now: Timestamp,
    ) -> StatusDocument {
        let nothing_recorded = Ok(Recorded::default());
        let order = |(order_id, live): (&OrderId, &Result<LiveOrder, ReadFailure>)| {
            let recorded = recorded.get(order_id).unwrap_or(&nothing_recorded);
            match (live, recorded) {
                (Ok(live), Ok(recorded)) => known(*order_id, live, recorded, now),
                (Err(failure), _) => unknown(*order_id, failure.message().raw()),
                (_, Err(message)) => unknown(*order_id, message),
            }
        };
        StatusDocument { format_version: super::json::FORMAT_VERSION, orders: live.iter().map(order).collect() }
    }
}

fn known(order_id: OrderId, live: &LiveOrder, recorded: &Recorded, now: Timestamp) -> StatusOrder {
    let knowledge = Knowledge::new(recorded, live, now, false, &mut Vec::new());
    let count = |mark| live.active.keys().filter(|ip| knowledge.mark(ip) == mark).count();
    let signatures = live.active.keys().filter(|ip| knowledge.holds_slot(ip)).count();
    let (pending_known, pending) = match knowledge.pending {
        PendingKnowledge::Known(pending) => (true, pending),
        PendingKnowledge::Unknown => (false, None),
    };
    StatusOrder {
        order_id: order_id.get(),
        tag: live.tag.as_ref().map(|tag| tag.raw().to_owned()),
        active_ips: Some(live.active.len()),
        ips_leaving: count(Some(true)),
        marks_unknown: count(None),
        signatures,
        signatures_unknown: live.active.len() - signatures,
        slots: live.slots,
        pending_known,
        pending,
        unsettled_purchase: knowledge.unsettled,
        renews_at: live.renewal.as_ref().map(Renewal::raw),
        renews_in_days: live.renewal.as_ref().and_then(|renewal| days_until(renewal, now)),
        error: None,
    }
}

fn unknown(order_id: OrderId, message: &str) -> StatusOrder {
    StatusOrder {
        order_id: order_id.get(),
        tag: None,
        active_ips: None,
        ips_leaving: 0,
        marks_unknown: 0,
        signatures: 0,
        signatures_unknown: 0,
        slots: None,
        pending_known: false,
        pending: None,
        unsettled_purchase: None,
        renews_at: None,
        renews_in_days: None,
        error: Some(message.to_owned()),
    }
}

fn days_until(renewal: &Renewal, now: Timestamp) -> Option<i64> {
    let Renewal::At(moment) = renewal else { return None };
    let day = |moment: Timestamp| moment.to_zoned(TimeZone::UTC).date();
    Some(i64::from(day(*moment).since(day(now)).ok()?.get_days()))
}

const HEAD: [&str; 7] = ["ORDER", "TAG", "ACTIVE IPS", "LEAVING", "SIGNATURES", "PENDING SLOTS", "RENEWS"];

fn cells(order: &StatusOrder) -> [String; 7] {
    let with_unknown = |number: usize, unknown: usize| match unknown {
        0 => number.to_string(),
        unknown => format!("{number} known, {unknown} unknown"),
    };
    let slots = order.slots.unwrap_or(0);
    let signatures = match (order.slots, order.signatures_unknown) {
        (Some(0), _) => "no slots".to_owned(),
        (_, 0) => format!("{} on {slots} slots", order.signatures),
        (_, unknown) => format!("{} known on {slots} slots, {unknown} unknown", order.signatures),
    };
    let pending = match (order.pending_known, order.pending) {
        (false, _) => "unknown".to_owned(),
        (true, None) => "none".to_owned(),
        (true, Some(pending)) => format!("{slots} to {}", pending.next_qty()),
    };
    let pending = match order.unsettled_purchase {
        Some(intent) => format!("{pending}; purchase of {} unsettled", intent.add_qty),
        None => pending,
    };
    let day = order.renews_at.as_deref().map(|at| Renewal::parse(at).day());
    let renews = match (day, order.renews_in_days) {
        (None, _) => "unknown".to_owned(),
        (Some(day), None) => format!("{} (no readable date)", printable(&day)),
        (Some(day), Some(0)) => format!("{day} (today)"),
        (Some(day), Some(1)) => format!("{day} (in 1 day)"),
        (Some(day), Some(days)) if days < 0 => format!("{day} ({} days ago)", -days),
        (Some(day), Some(days)) => format!("{day} (in {days} days)"),
    };
    [
        order.order_id.to_string(),
        order.tag.as_deref().map_or("-".to_owned(), printable),
        order.active_ips.unwrap_or(0).to_string(),
        with_unknown(order.ips_leaving, order.marks_unknown),
        signatures,
        pending,
        renews,
    ]
}

/// Writes the table for a terminal.
pub fn text(out: &mut dyn Write, document: &StatusDocument) -> io::Result<()> {
    let rows: Vec<[String; 7]> = document.orders.iter().filter(|order| order.error.is_none()).map(cells).collect();
    let head = HEAD.map(str::to_owned);
    let width = |column: usize| rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    if !rows.is_empty() {
        for row in std::iter::once(&head).chain(&rows) {
            let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            writeln!(out, "{}", line.join("  ").trim_end())?;
        }
    }
    for order in &document.orders {
        if let Some(error) = &order.error {
            writeln!(out, "order {}: {}", order.order_id, printable(error))?;
        }
    }
    Ok(())
}

/// Writes the table for a pull request or a page, as much of it as fits into a comment.
pub fn markdown(out: &mut dyn Write, document: &StatusDocument) -> io::Result<()> {
    writeln!(out, "{MARKER}")?;
    writeln!(out, "## shardctl: {}\n", crate::model::count(document.orders.len(), "order"))?;
    let (unreadable, shown): (Vec<_>, Vec<_>) = document.orders.iter().partition(|order| order.error.is_some());
    if !shown.is_empty() {
        writeln!(out, "| Order | Tag | Active IPs | Leaving | Signatures | Pending slots | Renews |")?;
        writeln!(out, "| ---: | --- | ---: | --- | --- | --- | --- |")?;
    }
    let rows = shown.iter().map(|order| markdown_row(order));
    let errors = unreadable.iter().filter_map(|order| {
        let error = short(order.error.as_deref()?, MAX_MESSAGE);
        Some(format!("\n- order {}: {}", order.order_id, code(&error)))
    });
    let (mut used, mut written) = (0, 0);
    for line in rows.chain(errors) {
        used += line.chars().count() + 1;
        if used > MAX_CHARACTERS - 1000 {
            let left_out = document.orders.len() - written;
            return writeln!(out, "\n… and {} more.", crate::model::count(left_out, "order"));
        }
        writeln!(out, "{line}")?;
        written += 1;
    }
    Ok(())
}

fn markdown_row(order: &StatusOrder) -> String {
    let [id, tag, active, leaving, signatures, pending, renews] = cells(order);
    let tag = if order.tag.is_some() { html_code(&short(&tag, MAX_TAG)) } else { String::new() };
    let renews = html(&short(&renews, MAX_TAG));
    format!("| {id} | {tag} | {active} | {leaving} | {signatures} | {pending} | {renews} |")
}
