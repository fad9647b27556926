//! What is to be known of a forecast as a whole.

use anstyle::Style;

use super::ForecastView;
use super::at_risk::{at_risk, to_top_up};
use super::named::{days, named, orders};
use super::rows::{ends, is_on_hold, signed};
use crate::document::{ForecastDocument, RenewalDocument};
use crate::model::{Cents, Renewal, count};
use crate::outlook::is_known_cycle;
use crate::render::style::{MONEY, PLAIN, WRONG};

/// Says what is to be known of a forecast, each sentence with its weight.
pub(super) fn sentences(view: &ForecastView<'_>) -> Vec<(Style, String)> {
    let document = view.document;
    let mut sentences = vec![(PLAIN, overview(view))];
    sentences.extend(unknown_prices(document).map(|sentence| (MONEY, sentence)));
    sentences.extend(unknown_dates(document).map(|sentence| (MONEY, sentence)));
    sentences.extend(unknown_orders(document).map(|sentence| (WRONG, sentence)));
    sentences.extend(at_risk(document));
    sentences.extend(to_top_up(view));
    sentences.extend(counted_once(document).map(|sentence| (MONEY, sentence)));
    sentences.extend(ending(document).map(|sentence| (MONEY, sentence)));
    sentences
}

/// Counts the renewals, and the orders that end in place of one.
pub(super) fn how_many(document: &ForecastDocument) -> String {
    format!("{}{}", count(renewals(document), "renewal"), ending_orders(document, ", "))
}

/// Counts the orders that end, behind `joined`, where there is any.
fn ending_orders(document: &ForecastDocument, joined: &str) -> String {
    match orders(document, ends).len() {
        0 => String::new(),
        1 => format!("{joined}1 order ends"),
        orders => format!("{joined}{orders} orders end"),
    }
}

fn renewals(document: &ForecastDocument) -> usize {
    document.renewals.iter().filter(|renewal| !ends(renewal)).count()
}

fn overview(view: &ForecastView<'_>) -> String {
    let ForecastView { document, days: within, .. } = view;
    let wallet = match document.wallet_cents {
        Some(cents) => format!("the wallet holds {}", signed(cents)),
        None => "what the wallet holds is not known".to_owned(),
    };
    let renewals = match renewals(document) {
        0 => "No renewals".to_owned(),
        renewals => count(renewals, "renewal"),
    };
    let ending = ending_orders(document, ", and ");
    format!("{renewals} in the next {}{}{ending}; {wallet}.", days(*within), price(document))
}

/// Says what the renewals charge, where anything is known of it.
fn price(document: &ForecastDocument) -> String {
    let price = Cents(document.summary.price_cents);
    let known = |renewal: &RenewalDocument| !ends(renewal) && !is_unknown(renewal);
    match document.summary.unknown {
        _ if !document.renewals.iter().any(known) => String::new(),
        0 => format!(" for {price} in all"),
        _ => format!(" for {price} as far as it is known"),
    }
}

fn is_unknown(renewal: &RenewalDocument) -> bool {
    renewal.price_cents.after.is_none() || !has_date(renewal)
}

fn has_date(renewal: &RenewalDocument) -> bool {
    matches!(renewal.renews_at.as_deref().map(Renewal::parse), Some(Renewal::At(_)))
}

fn unknown_prices(document: &ForecastDocument) -> Option<String> {
    let is_unpriced = |renewal: &RenewalDocument| has_date(renewal) && renewal.price_cents.after.is_none();
    let renewals = document.renewals.iter().filter(|renewal| is_unpriced(renewal)).count();
    let (of, orders) = (count(renewals, "renewal"), named(&orders(document, is_unpriced))?);
    Some(format!("The price of {of} is not known ({orders}): from there on nobody can say what is covered."))
}

fn unknown_dates(document: &ForecastDocument) -> Option<String> {
    let orders = orders(document, |renewal| !has_date(renewal) && !ends(renewal));
    let (renews, they) = if orders.len() == 1 { ("renews", "it") } else { ("renew", "they") };
    let named = named(&orders)?;
    Some(format!("When {named} {renews} is not known: as {they} may come first, nothing is known to be covered."))
}

fn unknown_orders(document: &ForecastDocument) -> Option<String> {
    let orders = &document.unknown_orders;
    let named = named(orders)?;
    let they = if orders.len() == 1 { "It" } else { "They" };
    let of = count(orders.len(), "order");
    Some(format!(
        "Of {of} nothing is known: {named}. {they} may renew at any time and for any price, so that nothing is known to be \
         covered."
    ))
}

fn counted_once(document: &ForecastDocument) -> Option<String> {
    let has_cycle = |renewal: &RenewalDocument| renewal.cycle.as_deref().is_some_and(is_known_cycle);
    let orders = orders(document, |renewal| !ends(renewal) && has_date(renewal) && !has_cycle(renewal));
    let cycle = if orders.len() == 1 { "its cycle" } else { "their cycle" };
    Some(format!("Counted once, as {cycle} is not known: {}.", named(&orders)?))
}

fn ending(document: &ForecastDocument) -> Option<String> {
    let orders = orders(document, |renewal| ends(renewal) && !is_on_hold(renewal));
    let what = match orders.len() {
        1 => "Does not renew by itself, and ends",
        _ => "Do not renew by themselves, and end",
    };
    Some(format!("{what}: {}.", named(&orders)?))
}
