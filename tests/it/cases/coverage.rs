//! What the cases show, taken together.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use shardctl::diagnostic::{NoteCode, ProblemCode};
use shardctl::document::{OperationDocument, PlanDocument, StatusWord};

use super::{Case, Rendered, folders};

#[test]
fn every_code_and_every_operation_occurs() {
    let documents = documents();
    let orders = || documents.iter().flat_map(|document| &document.orders);
    let problems: BTreeSet<ProblemCode> = orders().flat_map(|order| &order.problems).map(|it| it.code).collect();
    // The codes of the contract's table from the first one that a plan has to the last.
    let from_first = ProblemCode::ALL.iter().copied().skip_while(|code| *code != ProblemCode::IpNotInOrder);
    let of_the_plan = from_first.take_while(|code| *code != ProblemCode::ManifestMissing);
    assert_eq!(problems, of_the_plan.collect());
    let notes: BTreeSet<NoteCode> = orders().flat_map(|order| &order.notes).map(|note| note.code).collect();
    assert_eq!(notes, NoteCode::ALL.iter().copied().collect());
    let operations = orders().flat_map(|order| &order.operations);
    let kinds: BTreeSet<String> = operations.map(|operation| kind(&serde_json::to_value(operation).unwrap())).collect();
    assert_eq!(kinds, kinds_of_the_schema());
    for status in [StatusWord::Changed, StatusWord::Unchanged, StatusWord::Blocked] {
        assert!(orders().any(|order| order.status == status), "{status:?}");
    }
}

#[test]
fn every_plan_keeps_to_the_schema() {
    let schema = schemars::schema_for!(PlanDocument).to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for folder in folders() {
        let json = Rendered::of(&Case::read(&folder)).json;
        let plan: Value = serde_json::from_str(&json).unwrap();
        let errors: Vec<String> = validator.iter_errors(&plan).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{folder:?}: {errors:#?}");
        let read: PlanDocument = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), plan, "{folder:?}: reading the plan loses something");
    }
}

#[test]
fn a_folder_holds_nothing_that_is_not_read() {
    let known = ["live.json", "manifest.yaml", "options.json", "plan.json", "plan.md", "plan.txt", "state"];
    for folder in folders() {
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(known.iter().any(|known| name == *known), "{folder:?}: {name:?}");
        }
    }
}

fn documents() -> Vec<PlanDocument> {
    folders().iter().map(|folder| Rendered::of(&Case::read(folder)).document).collect()
}

fn kind(operation: &Value) -> String {
    operation["kind"].as_str().unwrap().to_owned()
}

pub fn kinds_of_the_schema() -> BTreeSet<String> {
    let schema = schemars::schema_for!(OperationDocument).to_value();
    let variants = schema["oneOf"].as_array().unwrap();
    variants.iter().map(|variant| variant["properties"]["kind"]["const"].as_str().unwrap().to_owned()).collect()
}
