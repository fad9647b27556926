//! What happens during a run, as lines for a collector.

mod charges;
mod lines;

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::rig::{Ran, Rig, STATE};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 150
orders:
  1: {tag: eu, p0f_slots: 1, proxies: {203.0.113.1: , 203.0.113.2: , 203.0.113.3: }}
  2: {proxies: {198.51.100.1: }}
";
const DECLARED: &str = "
version: 1
limits: {max_charge_cents: 300}
orders:
  1: {tag: eu, p0f_slots: 3, keep: {203.0.113.1: linux, 203.0.113.2: linux}}
  2: {keep: {198.51.100.1: }}
";
const APPLY: [&str; 6] = ["apply", "--apply", "--log-format", "json", "--concurrency", "1"];

fn validator() -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/event.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a valid schema")
}

/// Returns what a run said: nothing but objects, each held against the schema.
#[track_caller]
fn all_lines(ran: &Ran) -> Vec<Value> {
    let schema = validator();
    let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}: {ran:?}"));
    let lines: Vec<Value> = ran.stderr.lines().map(object).collect();
    for line in &lines {
        let errors: Vec<_> = schema.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {line:#}");
    }
    lines
}

/// Returns the events of a run.
#[track_caller]
fn events(ran: &Ran) -> Vec<Value> {
    all_lines(ran).into_iter().filter(|line| line.get("event").is_some()).collect()
}

/// Says what happened in short, as in `operation_ended 1 set_del_np done`.
fn words(event: &Value) -> String {
    let words =
        [&event["event"], &event["order_id"], &event["operation"]["kind"], &event["operation"]["result"]["status"]];
    let words = words.into_iter().filter(|word| !word.is_null()).map(|word| word.to_string().replace('"', ""));
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_collector_learns_what_happened_without_reading_sentences() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let ran = rig.run(&APPLY).await.exits(0);
    let events = events(&ran);
    let expected = [
        "apply_started",
        "order_started 1",
        "operation_started 1 cancel_downgrade",
        "operation_ended 1 cancel_downgrade done",
        "operation_started 1 purchase_slots",
        "charged 1",
        "operation_ended 1 purchase_slots done",
        "operation_started 1 set_signatures",
        "operation_ended 1 set_signatures done",
        "operation_started 1 set_del_np",
        "operation_ended 1 set_del_np done",
        "order_ended 1",
        "order_started 2",
        "operation_started 2 set_del_np",
        "operation_ended 2 set_del_np done",
        "order_ended 2",
        "apply_ended",
    ];
    assert_eq!(events.iter().map(words).collect::<Vec<_>>(), expected);
    assert!(events.iter().all(|event| event["level"] == "info" && event["time"].is_string()));

    let run =
        fs::read_dir(rig.path(STATE).join("history")).expect("a directory").next().expect("a run").expect("a file");
    let run = run.path().file_stem().expect("a name").to_string_lossy().into_owned();
    let started = json!({"run": run, "orders": 2, "operations": 5, "charge_cents": 300, "ips_leaving": 1});
    for (key, value) in started.as_object().expect("fields") {
        assert_eq!(&events[0][key], value, "{key}");
    }
    assert_eq!(events[5]["charge_cents"], 300);
    let ips = json!([{"first": "203.0.113.1", "last": "203.0.113.2", "ips": 2, "from": null, "to": false},
        {"first": "203.0.113.3", "last": "203.0.113.3", "ips": 1, "from": null, "to": true}]);
    assert_eq!(events[9]["operation"]["items"], ips);
    let ended = &events[16];
    assert_eq!(
        (&ended["run"], &ended["outcome"], &ended["charged_cents"]),
        (&json!(run), &json!("complete"), &json!(300))
    );
    let again = self::events(&rig.run(&APPLY).await.exits(0));
    assert_eq!(again.iter().map(words).collect::<Vec<_>>(), ["apply_started", "apply_ended"]);
    assert_eq!((&again[0]["run"], &again[1]["outcome"]), (&Value::Null, &json!("nothing_to_do")));
}

#[tokio::test]
async fn what_goes_wrong_is_an_error_with_its_reason() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let body = json!({"success": false, "message": "\u{202e}no ##[add-mask]"}).to_string();
    rig.break_with(json!([{"operation": "set_signatures", "status": 400, "body": body}]));
    let ran = rig.run(&APPLY).await.exits(3);
    assert!(!ran.stderr.contains(['\u{202e}', '\u{1b}']) && !ran.stderr.contains("##["), "{ran:?}");
    let events = events(&ran);
    let failed = events.iter().find(|event| event["level"] == "error").expect("an error");
    assert_eq!(words(failed), "operation_ended 1 set_signatures failed");
    assert!(failed["operation"]["result"]["error"].as_str().is_some_and(|error| error.contains("no ##")), "{failed:#}");
    let [.., ended, last] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&ended["level"], &ended["outcome"]), (&json!("error"), &json!("partial")));
    assert_eq!((&last["event"], &last["code"]), (&json!("failed"), &Value::Null), "what a step fails of has no code");
}

#[tokio::test]
async fn events_are_for_collectors_alone() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let ran = rig.run(&["apply", "--apply", "--log-format", "json", "-q", "--order", "2"]).await.exits(0);
    assert_eq!(ran.stderr, "", "quiet is quiet");
    let ran = rig.run(&["apply", "--apply", "-v", "--order", "1"]).await.exits(0);
    assert!(ran.stderr.contains("order 1: charged 3.00") && !ran.stderr.contains('{'), "{ran:?}");
}

#[tokio::test]
async fn a_collector_never_finds_a_line_that_is_no_object() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.write("bad.yaml", "version: 1\norders:\n  1: {tags: \"\u{202e}##[x\", prunes: 1}\n  x:\n");
    rig.write("dear.yaml", DECLARED.replace("max_charge_cents: 300", "max_charge_cents: 0"));
    let failures: [(&[&str], i32); 9] = [
        (&["plan", "-f", "nowhere.yaml"], 1),
        (&["plan", "-f", "bad.yaml", "--annotations", "github"], 1),
        (&["validate", "-f", "bad.yaml", "-q"], 1),
        (&["plan", "-vv", "-f", "dear.yaml"], 1),
        (&["apply", "--plan", "nowhere.json"], 1),
        (&["plan", "--no-such-flag"], 1),
        (&["state", "forget", "7"], 0),
        (&["history", "-f", "nowhere/shardctl.yaml", "-v"], 0),
        (&["apply", "--apply", "--format", "json", "-f", "dear.yaml", "--color", "always"], 1),
    ];
    for (words, status) in failures {
        for order in [[words, &["--log-format", "json"]].concat(), [words, &["--log-format=json"]].concat()] {
            let ran = rig.run(&order).await.exits(status);
            let lines = all_lines(&ran);
            assert!(!ran.stderr.contains(['\u{202e}', '\u{1b}']) && !ran.stderr.contains("##["), "{ran:?}");
            let last = lines.last();
            assert!(status == 0 || last.is_some_and(|line| line["event"] == "failed"), "{words:?}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn a_collector_finds_the_place_of_a_problem() {
    let rig = Rig::new(ACCOUNT, "version: 1\norders:\n  1: {tags: eu}\n").await;
    let lines = all_lines(&rig.run(&["plan", "--log-format", "json"]).await.exits(1));
    let fields = |line: &Value| {
        let of = |key: &str| line[key].to_string().replace('"', "");
        ["level", "event", "code", "file", "line", "column"].map(of).join(" ")
    };
    let said: Vec<String> = lines.iter().map(fields).collect();
    assert_eq!(said, ["error problem unknown_field shardctl.yaml 3 7", "error failed unknown_field null null null"]);
    assert!(lines[0]["help"].as_str().is_some_and(|help| help.contains("tag")), "{lines:#?}");
}

#[test]
fn the_schema_takes_no_other_event() {
    let schema = validator();
    let line = |event: Value| {
        let mut line = json!({"time": "2026-11-23T02:13:00.000Z", "level": "info", "message": "it happened"});
        line.as_object_mut().expect("an object").extend(event.as_object().expect("an object").clone());
        line
    };
    for right in [
        json!({"event": "charged", "run": null, "order_id": 1, "charge_cents": 300}),
        json!({"order_id": 1}),
        json!({}),
    ] {
        assert!(schema.is_valid(&line(right.clone())), "{right}");
    }
    for wrong in [
        json!({"event": "charged", "order_id": 1}),
        json!({"event": "charged", "run": null, "order_id": 1, "charge_cents": -1}),
        json!({"event": "exploded", "order_id": 1}),
        json!({"order_id": "1"}),
        json!({"level": "fine"}),
        json!({"seconds": 1.5, "status": 200}),
        json!({"detail": "of no kind"}),
    ] {
        assert!(!schema.is_valid(&line(wrong.clone())), "{wrong}");
    }
}
