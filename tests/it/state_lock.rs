//! What can be done to a state directory on Unix: its lock is taken away, it is a link, or it cannot be written to.

use std::fs;
use std::path::Path;

use futures_util::future::join_all;
use serde_json::json;
use shardctl::state::{Directory, Place as _, StoreErrorKind};

use crate::rig::{Rig, STATE};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 100
orders:
  1: {p0f_slots: 0, proxies: {203.0.113.1: , 203.0.113.2: }}
";

const DECLARED: &str = "
version: 1
limits: {max_charge_cents: 100}
orders:
  1: {p0f_slots: 1, keep: {203.0.113.1: win11, 203.0.113.2: }}
";

type Way = (&'static str, fn(&Path));

/// Ways to take the lock's file away from who holds it.
const WAYS: [Way; 4] = [
    ("removed", |state| fs::remove_file(state.join(".lock")).expect("the lock's file")),
    ("replaced", |state| {
        fs::write(state.join("new"), "").expect("a file");
        fs::rename(state.join("new"), state.join(".lock")).expect("the lock's file");
    }),
    ("moved away", |state| fs::rename(state, state.with_extension("old")).expect("the directory")),
    ("moved away, and another in its place", |state| {
        fs::rename(state, state.with_extension("old")).expect("the directory");
        fs::create_dir(state).expect("another directory");
        fs::copy(state.with_extension("old").join(".lock"), state.join(".lock")).expect("another lock's file");
    }),
];

#[tokio::test]
async fn an_apply_whose_lock_was_taken_away_buys_nothing() {
    join_all(WAYS.map(|(way, take_away)| async move {
        let rig = Rig::new(ACCOUNT, DECLARED).await;
        // Between the price and the purchase.
        rig.break_with(json!([{"operation": "calculate", "nth": 2, "when": "after", "delay_ms": 1500}]));
        let first = rig.start(&["apply", "--apply"]);
        rig.struck().await;
        take_away(&rig.path(STATE));
        rig.run(&["apply", "--apply"]).await.exits(0);
        let first = first.finish().await.exits(1);
        let said = first.stdout.clone() + &first.stderr;
        assert!(said.contains("the lock on the state in shardctl.state was lost"), "{way}: {first:?}");
        assert_eq!(rig.charged(), 100, "{way}: {first:?}");
        rig.nothing_left().await;
    }))
    .await;
}

#[tokio::test]
async fn a_lost_lock_is_noticed_at_once_and_no_record_is_written_any_more() {
    for (way, take_away) in WAYS {
        let parent = tempfile::tempdir().expect("a directory");
        let path = parent.path().join("state");
        let place = Directory::new(&path);
        let lock = place.lock().await.expect("nobody holds it");
        place.write("1.json", b"mine").await.expect("a place to write");
        lock.ensure_held().await.expect("it is held");
        take_away(&path);
        let other = Directory::new(&path);
        let others = other.lock().await.expect("nobody holds the other one");
        other.write("1.json", b"theirs").await.expect("a place to write");
        let lost = [
            lock.ensure_held().await,
            lock.ensure_held_for(std::time::Duration::from_secs(30)).await,
            place.write("1.json", b"mine again").await,
            place.create("2.json", b"mine").await,
            place.remove("1.json").await.map(drop),
        ];
        for result in lost {
            assert_eq!(result.map_err(|error| error.kind), Err(StoreErrorKind::Lost), "{way}");
        }
        assert_eq!(other.read("1.json").await.expect("a record").expect("a record").bytes, b"theirs", "{way}");
        // A run's file is nobody else's: what was spent is still told.
        place.write("history/20261123T021300Z-4f3a9c.json", b"mine").await.expect("a place to write");
        lock.release().await;
        others.ensure_held().await.expect("the other one is another's");
    }
}

/// A pull request can put a link in the place of the directory that is used where none is named.
#[tokio::test]
async fn the_default_directory_does_not_lead_out_of_the_repository() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().expect("a directory");
    let foreign = elsewhere.path().join("state");
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let inside = Path::new(".git").to_owned();
    fs::create_dir(rig.path(&inside)).expect("a directory");
    rig.write("repo.yaml", DECLARED);
    fs::create_dir(&foreign).expect("a directory");
    fs::write(foreign.join(".lock"), "foreign").expect("a file");
    fs::write(foreign.join(".1.json.Ab3xYz.tmp"), "foreign").expect("a file");
    let commands: [&[&str]; 8] = [
        &["plan"],
        &["apply", "--apply"],
        &["status"],
        &["state", "list"],
        &["state", "show", "1"],
        &["state", "forget", "1"],
        &["state", "unlock"],
        &["plan", "-f", "repo.yaml"],
    ];
    for target in [foreign.clone(), elsewhere.path().join("not-there"), rig.path(&inside)] {
        symlink(&target, rig.path(STATE)).expect("a link");
        for words in commands {
            let ran = rig.run(words).await.exits(1);
            let expected =
                "the state directory shardctl.state leads by a link out of the repository or the working directory";
            assert!(ran.stderr.contains(expected) && ran.stderr.contains("--state"), "{ran:?}");
        }
        fs::remove_file(rig.path(STATE)).expect("the link");
    }
    assert_eq!(rig.requests(), 0, "nothing was asked");
    assert_eq!(fs::read(foreign.join(".lock")).expect("the file"), b"foreign");
    assert_eq!(fs::read_dir(&foreign).expect("the directory").count(), 2);
    assert!(!elsewhere.path().join("not-there").exists());
    assert_eq!(fs::read_dir(rig.path(&inside)).expect("the directory").count(), 0);

    // What is named is the user's own choice, and a link inside the repository is as good as a directory.
    symlink(&foreign, rig.path("named")).expect("a link");
    rig.run(&["apply", "--apply", "--state", "named"]).await.exits(0);
    assert!(foreign.join("1.json").exists());
    fs::create_dir(rig.path("records")).expect("a directory");
    symlink("records", rig.path(STATE)).expect("a link");
    rig.run(&["apply", "--apply"]).await.exits(0);
    assert!(rig.path("records/1.json").exists());
}

/// Neither does the folder of the runs, whoever named the directory.
#[tokio::test]
async fn a_link_in_the_place_of_the_history_is_not_followed() {
    let (directory, elsewhere) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let run = "history/20261123T021300Z-4f3a9c.json";
    fs::write(elsewhere.path().join("20261123T021300Z-4f3a9c.json"), "foreign").expect("a file");
    fs::write(elsewhere.path().join(".20261123T021300Z-4f3a9c.json.Ab3xYz.tmp"), "foreign").expect("a file");
    std::os::unix::fs::symlink(elsewhere.path(), directory.path().join("history")).expect("a link");
    let place = Directory::new(directory.path());
    place.lock().await.expect("nobody holds it").release().await;
    let refused = [
        place.read(run).await.map(drop),
        place.write(run, b"{}").await,
        place.create("history/20261123T021300Z-000000.json", b"{}").await,
        place.remove(run).await.map(drop),
        place.list("history").await.map(drop),
    ];
    for result in refused {
        let message = result.expect_err("a link").message;
        assert!(message.contains("it is a link or a file, not a directory"), "{message}");
    }
    assert_eq!(fs::read_dir(elsewhere.path()).expect("the directory").count(), 2);
}

/// Root may write anywhere, and so becomes somebody else.
#[tokio::test]
async fn where_records_cannot_be_written_nothing_is_changed() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let marks = "version: 1\norders:\n  1: {keep: {203.0.113.1: , 203.0.113.2: }}\n";
    let rig = Rig::new(ACCOUNT, marks).await;
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    fs::create_dir(rig.path(STATE)).expect("a directory");
    rig.write(rig.path(STATE).join(".lock"), "");
    mode(&rig.path(""), 0o755);
    mode(&rig.path(STATE).join(".lock"), 0o666);
    mode(&rig.path(STATE), 0o555);
    let mut command = rig.command(&["apply", "--apply"]);
    if fs::metadata(rig.path(STATE)).expect("a directory").uid() == 0 {
        command.uid(65_534);
    }
    let output = tokio::task::spawn_blocking(move || command.output().expect("the program")).await.expect("its end");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write the state in shardctl.state: permission denied"), "{said}");
    let sent = rig.control().requests();
    assert!(sent.iter().all(|request| request.method == "GET") && !sent.is_empty(), "it looked, and wrote nothing");
    mode(&rig.path(STATE), 0o755);
    // Whatever a probe left behind when it was killed is removed.
    for name in ["probe-0123456789abcdef.json", ".probe-0123456789abcdef.json.Ab3xYz.tmp", "probe-mine.json"] {
        rig.write(rig.path(STATE).join(name), "{}");
    }
    rig.complete(&[]).await;
    let mut names: Vec<_> =
        fs::read_dir(rig.path(STATE)).expect("the directory").map(|it| it.expect("it").file_name()).collect();
    names.sort();
    assert_eq!(names, [".lock", "1.json", "history", "probe-mine.json"]);
}

/// As on a disk that is nearly full: a small file finds room, and the record does not.
#[tokio::test]
async fn where_what_is_recorded_finds_no_room_nothing_is_changed() {
    let ips: String = (0..200).map(|nth| format!("203.0.113.{nth}: , ")).collect();
    let account = format!("{{token: t0ken, orders: {{1: {{proxies: {{{ips}}}}}}}}}");
    let rig = Rig::new(&account, &format!("{{version: 1, orders: {{1: {{keep: {{{ips}}}}}}}}}")).await;
    let limited = async |words: &[&str]| {
        let program = rig.command(words);
        let mut shell = std::process::Command::new("sh");
        let values = program.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.args(["-c", "ulimit -f 4; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
        shell.current_dir(rig.directory()).env_clear().envs(values);
        let output = tokio::task::spawn_blocking(move || shell.output().expect("a shell")).await.expect("its end");
        // A signal would leave no status, and no report.
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    for _ in 0..2 {
        let said = limited(&["apply", "--apply", "-q"]).await;
        assert!(said.contains("cannot write the state in shardctl.state: file too large"), "{said}");
    }
    let said = limited(&["plan", "--out", "saved.json", "-q"]).await;
    assert!(said.contains("the plan could not be saved to saved.json: file too large"), "{said}");
    let sent = rig.control().requests();
    assert!(sent.iter().all(|request| request.method == "GET") && !sent.is_empty(), "it looked, and wrote nothing");
    let left: Vec<_> =
        fs::read_dir(rig.path(STATE)).expect("the directory").map(|it| it.expect("it").file_name()).collect();
    assert_eq!(left, [".lock"], "no run is in the history");
    rig.complete(&[]).await;
}

/// What is said helps who follows it.
#[tokio::test]
async fn the_lock_on_a_directory_is_not_broken_and_it_is_said_how_it_ends() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let place = Directory::new(rig.path(STATE));
    let lock = place.lock().await.expect("nobody holds it");
    let ran = rig.run(&["state", "unlock"]).await.exits(1);
    let help = "the lock on a directory ends with its process: wait until that has ended, or stop it";
    assert!(ran.stderr.contains(&format!("help: {help}")) && !ran.stderr.contains("to break it"), "{ran:?}");
    let id = ran.stdout.split(':').next().expect("an id");
    let ran = rig.run(&["state", "unlock", id]).await.exits(1);
    assert!(ran.stderr.contains(help), "{ran:?}");
    lock.release().await;
    rig.run(&["state", "unlock"]).await.exits(0);
}

#[tokio::test]
async fn forget_takes_the_lock_with_a_record_and_without_one_but_makes_no_place() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.run(&["state", "forget", "1"]).await.exits(0);
    assert!(!rig.path(STATE).exists(), "nothing was there");
    let place = Directory::new(rig.path(STATE));
    let lock = place.lock().await.expect("nobody holds it");
    for recorded in [false, true] {
        if recorded {
            place.write("1.json", b"{}").await.expect("a place to write");
        }
        let ran = rig.run(&["state", "forget", "1"]).await.exits(1);
        assert!(ran.stderr.contains("is locked by"), "recorded: {recorded}: {ran:?}");
    }
    lock.release().await;
    rig.run(&["state", "forget", "1"]).await.exits(0);
    assert_eq!(fs::read_dir(rig.path(STATE)).expect("the directory").count(), 1, "the lock's file");
}

/// A place that is none is said to be none, by its path.
#[tokio::test]
async fn what_is_no_directory_is_said_by_each_command_of_the_state() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.write("file", "");
    std::os::unix::fs::symlink("file", rig.path("link")).expect("a link");
    std::os::unix::fs::symlink("nowhere", rig.path("dangling")).expect("a link");
    let orders = [&["state", "list"][..], &["state", "show", "1"], &["state", "forget", "1"], &["state", "unlock"]];
    for words in orders {
        for place in ["file", "link"] {
            let ran = rig.run(&[words, &["--state", place]].concat()).await.exits(1);
            assert!(
                ran.stderr.contains("not a directory") && ran.stderr.contains(&format!("the state in {place}")),
                "{words:?}: {ran:?}"
            );
        }
        for place in ["missing", "dangling"] {
            let ran = rig.run(&[words, &["--state", place]].concat()).await;
            let said = ran.stderr.to_lowercase();
            assert!(["nothing is recorded", "nobody holds"].iter().any(|it| said.contains(it)), "{words:?}: {ran:?}");
        }
    }
    let ran = rig.run(&["apply", "--apply", "--state", "dangling"]).await.exits(1);
    assert!(ran.stderr.contains("the state in dangling: it is a link that leads nowhere"), "{ran:?}");
    assert!(!rig.path("missing").exists() && !rig.path("nowhere").exists(), "reading makes nothing");
}
