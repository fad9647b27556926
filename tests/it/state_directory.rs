//! The state directory: one apply at a time, what cannot be used is left as it is, and only what changed is written.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shardctl::model::{Bought, OrderId, PurchaseIntent, Recorded};
use shardctl::sandbox::Operation;
use shardctl::state::{Directory, MAX_RECORD_BYTES, Place as _, record_name};

use crate::rig::{MANIFEST, Rig, STATE};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
orders:
  1: {p0f_slots: 1, proxies: {203.0.113.1: , 203.0.113.2: }}
  2: {p0f_slots: 1, proxies: {198.51.100.1: , 198.51.100.2: }}
  3: {p0f_slots: 1, proxies: {192.0.2.1: , 192.0.2.2: }}
";

const DECLARED: &str = "
version: 1
orders:
  1: {keep: {203.0.113.1: win11, 203.0.113.2: }}
  2: {keep: {198.51.100.1: ios, 198.51.100.2: }}
  3: {keep: {192.0.2.1: linux, 192.0.2.2: }}
";

fn id(order: u64) -> OrderId {
    OrderId::new(order).expect("a positive id")
}

fn wrote(rig: &Rig) -> bool {
    rig.control().requests().iter().any(|request| request.operation.is_some_and(Operation::writes))
}

#[tokio::test]
async fn of_two_applies_the_second_fails_at_once_and_names_the_first() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.complete(&[]).await;
    rig.write(MANIFEST, DECLARED.replace("win11", "win10"));
    rig.break_with(json!([{"operation": "writes", "hold": true, "times": 0}]));
    let before = jiff::Timestamp::now();
    let first = rig.start(&["apply", "--apply"]);
    rig.struck().await;
    let (sent, start) = (rig.requests(), Instant::now());
    let second = rig.run(&["apply", "--apply"]).await.exits(1);
    assert!(start.elapsed() < Duration::from_secs(10), "at once: {:?}", start.elapsed());
    assert_eq!(rig.requests(), sent, "it asked nothing");
    assert!(second.stdout.is_empty() && second.stderr.contains(&format!("by process {} ", first.pid())), "{second:?}");
    let since = second.stderr.split("since ").nth(1).and_then(|rest| rest.split(';').next()).expect("a time");
    let moment = since.replace(" UTC", "Z");
    let moment: jiff::Timestamp = moment.parse().unwrap_or_else(|error| panic!("{error}: {second:?}"));
    assert!(moment.duration_since(before).as_secs().abs() <= 1, "{since} and {before}");
    // Whoever only looks need not wait, but `forget` would take away what the first is about to write.
    rig.run(&["plan"]).await.exits(0);
    rig.run(&["apply"]).await.exits(0);
    let forget = rig.run(&["state", "forget", "1"]).await.exits(1);
    assert!(forget.stderr.contains("is locked by process") && rig.record_path(id(1)).exists(), "{forget:?}");

    let pid = first.pid().to_string();
    for words in [&["state", "unlock"][..], &["state", "unlock", &pid]] {
        let ran = rig.run(words).await.exits(1);
        assert!(ran.stdout.starts_with(&format!("{pid}: held by process {pid} since {since}, ")), "{ran:?}");
        assert!(ran.stdout.ends_with(", it ends with its process\n"), "{ran:?}");
    }

    first.kill();
    let nobody = rig.run(&["state", "unlock"]).await.exits(0);
    assert!(nobody.stderr.contains("Nobody holds the lock."), "{nobody:?}");
    rig.break_with(json!([]));
    rig.complete(&[]).await;
    rig.nothing_left().await;
}

#[tokio::test]
async fn two_state_directories_do_not_know_of_each_other() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.run(&["state", "unlock", "--state", "elsewhere"]).await.exits(0);
    rig.break_with(json!([{"operation": "writes", "hold": true}]));
    let first = rig.start(&["apply", "--apply"]);
    rig.struck().await;
    rig.run(&["apply", "--apply", "--state", "elsewhere"]).await.exits(0);
    first.kill();
}

#[tokio::test]
async fn a_place_that_cannot_hold_records_changes_nothing() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.write("a-file", "I am no directory");
    // Root may write anywhere, so that these stand for every place that cannot be written.
    for place in ["a-file", "a-file/below", "a-file/far/below"] {
        let ran = rig.run(&["apply", "--apply", "--state", place]).await.exits(1);
        assert!(ran.stderr.contains("the state in") && ran.stderr.contains(place), "{ran:?}");
        let reason = match place {
            "a-file" => "it exists and is not a directory",
            _ => "a part of its path is not a directory",
        };
        assert!(ran.stderr.contains(reason), "{ran:?}");
        let ran = rig.run(&["plan", "--state", place, "--format", "json"]).await.exits(1);
        assert_eq!(ran.problems(), ["state_unavailable"], "{ran:?}");
        let reason = if place == "a-file" { "it is not a directory" } else { reason };
        assert!(ran.stderr.contains(reason), "{ran:?}");
        for words in [&["state", "list"][..], &["state", "unlock"]] {
            let ran = rig.run(&[words, &["--state", place]].concat()).await.exits(1);
            assert!(ran.stdout.is_empty() && ran.stderr.contains("cannot read the state in"), "{ran:?}");
        }
    }
    assert!(!wrote(&rig));
    assert_eq!(fs::read(rig.path("a-file")).expect("the file"), b"I am no directory");
}

/// Elsewhere nobody can remove what is open as the lock is.
#[cfg(unix)]
#[tokio::test]
async fn a_directory_that_vanishes_during_an_apply_stops_it() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.break_with(json!([{"operation": "set_signatures", "delay_ms": 100}]));
    let run = rig.start(&["apply", "--apply", "--concurrency", "1", "--format", "json"]);
    rig.struck().await;
    fs::remove_dir_all(rig.path(STATE)).expect("the directory");
    rig.write(STATE, "in the way");
    let ran = run.finish().await.exits(3);
    assert!(ran.stdout.contains("carried out, but not recorded"), "{ran:?}");
    let results: Vec<Value> =
        (0..3).map(|order| ran.json()["orders"][order]["operations"][1]["result"]["status"].clone()).collect();
    assert_eq!(results, ["not_run", "not_run", "not_run"], "nothing more is sent");
    fs::remove_file(rig.path(STATE)).expect("the file in the way");
    rig.complete(&[]).await;
    rig.nothing_left().await;
}

/// Elsewhere it can be, which is noticed.
#[cfg(windows)]
#[tokio::test]
async fn the_file_of_a_lock_that_is_held_cannot_be_taken_away() {
    let parent = tempfile::tempdir().expect("a directory");
    let path = parent.path().join("state");
    let lock = Directory::new(&path).lock().await.expect("nobody holds it");
    fs::remove_file(path.join(".lock")).expect_err("it is open");
    fs::rename(&path, path.with_extension("old")).expect_err("what it holds is open");
    lock.ensure_held().await.expect("it is held");
}

#[tokio::test]
async fn a_lock_is_free_again_once_it_is_let_fall() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Directory::new(directory.path());
    for _ in 0..3 {
        drop(place.lock().await.expect("nobody holds it"));
        place.lock().await.expect("nobody holds it").release().await;
    }
    // Without a lock nothing was lost.
    fs::remove_file(directory.path().join(".lock")).expect("the lock's file");
    place.write("1.json", b"{}").await.expect("a place to write");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn whoever_looks_who_holds_the_lock_hinders_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Directory::new(directory.path());
    let done = AtomicBool::new(false);
    let look = async {
        while !done.load(Ordering::SeqCst) {
            place.holder().await.expect("a place to look at");
        }
    };
    let take = async {
        for _ in 0..300 {
            place.lock().await.expect("nobody holds it").release().await;
        }
        done.store(true, Ordering::SeqCst);
    };
    futures_util::join!(look, take);
}

/// Files that are no record of order 1 at this API.
fn damaged(good: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut record: Value = serde_json::from_str(good).expect("JSON");
    let with = |key: &str, value: Value| {
        let mut record = record.clone();
        record[key] = value;
        record.to_string().into_bytes()
    };
    let mut rows = vec![
        ("empty", Vec::new()),
        ("zeros, as a crash of the machine may leave them", vec![0; good.len()]),
        ("cut short", good.as_bytes()[..good.len() / 2].to_vec()),
        ("one byte short", good.trim_end().as_bytes()[..good.trim_end().len() - 1].to_vec()),
        ("twice", [good, good].concat().into_bytes()),
        ("a merge conflict", format!("<<<<<<< ours\n{good}=======\n{good}>>>>>>> theirs\n").into_bytes()),
        ("not UTF-8", vec![0xff, 0xfe, 0x7b]),
        ("another kind", b"[]".to_vec()),
        ("nothing in it", b"{}".to_vec()),
        ("deep", "[".repeat(100_000).into_bytes()),
        ("an unknown field", with("remark", json!("by hand"))),
        ("a newer version", with("format_version", json!(2))),
        ("another order", with("order_id", json!(2))),
        ("another API", with("api_url", json!("https://user-api.proxyshard.com"))),
        ("no address", with("del_np", json!({"203.0.113.999": true}))),
        ("no mark", with("del_np", json!({"203.0.113.1": "yes"}))),
        ("no signature", with("signatures", json!({"203.0.113.1": "win12"}))),
        ("no slots", with("slots", json!({"qty": -1, "pending": null}))),
        ("no pending change", with("slots", json!({"qty": 1, "pending": {"action": "upgrade", "next_qty": 2}}))),
        ("no purchase", with("purchase", json!({"from_qty": 1, "add_qty": 1, "when": "yesterday"}))),
        (
            "a purchase of nothing",
            with("purchase", json!({"from_qty": 1, "add_qty": 0, "when": "2026-01-01T00:00:00Z"})),
        ),
    ];
    record.as_object_mut().expect("an object").remove("api_url");
    rows.push(("no API", record.to_string().into_bytes()));
    rows
}

#[tokio::test]
async fn a_damaged_record_blocks_its_order_alone_and_stays_as_it_is() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.complete(&[]).await;
    let path = rig.record_path(id(1));
    let good = fs::read_to_string(&path).expect("a record");
    rig.write(MANIFEST, DECLARED.replace("win11", "win10").replace("ios", "macos"));
    for (what, bytes) in damaged(&good) {
        rig.write(&path, &bytes);
        for words in [&["plan", "--format", "json"][..], &["apply", "--apply", "--format", "json"]] {
            let ran = rig.run(words).await.exits(1);
            assert_eq!(ran.problems(), ["state_mismatch"], "{what}: {ran:?}");
            assert_eq!(ran.json()["orders"][0]["problems"][0]["order_id"], 1, "{what}");
            assert_eq!(ran.json()["orders"][1]["status"], "changed", "{what}");
        }
        assert_eq!(fs::read(&path).expect("the file"), bytes, "{what}");
    }
    // Of the other orders, only those that change are carried out.
    let ran = rig.run(&["apply", "--apply", "--keep-going"]).await.exits(3);
    assert!(ran.stdout.contains("state_mismatch"), "{ran:?}");
    rig.run(&["state", "forget", "1"]).await.exits(0);
    rig.complete(&[]).await;
    rig.nothing_left().await;
}

#[tokio::test]
async fn a_directory_in_the_place_of_a_record_blocks_its_order_alone() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    fs::create_dir_all(rig.record_path(id(1)).join("in-the-way")).expect("a directory");
    let forget = rig.run(&["state", "forget", "1"]).await.exits(1);
    assert!(forget.stderr.contains("cannot read the state in shardctl.state/1.json: is a directory"), "{forget:?}");
    let forgotten = Directory::new(rig.path(STATE)).remove(&record_name(id(1))).await;
    assert!(forgotten.is_err_and(|error| error.message.starts_with("cannot remove the state in")));
    let ran = rig.run(&["apply", "--apply", "--format", "json"]).await.exits(1);
    assert_eq!(ran.problems(), ["state_mismatch"]);
    assert!(!wrote(&rig));
    let ran = rig.run(&["apply", "--apply", "--keep-going"]).await.exits(3);
    assert!(rig.record_path(id(2)).is_file() && rig.record_path(id(3)).is_file(), "{ran:?}");
}

#[tokio::test]
async fn to_forget_what_guards_from_buying_again_is_warned_of() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let ago = |minutes| Timestamp::now().checked_sub(SignedDuration::from_mins(minutes)).expect("a moment");
    let open = Some(PurchaseIntent { from_qty: 1, add_qty: 1, when: ago(60) });
    let bought = |minutes| Some(Bought { qty: 2, when: ago(minutes) });
    let rows = [
        (Recorded { purchase: open, ..Recorded::default() }, "a purchase of order 1 was open"),
        (Recorded { bought: bought(9), ..Recorded::default() }, "a purchase of order 1 was carried out just now"),
        (Recorded { bought: bought(11), ..Recorded::default() }, ""),
        (Recorded::default(), ""),
    ];
    for (recorded, expected) in rows {
        rig.put_record(id(1), &recorded);
        let ran = rig.run(&["state", "forget", "1"]).await.exits(0);
        assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
        assert_eq!(ran.stderr.contains("which may buy them again"), !expected.is_empty(), "{ran:?}");
        assert!(!rig.record_path(id(1)).exists());
    }
}

#[tokio::test]
async fn what_is_too_large_to_be_a_record_can_be_forgotten() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    fs::create_dir(rig.path(STATE)).expect("a directory");
    let file = fs::File::create(rig.record_path(id(1))).expect("a file");
    file.set_len(MAX_RECORD_BYTES + 1).expect("a hole");
    drop(file);
    let plan = rig.run(&["plan", "--format", "json"]).await.exits(1);
    assert_eq!(plan.problems(), ["state_mismatch"]);
    rig.run(&["state", "show", "1"]).await.exits(1);
    rig.run(&["state", "forget", "1"]).await.exits(0);
    rig.complete(&[]).await;
}

/// Where the records are in git, a pull request can put a link in the place of any file.
#[cfg(unix)]
#[tokio::test]
async fn a_link_in_the_place_of_a_file_is_not_followed() {
    use std::os::unix::fs::symlink;
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.write("secret", "\"hunter2\"");
    fs::create_dir(rig.path(STATE)).expect("a directory");
    for target in [rig.path("secret"), "/dev/ptmx".into(), "/dev/zero".into()] {
        symlink(&target, rig.record_path(id(1))).expect("a link");
        for words in [&["plan"][..], &["apply", "--apply"], &["state", "show", "1"], &["state", "forget", "1"]] {
            let ran = rig.run(words).await.exits(1);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains("it is a link or a device, not a file") && !said.contains("hunter2"), "{ran:?}");
        }
        fs::remove_file(rig.record_path(id(1))).expect("the link");
    }
    for target in [rig.path("secret"), rig.path("new")] {
        let _ = fs::remove_file(rig.path(STATE).join(".lock"));
        symlink(&target, rig.path(STATE).join(".lock")).expect("a link");
        let ran = rig.run(&["apply", "--apply"]).await.exits(1);
        assert!(ran.stderr.contains("it is a link or a device, not a file"), "{ran:?}");
        rig.run(&["state", "unlock"]).await.exits(1);
    }
    assert_eq!(fs::read(rig.path("secret")).expect("the file"), b"\"hunter2\"");
    assert!(!rig.path("new").exists() && !wrote(&rig));
}

#[tokio::test]
async fn the_records_of_another_api_are_never_taken_nor_replaced() {
    let (rig, other) = (Rig::new(ACCOUNT, DECLARED).await, Rig::new(ACCOUNT, DECLARED).await);
    rig.complete(&[]).await;
    let files = || (1..=3).map(|order| fs::read(rig.record_path(id(order))).expect("a record")).collect::<Vec<_>>();
    let before = files();
    let url = other.url();
    for flags in [&[][..], &["--keep-going"]] {
        let words = [&["apply", "--apply", "--format", "json", "--api-url", &url], flags].concat();
        let ran = rig.run(&words).await;
        assert_eq!(ran.problems(), ["state_mismatch"; 3], "{ran:?}");
        assert_ne!(ran.status, Some(0));
    }
    assert_eq!(files(), before);
    assert!(!wrote(&other));
}

#[tokio::test]
async fn only_leftovers_of_its_own_are_removed() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    fs::create_dir(rig.path(STATE)).expect("the directory");
    let file = |name: &str| rig.path(STATE).join(name);
    let foreign = [".notes.tmp", ".1.json.tmp.bak", "1.json.tmp", ".x.json.abc.tmp", ".gitignore", "README.md", ".tmp"];
    for name in foreign.iter().chain(&[".1.json.Ab3xYz.tmp", ".48213.json.000000.tmp"]) {
        rig.write(file(name), "{");
    }
    rig.complete(&[]).await;
    for name in foreign {
        assert!(file(name).exists(), "{name} belongs to somebody else");
    }
    let left: Vec<String> =
        names(&rig.path(STATE)).into_iter().filter(|name| !foreign.contains(&name.as_str())).collect();
    assert_eq!(left, [".lock", "1.json", "2.json", "3.json", "history"]);
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string().expect("UTF-8");
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// What changes when a file is replaced: on Unix each replacement is another inode.
fn identity(path: &Path) -> (SystemTime, u64) {
    let metadata = fs::metadata(path).expect("a record");
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let inode = 0;
    (metadata.modified().expect("a time"), inode)
}

#[tokio::test]
async fn only_the_records_of_orders_that_change_are_written() {
    const ORDERS: u64 = 60;
    let order = |id: u64, entry: &str| format!("  {id}: {entry}\n");
    let account: String = (1..=ORDERS)
        .map(|id| order(id, &format!("{{p0f_slots: 1, proxies: {{203.0.113.{id}: , 198.51.100.{id}: }}}}")))
        .collect();
    let manifest = |changed: &[u64]| {
        let entry = |id: u64| {
            let signature = if changed.contains(&id) { "win11" } else { "linux" };
            format!("{{keep: {{203.0.113.{id}: {signature}, 198.51.100.{id}: }}}}")
        };
        format!("version: 1\norders:\n{}", (1..=ORDERS).map(|id| order(id, &entry(id))).collect::<String>())
    };
    let rig = Rig::new(&format!("token: t0ken\norders:\n{account}"), &manifest(&[])).await;
    rig.complete(&[]).await;
    let identities = || (1..=ORDERS).map(|order| identity(&rig.record_path(id(order)))).collect::<Vec<_>>();
    let before = identities();

    rig.complete(&[]).await;
    rig.run(&["plan"]).await.exits(0);
    assert_eq!(identities(), before, "nothing to do, nothing written");

    let changed = [7, 31, 60];
    rig.write(MANIFEST, manifest(&changed));
    rig.complete(&[]).await;
    let after = identities();
    for (order, (before, after)) in (1..=ORDERS).zip(before.into_iter().zip(after)) {
        assert_eq!(before != after, changed.contains(&order), "order {order}");
    }
    rig.check_records();
}
