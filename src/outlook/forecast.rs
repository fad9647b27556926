//! The renewals to come: when they are, what they change and cost, and how far the wallet reaches.
//!
//! A forecast is made of what is live and recorded, not of what a manifest wants: it says what happens as things stand.
//! The balance goes on below zero behind a renewal that it does not cover, so that it says what is missing to keep
//! everything; every later renewal that costs something is then not covered either. Behind the first renewal whose
//! price is not known, nobody can say what is left. Where an order may charge at any time, as it could not be read or its
//! date is not known, nobody can say that anything is covered; what falls short even without it is not covered all the
//! same.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::amount::NowAndAfter;
use super::cycle::Cycle;
use super::next_period::{NextPeriod, PeriodPrice};
use crate::diagnostic::ProblemCode;
use crate::model::{
    Cents, Foreign, LiveOrder, Observations, Observed, OrderId, OrderStatus, ReadFailure, Recorded, Renewal,
    UnusableRecord,
};
use crate::plan::Seen;

/// A renewal that is longer ago is no base to count from.
const OLDEST_BASE: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The renewals to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// The wallet's balance in cents, which may be negative; `None`: not known.
    pub wallet_cents: Option<i64>,
    /// The renewals in the order in which they come, those without a readable date last; on one moment by order id.
    pub renewals: Vec<ExpectedRenewal>,
    /// The orders of which nothing can be said.
    pub unreadable: BTreeMap<OrderId, Unforeseen>,
}

/// A renewal to come, as things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedRenewal {
    /// The order.
    pub order_id: OrderId,
    /// The live tag.
    pub tag: Option<Foreign>,
    /// When it is; for an order on hold the moment of the forecast. `None`: not told.
    pub renewal: Option<Renewal>,
    /// Where the order stands with the vendor until then, as things stand; `None`: not told.
    pub order_status: Option<OrderStatus>,
    /// The end of the period that is paid for before it. An order on hold is lost three days later. `None`: not told.
    pub paid_until: Option<Renewal>,
    /// How long a period is, in the vendor's word (`cycle_name`); `None`: not told.
    pub cycle: Option<Foreign>,
    /// Whether the order renews by itself; `None`: unknown. One that does not costs nothing, and ends with its IPs and
    /// slots.
    pub auto_renewal: Option<bool>,
    /// The active IPs, now and after it.
    pub ips: NowAndAfter<usize>,
    /// The slots, now and after it.
    pub slots: NowAndAfter<u32>,
    /// What the period before it cost, and what it charges.
    pub price: PeriodPrice,
    /// What is left of the wallet after it, below zero where something is missing; `None`: not known.
    pub wallet_after_cents: Option<i64>,
    /// Whether the wallet covers it; `None`: not known.
    pub covered: Option<bool>,
}

/// Why nothing can be said of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unforeseen {
    /// It could not be read.
    Live(ReadFailure),
    /// Its record cannot be used.
    Recorded(UnusableRecord),
}

impl Unforeseen {
    /// Returns the code of the problem that it is.
    pub fn code(&self) -> ProblemCode {
        match self {
            Unforeseen::Live(failure) => ProblemCode::from(failure),
            Unforeseen::Recorded(_) => ProblemCode::StateMismatch,
        }
    }

    /// Returns what went wrong.
    pub fn message(&self) -> Foreign {
        match self {
            Unforeseen::Live(failure) => failure.message().clone(),
            Unforeseen::Recorded(unusable) => Foreign::from(unusable.message.as_str()),
        }
    }
}

/// The renewals to come in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ForecastSummary {
    /// Renewals, and orders that end.
    pub renewals: usize,
    /// What they charge in all, as far as it is known.
    pub price: Cents,
    /// Renewals whose price or date is not known, and orders that could not be read and may charge at any time: none of
    /// them is in the price.
    pub unknown: usize,
    /// The order of the first renewal that the wallet does not cover.
    pub first_not_covered: Option<OrderId>,
}

/// Forecasts the renewals from a moment on for so many days. Renewals that are overdue are among them, cancelled orders
/// are not; an order renews again and again where the length of its period is known.
pub fn forecast(observed: &Observations, wallet_cents: Option<i64>, now: Timestamp, days: u32) -> Forecast {
    let span = SignedDuration::from_hours(i64::from(days) * 24);
    let until = now.saturating_add(span).unwrap_or(Timestamp::MAX);
    let (mut renewals, mut unreadable) = (Vec::new(), BTreeMap::new());
    for (order_id, Observed { live, recorded }) in observed {
        match (live, recorded) {
            (Ok(live), Ok(recorded)) => renewals.extend(of_order(*order_id, live, recorded, now, until)),
            (Err(failure), _) => _ = unreadable.insert(*order_id, Unforeseen::Live(failure.clone())),
            (_, Err(unusable)) => _ = unreadable.insert(*order_id, Unforeseen::Recorded(unusable.clone())),
        }
    }
    renewals.sort_by_key(|renewal| (renewal.moment().unwrap_or(Timestamp::MAX), renewal.order_id));
    run_down(&mut renewals, wallet_cents);
    if unreadable.values().any(Unforeseen::may_charge) || renewals.iter().any(ExpectedRenewal::may_come_first) {
        renewals.iter_mut().for_each(ExpectedRenewal::claim_nothing);
    }
    Forecast { wallet_cents, renewals, unreadable }
}

fn of_order(
    order_id: OrderId,
    live: &LiveOrder,
    recorded: &Recorded,
    now: Timestamp,
    until: Timestamp,
) -> Vec<ExpectedRenewal> {
    let status = live.detail.status.as_ref();
    if status == Some(&OrderStatus::Cancelled) {
        return Vec::new();
    }
    let belief = Seen::new(live, recorded, now, false).belief;
    let auto_renewal = belief.auto_renewal.value().copied();
    let period = NextPeriod::new(live.slots, &belief, &live.detail);
    let mut period = if auto_renewal == Some(false) { period.ended() } else { period };
    let expected =
        |renewal: Option<Renewal>, status: Option<&OrderStatus>, period: NextPeriod, is_first: bool| ExpectedRenewal {
            order_id,
            tag: live.tag.clone(),
            paid_until: if is_first { live.renewal.clone() } else { renewal.clone() },
            renewal,
            cycle: live.detail.cycle.clone(),
            order_status: status.cloned(),
            auto_renewal,
            ips: period.ips,
            slots: period.slots,
            price: period.price,
            wallet_after_cents: None,
            covered: None,
        };
    let waits = status == Some(&OrderStatus::OnHold);
    let first = if waits { Some(Renewal::At(whole_second(now))) } else { live.renewal.clone() };
    if matches!(first, Some(Renewal::At(moment)) if moment > until) {
        return Vec::new();
    }
    let mut renewals = vec![expected(first, status, period, true)];
    // Once it is paid for, an order runs again.
    let status = if waits { Some(&OrderStatus::Active) } else { status };
    if auto_renewal != Some(false) {
        for moment in further_moments(live, now, until) {
            period = period.following();
            renewals.push(expected(Some(Renewal::At(moment)), status, period, false));
        }
    }
    renewals
}

/// Returns the renewals behind the next one, where the date of that and the length of a period are known.
fn further_moments(live: &LiveOrder, now: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let cycle = live.detail.cycle.as_ref().and_then(Cycle::parse);
    let (Some(cycle), Some(Renewal::At(base))) = (cycle, &live.renewal) else { return Vec::new() };
    if now.duration_since(*base) > OLDEST_BASE {
        return Vec::new();
    }
    let moments = std::iter::successors(cycle.end_of_period(*base), |moment| cycle.end_of_period(*moment));
    moments.take_while(|moment| *moment <= until).filter(|moment| *moment > now).collect()
}

fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// Takes each price from the wallet, up to the first that is not known.
fn run_down(renewals: &mut [ExpectedRenewal], wallet_cents: Option<i64>) {
    let Some(mut left) = wallet_cents else { return };
    for renewal in renewals {
        let Some(Cents(price)) = renewal.known_price() else { return };
        left = left.saturating_sub(i64::try_from(price).unwrap_or(i64::MAX));
        renewal.wallet_after_cents = Some(left);
        renewal.covered = Some(price == 0 || left >= 0);
    }
}

impl ExpectedRenewal {
    /// Returns when it is; `None` where that is not known.
    pub fn moment(&self) -> Option<Timestamp> {
        match self.renewal {
            Some(Renewal::At(moment)) => Some(moment),
            _ => None,
        }
    }

    /// Returns whether it may charge the wallet before any other, as nobody tells its date.
    fn may_come_first(&self) -> bool {
        self.moment().is_none() && self.price.after != Some(Cents(0))
    }

    /// Takes back what is left and that it is covered, where something unknown may be charged before it.
    fn claim_nothing(&mut self) {
        self.wallet_after_cents = None;
        self.covered = self.covered.filter(|covered| !covered);
    }

    /// Returns what it charges, where that and its date are known.
    fn known_price(&self) -> Option<Cents> {
        self.moment().and(self.price.after)
    }

    /// Returns whether somebody has to do something for the order to go on: pay, or switch its renewal on.
    pub fn needs_care(&self) -> bool {
        let on_hold = self.order_status == Some(OrderStatus::OnHold);
        on_hold || self.auto_renewal == Some(false) || self.covered == Some(false)
    }
}

impl Unforeseen {
    /// Returns whether the order may charge the wallet at any time, for all that is known of it: it was not the API that
    /// said that there is no such order, or that it is none of datacenter or ISP proxies.
    pub fn may_charge(&self) -> bool {
        match self {
            Unforeseen::Live(ReadFailure::Failed { .. }) | Unforeseen::Recorded(_) => true,
            Unforeseen::Live(failure) => failure.may_be_misdirected(),
        }
    }
}

impl Forecast {
    /// Returns the orders of which nothing is known, and which may charge the wallet at any time.
    pub fn unknown_orders(&self) -> impl Iterator<Item = OrderId> {
        self.unreadable.iter().filter(|(_, why)| why.may_charge()).map(|(order_id, _)| *order_id)
    }

    /// Counts the renewals.
    pub fn summary(&self) -> ForecastSummary {
        let prices = || self.renewals.iter().map(ExpectedRenewal::known_price);
        let not_covered = self.renewals.iter().find(|renewal| renewal.covered == Some(false));
        ForecastSummary {
            renewals: self.renewals.len(),
            price: prices().flatten().sum(),
            unknown: prices().filter(Option::is_none).count() + self.unknown_orders().count(),
            first_not_covered: not_covered.map(|renewal| renewal.order_id),
        }
    }
}
