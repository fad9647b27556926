//! Every line that is written for a collector is one that the schema describes.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::{ACCOUNT, DECLARED, all_lines};
use crate::rig::{Rig, STATE};

/// A manifest that blocks both orders: one has no such IP, and of the other it may not buy.
const BLOCKED: &str = "
version: 1
orders:
  1: {tag: eu, p0f_slots: 3, keep: {203.0.113.1: linux, 203.0.113.2: , 203.0.113.3: }}
  2: {keep: {198.51.100.9: }}
";

/// Returns the objects of problems, as in `2 ip_not_in_order 198.51.100.9 shardctl.yaml 5`.
fn problems(lines: &[Value]) -> Vec<String> {
    let words = |line: &Value| {
        let of = |key: &str| line[key].to_string().replace('"', "");
        ["order_id", "code", "ip", "file", "line"].map(of).join(" ")
    };
    lines.iter().filter(|line| line["event"] == "problem").map(words).collect()
}

#[tokio::test]
async fn every_line_is_one_that_the_schema_describes() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    fs::create_dir_all(rig.path("below/below")).expect("a directory");
    for name in ["blocked.yaml", "below/shardctl.yaml", "below/below/unread.yaml"] {
        rig.write(name, BLOCKED);
    }
    rig.write("bad.yaml", "version: 1\norders: {1: {tags: eu}}\n");
    rig.break_with(json!([
        {"operation": "active", "status": 500, "times": 1},
        {"operation": "purchase", "close": true, "when": "before"},
        {"operation": "set_del_np", "order_id": 2, "status": 400},
    ]));
    let runs: [(&[&str], i32); 18] = [
        (&["validate", "-f", "bad.yaml"], 1),
        (&["plan", "-f", "below"], 1),
        (&["apply", "--apply", "--keep-going", "--settle-timeout", "0.1", "--concurrency", "1"], 4),
        (&["apply", "--apply", "--keep-going"], 3),
        (&["apply", "--apply", "-f", "blocked.yaml"], 1),
        (&["apply", "-f", "blocked.yaml"], 1),
        (&["status", "1", "999"], 1),
        (&["forecast", "999"], 1),
        (&["import", "999"], 1),
        (&["import", "1", "--into", "new.yaml"], 0),
        (&["history"], 0),
        (&["state", "list"], 0),
        (&["state", "show", "7"], 1),
        (&["state", "forget", "1"], 0),
        (&["state", "unlock"], 0),
        (&["state", "push"], 1),
        (&["plan", "--token-file", "nowhere"], 1),
        (&["plan", "--order", "x-*", "--nonsense"], 1),
    ];
    let mut lines = Vec::new();
    for (words, status) in runs {
        let ran = rig.run(&[words, &["-vv", "--log-format", "json"]].concat()).await.exits(status);
        let said = all_lines(&ran);
        let last = said.last();
        assert!(status == 0 || last.is_some_and(|line| line["event"] == "failed"), "{words:?}: {ran:?}");
        lines.extend(said);
    }
    rig.write(rig.path(STATE).join("history/20261101T060000Z-aaaaaa.json"), "damaged");
    lines.extend(all_lines(&rig.run(&["history", "--log-format", "json"]).await.exits(0)));
    let values = |key: &str| -> BTreeSet<String> {
        lines.iter().filter_map(|line| line.get(key)).map(|value| value.to_string().replace('"', "")).collect()
    };
    assert_eq!(values("level"), ["debug", "error", "info", "warn"].map(str::to_owned).into());
    let events = [
        "apply_ended",
        "apply_started",
        "failed",
        "operation_ended",
        "operation_started",
        "order_ended",
        "order_started",
        "problem",
    ];
    assert_eq!(values("event"), events.map(str::to_owned).into());
    // Requests and pauses were among them, and decisions of orders.
    for key in ["method", "seconds", "order_id", "help", "ip", "file"] {
        assert!(!values(key).is_empty(), "{key}");
    }
}

#[tokio::test]
async fn a_collector_learns_what_blocks_an_order() {
    let rig = Rig::new(ACCOUNT, BLOCKED).await;
    let expected =
        ["1 charge_limit null shardctl.yaml 4", "2 ip_not_in_order 198.51.100.9 shardctl.yaml 5"].map(str::to_owned);
    for words in [&["plan"][..], &["apply"], &["apply", "--apply"], &["apply", "--apply", "-q", "--format", "json"]] {
        let lines = all_lines(&rig.run(&[words, &["--log-format", "json"]].concat()).await.exits(1));
        assert_eq!(problems(&lines), expected, "{words:?}");
        let last = lines.last().expect("a line");
        assert_eq!(
            (&last["event"], last.get("code")),
            (&json!("failed"), None),
            "of two problems neither is the reason"
        );
        let one = [words, &["--log-format", "json", "--order", "2"]].concat();
        let lines = all_lines(&rig.run(&one).await.exits(1));
        assert_eq!(lines.last().expect("a line")["code"], "ip_not_in_order", "{words:?}");
    }
}

#[tokio::test]
async fn a_run_that_did_all_it_could_is_told_from_one_that_failed() {
    let rig = Rig::new(ACCOUNT, &BLOCKED.replace("orders:", "limits: {max_charge_cents: 300}\norders:")).await;
    let apply = ["apply", "--apply", "--keep-going", "--log-format", "json"];
    let lines = all_lines(&rig.run(&apply).await.exits(3));
    assert_eq!(problems(&lines), ["2 ip_not_in_order 198.51.100.9 shardctl.yaml 6"]);
    let [.., ended, last] = &lines[..] else { panic!("{lines:?}") };
    let fields = |line: &Value| {
        ["outcome", "operations", "operations_done", "orders_blocked"].map(|key| line[key].to_string()).join(" ")
    };
    assert_eq!(fields(ended), "\"partial\" 4 4 1");
    assert_eq!((&last["event"], &last["code"]), (&json!("failed"), &json!("ip_not_in_order")));
    // With nothing else to do, it fails, and for no other reason.
    let lines = all_lines(&rig.run(&apply).await.exits(1));
    let [.., ended, last] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((fields(ended).as_str(), &last["code"]), ("\"failed\" 0 0 1", &json!("ip_not_in_order")));

    rig.break_with(json!([{"operation": "set_del_np", "status": 400}]));
    let again = [&apply[..], &["--reassert"]].concat();
    let lines = all_lines(&rig.run(&again).await.exits(3));
    let [.., ended, last] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((fields(ended).as_str(), last.get("code")), ("\"partial\" 3 2 1", None));
}
