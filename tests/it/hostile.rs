//! A server that answers an operation with anything at all: each run ends soon, in little memory, with a clear message,
//! the right exit status, a record that claims nothing false, no purchase sent twice, and no secret told.
//!
//! `hostile::a_spread_of_answers…` takes every answer once and every operation many times. All of them:
//! `cargo test --test it hostile:: -- --ignored --nocapture`

mod answers;
mod front;
mod secrets;

use std::collections::BTreeMap;
use std::fs;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;
use shardctl::model::{OrderId, Recorded};
use shardctl::sandbox::{Account, Operation};
use tokio::net::TcpListener;

use crate::rig::{Ran, Rig, Started};
use answers::{Answer, Meaning};
use front::{Break, Front};

/// What must not be seen again; it is planted in every answer.
pub const TOKEN: &str = "hostile-token-canary-7e1c";
pub const USER: &str = "hostile-user-canary-7e1c";
pub const PASSWORD: &str = "hostile-password-canary-7e1c";

/// In each order, another operation is the first that writes.
const ACCOUNT: &str = "
token: hostile-token-canary-7e1c
wallet_cents: 10000
slot_price_cents: 100
orders:
  1: {tag: cancel, p0f_slots: 2, proxies: {203.0.113.1: , 203.0.113.2: }}
  2: {tag: schedule, p0f_slots: 3, proxies: {203.0.113.21: }}
  3: {tag: purchase, p0f_slots: 1, proxies: {203.0.113.31: , 203.0.113.32: }}
  4: {tag: signatures, p0f_slots: 1, proxies: {203.0.113.41: , 203.0.113.42: }}
  5: {tag: marks, proxies: {203.0.113.51: , 203.0.113.52: }}
";

const BEFORE: &str = "
version: 1
orders:
  1: {p0f_slots: 1, keep: {203.0.113.1: win10, 203.0.113.2: }}
  2: {p0f_slots: 3, keep: {203.0.113.21: ios}}
  3: {p0f_slots: 1, keep: {203.0.113.31: ios, 203.0.113.32: }}
  4: {p0f_slots: 1, keep: {203.0.113.41: win10, 203.0.113.42: }}
  5: {keep: {203.0.113.51: , 203.0.113.52: }}
";

const AFTER: &str = "
version: 1
limits: {max_charge_cents: 100, max_removal_percent: 50}
orders:
  1: {p0f_slots: 2, keep: {203.0.113.1: win11}}
  2: {p0f_slots: 2, keep: {203.0.113.21: ios}}
  3: {p0f_slots: 2, keep: {203.0.113.31: ios, 203.0.113.32: linux}}
  4: {p0f_slots: 1, keep: {203.0.113.41: win11}}
  5: {keep: {203.0.113.51: }}
";

/// What a purchase of the second manifest costs.
const CHARGE_CENTS: u64 = 100;
/// An order in which the operation is needed, and comes first where it writes.
const ORDERS: [(Operation, u64); 7] = [
    (Operation::Active, 4),
    (Operation::Calculate, 4),
    (Operation::Cancel, 1),
    (Operation::Schedule, 2),
    (Operation::Purchase, 3),
    (Operation::SetSignatures, 4),
    (Operation::SetDelNp, 5),
];
/// Far more than any run needs: a client that is left waiting gives up after a second.
const SOON: Duration = Duration::from_secs(20);
/// The longest answer that is read is 64 MiB, and a debug build takes some 40 MiB by itself.
const MEMORY_KIB: u64 = 192 << 10;
const AT_ONCE: usize = 8;
/// The cells of each answer that a spread takes.
const SPREAD: usize = 2;

/// The account and the records from which every run starts.
struct Start {
    account: Account,
    records: BTreeMap<OrderId, Recorded>,
}

impl Start {
    async fn new() -> Start {
        let rig = Rig::new(ACCOUNT, BEFORE).await;
        assert_eq!(rig.complete(&[]).await, [0]);
        Start { account: rig.control().account(), records: rig.records() }
    }

    /// Puts a front before the API; what is recorded was recorded through it.
    async fn rig(&self) -> (Rig, Front) {
        let mut rig = Rig::with_account(self.account.clone(), AFTER).await;
        let front = Front::start(rig.url().trim_start_matches("http://").parse().expect("an address")).await;
        rig.ask_through(front.url());
        for (order, recorded) in &self.records {
            rig.put_record(*order, recorded);
        }
        rig.check_records();
        (rig, front)
    }
}

/// One answer to one operation.
#[derive(Clone)]
struct Cell {
    number: usize,
    order: u64,
    broken: Break,
}

impl Cell {
    fn name(&self) -> String {
        let Break { operation, carried_out, outage, answer } = &self.broken;
        let what = if *carried_out { "carried out" } else { "not carried out" };
        let more = if *outage { ", and so is all that follows" } else { "" };
        format!("{operation:?}, {what}, answered by {}{more}", answer.name)
    }
}

/// Every operation with every answer; writes both carried out and not, and a purchase also as the start of an outage.
fn cells(trap: &str) -> Vec<Cell> {
    let mut cells = Vec::new();
    for answer in answers::answers(trap) {
        for (operation, order) in ORDERS {
            for (carried_out, outage) in [(false, false), (true, false), (false, true), (true, true)] {
                let broken = Break { operation, carried_out, outage, answer: answer.clone() };
                if broken.makes_sense() {
                    cells.push(Cell { number: cells.len(), order, broken });
                }
            }
        }
    }
    cells
}

impl Break {
    fn makes_sense(&self) -> bool {
        let Break { operation, carried_out, outage, answer } = self;
        let heard = matches!(answer.heard, answers::Heard::All);
        match answer.meaning {
            // What was done is answered by the truth.
            Meaning::Done => *carried_out == operation.writes() && !outage,
            _ if *outage && *operation != Operation::Purchase => false,
            _ => !carried_out || operation.writes() && heard,
        }
    }
}

/// What the runs took in all.
#[derive(Default)]
struct Most {
    runs: AtomicUsize,
    memory_kib: AtomicUsize,
    slowest: Mutex<(Duration, String)>,
}

/// A listener that must never be asked.
struct Trap {
    url: String,
    arrived: Arc<AtomicUsize>,
}

impl Trap {
    async fn set() -> Trap {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let arrived = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&arrived);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counting.fetch_add(1, Ordering::SeqCst);
            }
        });
        Trap { url, arrived }
    }
}

#[tokio::test]
async fn a_spread_of_answers_ends_soon_and_leaves_a_true_record() {
    // Every answer in three cells, each to another operation than the answer before.
    let spread = |cells: Vec<Cell>| {
        let mut answers: Vec<(String, Vec<Cell>)> = Vec::new();
        for cell in cells {
            match answers.last_mut() {
                Some((name, cells)) if *name == cell.broken.answer.name => cells.push(cell),
                _ => answers.push((cell.broken.answer.name.clone(), vec![cell])),
            }
        }
        let some = |(nth, (_, cells)): (usize, (String, Vec<Cell>))| {
            let count = cells.len();
            (0..SPREAD).map(move |more| cells[(nth + more * count / SPREAD) % count].clone())
        };
        answers.into_iter().enumerate().flat_map(some).collect()
    };
    run(spread).await;
}

/// An order's list of IPs is the longest answer that is read, and no other takes more memory.
#[tokio::test]
async fn an_answer_without_an_end_takes_the_memory_of_the_longest_one() {
    let lists = |cells: Vec<Cell>| {
        let endless = |cell: &Cell| cell.broken.answer.name == "a body without an end";
        cells.into_iter().filter(|cell| cell.broken.operation == Operation::Active && endless(cell)).collect()
    };
    let memory_kib = run(lists).await;
    assert!(cfg!(not(target_os = "linux")) || memory_kib > 64 << 10, "it was read: {memory_kib} KiB");
}

#[tokio::test]
#[ignore = "minutes long: the whole matrix"]
async fn every_answer_to_every_operation_ends_soon_and_leaves_a_true_record() {
    run(|cells| cells).await;
}

/// Runs some of the cells, and returns the most memory that one of them took.
async fn run(choose: impl FnOnce(Vec<Cell>) -> Vec<Cell>) -> usize {
    let (start, trap, most) = (Start::new().await, Trap::set().await, Most::default());
    let cells = choose(cells(&trap.url));
    let count = cells.len();
    // All that fail are shown, not only the first.
    let survivors = stream::iter(cells).map(|cell| AssertUnwindSafe(survives(&start, cell, &most)).catch_unwind());
    let survivors: Vec<_> = survivors.buffer_unordered(AT_ONCE).collect().await;
    let failed = survivors.iter().filter(|survived| survived.is_err()).count();
    assert_eq!(failed, 0, "so many of {count} cells failed");
    assert_eq!(trap.arrived.load(Ordering::SeqCst), 0, "a redirect was followed");
    let (runs, memory_kib) = (most.runs.into_inner(), most.memory_kib.into_inner());
    let (took, slowest) = most.slowest.into_inner().expect("the slowest");
    println!("{count} cells, {runs} broken runs; at most {memory_kib} KiB, and {took:.1?} for: {slowest}");
    memory_kib
}

async fn survives(start: &Start, cell: Cell, most: &Most) {
    let (rig, front) = start.rig().await;
    let (truth, records) = (rig.truth(), rig.records());
    front.break_with(Some(cell.broken.clone()));
    let ran = broken_run(&rig, &cell, most).await;
    assert!(front.struck() > 0, "{}: {ran:?}", cell.name());
    check_exit(&rig, &cell, &ran, &truth);
    check_message(&cell, &ran);
    check_record(&rig, &cell, &records);
    if cell.broken.operation == Operation::Purchase {
        assert_eq!(front.struck(), 1, "sent once: {}: {ran:?}", cell.name());
    }
    if !cell.broken.operation.writes() {
        check_readers(&rig, &cell).await;
    }
    secrets::search(rig.path(""));
    front.break_with(None);
    if cell.broken.operation == Operation::Purchase {
        rig.complete(&["--order", &cell.order.to_string()]).await;
        assert_eq!(rig.charged(), CHARGE_CENTS, "{}", cell.name());
    }
}

/// Runs an apply as talkative as can be.
async fn broken_run(rig: &Rig, cell: &Cell, most: &Most) -> Ran {
    let Answer { waits, retries, .. } = &cell.broken.answer;
    let (order, retries) = (cell.order.to_string(), retries.to_string());
    let timeout = if *waits { "1" } else { "30" };
    let format = ["text", "json", "markdown"][cell.number % 3];
    let logs = ["text", "json"][cell.number % 2];
    let words = ["apply", "--apply", "-vvv", "--order", &order, "--format", format, "--log-format", logs];
    let limits = ["--timeout", timeout, "--retries", &retries, "--settle-timeout", "0.3"];
    let started = Instant::now();
    let run = rig.start(&[&words[..], &limits].concat());
    let (ran, memory_kib) = watched(run).await;
    let took = started.elapsed();
    assert!(took < SOON, "{}: {took:?}", cell.name());
    assert!(memory_kib < MEMORY_KIB, "{}: {memory_kib} KiB", cell.name());
    most.runs.fetch_add(1, Ordering::Relaxed);
    most.memory_kib.fetch_max(usize::try_from(memory_kib).expect("a number"), Ordering::Relaxed);
    let mut slowest = most.slowest.lock().expect("the slowest");
    if took > slowest.0 {
        *slowest = (took, cell.name());
    }
    ran
}

/// Waits for the end of a run, and returns the most memory that it was seen to hold where the system tells.
async fn watched(run: Started) -> (Ran, u64) {
    let status = format!("/proc/{}/status", run.pid());
    let mut most = 0;
    let watch = async {
        loop {
            let held = fs::read_to_string(&status).ok().and_then(|text| {
                let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
                line.trim().trim_end_matches(" kB").parse::<u64>().ok()
            });
            most = most.max(held.unwrap_or(0));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let ran = tokio::select! {
        ran = run.finish() => ran,
        () = watch => unreachable!("it watches for ever"),
    };
    (ran, most)
}

fn check_exit(rig: &Rig, cell: &Cell, ran: &Ran, before: &Value) {
    let Break { operation, carried_out, outage, answer } = &cell.broken;
    let expected = match answer.meaning {
        Meaning::Done => 0,
        Meaning::No => 1,
        Meaning::Unclear if !operation.writes() => 1,
        Meaning::Unclear if *operation != Operation::Purchase => 3,
        // The slots show it.
        Meaning::Unclear if *carried_out && !outage => 0,
        Meaning::Unclear => 4,
    };
    assert_eq!(ran.status, Some(expected), "{}: {ran:?}", cell.name());
    assert_eq!(rig.open_intents(), usize::from(expected == 4), "{}: {ran:?}", cell.name());
    if !*carried_out && answer.meaning != Meaning::Done {
        assert_eq!(rig.truth(), *before, "nothing was done: {}: {ran:?}", cell.name());
    }
    assert!(rig.charged() <= CHARGE_CENTS, "{}: {ran:?}", cell.name());
}

/// What went wrong is said in the words of the program: at which operation, and how far it got.
fn check_message(cell: &Cell, ran: &Ran) {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    let traces = ["panicked", "RUST_BACKTRACE", "Os {", "os error", "Error(", "Some(", "reqwest", "hyper"];
    for trace in traces {
        assert!(!said.contains(trace), "{}: `{trace}` in {ran:?}", cell.name());
    }
    if ran.status == Some(0) {
        return;
    }
    let operation = cell.broken.operation.path().rsplit_once("{order_id}/");
    let operation = operation.map_or("proxies/active", |(_, end)| end);
    let stages = ["refused with ", "no answer: ", "unreadable answer ", "unexpected answer: "];
    let clear = stages.iter().any(|stage| said.contains(&format!("{operation}: {stage}")));
    assert!(clear, "{}: {ran:?}", cell.name());
    if std::env::var_os("HOSTILE_MESSAGES").is_some() {
        let start = said.find(&format!("{operation}: ")).expect("the message");
        println!("{}\n    {}", cell.name(), said[start..].lines().next().unwrap_or_default());
    }
}

/// The commands that only read tell no more than an apply, and save no more.
async fn check_readers(rig: &Rig, cell: &Cell) {
    let Answer { waits, meaning, .. } = &cell.broken.answer;
    if *waits {
        return;
    }
    let (order, status) = (cell.order.to_string(), i32::from(*meaning != Meaning::Done));
    let commands =
        [&["plan", "--out", "saved-plan.json", "--order", &order][..], &["status", &order], &["import", &order]];
    for command in commands {
        rig.run(&[command, &["-vvv", "--retries", "0"]].concat()).await.expect(status);
    }
}

/// What is recorded is what was acknowledged, now or before, and true unless the answer was a lie.
fn check_record(rig: &Rig, cell: &Cell, before: &BTreeMap<OrderId, Recorded>) {
    let Break { operation, answer, .. } = &cell.broken;
    if answer.meaning == Meaning::No || !operation.writes() && answer.meaning != Meaning::Done {
        return assert_eq!(rig.records(), *before, "{}", cell.name());
    }
    rig.check_records();
}

/// Where not even the operation is known, nothing was done and nothing is recorded.
#[tokio::test]
async fn a_connection_that_is_closed_at_once_is_no_answer() {
    let start = Start::new().await;
    let (rig, front) = start.rig().await;
    front.close_beyond(0);
    let (truth, records) = (rig.truth(), rig.records());
    let ran = rig.run(&["apply", "--apply", "-vvv", "--retries", "1"]).await.expect(1);
    assert!(ran.stdout.contains("proxies/active: no answer: the connection broke"), "{ran:?}");
    assert_eq!((rig.truth(), rig.records()), (truth, records));
    secrets::search(rig.path(""));
}

#[tokio::test]
async fn a_purchase_whose_connection_is_closed_at_once_is_unknown_and_not_made_again() {
    let start = Start::new().await;
    let (rig, front) = start.rig().await;
    // The purchase alone takes a connection of its own.
    front.close_beyond(1);
    let words = ["apply", "--apply", "-vvv", "--order", "3", "--concurrency", "1", "--settle-timeout", "0.3"];
    let ran = rig.run(&words).await.expect(4);
    assert!(ran.stdout.contains("addons/purchase: no answer: the connection broke"), "{ran:?}");
    assert_eq!((front.connections(), rig.charged(), rig.open_intents()), (2, 0, 1), "{ran:?}");
    rig.check_records();
    front.close_beyond(usize::MAX);
    assert_eq!(rig.complete(&["--order", "3"]).await, [1, 0]);
    assert_eq!(rig.charged(), CHARGE_CENTS);
    secrets::search(rig.path(""));
}
