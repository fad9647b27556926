//! A simulated account, a manifest and a state directory, and the built program run against them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shardctl::model::{OrderId, Recorded};
use shardctl::sandbox::{Account, Control, LoggedRequest, Operation, Running, Sandbox, Tells};
use shardctl::state;
use tempfile::TempDir;

pub const MANIFEST: &str = "shardctl.yaml";
pub const STATE: &str = "shardctl.state";
/// Far more than any run takes on a busy machine; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so; only a failing test waits for long.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub struct Rig {
    directory: TempDir,
    sandbox: Running,
    /// Where requests go in place of the sandbox.
    front: Option<String>,
    runs: AtomicU32,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// `None` where a signal ended it.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Returns what a process printed, and how it ended.
    pub fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output in UTF-8");
        Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Returns stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Lists the codes of the plan's problems.
    pub fn problems(&self) -> Vec<String> {
        let plan = self.json();
        let orders = plan["orders"].as_array().into_iter().flatten().flat_map(|order| order["problems"].as_array());
        let problems = orders.chain(plan["problems"].as_array()).flatten();
        problems.map(|problem| problem["code"].as_str().expect("a code").to_owned()).collect()
    }

    /// Asserts the exit status.
    #[track_caller]
    pub fn exits(self, status: i32) -> Ran {
        assert_eq!(self.status, Some(status), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A run that has not ended.
pub struct Started {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Started {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn stderr(&self) -> String {
        fs::read_to_string(&self.err).expect("what was said so far")
    }

    /// Ends it at once, by SIGKILL where there are signals.
    pub fn kill(mut self) {
        self.child.kill().expect("a process that can be ended");
        self.child.wait().expect("its end");
    }

    /// Sends it a signal, where there are signals.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.pid());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success(), "{kill}");
    }

    /// Waits for its end.
    pub async fn finish(mut self) -> Ran {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a process to wait for") {
                break status.code();
            }
            assert!(Instant::now() < deadline, "the run did not end: {}", self.stderr());
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        let read = |path: &Path| fs::read_to_string(path).expect("output in UTF-8");
        Ran { status, stdout: read(&self.out), stderr: read(&self.err) }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // A test that fails leaves no process behind; one that has ended is not there to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the built program with its words, in an environment that holds nothing but the home of a user.
pub fn program(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shardctl"));
    command.args(words).current_dir(directory).stdin(Stdio::null()).env_clear().env("HOME", directory);
    if let Some(root) = std::env::var_os("SystemRoot") {
        // Without it no program has a network on that system.
        command.env("SystemRoot", root);
    }
    command
}

/// Has a sandbox listen on a port of its own.
pub async fn listen(account: Account) -> Sandbox {
    Sandbox::bind(account, ([127, 0, 0, 1], 0).into()).await.expect("a free port")
}

/// In memory where that is possible: every apply syncs some fifty times, and the disk is not what is tested.
pub fn temporary_directory() -> TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.or_else(|_| tempfile::tempdir()).expect("a temporary directory")
}

impl Rig {
    /// Serves an account file and writes a manifest; nothing is recorded yet. The server is one of the older description,
    /// which leaves most to what is recorded.
    pub async fn new(account: &str, manifest: &str) -> Rig {
        let mut account = Account::from_yaml(account).expect("a valid account");
        account.tells = Tells::older();
        Rig::with_account(account, manifest).await
    }

    /// Serves an account, which says itself what it tells.
    pub async fn with_account(account: Account, manifest: &str) -> Rig {
        Rig::serving(listen(account).await, manifest)
    }

    pub fn serving(sandbox: Sandbox, manifest: &str) -> Rig {
        let rig = Rig::without_manifest(sandbox);
        rig.write(MANIFEST, manifest);
        rig
    }

    pub fn without_manifest(sandbox: Sandbox) -> Rig {
        Rig { directory: temporary_directory(), sandbox: sandbox.spawn(), front: None, runs: AtomicU32::new(0) }
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory().join(name)
    }

    pub fn write(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file that can be written");
    }

    pub fn control(&self) -> &Control {
        self.sandbox.control()
    }

    /// Sends all requests to a server that stands before the sandbox.
    pub fn ask_through(&mut self, url: String) {
        self.front = Some(url);
    }

    pub fn url(&self) -> String {
        self.front.clone().unwrap_or_else(|| self.sandbox.url())
    }

    /// Returns the program with its words, in an environment that holds nothing but the way to the sandbox.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = program(self.directory(), words);
        command.env("PROXYSHARD_TOKEN", self.control().token()).env("PROXYSHARD_API_URL", self.url());
        command
    }

    pub fn start(&self, words: &[&str]) -> Started {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let (out, err) = (self.path(format!("{run}.out")), self.path(format!("{run}.err")));
        let create = |path: &Path| File::create(path).expect("a file for the output");
        let child = self.command(words).stdout(create(&out)).stderr(create(&err)).spawn();
        Started { child: child.expect("the built program"), out, err }
    }

    pub async fn run(&self, words: &[&str]) -> Ran {
        self.start(words).finish().await
    }

    /// Replaces the fault rules.
    pub fn break_with(&self, rules: Value) {
        self.control().set_faults(serde_json::from_value(rules).expect("valid rules"));
    }

    /// Waits until the first fault rule has struck.
    pub async fn struck(&self) {
        until("the fault struck", || self.control().faults()[0].fired > 0).await;
    }

    /// Returns the hidden truth with the wallet, the charges sorted by order.
    pub fn truth(&self) -> Value {
        let mut account = self.control().account();
        account.charges.sort_by_key(|charge| (charge.order_id, charge.add_qty));
        serde_json::to_value(account).expect("JSON")
    }

    /// Returns what was charged, in cents.
    pub fn charged(&self) -> u64 {
        self.control().with_account(|account| account.charges.iter().map(|charge| charge.charge_cents.0).sum())
    }

    /// Counts the requests so far.
    pub fn requests(&self) -> usize {
        self.control().requests().len()
    }

    /// Counts the requests of an operation for an order.
    pub fn sent(&self, operation: Operation, order: u64) -> usize {
        let part = format!("/orders/{order}/");
        let same = |request: &LoggedRequest| request.operation == Some(operation) && request.path.contains(&part);
        self.control().requests().iter().filter(|request| same(request)).count()
    }

    pub fn record_path(&self, order: OrderId) -> PathBuf {
        self.path(STATE).join(format!("{order}.json"))
    }

    pub fn put_record(&self, order: OrderId, recorded: &Recorded) {
        fs::create_dir_all(self.path(STATE)).expect("a directory");
        self.write(self.record_path(order), state::encode(order, &self.url(), recorded));
    }

    /// Returns the records of all orders of the account that have one.
    pub fn records(&self) -> BTreeMap<OrderId, Recorded> {
        let orders = self.control().account().orders;
        let read = |order: OrderId| Some((order, fs::read(self.record_path(order)).ok()?));
        let files = orders.into_keys().filter_map(read);
        files.map(|(order, bytes)| (order, state::decode(&bytes, order, &self.url()).expect("a record"))).collect()
    }

    pub fn open_intents(&self) -> usize {
        self.records().values().filter(|recorded| recorded.purchase.is_some()).count()
    }

    /// Plays the passing of 11 minutes for what was bought, or may have been: the program has no clock that could be turned.
    pub fn let_eleven_minutes_pass(&self) {
        for (order, mut recorded) in self.records() {
            let intended = recorded.purchase.as_mut().map(|intent| &mut intent.when);
            let moments: Vec<&mut Timestamp> =
                intended.into_iter().chain(recorded.bought.as_mut().map(|bought| &mut bought.when)).collect();
            if moments.is_empty() {
                continue;
            }
            for when in moments {
                *when = when.checked_sub(SignedDuration::from_mins(11)).expect("a moment");
            }
            self.put_record(order, &recorded);
        }
    }

    /// Holds every record against the hidden truth: what it claims must be so. What it does not know is no claim.
    #[track_caller]
    pub fn check_records(&self) {
        let account = self.control().account();
        for (id, recorded) in self.records() {
            let order = &account.orders[&id];
            for (ip, signature) in &recorded.signatures {
                let Some(proxy) = order.proxies.get(ip) else { continue };
                assert_eq!(proxy.signature, Some(*signature), "order {id}: signature of {ip}");
            }
            for ip in &recorded.unknown_signatures {
                let Some(proxy) = order.proxies.get(ip) else { continue };
                assert!(proxy.signature.is_some(), "order {id}: {ip} holds no slot");
            }
            for (ip, mark) in &recorded.del_np {
                let Some(proxy) = order.proxies.get(ip) else { continue };
                assert_eq!(proxy.del_np, *mark, "order {id}: mark of {ip}");
            }
            let Some(slots) = recorded.slots else { continue };
            // With an open intent, the record says how many slots there were before it, and that this may be over.
            let bought = recorded.purchase.is_some_and(|intent| order.p0f_slots == intent.to_qty());
            // Until the next apply, it says what was scheduled for a renewal that has come.
            let carried_out = slots.pending.is_some_and(|pending| pending.next_qty() == order.p0f_slots);
            let is_true = slots.qty == order.p0f_slots || bought || carried_out;
            assert!(is_true, "order {id}: {slots:?}, there are {}", order.p0f_slots);
            assert!(
                slots.pending == order.pending || carried_out,
                "order {id}: {slots:?}, {:?} is scheduled",
                order.pending
            );
        }
    }

    /// Applies with some flags until everything is done, and returns the exit statuses; the faults must be gone.
    pub async fn complete(&self, flags: &[&str]) -> Vec<i32> {
        let words = [&["apply", "--apply", "--format", "json"], flags].concat();
        let mut statuses = Vec::new();
        while statuses.last() != Some(&0) {
            let charged = self.charged();
            let ran = self.run(&words).await;
            self.check_records();
            assert!(statuses.len() < 4, "it never ends: {statuses:?} {ran:?}");
            match ran.status {
                Some(0) => {}
                Some(1) if ran.problems().contains(&"purchase_unsettled".to_owned()) => {
                    assert_eq!(self.charged(), charged, "an unsettled purchase blocks: {ran:?}");
                    self.let_eleven_minutes_pass();
                }
                _ => panic!("{ran:?}"),
            }
            statuses.extend(ran.status);
        }
        statuses
    }

    /// Makes sure that the history adds up to what the wallet was charged.
    pub async fn check_history(&self) {
        self.check_history_but(0).await;
    }

    /// As [`check_history`](Rig::check_history), but for so many cents of which nobody can find out any more that they were
    /// not charged.
    pub async fn check_history_but(&self, never_charged: u64) {
        assert_eq!(self.history_amounts().await, (self.charged(), never_charged));
    }

    /// Returns how many of the cents that may have been charged, by the history, were not.
    pub async fn never_charged(&self) -> u64 {
        let (charged, may_have_charged) = self.history_amounts().await;
        let unsaid = self.charged().checked_sub(charged).expect("what is said to be charged was charged");
        may_have_charged.checked_sub(unsaid).expect("what was charged may have been, by the history")
    }

    /// Returns what the history says was charged, and what may have been.
    pub async fn history_amounts(&self) -> (u64, u64) {
        let history = self.run(&["history", "--format", "json"]).await.exits(0).json();
        let amount = |key: &str| history[key].as_u64().expect("an amount");
        (amount("charged_cents"), amount("may_have_charged_cents"))
    }

    /// Makes sure that there is nothing left to do.
    pub async fn nothing_left(&self) {
        self.run(&["plan", "--detailed-exitcode"]).await.exits(0);
    }
}
