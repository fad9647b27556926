//! A crash, or an error, at every single request of an apply: what is declared holds in the end, and everything that
//! was bought was charged once.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use shardctl::model::{OrderId, PendingChange, Recorded, RecordedSlots};
use shardctl::sandbox::{Account, Operation};

use crate::rig::{Ran, Rig};

/// Order 1 gets a downgrade that is recorded, order 2 has one that is not, order 3 has none and nobody knows, order 4
/// has no slots at all, and order 5 stays as it is.
pub const ACCOUNT: &str = "
token: sweep-token
wallet_cents: 10000
slot_price_cents: 100
orders:
  1: {tag: eu, p0f_slots: 3, proxies: {203.0.113.1: , 203.0.113.2: , 203.0.113.3: , 203.0.113.4: }}
  2:
    p0f_slots: 2
    pending: {action: downgrade, next_qty: 1}
    proxies: {198.51.100.1: , 198.51.100.2: , 198.51.100.3: }
  3: {p0f_slots: 4, proxies: {192.0.2.1: , 192.0.2.2: , 192.0.2.3: , 192.0.2.4: , 192.0.2.5: }}
  4: {proxies: {2001:db8::1: , 2001:db8::2: }}
  5: {p0f_slots: 1, proxies: {2001:db8::5: }}
";

pub const BEFORE: &str = "
version: 1
orders:
  1: {tag: eu, p0f_slots: 2, keep: {203.0.113.1: win10, 203.0.113.2: linux, 203.0.113.3: , 203.0.113.4: }}
  2: {keep: {198.51.100.1: ios, 198.51.100.2: , 198.51.100.3: }}
  3: {keep: {192.0.2.1: win11, 192.0.2.2: macos, 192.0.2.3: , 192.0.2.4: }}
  5: {p0f_slots: 1, keep: {2001:db8::5: linux}}
";

pub const AFTER: &str = "
version: 1
limits: {max_charge_cents: 400}
orders:
  1: {tag: eu, p0f_slots: 5, keep: {203.0.113.1: win11, 203.0.113.2: linux, 203.0.113.3: ios}}
  2: {p0f_slots: 3, keep: {198.51.100.1: android, 198.51.100.2: linux}}
  3: {p0f_slots: 3, keep: {192.0.2.1: linux, 192.0.2.2: macos, 192.0.2.3: , 192.0.2.5: }}
  4: {p0f_slots: 1, keep: {2001:db8::1: win10}}
  5: {p0f_slots: 1, keep: {2001:db8::5: linux}}
";

/// Runs that a test has under way at once; each of them mostly waits.
const AT_ONCE: usize = 6;

/// The account and the records from which every run starts.
struct Start {
    account: Account,
    records: BTreeMap<OrderId, Recorded>,
}

impl Start {
    /// Applies the first manifest.
    async fn new() -> Start {
        let rig = Rig::new(ACCOUNT, BEFORE).await;
        rig.complete(&[]).await;
        Start { account: rig.control().account(), records: rig.records() }
    }

    async fn rig(&self) -> Rig {
        let rig = Rig::with_account(self.account.clone(), AFTER).await;
        for (order, recorded) in &self.records {
            rig.put_record(*order, recorded);
        }
        rig.check_records();
        rig
    }
}

/// What the second manifest makes of the account.
pub fn declared() -> Value {
    let proxy = |signature: Option<&str>, del_np: bool| json!({"signature": signature, "del_np": del_np});
    let charge =
        |order: u64, add_qty: u32| json!({"order_id": order, "add_qty": add_qty, "charge_cents": 100 * add_qty});
    let order = |slots: u32, pending: Value, paid: u32, proxies: Value| {
        json!({"tag": null, "until": "2030-01-01T00:00:00Z", "p0f_slots": slots, "pending": pending,
               "addons_price_paid": paid, "kind": "datacenter", "proxies": proxies})
    };
    let mut account = json!({
        "wallet_cents": 9600,
        "slot_price_cents": 100,
        "charges": [charge(1, 2), charge(2, 1), charge(4, 1)],
        "orders": {
            "1": order(5, Value::Null, 500, json!({
                "203.0.113.1": proxy(Some("win11"), false), "203.0.113.2": proxy(Some("linux"), false),
                "203.0.113.3": proxy(Some("ios"), false), "203.0.113.4": proxy(None, true)})),
            "2": order(3, Value::Null, 300, json!({
                "198.51.100.1": proxy(Some("android"), false), "198.51.100.2": proxy(Some("linux"), false),
                "198.51.100.3": proxy(None, true)})),
            "3": order(4, json!({"action": "downgrade", "next_qty": 3}), 400, json!({
                "192.0.2.1": proxy(Some("linux"), false), "192.0.2.2": proxy(Some("macos"), false),
                "192.0.2.3": proxy(None, false), "192.0.2.4": proxy(None, true), "192.0.2.5": proxy(None, false)})),
            "4": order(1, Value::Null, 100, json!({
                "2001:db8::1": proxy(Some("win10"), false), "2001:db8::2": proxy(None, true)})),
            "5": order(1, Value::Null, 100, json!({"2001:db8::5": proxy(Some("linux"), false)})),
        }
    });
    account["orders"]["1"]["tag"] = json!("eu");
    account
}

/// Applies without any fault and returns the operations in the order in which they were sent.
async fn clean_run(start: &Start) -> Vec<Operation> {
    let rig = start.rig().await;
    assert_eq!(rig.complete(&["--concurrency", "1"]).await, [0]);
    rig.nothing_left().await;
    assert_eq!(rig.truth(), declared());
    let requests = rig.control().requests();
    let operations: Vec<Operation> = requests.iter().filter_map(|request| request.operation).collect();
    // The last reads are those of the plan that finds nothing to do.
    let last_write = operations.iter().rposition(|operation| operation.writes()).expect("a write");
    assert_eq!(operations.iter().filter(|operation| operation.writes()).count(), 15, "{operations:?}");
    operations[..=last_write].to_vec()
}

#[tokio::test]
async fn killed_at_any_request_it_goes_on_and_charges_once() {
    let start = Start::new().await;
    let requests = clean_run(&start).await.len();
    let points = (1..=requests).flat_map(|nth| [(nth, "before"), (nth, "after")]);
    stream::iter(points).for_each_concurrent(AT_ONCE, |point| killed_at(&start, point)).await;
}

async fn killed_at(start: &Start, (nth, when): (usize, &str)) {
    let rig = start.rig().await;
    rig.break_with(json!([{"operation": "any", "nth": nth, "hold": true, "when": when}]));
    let run = rig.start(&["apply", "--apply", "--concurrency", "1"]);
    rig.struck().await;
    run.kill();
    rig.break_with(json!([]));
    rig.check_records();
    let unsettled = rig.open_intents();
    let never_charged = rig.never_charged().await;
    let statuses = rig.complete(&["--concurrency", "1"]).await;
    // A purchase that came through is settled by the next run; one that did not blocks it until the intent is void.
    let expected: &[i32] = if unsettled == 1 && when == "before" { &[1, 0] } else { &[0] };
    assert_eq!(statuses, expected, "killed {when} the effect of request {nth}");
    rig.nothing_left().await;
    rig.check_history_but(never_charged).await;
    assert_eq!(rig.truth(), declared(), "killed {when} the effect of request {nth}");
}

/// An error in place of a crash.
#[derive(Debug, Clone)]
struct Break {
    operation: Operation,
    rule: Value,
    retries: u32,
    /// Whether nobody can say from the answer what came of a write.
    ambiguous: bool,
    /// Whether the request may succeed when it is sent again.
    passing: bool,
}

/// The errors, each with whether it is ambiguous and whether it passes.
fn errors() -> Vec<(Value, bool, bool)> {
    vec![
        (json!({"status": 503}), true, true),
        (json!({"status": 503, "when": "after"}), true, true),
        (json!({"status": 500, "times": 0}), true, false),
        (json!({"close": true}), true, true),
        (json!({"close": true, "when": "after"}), true, true),
        (json!({"status": 429, "headers": {"Retry-After": "0"}}), false, true),
        (json!({"status": 429, "headers": {"Retry-After": "3600"}, "times": 0}), false, false),
        (json!({"status": 401}), false, false),
        (json!({"truncate": 7}), true, true),
    ]
}

fn breaks(operations: &[Operation]) -> Vec<Break> {
    let first_write = operations.iter().position(|operation| operation.writes()).expect("a write");
    let mut breaks = Vec::new();
    for (index, operation) in operations.iter().enumerate() {
        for (rule, ambiguous, passing) in errors() {
            // One failing read is like the other until the first write: a few errors will do.
            if index < first_write && (!passing || index % 3 > 0) {
                continue;
            }
            let mut rule = rule.clone();
            rule["nth"] = json!(index + 1);
            let it = |retries| Break { operation: *operation, rule: rule.clone(), retries, ambiguous, passing };
            breaks.push(it(0));
            if rule["status"] != 401 {
                breaks.push(it(2));
            }
        }
    }
    breaks
}

#[tokio::test]
async fn failing_at_any_request_it_says_how_it_ended_and_goes_on() {
    let start = Start::new().await;
    let breaks = breaks(&clean_run(&start).await);
    stream::iter(breaks).for_each_concurrent(2 * AT_ONCE, |it| failing_at(&start, it)).await;
}

async fn failing_at(start: &Start, it: Break) {
    let rig = start.rig().await;
    let before = rig.truth();
    rig.break_with(json!([it.rule]));
    let retries = it.retries.to_string();
    let flags = ["--concurrency", "1", "--settle-timeout", "0.05", "--retries", &retries];
    let ran = rig.run(&[&["apply", "--apply", "--format", "json"], &flags[..]].concat()).await;
    rig.break_with(json!([]));
    rig.check_records();
    check_exit(&rig, &ran, &it, &before);
    check_report(&rig, &ran, &it);
    let never_charged = rig.never_charged().await;
    if ran.status == Some(0) {
        rig.nothing_left().await;
    } else {
        rig.complete(&[]).await;
    }
    rig.check_history_but(never_charged).await;
    assert_eq!(rig.truth(), declared(), "{it:?}");
}

fn check_exit(rig: &Rig, ran: &Ran, it: &Break, before: &Value) {
    let complete = rig.truth() == declared() && rig.open_intents() == 0;
    // Of the very first write nobody can say whether it took effect; later on, others did.
    let guessing = it.ambiguous && it.operation.writes();
    let expected = match () {
        () if complete && ran.status == Some(0) => 0,
        () if rig.open_intents() > 0 => 4,
        () if rig.truth() != *before || guessing => 3,
        () => 1,
    };
    assert_eq!(ran.status, Some(expected), "{it:?}: {ran:?}");
    if it.passing && it.retries > 0 && it.operation != Operation::Purchase {
        assert_eq!(ran.status, Some(0), "it is sent again: {it:?}: {ran:?}");
    }
}

/// Holds what the report says of the money against the wallet.
fn check_report(rig: &Rig, ran: &Ran, it: &Break) {
    if ran.stdout.is_empty() {
        return;
    }
    let report = ran.json();
    let said = report["charged_cents"].as_u64().expect("an amount");
    let found = rig.open_intents() > 0 && said < rig.charged();
    assert!(said == rig.charged() || found, "{it:?}: {ran:?}");
    let limit = report["summary"]["charge_cents"].as_u64().expect("an amount");
    assert!(rig.charged() <= limit, "{it:?}: {ran:?}");
}

/// What somebody else changed makes the record worth nothing, and it must not come true again by another change.
#[tokio::test]
async fn what_drifted_is_forgotten_before_a_write() {
    let account = "{token: t0ken, orders: {1: {p0f_slots: 3, pending: {action: downgrade, next_qty: 1}, proxies: {203.0.113.1: }}}}";
    let rig = Rig::new(account, "{version: 1, orders: {1: {p0f_slots: 3}}}").await;
    let order = OrderId::new(1).expect("a positive id");
    let seen_before = Some(RecordedSlots { qty: 4, pending: Some(PendingChange::Downgrade { next_qty: 2 }) });
    rig.put_record(order, &Recorded { slots: seen_before, ..Recorded::default() });
    rig.break_with(json!([{"operation": "cancel", "hold": true, "when": "after"}]));
    let run = rig.start(&["apply", "--apply"]);
    rig.struck().await;
    run.kill();
    rig.break_with(json!([]));
    rig.control().with_account(|account| account.orders.get_mut(&order).expect("the order").p0f_slots = 4);
    rig.check_records();
}
