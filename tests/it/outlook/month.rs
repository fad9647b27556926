//! A month in the sandbox: the forecast of its first day says what then happens.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shardctl::model::{
    Cents, Foreign, LiveOrder, LiveSignature, Observed, OrderId, OrderStatus, OtherAddon, Recorded, Renewal,
};
use shardctl::outlook::{ExpectedRenewal, Forecast, forecast};
use shardctl::sandbox::{self, Account};

use super::{NOW, id, moment};

const DAYS: u32 = 30;

/// Reads an order of a simulated account, as the client reads it from a server that tells everything.
pub fn live_of(account: &Account, order_id: OrderId) -> LiveOrder {
    let order = &account.orders[&order_id];
    let mut live = LiveOrder::of_ips(order.proxies.keys().copied());
    for (seen, proxy) in live.active.values_mut().zip(order.proxies.values()) {
        seen.signature = Some(proxy.signature.map_or(LiveSignature::None, LiveSignature::Known));
    }
    live.tag = order.tag.as_deref().map(Foreign::from);
    live.renewal = Some(Renewal::parse(&order.until));
    live.slots = Some(order.p0f_slots);
    let detail = &mut live.detail;
    detail.status = Some(match order.status {
        sandbox::OrderStatus::Active => OrderStatus::Active,
        sandbox::OrderStatus::OnHold => OrderStatus::OnHold,
        sandbox::OrderStatus::Cancelled => OrderStatus::Cancelled,
    });
    detail.auto_renewal = Some(order.auto_renewal);
    detail.expires_at = Some(Renewal::parse(&order.until));
    detail.quantity = Some(order.quantity() as u32);
    detail.slots = Some(order.p0f_slots);
    detail.pending = Some(order.pending);
    detail.slot_price = (order.p0f_slots > 0).then_some(order.price_per_unit);
    detail.price_paid = Some(account.price_of_proxies(order));
    detail.other_addons = Some(order.other_addons.values().map(other_addon).collect());
    detail.addons_price_paid = Some(order.price_of_addons());
    detail.cycle = serde_json::to_value(order.cycle).expect("JSON").as_str().map(Foreign::from);
    live
}

fn other_addon(addon: &sandbox::OtherAddon) -> OtherAddon {
    let sandbox::OtherAddon { qty, price_cents, pending } = *addon;
    OtherAddon { qty: Some(qty), price_per_unit: Some(price_cents), pending: Some(pending) }
}

fn forecast_of(account: &Account) -> Forecast {
    let observed = account.orders.keys().map(|order_id| {
        let live = Ok(live_of(account, *order_id));
        (*order_id, Observed { live, recorded: Ok(Recorded::default()) })
    });
    let wallet = i64::try_from(account.wallet_cents.0).expect("a wallet");
    forecast(&observed.collect(), Some(wallet), moment(NOW), DAYS)
}

/// What became of an order at a moment.
#[derive(Debug, PartialEq)]
enum Happened {
    /// It renewed: what the wallet was charged, what is left of it, and the IPs and slots from then on.
    Renewed { charge: Cents, left: Cents, ips: usize, slots: u32 },
    /// It waits to be paid.
    OnHold,
    /// It was lost.
    Lost,
}

/// Plays the days at the vendor's: each order at its date, and what waits to be paid three days later.
fn play(account: &mut Account) -> Vec<(Timestamp, OrderId, Happened)> {
    let (now, until) = (moment(NOW), moment(NOW) + SignedDuration::from_hours(24 * i64::from(DAYS)));
    let mut due: BTreeMap<(Timestamp, OrderId), ()> = BTreeMap::new();
    let date = |account: &Account, order: OrderId| match Renewal::parse(&account.orders[&order].until) {
        Renewal::At(moment) => moment,
        Renewal::Unreadable(text) => panic!("{text:?}"),
    };
    for (order_id, order) in &account.orders {
        let waits = order.status == sandbox::OrderStatus::OnHold;
        due.insert((if waits { now } else { date(account, *order_id) }, *order_id), ());
    }
    let mut happened = Vec::new();
    while let Some(((at, order_id), ())) = due.pop_first() {
        let wallet = account.wallet_cents;
        if at > until || account.orders[&order_id].status == sandbox::OrderStatus::Cancelled {
            continue;
        }
        let order = &account.orders[&order_id];
        let nobody_pays = order.status == sandbox::OrderStatus::OnHold && !order.auto_renewal;
        let played = if nobody_pays { account.expire(order_id) } else { account.renew(order_id) };
        let order = played.expect("an order that is not lost yet").clone();
        let what = match order.status {
            sandbox::OrderStatus::Cancelled => Happened::Lost,
            sandbox::OrderStatus::OnHold => {
                due.insert((at + SignedDuration::from_hours(3 * 24), order_id), ());
                Happened::OnHold
            }
            sandbox::OrderStatus::Active => {
                due.insert((date(account, order_id), order_id), ());
                let charge = Cents(wallet.0 - account.wallet_cents.0);
                let (ips, slots) = (order.proxies.len(), order.p0f_slots);
                Happened::Renewed { charge, left: account.wallet_cents, ips, slots }
            }
        };
        happened.push((at, order_id, what));
    }
    happened
}

/// Returns what a forecast says that happens.
fn expected(renewal: &ExpectedRenewal) -> Happened {
    match (renewal.auto_renewal, renewal.covered, renewal.order_status.as_ref()) {
        (Some(false), _, Some(OrderStatus::OnHold)) | (_, Some(false), Some(OrderStatus::OnHold)) => Happened::Lost,
        (Some(false), _, _) | (_, Some(false), _) => Happened::OnHold,
        _ => Happened::Renewed {
            charge: renewal.price.after.expect("a price"),
            left: Cents(renewal.wallet_after_cents.expect("a balance").try_into().expect("something left")),
            ips: renewal.ips.after.expect("a number"),
            slots: renewal.slots.after.expect("a number"),
        },
    }
}

/// Compares what was forecast with what happened, up to the first renewal that the wallet does not cover: the vendor does
/// not take from the wallet what it does not hold, and the forecast goes on as if somebody paid. Returns how many
/// renewals were compared.
#[track_caller]
fn compare(forecast: &Forecast, happened: &[(Timestamp, OrderId, Happened)]) -> usize {
    // That an order is lost three days after it was put on hold is what became of its renewal, and none of its own.
    let was_held = |at: usize, order: OrderId| {
        happened[..at].iter().any(|(_, other, what)| *other == order && *what == Happened::OnHold)
    };
    let mut renewals: Vec<_> = happened.iter().collect();
    renewals = renewals.into_iter().enumerate().filter(|(at, it)| !was_held(*at, it.1)).map(|(_, it)| it).collect();
    let not_covered = forecast.renewals.iter().position(|renewal| renewal.covered == Some(false));
    match not_covered {
        Some(at) => renewals.truncate(at + 1),
        None => assert_eq!(renewals.len(), forecast.renewals.len(), "{forecast:#?} {happened:#?}"),
    }
    for (renewal, (at, order_id, what)) in forecast.renewals.iter().zip(&renewals) {
        assert_eq!((renewal.moment(), renewal.order_id), (Some(*at), *order_id), "{forecast:#?} {happened:#?}");
        assert_eq!(expected(renewal), *what, "order {order_id} at {at}");
    }
    renewals.len()
}

/// Order 1 lets two IPs go, has a slot less and less of another add-on; 2 renews every week; 3 does not renew; 4 waits to be paid; 5 comes when
/// the wallet is short; 6 is cancelled.
const ACCOUNT: &str = "
token: t0ken
wallet_cents: 5000
slot_price_cents: 150
proxy_price_cents: 120
orders:
  1:
    tag: eu
    until: 2026-12-01
    p0f_slots: 2
    pending: {action: downgrade, next_qty: 1}
    other_addons: {geo: {qty: 3, price_cents: 10, pending: {action: downgrade, next_qty: 1}}}
    proxies: {203.0.113.1: , 203.0.113.2: linux, 203.0.113.3: {del_np: true}, 203.0.113.4: {del_np: true}}
  2: {until: 2026-11-25T06:00:00Z, cycle: weekly, proxies: {203.0.113.5: }}
  3: {until: 2026-12-02, auto_renewal: false, p0f_slots: 3, proxies: {203.0.113.6: }}
  4: {until: 2026-11-22, status: on-hold, proxies: {203.0.113.7: , 203.0.113.8: }}
  5: {until: 2026-12-17, p0f_slots: 27, proxies: {203.0.113.9: }}
  6: {until: 2026-12-05, status: cancelled}
";

#[test]
fn the_forecast_of_the_first_day_says_what_happens() {
    let mut account = Account::from_yaml(ACCOUNT).expect("a valid account");
    let forecast = forecast_of(&account);
    let happened = play(&mut account);
    assert_eq!(compare(&forecast, &happened), 8);

    let words = |renewal: &ExpectedRenewal| {
        let day = renewal.renewal.as_ref().expect("a date").day();
        let (price, left) = (renewal.price.after.expect("a price"), renewal.wallet_after_cents.expect("a balance"));
        format!("{day} {}: {price}, {left}", renewal.order_id)
    };
    let words: Vec<String> = forecast.renewals.iter().map(words).collect();
    let expected = [
        "2026-11-23 4: 2.40, 4760",
        "2026-11-25 2: 1.20, 4640",
        "2026-12-01 1: 4.00, 4240",
        "2026-12-02 3: 0.00, 4240",
        "2026-12-02 2: 1.20, 4120",
        "2026-12-09 2: 1.20, 4000",
        "2026-12-16 2: 1.20, 3880",
        "2026-12-17 5: 41.70, -290",
        "2026-12-22 4: 2.40, -530",
    ];
    assert_eq!(words, expected);
    let estimated = forecast.renewals.iter().filter(|renewal| renewal.price.estimated);
    assert_eq!(estimated.map(|renewal| renewal.order_id).collect::<Vec<_>>(), [id(1)], "what the vendor shows is told");
    assert_eq!(forecast.summary().first_not_covered, Some(id(5)));
    let lost: Vec<u64> = happened.iter().filter(|it| it.2 == Happened::Lost).map(|it| it.1.get()).collect();
    assert_eq!(lost, [3, 5], "what does not renew by itself, and what the wallet did not cover");
    let charged: u64 = account.renewals.iter().map(|renewal| renewal.charge_cents.0).sum();
    assert_eq!(account.wallet_cents.0, 5000 - charged, "nothing else was charged");
}

/// Writes another add-on of an order.
fn other((qty, price_cents, cancelled): (u32, u32, bool)) -> String {
    let pending = if cancelled { ", pending: {action: cancel}" } else { "" };
    format!(", other_addons: {{geo: {{qty: {qty}, price_cents: {price_cents}{pending}}}}}")
}

fn accounts() -> impl Strategy<Value = String> {
    let cycle = prop::sample::select(vec!["monthly", "half-month", "weekly", "3-days"]);
    let proxies = (1..6usize, 0..5usize);
    let slots = (0..4u32, prop::option::of(1..4u32));
    let others = prop::option::of((1..9u32, 0..300u32, any::<bool>()));
    let order = (0..40u32, any::<bool>(), prop::bool::weighted(0.2), cycle, proxies, slots, others);
    (prop::collection::vec(order, 1..6), 0..6000u32).prop_map(|(orders, wallet)| {
        let mut account =
            format!("token: t0ken\nwallet_cents: {wallet}\nslot_price_cents: 150\nproxy_price_cents: 120\norders:\n");
        for (nth, (day, auto_renewal, held, cycle, (ips, leaving), (slots, next), others)) in
            orders.into_iter().enumerate()
        {
            let until = moment("2026-11-24T00:00:00Z") + SignedDuration::from_hours(24 * i64::from(day));
            let (until, status) = if held { (moment("2026-11-22T00:00:00Z"), "on-hold") } else { (until, "active") };
            let proxy = |ip: usize| format!("203.0.113.{}: {{del_np: {}}}", nth * 10 + ip, ip > 0 && ip <= leaving);
            let proxies: Vec<String> = (0..ips).map(proxy).collect();
            let pending = next.filter(|next| *next < slots);
            let pending = pending.map(|next| format!(", pending: {{action: downgrade, next_qty: {next}}}"));
            account += &format!(
                "  {}: {{until: '{until}', status: {status}, auto_renewal: {auto_renewal}, cycle: {cycle}, \
                 p0f_slots: {slots}{}{}, proxies: {{{}}}}}\n",
                nth + 1,
                pending.unwrap_or_default(),
                others.map(other).unwrap_or_default(),
                proxies.join(", "),
            );
        }
        account
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn up_to_the_first_that_is_not_covered_it_says_what_happens(account in accounts()) {
        let mut account = Account::from_yaml(&account).expect("a valid account");
        let forecast = forecast_of(&account);
        compare(&forecast, &play(&mut account));
    }
}
