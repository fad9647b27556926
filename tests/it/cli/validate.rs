//! `shardctl validate`.

use super::{EXAMPLE_ACCOUNT, Shardctl};

const THREE_PROBLEMS: &str = "\
version: 1
orders:
  48213:
    p0f_slots: 1
    keep:
      203.0.113.10: win11
      203.0.113.11: windows
      203.0.113.12: macos
    tags: eu
";

#[test]
fn a_valid_manifest_is_counted() {
    let shardctl = Shardctl::example();
    shardctl.run(&["validate"]).exits(0);
    shardctl.write("orders/a.yaml", "version: 1\norders: {1: {keep: {192.0.2.1: }}}\n");
    shardctl.write("orders/b.yml", "version: 1\norders: {2: }\n");
    shardctl.run(&["validate", "-f", "orders"]).exits(0);
    let document = shardctl.run(&["validate", "--format", "json"]).exits(0).json();
    assert_eq!(document, serde_json::json!({"format_version": 1, "valid": true, "problems": []}));
    assert!(shardctl.control().requests().is_empty(), "validate is offline");
    shardctl.snapshot("validate-valid");
}

#[test]
fn all_problems_are_shown() {
    let shardctl = Shardctl::new(EXAMPLE_ACCOUNT).file("shardctl.yaml", THREE_PROBLEMS);
    shardctl.run(&["validate"]).exits(1);
    let run = shardctl.aside(&["validate", "--format", "json"]).exits(1);
    assert_eq!((&run.json()["valid"], &run.json()["format_version"]), (&false.into(), &1.into()));
    let problems = run.json()["problems"].as_array().cloned().expect("problems");
    let codes: Vec<_> = problems.iter().filter_map(|problem| problem["code"].as_str()).collect();
    assert_eq!(codes, ["slots_below_signatures", "invalid_value", "unknown_field"]);
    assert_eq!((&problems[1]["line"], &problems[1]["column"]), (&7.into(), &21.into()));
    shardctl.snapshot("validate-problems");
}

#[test]
fn no_token_is_needed() {
    let shardctl = Shardctl::example();
    shardctl
        .run_with(&["validate"], |command| {
            command.env_remove("PROXYSHARD_TOKEN");
        })
        .exits(0);
}
