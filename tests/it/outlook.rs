//! What is to be expected of orders: their renewals, what these change and cost, and how far the wallet reaches.

mod addons;
mod dates;
mod effect;
#[cfg(feature = "sandbox")]
mod month;
mod prices;
mod wallet;

use std::net::Ipv4Addr;

use jiff::Timestamp;
use shardctl::model::{Cents, Foreign, LiveOrder, Observed, OrderId, ProxyIp, Recorded, Renewal};
use shardctl::outlook::{ExpectedRenewal, Forecast, forecast};

/// When the forecasts here are made.
const NOW: &str = "2026-11-23T02:13:00Z";

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn id(order: u64) -> OrderId {
    OrderId::new(order).expect("a positive id")
}

/// Returns the first so many addresses of an order.
fn ips(count: u8) -> Vec<ProxyIp> {
    (1..=count).map(|number| ProxyIp::new(Ipv4Addr::new(203, 0, 113, number).into())).collect()
}

/// An order of 60 IPs at 1.20 and 4 slots at 1.50 that renews on 2026-12-01, nothing marked and nothing scheduled.
fn order() -> Observed {
    let mut live = LiveOrder::of_ips(ips(60));
    live.renewal = Some(Renewal::parse("2026-12-01T00:00:00Z"));
    live.slots = Some(4);
    live.detail.expires_at = live.renewal.clone();
    live.detail.auto_renewal = Some(true);
    live.detail.quantity = Some(60);
    live.detail.price_paid = Some(Cents(7200));
    live.detail.slots = Some(4);
    live.detail.pending = Some(None);
    live.detail.slot_price = Some(Cents(150));
    live.detail.addons_price_paid = Some(Cents(600));
    live.detail.cycle = Some(Foreign::from("monthly"));
    let mut recorded = Recorded::default();
    recorded.del_np.extend(ips(60).into_iter().map(|ip| (ip, false)));
    Observed { live: Ok(live), recorded: Ok(recorded) }
}

/// Changes what is live and recorded of an order.
fn changed(mut order: Observed, change: impl FnOnce(&mut LiveOrder, &mut Recorded)) -> Observed {
    if let (Ok(live), Ok(recorded)) = (&mut order.live, &mut order.recorded) {
        change(live, recorded);
    }
    order
}

/// Lets an order renew at another moment.
fn renewing(order: Observed, at: &str) -> Observed {
    changed(order, |live, _| {
        live.renewal = Some(Renewal::parse(at));
        live.detail.expires_at = live.renewal.clone();
    })
}

/// Forecasts 30 days from [`NOW`] on, with orders that get the ids from 1 on.
fn forecast_of(orders: impl IntoIterator<Item = Observed>, wallet_cents: Option<i64>) -> Forecast {
    let observed = (1..).map(id).zip(orders).collect();
    forecast(&observed, wallet_cents, moment(NOW), 30)
}

/// Forecasts the one renewal of an order.
#[track_caller]
fn renewal_of(order: Observed) -> ExpectedRenewal {
    let mut forecast = forecast_of([order], Some(100_000));
    assert_eq!(forecast.renewals.len(), 1, "{forecast:?}");
    forecast.renewals.remove(0)
}
