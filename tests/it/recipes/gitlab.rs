//! The jobs of the GitLab recipe, run as pasted, with a `shardctl` and a `curl` that do as they are told.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::read_yaml;

const PLAN: &str = r#"{
  "summary": {"drifted": 0},
  "orders": [
    {"operations": [
      {"kind": "cancel_downgrade"},
      {"kind": "purchase_slots", "add_qty": 3},
      {"kind": "set_signatures", "items": [{}, {}]},
      {"kind": "set_del_np", "items": [{"to": false}, {"to": true}, {"to": true}]}
    ]},
    {"operations": [{"kind": "purchase_slots", "add_qty": 1}, {"kind": "set_auto_renewal", "to": true}]},
    {"operations": []}
  ]
}"#;

/// A directory in which jobs run.
struct Runner(tempfile::TempDir);

impl Runner {
    fn new() -> Runner {
        let runner = Runner(tempfile::tempdir().unwrap());
        fs::create_dir(runner.path("bin")).unwrap();
        fs::write(runner.path("plan"), PLAN).unwrap();
        runner.program(
            "shardctl",
            "echo \"shardctl $*\" >> asked\nprintf '<!-- shardctl -->\\n## A plan\\n'\ncp plan plan.json",
        );
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs lines of a job one after the other in one shell, as a runner does.
    fn job(&self, job: &str, lines: &str, variables: &[(&str, &str)]) -> Output {
        let recipe = read_yaml(Path::new("examples/ci/gitlab-ci.yml"));
        let lines: Vec<&str> =
            recipe[job][lines].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &lines.join("\n")]);
        command.current_dir(self.0.path()).env_clear().env("MANIFEST", "proxies").envs(variables.iter().copied());
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display());
        command.env("PATH", path).output().unwrap()
    }

    /// Has `curl` answer as GitLab: two pages of notes, and a user.
    fn gitlab(&self, first: &Value, second: &Value) {
        for (page, notes) in [("1", first), ("2", second), ("3", &json!([]))] {
            fs::write(self.path(&format!("notes-{page}")), notes.to_string()).unwrap();
        }
        let answer = r#"cat > said
for word; do last=$word; done
case "$*" in
  *"--request "*) echo "$*" | sed 's/.*--request \([A-Z]*\) .* /\1 /' >> asked; cp plan.md body ;;
  *page=*) cat "notes-${last##*page=}" ;;
  */user) echo '{"id": 7}' ;;
  *) exit 22 ;;
esac"#;
        self.program("curl", answer);
    }
}

const MERGE_REQUEST: [(&str, &str); 6] = [
    ("SHARDCTL_NOTE_TOKEN", "n0te-token"),
    ("CI_MERGE_REQUEST_IID", "12"),
    ("CI_API_V4_URL", "https://git.example/api/v4"),
    ("CI_PROJECT_ID", "3"),
    ("CI_COMMIT_SHA", "f00d"),
    ("CI_JOB_URL", "https://git.example/job/1"),
];

fn note(id: u32, author: u32, body: &str) -> Value {
    json!({"id": id, "author": {"id": author}, "body": body})
}

/// By the program itself.
#[test]
fn problems_of_a_manifest_stand_at_their_lines_in_the_code_quality_report() {
    let runner = Runner::new();
    fs::remove_file(runner.path("bin/shardctl")).unwrap();
    symlink(env!("CARGO_BIN_EXE_shardctl"), runner.path("bin/shardctl")).unwrap();
    fs::create_dir(runner.path("proxies")).unwrap();
    let manifests = [
        ("version: 1\norders:\n  1:\n    keep: {}\n    kep: 1\n", false),
        ("version: 1\norders: {1: {p0f_slots: 1}}\n", true),
    ];
    for (manifest, is_well) in manifests {
        fs::write(runner.path("proxies/a.yaml"), manifest).unwrap();
        let output = runner.job("validate", "script", &[]);
        assert_eq!(output.status.success(), is_well, "{output:?}");
        let report: Value = serde_json::from_str(&runner.text("gl-code-quality-report.json")).unwrap();
        let places = report.as_array().unwrap().iter().map(|problem| {
            assert!(problem["description"].is_string() && problem["fingerprint"].is_string(), "{problem}");
            assert_eq!(
                (&problem["severity"], &problem["location"]["path"]),
                (&json!("critical"), &json!("proxies/a.yaml"))
            );
            (
                problem["check_name"].as_str().unwrap().to_owned(),
                problem["location"]["lines"]["begin"].as_u64().unwrap(),
            )
        });
        let places: Vec<(String, u64)> = places.collect();
        let expected = [("empty_keep".to_owned(), 4), ("unknown_field".to_owned(), 5)];
        assert_eq!(places, if is_well { &[][..] } else { &expected }, "{report}");
    }
}

#[test]
fn the_widget_counts_what_is_bought_what_is_set_and_what_leaves() {
    let runner = Runner::new();
    let output = runner.job("plan", "script", &[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(runner.text("asked"), "shardctl plan -f proxies --out plan.json --format markdown\n");
    let widget: Value = serde_json::from_str(&runner.text("widget.json")).unwrap();
    assert_eq!(widget, json!({"create": 4, "update": 5, "delete": 2}));
}

#[test]
fn the_note_is_made_or_replaced_where_it_is_the_token_s_own() {
    let marked = "<!-- shardctl -->\n## Old";
    let notes = "https://git.example/api/v4/projects/3/merge_requests/12/notes";
    let rows = [
        (json!([]), json!([]), format!("POST {notes}")),
        (json!([note(1, 8, marked), note(2, 7, "Hello")]), json!([]), format!("POST {notes}")),
        (json!([note(1, 8, marked)]), json!([note(2, 7, "Hello"), note(3, 7, marked)]), format!("PUT {notes}/3")),
    ];
    for (first, second, asked) in rows {
        let runner = Runner::new();
        runner.gitlab(&first, &second);
        let output = runner.job("plan", "script", &MERGE_REQUEST);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(runner.text("asked").lines().last(), Some(asked.as_str()));
        let of = "Of commit f00d, in [this job](https://git.example/job/1).";
        assert_eq!(runner.text("body"), format!("<!-- shardctl -->\n## A plan\n\n{of}\n"));
        assert_eq!(runner.text("said"), "header = \"PRIVATE-TOKEN: n0te-token\"\n");
    }
}

#[test]
fn after_a_failure_the_note_says_so_and_the_job_fails_as_the_program_did() {
    for (printed, shown) in [("echo '<!-- shardctl -->'; echo Blocked", "Blocked"), ("", "no result")] {
        let runner = Runner::new();
        runner.gitlab(&json!([]), &json!([]));
        runner.program("shardctl", &format!("{printed}\nexit 4"));
        let output = runner.job("plan", "script", &MERGE_REQUEST);
        assert_eq!(output.status.code(), Some(4), "{output:?}");
        assert!(runner.text("body").starts_with("<!-- shardctl -->\n") && runner.text("body").contains(shown));
        assert!(!runner.path("widget.json").exists());
    }
}

#[test]
fn what_was_approved_is_applied_and_drift_fails() {
    let runner = Runner::new();
    assert!(runner.job("apply", "script", &[]).status.success());
    assert_eq!(runner.text("asked"), "shardctl apply -f proxies --plan plan.json --apply\n");
    assert!(runner.job("drift", "script", &[]).status.success());
    fs::write(runner.path("plan"), PLAN.replace(r#""drifted": 0"#, r#""drifted": 2"#)).unwrap();
    assert!(!runner.job("drift", "script", &[]).status.success());
}

#[test]
fn the_archive_is_downloaded_once_and_held_against_its_checksum() {
    let runner = Runner::new();
    runner.program("apt-get", "");
    runner.program("curl", "echo asked >> asked\nwhile [ \"$1\" != --output ]; do shift; done\ncp archive \"$2\"");
    fs::write(runner.path("archive"), "bytes").unwrap();
    runner.program("tar", "echo unpacked >> asked");
    runner.program("mkdir", "/bin/mkdir -p .shardctl");
    runner.program("sha256sum", "grep -q right && grep -q bytes .shardctl/archive");
    for (checksum, is_well, asked) in [("wrong", false, "asked\n"), ("right", true, "asked\nunpacked\n")] {
        let output =
            runner.job(".from-archive", "before_script", &[("SHARDCTL_SHA256", checksum), ("SHARDCTL_ARCHIVE", "url")]);
        assert_eq!((output.status.success(), runner.text("asked").as_str()), (is_well, asked), "{output:?}");
    }
}
