//! The table of orders, for a terminal and for a page.

use std::io::{self, Write};

use super::markdown::{Comment, MAX_CHARACTERS, MAX_MESSAGE, MAX_TAG, code, escape, html, html_code, short};
use super::words::in_days;
use crate::diagnostic::quoted;
use crate::document::{PendingDocument, StatusDocument, StatusOrderDocument};
use crate::model::{OrderStatus, Renewal, count, minute, printable};

const UNKNOWN: &str = "unknown";
/// The most remarks that are shown of an order.
const MOST_REMARKS: usize = 20;
const HEAD: [&str; 7] = ["ORDER", "TAG", "ACTIVE IPS", "LEAVING", "SIGNATURES", "PENDING SLOTS", "RENEWS"];

fn cells(order: &StatusOrderDocument) -> [String; 7] {
    let leaving = match (order.ips_leaving, order.marks_unknown) {
        (Some(leaving), Some(0)) => leaving.to_string(),
        (Some(leaving), Some(unknown)) if Some(unknown) != order.active_ips => format!("{leaving}, {unknown} unknown"),
        _ => UNKNOWN.to_owned(),
    };
    let on_slots = match order.slots {
        Some(slots) => format!("on {}", count(slots, "slot")),
        None => "on unknown slots".to_owned(),
    };
    let signatures = match (order.slots, order.signatures, order.signatures_unknown) {
        (Some(0), ..) => "no slots".to_owned(),
        (_, Some(signatures), Some(0)) => format!("{signatures} {on_slots}"),
        (_, Some(signatures), Some(unknown)) => format!("{signatures} known {on_slots}, {unknown} unknown"),
        _ => UNKNOWN.to_owned(),
    };
    let from = order.slots.map_or(UNKNOWN.to_owned(), |slots| slots.to_string());
    let pending = match (order.pending_known, order.pending) {
        (false, _) => UNKNOWN.to_owned(),
        (true, None) => "none".to_owned(),
        (true, Some(PendingDocument::Downgrade { next_qty })) => format!("{from} to {next_qty}"),
        (true, Some(PendingDocument::Cancel {})) => format!("{from} to 0"),
    };
    let pending = match &order.unsettled_purchase {
        Some(unsettled) => match unsettled.add_qty {
            Some(add_qty) => format!("{pending}; purchase of {add_qty} unsettled"),
            None => format!("{pending}; purchase unsettled"),
        },
        None => pending,
    };
    [
        order.order_id.to_string(),
        order.tag.as_deref().map_or("-".to_owned(), printable),
        order.active_ips.map_or(UNKNOWN.to_owned(), |ips| ips.to_string()),
        leaving,
        signatures,
        pending,
        renews(order),
    ]
}

fn renews(order: &StatusOrderDocument) -> String {
    match order.renews_at.as_deref().map(Renewal::parse) {
        Some(Renewal::At(moment)) => {
            let days = order.renews_in_days.map(|days| format!(" ({})", in_days(days)));
            minute(moment) + &days.unwrap_or_default() + &unusual(order)
        }
        Some(Renewal::Unreadable(text)) if !text.raw().is_empty() => format!("{} (no readable date)", text.printable()),
        _ => UNKNOWN.to_owned(),
    }
}

/// Says what is not as shardctl left it, and what became of purchases, an order's remarks in few lines.
fn remarks(document: &StatusDocument) -> impl Iterator<Item = String> {
    document.orders.iter().flat_map(|order| {
        let id = order.order_id;
        let shown = order.notes.iter().take(MOST_REMARKS);
        let shown = shown.map(move |note| format!("order {id}: {}", printable(&note.message)));
        let more = order.notes.len().saturating_sub(MOST_REMARKS);
        let more = (more > 0).then(|| format!("order {id}: and {} more: `shardctl plan -v` shows all of them", more));
        shown.chain(more)
    })
}

/// Says of an order's status and its automatic renewal what is not the usual.
fn unusual(order: &StatusOrderDocument) -> String {
    let status = match order.order_status.as_deref().map(OrderStatus::parse) {
        Some(OrderStatus::OnHold) => ", on hold".to_owned(),
        Some(OrderStatus::Cancelled) => ", cancelled".to_owned(),
        Some(OrderStatus::Other(word)) => format!(", {}", quoted(word.raw())),
        Some(OrderStatus::Active) | None => String::new(),
    };
    let auto_renewal = if order.auto_renewal == Some(false) { ", not by itself" } else { "" };
    status + auto_renewal
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
    for (index, remark) in remarks(document).enumerate() {
        writeln!(out, "{}{remark}", if index == 0 { "\n" } else { "" })?;
    }
    if document.orders.is_empty() && document.problems.is_empty() {
        writeln!(out, "No orders.")?;
    }
    Ok(())
}

/// Writes the table for a pull request or a page, as much of it as fits into a comment.
pub fn markdown(out: &mut dyn Write, document: &StatusDocument, comment: &Comment) -> io::Result<()> {
    out.write_all(comment.heading("", &count(document.orders.len(), "order")).as_bytes())?;
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
            return super::columns::left_out(out, document.orders.len() - written, "order", &comment.shows_all);
        }
        writeln!(out, "{line}")?;
        written += 1;
    }
    let remarks: Vec<String> = remarks(document).collect();
    for (index, remark) in remarks.iter().enumerate() {
        let line = format!("{}- {}", if index == 0 { "\n" } else { "" }, escape(&short(remark, MAX_MESSAGE)));
        used += line.chars().count() + 1;
        if used > MAX_CHARACTERS - 1000 {
            return super::columns::left_out(out, remarks.len() - index, "remark", &comment.shows_all);
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn markdown_row(order: &StatusOrderDocument) -> String {
    let [id, tag, active, leaving, signatures, pending, renews] = cells(order);
    let tag = if order.tag.is_some() { html_code(&short(&tag, MAX_TAG)) } else { String::new() };
    let renews = html(&short(&renews, MAX_TAG));
    format!("| {id} | {tag} | {active} | {leaving} | {signatures} | {pending} | {renews} |")
}
