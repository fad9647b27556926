//! A renewal as a row of the table.

use anstyle::Style;

use crate::document::{NowAndAfterDocument, PeriodPriceDocument, RenewalDocument};
use crate::model::{Cents, OrderStatus, Renewal, minute, printable};
use crate::render::style::{MONEY, PLAIN, WRONG};

const UNKNOWN: &str = "unknown";

/// Returns the weight of a row.
pub(super) fn style(renewal: &RenewalDocument) -> Style {
    match renewal.covered {
        Some(false) => WRONG,
        _ if is_on_hold(renewal) || ends(renewal) => MONEY,
        _ => PLAIN,
    }
}

/// Returns whether an order waits to be paid.
pub(super) fn is_on_hold(renewal: &RenewalDocument) -> bool {
    renewal.order_status.as_deref() == Some(OrderStatus::OnHold.word())
}

/// Returns whether it is no renewal, but the end of an order that does not renew by itself.
pub(super) fn ends(renewal: &RenewalDocument) -> bool {
    renewal.auto_renewal == Some(false)
}

/// Returns the cells of a row.
pub(super) fn cells(renewal: &RenewalDocument) -> [String; 9] {
    let auto = match renewal.auto_renewal {
        Some(true) => "yes",
        Some(false) => "no, ends",
        None => UNKNOWN,
    };
    let wallet = renewal.wallet_after_cents.map_or(UNKNOWN.to_owned(), signed);
    [
        when(renewal),
        renewal.order_id.to_string(),
        renewal.tag.as_deref().map_or("-".to_owned(), printable),
        status(renewal),
        auto.to_owned(),
        numbers(renewal.ips),
        numbers(renewal.slots),
        prices(renewal.price_cents),
        if renewal.covered == Some(false) { format!("{wallet} (not covered)") } else { wallet },
    ]
}

fn status(renewal: &RenewalDocument) -> String {
    match renewal.order_status.as_deref() {
        Some(_) if is_on_hold(renewal) => "on hold".to_owned(),
        Some(status) => printable(status),
        None => UNKNOWN.to_owned(),
    }
}

/// Says when a renewal is, with hour and zone.
fn when(renewal: &RenewalDocument) -> String {
    if is_on_hold(renewal) {
        return "now".to_owned();
    }
    match renewal.renews_at.as_deref().map(Renewal::parse) {
        Some(Renewal::At(moment)) => minute(moment),
        Some(Renewal::Unreadable(text)) if !text.raw().is_empty() => {
            format!("{} (no readable date)", text.printable())
        }
        _ => UNKNOWN.to_owned(),
    }
}

fn numbers(numbers: NowAndAfterDocument) -> String {
    let word = |number: Option<u64>| number.map_or(UNKNOWN.to_owned(), |number| number.to_string());
    match numbers {
        NowAndAfterDocument { now, after } if now == after => word(now),
        NowAndAfterDocument { now, after } => format!("{} to {}", word(now), word(after)),
    }
}

fn prices(prices: PeriodPriceDocument) -> String {
    let PeriodPriceDocument { now, after, estimated } = prices;
    let word = |cents: Option<u64>| cents.map_or(UNKNOWN.to_owned(), |cents| Cents(cents).to_string());
    let about = if estimated { "about " } else { "" };
    match now == after {
        true => format!("{about}{}", word(now)),
        false => format!("{} to {about}{}", word(now), word(after)),
    }
}

/// Writes an amount that may be below zero.
pub(super) fn signed(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}", Cents(cents.unsigned_abs()))
}
