//! What an order's status allows, and what a word for it that nobody knows must not forbid.

use serde_json::{Value, json};
use shardctl::sandbox::{Account, Tells};

use crate::rig::{Ran, Rig};

const ACCOUNT: &str = "{token: t0ken, wallet_cents: 1000, slot_price_cents: 100, \
                       orders: {1: {p0f_slots: 1, proxies: {203.0.113.1: }}}}";

async fn plan(wanted: u32, faults: Value) -> (Rig, Ran) {
    let mut account = Account::from_yaml(ACCOUNT).expect("a valid account");
    account.tells = Tells::everything();
    let manifest = format!("{{version: 1, limits: {{max_charge_cents: 500}}, orders: {{1: {{p0f_slots: {wanted}}}}}}}");
    let rig = Rig::with_account(account, &manifest).await;
    rig.break_with(faults);
    let ran = rig.run(&["plan", "--format", "json", "--retries", "0"]).await;
    (rig, ran)
}

fn status(word: &str) -> Value {
    json!({"operation": "order", "instead": {"status": word}, "times": 0})
}

fn silence() -> Value {
    json!({"operation": "order", "without": ["addons", "p0f_slots_available"], "times": 0})
}

#[tokio::test]
async fn an_order_that_does_not_run_buys_nothing_and_says_why() {
    let refused = json!({"operation": "calculate", "status": 400, "times": 0});
    for (word, refusal) in
        [("on-hold", None), ("On-Hold", Some(&refused)), ("cancelled", None), ("Canceled", Some(&refused))]
    {
        let faults: Vec<Value> = [status(word)].into_iter().chain(refusal.cloned()).collect();
        let (_, ran) = plan(3, json!(faults)).await;
        assert_eq!(ran.problems(), ["order_not_active"], "{word}: {ran:?}");
    }
    // Nothing is to be bought.
    let (_, ran) = plan(1, json!([status("on-hold")])).await;
    assert!(ran.problems().is_empty(), "{ran:?}");
}

#[tokio::test]
async fn a_word_that_nobody_knows_is_an_unknown_status() {
    for word in ["paid", "pending", "suspended", ""] {
        for faults in [json!([status(word)]), json!([status(word), silence()])] {
            let (rig, ran) = plan(3, faults.clone()).await;
            assert!(ran.problems().is_empty(), "{faults}: {ran:?}");
            assert_eq!(ran.json()["summary"]["charge_cents"], 200, "{faults}");
            rig.run(&["apply", "--apply"]).await.exits(0);
            assert_eq!(rig.charged(), 200, "{faults}");
        }
    }
}

/// Slots that are declared and not told are asked for, or the order is blocked: they are never left out unsaid.
#[tokio::test]
async fn slots_that_nobody_tells_are_never_no_changes() {
    for word in ["active", "paid", "on-hold", "cancelled"] {
        for refused in [false, true] {
            let mut faults = vec![status(word), silence()];
            if refused {
                faults.push(json!({"operation": "calculate", "status": 400, "times": 0}));
            }
            let (_, ran) = plan(3, json!(faults)).await;
            let changes = ran.json()["summary"]["changed"] == 1;
            assert!(changes || !ran.problems().is_empty(), "{word} {refused}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn one_slot_is_one_in_the_table_of_orders() {
    let (rig, _) = plan(1, json!([])).await;
    let table = rig.run(&["status"]).await.exits(0).stdout;
    assert!(table.contains(" 0 on 1 slot  "), "{table}");
}
