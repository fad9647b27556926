//! The workflows, the action and the container's recipe: what can be known of them without running them.

#![allow(clippy::unwrap_used)]

#[cfg(unix)]
mod comment;
#[cfg(unix)]
mod install;
#[cfg(unix)]
mod machine;
#[cfg(unix)]
mod run;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::recipes::read_yaml;

/// Subcommands that cargo itself has; the others are installed by the workflow that uses them.
const CARGO: [&str; 7] = ["build", "check", "clippy", "install", "package", "publish", "test"];

fn workflows() -> Vec<PathBuf> {
    let entries = fs::read_dir(".github/workflows").unwrap().map(|entry| entry.unwrap().path());
    let mut workflows: Vec<PathBuf> = entries.collect();
    workflows.sort();
    workflows
}

fn jobs(workflow: &Path) -> Vec<(String, Value)> {
    let jobs = read_yaml(workflow)["jobs"].as_object().unwrap().clone();
    jobs.into_iter().map(|(name, job)| (format!("{}: {name}", workflow.display()), job)).collect()
}

fn steps(job: &Value) -> &[Value] {
    job["steps"].as_array().unwrap()
}

/// Returns what the steps of all workflows and of the action run.
fn scripts() -> Vec<String> {
    let jobs = workflows().iter().flat_map(|workflow| jobs(workflow)).collect::<Vec<_>>();
    let action = read_yaml(Path::new("action.yml"))["runs"].clone();
    let steps = jobs.iter().flat_map(|(_, job)| steps(job)).chain(steps(&action));
    steps.filter_map(|step| step["run"].as_str().map(str::to_owned)).collect()
}

#[test]
fn every_action_is_pinned_to_a_commit_and_says_which_version_that_is() {
    let mut found = 0;
    for workflow in workflows() {
        let text = fs::read_to_string(&workflow).unwrap();
        for line in text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, uses)| uses)) {
            let (action, rest) = line.split_once('@').unwrap();
            let (commit, version) = rest.split_once(" # v").unwrap_or_else(|| panic!("{line}"));
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{action}: {commit}");
            assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{action}: {version}");
            found += 1;
        }
    }
    assert!(found >= 8, "{found} actions");
}

#[test]
fn no_job_may_do_or_take_more_than_it_says() {
    for workflow in workflows() {
        assert_eq!(read_yaml(&workflow)["permissions"], serde_json::json!({}), "{workflow:?}: nothing by default");
        for (name, job) in jobs(&workflow) {
            let permissions = job["permissions"].as_object().unwrap_or_else(|| panic!("{name}: permissions"));
            assert!(permissions.values().all(|level| level == "read" || level == "write"), "{name}");
            let writes = permissions.values().any(|level| level == "write");
            assert!(!writes || workflow.ends_with("release.yml"), "{name} writes");
            assert!(job["timeout-minutes"].as_u64().is_some_and(|minutes| minutes <= 90), "{name}: a time limit");
            for step in
                steps(&job).iter().filter(|step| step["uses"].as_str().is_some_and(|it| it.contains("checkout")))
            {
                assert_eq!(step["with"]["persist-credentials"], false, "{name}: the checkout keeps a token");
            }
        }
    }
}

#[test]
fn no_script_is_put_together_from_what_others_say() {
    for script in scripts() {
        assert!(!script.contains("${{"), "by the environment instead: {script}");
    }
}

#[test]
fn cargo_knows_every_flag_that_it_is_given() {
    let mut found = 0;
    for script in scripts() {
        let lines = script.lines().filter_map(|line| line.trim().strip_prefix("cargo ").map(str::to_owned));
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            if !CARGO.contains(&words[0]) {
                continue;
            }
            let help = Command::new(env!("CARGO")).args([words[0], "--help"]).output().unwrap();
            let help = String::from_utf8_lossy(&help.stdout).into_owned();
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")), "cargo {line}");
                found += 1;
            }
        }
    }
    assert!(found >= 6, "{found} flags");
}

#[test]
fn the_action_takes_the_archives_that_a_release_makes() {
    let release = read_yaml(Path::new(".github/workflows/release.yml"));
    let built = release["jobs"]["build"]["strategy"]["matrix"]["include"].as_array().unwrap();
    let built: BTreeSet<String> = built.iter().map(|row| row["target"].as_str().unwrap().to_owned()).collect();
    let install = fs::read_to_string(".github/action/install").unwrap();
    let taken = install.lines().filter_map(|line| line.split_once("archive=")?.1.split_once(" ;;"));
    let taken: BTreeSet<String> = taken
        .map(|(archive, _)| archive.trim_end_matches(".tar.gz").trim_end_matches(".zip").to_owned())
        .filter(|archive| archive != "none")
        .collect();
    assert_eq!(taken, built);
}

#[test]
fn the_container_holds_the_program_the_roots_and_nobody() {
    let recipe = fs::read_to_string("Containerfile").unwrap();
    let (_, last) = recipe.rsplit_once("\nFROM ").unwrap();
    assert!(last.starts_with("scratch\n"), "nothing else in it: {last}");
    let user = last.lines().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
    // The verifier of certificates reads what the system trusts, from this file where the variable names it.
    assert!(last.contains("ca-certificates.crt\nENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"), "{last}");
    let bases = recipe.lines().filter_map(|line| line.strip_prefix("FROM ")).filter(|base| *base != "scratch");
    for base in bases {
        let digest = base.split_once("@sha256:").map(|(_, rest)| rest.split(' ').next().unwrap());
        assert!(digest.is_some_and(|digest| digest.len() == 64), "pinned by its digest: {base}");
    }
    let copied = last.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"));
    for source in copied.flat_map(|line| line.split(' ')).filter(|word| word.starts_with("LICENSE")) {
        assert!(Path::new(source).exists(), "{source}");
    }
}

/// On a registry's page there is nothing but the package.
#[test]
fn whatever_the_readme_leads_to_is_in_the_package() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let (_, included) = manifest.split_once("\ninclude = [").unwrap();
    let included = included.split_once(']').unwrap().0.split('"').skip(1).step_by(2);
    let included: Vec<&str> = included.map(|path| path.trim_start_matches('/')).collect();
    let readme = fs::read_to_string("README.md").unwrap();
    let links = readme.split("](").skip(1).map(|rest| rest.split([')', '#']).next().unwrap());
    let links = links.filter(|link| !link.is_empty() && !link.contains("://"));
    for link in links {
        let fits = |(before, behind): (&str, &str)| link.starts_with(before) && link.ends_with(behind);
        let is_in = |path: &&str| {
            link == *path || link.starts_with(&format!("{path}/")) || path.split_once('*').is_some_and(fits)
        };
        assert!(included.iter().any(is_in), "{link}");
    }
}

/// A dependency bot looks after the workflows alone.
#[test]
fn the_examples_use_actions_at_the_commits_that_the_workflows_use() {
    let pins = |path: &Path| -> BTreeSet<(String, String)> {
        let text = fs::read_to_string(path).unwrap();
        let uses = text.lines().filter_map(|line| line.split_once("uses: ")?.1.split_once('@'));
        uses.map(|(action, commit)| (action.to_owned(), commit.to_owned())).collect()
    };
    let ours: BTreeSet<(String, String)> = workflows().iter().flat_map(|path| pins(path)).collect();
    let example = pins(Path::new("examples/ci/github-actions.yml"));
    let shared: Vec<_> = example.iter().filter(|(action, _)| ours.iter().any(|(other, _)| other == action)).collect();
    assert!(shared.len() >= 3, "{shared:?}");
    for pin in &shared {
        assert!(ours.contains(*pin), "{pin:?}");
    }
    assert_eq!(ours.iter().map(|(action, _)| action).collect::<BTreeSet<_>>().len(), ours.len(), "one commit each");
    assert!(example.iter().all(|(_, commit)| commit.len() > 40 && commit.contains(" # v")), "{example:?}");
}
