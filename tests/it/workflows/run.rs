//! The action runs what it is told, word by word, and says what came of it.

use std::fs;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::machine::{Machine, said};
use crate::cli::{EXAMPLE_MANIFEST, Shardctl, TOKEN};
use crate::rig;

/// A machine whose `shardctl` writes down its arguments, one a line, and then does as it is told; its history is a file.
fn machine(then: &str) -> Machine {
    let machine = Machine::new();
    // What stands in `before` is there when the step begins.
    let history =
        "if [ \"$1\" = history ]; then echo \"$*\" > asked; [ -e arguments ] || exec cat before; exec cat history; fi";
    let arguments = "for word; do echo \"<$word>\"; done > arguments";
    machine.program("bin/shardctl", &format!("{history}\n{arguments}\n{then}"));
    machine
}

const PLAN: &str = r#"printf '<!-- shardctl -->\n## A plan\n'
while [ "$1" != --out ]; do shift; done
echo '{"summary": {"changed": 2, "blocked": 0, "charge_cents": 300, "drifted": 1}}' > "$2""#;

#[test]
fn arguments_are_words_over_all_lines_with_their_quotes() {
    let rows: [(&str, &[&str]); 7] = [
        ("--reassert\n--order 48213\n", &["--reassert", "--order", "48213"]),
        ("  --apply\t--keep-going\r\n\r\n", &["--apply", "--keep-going"]),
        ("--order 'eu *' --order \"a 'b'\"", &["--order", "eu *", "--order", "a 'b'"]),
        ("--order eu-* --order e'u u's", &["--order", "eu-*", "--order", "eu us"]),
        ("--order '' -v", &["--order", "", "-v"]),
        ("--order '$(id) `id` ; & | \\ #'", &["--order", "$(id) `id` ; & | \\ #"]),
        ("--reassert \\\n  --order a#b", &["--reassert", "--order", "a#b"]),
    ];
    for (arguments, expected) in rows {
        let machine = machine("echo printed");
        let (is_well, said) = said(
            &machine.step("Run").env("INPUT_COMMAND", "apply").env("INPUT_ARGUMENTS", arguments).output().unwrap(),
        );
        assert!(is_well, "{arguments:?}: {said}");
        let first = ["apply", "--format", "markdown", "--manifest", "shardctl.yaml"];
        let words = first.iter().chain(expected).map(|word| format!("<{word}>\n"));
        assert_eq!(machine.text("arguments"), words.collect::<String>(), "{arguments:?}");
    }
}

#[test]
fn arguments_that_a_shell_would_act_on_are_refused_before_anything_runs() {
    let rows = [
        "--apply; rm -r x",
        "--apply && true",
        "--apply | cat",
        "> plan",
        "--order $ORDER",
        "--order `id`",
        "--order \"$ORDER\"",
        "--order 'eu",
        "--order \"eu",
        "--plan C:\\plan.json",
        "--apply # really",
        "--order (a)",
    ];
    for arguments in rows {
        let machine = machine("echo printed");
        let (is_well, said) = said(&machine.step("Run").env("INPUT_ARGUMENTS", arguments).output().unwrap());
        assert!(!is_well && said.starts_with("::error title=shardctl::arguments: "), "{arguments:?}: {said}");
        assert_eq!(
            (machine.text("arguments"), machine.text("output")),
            (String::new(), String::new()),
            "{arguments:?}"
        );
    }
}

#[test]
fn manifests_state_and_title_become_flags() {
    let machine = machine("echo printed");
    let mut step = machine.step("Run");
    step.env("INPUT_MANIFEST", "proxies\n  more proxies  \n\n")
        .env("INPUT_STATE", "s3://bucket/a b")
        .env("INPUT_TITLE", "EU west");
    assert!(said(&step.env("INPUT_COMMAND", "apply").output().unwrap()).0);
    let flags =
        "<--manifest>\n<proxies>\n<--manifest>\n<more proxies>\n<--state>\n<s3://bucket/a b>\n<--title>\n<EU west>\n";
    assert_eq!(machine.text("arguments"), format!("<apply>\n<--format>\n<markdown>\n{flags}"));
    assert!(said(&step.env("INPUT_COMMAND", "validate").output().unwrap()).0);
    assert!(!machine.text("arguments").contains("--state"), "validate knows neither a state nor a title");
    for (variable, value) in [("INPUT_TITLE", "a -->"), ("INPUT_TITLE", "a\nb"), ("INPUT_COMMAND", "destroy")] {
        fs::remove_file(machine.path("arguments")).unwrap_or_default();
        let (is_well, said) = said(&machine.step("Run").env(variable, value).output().unwrap());
        assert!(!is_well && said.starts_with("::error title=shardctl::"), "{variable} {value:?}: {said}");
        assert_eq!(machine.text("arguments"), "");
    }
}

#[test]
fn a_plan_is_told_to_the_steps_that_follow_and_shown_in_the_summary() {
    let machine = machine(PLAN);
    let (is_well, said) = said(&machine.step("Run").output().unwrap());
    assert!(is_well, "{said}");
    let rows = [("exit-code", "0"), ("changed", "2"), ("blocked", "0"), ("charge-cents", "300"), ("drifted", "1")];
    for (name, value) in rows {
        assert_eq!(machine.output(name).as_deref(), Some(value), "{name}");
    }
    for name in ["plan", "markdown"] {
        let file = machine.output(name).unwrap();
        assert!(fs::metadata(&file).unwrap().len() > 0, "{name}: {file}");
    }
    assert_eq!(machine.text("summary"), "<!-- shardctl -->\n## A plan\n\n");
}

const THIS_RUN: &str = "https://git.example/some/where/actions/runs/42";

/// The history is read, newest first, with runs of others around the own one.
#[test]
fn an_apply_tells_what_came_of_it_by_the_history() {
    let run = |url: &str, outcome: Value, charged: u32| json!({"id": format!("run-{charged}"), "actor": {"url": url}, "outcome": outcome, "charged_cents": charged});
    let later = run(THIS_RUN, json!("complete"), 7);
    let other = run("https://git.example/some/where/actions/runs/41", json!("complete"), 9);
    let never_ended = run(THIS_RUN, json!(null), 5);
    let before = run(THIS_RUN, json!("complete"), 1);
    let all = |own: Value| json!([later, own, other, never_ended, before]);
    // The exit status, the arguments, the runs of the history; what is told.
    let rows = [
        (0, "--apply", all(run(THIS_RUN, json!("complete"), 300)), Some("complete"), Some("300")),
        (3, "--apply", all(run(THIS_RUN, json!("partial"), 150)), Some("partial"), Some("150")),
        (1, "--apply", all(run(THIS_RUN, json!("failed"), 0)), Some("failed"), Some("0")),
        (4, "--apply", json!([run(THIS_RUN, json!("partial"), 150), other]), Some("partial"), Some("150")),
        (0, "--apply", json!([other, before]), Some("nothing_to_do"), Some("0")),
        (0, "", json!([other]), Some("dry_run"), Some("0")),
        (2, "--detailed-exitcode", json!([other]), Some("dry_run"), Some("0")),
        (1, "--apply", json!([other]), Some("failed"), Some("0")),
        (130, "--apply", json!([never_ended]), Some(""), Some("5")),
        (3, "--apply", json!([other]), None, None),
        (0, "--apply", json!("no history"), None, None),
    ];
    for (status, arguments, runs, outcome, charged) in rows {
        let machine = machine(&format!("echo printed\nexit {status}"));
        fs::write(machine.path("history"), json!({"runs": runs}).to_string()).unwrap();
        fs::write(machine.path("before"), json!({"runs": [before]}).to_string()).unwrap();
        let mut step = machine.step("Run");
        step.env("INPUT_COMMAND", "apply").env("INPUT_ARGUMENTS", arguments).output().unwrap();
        let told = (machine.output("outcome"), machine.output("charged-cents"));
        assert_eq!((told.0.as_deref(), told.1.as_deref()), (outcome, charged), "{status} {arguments:?} {runs}");
        assert_eq!(machine.output("exit-code"), Some(status.to_string()));
    }
}

#[test]
fn the_history_is_that_of_the_place_where_it_is_applied() {
    let rows = [
        ("--apply", "s3://bucket", "--manifest a --manifest b --state s3://bucket"),
        ("--apply -f c --state=here --order x", "", "--manifest a --manifest b -f c --state=here"),
    ];
    for (arguments, state, expected) in rows {
        let machine = machine("echo printed");
        let mut step = machine.step("Run");
        step.env("INPUT_COMMAND", "apply").env("INPUT_ARGUMENTS", arguments).env("INPUT_STATE", state);
        assert!(step.env("INPUT_MANIFEST", "a\nb").output().unwrap().status.success());
        let asked = machine.text("asked");
        let (first, moment) = asked.trim_end().split_once(" --since ").unwrap();
        let (moment, place) = moment.split_once(' ').unwrap();
        assert_eq!((first, place), ("history --format json", expected));
        assert!(moment.parse::<Timestamp>().is_ok(), "{moment}");
        assert_eq!((machine.output("outcome"), machine.output("charged-cents")), (None, None), "it cannot be read");
    }
}

#[test]
fn a_failure_ends_the_step_as_the_program_ended_and_is_shown_all_the_same() {
    // Each ends with the status behind it, having printed what stands before it.
    for (printed, status, shown) in
        [("A problem", 1, "A problem"), ("A report", 4, "A report"), ("", 101, "exit status 101")]
    {
        let machine = machine(&format!("printf '{printed}'\nexit {status}"));
        let output = machine.step("Run").output().unwrap();
        assert_eq!(output.status.code(), Some(status));
        assert_eq!(machine.output("exit-code"), Some(status.to_string()));
        assert!(machine.text("summary").contains(shown), "{}", machine.text("summary"));
        assert!(fs::read_to_string(machine.output("markdown").unwrap()).unwrap().contains(shown));
        assert_eq!((machine.output("changed"), machine.output("plan")), (None, None), "there was no plan");
    }
}

#[test]
fn changes_that_were_asked_about_are_no_failure() {
    let machine = machine(&format!("{PLAN}\nexit 2"));
    let output = machine.step("Run").env("INPUT_ARGUMENTS", "--detailed-exitcode").output().unwrap();
    assert!(output.status.success());
    assert_eq!(machine.output("exit-code").as_deref(), Some("2"));
}

#[test]
fn nothing_that_is_printed_commands_the_runner() {
    let machine = machine("echo '::add-mask::x'");
    let (_, said) = said(&machine.step("Run").output().unwrap());
    let (token, rest) = said.strip_prefix("::stop-commands::").unwrap().split_once('\n').unwrap();
    assert!(token.len() == 32, "{token}");
    assert_eq!(rest, format!("::add-mask::x\n::{token}::\n"));
}

/// The runner signals the process that it started, again some seconds later, and kills it in the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_reaches_the_program_once_and_its_end_is_waited_for() {
    let machine = machine(
        "trap 'echo heard >> heard' TERM INT\ntouch ready\nwhile [ ! -e go ]; do sleep 0.01; done\necho Interrupted.\nexit 3",
    );
    let mut step = machine.step("Run");
    let mut child = step.stdout(Stdio::null()).spawn().unwrap();
    let signal = |name: &str| {
        assert!(Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap().success());
    };
    rig::until("the program runs", || machine.path("ready").exists()).await;
    signal("INT");
    rig::until("the program heard it", || machine.path("heard").exists()).await;
    signal("INT");
    signal("TERM");
    fs::write(machine.path("go"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(machine.text("heard"), "heard\n");
    assert_eq!(machine.output("exit-code").as_deref(), Some("3"));
    assert_eq!(machine.text("summary"), "Interrupted.\n\n");
}

#[test]
fn the_program_itself_is_run_as_it_is() {
    let shardctl = Shardctl::example();
    let machine = Machine::new();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_shardctl"), machine.path("bin/shardctl")).unwrap();
    fs::write(machine.path("shardctl.yaml"), EXAMPLE_MANIFEST).unwrap();
    let step = |command: &str, token: &str| {
        let mut step = machine.step("Run");
        step.env("INPUT_COMMAND", command).env("PROXYSHARD_API_URL", shardctl.url()).env("PROXYSHARD_TOKEN", token);
        said(&step.output().unwrap())
    };
    assert!(step("validate", "").0);
    let (is_well, said) = step("plan", TOKEN);
    assert!(is_well, "{said}");
    assert_ne!(machine.output("changed").as_deref(), Some("0"));
    assert!(machine.text("summary").contains("<!-- shardctl -->\n## shardctl plan: "), "{}", machine.text("summary"));
    let mut apply = machine.step("Run");
    apply.env("INPUT_COMMAND", "apply").env("INPUT_ARGUMENTS", "--apply").env("GITHUB_ACTIONS", "true");
    for (outcome, charged) in [("complete", "300"), ("nothing_to_do", "0")] {
        apply.env("PROXYSHARD_API_URL", shardctl.url()).env("PROXYSHARD_TOKEN", TOKEN);
        assert!(apply.output().unwrap().status.success());
        let told = [machine.output("outcome"), machine.output("charged-cents")];
        assert_eq!(told, [Some(outcome.to_owned()), Some(charged.to_owned())]);
    }
    let (is_well, said) = step("plan", "another-token");
    assert!(!is_well && said.contains("token"), "{said}");
    let shown = fs::read_to_string(machine.output("markdown").unwrap()).unwrap();
    assert!(shown.starts_with("<!-- shardctl -->\n") && shown.contains("token_refused"), "{shown}");
}
