//! The workflows, the action and the container's recipe: what can be known of them without running them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::recipes::read_yaml;

/// Subcommands that cargo itself has; the others are installed by the workflow that uses them.
const CARGO: [&str; 5] = ["build", "check", "clippy", "install", "test"];

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
    let install = install();
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
    let copied = last.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"));
    for source in copied.flat_map(|line| line.split(' ')).filter(|word| word.starts_with("LICENSE")) {
        assert!(Path::new(source).exists(), "{source}");
    }
}

/// Returns the script by which the action installs the program.
fn install() -> String {
    let action = read_yaml(Path::new("action.yml"));
    let step = steps(&action["runs"]).iter().find(|step| step["name"] == "Install").unwrap();
    step["run"].as_str().unwrap().to_owned()
}

#[cfg(target_os = "linux")]
mod installation {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const ARCHIVE: &str = concat!("shardctl-", env!("CARGO_PKG_VERSION"), "-x86_64-unknown-linux-musl");

    /// A machine of a workflow with a release to download, and a `cargo` and a `gh` that do as they are told.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new(checksum_of: &str) -> Machine {
            let machine = Machine(tempfile::tempdir().unwrap());
            for folder in ["bin", "release", "temp", ARCHIVE] {
                fs::create_dir(machine.path(folder)).unwrap();
            }
            machine.program(&format!("{ARCHIVE}/shardctl"), "echo the released program");
            machine.sh(&format!("tar -czf release/{ARCHIVE}.tar.gz {ARCHIVE} && rm -r {ARCHIVE}"));
            fs::write(machine.path("other"), "other bytes").unwrap();
            let sum = format!("(sha256sum {checksum_of} | cut -d ' ' -f 1 | tr -d '\\n'; echo '  {ARCHIVE}.tar.gz')");
            machine.sh(&format!("{sum} > release/SHA256SUMS"));
            machine.program("bin/gh", "[ -d \"$RELEASE\" ] && cp \"$RELEASE\"/* \"$RUNNER_TEMP/shardctl/\"");
            machine.program("bin/cargo", "echo \"$@\" > \"$RUNNER_TEMP/cargo\"");
            machine
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn program(&self, name: &str, script: &str) {
            fs::write(self.path(name), format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        }

        fn sh(&self, script: &str) {
            assert!(Command::new("sh").args(["-c", script]).current_dir(self.0.path()).status().unwrap().success());
        }

        /// Installs as a workflow does, whose shell ends at the first failure, and tells whether that went well.
        fn install(&self, architecture: &str, repository: &str, release: &str) -> bool {
            let mut command = Command::new("bash");
            command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &install()]);
            command.env_clear().env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
            command.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", architecture).env("RUNNER_TEMP", self.path("temp"));
            command.env("GITHUB_PATH", self.path("github-path")).env("RELEASE", self.path(release));
            command.env("REPOSITORY", repository).env("SOURCE", env!("CARGO_MANIFEST_DIR")).current_dir(self.0.path());
            command.output().unwrap().status.success()
        }

        fn text(&self, name: &str) -> String {
            fs::read_to_string(self.path(name)).unwrap_or_default()
        }
    }

    #[test]
    fn the_release_is_taken_where_its_checksum_is_right() {
        let machine = Machine::new(&format!("release/{ARCHIVE}.tar.gz"));
        assert!(machine.install("X64", "some/where", "release"));
        let said = Command::new(Path::new(machine.text("github-path").trim()).join("shardctl")).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&said.stdout), "the released program\n");
        assert_eq!(machine.text("temp/cargo"), "", "nothing is built");
    }

    #[test]
    fn nothing_is_installed_whose_checksum_is_wrong() {
        let machine = Machine::new("other");
        assert!(!machine.install("X64", "some/where", "release"));
        assert_eq!((machine.text("github-path"), machine.text("temp/cargo")), (String::new(), String::new()));
    }

    #[test]
    fn it_is_built_where_there_is_no_archive_for_the_machine_or_nobody_knows_whose() {
        let rows = [("X64", "some/where", "no-release"), ("RISCV64", "some/where", "release"), ("X64", "", "release")];
        for (architecture, repository, release) in rows {
            let machine = Machine::new("other");
            assert!(machine.install(architecture, repository, release), "{architecture} {repository:?} {release}");
            let expected = format!("install --path {} --locked --quiet\n", env!("CARGO_MANIFEST_DIR"));
            assert_eq!((machine.text("temp/cargo"), machine.text("github-path")), (expected, String::new()));
        }
    }
}
