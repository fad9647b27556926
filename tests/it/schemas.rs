//! The schemas in `schemas/` are those that the program prints, and hold for what it writes.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::cli::{EXAMPLE_MANIFEST, Shardctl};

const KINDS: [&str; 9] = ["manifest", "plan", "apply", "state", "status", "validate", "forecast", "history", "event"];

fn schema(kind: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{kind}.schema.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

fn validator(kind: &str) -> Validator {
    jsonschema::validator_for(&schema(kind)).expect("a valid schema")
}

#[track_caller]
fn assert_valid(validator: &Validator, document: &Value) {
    let errors: Vec<_> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}

#[test]
fn the_files_are_what_the_program_prints() {
    let shardctl = Shardctl::new("");
    for kind in KINDS {
        let printed = shardctl.run(&["schema", kind]).exits(0).stdout;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{kind}.schema.json"));
        let expected = snapbox::Data::read_from(&path, Some(snapbox::data::DataFormat::Text)).raw();
        snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).eq(printed, expected);
    }
}

#[test]
fn each_is_a_schema() {
    for kind in KINDS {
        let schema = schema(kind);
        assert!(jsonschema::meta::is_valid(&schema), "{kind}");
        assert!(schema["title"].is_string(), "{kind}");
    }
}

#[test]
fn plans_are_valid() {
    let plan = validator("plan");
    let shardctl = Shardctl::example();
    let print = |arguments: &[&str]| {
        let run = shardctl.aside(&[&["plan", "--format", "json"], arguments].concat());
        assert_valid(&plan, &run.json());
        run.status.expect("no signal")
    };
    assert_eq!(print(&[]), 0);
    assert_eq!(print(&["--max-charge-cents", "1", "--max-removal-percent", "0"]), 1);
    shardctl.aside(&["apply", "--apply"]).exits(0);
    assert_eq!(print(&["--detailed-exitcode"]), 0);
    assert_eq!(print(&["--reassert"]), 0);
    shardctl.write("shardctl.state/49100.json", "damaged");
    shardctl.write("shardctl.yaml", &EXAMPLE_MANIFEST.replace("192.0.2.22:", "192.0.2.99:"));
    assert_eq!(print(&[]), 1);
    shardctl.write("shardctl.yaml", "version: 2\n");
    assert_eq!(print(&[]), 1);
}

#[test]
fn reports_are_valid() {
    let apply = validator("apply");
    let shardctl = Shardctl::example();
    let print = |arguments: &[&str]| {
        let run = shardctl.aside(&[&["apply", "--format", "json"], arguments].concat());
        let document = run.json();
        assert_valid(&apply, &document);
        (run.status.expect("no signal"), document["outcome"].as_str().expect("an outcome").to_owned())
    };
    assert_eq!(print(&[]), (0, "dry_run".to_owned()));
    assert_eq!(print(&["--apply", "--max-charge-cents", "0"]), (1, "failed".to_owned()));
    shardctl.break_with(json!([
        {"operation": "purchase", "close": true},
        {"operation": "set_del_np", "order_id": 49100, "status": 400},
    ]));
    assert_eq!(print(&["--apply", "--keep-going", "--settle-timeout", "0.1"]), (4, "partial".to_owned()));
    let id = shardctl::model::OrderId::new(48213).expect("a positive id");
    shardctl.control().with_account(|account| account.purchase(id, 2).map(drop)).expect("bought");
    assert_eq!(print(&["--apply"]), (0, "complete".to_owned()));
    assert_eq!(print(&["--apply"]), (0, "nothing_to_do".to_owned()));
}

#[test]
fn what_is_shown_of_orders_and_runs_is_valid() {
    let shardctl = Shardctl::example();
    let print = |kind: &str, arguments: &[&str], status: i32| {
        let run = shardctl.aside(&[&[kind, "--format", "json"], arguments].concat()).exits(status);
        assert_valid(&validator(kind), &run.json());
    };
    for kind in ["status", "forecast", "history"] {
        print(kind, &[], 0);
        print(kind, &["--state", "s3://"], 1);
    }
    print("validate", &[], 0);
    print("validate", &["-f", "nowhere.yaml"], 1);
    shardctl.break_with(json!([
        {"operation": "purchase", "close": true},
        {"operation": "set_del_np", "order_id": 49100, "status": 400},
    ]));
    shardctl.aside(&["apply", "--apply", "--keep-going", "--settle-timeout", "0.1"]).exits(4);
    shardctl.write("shardctl.state/history/20261101T060000Z-aaaaaa.json", "damaged");
    print("history", &[], 0);
    print("forecast", &["--days", "366"], 0);
    print("status", &[], 0);
    print("forecast", &["48213", "7"], 1);
    print("status", &["48213", "7"], 1);
}

#[test]
fn a_wrong_report_is_not_valid() {
    let shardctl = Shardctl::example();
    let report = shardctl.aside(&["apply", "--format", "json"]).exits(0).json();
    let apply = validator("apply");
    for (pointer, value) in [
        ("/outcome", json!("done")),
        ("/format_version", json!(2)),
        ("/charged_cents", json!(-1)),
        ("/orders/0/operations/0/kind", json!("cancel")),
        ("/orders/0/status", json!("fine")),
        ("/orders/0/operations/2/items/0/to", json!("windows")),
    ] {
        let mut wrong = report.clone();
        *wrong.pointer_mut(pointer).expect(pointer) = value;
        assert!(!apply.is_valid(&wrong), "{pointer}");
    }
}

#[test]
fn state_files_are_valid() {
    let state = validator("state");
    let shardctl = Shardctl::example();
    let check = || {
        let mut files = 0;
        for entry in fs::read_dir(shardctl.path("shardctl.state")).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "json") {
                assert_valid(&state, &serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON"));
                files += 1;
            }
        }
        files
    };
    shardctl.break_with(json!([{"operation": "purchase", "close": true}]));
    shardctl.aside(&["apply", "--apply", "--keep-going", "--settle-timeout", "0.1"]).exits(4);
    assert_eq!(check(), 3, "one of them has an open intent");
    let id = shardctl::model::OrderId::new(48213).expect("a positive id");
    shardctl.control().with_account(|account| account.purchase(id, 2).map(drop)).expect("bought");
    shardctl.aside(&["apply", "--apply"]).exits(0);
    assert_eq!(check(), 3);
    let wrong = json!({"format_version": 1, "api_url": "https://example.com", "order_id": 1, "token": "x"});
    assert!(!state.is_valid(&wrong), "no field but those that are described");
}

#[test]
fn a_manifest_that_the_program_writes_is_valid() {
    let shardctl = Shardctl::example();
    let imported = shardctl.aside(&["import", "48213", "48977", "49100"]).exits(0).stdout;
    for text in [EXAMPLE_MANIFEST, &imported] {
        let document: Value = serde_yaml::from_str(text).expect("YAML");
        assert_valid(&validator("manifest"), &document);
    }
}
