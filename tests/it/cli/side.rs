//! What is said on the side: progress, logs and warnings on stderr.

use serde_json::{Value, json};

use super::Shardctl;

#[test]
fn no_bar_is_drawn_where_nobody_looks() {
    let shardctl = Shardctl::example();
    assert_eq!(shardctl.run(&["plan"]).exits(0).stderr, "", "stderr is no terminal");
    assert_eq!(shardctl.run(&["plan", "-q"]).exits(0).stderr, "");
    let in_ci = shardctl.run_with(&["apply", "--apply"], |command| _ = command.env("CI", "true"));
    assert_eq!(in_ci.exits(0).stderr, "");
    // Colour is no reason for a bar.
    assert_eq!(shardctl.run(&["plan", "--color", "always"]).exits(0).stderr, "");
}

#[test]
fn logs_are_lines_for_people_or_objects_for_collectors() {
    let shardctl = Shardctl::example();
    let decisions = shardctl.run(&["plan", "-v"]).exits(0).stderr;
    assert!(decisions.contains("order 48213: planned: 3 operations, 0 problems"), "{decisions}");
    assert!(!decisions.contains("GET "), "{decisions}");
    let requests = shardctl.run(&["plan", "-vv"]).exits(0).stderr;
    assert!(requests.contains("GET ") && requests.contains(" 200 "), "{requests}");
    let json = shardctl.run(&["plan", "-vv", "--log-format", "json"]).exits(0).stderr;
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert!(lines.iter().all(|line| line["time"].is_string() && line["level"].is_string()));
    assert!(lines.iter().any(|line| line["method"] == "GET" && line["status"] == 200 && line["attempt"] == 1));
}

#[test]
fn no_message_of_the_api_commands_the_terminal() {
    let evil = json!({"success": false, "message": "no\u{1b}[2J\u{202e}way\u{7}"});
    for operation in ["active", "set_signatures"] {
        let shardctl = Shardctl::small();
        shardctl.break_with(json!([{"operation": operation, "status": 400, "body": evil.to_string()}]));
        for arguments in [&["plan", "-vv"][..], &["apply", "--apply", "-vv"], &["import", "1"], &["status", "1"]] {
            let run = shardctl.run(arguments);
            let said = run.stdout + &run.stderr;
            assert!(!said.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn dropping_an_open_purchase_is_warned_of() {
    let shardctl = Shardctl::small();
    shardctl.aside(&["apply", "--apply", "--order", "2"]).exits(0);
    let record = |purchase: Value| {
        json!({"api_url": shardctl.url(), "format_version": 1, "order_id": 1, "purchase": purchase}).to_string()
    };
    let open = json!({"from_qty": 1, "add_qty": 1, "when": "2026-11-23T02:13:00Z"});
    for (record, warned) in [(record(open), true), (record(Value::Null), false), ("{".to_owned(), false)] {
        shardctl.write("shardctl.state/1.json", &record);
        let run = shardctl.run(&["state", "forget", "1", "-q"]).exits(0);
        assert_eq!(run.stderr.starts_with("warning: a purchase of order 1 was open"), warned, "{}", run.stderr);
        assert!(!shardctl.path("shardctl.state/1.json").exists());
    }
}

/// What waits for a minute would look like a program that hangs.
#[test]
fn a_long_wait_is_announced_to_whoever_sees_no_bar() {
    let shardctl = Shardctl::small();
    let slow_down = json!([{"operation": "active", "status": 429, "headers": {"Retry-After": "6"}}]);
    shardctl.break_with(slow_down);
    let run = shardctl.run(&["plan"]).exits(0);
    assert_eq!(run.stderr.matches("the API asks to slow down; again in ").count(), 1, "{}", run.stderr);
}
