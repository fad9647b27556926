//! The table of orders, for a terminal and for a page.

use std::io::{self, Write};

use super::markdown::{Comment, MAX_CHARACTERS, MAX_MESSAGE, MAX_TAG, code, html, html_code, short};
use super::words::{in_days, minute};
use crate::diagnostic::quoted;
use crate::document::{PendingDocument, StatusDocument, StatusOrderDocument};
use crate::model::{OrderStatus, Renewal, count, printable};

const HEAD: [&str; 7] = ["ORDER", "TAG", "ACTIVE IPS", "LEAVING", "SIGNATURES", "PENDING SLOTS", "RENEWS"];

fn cells(order: &StatusOrderDocument) -> [String; 7] {
    let with_unknown = |number: usize, unknown: usize| match unknown {
        0 => number.to_string(),
        unknown => format!("{number} known, {unknown} unknown"),
    };
    let slots = order.slots.unwrap_or(0);
    let signatures = match (order.slots, order.signatures_unknown) {
        (Some(0), _) => "no slots".to_owned(),
        (_, 0) => format!("{} on {}", order.signatures, count(slots, "slot")),
        (_, unknown) => format!("{} known on {}, {unknown} unknown", order.signatures, count(slots, "slot")),
    };
    let pending = match (order.pending_known, order.pending) {
        (false, _) => "unknown".to_owned(),
        (true, None) => "none".to_owned(),
        (true, Some(PendingDocument::Downgrade { next_qty })) => format!("{slots} to {next_qty}"),
        (true, Some(PendingDocument::Cancel {})) => format!("{slots} to 0"),
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
        order.active_ips.unwrap_or(0).to_string(),
        with_unknown(order.ips_leaving, order.marks_unknown),
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
        _ => "unknown".to_owned(),
    }
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
    Ok(())
}

fn markdown_row(order: &StatusOrderDocument) -> String {
    let [id, tag, active, leaving, signatures, pending, renews] = cells(order);
    let tag = if order.tag.is_some() { html_code(&short(&tag, MAX_TAG)) } else { String::new() };
    let renews = html(&short(&renews, MAX_TAG));
    format!("| {id} | {tag} | {active} | {leaving} | {signatures} | {pending} | {renews} |")
}
