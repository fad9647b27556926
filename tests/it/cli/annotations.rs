//! `--annotations`: problems as GitHub workflow commands.

use std::process::Command;

use super::{Ran, SMALL_MANIFEST, Shardctl};

fn on_github(command: &mut Command) {
    command.env("GITHUB_ACTIONS", "true");
}

fn commands(run: &Ran) -> Vec<&str> {
    run.stderr.lines().filter(|line| line.starts_with("::")).collect()
}

#[test]
fn each_problem_is_one_command_at_its_place() {
    let wrong = SMALL_MANIFEST.replace("tag: us", "tag: su").replace("203.0.113.11", "203.0.113.99");
    let shardctl = Shardctl::small().file("shardctl.yaml", &wrong);
    for command in ["plan", "apply"] {
        let run = shardctl.run_with(&[command], on_github).exits(1);
        let commands = commands(&run);
        assert_eq!(commands.len(), 2, "{}", run.stderr);
        assert!(
            commands[0].starts_with("::error file=shardctl.yaml,line=9,col=7,title=ip_not_in_order::203.0.113.99 is")
        );
        assert!(commands[1].starts_with("::error file=shardctl.yaml,line=11,col=10,title=tag_mismatch::order 2 has"));
        assert!(commands[1].contains("%0A"), "the help is on a line of its own: {}", commands[1]);
    }
    // A manifest that cannot be used, and with a result that must stay JSON.
    shardctl.write("shardctl.yaml", "version: 1\norders: {1: {tags: a}}\n");
    for arguments in [&["validate"][..], &["validate", "--format", "json"], &["plan", "--format", "json"]] {
        let run = shardctl.run_with(arguments, on_github).exits(1);
        assert_eq!(commands(&run).len(), 1, "{}", run.stderr);
        assert!(!run.stdout.contains("::error"), "{}", run.stdout);
    }
}

#[test]
fn what_has_a_meaning_in_a_command_is_escaped() {
    let name = "50%, a:b.yaml";
    let manifest = SMALL_MANIFEST.replace("tag: us", r#"tag: "100%\r\n::error::x\e[2J: y, z""#);
    let shardctl = Shardctl::small().file(name, &manifest);
    let run = shardctl.run(&["plan", "-f", name, "--state", "state", "--annotations", "github"]).exits(1);
    let commands = commands(&run);
    let [command] = commands[..] else { panic!("{}", run.stderr) };
    assert!(command.starts_with("::error file=50%25%2C a%3Ab.yaml,line="), "{command}");
    assert!(command.contains(r"`100%25\r\n::error::x\u{1b}[2J: y, z`"), "{command}");
}

#[test]
fn there_are_none_where_nobody_wants_them() {
    let shardctl = Shardctl::small().file("shardctl.yaml", &SMALL_MANIFEST.replace("tag: us", "tag: su"));
    let none = shardctl.run_with(&["plan", "--annotations", "none"], on_github).exits(1);
    assert!(commands(&none).is_empty(), "{}", none.stderr);
    let elsewhere = shardctl.run_with(&["plan"], |command| _ = command.env("GITHUB_ACTIONS", "false")).exits(1);
    assert!(commands(&elsewhere).is_empty(), "{}", elsewhere.stderr);
    assert!(commands(&shardctl.run(&["plan"]).exits(1)).is_empty());
}

#[test]
fn a_plan_without_problems_has_none() {
    let run = Shardctl::small().run_with(&["plan"], on_github).exits(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn a_file_is_named_by_its_path_in_the_checkout() {
    let shardctl = Shardctl::small().file("manifests/eu.yaml", &SMALL_MANIFEST.replace("tag: us", "tag: su"));
    let directory = shardctl.path("");
    for (workspace, path) in [(directory.clone(), "manifests/eu.yaml"), (directory.join("manifests"), "eu.yaml")] {
        let on_github =
            |command: &mut Command| _ = command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", workspace);
        let run = shardctl.run_with(&["plan", "-f", "manifests/../manifests", "--state", "state"], on_github).exits(1);
        let [command] = commands(&run)[..] else { panic!("{}", run.stderr) };
        assert!(command.starts_with(&format!("::error file={path},line=11,")), "{command}");
    }
    // Elsewhere, it is named as the user named it.
    let on_github =
        |command: &mut Command| _ = command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", "/nowhere");
    let run = shardctl.run_with(&["plan", "-f", "manifests/eu.yaml", "--state", "state"], on_github).exits(1);
    assert!(commands(&run)[0].starts_with("::error file=manifests/eu.yaml,"), "{}", run.stderr);
}

#[test]
fn more_than_github_shows_are_counted() {
    let keep: String = (0..35).map(|number| format!("      203.0.113.{number}: windows\n")).collect();
    let shardctl = Shardctl::small().file("shardctl.yaml", &format!("version: 1\norders:\n  1:\n    keep:\n{keep}"));
    let run = shardctl.run_with(&["validate"], on_github).exits(1);
    let commands = commands(&run);
    assert_eq!(commands.iter().filter(|command| command.starts_with("::error ")).count(), 10, "{}", run.stderr);
    assert_eq!(commands.last(), Some(&"::warning title=shardctl::and 25 more problems: the log has them all"));
    assert_eq!(commands.len(), 11);
}

#[test]
fn there_are_none_between_objects() {
    let shardctl = Shardctl::small().file("shardctl.yaml", &SMALL_MANIFEST.replace("tag: us", "tag: su"));
    let run = shardctl.run_with(&["plan", "--log-format", "json", "--annotations", "github"], on_github).exits(1);
    assert!(commands(&run).is_empty(), "{}", run.stderr);
}
