//! What the program says about itself, and usage errors.

use serde_json::Value;

use super::Shardctl;

#[test]
fn every_command_has_help() {
    let shardctl = Shardctl::new("");
    let commands = [
        &[][..],
        &["validate"],
        &["plan"],
        &["apply"],
        &["import"],
        &["status"],
        &["forecast"],
        &["history"],
        &["state"],
        &["state", "show"],
        &["state", "forget"],
        &["state", "list"],
        &["state", "push"],
        &["state", "pull"],
        &["state", "unlock"],
        &["schema"],
        &["sandbox"],
        &["completions"],
    ];
    for command in commands {
        shardctl.run(&[command, &["--help"]].concat()).exits(0);
    }
    shardctl.remark("In short:").run(&["apply", "-h"]).exits(0);
    shardctl.snapshot("help");
    assert!(shardctl.run(&["--version"]).exits(0).stdout.starts_with("shardctl "));
}

#[test]
fn usage_errors_exit_with_1() {
    let shardctl = Shardctl::example();
    let rows = [
        &[][..],
        &["paln"],
        &["plan", "--detailed-exit-code"],
        &["plan", "--aply"],
        &["apply", "--aply"],
        &["apply", "--apply", "--retries", "many"],
        &["apply", "--apply", "--timeout", "0"],
        &["apply", "--apply", "--concurrency", "0"],
        &["plan", "--format", "yaml"],
        &["plan", "--max-removal-percent", "101"],
        &["plan", "-q", "-v"],
        &["import"],
        &["import", "48213x"],
        &["state"],
        &["state", "show"],
        &["schema", "manifests"],
        &["completions", "tcsh"],
    ];
    for arguments in rows {
        let run = shardctl.run(arguments).exits(1);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
    assert!(shardctl.control().requests().is_empty());
    shardctl.snapshot("usage");
}

#[test]
fn only_what_talks_to_the_api_asks_for_a_token() {
    let shardctl = Shardctl::example();
    shardctl.aside(&["apply", "--apply"]).exits(0);
    let requests = shardctl.control().requests().len();
    let run = |arguments: &[&str]| shardctl.run_with(arguments, |command| _ = command.env_remove("PROXYSHARD_TOKEN"));
    for arguments in ["plan", "apply", "apply --apply", "import 49100", "status", "status 49100"] {
        let run = run(&arguments.split(' ').collect::<Vec<_>>()).exits(1);
        assert!(run.stderr.starts_with("error: there is no API token"), "{arguments}: {}", run.stderr);
    }
    let offline = ["validate", "state list", "state show 49100", "state forget 49100", "completions bash", "man"];
    let schemas = ["schema manifest", "schema plan", "schema apply", "schema state"];
    for arguments in offline.into_iter().chain(schemas) {
        run(&arguments.split(' ').collect::<Vec<_>>()).exits(0);
    }
    assert_eq!(shardctl.control().requests().len(), requests);
}

#[test]
fn completions_are_printed_for_every_shell() {
    let shardctl = Shardctl::new("");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = shardctl.run(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("shardctl") && script.contains("keep-going"), "{shell}: {script}");
    }
}

#[test]
fn schemas_are_printed() {
    let shardctl = Shardctl::new("");
    for kind in ["manifest", "plan", "apply", "state"] {
        let schema: Value = shardctl.run(&["schema", kind]).exits(0).json();
        assert!(jsonschema::meta::is_valid(&schema), "{kind}");
    }
}

#[test]
fn manual_pages_are_printed_or_written() {
    let shardctl = Shardctl::new("");
    let page = shardctl.run(&["man"]).exits(0).stdout;
    assert!(page.contains(".TH shardctl 1") && page.contains("shardctl\\-plan(1)"), "{page}");
    assert!(page.contains("shardctl\\-man(1)"), "{page}");
    shardctl.run(&["man", "share/man1"]).exits(0);
    let pages = ["shardctl", "shardctl-apply", "shardctl-state", "shardctl-state-push", "shardctl-sandbox"];
    for page in pages {
        let path = shardctl.path("share/man1").join(format!("{page}.1"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    shardctl.write("file", "");
    let run = shardctl.run(&["man", "file"]).exits(1);
    assert!(run.stderr.starts_with("error: the manual pages cannot be written to file"), "{}", run.stderr);
}

#[test]
fn a_mistake_is_answered_with_what_was_meant() {
    let shardctl = Shardctl::example();
    let rows: [(&[&str], &str); 7] = [
        (&["apply", "--auto-approve"], "`apply` carries the plan out with `--apply`"),
        (&["apply", "--apply", "-y"], "`apply` carries the plan out with `--apply`"),
        (&["plan", "--apply"], "use `shardctl apply --apply`"),
        (&["plan", "shardctl.yaml"], "a manifest is named by `-f shardctl.yaml`"),
        (&["apply", "--apply", "envs/eu.yml"], "a manifest is named by `-f envs/eu.yml`"),
        (&["validate", "shardctl.yaml"], "a manifest is named by `-f shardctl.yaml`"),
        (&["status", "shardctl.yaml"], "a manifest is named by `-f shardctl.yaml`"),
    ];
    for (arguments, meant) in rows {
        let run = shardctl.run(arguments).exits(1);
        assert!(run.stderr.contains(meant), "{arguments:?}: {}", run.stderr);
        assert!(!run.stderr.contains("similar") && !run.stderr.contains("as a value"), "{arguments:?}: {}", run.stderr);
    }
    let import = shardctl.run(&["import"]).exits(1).stderr;
    assert!(import.contains("Usage: shardctl import [OPTIONS]") && !import.contains("--api-url"), "{import}");
}
