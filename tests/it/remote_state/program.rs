//! The built program with its state in a bucket, spoken to as the real ones are.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use shardctl::model::{Bought, PurchaseIntent, Recorded};
use shardctl::state::{decode, encode};

use super::server::{Cloud, SECRET_KEY, SESSION_TOKEN, SIGNATURE, Server, Trouble};
use super::{order, recorded};
#[cfg(unix)]
use crate::rig::until;
use crate::rig::{MANIFEST, Ran, Rig};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 100
orders:
  1: {p0f_slots: 1, proxies: {203.0.113.1: , 203.0.113.2: }}
  2: {p0f_slots: 1, proxies: {198.51.100.1: , 198.51.100.2: }}
  3: {p0f_slots: 1, proxies: {192.0.2.1: , 192.0.2.2: }}
";

const DECLARED: &str = "
version: 1
limits: {max_charge_cents: 100}
orders:
  1: {p0f_slots: 2, keep: {203.0.113.1: win11, 203.0.113.2: macos}}
  2: {keep: {198.51.100.1: ios, 198.51.100.2: }}
  3: {keep: {192.0.2.1: linux, 192.0.2.2: }}
";

const LEASE: &str = "team/states/lock.json";

/// An account, and a bucket.
struct World {
    rig: Rig,
    bucket: Server,
    cloud: Cloud,
}

impl World {
    async fn new() -> World {
        World::of(Cloud::Amazon).await
    }

    async fn of(cloud: Cloud) -> World {
        World { rig: Rig::new(ACCOUNT, DECLARED).await, bucket: Server::start().await, cloud }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.rig.command(words);
        self.bucket.name_in(self.cloud, &mut command);
        command
    }

    async fn run(&self, words: &[&str]) -> Ran {
        ran(self.command(words)).await
    }

    fn start(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn lease(&self) -> Value {
        serde_json::from_slice(&self.bucket.bytes(LEASE).unwrap()).unwrap()
    }

    fn is_locked(&self) -> bool {
        let expires: jiff::Timestamp = self.lease()["expires"].as_str().unwrap().parse().unwrap();
        expires > jiff::Timestamp::now()
    }

    fn record(&self, id: u64) -> Recorded {
        let bytes = self.bucket.bytes(&key(id)).unwrap();
        decode(&bytes, order(id), &self.rig.url()).unwrap()
    }

    /// Applies until nothing is left, and makes sure that the slot was charged once.
    async fn completes(&self) {
        self.rig.break_with(json!([]));
        self.run(&["apply", "--apply"]).await.exits(0);
        let plan = self.run(&["plan", "--detailed-exitcode"]).await.exits(0);
        assert!(plan.stdout.contains("No changes."), "{plan:?}");
        assert_eq!(self.rig.charged(), 100);
        assert!(!self.is_locked());
    }
}

fn key(id: u64) -> String {
    format!("team/states/{id}.json")
}

async fn ran(mut command: Command) -> Ran {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    checked(output)
}

async fn end_of(child: Child) -> Ran {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    checked(output)
}

/// Nothing secret is ever seen again.
fn checked(output: Output) -> Ran {
    let ran = Ran::of(output);
    for secret in [SECRET_KEY, SESSION_TOKEN, SIGNATURE, "canary"] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{secret} in {ran:?}");
    }
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    ran
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

const PARALLEL: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_from_an_empty_runner_leaves_everything_in_the_bucket() {
    for cloud in [Cloud::Amazon, Cloud::Google] {
        everything_is_left_in(World::of(cloud).await).await;
    }
}

async fn everything_is_left_in(world: World) {
    assert_eq!(world.run(&["state", "list"]).await.exits(0).stdout, "");
    assert!(world.run(&["plan"]).await.exits(0).stdout.contains("win11"));
    assert!(world.bucket.keys().is_empty(), "looking writes nothing");
    world.run(&["apply", "--apply", "-vv"]).await.exits(0);
    world.completes().await;
    let keys = world.bucket.keys();
    let (runs, others): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.contains("/history/"));
    assert_eq!((runs.len(), others), (1, [key(1), key(2), key(3), LEASE.to_owned()].iter().collect()));
    assert!(!world.rig.path("shardctl.state").exists());
    assert_eq!(world.run(&["state", "list"]).await.exits(0).stdout, "1\n2\n3\n", "over several pages");
    let shown = world.run(&["state", "show", "2"]).await.exits(0).stdout;
    assert_eq!(Some(shown.into_bytes()), world.bucket.bytes(&key(2)));
    world.run(&["state", "show", "4"]).await.exits(1);
    assert!(world.run(&["state", "unlock"]).await.exits(0).stderr.contains("Nobody holds the lock."));

    world.run(&["state", "forget", "3"]).await.exits(0);
    assert_eq!(world.run(&["state", "list"]).await.exits(0).stdout, "1\n2\n");
    assert!(world.run(&["plan"]).await.exits(0).stdout.contains("linux"));
    world.completes().await;
    let before = world.bucket.count("GET", "/bucket");
    world.run(&["plan"]).await.exits(0);
    assert_eq!(
        world.bucket.count("GET", "/bucket") - before,
        PARALLEL + 1,
        "one small read for each order, and a look at the lease"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_applies_the_second_fails_at_once_and_names_the_first() {
    let world = World::new().await;
    world.rig.break_with(json!([{"operation": "writes", "delay_ms": 1500}]));
    let first = world.start(&["apply", "--apply", "--concurrency", "1"]);
    world.rig.struck().await;
    let sent = world.rig.requests();
    let second = world.run(&["apply", "--apply"]).await.exits(1);
    assert!(second.stderr.contains("is locked by process ") && second.stderr.contains("state unlock "), "{second:?}");
    assert!(second.stderr.contains(&format!("process {} ", first.id())), "{second:?}");
    assert_eq!((world.rig.requests(), second.stdout.as_str()), (sent, ""), "it asked nothing");
    world.run(&["plan"]).await.exits(0);
    end_of(first).await.exits(0);
    world.completes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_apply_leaves_is_broken_by_its_id() {
    for cloud in [Cloud::Amazon, Cloud::Google] {
        a_killed_apply_is_broken_by_its_id(World::of(cloud).await).await;
    }
}

async fn a_killed_apply_is_broken_by_its_id(world: World) {
    world.rig.break_with(json!([{"operation": "purchase", "hold": true}]));
    let mut first = world.start(&["apply", "--apply"]);
    world.rig.struck().await;
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(world.record(1).purchase.is_some(), "the intent was in the bucket before the purchase was sent");
    world.run(&["apply", "--apply"]).await.exits(1);
    let shown = world.run(&["state", "unlock"]).await.exits(1);
    let id = world.lease()["id"].as_str().unwrap().to_owned();
    assert!(shown.stdout.starts_with(&format!("{id}: held by process {} ", first.id())), "{shown:?}");
    let command = format!("is gone: shardctl state unlock {id} --state ");
    assert!(shown.stderr.starts_with("error: the lock is held, ") && shown.stderr.contains(&command), "{shown:?}");
    world.run(&["state", "unlock", "0123"]).await.exits(1);
    world.run(&["apply", "--apply"]).await.exits(1);
    world.run(&["state", "unlock", &id]).await.exits(0);
    // The purchase was not bought, and nobody can know that yet.
    world.rig.break_with(json!([]));
    let blocked = world.run(&["apply", "--apply", "--format", "json"]).await.exits(1);
    assert_eq!(blocked.problems(), ["purchase_unsettled"]);
    assert_eq!(world.rig.charged(), 0);
    let mut record = world.record(1);
    let intent = record.purchase.as_mut().unwrap();
    intent.when = intent.when.checked_sub(jiff::SignedDuration::from_mins(11)).unwrap();
    world.bucket.plant(&key(1), &encode(order(1), &world.rig.url(), &record), 0);
    world.completes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_lease_stops_its_holder_before_the_next_write() {
    let world = World::new().await;
    world.rig.break_with(json!([{"operation": "set_signatures", "delay_ms": 2000}]));
    let first = world.start(&["apply", "--apply", "--concurrency", "1", "--format", "json"]);
    world.rig.struck().await;
    let id = world.lease()["id"].as_str().unwrap().to_owned();
    world.run(&["state", "unlock", &id]).await.exits(0);
    let ran = end_of(first).await.exits(3);
    assert!(ran.stdout.contains("the lock on the state in s3://bucket/team/states was lost"), "{ran:?}");
    world.completes().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_apply_gives_the_lease_up_and_one_that_is_ended_does_not() {
    let world = World::new().await;
    // While the plan is made.
    world.rig.break_with(json!([{"operation": "active", "hold": true, "times": 0}]));
    let planning = world.start(&["apply", "--apply"]);
    world.rig.struck().await;
    signal(&planning, "TERM");
    let ran = end_of(planning).await.exits(1);
    assert!(ran.stderr.contains("interrupted: nothing was changed"), "{ran:?}");
    assert!(!world.is_locked());
    // While it is carried out.
    world.rig.break_with(json!([{"operation": "purchase", "delay_ms": 1000}]));
    let applying = world.start(&["apply", "--apply", "--concurrency", "1"]);
    world.rig.struck().await;
    signal(&applying, "INT");
    end_of(applying).await.exits(3);
    assert!(!world.is_locked());
    // A second time.
    world.rig.break_with(json!([{"operation": "set_signatures", "hold": true, "times": 0}]));
    let applying = world.start(&["apply", "--apply", "--concurrency", "1"]);
    world.rig.struck().await;
    signal(&applying, "INT");
    // Sooner it would be the first one, sent twice.
    tokio::time::sleep(Duration::from_millis(1300)).await;
    signal(&applying, "INT");
    end_of(applying).await.exits(130);
    assert!(world.is_locked(), "it stays until it expires, or is broken");
    let id = world.lease()["id"].as_str().unwrap().to_owned();
    world.run(&["state", "unlock", &id]).await.exits(0);
    world.completes().await;
}

/// Waits until the bucket has a lease that has not expired.
#[cfg(unix)]
async fn locked(world: &World) {
    until("the lease is taken", || world.bucket.bytes(LEASE).is_some() && world.is_locked()).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_while_the_lease_is_taken_leaves_none_behind() {
    for name in ["INT", "TERM"] {
        let world = World::new().await;
        world.bucket.trouble("PUT", [Some(Trouble::Slow)]);
        let applying = world.start(&["apply", "--apply"]);
        locked(&world).await;
        signal(&applying, name);
        let ran = end_of(applying).await.exits(1);
        assert!(ran.stderr.contains("interrupted"), "{ran:?}");
        assert!(!world.is_locked(), "{ran:?}");
        assert_eq!(world.rig.requests(), 0);
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_ends_a_command_of_the_state_before_its_next_write_and_leaves_no_lease_behind() {
    let world = World::new().await;
    world.completes().await;
    let keys = world.bucket.keys();
    // While the lease is taken.
    for words in [&["state", "forget", "3"][..], &["state", "push", "elsewhere"], &["state", "pull", "elsewhere"]] {
        fs::create_dir_all(world.rig.path("elsewhere")).unwrap();
        world.rig.write("elsewhere/7.json", "{}");
        world.bucket.trouble("PUT", [Some(Trouble::Slow)]);
        let command = world.start(words);
        locked(&world).await;
        signal(&command, "INT");
        let ran = end_of(command).await.exits(1);
        assert!(ran.stderr.contains("interrupted: nothing was changed"), "{words:?}: {ran:?}");
        assert!(!world.is_locked(), "{words:?}: {ran:?}");
        assert_eq!(world.bucket.keys(), keys, "{words:?}");
    }
    // While a record is written: the lease is there already.
    fs::remove_file(world.rig.path("elsewhere/7.json")).unwrap();
    world.run(&["state", "pull", "elsewhere"]).await.exits(0);
    for id in 1..=3 {
        let bytes = encode(order(id), &world.rig.url(), &recorded(7));
        world.rig.write(format!("elsewhere/{id}.json"), bytes);
    }
    world.bucket.trouble("PUT", [None, Some(Trouble::Slow)]);
    let writes = world.bucket.count("PUT", ".json");
    let pushing = world.start(&["state", "push", "elsewhere", "--force"]);
    until("a record is written", || world.bucket.count("PUT", ".json") == writes + 2).await;
    signal(&pushing, "INT");
    let ran = end_of(pushing).await.exits(1);
    assert!(ran.stderr.contains("interrupted before it was done"), "{ran:?}");
    assert!(ran.stderr.contains("1 of 3 records were copied; run it again to copy the rest"), "{ran:?}");
    assert!(!world.is_locked());
    // While a record is removed: it is the last step, and it is done.
    world.bucket.trouble("DELETE", [Some(Trouble::Slow)]);
    let forgetting = world.start(&["state", "forget", "3"]);
    until("it is removed", || world.bucket.count("DELETE", "3.json") == 1).await;
    signal(&forgetting, "INT");
    let ran = end_of(forgetting).await.exits(0);
    assert!(ran.stderr.contains("Forgot order 3"), "{ran:?}");
    assert!(!world.is_locked() && world.bucket.bytes(&key(3)).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_stumbles_is_asked_again() {
    for trouble in [Trouble::Unavailable, Trouble::AnswerLost] {
        for method in ["GET", "PUT"] {
            let world = World::new().await;
            // Every other request fails once.
            world.bucket.trouble(method, [Some(trouble), None].into_iter().cycle().take(40));
            world.run(&["apply", "--apply"]).await.exits(0);
            world.bucket.trouble(method, []);
            world.completes().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_is_down_is_asked_five_times() {
    let world = World::new().await;
    world.bucket.trouble("GET", std::iter::repeat_n(Some(Trouble::Unavailable), 100));
    let ran = world.run(&["state", "show", "1"]).await.exits(1);
    let expected = format!("the state in s3://bucket/team/states: {} answered 503", world.bucket.uri());
    assert!(ran.stderr.contains(&expected), "{ran:?}");
    assert_eq!(world.bucket.count("GET", "1.json"), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_writes_stop_an_apply_wherever_they_strike() {
    // The lease, then a record before a purchase or behind a write.
    for nth in 0..6 {
        let world = World::new().await;
        let troubles = std::iter::repeat_n(None, nth).chain(std::iter::repeat_n(Some(Trouble::Refused), 100));
        world.bucket.trouble("PUT", troubles);
        let ran = world.run(&["apply", "--apply", "--format", "json", "-vv"]).await;
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains("permission denied (AccessDenied)"), "{nth}: {ran:?}");
        assert!(matches!(ran.status, Some(1 | 3 | 4)) && (nth > 0 || ran.status == Some(1)), "{nth}: {ran:?}");
        if ran.status == Some(1) {
            assert_eq!(world.rig.charged(), 0);
        }
        world.bucket.trouble("PUT", []);
        if world.bucket.bytes(LEASE).is_some() {
            let id = world.lease()["id"].as_str().unwrap().to_owned();
            world.run(&["state", "unlock", &id]).await;
        }
        world.completes().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_cannot_be_used_is_named_in_one_sentence_and_changes_nothing() {
    let world = World::new().await;
    let endpoint = world.bucket.uri();
    type Change<'a> = &'a dyn Fn(&mut Command);
    let cases: [(&str, Change<'_>); 10] = [
        ("the state in s3://missing/states: there is no such bucket", &|command| {
            command.env("SHARDCTL_STATE", "s3://missing/states");
        }),
        (
            "the state in s3://bucket/team/states: permission denied (InvalidAccessKeyId): the credentials are wrong, \
             or they do not allow this",
            &|command| {
                command.env("AWS_ACCESS_KEY_ID", "AKIAWRONG");
            },
        ),
        ("the state in s3://bucket/team/states: no connection to http://127.0.0.1:1", &|command| {
            command.env("AWS_ENDPOINT", "http://127.0.0.1:1/canary?canary");
        }),
        ("the state in s3://bucket/team/states: ", &|command| {
            command.env_remove("AWS_ALLOW_HTTP");
        }),
        ("--state s3://bucket/team/states: ", &|command| {
            command.env_remove("AWS_SECRET_ACCESS_KEY");
        }),
        ("--state: the URL must not hold credentials", &|command| {
            command.env("SHARDCTL_STATE", format!("s3://AKIA:{SESSION_TOKEN}@bucket/x"));
        }),
        ("--state: the URL must not hold credentials", &|command| {
            command.env("SHARDCTL_STATE", format!("az://container/x?sig={SIGNATURE}"));
        }),
        ("the state in az://container/x: permission denied (InvalidAccessKeyId)", &|command| {
            command.env("SHARDCTL_STATE", "az://container/x").env("AZURE_STORAGE_ACCOUNT_NAME", "account");
            command.env("AZURE_STORAGE_ENDPOINT", &endpoint).env("AZURE_ALLOW_HTTP", "true");
            command.env("AZURE_STORAGE_SAS_KEY", format!("sv=2024-01-01&sr=c&sp=rw&sig={SIGNATURE}"));
        }),
        ("--state az://container/x: AZURE_USE_AZURE_CLI would start another program", &|command| {
            command.env("SHARDCTL_STATE", "az://container/x").env("AZURE_STORAGE_ACCOUNT_NAME", "account");
            command.env("AZURE_USE_AZURE_CLI", "Yes");
        }),
        ("--state az://container/x: AZURE_CREDENTIAL_TYPE would start another program", &|command| {
            command.env("SHARDCTL_STATE", "az://container/x").env("AZURE_STORAGE_ACCOUNT_NAME", "account");
            command.env("AZURE_CREDENTIAL_TYPE", "azure_cli");
        }),
    ];
    for (expected, change) in cases {
        for words in [&["apply", "--apply", "-vv"][..], &["plan"], &["state", "list"], &["state", "unlock", "id"]] {
            let mut command = world.command(words);
            change(&mut command);
            let ran = ran(command).await.exits(1);
            assert!(ran.stderr.contains(expected), "{expected}: {ran:?}");
            assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
            assert!(ran.stdout.is_empty() && ran.stderr.len() < 300, "{ran:?}");
        }
    }
    assert_eq!(world.rig.requests(), 0, "nothing was asked of the API");
    assert!(world.bucket.keys().is_empty());
    world.run(&["apply", "--apply"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_to_nothing_is_not_set() {
    let amazon = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_IMDSV1_FALLBACK"];
    let google =
        ["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "SERVICE_ACCOUNT", "GOOGLE_SKIP_SIGNATURE"];
    for (cloud, names) in [(Cloud::Amazon, amazon), (Cloud::Google, google)] {
        let world = World::of(cloud).await;
        let mut command = world.command(&["plan"]);
        for name in names {
            command.env(name, "");
        }
        ran(command).await.exits(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_copied_both_ways_and_nothing_newer_is_lost() {
    let world = World::new().await;
    let said = world.run(&["state", "push"]).await.exits(0);
    assert!(said.stderr.contains("There are no records to copy in shardctl.state."), "{said:?}");
    let directory = ["--state", "shardctl.state"];
    world.run(&[&["apply", "--apply"][..], &directory].concat()).await.exits(0);
    let said = world.run(&["state", "push"]).await.exits(0);
    assert!(said.stderr.contains("Copied 3 records and 1 run."), "{said:?}");
    let said = world.run(&["state", "push"]).await.exits(0);
    assert!(said.stderr.contains("Copied 0 records; 3 records were the same already."), "{said:?}");
    world.completes().await;
    world.run(&["state", "pull", "backup"]).await.exits(0);
    for id in 1..=3 {
        let file = fs::read(world.rig.path("backup").join(format!("{id}.json"))).unwrap();
        assert_eq!(Some(file), world.bucket.bytes(&key(id)));
    }

    // The bucket's record of order 2 is newer, order 1 has a purchase under way, order 3 is damaged, long ago.
    let url = world.rig.url();
    let encoded = |id: u64, recorded: &Recorded| encode(order(id), &url, recorded);
    let intent = PurchaseIntent { from_qty: 1, add_qty: 1, when: jiff::Timestamp::now() };
    let open = encoded(1, &Recorded { purchase: Some(intent), ..recorded(1) });
    world.bucket.plant(&key(1), &open, 3600);
    world.bucket.plant(&key(2), &encoded(2, &recorded(9)), -5);
    world.bucket.plant(&key(3), b"{", 3600);
    let keys = |id: u64| world.bucket.bytes(&key(id)).unwrap();
    let before: Vec<_> = (1..=3).map(keys).collect();
    let refused = world.run(&["state", "push"]).await.exits(1);
    let list = "nothing was copied: the target has records that would be lost: 1 (a purchase is open), 2 (newer), 3 (it \
                cannot be read)";
    assert!(refused.stderr.contains(list) && refused.stderr.contains("--force"), "{refused:?}");
    assert_eq!((1..=3).map(keys).collect::<Vec<_>>(), before);
    assert!(!world.is_locked());
    world.run(&["state", "push", "--force"]).await.exits(0);
    let record = |id: u64| fs::read(world.rig.path("shardctl.state").join(format!("{id}.json"))).unwrap();
    assert_eq!((1..=3).map(keys).collect::<Vec<_>>(), (1..=3).map(record).collect::<Vec<_>>());

    // The directory's is newer.
    world.bucket.plant(&key(2), &encoded(2, &recorded(9)), 3600);
    let refused = world.run(&["state", "pull"]).await.exits(1);
    assert!(refused.stderr.contains("lost: 2 (newer)"), "{refused:?}");
    world.run(&["state", "pull", "--force"]).await.exits(0);
    assert_eq!(record(2), encoded(2, &recorded(9)));

    // The bucket's is older, and guards from buying again for ten minutes.
    for (minutes, status) in [(9, 1), (11, 0)] {
        let when = jiff::Timestamp::now().checked_sub(jiff::SignedDuration::from_mins(minutes)).unwrap();
        let bought = Recorded { bought: Some(Bought { qty: 4, when }), ..recorded(4) };
        world.bucket.plant(&key(2), &encoded(2, &bought), 3600);
        let ran = world.run(&["state", "push"]).await.exits(status);
        assert_eq!(ran.stderr.contains("lost: 2 (a purchase was made just now)"), status == 1, "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_copied_once_and_again_when_they_ended() {
    let world = World::new().await;
    let names = ["20261123T021300Z-4f3a9c", "20261124T000000Z-000001", "20261124T000000Z-000002"];
    let key = |name: &str| format!("team/states/history/{name}.json");
    let file = |name: &str| format!("shardctl.state/history/{name}.json");
    fs::create_dir_all(world.rig.path("shardctl.state/history")).unwrap();
    let (begun, ended, cut) = (r#"{"ended_at": null}"#, r#"{"ended_at": "2026-11-23T02:14:00Z"}"#, "{\"cut");
    for (name, text) in names.iter().zip([begun, ended, cut]) {
        world.rig.write(file(name), text);
    }
    world.rig.write("shardctl.state/history/README.md", "# Runs");
    let said = world.run(&["state", "push"]).await.exits(0);
    assert!(said.stderr.contains("Copied 0 records and 3 runs."), "{said:?}");
    let said = world.run(&["state", "push"]).await.exits(0);
    assert!(said.stderr.contains("Copied 0 records."), "{said:?}");
    let in_bucket = |name: &str| String::from_utf8(world.bucket.bytes(&key(name)).unwrap()).unwrap();
    assert_eq!(names.map(in_bucket), [begun, ended, cut]);
    assert!(!world.bucket.keys().contains(&"team/states/history/README.md".to_owned()));

    // One ended here, another there; what ended changes no more.
    world.rig.write(file(names[0]), ended);
    world.rig.write(file(names[1]), r#"{"ended_at": "later"}"#);
    world.bucket.plant(&key(names[2]), ended.as_bytes(), 0);
    let said = world.run(&["state", "push"]).await.exits(0);
    assert!(said.stderr.contains("Copied 0 records and 1 run."), "{said:?}");
    assert_eq!(names.map(in_bucket), [ended; 3]);
    let said = world.run(&["state", "pull"]).await.exits(0);
    assert!(said.stderr.contains("Copied 0 records and 1 run."), "{said:?}");
    let here = |name: &str| fs::read_to_string(world.rig.path(file(name))).unwrap();
    assert_eq!(names.map(here), [ended, r#"{"ended_at": "later"}"#, ended]);
    world.run(&["state", "pull", "backup"]).await.exits(0);
    assert_eq!(fs::read_dir(world.rig.path("backup/history")).unwrap().count(), 3);

    // One that cannot be read hides no other.
    fs::remove_file(world.rig.path(file(names[0]))).unwrap();
    fs::create_dir(world.rig.path(file(names[0]))).unwrap();
    world.rig.write(file("20261125T000000Z-000003"), ended);
    let said = world.run(&["state", "push", "--force"]).await.exits(0);
    assert!(said.stderr.contains("Copied 0 records and 1 run."), "{said:?}");
    let said = world.run(&["state", "pull", "--force"]).await.exits(0);
    let warning = format!("warning: a run was left out: cannot read the state in {}: is a directory", file(names[0]));
    assert!(said.stderr.contains(&warning), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_stops_half_way_says_how_far_it_came() {
    let world = World::new().await;
    world.run(&["apply", "--apply", "--state", "shardctl.state"]).await.exits(0);
    // The lease, one record, and no further.
    let troubles = [None, None].into_iter().chain(std::iter::repeat_n(Some(Trouble::Refused), 1));
    world.bucket.trouble("PUT", troubles);
    let stopped = world.run(&["state", "push"]).await.exits(1);
    assert!(stopped.stderr.contains("cannot write the state in s3://bucket/team/states: permission"), "{stopped:?}");
    assert!(stopped.stderr.contains("1 of 3 records were copied; run it again"), "{stopped:?}");
    assert_eq!(world.bucket.troubles_left(), 0);
    let said = world.run(&["state", "push"]).await.exits(0);
    assert!(said.stderr.contains("Copied 2 records and 1 run; 1 record was the same already."), "{said:?}");
    world.completes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_needs_a_bucket_and_the_locks_of_both_places() {
    let world = World::new().await;
    world.run(&["apply", "--apply", "--state", "shardctl.state"]).await.exits(0);
    for action in ["push", "pull"] {
        let mut command = world.command(&["state", action]);
        command.env_remove("SHARDCTL_STATE");
        assert!(ran(command).await.exits(1).stderr.contains("--state names no bucket"));
    }
    world.rig.write(MANIFEST, DECLARED.replace("macos", "ios"));
    world.rig.break_with(json!([{"operation": "writes", "delay_ms": 1500}]));
    let first = world.start(&["apply", "--apply"]);
    world.rig.struck().await;
    for action in ["push", "pull"] {
        let refused = world.run(&["state", action]).await.exits(1);
        assert!(refused.stderr.contains("is locked by process"), "{refused:?}");
    }
    end_of(first).await.exits(0);
    // An apply that works on the directory is about to change what would be copied.
    world.rig.write(MANIFEST, DECLARED.replace("macos", "android"));
    world.rig.break_with(json!([{"operation": "writes", "hold": true, "times": 0}]));
    let mut first = world.start(&["apply", "--apply", "--state", "shardctl.state"]);
    world.rig.struck().await;
    let keys = world.bucket.keys();
    for action in ["push", "pull"] {
        let refused = world.run(&["state", action, "--force"]).await.exits(1);
        let expected = format!("the state in shardctl.state is locked by process {} since ", first.id());
        assert!(refused.stderr.contains(&expected), "{refused:?}");
        assert!(!world.is_locked(), "what was locked is given up");
    }
    assert_eq!(world.bucket.keys(), keys);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_holds_the_lease_says_which_run_it_is() {
    let github =
        [("GITHUB_SERVER_URL", "https://github.com"), ("GITHUB_REPOSITORY", "acme/proxies"), ("GITHUB_RUN_ID", "42")];
    let rows: [(&[(&str, &str)], &str); 4] = [
        (&github, " (https://github.com/acme/proxies/actions/runs/42) since "),
        (&github[..2], " since "),
        (&[("GITHUB_RUN_ID", ""), ("CI_JOB_URL", ""), ("BUILD_URL", "https://ci/7")], " (https://ci/7) since "),
        (&[], " since "),
    ];
    for (variables, expected) in rows {
        let world = World::new().await;
        world.rig.break_with(json!([{"operation": "writes", "hold": true, "times": 0}]));
        let mut command = world.command(&["apply", "--apply"]);
        command.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut first = command.spawn().unwrap();
        world.rig.struck().await;
        let shown = world.run(&["state", "unlock"]).await.exits(1);
        let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let expected = format!("held by process {} on {}{expected}", first.id(), machine.trim());
        assert!(cfg!(not(target_os = "linux")) || shown.stdout.contains(&expected), "{expected}: {shown:?}");
        first.kill().unwrap();
        first.wait().unwrap();
    }
}
