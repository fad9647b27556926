//! The built program as a user meets it, run without any of its surroundings.
//!
//! What is printed is compared with `tests/cli/NAME.txt`: each command with its stdout, stderr and exit status.
//! `SNAPSHOTS=overwrite cargo test` writes those files anew. Every run is searched for secrets, for traces of a panic
//! and for the system's own words, and every request that it sent is checked against the vendor's description.

mod annotations;
mod apply;
mod bad_input;
mod broken_api;
mod comment;
mod ended;
mod exit_status;
mod help;
mod import;
mod import_into;
mod pictures;
mod plan;
mod purchase;
mod sandbox;
mod selection;
mod side;
mod slow_reader;
mod state;
mod status;
mod status_document;
mod validate;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shardctl::model::OrderId;
use shardctl::sandbox::{Account, Control, LoggedRequest, Tells};
use tokio::runtime::Runtime;

use crate::openapi::check_logged;
use crate::rig::{Ran, Rig, listen};

/// The token of every account here; it must never be seen again.
pub const TOKEN: &str = "t0ken-canary-9f3b";
/// The account of the examples.
pub const EXAMPLE_ACCOUNT: &str = include_str!("../../examples/account.yaml");
/// The manifest of the examples.
pub const EXAMPLE_MANIFEST: &str = include_str!("../../examples/shardctl.yaml");

/// An account of which a snapshot is short: one slot to buy, two signatures, two orders.
pub const SMALL_ACCOUNT: &str = "
wallet_cents: 1000
slot_price_cents: 150
orders:
  1: {tag: eu, until: 2026-12-01, p0f_slots: 1, proxies: {203.0.113.10: , 203.0.113.11: }}
  2: {tag: us, until: 2026-12-01, proxies: {198.51.100.7: }}
";
/// What is declared for [`SMALL_ACCOUNT`].
pub const SMALL_MANIFEST: &str = "\
version: 1
limits: {max_charge_cents: 150}
orders:
  1:
    tag: eu
    p0f_slots: 2
    keep:
      203.0.113.10: win11
      203.0.113.11: macos
  2:
    tag: us
    keep:
      198.51.100.7:
";

/// A rig whose runs are searched, checked and written down.
pub struct Shardctl {
    rig: Rig,
    remark: RefCell<Option<String>>,
    transcript: RefCell<Vec<String>>,
    // Dropped last: the sandbox runs on it.
    _runtime: Runtime,
}

impl Shardctl {
    /// Starts a sandbox with an account, whose token is replaced by [`TOKEN`], beside an empty directory.
    pub fn new(account: &str) -> Shardctl {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let account = Account::from_yaml(&with_token(account)).expect("a valid account");
        let rig = runtime.block_on(async { Rig::without_manifest(listen(account).await) });
        Shardctl { rig, remark: RefCell::default(), transcript: RefCell::default(), _runtime: runtime }
    }

    /// Starts the account of the examples, with their manifest.
    pub fn example() -> Shardctl {
        Shardctl::new(EXAMPLE_ACCOUNT).file("shardctl.yaml", EXAMPLE_MANIFEST)
    }

    /// Starts the small account, with its manifest.
    pub fn small() -> Shardctl {
        Shardctl::new(SMALL_ACCOUNT).file("shardctl.yaml", SMALL_MANIFEST)
    }

    /// Has the API tell no more than the older description says, which leaves most to what is recorded.
    pub fn telling_little(self) -> Shardctl {
        self.control().set_tells(Tells::older());
        self
    }

    /// Writes a file.
    pub fn file(self, name: &str, text: &str) -> Shardctl {
        self.write(name, text);
        self
    }

    /// Writes a file, and the directories that it needs.
    pub fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().expect("a parent")).expect("a directory");
        self.rig.write(name, text);
    }

    /// Returns the path of a file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.rig.path(name)
    }

    /// Returns a handle on the sandbox.
    pub fn control(&self) -> &Control {
        self.rig.control()
    }

    /// Returns the URL of the sandbox.
    pub fn url(&self) -> String {
        self.rig.url()
    }

    /// Replaces the fault rules.
    pub fn break_with(&self, rules: Value) {
        self.rig.break_with(rules);
    }

    /// Returns the write requests so far.
    pub fn writes(&self) -> Vec<Arc<LoggedRequest>> {
        self.control().requests().into_iter().filter(|request| request.method == "POST").collect()
    }

    /// Returns what is left of the wallet and the slots of an order.
    pub fn money(&self, order: u64) -> (u64, u32) {
        let id = OrderId::new(order).expect("a positive id");
        self.control().with_account(|account| (account.wallet_cents.0, account.orders[&id].p0f_slots))
    }

    /// Makes a command with nothing in its environment but the way to the sandbox.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.rig.command(arguments)
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, |_| {})
    }

    /// Runs the program in a changed environment.
    pub fn run_with(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
        let mut command = self.command(arguments);
        change(&mut command);
        let run = self.finish(command.output().expect("the program runs"));
        self.record(arguments, &run);
        run
    }

    /// Runs the program without a trace in the snapshot: to prepare for a run, or to read its JSON.
    pub fn aside(&self, arguments: &[&str]) -> Ran {
        self.finish(self.command(arguments).output().expect("the program runs"))
    }

    /// Checks what came of a run.
    pub fn finish(&self, output: Output) -> Ran {
        let run = Ran::of(output);
        self.search_for_secrets("stdout", &run.stdout);
        self.search_for_secrets("stderr", &run.stderr);
        self.search_files(self.rig.directory());
        for trace in ["panicked", "RUST_BACKTRACE", "Os {", "os error", "Error(", "Some("] {
            assert!(!run.stderr.contains(trace) && !run.stdout.contains(trace), "`{trace}` in {}", run.stderr);
        }
        // What the server does not know is asked for, and described nowhere.
        let described = |request: &&Arc<LoggedRequest>| request.status() != Some(401) && request.operation.is_some();
        for request in self.control().requests().iter().filter(described) {
            let entry = serde_json::to_value(&**request).expect("JSON");
            check_logged(&entry).expect("a request as described");
        }
        run
    }

    fn search_for_secrets(&self, place: &str, text: &str) {
        assert!(!text.contains(TOKEN), "the token in {place}: {text}");
        for order in self.control().account().orders.keys() {
            for secret in [format!("user-{order}-"), format!("secret-{order}-")] {
                assert!(!text.contains(&secret), "{secret} in {place}: {text}");
            }
        }
    }

    /// Searches everything in a directory but the files that are named after the token.
    fn search_files(&self, directory: &Path) {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                self.search_files(&path);
            } else if !name.starts_with("token") && !name.starts_with("account") {
                let bytes = fs::read(&path).expect("a file");
                self.search_for_secrets(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
            }
        }
    }

    fn record(&self, arguments: &[&str], run: &Ran) {
        let remark = self.remark.take().map(|remark| format!("# {remark}\n")).unwrap_or_default();
        let words: Vec<String> = arguments.iter().map(|word| self.redact(word)).collect();
        let mut transcript = format!("{remark}$ shardctl {}\n", words.join(" "));
        for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            if !text.is_empty() {
                let end = if text.ends_with('\n') { "" } else { "[no line break]\n" };
                write!(transcript, "[{stream}]\n{}{end}", self.redact(text)).expect("a string takes all");
            }
        }
        writeln!(transcript, "[status] {}\n", run.status.expect("no signal")).expect("a string takes all");
        self.transcript.borrow_mut().push(transcript);
    }

    /// Says in the snapshot what comes next.
    pub fn remark(&self, text: &str) -> &Shardctl {
        self.remark.replace(Some(text.to_owned()));
        self
    }

    /// Compares everything that was run so far with `tests/cli/NAME.txt`.
    #[track_caller]
    pub fn snapshot(&self, name: &str) {
        compare(name, &self.transcript.take().concat());
    }

    /// Replaces what differs from run to run.
    fn redact(&self, text: &str) -> String {
        let directory = self.rig.directory().display().to_string();
        let url = self.url();
        let (_, port) = url.rsplit_once(':').expect("a port");
        let text = text.replace(&format!(":{port}"), ":PORT").replace(&directory, "[DIRECTORY]");
        let text = text.replace(&format!("process {} ", std::process::id()), "process [PID] ");
        let digits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-');
        let moments = text.split(|c| !digits(c)).filter(|word| is_now(word)).map(str::to_owned).collect::<Vec<_>>();
        let text = moments.iter().fold(text, |text, moment| text.replace(moment, "[NOW]"));
        let spelled = text.match_indices(" UTC").filter_map(|(end, _)| text.get(end.checked_sub(19)?..end));
        let spelled: Vec<String> = spelled.filter(|words| is_now(&format!("{words}Z"))).map(str::to_owned).collect();
        let text = spelled.iter().fold(text.clone(), |text, words| text.replace(&format!("{words} UTC"), "[NOW]"));
        let text: String = text.split_inclusive('\n').map(as_of_one_day).collect();
        without_the_day(&text)
    }
}

/// Leaves out the day on which a manifest was imported.
pub fn without_the_day(text: &str) -> String {
    let now = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    // A test may run at midnight.
    let days = [now, now.yesterday().expect("a day")];
    days.iter().fold(text.to_owned(), |text, day| text.replace(&format!("As of {day}:"), "As of [DAY]:"))
}

/// Says how far a renewal is from one and the same day, so that no transcript changes from day to day.
fn as_of_one_day(line: &str) -> String {
    let Some((before, after)) = line.split_once("renews on ").or_else(|| line.split_once("was to renew on ")) else {
        return line.to_owned();
    };
    let Some((moment, days)) = after.split_once(" UTC, ") else { return line.to_owned() };
    let rest = days.find([',', '\n']).map_or("", |at| &days[at..]);
    let day: Date = moment[..10].parse().expect("a date");
    let days = day.since(date(2026, 11, 23)).expect("a span").get_days();
    format!("{before}renews on {moment} UTC, in {days} days{rest}")
}

#[track_caller]
fn compare(name: &str, transcript: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli").join(format!("{name}.txt"));
    let expected = snapbox::Data::read_from(&path, Some(snapbox::data::DataFormat::Text)).raw();
    let assert = snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
    assert.eq(format!("{}\n", transcript.trim_end()), expected);
}

fn is_now(word: &str) -> bool {
    let near = |moment: Timestamp| moment.duration_since(Timestamp::now()).abs() < SignedDuration::from_mins(15);
    word.parse().is_ok_and(near)
}

fn with_token(account: &str) -> String {
    let others = account.lines().filter(|line| !line.starts_with("token:"));
    others.fold(format!("token: {TOKEN}\n"), |text, line| text + line + "\n")
}
