//! The recipes and examples: what they hold is well-formed, and every command line in them is one that the program takes.

#![allow(clippy::unwrap_used)]

mod address;
#[cfg(unix)]
mod gitlab;
mod policy;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::Value;
use shardctl::cli::Cli;
use shardctl::manifest;
use shardctl::render::{markdown, problem};
use shardctl::sandbox::Account;

#[test]
fn every_command_line_of_a_recipe_is_taken() {
    let mut found = 0;
    for path in recipes() {
        let recipe = read_yaml(&path);
        for line in command_lines(&recipe).into_iter().chain(uses_of_the_action(&recipe)) {
            parses(&line).unwrap_or_else(|error| panic!("{path:?}: {line}\n{error}"));
            found += 1;
        }
    }
    assert!(found >= 12, "{found} command lines");
}

#[test]
fn a_command_line_with_a_mistake_is_found() {
    for line in ["shardctl plan --fromat json", "shardctl aply", "shardctl plan -f a --out ${{ x }}"] {
        assert!(parses(line).is_err(), "{line}");
    }
}

#[test]
fn the_workflow_uses_the_action_as_it_is() {
    let inputs = read_yaml(Path::new("action.yml"))["inputs"].as_object().unwrap().clone();
    let workflow = read_yaml(Path::new("examples/ci/github-actions.yml"));
    let mut used = 0;
    for job in workflow["jobs"].as_object().unwrap().values() {
        for step in job["steps"].as_array().unwrap() {
            if is_the_action(step) {
                let given = step["with"].as_object().unwrap();
                assert!(given.keys().all(|key| inputs.contains_key(key)), "{given:?}");
                used += 1;
            }
        }
    }
    assert!(used > 0);
}

#[test]
fn the_workflow_finds_its_comment_by_the_marker() {
    let recipe = fs::read_to_string("examples/ci/gitlab-ci.yml").unwrap();
    assert!(recipe.contains(&format!("startswith(\"{}\")", markdown::MARKER)));
    let script = fs::read_to_string(".github/action/comment").unwrap();
    let marker = markdown::MARKER.replace(" -->", "${INPUT_TITLE:+:$INPUT_TITLE} -->");
    assert!(script.contains(&format!("marker=\"{marker}\"")));
}

#[test]
fn the_example_manifest_and_account_are_valid() {
    let manifest = manifest::load(&[PathBuf::from("examples/shardctl.yaml")]).unwrap();
    assert!(manifest.desired.is_some(), "{}", problem::problems(&manifest.problems, &manifest.sources, false));
    Account::from_yaml(&fs::read_to_string("examples/account.yaml").unwrap()).unwrap();
}

#[test]
fn the_editor_settings_are_json_and_name_the_schema() {
    for path in files_in("examples/editor") {
        let settings: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(settings["yaml.schemas"].as_object().unwrap().keys().any(|key| key.ends_with("manifest.schema.json")));
    }
}

#[test]
fn every_example_is_listed() {
    let list = fs::read_to_string("examples/README.md").unwrap();
    let mut files: BTreeSet<String> = BTreeSet::new();
    for folder in ["examples", "examples/ci", "examples/editor", "examples/monitoring", "examples/policy"] {
        files.extend(files_in(folder).iter().map(|path| path.strip_prefix("examples").unwrap().display().to_string()));
    }
    for file in files.iter().filter(|file| *file != "README.md") {
        assert!(list.contains(&format!("`{}`", file.replace('\\', "/"))), "{file}");
    }
}

/// Parses a command line of the shell, up to a pipe or a redirection; what is filled in later counts for nothing.
pub fn parses(line: &str) -> Result<(), String> {
    let mut line = line.to_owned();
    while let Some((start, end)) = line.find("${{").and_then(|start| Some((start, line[start..].find("}}")? + start))) {
        line.replace_range(start..end + 2, "");
    }
    let words = line.split_whitespace().take_while(|word| !["|", ">", ">>", "&&", "#"].contains(word));
    let words = words.filter_map(|word| match word.trim_matches('"') {
        "$SUBCOMMAND" => Some("plan"),
        "$MANIFEST" => Some("shardctl.yaml"),
        word => (!word.starts_with('$')).then_some(word),
    });
    match Cli::try_parse_from(words) {
        Ok(_) => Ok(()),
        Err(error) if !error.use_stderr() => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn command_lines(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            text.lines().map(str::trim).filter(|line| line.starts_with("shardctl ")).map(str::to_owned).collect()
        }
        Value::Array(values) => values.iter().flat_map(command_lines).collect(),
        Value::Object(values) => values.values().flat_map(command_lines).collect(),
        _ => Vec::new(),
    }
}

/// Returns the command lines that a workflow has the action run.
fn uses_of_the_action(workflow: &Value) -> Vec<String> {
    let jobs = workflow["jobs"].as_object().into_iter().flat_map(|jobs| jobs.values());
    let steps = jobs.flat_map(|job| job["steps"].as_array().into_iter().flatten());
    let uses = steps.filter(|step| is_the_action(step));
    uses.map(|step| {
        let word = |input: &str| step["with"][input].as_str().unwrap_or_default().to_owned();
        format!("shardctl {} -f {} {}", word("command"), word("manifest"), word("arguments"))
    })
    .collect()
}

fn is_the_action(step: &Value) -> bool {
    step["uses"].as_str().is_some_and(|uses| uses.starts_with(&format!("{}@", address::of(Path::new(".")))))
}

fn recipes() -> Vec<PathBuf> {
    let mut recipes = files_in("examples/ci");
    recipes.extend(["action.yml", ".pre-commit-hooks.yaml"].map(PathBuf::from));
    recipes.extend(files_in(".github/workflows"));
    recipes
}

fn files_in(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

pub fn read_yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}
