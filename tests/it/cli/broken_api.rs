//! An API that cannot be reached, or that answers with something else than what it should.

use serde_json::{Value, json};

use super::Shardctl;
use crate::client::nowhere;

#[test]
fn nobody_there() {
    let shardctl = Shardctl::example();
    let url = format!("http://{}", nowhere());
    let run = shardctl.run(&["apply", "--apply", "--retries", "0", "--api-url", &url]).exits(1);
    assert!(run.stderr.contains("connection refused") || run.stdout.contains("connection refused"), "{}", run.stdout);
    assert!(shardctl.control().requests().is_empty());
}

#[test]
fn answers_that_are_none() {
    let shardctl = Shardctl::example();
    let rows = [
        ("HTML", json!({"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>secret-49100-1"})),
        ("Not JSON", json!({"status": 200, "body": "secret-49100-1"})),
        ("Nothing", json!({"status": 200, "body": ""})),
        (
            "JSON that ends early",
            json!({"status": 200, "body": "{\"success\": true, \"data\": [{\"ip\": \"192.0.2.21\","}),
        ),
        ("An answer that is cut off", json!({"truncate": 100})),
        (
            "Another shape",
            json!({"status": 200, "body": "{\"success\": true, \"data\": [{\"ip\": \"secret-49100-1\"}]}"}),
        ),
        ("A refusal under 200", json!({"status": 200, "body": "{\"success\": false, \"message\": \"Maintenance\"}"})),
        ("An error without a message", json!({"status": 500, "body": ""})),
        ("A redirect", json!({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}, "body": ""})),
        ("Another server", json!({"status": 404, "headers": {"Content-Type": "text/html"}, "body": "<html>nginx"})),
        ("A gateway on the way", json!({"status": 403, "body": "{\"message\": \"Missing Authentication Token\"}"})),
        ("Too many requests", json!({"status": 429, "headers": {"Retry-After": "3600"}})),
    ];
    for (remark, mut rule) in rows {
        (rule["operation"], rule["times"]) = (json!("active"), json!(0));
        shardctl.break_with(Value::Array(vec![rule]));
        shardctl.remark(remark).run(&["apply", "--apply", "--order", "49100", "--retries", "0"]).exits(1);
        assert!(shardctl.writes().is_empty(), "{remark}");
        assert!(!shardctl.path("shardctl.state/49100.json").exists(), "{remark}");
    }
    shardctl.snapshot("broken-api");
}

#[test]
fn writes_that_are_not_answered_as_they_should() {
    let rows = [
        (json!({"operation": "schedule", "status": 200, "body": "{\"success\": true, \"addons\": []}"}), 0),
        (json!({"operation": "set_signatures", "status": 200, "body": "{\"success\": false}"}), 3),
        (json!({"operation": "set_signatures", "status": 404}), 3),
        (json!({"operation": "cancel", "status": 500, "times": 0}), 3),
        (json!({"operation": "cancel", "status": 403, "times": 0}), 1),
    ];
    for (rule, status) in rows {
        let shardctl = Shardctl::example().telling_little();
        shardctl.break_with(Value::Array(vec![rule]));
        shardctl.run(&["apply", "--apply", "--order", "48977", "--retries", "0"]).exits(status);
        shardctl.break_with(json!([]));
        shardctl.run(&["apply", "--apply", "--order", "48977"]).exits(0);
        shardctl.run(&["plan", "--detailed-exitcode", "--order", "48977"]).exits(0);
    }
}

#[test]
fn a_write_that_never_left_changed_nothing() {
    let shardctl = Shardctl::example();
    // The API goes away between the plan and the first write.
    shardctl
        .break_with(json!([{"operation": "writes", "status": 429, "headers": {"Retry-After": "3600"}, "times": 0}]));
    shardctl.run(&["apply", "--apply", "--order", "49100", "--retries", "1"]).exits(1);
}
