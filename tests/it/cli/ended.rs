//! Runs that end before there is a plan: a script that asked for a document gets one.

use std::fs;

use serde_json::{Value, json};

use super::Shardctl;
use crate::rig::Ran;

/// A way to end, with the words of the command and the code of its problem.
struct Ending {
    code: &'static str,
    words: &'static [&'static str],
    prepare: fn(&Shardctl),
}

const ENDINGS: &[Ending] = &[
    Ending { code: "manifest_missing", words: &["plan", "-f", "nowhere.yaml"], prepare: |_| {} },
    Ending { code: "manifest_missing", words: &["apply", "--apply", "-f", "nowhere.yaml"], prepare: |_| {} },
    Ending { code: "manifest_missing", words: &["validate", "-f", "nowhere.yaml"], prepare: |_| {} },
    Ending { code: "manifest_missing", words: &["status", "-f", "nowhere.yaml"], prepare: |_| {} },
    Ending { code: "invalid_value", words: &["status", "-f", "bad.yaml"], prepare: |_| {} },
    Ending { code: "invalid_value", words: &["plan", "-f", "bad.yaml"], prepare: |_| {} },
    Ending { code: "token_missing", words: &["plan", "--token-file", "nowhere"], prepare: |_| {} },
    Ending { code: "token_missing", words: &["apply", "--apply", "--token-file", "empty"], prepare: |_| {} },
    Ending { code: "token_refused", words: &["plan"], prepare: refuse_token },
    Ending { code: "token_refused", words: &["apply", "--apply"], prepare: refuse_token },
    Ending { code: "token_refused", words: &["status"], prepare: refuse_token },
    Ending { code: "api_unreachable", words: &["plan", "--api-url", "http://u:hunter2@example.com"], prepare: |_| {} },
    Ending { code: "api_unreachable", words: &["status", "--api-url", "http://example.com"], prepare: |_| {} },
    Ending { code: "api_unreachable", words: &["plan", "--api-url", ""], prepare: |_| {} },
    Ending { code: "state_unavailable", words: &["plan", "--state", "s3://"], prepare: |_| {} },
    Ending { code: "unusable_plan", words: &["apply", "--plan", "nowhere.json"], prepare: |_| {} },
    Ending { code: "unusable_plan", words: &["apply", "--apply", "--plan", "bad.yaml"], prepare: |_| {} },
    Ending { code: "unusable_plan", words: &["show", "nowhere.json"], prepare: |_| {} },
    Ending { code: "stale_plan", words: &["apply", "--apply", "--plan", "saved.json"], prepare: save_and_change },
    Ending { code: "unknown_order", words: &["plan", "--order", "77"], prepare: |_| {} },
];

fn refuse_token(shardctl: &Shardctl) {
    shardctl.break_with(json!([{"operation": "any", "status": 401, "times": 0}]));
}

fn save_and_change(shardctl: &Shardctl) {
    shardctl.aside(&["plan", "--out", "saved.json", "--order", "2"]).exits(0);
    shardctl.aside(&["apply", "--apply", "--order", "2"]).exits(0);
}

fn end(ending: &Ending, format: &str) -> Ran {
    let shardctl = Shardctl::small();
    shardctl.write("bad.yaml", "version: 1\norders: {1: {p0f_slots: many}}\n");
    shardctl.write("empty", "");
    (ending.prepare)(&shardctl);
    shardctl.run(&[ending.words, &["--format", format]].concat()).exits(1)
}

#[test]
fn every_run_prints_a_document_with_the_code_of_its_end() {
    for ending in ENDINGS {
        let Ending { code, words, .. } = ending;
        let document = end(ending, "json").json();
        assert_eq!(document["problems"][0]["code"], *code, "{words:?}: {document}");
        assert!(!document.to_string().contains("hunter2"), "{document}");
        assert!(document["problems"][0]["message"].as_str().is_some_and(|text| !text.is_empty()), "{document}");
        let kind = match words[0] {
            "validate" => document["valid"] == false,
            "status" => document["orders"] == json!([]) && document["format_version"] == 1,
            "apply" => {
                let outcome = if words.contains(&"--apply") { "failed" } else { "dry_run" };
                document["outcome"] == outcome && document["charged_cents"] == 0
            }
            _ => document["summary"]["orders"] == 0 && document.get("outcome").is_none(),
        };
        assert!(kind, "{words:?}: {document}");
        let comment = end(ending, "markdown").stdout;
        assert!(comment.starts_with("<!-- shardctl -->\n## shardctl"), "{words:?}: {comment}");
        assert!(comment.contains(&format!("**{code}**")), "{words:?}: {comment}");
        assert_eq!(end(ending, "text").stdout, "", "{words:?}: it is said on stderr");
    }
}

#[test]
fn a_lock_that_is_held_is_a_document_too() {
    let shardctl = Shardctl::small();
    fs::create_dir(shardctl.path("shardctl.state")).expect("a directory");
    let lock = fs::File::create(shardctl.path("shardctl.state/.lock")).expect("a file");
    lock.lock().expect("a lock");
    let run = shardctl.run(&["apply", "--apply", "--format", "json"]).exits(1);
    assert_eq!(run.json()["problems"][0]["code"], "lock_held");
}

#[test]
fn a_usage_error_prints_no_document() {
    let shardctl = Shardctl::small();
    for words in [&["plan", "--no-such-flag"][..], &["plan", "--concurrency", "many"], &["apply", "--state", ""]] {
        let run = shardctl.run(&[words, &["--format", "json"]].concat()).exits(1);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{words:?}: {}", run.stdout);
    }
}

#[test]
fn the_documents_keep_to_their_schemas() {
    for (words, kind) in [("plan", "plan"), ("apply", "apply")] {
        let shardctl = Shardctl::small();
        let schema: Value = shardctl.aside(&["schema", kind]).json();
        let document = shardctl.run(&[words, "-f", "nowhere.yaml", "--format", "json"]).exits(1).json();
        assert!(jsonschema::validator_for(&schema).expect("a schema").is_valid(&document), "{document}");
    }
}
