//! What happens to an order that waits to be paid or is not covered, and what it takes to keep it.

use anstyle::Style;
use jiff::{SignedDuration, Timestamp};

use super::ForecastView;
use super::named::{days, named, orders};
use super::rows::{ends, is_on_hold};
use crate::document::{ForecastDocument, RenewalDocument};
use crate::model::{Cents, Renewal, minute};
use crate::render::style::{MONEY, PLAIN, WRONG};

/// How long an order on hold waits to be paid for.
const WAIT: SignedDuration = SignedDuration::from_hours(3 * 24);
/// The most orders of which it is told one by one what happens to them.
const MAX_TOLD: usize = 10;

/// Says of each order that is on hold, or that a renewal may be the end of, what happens to it and what it needs.
pub(super) fn at_risk(document: &ForecastDocument) -> Vec<(Style, String)> {
    let now = document.created_at.parse().unwrap_or(Timestamp::MIN);
    let orders = orders(document, is_at_risk);
    let told = orders.iter().take(MAX_TOLD).filter_map(|order_id| {
        let at = document.renewals.iter().position(|it| it.order_id == *order_id && is_at_risk(it))?;
        let (renewal, missing) = (&document.renewals[at], missing(document, at));
        let style = if missing.is_some() { WRONG } else { MONEY };
        Some((
            style,
            if is_on_hold(renewal) { on_hold(renewal, missing, now) } else { not_covered(renewal, missing?, now) },
        ))
    });
    let more =
        orders.get(MAX_TOLD..).and_then(named).map(|more| (WRONG, format!("On hold or not covered, too: {more}.")));
    told.chain(more).collect()
}

fn is_at_risk(renewal: &RenewalDocument) -> bool {
    is_on_hold(renewal) || renewal.covered == Some(false)
}

/// What the wallet lacks for a renewal and all before it.
#[derive(Clone, Copy)]
struct Missing {
    cents: Cents,
    /// Whether it holds what is missing for another renewal before it.
    in_all: bool,
    /// Whether there may be more to pay than is known.
    at_least: bool,
}

impl Missing {
    fn words(self) -> String {
        let Missing { cents, in_all, at_least } = self;
        let at_least = if at_least { "At least " } else { "" };
        format!("{at_least}{cents} more {}is needed", if in_all { "in all " } else { "" })
    }
}

/// Returns what is missing for a renewal that is not covered.
fn missing(document: &ForecastDocument, at: usize) -> Option<Missing> {
    let renewal = document.renewals.get(at).filter(|renewal| renewal.covered == Some(false))?;
    let charged = || {
        let prices = document.renewals[..=at].iter().map(|renewal| renewal.price_cents.after);
        let prices: Option<Cents> = prices.map(|cents| cents.map(Cents)).sum();
        Some(document.wallet_cents?.saturating_sub(i64::try_from(prices?.0).unwrap_or(i64::MAX)))
    };
    let left = renewal.wallet_after_cents.or_else(charged)?;
    Some(Missing {
        cents: Cents(left.unsigned_abs()),
        in_all: document.renewals[..at].iter().any(|renewal| renewal.covered == Some(false)),
        at_least: renewal.wallet_after_cents.is_none(),
    })
}

fn not_covered(renewal: &RenewalDocument, missing: Missing, now: Timestamp) -> String {
    let (missing, order) = (missing.words(), renewal.order_id);
    match end(renewal) {
        Some(end) if end > now => {
            let (by, lost) = (minute(end), minute(lost(end)));
            format!("{missing} by {by}, else order {order} goes on hold and is lost on {lost}.")
        }
        Some(end) => {
            let end = minute(end);
            format!("{missing} now: order {order} was to renew on {end}, and goes on hold and is lost otherwise.")
        }
        None => format!("{missing}, else order {order} goes on hold and is lost three days later."),
    }
}

fn on_hold(renewal: &RenewalDocument, missing: Option<Missing>, now: Timestamp) -> String {
    let order = renewal.order_id;
    let what = match end(renewal).map(|end| (end, lost(end))) {
        Some((end, lost)) if lost <= now => format!(
            "Order {order} is on hold and may be lost already: it ended on {}, and the three days in which it could be paid \
             were over on {}.",
            minute(end),
            minute(lost)
        ),
        Some((end, lost)) => {
            let ended = if end <= now { "ended" } else { "ends" };
            let (end, lost) = (minute(end), minute(lost));
            format!("Order {order} is on hold: it {ended} on {end}, and is lost on {lost} unless it is paid.")
        }
        None => {
            format!(
                "Order {order} is on hold, and is lost three days after its end unless it is paid; nobody tells when it ended."
            )
        }
    };
    what + &match missing {
        Some(missing) => format!(" {} for it.", missing.words()),
        None if ends(renewal) => " It does not renew by itself.".to_owned(),
        None if renewal.covered == Some(true) => " The wallet covers it.".to_owned(),
        None => String::new(),
    }
}

/// Returns when an order is lost whose paid period has such an end.
fn lost(end: Timestamp) -> Timestamp {
    end.saturating_add(WAIT).unwrap_or(Timestamp::MAX)
}

fn end(renewal: &RenewalDocument) -> Option<Timestamp> {
    match Renewal::parse(renewal.paid_until.as_deref()?) {
        Renewal::At(end) => Some(end),
        Renewal::Unreadable(_) => None,
    }
}

/// Says what is missing for everything that is shown, and how it is counted.
pub(super) fn to_top_up(view: &ForecastView<'_>) -> Vec<(Style, String)> {
    let document = view.document;
    let last = document.renewals.iter().rposition(|renewal| renewal.covered == Some(false));
    let Some(Missing { cents, .. }) = last.and_then(|last| missing(document, last)) else { return Vec::new() };
    let at_least = if document.summary.unknown > 0 { "at least " } else { "" };
    let counted =
        "Each renewal is counted as if those before it were paid: a balance below zero is what is missing by then.";
    vec![
        (WRONG, format!("To keep everything for the next {}, top up {at_least}{cents}.", days(view.days))),
        (PLAIN, counted.to_owned()),
    ]
}
