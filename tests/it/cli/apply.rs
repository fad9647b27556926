//! `shardctl apply`.

use std::fs;

use serde_json::{Value, json};
use shardctl::model::OrderId;

use super::{SMALL_MANIFEST, Shardctl};

const DRY_RUN: &str = "This was a dry run: nothing was changed. Run again with --apply to carry the plan out.\n";

fn results(document: &Value, order: usize) -> Vec<&str> {
    let operations = document["orders"][order]["operations"].as_array().expect("operations");
    operations.iter().map(|operation| operation["result"]["status"].as_str().expect("a status")).collect()
}

#[test]
fn without_the_flag_it_is_a_dry_run() {
    let shardctl = Shardctl::example();
    let before = shardctl.control().account().orders;
    let run = shardctl.run(&["apply", "--order", "49100"]).exits(0);
    assert!(run.stdout.ends_with(DRY_RUN), "{}", run.stdout);
    // JSON has a field for it, and the sentence would break it.
    let document = shardctl.aside(&["apply", "--format", "json"]).exits(0).json();
    assert_eq!((&document["outcome"], &document["charged_cents"]), (&json!("dry_run"), &json!(0)));
    assert!(document["orders"][0]["operations"][0].get("result").is_none());
    let markdown = shardctl.aside(&["apply", "--format", "markdown"]).exits(0).stdout;
    assert_eq!(markdown.lines().last(), Some("This was a dry run: nothing was changed."), "{markdown}");
    assert!(shardctl.writes().is_empty());
    assert_eq!(shardctl.control().account().orders, before);
    assert!(!shardctl.path("shardctl.state").exists());
    shardctl.snapshot("apply-dry-run");
}

#[test]
fn an_apply_ends_with_no_changes() {
    let shardctl = Shardctl::example();
    shardctl.run(&["apply", "--apply"]).exits(0);
    assert_eq!(shardctl.money(48213), (4700, 4));
    shardctl.run(&["plan"]).exits(0);
    shardctl.run(&["apply", "--apply"]).exits(0);
    assert_eq!(shardctl.money(48213), (4700, 4), "bought once");
    let mut state: Vec<_> = fs::read_dir(shardctl.path("shardctl.state")).expect("a directory").collect();
    state.sort_by_key(|entry| entry.as_ref().expect("an entry").file_name());
    let names: Vec<_> = state.into_iter().map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, [".lock", "48213.json", "48977.json", "49100.json", "history"]);
    shardctl.snapshot("apply-complete");
}

#[test]
fn the_outcome_as_json() {
    let shardctl = Shardctl::example();
    let run = shardctl.run(&["apply", "--apply", "--format", "json"]).exits(0);
    assert_eq!(run.stderr, "");
    let document = run.json();
    assert_eq!((&document["outcome"], &document["charged_cents"]), (&json!("complete"), &json!(300)));
    assert_eq!(results(&document, 0), ["done"; 3]);
    let document = shardctl.run(&["apply", "--apply", "--format", "json"]).exits(0).json();
    assert_eq!((&document["outcome"], &document["charged_cents"]), (&json!("nothing_to_do"), &json!(0)));
}

#[test]
fn a_manifest_that_cannot_be_used_has_an_outcome_too() {
    let shardctl = Shardctl::small().file("shardctl.yaml", "version: 1\norders: {1: {kep: }}\n");
    let schema = shardctl.aside(&["schema", "apply"]).json();
    for (arguments, outcome) in [(&["apply"][..], "dry_run"), (&["apply", "--apply"], "failed")] {
        let document = shardctl.run(&[arguments, &["--format", "json"]].concat()).exits(1).json();
        jsonschema::validate(&schema, &document).expect("a document as the schema says");
        assert_eq!((&document["outcome"], &document["charged_cents"]), (&json!(outcome), &json!(0)));
        assert_eq!(document["problems"][0]["code"], "unknown_field");
    }
}

#[test]
fn changes_have_no_status_of_their_own_once_they_are_made() {
    let shardctl = Shardctl::example();
    shardctl.run(&["apply", "--apply", "--detailed-exitcode"]).exits(0);
    shardctl.run(&["apply", "--apply", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_blocked_plan_changes_nothing() {
    let shardctl = Shardctl::small().file("shardctl.yaml", &SMALL_MANIFEST.replace("tag: us", "tag: su"));
    shardctl.run(&["apply", "--apply"]).exits(1);
    let document = shardctl.aside(&["apply", "--apply", "--format", "json"]).exits(1).json();
    assert_eq!(document["outcome"], "failed");
    assert_eq!(results(&document, 0), ["not_run"; 3]);
    assert!(shardctl.writes().is_empty());
    shardctl.snapshot("apply-blocked");
}

#[test]
fn keep_going_carries_out_the_other_orders() {
    let shardctl = Shardctl::small().file("shardctl.yaml", &SMALL_MANIFEST.replace("tag: us", "tag: su"));
    shardctl.run(&["apply", "--apply", "--keep-going"]).exits(3);
    assert!(shardctl.writes().iter().all(|request| !request.path.contains("orders/2/")));
    assert_eq!(shardctl.money(1), (850, 2));
    shardctl.remark("Nothing left but the blocked order:").run(&["apply", "--apply", "--keep-going"]).exits(1);
    shardctl.snapshot("apply-keep-going");
}

#[test]
fn a_run_that_stopped_part_way_is_finished_by_the_next() {
    let shardctl = Shardctl::small();
    shardctl.break_with(json!([{"operation": "set_signatures", "status": 400, "times": 1}]));
    // One at a time, so that the order behind the failure is not started.
    shardctl.run(&["apply", "--apply", "--concurrency", "1"]).exits(3);
    assert_eq!(shardctl.money(1), (850, 2));
    shardctl.run(&["apply", "--apply"]).exits(0);
    assert_eq!(shardctl.money(1), (850, 2), "bought once");
    shardctl.run(&["plan"]).exits(0);
    shardctl.snapshot("apply-part-way");
}

#[test]
fn keep_going_goes_on_after_a_failure() {
    let shardctl = Shardctl::example().telling_little();
    shardctl.break_with(json!([{"operation": "cancel", "order_id": 48213, "status": 403}]));
    let arguments = ["apply", "--apply", "--keep-going", "--concurrency", "1", "--format", "json"];
    let document = shardctl.run(&arguments).exits(3).json();
    assert_eq!(document["outcome"], "partial");
    assert_eq!(results(&document, 0), ["failed", "not_run", "not_run", "not_run"]);
    assert_eq!(results(&document, 1), ["done"; 4]);
    assert_eq!(results(&document, 2), ["done"]);
}

#[test]
fn nothing_changed_is_not_part_way() {
    let shardctl = Shardctl::example();
    shardctl.break_with(json!([{"operation": "writes", "status": 403, "times": 0}]));
    let document = shardctl.aside(&["apply", "--apply", "--format", "json"]).exits(1).json();
    assert_eq!(document["outcome"], "failed");
    shardctl.run(&["apply", "--apply", "--order", "49100"]).exits(1);
    shardctl.snapshot("apply-refused");
}

#[test]
fn passing_trouble_is_waited_out() {
    let shardctl = Shardctl::example();
    shardctl.break_with(json!([
        {"operation": "set_del_np", "order_id": 49100, "status": 503, "times": 1},
        {"operation": "set_del_np", "order_id": 49100, "close": true, "when": "after", "nth": 2, "times": 1},
        {"operation": "active", "status": 429, "headers": {"Retry-After": "0"}, "times": 2},
    ]));
    shardctl.run(&["apply", "--apply"]).exits(0);
    shardctl.break_with(json!([]));
    shardctl.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_renewal_leaves_nothing_to_do() {
    let shardctl = Shardctl::example();
    shardctl.run(&["apply", "--apply", "-q"]).exits(0);
    shardctl.control().with_account(|account| {
        for order in [48213, 48977, 49100] {
            account.renew(OrderId::new(order).expect("an id")).expect("a renewal");
        }
    });
    shardctl.remark("After the renewal:").run(&["plan"]).exits(0);
    shardctl.run(&["apply", "--apply"]).exits(0);
    shardctl.run(&["plan", "--detailed-exitcode"]).exits(0);
    let state = fs::read_to_string(shardctl.path("shardctl.state/48213.json")).expect("a record");
    assert!(!state.contains("203.0.113.13"), "what left the order leaves the record: {state}");
}
