//! Where `plan --out` saves a plan: what its path leads to stays what it is.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::rig::{MANIFEST, Rig};

const ACCOUNT: &str = "{token: t0ken, orders: {1: {proxies: {203.0.113.1: }}}}";
const DECLARED: &str = "{version: 1, orders: {1: {keep: {203.0.113.1: }}}}";

fn is_plan(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Value>(bytes).is_ok_and(|plan| plan["orders"][0]["order_id"] == 1)
}

fn mode(rig: &Rig, name: &str) -> u32 {
    fs::metadata(rig.path(name)).expect("a file").permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_file_keeps_its_mode_and_a_new_one_gets_the_usual_one() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.write("usual", "");
    rig.run(&["plan", "-q", "--out", "new.json"]).await.exits(0);
    assert_eq!(mode(&rig, "new.json"), mode(&rig, "usual"));
    for wanted in [0o640, 0o604] {
        rig.write("old.json", "old");
        fs::set_permissions(rig.path("old.json"), Permissions::from_mode(wanted)).expect("a mode");
        rig.run(&["plan", "-q", "--out", "old.json"]).await.exits(0);
        assert_eq!(mode(&rig, "old.json"), wanted);
        assert!(is_plan(&fs::read(rig.path("old.json")).expect("a plan")));
    }
}

#[tokio::test]
async fn a_link_is_followed() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    fs::create_dir(rig.path("elsewhere")).expect("a directory");
    rig.write("elsewhere/there.json", "old");
    for name in ["there.json", "not-there.json"] {
        symlink(rig.path("elsewhere").join(name), rig.path("link")).expect("a link");
        rig.run(&["plan", "-q", "--out", "link"]).await.exits(0);
        assert!(rig.path("link").is_symlink(), "{name}");
        assert!(is_plan(&fs::read(rig.path("elsewhere").join(name)).expect("a plan")), "{name}");
        fs::remove_file(rig.path("link")).expect("a link");
    }
}

#[tokio::test]
async fn a_pipe_is_written_to() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    assert!(Command::new("mkfifo").arg(rig.path("pipe")).status().expect("mkfifo").success());
    let reader = Command::new("cat")
        .arg(rig.path("pipe"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a reader");
    rig.run(&["plan", "-q", "--out", "pipe"]).await.exits(0);
    assert!(is_plan(&reader.wait_with_output().expect("its end").stdout));
    assert!(!fs::symlink_metadata(rig.path("pipe")).expect("a pipe").is_file());
}

/// Stdout is a file here: what was printed before stays.
#[tokio::test]
async fn a_plan_saved_to_stdout_follows_what_is_printed() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let printed = rig.run(&["plan"]).await.exits(0).stdout;
    let ran = rig.run(&["plan", "--out", "/dev/stdout"]).await.exits(0);
    let saved = ran.stdout.strip_prefix(&printed).expect("what is printed");
    assert!(is_plan(saved.as_bytes()), "{ran:?}");
}

#[tokio::test]
async fn a_manifest_is_refused_by_whatever_name_before_anything_is_read() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    symlink(rig.path(MANIFEST), rig.path("link")).expect("a link");
    fs::hard_link(rig.path(MANIFEST), rig.path("other-name")).expect("another name");
    let inode = fs::metadata(rig.path(MANIFEST)).expect("a file").ino();
    for name in [MANIFEST, "./shardctl.yaml", "link", "other-name"] {
        let ran = rig.run(&["plan", "--out", name]).await.exits(1);
        assert!(ran.stderr.contains("this is the manifest shardctl.yaml"), "{ran:?}");
        assert!(ran.stderr.contains("help: name another file"), "{ran:?}");
    }
    assert_eq!(rig.requests(), 0);
    // Where a directory of manifests is named, a plan in it would be the next one.
    for (name, status) in [("plan.yaml", 1), ("./plan.yml", 1), ("plan.json", 0), (".plan.yaml", 0)] {
        let ran = rig.run(&["plan", "-f", ".", "--out", name]).await.exits(status);
        assert_eq!(ran.stderr.contains("would read it as a manifest"), status == 1, "{ran:?}");
        assert_eq!(rig.path(name).exists(), status == 0, "{name}");
    }
    assert_eq!(fs::read_to_string(rig.path(MANIFEST)).expect("a manifest"), DECLARED);
    assert_eq!(fs::metadata(rig.path(MANIFEST)).expect("a file").ino(), inode);
}

#[tokio::test]
async fn what_the_record_is_kept_in_is_refused_and_what_lies_beside_it_is_not() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    fs::create_dir_all(rig.path("kept/history")).expect("a directory");
    symlink("kept/1.json", rig.path("link")).expect("a link");
    let run = "kept/history/20261123T021300Z-4f3a9c.json";
    for name in ["kept/1.json", "./kept/../kept/2.json", "kept/.lock", run, "link"] {
        for written in [false, true] {
            if written {
                rig.write(name, "kept");
            }
            let ran = rig.run(&["plan", "--state", "kept", "--out", name]).await.exits(1);
            assert!(ran.stderr.contains("this is a file of the record"), "{ran:?}");
            assert_eq!(rig.path(name).exists(), written, "{name}");
        }
        assert_eq!(fs::read_to_string(rig.path(name)).expect("a file"), "kept");
        fs::remove_file(rig.path(name).canonicalize().expect("its path")).expect("a file");
    }
    assert_eq!(rig.requests(), 0);
    for name in ["kept/plan.json", "1.json", "kept/history/plan.json"] {
        rig.run(&["plan", "-q", "--state", "kept", "--out", name]).await.exits(0);
        assert!(is_plan(&fs::read(rig.path(name)).expect("a plan")), "{name}");
    }
}

#[tokio::test]
async fn the_manifest_of_another_run_is_refused_too_and_nothing_else() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let manifests = [
        DECLARED.to_owned(),
        "{\"version\": 1, \"orders\": {\"1\": {}}}".to_owned(),
        "version: 1\nlimits: {max_removals: 7}\n".to_owned(),
        // It is not valid, and somebody's work all the same.
        "version: 1\norders:\n  1: {p0f_slots: many}\n".to_owned(),
    ];
    for text in manifests {
        rig.write("other.yaml", &text);
        let ran = rig.run(&["plan", "--out", "other.yaml"]).await.exits(1);
        assert!(ran.stderr.contains("--out other.yaml: this is a manifest"), "{ran:?}");
        assert_eq!(fs::read_to_string(rig.path("other.yaml")).expect("a file"), text);
    }
    assert_eq!(rig.requests(), 0);
    rig.run(&["plan", "-q", "--out", "saved.json"]).await.exits(0);
    let plan = fs::read_to_string(rig.path("saved.json")).expect("a plan");
    for text in [
        plan.as_str(),
        "",
        "version: 1\n",
        "orders: {1: }\n",
        "- version: 1\n",
        "\u{0}\u{1}",
        "version: 1\norders: [1]\n",
    ] {
        rig.write("other.yaml", text);
        rig.run(&["plan", "-q", "--out", "other.yaml"]).await.exits(0);
        assert!(is_plan(&fs::read(rig.path("other.yaml")).expect("a plan")), "{text:?}");
    }
}
