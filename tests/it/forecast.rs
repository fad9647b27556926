//! `shardctl forecast`: the document, what people see of it, and the command.

#[cfg(feature = "sandbox")]
mod command;
#[cfg(feature = "sandbox")]
mod month;
mod sentences;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shardctl::document::{self, ForecastDocument};
use shardctl::model::{Foreign, OrderId, OrderStatus, ReadFailure, Renewal};
use shardctl::outlook::{ExpectedRenewal, Forecast, NowAndAfter, PeriodPrice, Unforeseen};
use shardctl::render::forecast::{self, ForecastView, Scope};
use shardctl::render::markdown::Comment;

const NOW: &str = "2026-11-23T02:13:00Z";

/// The renewal of the contract's example.
fn renewal() -> ExpectedRenewal {
    let cents = |cents| Some(shardctl::model::Cents(cents));
    ExpectedRenewal {
        order_id: id(48213),
        tag: Some(Foreign::from("eu-scrapers")),
        renewal: Some(Renewal::parse("2026-12-01T00:00:00Z")),
        paid_until: Some(Renewal::parse("2026-12-01T00:00:00Z")),
        cycle: Some(Foreign::from("monthly")),
        order_status: Some(OrderStatus::Active),
        auto_renewal: Some(true),
        ips: NowAndAfter { now: Some(60), after: Some(58) },
        slots: NowAndAfter { now: Some(4), after: Some(3) },
        price: PeriodPrice { now: cents(7800), after: cents(7410), estimated: true },
        wallet_after_cents: Some(-2410),
        covered: Some(false),
    }
}

fn id(order: u64) -> OrderId {
    OrderId::new(order).expect("a positive id")
}

fn document(renewals: Vec<ExpectedRenewal>, unreadable: BTreeMap<OrderId, Unforeseen>) -> ForecastDocument {
    let forecast = Forecast { wallet_cents: Some(5000), renewals, unreadable };
    ForecastDocument::new(&forecast, NOW.parse().expect("a moment"))
}

fn view(document: &ForecastDocument) -> ForecastView<'_> {
    ForecastView { document, days: 30, scope: Scope::Account }
}

fn text(document: &ForecastDocument) -> String {
    text_of(&view(document))
}

fn text_of(view: &ForecastView<'_>) -> String {
    let mut out = Vec::new();
    forecast::text(&mut out, view).expect("written");
    String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).expect("text")
}

fn markdown(document: &ForecastDocument) -> String {
    let mut out = Vec::new();
    forecast::markdown(&mut out, &view(document), &Comment::default()).expect("written");
    String::from_utf8(out).expect("text")
}

#[test]
fn the_document_is_the_contract_s() {
    let mut written = Vec::new();
    document::write(&mut written, &document(vec![renewal()], BTreeMap::new())).expect("written");
    let contract = json!({
        "format_version": 1, "created_at": "2026-11-23T02:13:00Z", "wallet_cents": 5000,
        "renewals": [
            {"order_id": 48213, "tag": "eu-scrapers", "renews_at": "2026-12-01T00:00:00Z",
             "paid_until": "2026-12-01T00:00:00Z", "cycle": "monthly", "order_status": "active", "auto_renewal": true,
              "ips": {"now": 60, "after": 58}, "slots": {"now": 4, "after": 3},
             "price_cents": {"now": 7800, "after": 7410, "estimated": true}, "wallet_after_cents": -2410, "covered": false}
        ],
        "unknown_orders": [],
        "summary": {"renewals": 1, "price_cents": 7410, "unknown": 0, "first_not_covered": 48213},
        "problems": []
    });
    assert_eq!(serde_json::from_slice::<Value>(&written).expect("JSON"), contract);
}

#[test]
fn people_see_what_is_not_covered_waits_or_ends_and_what_is_unknown() {
    let nothing = PeriodPrice { after: Some(shardctl::model::Cents(0)), ..PeriodPrice::default() };
    let none = NowAndAfter { now: Some(3), after: Some(0) };
    let none_of_slots = NowAndAfter { now: Some(0), after: Some(0) };
    let order = |order_id: u64| ExpectedRenewal {
        order_id: id(order_id),
        tag: None,
        wallet_after_cents: None,
        covered: None,
        ..renewal()
    };
    let renewals = vec![
        ExpectedRenewal {
            renewal: Some(Renewal::parse(NOW)),
            paid_until: Some(Renewal::parse("2026-11-22")),
            order_status: Some(OrderStatus::OnHold),
            wallet_after_cents: Some(100),
            covered: Some(true),
            ..order(7)
        },
        renewal(),
        ExpectedRenewal {
            auto_renewal: Some(false),
            ips: none,
            slots: none_of_slots,
            price: nothing,
            wallet_after_cents: Some(-2410),
            covered: Some(true),
            ..order(8)
        },
        ExpectedRenewal {
            order_status: None,
            auto_renewal: None,
            ips: NowAndAfter { now: Some(3), after: None },
            slots: NowAndAfter::default(),
            price: PeriodPrice::default(),
            ..order(9)
        },
        ExpectedRenewal { cycle: Some(Foreign::from("fortnightly")), ..order(12) },
        ExpectedRenewal { renewal: Some(Renewal::parse("soon")), ..order(10) },
    ];
    let gone = Unforeseen::Live(ReadFailure::NotFound { message: "no such order".into(), from_api: true });
    let shown = text(&document(renewals, [(id(11), gone)].into()));
    let expected = "\
RENEWS                   ORDER  TAG          STATUS   AUTO      IPS           SLOTS    PRICE                 WALLET AFTER
now                      7      -            on hold  yes       60 to 58      4 to 3   78.00 to about 74.10  1.00
2026-12-01 00:00 UTC     48213  eu-scrapers  active   yes       60 to 58      4 to 3   78.00 to about 74.10  -24.10 (not covered)
2026-12-01 00:00 UTC     8      -            active   no, ends  3 to 0        0        unknown to 0.00       -24.10
2026-12-01 00:00 UTC     9      -            unknown  unknown   3 to unknown  unknown  unknown               unknown
2026-12-01 00:00 UTC     12     -            active   yes       60 to 58      4 to 3   78.00 to about 74.10  unknown
soon (no readable date)  10     -            active   yes       60 to 58      4 to 3   78.00 to about 74.10  unknown

5 renewals in the next 30 days for 222.30 as far as it is known, and 1 order ends; the wallet holds 50.00.
The price of 1 renewal is not known (order 9): from there on nobody can say what is covered.
When order 10 renews is not known: as it may come first, nothing is known to be covered.
Order 7 is on hold: it ended on 2026-11-22 00:00 UTC, and is lost on 2026-11-25 00:00 UTC unless it is paid. The wallet covers it.
24.10 more is needed by 2026-12-01 00:00 UTC, else order 48213 goes on hold and is lost on 2026-12-04 00:00 UTC.
To keep everything for the next 30 days, top up at least 24.10.
Each renewal is counted as if those before it were paid: a balance below zero is what is missing by then.
Counted once, as its cycle is not known: order 12.
Does not renew by itself, and ends: order 8.
order 11 could not be read: no such order
";
    assert_eq!(shown, expected);
    assert_eq!(text(&document(vec![], BTreeMap::new())), "No renewals in the next 30 days; the wallet holds 50.00.\n");
}

#[test]
fn a_page_is_bounded_and_keeps_what_matters() {
    let page = markdown(&document(vec![renewal()], BTreeMap::new()));
    let head = "<!-- shardctl -->\n## shardctl forecast: 1 renewal, not covered from order 48213 on\n";
    assert!(page.starts_with(head), "{page}");
    assert!(
        page.contains("- **24.10 more is needed by 2026-12-01 00&#58;00 UTC, else order 48213 goes on hold"),
        "{page}"
    );
    // Every sentence there is, about as many orders as it names.
    let of = |change: fn(ExpectedRenewal) -> ExpectedRenewal, from: u64| {
        (from..from + 99).map(move |order_id| change(ExpectedRenewal { order_id: id(order_id), ..renewal() }))
    };
    let held = of(|it| ExpectedRenewal { order_status: Some(OrderStatus::OnHold), ..it }, 1_000_000_000);
    let ending = of(|it| ExpectedRenewal { auto_renewal: Some(false), ..it }, 2_000_000_000);
    let unpriced = of(|it| ExpectedRenewal { price: PeriodPrice::default(), cycle: None, ..it }, 3_000_000_000);
    let undated = of(|it| ExpectedRenewal { renewal: None, ..it }, 4_000_000_000);
    let all = held.chain(ending).chain(unpriced).chain(undated).chain(vec![renewal(); 5000]).collect();
    let gone = || Unforeseen::Live(ReadFailure::Failed { message: "no answer".into() });
    let full =
        markdown(&document(all, (5_000_000_000..5_000_000_099).map(|order_id| (id(order_id), gone())).collect()));
    assert!(
        full.chars().count() < 64_000 && full.contains("Of 99 orders nothing is known"),
        "{}",
        full.chars().count()
    );

    let many = markdown(&document(vec![renewal(); 5000], BTreeMap::new()));
    assert!(many.starts_with("<!-- shardctl -->\n") && many.chars().count() < 65_000, "{} characters", many.len());
    assert!(
        many.contains("**24.10 more is needed")
            && many.ends_with(" more lines: `shardctl plan -v` shows all of them.\n"),
        "{many}"
    );
}

#[test]
fn texts_from_outside_command_nothing() {
    const EVIL: &str = "\u{1b}[2J\u{202e}##[add-mask]@all|<b>\n[x](https://evil.example) `";
    let evil = || Foreign::from(EVIL);
    let renewal = ExpectedRenewal {
        tag: Some(evil()),
        renewal: Some(Renewal::Unreadable(evil())),
        order_status: Some(OrderStatus::Other(evil())),
        ..renewal()
    };
    let gone = Unforeseen::Live(ReadFailure::Failed { message: evil() });
    let document = document(vec![renewal], [(id(1), gone)].into());
    let mut json = Vec::new();
    document::write(&mut json, &document).expect("written");
    let (text, page) = (text(&document), markdown(&document));
    for shown in [&text, &page, &String::from_utf8(json).expect("text")] {
        assert!(!shown.contains(['\u{1b}', '\u{202e}']) && !shown.contains("##["), "{shown}");
    }
    let (table, problem) = page.rsplit_once("\n- ").expect("the problem");
    for bad in ["<b>", "@all", "](https", "`"] {
        assert!(!table.contains(bad), "{bad} in {table}");
    }
    assert!(problem.starts_with("``") && problem.trim_end().ends_with("``"), "it stands in a span: {problem}");
}
