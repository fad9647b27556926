//! `tests/contract.md` names, for each promise, tests that exist, and nothing that a user sees is without a promise.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use shardctl::cli::Exit;
use shardctl::diagnostic::{NoteCode, ProblemCode};

use crate::cases::coverage::kinds_of_the_schema;
use crate::readme::{code_spans, commands, flags, program, table_rows};

const TABLE: &str = include_str!("../contract.md");

/// Returns the promises, each with the tests that hold it.
fn promises() -> Vec<(String, Vec<String>)> {
    let sections = TABLE.split("\n## ").skip(1);
    let rows = sections.flat_map(table_rows);
    rows.map(|row| {
        let [promise, tests] = &row[..] else { panic!("{row:?}") };
        (promise.clone(), code_spans(tests))
    })
    .collect()
}

#[test]
fn every_promise_is_held_by_tests_that_exist() {
    let promises = promises();
    assert!(promises.len() > 150, "{} promises", promises.len());
    for (promise, tests) in promises {
        assert!(!tests.is_empty(), "nothing holds: {promise}");
        for test in tests {
            let exists = if test.starts_with("tests/") { Path::new(&test).exists() } else { is_test(&test) };
            assert!(exists, "{promise}: {test}");
        }
    }
}

#[test]
fn a_test_that_does_not_exist_is_missed() {
    for test in ["contract::every_promise", "contract::is_test", "nowhere::at_all", "tests/cases/no_such_case"] {
        assert!(!is_test(test) && !Path::new(test).exists(), "{test}");
    }
    assert!(is_test("contract::a_test_that_does_not_exist_is_missed"));
}

#[test]
fn nothing_that_a_user_sees_is_without_a_promise() {
    let promised: BTreeSet<String> = promises().iter().flat_map(|(promise, _)| code_spans(promise)).collect();
    let leaves = commands(&program(), "").into_iter().filter(|(_, command)| !command.has_subcommands());
    let flags = flags().into_iter().map(|flag| format!("--{}", flag.get_long().unwrap()));
    let exits = [Exit::Done, Exit::Failed, Exit::Changes, Exit::Partial, Exit::Unknown, Exit::Interrupted];
    let visible = leaves
        .map(|(path, _)| path)
        .chain(flags.filter(|flag| !["--help", "--version"].contains(&flag.as_str())))
        .chain(exits.iter().map(|exit| exit.code().to_string()))
        .chain(ProblemCode::ALL.iter().map(ToString::to_string))
        .chain(NoteCode::ALL.iter().map(ToString::to_string))
        .chain(kinds_of_the_schema());
    let missing: Vec<String> = visible.filter(|word| !promised.contains(word)).collect();
    assert!(missing.is_empty(), "without a promise: {missing:?}");
}

/// Tells whether a path such as `money::purchases::name` is that of a test.
fn is_test(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else { return false };
    let source = |root: &str, module: &str| {
        let file = PathBuf::from(root).join(module.replace("::", "/")).with_extension("rs");
        fs::read_to_string(file).unwrap_or_default()
    };
    let beside = module.strip_suffix("::tests").unwrap_or(module);
    let sources = [source("tests/it", module), source("src", module), source("src", beside)];
    sources.iter().any(|source| has_test(source, name))
}

/// Tells whether a source has a function of that name below the mark of a test.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let signature = format!("fn {name}(");
    let is_it = |line: &&str| line.trim_start_matches("async ").starts_with(&signature);
    let Some(at) = lines.iter().position(is_it) else { return false };
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with('#'));
    above.into_iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}
