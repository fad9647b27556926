//! The renewals to come, for a terminal and for a page.

mod at_risk;
mod named;
mod rows;
mod sentences;

use std::io::{self, Write};

use self::rows::{cells, style};
use self::sentences::{how_many, sentences};
use super::columns;
use super::markdown::{Comment, MAX_MESSAGE, MAX_TAG, code, html, html_code, short};
use super::style::{PLAIN, Styled, WRONG};
use crate::document::{ForecastDocument, RenewalDocument};
use crate::model::{count, printable};

const HEAD: [&str; 9] = ["RENEWS", "ORDER", "TAG", "STATUS", "AUTO", "IPS", "SLOTS", "PRICE", "WALLET AFTER"];

/// A forecast, and what it is one of.
#[derive(Debug, Clone, Copy)]
pub struct ForecastView<'a> {
    /// The forecast.
    pub document: &'a ForecastDocument,
    /// How many days it looks ahead.
    pub days: u32,
    /// Which orders are looked at.
    pub scope: Scope,
}

/// Which orders of an account are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of datacenter and ISP proxies.
    Account,
    /// So many, which a manifest declares.
    Manifest(usize),
    /// So many, which were named.
    Named(usize),
}

/// Writes a forecast for a terminal.
pub fn text(out: &mut dyn Write, view: &ForecastView<'_>) -> io::Result<()> {
    let ForecastView { document, scope, .. } = view;
    if !document.renewals.is_empty() {
        let rows: Vec<_> = document.renewals.iter().map(|renewal| (cells(renewal), style(renewal))).collect();
        columns::aligned(out, HEAD, &rows)?;
        writeln!(out)?;
    }
    for (style, sentence) in sentences(view) {
        writeln!(out, "{}", Styled(style, sentence))?;
    }
    for problem in &document.problems {
        writeln!(out, "{}", Styled(WRONG, printable(&problem.message)))?;
    }
    scope.words().map_or(Ok(()), |words| writeln!(out, "{words}"))
}

/// Writes a forecast for a pull request or a page, as much of it as fits into a comment.
pub fn markdown(out: &mut dyn Write, view: &ForecastView<'_>, comment: &Comment) -> io::Result<()> {
    let ForecastView { document, scope, .. } = view;
    let covered = match document.summary.first_not_covered {
        Some(order_id) => format!(", not covered from order {order_id} on"),
        None => String::new(),
    };
    let mut head = comment.heading("forecast", &format!("{}{covered}", how_many(document)));
    for (style, sentence) in sentences(view) {
        let sentence = html(&sentence);
        head += &if style == PLAIN { format!("- {sentence}\n") } else { format!("- **{sentence}**\n") };
    }
    if !document.renewals.is_empty() {
        head += "\n| Renews | Order | Tag | Status | Auto | IPs | Slots | Price | Wallet after |\n";
        head += "| --- | ---: | --- | --- | --- | --- | --- | --- | --- |\n";
    }
    out.write_all(head.as_bytes())?;
    let problem = |message: &str| format!("\n- {}", code(&short(message, MAX_MESSAGE)));
    let rows = document.renewals.iter().map(markdown_row);
    let lines: Vec<String> = rows.chain(document.problems.iter().map(|it| problem(&it.message))).collect();
    columns::bounded_behind(out, head.chars().count(), lines.into_iter(), "line", &comment.shows_all)?;
    scope.words().map_or(Ok(()), |words| writeln!(out, "\n{words}"))
}

fn markdown_row(renewal: &RenewalDocument) -> String {
    let [renews, order, tag, status, auto, ips, slots, price, wallet] = cells(renewal);
    let tag = if renewal.tag.is_some() { html_code(&short(&tag, MAX_TAG)) } else { String::new() };
    let [renews, status] = [renews, status].map(|text| html(&short(&text, MAX_TAG)));
    let wallet = if renewal.covered == Some(false) { format!("**{wallet}**") } else { wallet };
    format!("| {renews} | {order} | {tag} | {status} | {auto} | {ips} | {slots} | {price} | {wallet} |")
}

impl Scope {
    /// Says which orders were counted, where others charge the same wallet.
    fn words(self) -> Option<String> {
        let counted = match self {
            Scope::Account => return None,
            Scope::Manifest(orders) => format!("{} of the manifest", count(orders, "order")),
            Scope::Named(orders) => count(orders, "order"),
        };
        Some(format!(
            "Counted: {counted}; other orders of the account charge the same wallet: `shardctl forecast --all`."
        ))
    }
}
