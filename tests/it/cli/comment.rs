//! `--format markdown`: the name of a comment, and the commit that it is for.

use serde_json::json;

use super::{Ran, SMALL_MANIFEST, Shardctl};

#[test]
fn a_title_names_the_comment_of_every_command() {
    let shardctl = Shardctl::small().file("bad.yaml", "version: 1\norders: {1: {p0f_slots: many}}\n");
    for (words, heading, status) in [
        (&["plan"][..], "shardctl plan (eu_west): 2 orders to change", 0),
        (&["apply"], "shardctl apply (dry run) (eu_west): 2 orders to change", 0),
        (&["apply", "--apply"], "shardctl apply (eu_west): complete", 0),
        (&["plan"], "shardctl plan (eu_west): no changes", 0),
        (&["status"], "shardctl (eu_west): 2 orders", 0),
        (&["forecast", "--days", "366"], "shardctl forecast (eu_west): ", 0),
        (&["history"], "shardctl history (eu_west): 1 run", 0),
        (&["validate"], "shardctl (eu_west): the manifest is valid", 0),
        (&["validate", "-f", "bad.yaml"], "shardctl (eu_west): the manifest has 1 problem", 1),
        (&["plan", "-f", "nowhere.yaml"], "shardctl plan (eu_west): failed, nothing was changed", 1),
    ] {
        let run = shardctl.run(&[words, &["--format", "markdown", "--title", "eu_west"]].concat()).exits(status);
        // What Markdown could take for markup is escaped.
        let expected = format!("<!-- shardctl:eu_west -->\n## {}", heading.replace('_', "\\_"));
        assert!(run.stdout.starts_with(&expected), "{words:?}: {}", run.stdout);
    }
}

#[test]
fn a_title_that_ends_the_first_line_is_refused() {
    let shardctl = Shardctl::small();
    let long = "x".repeat(101);
    for title in ["a-->", "--", "a>b", "a`b", "a\nb", "", " ", &long] {
        let run = shardctl.run(&["plan", "--format", "markdown", &format!("--title={title}")]).exits(1);
        assert!(run.stdout.is_empty() && run.stderr.contains("a title is 1 to 100 characters"), "{}", run.stderr);
    }
}

/// Makes a plan with variables in its environment.
fn plan_with(shardctl: &Shardctl, variables: &[(&str, &str)]) -> Ran {
    let variables = variables.to_vec();
    shardctl.run_with(&["plan", "--format", "markdown"], |command| _ = command.envs(variables)).exits(0)
}

#[test]
fn a_comment_says_for_which_commit_it_is() {
    let shardctl = Shardctl::small();
    let commit = "1A2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
    for name in [
        "GITHUB_SHA",
        "CI_COMMIT_SHA",
        "BUILDKITE_COMMIT",
        "CIRCLE_SHA1",
        "BITBUCKET_COMMIT",
        "BUILD_SOURCEVERSION",
        "DRONE_COMMIT_SHA",
        "TRAVIS_COMMIT",
        "CODEBUILD_RESOLVED_SOURCE_VERSION",
        "BUILD_VCS_NUMBER",
        "GIT_COMMIT",
    ] {
        let run = plan_with(&shardctl, &[(name, commit)]);
        assert!(run.stdout.contains("\n<sub>for commit 1a2b3c4"), "{name}: {}", run.stdout);
    }
    for nonsense in ["", "main", "<b>12345678</b>", "1a2b3c4 and more", "1a2b"] {
        let run = plan_with(&shardctl, &[("GITHUB_SHA", nonsense)]);
        assert!(!run.stdout.contains("for commit"), "{}", run.stdout);
    }
}

#[test]
fn on_a_pull_request_it_is_the_commit_that_the_reader_sees() {
    let merge = ("GITHUB_SHA", "ffffffffffffffffffffffffffffffffffffffff");
    let event = json!({"number": 1, "pull_request": {"head": {"sha": "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"}}});
    let shardctl = Shardctl::small().file("event.json", &event.to_string()).file("push.json", r#"{"ref": "main"}"#);
    for (file, commit) in [("event.json", "1a2b3c4"), ("push.json", "fffffff"), ("nowhere.json", "fffffff")] {
        let run = plan_with(&shardctl, &[merge, ("GITHUB_EVENT_PATH", file)]);
        assert!(
            run.stdout.contains(&format!("for commit {commit}, manifest `shardctl.yaml`<")),
            "{file}: {}",
            run.stdout
        );
    }
    for (checked_out, head) in [
        ("CI_COMMIT_SHA", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"),
        ("BUILD_SOURCEVERSION", "SYSTEM_PULLREQUEST_SOURCECOMMITID"),
        ("TRAVIS_COMMIT", "TRAVIS_PULL_REQUEST_SHA"),
    ] {
        for (said, commit) in [("1a2b3c4d5e", "1a2b3c4"), ("", "fffffff")] {
            let run = plan_with(&shardctl, &[(checked_out, merge.1), (head, said)]);
            assert!(
                run.stdout.contains(&format!("for commit {commit}, manifest `shardctl.yaml`<")),
                "{head}: {}",
                run.stdout
            );
        }
    }
}

#[test]
fn a_run_that_ends_before_there_is_a_plan_has_its_title_and_its_commit() {
    let shardctl = Shardctl::small().file("bad.yaml", "version: 1\norders: {1: {p0f_slots: many}}\n");
    for words in [
        &["plan", "-f", "nowhere.yaml"][..],
        &["plan", "-f", "bad.yaml"],
        &["plan", "--order", "999999"],
        &["apply", "--apply", "--plan", "nowhere.json"],
        &["plan", "--token-file", "nowhere"],
        &["status", "-f", "nowhere.yaml"],
    ] {
        let command = [words, &["--format", "markdown", "--title", "eu"]].concat();
        let run = shardctl.run_with(&command, |command| _ = command.env("CI_COMMIT_SHA", "1a2b3c4d5e")).exits(1);
        assert!(run.stdout.starts_with("<!-- shardctl:eu -->\n## shardctl"), "{words:?}: {}", run.stdout);
        assert!(run.stdout.contains("\n<sub>for commit 1a2b3c4"), "{words:?}: {}", run.stdout);
    }
}

#[test]
fn text_is_the_same_whatever_the_comment_would_be() {
    let shardctl = Shardctl::small().file("shardctl.yaml", SMALL_MANIFEST);
    let plain = shardctl.run(&["plan"]).exits(0).stdout;
    let named = shardctl.run_with(&["plan", "--title", "eu"], |command| _ = command.env("GITHUB_SHA", "1a2b3c4"));
    assert_eq!(named.exits(0).stdout, plain);
}
