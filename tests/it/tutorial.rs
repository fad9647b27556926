//! What the README has a newcomer paste works in one go, and the pictures beside it are of these very commands.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Returns the blocks of the tutorial, one after the other.
pub fn blocks() -> String {
    blocks_of("From nothing to a reviewed manifest")
}

/// Returns the blocks by which a simulated account is broken, one after the other.
pub fn blocks_that_break() -> String {
    blocks_of("The simulated account")
}

/// Returns the blocks below a heading that are pasted, one after the other.
fn blocks_of(heading: &str) -> String {
    let readme = fs::read_to_string("README.md").unwrap().replace("\r\n", "\n");
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

/// Returns a text that the blocks hand to a command: what stands between a line that ends with `<<'WORD'` and the word.
fn handed_over(word: &str) -> String {
    let blocks = blocks();
    let (_, text) = blocks.split_once(&format!("<<'{word}'\n")).unwrap();
    text.split(&format!("{word}\n")).next().unwrap().to_owned()
}

/// Returns the simulated account.
pub fn account() -> String {
    handed_over("YAML")
}

/// Changes the manifest in a directory as the pull request does.
pub fn change(directory: &Path) {
    let mut git = Command::new("git");
    let mut git = git.arg("apply").current_dir(directory).stdin(Stdio::piped()).spawn().unwrap();
    git.stdin.take().unwrap().write_all(handed_over("CHANGE").as_bytes()).unwrap();
    assert!(git.wait().unwrap().success());
}

/// Pastes blocks into a shell in one go; returns what they print. Nothing goes wrong, and nothing is left behind.
#[cfg(unix)]
fn paste(pasted: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    // The only difference: whichever port is free, in place of the usual one.
    let waits = "until [ -s sandbox.log ]; do sleep 0.05; done";
    let begins = "yaml > sandbox.log 2>&1 &\n";
    let any_port = pasted.replace(begins, &format!("yaml --listen 127.0.0.1:0 > sandbox.log 2>&1 &\n{waits}\n"));
    let any_port = any_port.replace("http://127.0.0.1:4010", "$(sed -n 's/^listening on //p' sandbox.log)");
    assert!(any_port.contains(waits) && any_port.contains("$(sed"), "{any_port}");
    let left = "(env | grep '^PROXYSHARD\\|^SHARDCTL' || true) >&2; jobs >&2; [ \"$(type -t shardctl)\" = file ]; pwd";
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-e", "-u", "-c", &format!("{any_port}\nwait\n{left}")]);
    let programs = Path::new(env!("CARGO_BIN_EXE_shardctl")).parent().unwrap().display();
    bash.current_dir(directory.path()).env_clear().env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"));
    bash.env("HOME", directory.path()).env("TMPDIR", directory.path());
    let output = bash.output().unwrap();
    let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "{said}{complained}");
    let is_told = |line: &&str| !line.contains("Terminated") && !line.starts_with("order ");
    assert_eq!(complained.lines().filter(is_told).collect::<Vec<_>>(), [""; 0], "{said}");
    assert_eq!(Path::new(said.lines().last().unwrap()).file_name(), directory.path().file_name());
    said
}

/// Expects words in a text, one after the other, and returns what stands behind them.
#[cfg(unix)]
fn after<'t>(text: &'t str, words: &[&str]) -> &'t str {
    words.iter().fold(text, |rest, words| rest.split_once(words).unwrap_or_else(|| panic!("{words}: {text}")).1)
}

#[cfg(unix)]
#[test]
fn it_runs_as_pasted_in_one_go_and_leaves_nothing_behind() {
    let said = paste(&blocks());
    let shown = ["The manifest is valid: 2 orders, 6 IPs.", "Applied: 5 operations done; charged 1.50.", "No changes."];
    let rest = after(&said, &shown);
    assert!(rest.contains("2 runs, charged 1.50 in all."), "{rest}");
}

#[cfg(unix)]
#[test]
fn what_breaks_a_simulated_account_runs_as_pasted_and_shows_what_is_said_of_it() {
    let said = paste(&blocks_that_break());
    after(
        &said,
        &[
            "macos -> linux",
            "changed_elsewhere",
            "macos -> linux",
            "Applied: 1 operation done.",
            "charged 1.50",
            "mark 1 IP to go",
            "Applied: ",
            "No changes.",
            "No changes.",
            "on hold",
            "cancelled",
        ],
    );
}
