//! Ctrl-C and SIGTERM: the first lets what is under way end well, the second ends at once; neither loses anything.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shardctl::model::OrderId;
use shardctl::sandbox::Operation;

use crate::rig::{MANIFEST, Ran, Rig, Started, until};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 100
orders:
  1: {p0f_slots: 1, proxies: {203.0.113.1: , 203.0.113.2: }}
  2: {p0f_slots: 1, proxies: {198.51.100.1: , 198.51.100.2: }}
";

const DECLARED: &str = "
version: 1
limits: {max_charge_cents: 1000}
orders:
  1: {p0f_slots: 3, keep: {203.0.113.1: win11, 203.0.113.2: }}
  2: {p0f_slots: 2, keep: {198.51.100.1: ios, 198.51.100.2: }}
";

const APPLY: [&str; 6] = ["apply", "--apply", "--concurrency", "1", "--format", "json"];
/// Long enough for a signal to arrive while the request is held up.
const HELD_UP: u64 = 300;

/// Starts an apply and waits until a fault has struck it.
async fn under_way(rule: Value) -> (Rig, Started) {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.break_with(json!([rule]));
    let run = rig.start(&APPLY);
    rig.struck().await;
    (rig, run)
}

fn results(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let operations = report["orders"].as_array().into_iter().flatten().flat_map(|order| order["operations"].as_array());
    let result = |operation: &Value| operation["result"]["status"].as_str().expect("a result").to_owned();
    operations.flatten().map(result).collect()
}

#[tokio::test]
async fn a_collector_learns_that_it_was_interrupted() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.break_with(json!([{"operation": "set_signatures", "delay_ms": HELD_UP, "when": "before"}]));
    let run = rig.start(&["apply", "--apply", "--concurrency", "1", "--log-format", "json"]);
    rig.struck().await;
    run.signal("TERM");
    let ran = run.finish().await.exits(3);
    let last: Value = serde_json::from_str(ran.stderr.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["event"], &last["code"]), (&json!("failed"), &json!("interrupted")), "{ran:?}");
}

#[tokio::test]
async fn the_first_lets_the_request_under_way_end_and_records_it() {
    let done = |count: usize| [vec!["done"; count], vec!["not_run"; 8 - count]].concat();
    // Each write of the first order, and how many operations are done when it has ended.
    let rows = [
        ("cancel", "before", 1, 0),
        ("cancel", "after", 1, 0),
        ("purchase", "before", 2, 200),
        ("purchase", "after", 2, 200),
        ("set_signatures", "before", 3, 200),
        ("set_del_np", "after", 4, 200),
    ];
    for (operation, when, count, charged) in rows {
        for signal in ["INT", "TERM"] {
            let (rig, run) = under_way(json!({"operation": operation, "delay_ms": HELD_UP, "when": when})).await;
            run.signal(signal);
            let ran = run.finish().await;
            assert_eq!(results(&ran), done(count), "{operation} {when}: {ran:?}");
            // An unknown pending change that was not there is nothing that was changed.
            let expected = if operation == "cancel" { 1 } else { 3 };
            assert_eq!((ran.status, rig.charged()), (Some(expected), charged), "{operation} {when}: {ran:?}");
            assert_eq!(ran.json()["charged_cents"], charged);
            assert!(ran.stderr.contains("Stopping"), "{ran:?}");
            rig.check_records();
            rig.break_with(json!([]));
            assert_eq!(rig.complete(&[]).await, [0]);
            rig.nothing_left().await;
            assert_eq!(rig.charged(), 300);
        }
    }
}

#[tokio::test]
async fn nothing_is_bought_after_it() {
    // The price is being quoted once more: the purchase itself has not begun.
    let (rig, run) = under_way(json!({"operation": "calculate", "nth": 4, "delay_ms": HELD_UP})).await;
    run.signal("INT");
    let ran = run.finish().await.exits(1);
    assert_eq!((rig.charged(), rig.sent(Operation::Purchase, 1), rig.open_intents()), (0, 0, 0), "{ran:?}");
    assert!(ran.stdout.contains("nothing was bought: interrupted"), "{ran:?}");
    rig.break_with(json!([]));
    rig.complete(&[]).await;
    assert_eq!(rig.charged(), 300);
}

#[tokio::test]
async fn a_purchase_under_way_is_settled_or_unknown() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.break_with(json!([{"operation": "purchase", "hold": true}]));
    let run = rig.start(&[&APPLY[..], &["--timeout", "0.4", "--settle-timeout", "0.05"]].concat());
    rig.struck().await;
    run.signal("TERM");
    let ran = run.finish().await.exits(4);
    assert_eq!((results(&ran)[1].as_str(), rig.open_intents()), ("unknown", 1), "{ran:?}");
    rig.break_with(json!([]));
    assert_eq!(rig.complete(&[]).await, [1, 0]);
    assert_eq!(rig.charged(), 300);
}

#[tokio::test]
async fn nobody_waits_for_minutes_for_a_purchase_to_show() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.break_with(json!([{"operation": "purchase", "close": true}]));
    let run = rig.start(&[&APPLY[..], &["--settle-timeout", "3600"]].concat());
    rig.struck().await;
    run.signal("TERM");
    let ran = run.finish().await.exits(4);
    assert_eq!((results(&ran)[1].as_str(), rig.open_intents()), ("unknown", 1), "{ran:?}");
}

#[tokio::test]
async fn what_waits_to_be_sent_again_is_not() {
    let again = json!({"operation": "set_del_np", "status": 429, "headers": {"Retry-After": "50"}, "times": 0});
    let broken = json!({"operation": "set_signatures", "close": true, "when": "after", "times": 0});
    for (fault, operation) in [(again, Operation::SetDelNp), (broken, Operation::SetSignatures)] {
        let (rig, run) = under_way(fault).await;
        run.signal("TERM");
        let start = Instant::now();
        let ran = run.finish().await.exits(3);
        assert!(start.elapsed() < Duration::from_secs(20), "{ran:?}");
        assert!(rig.sent(operation, 1) <= 2 && results(&ran).contains(&"failed".to_owned()), "{ran:?}");
        rig.check_records();
        rig.break_with(json!([]));
        assert_eq!(rig.complete(&[]).await, [0]);
        rig.nothing_left().await;
        assert_eq!(rig.charged(), 300);
    }
}

#[tokio::test]
async fn what_only_reads_ends_at_the_first() {
    for (words, signal) in [
        (&["plan", "--out", "saved.json"][..], "INT"),
        (&["apply"], "TERM"),
        (&["status"], "INT"),
        (&["import", "1"], "TERM"),
    ] {
        // A rig for each: what one sent last may arrive when the next has just been started.
        let rig = Rig::new(ACCOUNT, DECLARED).await;
        rig.break_with(json!([{"operation": "active", "hold": true, "times": 0}]));
        let run = rig.start(words);
        rig.struck().await;
        run.signal(signal);
        let ran = run.finish().await.exits(1);
        assert_eq!(ran.stdout, "", "{words:?}");
        assert!(ran.stderr.starts_with("error: interrupted"), "{words:?}: {ran:?}");
        assert!(!rig.path("saved.json").exists());
    }
}

#[tokio::test]
async fn the_second_ends_at_once() {
    let rows = [("INT", "INT"), ("TERM", "HUP"), ("HUP", "TERM")];
    for (operation, when) in [("purchase", "before"), ("purchase", "after"), ("set_signatures", "after")] {
        for (first, second) in rows {
            let (rig, run) = under_way(json!({"operation": operation, "hold": true, "when": when})).await;
            run.signal(first);
            until("the first was heard", || run.stderr().contains("Stopping")).await;
            // Sooner it would be the first one, passed on twice.
            run.signal(second);
            tokio::time::sleep(Duration::from_millis(1100)).await;
            let start = Instant::now();
            run.signal(second);
            let ran = run.finish().await.exits(130);
            assert!(start.elapsed() < Duration::from_secs(10), "{ran:?}");
            rig.break_with(json!([]));
            rig.check_records();
            let bought = operation != "purchase" || when == "after";
            assert_eq!(rig.complete(&[]).await, if bought { &[0][..] } else { &[1, 0] }, "{operation} {when}");
            rig.nothing_left().await;
            assert_eq!(rig.charged(), 300);
        }
    }
}

#[tokio::test]
async fn before_anything_is_sent_it_ends_without_a_trace() {
    let (rig, run) = under_way(json!({"operation": "active", "hold": true})).await;
    run.signal("TERM");
    let ran = run.finish().await;
    assert_ne!(ran.status, Some(0));
    rig.break_with(json!([]));
    assert!(rig.records().is_empty() && rig.charged() == 0);
    assert_eq!(rig.complete(&[]).await, [0]);
}

/// Whoever reads stderr may go away, as `head` does: what is under way goes on all the same.
#[tokio::test]
async fn nobody_needs_to_read_what_is_said() {
    for signal in [false, true] {
        let rig = Rig::new(ACCOUNT, DECLARED).await;
        rig.break_with(json!([{"operation": "cancel", "delay_ms": HELD_UP}]));
        let mut command = rig.command(&[&APPLY[..], &["-vv"]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the built program");
        let mut stderr = child.stderr.take().expect("a pipe");
        let first = tokio::task::spawn_blocking(move || stderr.read_exact(&mut [0; 1]));
        first.await.expect("a reader").expect("a first line");
        rig.struck().await;
        if signal {
            let kill = format!("kill -INT {}", child.id());
            assert!(std::process::Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
        }
        let status = loop {
            match child.try_wait().expect("a process to wait for") {
                Some(status) => break status.code(),
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        };
        assert_eq!((status, rig.charged()), if signal { (Some(1), 0) } else { (Some(0), 300) });
        rig.check_records();
    }
}

/// A cancel that found nothing to cancel changed nothing.
#[tokio::test]
async fn a_failure_after_a_cancel_of_nothing_leaves_with_1() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.break_with(json!([{"operation": "purchase", "status": 403}]));
    let before = rig.truth();
    let ran = rig.run(&APPLY).await.exits(1);
    assert_eq!((ran.json()["outcome"].as_str(), rig.truth()), (Some("failed"), before));
    rig.control().with_account(|account| {
        let order = account.orders.get_mut(&OrderId::new(2).expect("a positive id")).expect("an order");
        order.pending = Some(shardctl::model::PendingChange::Cancel {});
    });
    rig.write(MANIFEST, DECLARED.lines().filter(|line| !line.contains("  1:")).collect::<Vec<_>>().join("\n"));
    rig.break_with(json!([{"operation": "purchase", "status": 403}]));
    rig.run(&APPLY).await.exits(3);
}
