//! How far the wallet reaches.

use shardctl::model::{Cents, LiveOrder, Observed, ReadFailure, UnusableRecord};
use shardctl::outlook::ForecastSummary;

use super::{changed, forecast_of, id, order, renewing};

/// An order that renews on a day of December for so many cents; `None`: nobody knows.
fn costing(day: u32, cents: Option<u64>) -> Observed {
    changed(renewing(order(), &format!("2026-12-{day:02}")), |live, _| {
        (live.slots, live.detail.slots, live.detail.addons_price_paid) = (Some(0), Some(0), Some(Cents(0)));
        live.detail.price_paid = cents.map(Cents);
    })
}

fn ending(day: u32) -> Observed {
    changed(costing(day, None), |live, _| live.detail.auto_renewal = Some(false))
}

#[test]
fn the_wallet_runs_down_in_the_order_of_the_dates() {
    /// What is so, the orders, and for each renewal what is left and whether it is covered.
    type Row = (&'static str, Vec<Observed>, Vec<(Option<i64>, Option<bool>)>);
    let rows: [Row; 7] = [
        (
            "all is covered, to the last cent",
            vec![costing(2, Some(400)), costing(1, Some(600))],
            vec![(Some(400), Some(true)), (Some(0), Some(true))],
        ),
        (
            "what is missing goes on",
            vec![costing(1, Some(600)), costing(2, Some(500)), costing(3, Some(1))],
            vec![(Some(400), Some(true)), (Some(-100), Some(false)), (Some(-101), Some(false))],
        ),
        (
            "what costs nothing is covered always",
            vec![costing(1, Some(1001)), ending(2), costing(3, Some(0))],
            vec![(Some(-1), Some(false)), (Some(-1), Some(true)), (Some(-1), Some(true))],
        ),
        (
            "behind an unknown price nobody knows",
            vec![costing(1, Some(600)), costing(2, None), ending(3), costing(4, Some(1))],
            vec![(Some(400), Some(true)), (None, None), (None, None), (None, None)],
        ),
        (
            "what is unknown is not free",
            vec![costing(1, None), costing(2, Some(5000))],
            vec![(None, None), (None, None)],
        ),
        (
            "a date that is unknown comes last, and may come first",
            vec![renewing(costing(1, Some(1)), "soon"), costing(2, Some(600)), costing(3, Some(401))],
            vec![(None, None), (None, Some(false)), (None, None)],
        ),
        (
            "what ends on an unknown date charges nothing",
            vec![renewing(ending(1), "soon"), costing(2, Some(600))],
            vec![(Some(400), Some(true)), (None, None)],
        ),
    ];
    for (what, orders, expected) in rows {
        let forecast = forecast_of(orders, Some(1000));
        let found: Vec<_> = forecast.renewals.iter().map(|it| (it.wallet_after_cents, it.covered)).collect();
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn nothing_is_covered_for_certain_beside_an_order_that_may_charge_at_any_time() {
    let failed = || Err(ReadFailure::Failed { message: "no answer".into() });
    let elsewhere = || Err(ReadFailure::NotFound { message: "not here".into(), from_api: false });
    let gone = || Err(ReadFailure::NotFound { message: "no such order".into(), from_api: true });
    let other_kind = || Err(ReadFailure::Unavailable { message: "no list of IPs".into(), from_api: true });
    let unread = |live: Result<LiveOrder, ReadFailure>| Observed { live, ..order() };
    let damaged = Observed { recorded: Err(UnusableRecord::damaged("cut short")), ..order() };
    let rows = [
        ("it could not be read", unread(failed()), true),
        ("something else than the API answered", unread(elsewhere()), true),
        ("its record cannot be used", damaged, true),
        ("there is no such order", unread(gone()), false),
        ("it has no IPs", unread(other_kind()), false),
    ];
    for (what, unknown, may_charge) in rows {
        let forecast = forecast_of([costing(1, Some(600)), costing(2, Some(500)), ending(3), unknown], Some(1000));
        let found: Vec<_> = forecast.renewals.iter().map(|it| (it.wallet_after_cents, it.covered)).collect();
        let expected = match may_charge {
            true => [(None, None), (None, Some(false)), (None, None)],
            false => [(Some(400), Some(true)), (Some(-100), Some(false)), (Some(-100), Some(true))],
        };
        assert_eq!(found, expected, "{what}");
        let summary = forecast.summary();
        assert_eq!((summary.unknown, summary.first_not_covered), (usize::from(may_charge), Some(id(2))), "{what}");
        assert_eq!(forecast.unknown_orders().collect::<Vec<_>>(), vec![id(4); usize::from(may_charge)], "{what}");
    }
}

#[test]
fn without_a_balance_nothing_is_covered_nor_is_it_not() {
    let forecast = forecast_of([costing(1, Some(600)), ending(2)], None);
    assert!(forecast.renewals.iter().all(|renewal| renewal.covered.is_none() && renewal.wallet_after_cents.is_none()));
    assert_eq!(forecast.summary().price, Cents(600), "the prices are known nevertheless");
}

#[test]
fn a_wallet_may_be_below_zero_from_the_start() {
    let forecast = forecast_of([ending(1), costing(2, Some(1))], Some(-5));
    let found: Vec<_> = forecast.renewals.iter().map(|it| (it.wallet_after_cents, it.covered)).collect();
    assert_eq!(found, [(Some(-5), Some(true)), (Some(-6), Some(false))]);
}

#[test]
fn the_summary_counts_what_is_known_and_names_the_first_that_is_not_covered() {
    let orders =
        [costing(3, None), costing(1, Some(900)), costing(2, Some(200)), renewing(costing(1, Some(50)), "soon")];
    let expected = ForecastSummary { renewals: 4, price: Cents(1100), unknown: 2, first_not_covered: Some(id(3)) };
    assert_eq!(forecast_of(orders, Some(1000)).summary(), expected);
    assert_eq!(forecast_of([], Some(1000)).summary(), ForecastSummary::default());
}
