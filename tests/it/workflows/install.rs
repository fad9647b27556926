//! The action installs the program of its own version, or nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::machine::{Machine, said};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const ARCHIVE: &str = concat!("shardctl-", env!("CARGO_PKG_VERSION"), "-x86_64-unknown-linux-musl");

/// A machine with a release to download, and a `cargo` and a `gh` that do as they are told.
fn machine(checksum_of: &str, version: &str) -> Machine {
    let machine = Machine::new();
    for folder in ["release", ARCHIVE] {
        fs::create_dir(machine.path(folder)).unwrap();
    }
    machine.program(&format!("{ARCHIVE}/shardctl"), &format!("echo shardctl {version}"));
    machine.sh(&format!("tar -czf release/{ARCHIVE}.tar.gz {ARCHIVE} && rm -r {ARCHIVE}"));
    fs::write(machine.path("other"), "other bytes").unwrap();
    let sum = format!("(sha256sum {checksum_of} 2>/dev/null || shasum -a 256 {checksum_of})");
    machine.sh(&format!("{sum} | cut -d ' ' -f 1 | sed 's|$|  {ARCHIVE}.tar.gz|' > release/SHA256SUMS"));
    machine.program("bin/gh", "[ -d \"$RELEASE\" ] && cp \"$RELEASE\"/* \"$RUNNER_TEMP/shardctl/\"");
    let built = format!("mkdir -p \"$5/bin\"; printf '#!/bin/sh\\necho shardctl {version}' > \"$5/bin/shardctl\"");
    machine
        .program("bin/cargo", &format!("echo \"$@\" > \"$RUNNER_TEMP/cargo\"; {built}; chmod +x \"$5/bin/shardctl\""));
    machine
}

fn install(machine: &Machine, architecture: &str, repository: &str, release: &str) -> (bool, String) {
    let mut step = machine.step("Install");
    step.env("RUNNER_ARCH", architecture).env("RELEASE", machine.path(release)).env("REPOSITORY", repository);
    said(&step.output().unwrap())
}

/// Returns what the program says that the steps that follow find first.
fn installed(machine: &Machine) -> String {
    let program = Path::new(machine.text("github-path").trim()).join("shardctl");
    Command::new(program).output().map_or_else(|_| String::new(), |said| String::from_utf8(said.stdout).unwrap())
}

#[test]
fn the_release_is_taken_where_its_checksum_is_right() {
    let machine = machine(&format!("release/{ARCHIVE}.tar.gz"), VERSION);
    let (is_well, said) = install(&machine, "X64", "some/where", "release");
    assert!(is_well, "{said}");
    assert_eq!(installed(&machine), format!("shardctl {VERSION}\n"));
    assert_eq!(machine.text("temp/cargo"), "", "nothing is built");
}

#[test]
fn nothing_is_installed_whose_checksum_is_wrong() {
    let machine = machine("other", VERSION);
    assert!(!install(&machine, "X64", "some/where", "release").0);
    assert_eq!((machine.text("github-path"), machine.text("temp/cargo")), (String::new(), String::new()));
}

#[test]
fn it_is_built_where_there_is_no_archive_for_the_machine_or_nobody_knows_whose() {
    let rows = [("X64", "some/where", "no-release"), ("RISCV64", "some/where", "release"), ("X64", "", "release")];
    for (architecture, repository, release) in rows {
        let machine = machine("other", VERSION);
        let (is_well, said) = install(&machine, architecture, repository, release);
        assert!(is_well, "{architecture} {repository:?} {release}: {said}");
        let root = machine.path("temp/shardctl").display().to_string();
        let expected = format!("install --path {} --root {root} --locked --quiet\n", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(machine.text("temp/cargo"), expected);
        assert_eq!(installed(&machine), format!("shardctl {VERSION}\n"));
    }
}

#[test]
fn what_is_installed_is_used_where_it_is_this_version_and_passed_over_where_it_is_not() {
    for (version, is_used) in [(VERSION, true), ("0.0.1", false)] {
        let machine = machine(&format!("release/{ARCHIVE}.tar.gz"), VERSION);
        machine.program("bin/shardctl", &format!("echo shardctl {version}"));
        let (is_well, said) = install(&machine, "X64", "some/where", "release");
        assert!(is_well, "{version}: {said}");
        assert_eq!(machine.text("github-path").is_empty(), is_used, "{version}: {said}");
        assert_eq!(said.contains("another version"), !is_used, "{version}: {said}");
    }
}

#[test]
fn a_program_of_another_version_is_refused_wherever_it_comes_from() {
    for release in ["release", "no-release"] {
        let machine = machine(&format!("release/{ARCHIVE}.tar.gz"), "0.0.1");
        let (is_well, said) = install(&machine, "X64", "some/where", release);
        assert!(!is_well && said.contains("is not shardctl"), "{release}: {said}");
        assert_eq!(machine.text("github-path"), "");
    }
}
