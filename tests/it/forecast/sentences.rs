//! What people are told below the table: what happens to whom, by when, and what it takes.

use std::collections::BTreeMap;

use shardctl::model::{Cents, Foreign, OrderStatus, ReadFailure, Renewal, UnusableRecord};
use shardctl::outlook::{ExpectedRenewal, PeriodPrice, Unforeseen};
use shardctl::render::forecast::{ForecastView, Scope};
use shardctl::render::markdown::Comment;

use super::{NOW, document, id, renewal, text, text_of, view};

/// An order that renews on a day of December for 2.00.
fn order(order: u64, day: u32) -> ExpectedRenewal {
    let date = Some(Renewal::parse(&format!("2026-12-{day:02}")));
    ExpectedRenewal {
        order_id: id(order),
        renewal: date.clone(),
        paid_until: date,
        price: PeriodPrice { now: Some(Cents(200)), after: Some(Cents(200)), estimated: false },
        wallet_after_cents: Some(4800),
        covered: Some(true),
        ..renewal()
    }
}

fn left(cents: i64, renewal: ExpectedRenewal) -> ExpectedRenewal {
    ExpectedRenewal { wallet_after_cents: Some(cents), covered: Some(cents >= 0), ..renewal }
}

fn on_hold(paid_until: Option<&str>, renewal: ExpectedRenewal) -> ExpectedRenewal {
    ExpectedRenewal {
        renewal: Some(Renewal::parse(NOW)),
        paid_until: paid_until.map(Renewal::parse),
        order_status: Some(OrderStatus::OnHold),
        ..renewal
    }
}

fn ending(renewal: ExpectedRenewal) -> ExpectedRenewal {
    let price = PeriodPrice { after: Some(Cents(0)), ..renewal.price };
    ExpectedRenewal { auto_renewal: Some(false), price, ..renewal }
}

fn of_cycle(word: Option<&str>, renewal: ExpectedRenewal) -> ExpectedRenewal {
    ExpectedRenewal { cycle: word.map(Foreign::from), ..renewal }
}

/// Returns what stands below the table.
fn sentences(renewals: Vec<ExpectedRenewal>) -> Vec<String> {
    let text = text(&document(renewals, BTreeMap::new()));
    let below = text.split_once("\n\n").map_or(text.as_str(), |(_, below)| below);
    below.lines().map(str::to_owned).collect()
}

const COUNTED: &str =
    "Each renewal is counted as if those before it were paid: a balance below zero is what is missing by then.";

#[test]
fn each_order_is_told_what_it_needs_and_when_it_is_lost() {
    type Row = (&'static str, ExpectedRenewal, &'static str);
    let rows: [Row; 10] = [
        (
            "not covered",
            left(-250, order(1, 1)),
            "2.50 more is needed by 2026-12-01 00:00 UTC, else order 1 goes on hold and is lost on 2026-12-04 00:00 UTC.",
        ),
        (
            "overdue",
            left(-250, ExpectedRenewal { paid_until: Some(Renewal::parse("2026-11-20")), ..order(1, 1) }),
            "2.50 more is needed now: order 1 was to renew on 2026-11-20 00:00 UTC, and goes on hold and is lost otherwise.",
        ),
        (
            "on hold, and covered",
            on_hold(Some("2026-11-22T06:00:00Z"), order(1, 1)),
            "Order 1 is on hold: it ended on 2026-11-22 06:00 UTC, and is lost on 2026-11-25 06:00 UTC unless it is paid. \
             The wallet covers it.",
        ),
        (
            "on hold, and not covered",
            on_hold(Some("2026-11-22"), left(-40, order(1, 1))),
            "Order 1 is on hold: it ended on 2026-11-22 00:00 UTC, and is lost on 2026-11-25 00:00 UTC unless it is paid. \
             0.40 more is needed for it.",
        ),
        (
            "on hold, and nobody knows whether it is covered",
            on_hold(Some("2026-11-22"), ExpectedRenewal { covered: None, wallet_after_cents: None, ..order(1, 1) }),
            "Order 1 is on hold: it ended on 2026-11-22 00:00 UTC, and is lost on 2026-11-25 00:00 UTC unless it is paid.",
        ),
        (
            "on hold, and does not renew by itself",
            on_hold(Some("2026-11-22"), ending(order(1, 1))),
            "Order 1 is on hold: it ended on 2026-11-22 00:00 UTC, and is lost on 2026-11-25 00:00 UTC unless it is paid. \
             It does not renew by itself.",
        ),
        (
            "on hold before its end",
            on_hold(Some("2026-11-24"), order(1, 1)),
            "Order 1 is on hold: it ends on 2026-11-24 00:00 UTC, and is lost on 2026-11-27 00:00 UTC unless it is paid. \
             The wallet covers it.",
        ),
        (
            "on hold for more than three days",
            on_hold(Some("2026-11-20T02:13:00Z"), left(-40, order(1, 1))),
            "Order 1 is on hold and may be lost already: it ended on 2026-11-20 02:13 UTC, and the three days in which it \
             could be paid were over on 2026-11-23 02:13 UTC. 0.40 more is needed for it.",
        ),
        (
            "on hold, and nobody tells since when",
            on_hold(None, order(1, 1)),
            "Order 1 is on hold, and is lost three days after its end unless it is paid; nobody tells when it ended. The \
             wallet covers it.",
        ),
        (
            "not covered at the end of time",
            left(-250, ExpectedRenewal { paid_until: Some(Renewal::parse("9999-12-30T22:00:00Z")), ..order(1, 1) }),
            "2.50 more is needed by 9999-12-30 22:00 UTC, else order 1 goes on hold and is lost on 9999-12-30 22:00 UTC.",
        ),
    ];
    for (what, renewal, expected) in rows {
        assert_eq!(sentences(vec![renewal])[1], expected, "{what}");
    }
}

#[test]
fn what_is_missing_is_told_for_each_order_once_and_in_all() {
    let renewals =
        vec![left(300, order(1, 1)), left(-250, order(2, 4)), left(-450, order(1, 5)), left(-650, order(2, 7))];
    let expected = [
        "4 renewals in the next 30 days for 8.00 in all; the wallet holds 50.00.",
        "2.50 more is needed by 2026-12-04 00:00 UTC, else order 2 goes on hold and is lost on 2026-12-07 00:00 UTC.",
        "4.50 more in all is needed by 2026-12-05 00:00 UTC, else order 1 goes on hold and is lost on 2026-12-08 00:00 UTC.",
        "To keep everything for the next 30 days, top up 6.50.",
        COUNTED,
    ];
    assert_eq!(sentences(renewals), expected);

    let many = (1..=33).map(|nth| left(-200 * nth as i64, order(nth, 1))).collect();
    let told = sentences(many);
    assert_eq!(told.iter().filter(|sentence| sentence.contains(" goes on hold ")).count(), 10);
    let more: Vec<String> = (11..=30).map(|order: u64| order.to_string()).collect();
    assert_eq!(told[11], format!("On hold or not covered, too: orders {} and 3 more.", more.join(", ")));
    assert_eq!(told[12], "To keep everything for the next 30 days, top up 66.00.");
}

#[test]
fn an_order_that_ends_is_no_renewal() {
    let rows: [(Vec<ExpectedRenewal>, &str, Option<&str>); 4] = [
        (
            vec![ending(order(1, 1))],
            "No renewals in the next 30 days, and 1 order ends",
            Some("Does not renew by itself, and ends: order 1."),
        ),
        (
            vec![order(1, 1), ending(order(2, 1)), ending(order(3, 1))],
            "1 renewal in the next 30 days for 2.00 in all, and 2 orders end",
            Some("Do not renew by themselves, and end: orders 2, 3."),
        ),
        (vec![order(1, 1), order(1, 2)], "2 renewals in the next 30 days for 4.00 in all", None),
        (vec![], "No renewals in the next 30 days", None),
    ];
    for (renewals, first, last) in rows {
        let told = sentences(renewals);
        let expected: Vec<String> =
            [format!("{first}; the wallet holds 50.00.")].into_iter().chain(last.map(str::to_owned)).collect();
        assert_eq!(told, expected);
    }
    let document = document(vec![order(1, 1)], BTreeMap::new());
    let day = text_of(&ForecastView { days: 1, ..view(&document) });
    assert!(day.contains("1 renewal in the next day for 2.00"), "{day}");
}

#[test]
fn an_order_whose_cycle_nobody_knows_is_said_to_be_counted_once() {
    let rows: [(Vec<ExpectedRenewal>, Option<&str>); 4] = [
        (vec![order(1, 1)], None),
        (vec![of_cycle(None, order(1, 1))], Some("Counted once, as its cycle is not known: order 1.")),
        (
            vec![
                of_cycle(Some("fortnightly"), order(7, 1)),
                of_cycle(Some("Half-Month"), order(3, 2)),
                of_cycle(Some(" "), order(5, 3)),
            ],
            Some("Counted once, as their cycle is not known: orders 7, 5."),
        ),
        (vec![of_cycle(None, ending(order(1, 1)))], Some("Does not renew by itself, and ends: order 1.")),
    ];
    for (renewals, last) in rows {
        assert_eq!(sentences(renewals).get(1).map(String::as_str), last);
    }
}

#[test]
fn orders_of_which_nothing_is_known_may_charge_at_any_time() {
    let failed = || Unforeseen::Live(ReadFailure::Failed { message: "no answer".into() });
    let damaged = || Unforeseen::Recorded(UnusableRecord::damaged("cut short"));
    let gone = || Unforeseen::Live(ReadFailure::NotFound { message: "no such order".into(), from_api: true });
    let short = || ExpectedRenewal {
        price: PeriodPrice { after: Some(Cents(5250)), ..PeriodPrice::default() },
        wallet_after_cents: None,
        covered: Some(false),
        ..order(1, 1)
    };
    let open = |renewal| ExpectedRenewal { wallet_after_cents: None, covered: None, ..renewal };

    let of_one = document(vec![open(order(1, 1))], [(id(72), failed()), (id(73), gone())].into());
    let unknown = "Of 1 order nothing is known: order 72. It may renew at any time and for any price, so that nothing is \
                   known to be covered.";
    let told = text(&of_one);
    assert!(told.contains("for 2.00 as far as it is known; ") && told.contains(unknown), "{told}");
    assert_eq!((&of_one.unknown_orders, of_one.summary.unknown), (&vec![72], 1));

    let of_two = document(vec![short()], [(id(72), failed()), (id(74), damaged())].into());
    let told = text(&of_two);
    for sentence in [
        "Of 2 orders nothing is known: orders 72, 74. They may renew",
        "At least 2.50 more is needed by 2026-12-01 00:00 UTC, else order 1 goes on hold",
        "top up at least 2.50.",
        "unknown (not covered)",
    ] {
        assert!(told.contains(sentence), "{sentence}: {told}");
    }
    let nothing = text(&document(vec![], [(id(72), failed())].into()));
    assert!(
        nothing.starts_with("No renewals in the next 30 days; the wallet holds 50.00.\nOf 1 order nothing"),
        "{nothing}"
    );
}

#[test]
fn what_is_less_than_the_whole_account_says_so_at_the_end() {
    let document = document(vec![order(1, 1)], BTreeMap::new());
    let others = "other orders of the account charge the same wallet: `shardctl forecast --all`.\n";
    for (scope, counted) in [
        (Scope::Manifest(11), Some("Counted: 11 orders of the manifest; ")),
        (Scope::Manifest(1), Some("Counted: 1 order of the manifest; ")),
        (Scope::Named(2), Some("Counted: 2 orders; ")),
        (Scope::Account, None),
    ] {
        let view = ForecastView { scope, ..view(&document) };
        let mut page = Vec::new();
        shardctl::render::forecast::markdown(&mut page, &view, &Comment::default()).expect("written");
        for shown in [text_of(&view), String::from_utf8(page).expect("text")] {
            match counted {
                Some(counted) => assert!(shown.ends_with(&format!("\n{counted}{others}")), "{shown}"),
                None => assert!(!shown.contains("Counted"), "{shown}"),
            }
        }
    }
}
