//! The example policy, evaluated: its own tests, and over plans as they are.

use std::fs;
use std::path::Path;

use regorus::{Engine, Value};

const POLICY: &str = "examples/policy/shardctl.rego";
const TESTS: &str = "examples/policy/shardctl_test.rego";

fn engine() -> Engine {
    let mut engine = Engine::new();
    for file in [POLICY, TESTS] {
        engine.add_policy(file.to_owned(), fs::read_to_string(file).unwrap()).unwrap();
    }
    engine
}

/// Returns what the policy says against the plan of a case.
fn denied(engine: &mut Engine, plan: &Path) -> Vec<String> {
    engine.set_input(Value::from_json_str(&fs::read_to_string(plan).unwrap()).unwrap());
    let denied = engine.eval_rule("data.shardctl.deny".to_owned()).unwrap();
    denied.as_set().unwrap().iter().map(|message| message.as_string().unwrap().to_string()).collect()
}

#[test]
fn its_own_tests_hold() {
    let tests = fs::read_to_string(TESTS).unwrap();
    let names: Vec<&str> =
        tests.lines().filter_map(|line| line.strip_suffix(" if {")).filter(|name| name.starts_with("test_")).collect();
    assert!(names.len() >= 5, "{names:?}");
    for name in names {
        let result = engine().eval_rule(format!("data.shardctl_test.{name}")).unwrap();
        assert_eq!(result, Value::Bool(true), "{name}");
    }
}

#[test]
fn it_reads_every_plan_and_denies_some() {
    let mut engine = engine();
    let (mut read, mut denials) = (0, 0);
    for case in fs::read_dir("tests/cases").unwrap() {
        let plan = case.unwrap().path().join("plan.json");
        if plan.exists() {
            let denied = denied(&mut engine, &plan);
            assert!(!denied.iter().any(|message| message.contains("no plan")), "{plan:?}: {denied:?}");
            read += 1;
            denials += usize::from(!denied.is_empty());
        }
    }
    assert!(read > 40 && (1..read).contains(&denials), "{denials} of {read}");
}
