//! What the program says about itself, and usage errors.

use std::fs;

use serde_json::Value;

use super::Shardctl;
use crate::readme::{commands, program};

#[test]
fn every_command_has_help() {
    let shardctl = Shardctl::new("");
    let commands = [
        &[][..],
        &["validate"],
        &["plan"],
        &["show"],
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
        &["man"],
    ];
    for command in commands {
        let help = shardctl.run(&[command, &["--help"]].concat()).exits(0).stdout;
        let examples =
            help.split_once("\nExamples:\n  shardctl ").or(help.split_once("\nExamples:\n  source <(shardctl "));
        assert!(examples.is_some(), "{command:?}: {help}");
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

/// The shells that can be made to complete a line, and what their scripts say of the line besides its words.
const SHELLS: [(&str, &[(&str, &str)]); 5] = [
    ("bash", &[("_CLAP_COMPLETE_COMP_TYPE", "9"), ("_CLAP_COMPLETE_SPACE", "false"), ("_CLAP_IFS", "\n")]),
    ("zsh", &[("_CLAP_IFS", "\n")]),
    ("fish", &[]),
    ("elvish", &[("_CLAP_IFS", "\n")]),
    ("powershell", &[]),
];

/// Asks what the last word of a line may become, as a shell asks.
fn candidates(shardctl: &Shardctl, (shell, said): (&str, &[(&str, &str)]), line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let arguments = [&["--", "shardctl"], &words[..]].concat();
    let run = shardctl.run_with(&arguments, |command| {
        command.env("SHARDCTL_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", words.len().to_string());
        command.envs(said.iter().copied()).env_remove("PROXYSHARD_TOKEN");
    });
    let run = run.exits(0);
    assert_eq!(run.stderr, "", "{shell}: {line}");
    // Some shells are told what a word means, too.
    let word = |line: &str| line.split(['\t', ':']).next().unwrap_or_default().to_owned();
    run.stdout.lines().map(word).collect()
}

#[test]
fn completions_are_printed_for_every_shell() {
    let shardctl = Shardctl::new("");
    for (shell, said) in SHELLS {
        let script = shardctl.run(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("SHARDCTL_COMPLETE") && script.contains("shardctl"), "{shell}: {script}");
        assert!(said.iter().all(|(variable, _)| script.contains(variable)), "{shell}: {script}");
        for (line, candidate) in
            [("apply --keep", "--keep-going"), ("state un", "unlock"), ("plan --format js", "json")]
        {
            assert_eq!(candidates(&shardctl, (shell, said), line), [candidate], "{shell}: {line}");
        }
    }
}

#[test]
fn orders_are_completed_from_the_manifest_without_a_token_or_the_network() {
    let us = "version: 1\norders: {7: {tag: us-checkout}, 8: {tag: two words}, 71: {}}\n";
    let shardctl =
        Shardctl::example().file("more/us.yaml", us).file("broken/a.yaml", "version: 1\norders: {7: {tags: a}}\n");
    for shell in SHELLS {
        for (line, expected) in [
            ("plan --order eu", &["eu-scrapers"][..]),
            ("plan --order 4", &["48213", "48977", "49100"]),
            ("plan -f more --order ", &["us-checkout", "7", "8", "71"]),
            ("status --manifest=more/us.yaml --order u", &["us-checkout"]),
            ("state show -fmore 7", &["7", "71"]),
            ("history 482", &["48213"]),
            ("import 4 --into x 489", &["48977"]),
            ("forecast 482", &["48213"]),
            // Neither the names of files nor a word about what is wrong.
            ("plan --order more/", &[]),
            ("plan -f broken --order 7", &[]),
            ("plan -f nowhere --order 7", &[]),
            ("plan -f - --order 7", &[]),
        ] {
            assert_eq!(candidates(&shardctl, shell, line), expected, "{shell:?}: {line}");
        }
    }
    assert!(shardctl.control().requests().is_empty());
    let run = |shell: &str, arguments: &[&str]| {
        shardctl.run_with(arguments, |command| _ = command.env("SHARDCTL_COMPLETE", shell))
    };
    // What nobody asks for by a script is no completion.
    assert!(run("bash", &["validate"]).exits(0).stdout.starts_with("The manifest is valid"));
    run("", &["validate", "--", "x"]).exits(1);
    run("tcsh", &["--", "shardctl", ""]).exits(1);
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
    assert!(
        page.starts_with(".TH \"shardctl\" \"1\" \"\" \"shardctl 0") && page.contains("shardctl\\-plan(1)"),
        "{page}"
    );
    assert!(page.contains("shardctl\\-man(1)"), "{page}");
    shardctl.run(&["man", "share/man1"]).exits(0);
    let all = commands(&program(), "shardctl");
    for (path, command) in &all {
        let file = shardctl.path("share/man1").join(format!("{}.1", path.replace(' ', "-")));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
        for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "ENVIRONMENT", "EXIT STATUS", "SEE ALSO"] {
            assert!(text.contains(&format!(".SH {}\n", quoted(heading))), "{path}: {heading}");
        }
        assert_eq!(
            text.contains(".SH FILES\n"),
            text.contains("\\-\\-manifest") || command.has_subcommands(),
            "{path}"
        );
        assert_eq!(
            text.contains("PROXYSHARD_TOKEN"),
            text.contains("\\-\\-api\\-url") || command.has_subcommands(),
            "{path}"
        );
        let readable = text.replace("\\-", "-").replace("\\*(Aq", "'");
        // What `-h` leaves out has its text in the manual.
        let flags = command.get_arguments().filter(|argument| argument.get_long().is_some_and(|flag| flag != "help"));
        for flag in flags {
            let help = flag.get_long_help().or(flag.get_help()).map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty() && readable.contains(&help), "{path}: {help}");
        }
    }
    assert_eq!(fs::read_dir(shardctl.path("share/man1")).expect("pages").count(), all.len());
    shardctl.write("file", "");
    let run = shardctl.run(&["man", "file"]).exits(1);
    assert!(run.stderr.starts_with("error: the manual pages cannot be written to file"), "{}", run.stderr);
}

fn quoted(heading: &str) -> String {
    if heading.contains(' ') { format!("\"{heading}\"") } else { heading.to_owned() }
}

/// What people type who come from other programs, and what they are told; nothing where nothing fits.
const HABITS: [(&str, &str); 62] = [
    ("apply --auto-approve", "`--apply` is what carries the plan out: `shardctl apply --apply` never asks"),
    ("apply --apply -y", "`--apply` is what carries the plan out: `shardctl apply --apply` never asks"),
    ("apply -auto-approve", "`--apply` is what carries the plan out: `shardctl apply --apply` never asks"),
    ("apply -f a.yaml -auto-approve", "`--apply` is what carries the plan out: `shardctl apply --apply` never asks"),
    ("plan --apply", "`plan` changes nothing: use `shardctl apply --apply`"),
    ("plan -out=p", "a long flag has two dashes: `--out`"),
    ("apply -out=p", "`shardctl plan --out FILE` saves a plan, and `shardctl apply --plan FILE` takes it"),
    ("plan -detailed-exitcode", "a long flag has two dashes: `--detailed-exitcode`"),
    ("plan -no-color", "`--color never` leaves colours out"),
    ("-chdir=x plan", "`-f DIR/shardctl.yaml` names a manifest in another directory"),
    ("plan -target=48200", "`--order ID|TAG` chooses orders"),
    ("apply -input=false", "nothing is ever asked: leave it out"),
    ("plan -json", "`--format json` prints JSON"),
    ("-version", "a long flag has two dashes: `--version`"),
    ("plan -refresh=false", ""),
    ("plan --refresh=false", ""),
    ("apply plan.json", "a saved plan is named by `--plan plan.json`"),
    ("plan plan.json", "`--out plan.json` saves the plan, and `shardctl show plan.json` prints a saved one"),
    ("plan shardctl.yaml", "a manifest is named by `-f shardctl.yaml`"),
    ("apply --apply envs/eu.yml", "a manifest is named by `-f envs/eu.yml`"),
    ("validate shardctl.yaml", "a manifest is named by `-f shardctl.yaml`"),
    ("status shardctl.yaml", "a manifest is named by `-f shardctl.yaml`"),
    ("plan 48213", "an order is chosen by `--order 48213`"),
    ("plan --target 48200", "`--order ID|TAG` chooses orders"),
    ("status -l eu", "`--order ID|TAG` chooses orders"),
    ("plan --dry-run", "`plan` changes nothing: leave it out"),
    ("apply --dry-run", "`shardctl apply` without `--apply` is the dry run"),
    ("plan --json", "`--format json` prints JSON"),
    ("status -o json", "`--format json` says how to print it"),
    ("plan --output=markdown", "`--format markdown` says how to print it"),
    ("plan -o plan.json", "`--out FILE` saves the plan, and `--format FORMAT` says how to print it"),
    ("status -o wide", ""),
    ("import --all --format json", ""),
    ("import --all -o shardctl.yaml", "`--into FILE` writes the manifest to a file, or edits it"),
    ("destroy", "no command ends an order: with `auto_renewal: false` in the manifest it ends with its period"),
    ("plan -destroy", "no command ends an order: with `auto_renewal: false` in the manifest it ends with its period"),
    ("diff", "`shardctl plan` reads what is live, and shows what differs"),
    ("get orders", "`shardctl status --all` shows the account's orders"),
    ("version", "`shardctl --version` prints it"),
    ("init", "nothing has to be set up: `shardctl import --all --into shardctl.yaml` writes the first manifest"),
    ("login", "there is no login: PROXYSHARD_TOKEN holds the API token, or `--token-file` names its file"),
    ("logs", "`shardctl history` shows what was applied"),
    ("force-unlock 7", "`shardctl state unlock` shows who holds the lock, and breaks it"),
    ("state rm 48213", "`shardctl state forget ORDER_ID` drops what is recorded of an order"),
    ("state mv 1 2", ""),
    ("renew 48213", ""),
    ("status --detailed-exitcode", ""),
    ("state show --all", ""),
    ("history --limit 1", ""),
    ("import", "name orders by their ids, or pass `--all`"),
    ("import --order eu", "`--order` needs `--all`, of which it chooses: or name orders by their ids"),
    ("status eu-scrapers", "by tag: `--order eu-scrapers`"),
    ("import eu-scrapers", "by tag: `--all --order eu-scrapers`"),
    ("history eu-scrapers", "`shardctl status` shows the ids of the orders beside their tags"),
    ("state show eu-scrapers", "`shardctl status` shows the ids of the orders beside their tags"),
    ("status 48213x", ""),
    // A slip of the fingers is answered in the words of the command line itself.
    ("paln", "a similar subcommand exists: 'plan'"),
    ("plan --detailed-exit-code", "a similar argument exists: '--detailed-exitcode'"),
    ("plan --detailed", "a similar argument exists: '--detailed-exitcode'"),
    ("plan --format jsn", "a similar value exists: 'json'"),
    ("--detailed-exitcode plan", "'plan --detailed-exitcode' exists"),
    ("completions tcsh", ""),
];

#[test]
fn a_habit_is_answered_with_what_was_meant_and_never_with_what_was_not() {
    let shardctl = Shardctl::example();
    for (line, meant) in HABITS {
        let run = shardctl.run(&line.split(' ').collect::<Vec<_>>()).exits(1);
        let tips: Vec<&str> = run.stderr.lines().filter_map(|line| line.strip_prefix("  tip: ")).collect();
        let expected: Vec<&str> = Some(meant).filter(|meant| !meant.is_empty()).into_iter().collect();
        assert_eq!(tips, expected, "{line}: {}", run.stderr);
        assert!(run.stdout.is_empty() && run.stderr.starts_with("error: "), "{line}: {}", run.stderr);
        assert!(!run.stderr.contains("\n\n\n"), "{line}: {}", run.stderr);
    }
    assert!(shardctl.control().requests().is_empty());
}

#[test]
fn a_usage_error_says_what_a_number_is_and_which_arguments_there_are() {
    let shardctl = Shardctl::example();
    for (line, said) in [
        ("plan --max-charge-cents 5.00", "the amount is in whole cents: 5.00 is `500`"),
        ("plan --max-charge-cents five", "write it in plain decimal digits, such as `4`"),
        ("plan --allow-removals all", "a number of IPs is written in plain decimal digits, such as 12"),
        ("forecast --days 0", "it is a whole number from 1 to 366"),
        ("plan --concurrency 0", "it is a whole number from 1 to 1024"),
        ("apply --auto-approve", "Usage: shardctl apply [OPTIONS]\n"),
        ("state push --fast", "Usage: shardctl state push [OPTIONS] [DIR]\n"),
        ("apply -auto-approve", "unexpected argument '-auto-approve' found"),
        ("plan -qx", "unexpected argument '-x' found"),
    ] {
        let run = shardctl.run(&line.split(' ').collect::<Vec<_>>()).exits(1);
        assert!(run.stderr.contains(said), "{line}: {}", run.stderr);
    }
    let import = shardctl.run(&["import"]).exits(1).stderr;
    assert!(import.contains("Usage: shardctl import [OPTIONS]") && !import.contains("--api-url"), "{import}");
}
