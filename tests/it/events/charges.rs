//! What the events of several runs say was charged is what the history says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ACCOUNT, APPLY, DECLARED, all_lines};
use crate::rig::{Ran, Rig};

/// Adds up what was charged, as a collector does: each purchase once, by its run and its order.
fn charged(runs: &[Ran]) -> u64 {
    let lines: Vec<Value> = runs.iter().flat_map(all_lines).collect();
    let charges = lines.iter().filter(|line| line["event"] == "charged" || line["event"] == "purchase_found");
    let purchases: BTreeMap<(String, u64), u64> = charges
        .map(|line| {
            let number = |key: &str| line[key].as_u64().expect("a number");
            ((line["run"].as_str().expect("a run").to_owned(), number("order_id")), number("charge_cents"))
        })
        .collect();
    purchases.values().sum()
}

/// Runs an apply whose purchase is held, and ends it as is said; then one more, which finds the purchase.
async fn found_later(faults: Value, killed: bool) -> (Rig, Vec<Ran>) {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.break_with(faults);
    let run = rig.start(&[&APPLY[..], &["--order", "1", "--timeout", "0.2", "--settle-timeout", "0.05"]].concat());
    rig.struck().await;
    let first = if killed {
        let stderr = run.stderr();
        run.kill();
        Ran { status: None, stdout: String::new(), stderr }
    } else {
        run.finish().await.exits(4)
    };
    rig.break_with(json!([]));
    let second = rig.run(&APPLY).await.exits(0);
    (rig, vec![first, second])
}

#[tokio::test]
async fn a_purchase_that_a_later_run_finds_is_told_by_it() {
    let lost = json!([
        {"operation": "purchase", "hold": true, "when": "after"},
        // No read shows it in time.
        {"operation": "calculate", "nth": 4, "status": 500, "times": 0},
    ]);
    let (rig, runs) = found_later(lost, false).await;
    let lines = all_lines(&runs[1]);
    let found = lines.iter().find(|line| line["event"] == "purchase_found").expect("it is told");
    let ended = all_lines(&runs[0]);
    let ended = ended.iter().find(|line| line["event"] == "apply_ended").expect("an end");
    assert_eq!((&ended["charged_cents"], &ended["may_have_charged_cents"]), (&json!(0), &json!(300)));
    for (key, value) in [("run", &ended["run"]), ("order_id", &json!(1)), ("add_qty", &json!(2))] {
        assert_eq!(&found[key], value, "{key}: {found:#}");
    }
    assert_eq!((&found["level"], &found["charge_cents"]), (&json!("info"), &json!(300)));
    assert_eq!((charged(&runs), rig.charged(), rig.history_amounts().await), (300, 300, (300, 0)));
    let again = rig.run(&[&APPLY[..], &["--reassert"]].concat()).await.exits(0);
    assert_eq!(charged(&[again]), 0, "it is told once");
}

#[tokio::test]
async fn a_purchase_that_was_told_by_a_run_that_was_killed_counts_once() {
    let held = json!([{"operation": "set_signatures", "hold": true}]);
    let (rig, runs) = found_later(held, true).await;
    for (ran, event) in runs.iter().zip(["charged", "purchase_found"]) {
        assert_eq!(all_lines(ran).iter().filter(|line| line["event"] == event).count(), 1, "{event}: {ran:?}");
    }
    assert_eq!((charged(&runs), rig.charged(), rig.history_amounts().await), (300, 300, (300, 0)));
}
