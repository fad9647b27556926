//! A purchase at each of its stages.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shardctl::model::{Cents, OrderId, Recorded};
use shardctl::sandbox::Operation;

use crate::rig::{Ran, Rig};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 100
orders:
  7: {p0f_slots: 2, proxies: {203.0.113.1: , 203.0.113.2: }}
";

const MANIFEST: &str = "
version: 1
limits: {max_charge_cents: 1000}
orders:
  7: {p0f_slots: 4, keep: {203.0.113.1: win11, 203.0.113.2: linux}}
";

const APPLY: [&str; 8] = ["apply", "--apply", "--format", "json", "--retries", "0", "--settle-timeout", "0.05"];

async fn rig() -> Rig {
    let rig = Rig::new(ACCOUNT, MANIFEST).await;
    // What is scheduled is known, so that the purchase comes first.
    let slots = Some(shardctl::model::RecordedSlots { qty: 2, pending: None });
    rig.put_record(order(), &Recorded { slots, ..Recorded::default() });
    rig
}

fn order() -> OrderId {
    OrderId::new(7).expect("a positive id")
}

fn purchase(ran: &Ran) -> Value {
    ran.json()["orders"][0]["operations"][0].clone()
}

fn notes(ran: &Ran) -> Vec<Value> {
    let notes = ran.json()["orders"][0]["notes"].clone();
    let codes = notes.as_array().into_iter().flatten().map(|note| note["code"].clone());
    codes.filter(|code| code != "detail_unavailable").collect()
}

#[tokio::test]
async fn the_intent_is_stored_before_the_purchase_arrives() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "purchase", "hold": true}]));
    let (earliest, run) = (Timestamp::now(), rig.start(&["apply", "--apply"]));
    rig.struck().await;
    let intent = rig.records()[&order()].purchase.expect("an intent");
    assert_eq!((intent.from_qty, intent.add_qty), (2, 2));
    // By the API's clock, which says no more than seconds.
    let second = jiff::SignedDuration::from_secs(1);
    assert!(earliest - second <= intent.when && intent.when <= Timestamp::now() + second, "{intent:?}");
    rig.check_records();
    run.kill();
}

#[tokio::test]
async fn the_price_is_quoted_again_just_before() {
    // The price and the slots as they are when the purchase is about to be sent, and what comes of it.
    let rows = [(100, 2, 0, 200), (99, 2, 0, 198), (101, 2, 1, 0), (100, 1, 1, 0), (100, 3, 1, 0), (100, 4, 1, 0)];
    for (price, slots, status, charged) in rows {
        let rig = rig().await;
        // The plan asks twice: for one slot, and for the two that are missing.
        rig.break_with(json!([{"operation": "calculate", "nth": 3, "delay_ms": 150}]));
        let run = rig.start(&APPLY);
        rig.struck().await;
        rig.control().with_account(|account| {
            account.slot_price_cents = Cents(price);
            account.orders.get_mut(&order()).expect("the order").p0f_slots = slots;
        });
        let ran = run.finish().await.exits(status);
        assert_eq!((rig.charged(), ran.json()["charged_cents"].as_u64()), (charged, Some(charged)), "{price} {slots}");
        assert_eq!(rig.sent(Operation::Purchase, 7), usize::from(status == 0));
        if status != 0 {
            let result = purchase(&ran)["result"].clone();
            assert!(result["error"].as_str().is_some_and(|error| error.starts_with("nothing was bought")), "{result}");
            assert_eq!(rig.open_intents(), 0);
        }
    }
}

#[tokio::test]
async fn a_purchase_whose_answer_was_lost_is_found_by_reading_back() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "purchase", "close": true, "when": "after"}]));
    let ran = rig.run(&APPLY).await.exits(0);
    assert_eq!((ran.json()["charged_cents"].as_u64(), rig.charged()), (Some(200), 200));
    rig.nothing_left().await;
}

#[tokio::test]
async fn it_is_found_even_where_it_shows_late() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "purchase", "delay_ms": 1200}]));
    let words = ["apply", "--apply", "--format", "json", "--timeout", "0.4", "--settle-timeout", "30"];
    rig.run(&words).await.exits(0);
    assert_eq!((rig.charged(), rig.sent(Operation::Purchase, 7)), (200, 1));
    rig.nothing_left().await;
}

/// Ends with a purchase of which nobody knows whether it arrived.
async fn unknown() -> Rig {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "purchase", "hold": true}]));
    let ran = rig.run(&[&APPLY[..], &["--timeout", "0.4"]].concat()).await.exits(4);
    assert_eq!(purchase(&ran)["result"]["status"], "unknown");
    assert_eq!(ran.json()["orders"][0]["operations"][1]["result"]["status"], "not_run");
    assert_eq!((ran.json()["charged_cents"].as_u64(), rig.charged(), rig.open_intents()), (Some(0), 0, 1));
    rig.break_with(json!([]));
    rig
}

#[tokio::test]
async fn an_unknown_purchase_blocks_until_it_is_void() {
    let rig = unknown().await;
    for words in [&["plan", "--format", "json"][..], &APPLY[..], &[&APPLY[..], &["--keep-going"]].concat()] {
        let ran = rig.run(words).await;
        let status = if words.contains(&"--keep-going") { [1, 3] } else { [1, 1] };
        assert!(status.map(Some).contains(&ran.status), "{ran:?}");
        assert_eq!(ran.problems(), ["purchase_unsettled"]);
    }
    rig.let_eleven_minutes_pass();
    rig.run(&APPLY).await.exits(0);
    assert_eq!((rig.charged(), rig.sent(Operation::Purchase, 7)), (200, 2));
    rig.nothing_left().await;
}

#[tokio::test]
async fn an_unknown_purchase_that_shows_is_settled_and_not_made_again() {
    for aged in [false, true] {
        let rig = unknown().await;
        rig.control().with_account(|account| account.purchase(order(), 2).map(drop)).expect("a purchase");
        if aged {
            rig.let_eleven_minutes_pass();
        }
        let ran = rig.run(&APPLY).await.exits(0);
        assert_eq!(notes(&ran), ["purchase_settled"]);
        assert_eq!((rig.charged(), rig.sent(Operation::Purchase, 7)), (200, 1));
        rig.check_records();
        rig.nothing_left().await;
    }
}

#[tokio::test]
async fn a_clock_that_jumps_never_buys_a_second_time() {
    let minutes = |count| SignedDuration::from_mins(count);
    // How far the intent lies in the past, and whether it blocks: one from the future may have been sent just now.
    let rows = [
        (minutes(0), true),
        (minutes(9), true),
        (minutes(11), false),
        (minutes(60 * 24 * 3650), false),
        (minutes(-1), true),
        (minutes(-11), true),
        (minutes(-60 * 24 * 3650), true),
    ];
    for (age, blocks) in rows {
        let rig = unknown().await;
        let mut recorded = rig.records()[&order()].clone();
        recorded.purchase.as_mut().expect("an intent").when = Timestamp::now() - age;
        rig.put_record(order(), &recorded);
        let ran = rig.run(&APPLY).await.exits(i32::from(blocks));
        assert_eq!(ran.problems().contains(&"purchase_unsettled".to_owned()), blocks, "{age:?}");
        assert_eq!((rig.charged(), rig.records()[&order()].purchase.is_some()), (if blocks { 0 } else { 200 }, blocks));
        if blocks {
            // The way out that always works: somebody looked, and says that nothing is known.
            rig.run(&["state", "forget", "7"]).await.exits(0);
            rig.complete(&[]).await;
            assert_eq!(rig.charged(), 200);
        }
    }
}

/// Behind a balancer, one server may be ahead of all others.
#[tokio::test]
async fn one_server_that_is_ahead_makes_no_purchase_void() {
    let rig = unknown().await;
    rig.break_with(json!([{"operation": "active", "clock_skew_seconds": 660, "times": 1}]));
    let ran = rig.run(&APPLY).await.exits(1);
    assert_eq!(ran.problems(), ["purchase_unsettled"], "{ran:?}");
    assert_eq!((rig.charged(), rig.open_intents()), (0, 1));
}

#[tokio::test]
async fn a_refused_purchase_leaves_no_intent() {
    for rule in [json!({"status": 402}), json!({"status": 429}), json!({"status": 200, "body": "{\"success\":false}"})]
    {
        let rig = rig().await;
        let mut rule = rule.clone();
        rule["operation"] = json!("purchase");
        rig.break_with(json!([rule]));
        rig.run(&APPLY).await.exits(1);
        assert_eq!((rig.open_intents(), rig.charged()), (0, 0), "{rule}");
        rig.complete(&[]).await;
        assert_eq!(rig.charged(), 200);
    }
    let rig = rig().await;
    rig.control().with_account(|account| account.wallet_cents = Cents(199));
    let ran = rig.run(&APPLY).await.exits(1);
    assert!(ran.stdout.contains("Insufficient funds"), "{ran:?}");
}

#[tokio::test]
async fn a_purchase_is_sent_again_only_where_nothing_was_sent() {
    for status in [500, 502, 503, 408, 429] {
        let rig = rig().await;
        rig.break_with(json!([{"operation": "purchase", "status": status, "times": 0}]));
        let words = ["apply", "--apply", "--retries", "3", "--settle-timeout", "0.05"];
        let ran = rig.run(&words).await;
        assert_eq!(ran.status, Some(if status == 429 { 1 } else { 4 }), "{status}: {ran:?}");
        assert_eq!(rig.sent(Operation::Purchase, 7), 1, "{status}");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_stored_buys_nothing() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "calculate", "nth": 3, "delay_ms": 150}]));
    let run = rig.start(&APPLY);
    rig.struck().await;
    // In the way of the file that is to replace the record: a directory with something in it.
    let path = rig.record_path(order());
    std::fs::remove_file(&path).expect("the record");
    std::fs::create_dir_all(path.join("in-the-way")).expect("a directory");
    let ran = run.finish().await.exits(1);
    assert_eq!((rig.charged(), rig.sent(Operation::Purchase, 7)), (0, 0), "{ran:?}");
    assert!(ran.stdout.contains("nothing was bought"), "{ran:?}");
}

#[tokio::test]
async fn a_purchase_that_cannot_be_recorded_is_settled_by_the_next_plan() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "purchase", "delay_ms": 150, "when": "after"}]));
    let run = rig.start(&APPLY);
    rig.struck().await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    let (path, aside) = (rig.record_path(order()), rig.path("aside"));
    std::fs::rename(&path, &aside).expect("the record with its intent");
    std::fs::create_dir_all(path.join("in-the-way")).expect("a directory");
    let ran = run.finish().await.exits(3);
    assert_eq!((ran.json()["charged_cents"].as_u64(), rig.charged()), (Some(200), 200));
    assert!(ran.stdout.contains("bought, but not recorded"), "{ran:?}");
    std::fs::remove_dir_all(&path).expect("the directory in the way");
    std::fs::rename(&aside, &path).expect("the record");
    let ran = rig.run(&APPLY).await.exits(0);
    assert_eq!(notes(&ran), ["purchase_settled"]);
    assert_eq!(rig.charged(), 200);
    rig.nothing_left().await;
}
