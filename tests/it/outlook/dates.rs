//! Which renewals are forecast, and in which order.

use jiff::Timestamp;
use shardctl::model::{Foreign, Observed, OrderStatus, ReadFailure, Renewal, UnusableRecord};
use shardctl::outlook::{Forecast, Unforeseen, forecast};

use super::{NOW, changed, forecast_of, id, moment, order, renewing};

/// Lists the renewals, as in `1 2026-12-01`.
fn listed(forecast: &Forecast) -> Vec<String> {
    let day = |renewal: &shardctl::outlook::ExpectedRenewal| {
        renewal.renewal.as_ref().map_or("unknown".to_owned(), |renewal| renewal.day())
    };
    forecast.renewals.iter().map(|renewal| format!("{} {}", renewal.order_id, day(renewal))).collect()
}

fn cycle(order: Observed, word: &str) -> Observed {
    changed(order, |live, _| live.detail.cycle = Some(Foreign::from(word)))
}

/// A day beyond all moments stands for never, and is a date all the same.
#[test]
fn the_last_day_that_there_is_can_be_read() {
    for text in ["9999-12-31T23:59:59Z", "9999-12-31", "9999-12-31 23:59:59", "9999-12-31T23:59:59.999999Z"] {
        assert_eq!(Renewal::parse(text), Renewal::At(Timestamp::MAX), "{text}");
    }
    for text in ["99999-12-31", "9999-13-01", "never", "Z"] {
        assert!(matches!(Renewal::parse(text), Renewal::Unreadable(_)), "{text}");
    }
}

#[test]
fn renewals_come_in_the_order_of_their_dates_and_then_of_the_orders() {
    let orders = [
        renewing(order(), "2026-12-20"),
        renewing(order(), "2026-12-01"),
        renewing(order(), "2026-12-01"),
        renewing(order(), "soon"),
        changed(order(), |live, _| live.renewal = None),
        renewing(order(), "2026-11-20"),
    ];
    let expected =
        ["6 2026-11-20", "6 2026-12-20", "2 2026-12-01", "3 2026-12-01", "1 2026-12-20", "4 soon", "5 unknown"];
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort_by_key(|line| line.split_once(' ').map(|(order, day)| (day.to_owned(), order.to_owned())));
    assert_eq!(listed(&forecast_of(orders, None)), expected);
}

#[test]
fn an_order_renews_again_where_the_length_of_its_period_is_known() {
    let table: [(&str, &str, &[&str]); 7] = [
        ("monthly", "2026-11-24", &["2026-11-24"]),
        ("half month", "2026-11-24", &["2026-11-24", "2026-12-09"]),
        ("weekly", "2026-11-30", &["2026-11-30", "2026-12-07", "2026-12-14", "2026-12-21"]),
        ("3-days", "2026-12-14", &["2026-12-14", "2026-12-17", "2026-12-20", "2026-12-23"]),
        ("quarterly", "2026-11-24", &["2026-11-24"]),
        // What is overdue comes once, and then only what is still to come.
        (
            "3 days",
            "2026-11-12",
            &[
                "2026-11-12",
                "2026-11-24",
                "2026-11-27",
                "2026-11-30",
                "2026-12-03",
                "2026-12-06",
                "2026-12-09",
                "2026-12-12",
                "2026-12-15",
                "2026-12-18",
                "2026-12-21",
            ],
        ),
        ("weekly", "0001-01-01", &["0001-01-01"]),
    ];
    for (word, at, days) in table {
        let expected: Vec<String> = days.iter().map(|day| format!("1 {day}")).collect();
        assert_eq!(listed(&forecast_of([cycle(renewing(order(), at), word)], None)), expected, "{word} {at}");
    }
}

#[test]
fn what_changes_at_the_first_renewal_stays_so_at_the_next() {
    let order = changed(cycle(renewing(order(), "2026-12-01"), "weekly"), |live, recorded| {
        live.detail.quantity = Some(60);
        recorded.del_np.extend(super::ips(60).into_iter().skip(58).map(|ip| (ip, true)));
    });
    let forecast = forecast_of([order], Some(20_000));
    let of = |nth: usize| {
        let renewal = &forecast.renewals[nth];
        let price = renewal.price;
        (renewal.ips.now, renewal.ips.after, price.now.map(|it| it.0), price.after.map(|it| it.0), price.estimated)
    };
    assert_eq!(of(0), (Some(60), Some(58), Some(7800), Some(7560), true));
    assert_eq!(of(1), (Some(58), Some(58), Some(7560), Some(7560), true));
    let left: Vec<_> = forecast.renewals.iter().map(|renewal| renewal.wallet_after_cents).collect();
    assert_eq!(left, [12_440, 4880, -2680, -10_240].map(Some));
}

#[test]
fn days_are_counted_from_the_moment_on() {
    for (days, at, expected) in [
        (0, "2026-11-23T02:13:00Z", 1),
        (0, "2026-11-23T02:13:01Z", 0),
        (1, "2026-11-24T02:13:00Z", 1),
        (8, "2026-12-01T02:13:01Z", 0),
        (u32::MAX, "2026-12-01", 1),
    ] {
        let observed = [(id(1), cycle(renewing(order(), at), "once"))].into();
        let forecast = forecast(&observed, None, moment(NOW), days);
        assert_eq!(forecast.renewals.len(), expected, "{days} days, {at}");
    }
}

#[test]
fn an_order_on_hold_is_due_now_and_goes_on_from_its_own_date() {
    let waiting = |auto_renewal| {
        changed(cycle(renewing(order(), "2026-11-22"), "weekly"), |live, _| {
            (live.detail.status, live.detail.auto_renewal) = (Some(OrderStatus::OnHold), Some(auto_renewal));
        })
    };
    let held = forecast_of([waiting(true)], Some(8000));
    let days = ["1 2026-11-23", "1 2026-11-29", "1 2026-12-06", "1 2026-12-13", "1 2026-12-20"];
    assert_eq!(listed(&held), days);
    assert_eq!(held.renewals[0].moment(), Some(moment(NOW)));
    let ends: Vec<_> = held.renewals.iter().map(|it| it.paid_until.as_ref().map(|end| end.day())).collect();
    let days = ["2026-11-22", "2026-11-29", "2026-12-06", "2026-12-13", "2026-12-20"];
    assert_eq!(ends, days.map(|day| Some(day.to_owned())), "its own end, and that of each period to come");
    assert_eq!((held.renewals[0].covered, held.renewals[0].wallet_after_cents), (Some(true), Some(200)));
    let ends = forecast_of([waiting(false)], Some(8000));
    assert_eq!(listed(&ends), ["1 2026-11-23"]);
    assert_eq!((ends.renewals[0].covered, ends.renewals[0].wallet_after_cents), (Some(true), Some(8000)));
    assert!(held.renewals[0].needs_care() && ends.renewals[0].needs_care());
}

#[test]
fn a_cancelled_order_is_not_listed_and_one_that_ends_comes_once() {
    let cancelled = changed(order(), |live, _| live.detail.status = Some(OrderStatus::Cancelled));
    let ends = changed(cycle(order(), "3 days"), |live, _| live.detail.auto_renewal = Some(false));
    let forecast = forecast_of([cancelled, ends], Some(0));
    assert_eq!(listed(&forecast), ["2 2026-12-01"]);
    assert!(forecast.renewals[0].needs_care());
}

#[test]
fn an_order_that_cannot_be_read_is_named_and_hides_no_other() {
    let gone = Observed { live: Err(ReadFailure::Failed { message: "no answer".into() }), ..order() };
    let damaged = Observed { recorded: Err(UnusableRecord::damaged("cut short")), ..order() };
    let forecast = forecast_of([gone, order(), damaged], Some(10_000));
    assert_eq!(listed(&forecast), ["2 2026-12-01"]);
    assert!(matches!(forecast.unreadable[&id(1)], Unforeseen::Live(_)));
    assert!(matches!(forecast.unreadable[&id(3)], Unforeseen::Recorded(_)));
}
