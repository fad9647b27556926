//! The renewals to come.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{FORMAT_VERSION, ProblemDocument, by_second};
use crate::diagnostic::{Problem, SourceMap};
use crate::model::{Foreign, OrderId, OrderStatus, Renewal};
use crate::outlook::{ExpectedRenewal, Forecast, ForecastSummary, NowAndAfter, PeriodPrice, Unforeseen};

/// The renewals to come, as `forecast --format json` prints them: what happens as things stand, not what a manifest wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "shardctl forecast")]
pub struct ForecastDocument {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    pub format_version: u32,
    /// When the forecast was made.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
    /// What the wallet holds, in cents; null: not known.
    pub wallet_cents: Option<i64>,
    /// The renewals in the order in which they come, then by order id; those without a readable date last. An order that
    /// does not renew by itself stands among them, at its end.
    pub renewals: Vec<RenewalDocument>,
    /// The orders of which nothing is known, as they could not be read: they may renew at any time and for any price, so
    /// that no renewal is known to be covered. `problems` says why.
    pub unknown_orders: Vec<u64>,
    /// The renewals in numbers.
    pub summary: ForecastSummaryDocument,
    /// Why an order cannot be looked at, or why there is nothing to show.
    pub problems: Vec<ProblemDocument>,
}

/// A renewal to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Renewal")]
pub struct RenewalDocument {
    /// The order's id.
    pub order_id: u64,
    /// The live tag.
    pub tag: Option<String>,
    /// When it is, as a date-time in UTC, or as the API says it where that is no date; an order on hold is due now. Null:
    /// not told.
    pub renews_at: Option<String>,
    /// The end of the period that is paid for before it, as a date-time in UTC, or as the API says it; an order on hold is
    /// lost three days later. Null: not told.
    pub paid_until: Option<String>,
    /// How long a period is, in the vendor's word, such as `monthly`: where that is none that shardctl knows, or null, the
    /// order stands here once, however often it renews. Null: not told.
    pub cycle: Option<String>,
    /// Where the order stands with the vendor until then, such as `active`; null: not told.
    pub order_status: Option<String>,
    /// Whether the order renews by itself: one that does not costs nothing, and ends with its IPs and slots. Null: unknown.
    pub auto_renewal: Option<bool>,
    /// The active IPs.
    pub ips: NowAndAfterDocument,
    /// The slots.
    pub slots: NowAndAfterDocument,
    /// What a period costs, in cents.
    pub price_cents: PeriodPriceDocument,
    /// What the wallet holds after it, in cents, where everything before it was paid for; below zero it is what is missing
    /// by then. Null: not known, as behind every renewal whose price is not known, and wherever something may be charged at any
    /// time: there are `unknown_orders`, or a renewal without a readable date.
    pub wallet_after_cents: Option<i64>,
    /// Whether the wallet covers it and everything before it; null: not known. Where something may be charged at any time, it
    /// is false or null: false where the wallet falls short even without that.
    pub covered: Option<bool>,
}

/// A number before and after a renewal; null: not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "NowAndAfter")]
pub struct NowAndAfterDocument {
    /// Before it.
    pub now: Option<u64>,
    /// After it.
    pub after: Option<u64>,
}

/// What a period costs before and after a renewal, in cents; null: not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PeriodPrice")]
pub struct PeriodPriceDocument {
    /// The period before it, as the vendor tells it.
    pub now: Option<u64>,
    /// The period after it: what the renewal charges.
    pub after: Option<u64>,
    /// Whether the vendor's own price does not show yet what changes.
    pub estimated: bool,
}

/// The renewals in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(rename = "ForecastSummary")]
pub struct ForecastSummaryDocument {
    /// Entries of `renewals`.
    pub renewals: usize,
    /// What they charge in all, in cents, as far as it is known.
    pub price_cents: u64,
    /// Renewals whose price or date is not known, and `unknown_orders`: none of them is in that sum.
    pub unknown: usize,
    /// The order of the first renewal that the wallet does not cover; null: none is known not to be covered.
    pub first_not_covered: Option<u64>,
}

impl ForecastDocument {
    /// Makes the document of a forecast.
    pub fn new(forecast: &Forecast, created_at: Timestamp) -> ForecastDocument {
        let Forecast { wallet_cents, renewals, unreadable } = forecast;
        let nothing_pointed_at = SourceMap::default();
        let problems = unreadable.iter().map(|(order_id, why)| problem(*order_id, why));
        ForecastDocument {
            wallet_cents: *wallet_cents,
            renewals: renewals.iter().map(RenewalDocument::from).collect(),
            unknown_orders: forecast.unknown_orders().map(OrderId::get).collect(),
            summary: forecast.summary().into(),
            ..ForecastDocument::without_renewals(
                created_at,
                problems.map(|problem| ProblemDocument::new(&problem, &nothing_pointed_at)).collect(),
            )
        }
    }

    /// Makes the document of a run that ended before anything was read.
    pub fn without_renewals(created_at: Timestamp, problems: Vec<ProblemDocument>) -> ForecastDocument {
        ForecastDocument {
            format_version: FORMAT_VERSION,
            created_at: by_second(created_at),
            wallet_cents: None,
            renewals: Vec::new(),
            unknown_orders: Vec::new(),
            summary: ForecastSummaryDocument::default(),
            problems,
        }
    }
}

fn problem(order_id: OrderId, why: &Unforeseen) -> Problem {
    let message = match why {
        Unforeseen::Live(failure) => format!("order {order_id} could not be read: {}", failure.message().printable()),
        Unforeseen::Recorded(unusable) => unusable.message.clone(),
    };
    Problem::new(why.code(), message).order(order_id)
}

impl From<&ExpectedRenewal> for RenewalDocument {
    fn from(expected: &ExpectedRenewal) -> RenewalDocument {
        let ExpectedRenewal {
            order_id,
            tag,
            renewal,
            paid_until,
            cycle,
            order_status,
            auto_renewal,
            ips,
            slots,
            price,
            wallet_after_cents,
            covered,
        } = expected;
        RenewalDocument {
            order_id: order_id.get(),
            tag: tag.as_ref().map(|tag| Foreign::raw(tag).to_owned()),
            renews_at: renewal.as_ref().map(Renewal::raw),
            paid_until: paid_until.as_ref().map(Renewal::raw),
            cycle: cycle.as_ref().map(|word| word.raw().to_owned()),
            order_status: order_status.as_ref().map(OrderStatus::word).map(str::to_owned),
            auto_renewal: *auto_renewal,
            ips: numbers(*ips, |ips| ips as u64),
            slots: numbers(*slots, u64::from),
            price_cents: (*price).into(),
            wallet_after_cents: *wallet_after_cents,
            covered: *covered,
        }
    }
}

fn numbers<T>(numbers: NowAndAfter<T>, number: fn(T) -> u64) -> NowAndAfterDocument {
    NowAndAfterDocument { now: numbers.now.map(number), after: numbers.after.map(number) }
}

impl From<PeriodPrice> for PeriodPriceDocument {
    fn from(price: PeriodPrice) -> PeriodPriceDocument {
        let PeriodPrice { now, after, estimated } = price;
        PeriodPriceDocument { now: now.map(|cents| cents.0), after: after.map(|cents| cents.0), estimated }
    }
}

impl From<ForecastSummary> for ForecastSummaryDocument {
    fn from(summary: ForecastSummary) -> ForecastSummaryDocument {
        let ForecastSummary { renewals, price, unknown, first_not_covered } = summary;
        ForecastSummaryDocument {
            renewals,
            price_cents: price.0,
            unknown,
            first_not_covered: first_not_covered.map(OrderId::get),
        }
    }
}
