//! The renewals to come, for a terminal and for a page.

use std::io::{self, Write};

use anstyle::Style;

use super::columns;
use super::markdown::{Comment, MAX_MESSAGE, MAX_TAG, code, html, html_code, short};
use super::style::{MONEY, PLAIN, Styled, WRONG};
use super::words::minute;
use crate::document::{ForecastDocument, NowAndAfterDocument, PeriodPriceDocument, RenewalDocument};
use crate::model::{Cents, Renewal, count, printable};

const HEAD: [&str; 9] = ["RENEWS", "ORDER", "TAG", "STATUS", "AUTO", "IPS", "SLOTS", "PRICE", "WALLET AFTER"];
const UNKNOWN: &str = "unknown";
/// The most orders that one sentence names.
const MAX_NAMED: usize = 20;

/// Writes the forecast of so many days for a terminal.
pub fn text(out: &mut dyn Write, document: &ForecastDocument, days: u32) -> io::Result<()> {
    if !document.renewals.is_empty() {
        let rows: Vec<_> = document.renewals.iter().map(|renewal| (cells(renewal), style(renewal))).collect();
        columns::aligned(out, HEAD, &rows)?;
        writeln!(out)?;
    }
    for (style, sentence) in sentences(document, days) {
        writeln!(out, "{}", Styled(style, sentence))?;
    }
    for problem in &document.problems {
        writeln!(out, "{}", Styled(WRONG, printable(&problem.message)))?;
    }
    Ok(())
}

/// Writes the forecast of so many days for a pull request or a page, as much of it as fits into a comment.
pub fn markdown(out: &mut dyn Write, document: &ForecastDocument, days: u32, comment: &Comment) -> io::Result<()> {
    let covered = match document.summary.first_not_covered {
        Some(order_id) => format!(", not covered from order {order_id} on"),
        None => String::new(),
    };
    let renewals = count(document.summary.renewals, "renewal");
    out.write_all(comment.heading("forecast", &format!("{renewals}{covered}")).as_bytes())?;
    for (style, sentence) in sentences(document, days) {
        let sentence = html(&sentence);
        writeln!(out, "{}", if style == PLAIN { format!("- {sentence}") } else { format!("- **{sentence}**") })?;
    }
    if !document.renewals.is_empty() {
        writeln!(out, "\n| Renews | Order | Tag | Status | Auto | IPs | Slots | Price | Wallet after |")?;
        writeln!(out, "| --- | ---: | --- | --- | --- | --- | --- | --- | --- |")?;
    }
    let problem = |message: &str| format!("\n- {}", code(&short(message, MAX_MESSAGE)));
    let rows = document.renewals.iter().map(markdown_row);
    let lines: Vec<String> = rows.chain(document.problems.iter().map(|it| problem(&it.message))).collect();
    columns::bounded(out, lines.into_iter(), "line", &comment.shows_all)
}

fn markdown_row(renewal: &RenewalDocument) -> String {
    let [renews, order, tag, status, auto, ips, slots, price, wallet] = cells(renewal);
    let tag = if renewal.tag.is_some() { html_code(&short(&tag, MAX_TAG)) } else { String::new() };
    let [renews, status] = [renews, status].map(|text| html(&short(&text, MAX_TAG)));
    let wallet = if renewal.covered == Some(false) { format!("**{wallet}**") } else { wallet };
    format!("| {renews} | {order} | {tag} | {status} | {auto} | {ips} | {slots} | {price} | {wallet} |")
}

fn style(renewal: &RenewalDocument) -> Style {
    match renewal.covered {
        Some(false) => WRONG,
        _ if is_on_hold(renewal) || ends(renewal) => MONEY,
        _ => PLAIN,
    }
}

fn is_on_hold(renewal: &RenewalDocument) -> bool {
    renewal.order_status.as_deref() == Some("on-hold")
}

fn ends(renewal: &RenewalDocument) -> bool {
    renewal.auto_renewal == Some(false)
}

fn cells(renewal: &RenewalDocument) -> [String; 9] {
    let auto = match renewal.auto_renewal {
        Some(true) => "yes",
        Some(false) => "no, ends",
        None => UNKNOWN,
    };
    let wallet = renewal.wallet_after_cents.map_or(UNKNOWN.to_owned(), signed);
    [
        moment(renewal),
        renewal.order_id.to_string(),
        renewal.tag.as_deref().map_or("-".to_owned(), printable),
        renewal.order_status.as_deref().map_or(UNKNOWN.to_owned(), printable),
        auto.to_owned(),
        numbers(renewal.ips),
        numbers(renewal.slots),
        prices(renewal.price_cents),
        if renewal.covered == Some(false) { format!("{wallet} (not covered)") } else { wallet },
    ]
}

/// Says when a renewal is, with hour and zone.
fn moment(renewal: &RenewalDocument) -> String {
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
fn signed(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}", Cents(cents.unsigned_abs()))
}

/// Says what is to be known of the forecast as a whole.
fn sentences(document: &ForecastDocument, days: u32) -> Vec<(Style, String)> {
    let summary = &document.summary;
    let within = format!("in the next {}", count(days, "day"));
    let wallet = match document.wallet_cents {
        Some(cents) => format!("the wallet holds {}", signed(cents)),
        None => "what the wallet holds is not known".to_owned(),
    };
    let mut sentences = vec![match summary.renewals {
        0 => (PLAIN, format!("No renewals {within}; {wallet}.")),
        renewals => {
            let price = Cents(summary.price_cents);
            let price = match summary.unknown {
                0 => format!(" for {price} in all"),
                unknown if unknown == renewals => String::new(),
                _ => format!(" for {price} as far as it is known"),
            };
            (PLAIN, format!("{} {within}{price}; {wallet}.", count(renewals, "renewal")))
        }
    }];
    if summary.unknown > 0 {
        let unknown = summary.unknown;
        sentences.push((
            MONEY,
            format!("The price or the date of {unknown} is not known: nobody can say what is covered behind it."),
        ));
    }
    sentences.extend(document.renewals.iter().find(|it| it.covered == Some(false)).map(|renewal| {
        let missing = Cents(renewal.wallet_after_cents.unwrap_or(0).unsigned_abs());
        let (order, when) = (renewal.order_id, moment(renewal));
        (WRONG, format!("The wallet does not cover the renewal of order {order} ({when}): {missing} is missing."))
    }));
    sentences.extend(named(document, is_on_hold, "On hold, and lost three days after its end unless it is paid"));
    sentences.extend(named(document, |it| ends(it) && !is_on_hold(it), "Does not renew by itself, and ends"));
    sentences
}

/// Names the orders of which something is so.
fn named(document: &ForecastDocument, is_so: impl Fn(&RenewalDocument) -> bool, what: &str) -> Option<(Style, String)> {
    let orders: Vec<String> =
        document.renewals.iter().filter(|it| is_so(it)).map(|it| it.order_id.to_string()).collect();
    let more = match orders.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = orders.get(..MAX_NAMED).unwrap_or(&orders).join(", ");
    (!orders.is_empty()).then(|| (MONEY, format!("{what}: order {shown}{more}.")))
}
