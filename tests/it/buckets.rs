//! State in buckets of servers that others wrote. `.ci/buckets` starts them and runs these tests, which are ignored
//! otherwise: `BUCKETS_S3` and `BUCKETS_AZURE` say where they listen, each with a bucket named `states`.

#![allow(clippy::unwrap_used)]

use std::env;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{StreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult, UpdateVersion};
use serde_json::{Value, json};
use shardctl::sandbox::Operation;

use crate::rig::{Ran, Rig};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 100
orders:
  1: {p0f_slots: 1, proxies: {203.0.113.1: , 203.0.113.2: , 203.0.113.3: }}
  2: {p0f_slots: 3, proxies: {198.51.100.1: , 198.51.100.2: }}
";

const DECLARED: &str = "
version: 1
limits: {max_charge_cents: 100}
orders:
  1: {p0f_slots: 2, keep: {203.0.113.1: win11, 203.0.113.2: macos}}
  2: {p0f_slots: 2, keep: {198.51.100.1: ios, 198.51.100.2: }}
";

/// The account and the key of every Azurite.
const AZURE_ACCOUNT: &str = "devstoreaccount1";
const AZURE_KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const AT_ONCE: usize = 3;
const RACES: usize = 50;

/// A server with a bucket.
#[derive(Debug, Clone)]
enum Server {
    S3(String),
    Azure(String),
}

static PREFIXES: AtomicU32 = AtomicU32::new(0);

impl Server {
    fn s3() -> Server {
        Server::S3(env::var("BUCKETS_S3").expect("BUCKETS_S3, as .ci/buckets sets it"))
    }

    fn azure() -> Server {
        Server::Azure(env::var("BUCKETS_AZURE").expect("BUCKETS_AZURE, as .ci/buckets sets it"))
    }

    /// Returns the environment of a place that nobody else uses.
    fn place(&self) -> Vec<(&'static str, String)> {
        let prefix = format!("{}-{}", std::process::id(), PREFIXES.fetch_add(1, Ordering::Relaxed));
        let text = |text: &str| text.to_owned();
        match self {
            Server::S3(url) => vec![
                ("SHARDCTL_STATE", format!("s3://states/{prefix}/a b")),
                ("AWS_ENDPOINT_URL", url.clone()),
                ("AWS_ALLOW_HTTP", text("true")),
                ("AWS_REGION", text("us-east-1")),
                ("AWS_ACCESS_KEY_ID", text("test")),
                ("AWS_SECRET_ACCESS_KEY", text("test")),
            ],
            Server::Azure(url) => vec![
                ("SHARDCTL_STATE", format!("az://states/{prefix}/a b")),
                ("AZURE_STORAGE_USE_EMULATOR", text("true")),
                ("AZURITE_BLOB_STORAGE_URL", url.clone()),
            ],
        }
    }
}

/// An account, and a place in a bucket.
struct World {
    rig: Rig,
    place: Vec<(&'static str, String)>,
}

impl World {
    async fn new(server: &Server) -> World {
        World { rig: Rig::new(ACCOUNT, DECLARED).await, place: server.place() }
    }

    fn start(&self, words: &[&str]) -> Child {
        let mut command: Command = self.rig.command(words);
        command.envs(self.place.iter().cloned()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    async fn run(&self, words: &[&str]) -> Ran {
        end_of(self.start(words)).await
    }

    /// Breaks the lock of a process that is gone, as its user does.
    async fn unlock(&self) {
        let shown = self.run(&["state", "unlock"]).await;
        let Some((id, _)) = shown.stdout.split_once(": held by process ") else {
            assert!(shown.stderr.contains("Nobody holds the lock."), "{shown:?}");
            return;
        };
        self.run(&["state", "unlock", id]).await.exits(0);
    }

    /// Plays the passing of 11 minutes for every open intent.
    async fn let_eleven_minutes_pass(&self) {
        self.run(&["state", "pull", "--force"]).await.exits(0);
        self.rig.check_records();
        self.rig.let_eleven_minutes_pass();
        self.run(&["state", "push", "--force"]).await.exits(0);
    }

    /// Applies until everything is done; what is declared holds then, and one slot was charged, once.
    async fn completes(&self) {
        let mut runs = 0;
        loop {
            let ran = self.run(&["apply", "--apply", "--format", "json"]).await;
            runs += 1;
            match ran.status {
                Some(0) => break,
                Some(1) if runs < 3 && ran.problems() == ["purchase_unsettled"] => self.let_eleven_minutes_pass().await,
                _ => panic!("{ran:?}"),
            }
        }
        self.run(&["plan", "--detailed-exitcode"]).await.exits(0);
        assert_eq!(self.rig.charged(), 100);
        assert!(self.run(&["state", "unlock"]).await.exits(0).stderr.contains("Nobody holds the lock."));
        self.run(&["state", "pull", "--force"]).await.exits(0);
        self.rig.check_records();
        assert_eq!(self.rig.truth(), declared());
    }
}

/// What the manifest makes of the account.
fn declared() -> Value {
    let proxy = |signature: Option<&str>, del_np: bool| json!({"signature": signature, "del_np": del_np});
    let order = |slots: u32, pending: Value, proxies: Value| {
        json!({"tag": null, "until": "2030-01-01T00:00:00Z", "p0f_slots": slots, "pending": pending,
               "addons_price_paid": 100 * slots, "kind": "datacenter", "proxies": proxies})
    };
    json!({
        "wallet_cents": 900,
        "slot_price_cents": 100,
        "charges": [{"order_id": 1, "add_qty": 1, "charge_cents": 100}],
        "orders": {
            "1": order(2, Value::Null, json!({
                "203.0.113.1": proxy(Some("win11"), false), "203.0.113.2": proxy(Some("macos"), false),
                "203.0.113.3": proxy(None, true)})),
            "2": order(3, json!({"action": "downgrade", "next_qty": 2}), json!({
                "198.51.100.1": proxy(Some("ios"), false), "198.51.100.2": proxy(None, false)})),
        }
    })
}

async fn end_of(child: Child) -> Ran {
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let Output { status, stdout, stderr } = ended.await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { status: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

async fn sweep(server: Server) {
    let clean = World::new(&server).await;
    clean.completes().await;
    let operations: Vec<_> = clean.rig.control().requests().iter().filter_map(|request| request.operation).collect();
    let last_write = operations.iter().rposition(|operation: &Operation| operation.writes()).expect("a write");
    let points = (1..=last_write + 1).flat_map(|nth| [(nth, "before"), (nth, "after")]);
    stream::iter(points).for_each_concurrent(AT_ONCE, |point| killed_at(&server, point)).await;
}

async fn killed_at(server: &Server, (nth, when): (usize, &str)) {
    let world = World::new(server).await;
    world.rig.break_with(json!([{"operation": "any", "nth": nth, "hold": true, "when": when}]));
    let mut killed = world.start(&["apply", "--apply", "--concurrency", "1"]);
    world.rig.struck().await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    world.rig.break_with(json!([]));
    let refused = world.run(&["apply", "--apply"]).await.exits(1);
    assert!(refused.stderr.contains(&format!("is locked by process {} ", killed.id())), "{nth} {when}: {refused:?}");
    world.unlock().await;
    world.completes().await;
}

async fn race(server: Server) {
    let mut refusals = 0;
    for round in 0..RACES {
        let world = World::new(&server).await;
        let runs = [world.start(&["apply", "--apply"]), world.start(&["apply", "--apply"])];
        let [first, second] = runs.map(end_of);
        let (first, second) = tokio::join!(first, second);
        assert_eq!(world.rig.charged(), 100, "round {round}: {first:?} {second:?}");
        let refused = |ran: &&Ran| ran.status == Some(1) && ran.stderr.contains("locked by ");
        refusals += [&first, &second].into_iter().filter(refused).count();
        for ran in [&first, &second] {
            assert!(ran.status == Some(0) || refused(&ran), "round {round}: {first:?} {second:?}");
        }
        assert!([&first, &second].iter().any(|ran| ran.status == Some(0)), "round {round}: {first:?} {second:?}");
        world.run(&["plan", "--detailed-exitcode"]).await.exits(0);
        if round == 0 {
            world.completes().await;
        }
    }
    assert!(refusals > RACES / 2, "it was no race: {refusals} refusals");
}

/// Asserts what all else rests on.
async fn honours_conditions(store: impl ObjectStore) {
    let path = Path::from(format!("conditions/{}", std::process::id()));
    let put = async |text: &'static str, mode: PutMode| {
        let options = PutOptions { mode, ..PutOptions::default() };
        store.put_opts(&path, PutPayload::from_static(text.as_bytes()), options).await
    };
    let version = |put: PutResult| UpdateVersion { e_tag: put.e_tag, version: put.version };
    let first = version(put("first", PutMode::Create).await.unwrap());
    assert!(matches!(put("again", PutMode::Create).await, Err(Error::AlreadyExists { .. })));
    let second = version(put("second", PutMode::Update(first.clone())).await.unwrap());
    assert!(matches!(put("stale", PutMode::Update(first)).await, Err(Error::Precondition { .. })));
    store.delete(&path).await.unwrap();
    assert!(matches!(put("gone", PutMode::Update(second)).await, Err(Error::Precondition { .. })));
}

#[tokio::test]
#[ignore = "needs a server: .ci/buckets"]
async fn buckets_s3_writes_are_conditional() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Server::S3(url) = Server::s3() else { unreachable!() };
    let builder = AmazonS3Builder::new().with_endpoint(url).with_allow_http(true).with_bucket_name("states");
    honours_conditions(builder.with_access_key_id("test").with_secret_access_key("test").build().unwrap()).await;
}

#[tokio::test]
#[ignore = "needs a server: .ci/buckets"]
async fn buckets_azure_writes_are_conditional() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Server::Azure(url) = Server::azure() else { unreachable!() };
    let builder = MicrosoftAzureBuilder::new().with_endpoint(format!("{url}/{AZURE_ACCOUNT}")).with_allow_http(true);
    let builder = builder.with_account(AZURE_ACCOUNT).with_access_key(AZURE_KEY).with_container_name("states");
    honours_conditions(builder.build().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server: .ci/buckets"]
async fn buckets_s3_killed_at_any_request_it_goes_on_and_charges_once() {
    sweep(Server::s3()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server: .ci/buckets"]
async fn buckets_s3_of_two_applies_that_race_one_charges() {
    race(Server::s3()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server: .ci/buckets"]
async fn buckets_azure_killed_at_any_request_it_goes_on_and_charges_once() {
    sweep(Server::azure()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server: .ci/buckets"]
async fn buckets_azure_of_two_applies_that_race_one_charges() {
    race(Server::azure()).await;
}
