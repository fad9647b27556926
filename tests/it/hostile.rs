//! A server that answers an operation with anything at all: each run ends soon, in little memory, with a clear message,
//! the right exit status, a record that claims nothing false, no purchase sent twice, and no secret told.
//!
//! `a_spread_of_answers…` takes every answer once and every operation many times. The whole matrix:
//! `cargo test --test it hostile:: -- --ignored --nocapture`

mod answers;
mod cell;
mod front;
mod secrets;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{FutureExt, StreamExt, stream};
use shardctl::model::{OrderId, Recorded};
use shardctl::sandbox::{Account, Operation, Tells};
use tokio::net::TcpListener;

use crate::rig::Rig;
use cell::{Cell, Most, cells, survives};
use front::Front;

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
  6: {tag: renewal, proxies: {203.0.113.61: }}
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
const AT_ONCE: usize = 8;

/// The account and the records from which every run starts.
pub struct Start {
    account: Account,
    records: BTreeMap<OrderId, Recorded>,
    declared: String,
}

/// What only a server of the newer description can be asked for: that an order renews by itself.
fn with_renewal(manifest: &str, is_automatic: bool) -> String {
    format!("{manifest}  6: {{auto_renewal: {is_automatic}}}\n")
}

/// An operation of the vendor's newer description is broken on a server that has all of them.
pub struct Starts {
    older: Start,
    newer: Start,
}

impl Starts {
    async fn new() -> Starts {
        let before = with_renewal(BEFORE, false);
        let newer = Start::with(Tells::everything(), &before, with_renewal(AFTER, true)).await;
        Starts { older: Start::new().await, newer }
    }

    pub fn of(&self, operation: Operation) -> &Start {
        let is_newer =
            matches!(operation, Operation::Order | Operation::Orders | Operation::Me | Operation::SetAutoRenewal);
        if is_newer { &self.newer } else { &self.older }
    }
}

impl Start {
    async fn new() -> Start {
        Start::with(Tells::older(), BEFORE, AFTER.to_owned()).await
    }

    async fn with(tells: Tells, before: &str, declared: String) -> Start {
        let mut account = Account::from_yaml(ACCOUNT).expect("a valid account");
        account.tells = tells;
        let rig = Rig::with_account(account, before).await;
        assert_eq!(rig.complete(&[]).await, [0]);
        Start { account: rig.control().account(), records: rig.records(), declared }
    }

    /// Puts a front before the API; what is recorded was recorded through it.
    async fn rig(&self) -> (Rig, Front) {
        let mut rig = Rig::with_account(self.account.clone(), &self.declared).await;
        let front = Front::start(rig.url().trim_start_matches("http://").parse().expect("an address")).await;
        rig.ask_through(front.url());
        for (order, recorded) in &self.records {
            rig.put_record(*order, recorded);
        }
        rig.check_records();
        (rig, front)
    }
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
    // Every answer in one cell, each in another than the answers before it.
    let spread = |cells: Vec<Cell>| {
        let mut answers: Vec<Vec<Cell>> = Vec::new();
        for cell in cells {
            match answers.last_mut() {
                Some(cells) if cells[0].broken.answer.name == cell.broken.answer.name => cells.push(cell),
                _ => answers.push(vec![cell]),
            }
        }
        let one = |(nth, cells): (usize, Vec<Cell>)| cells[(nth + nth / cells.len()) % cells.len()].clone();
        answers.into_iter().enumerate().map(one).collect()
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

/// Runs some of the cells, says what it took, and returns the most memory that one of them took.
#[allow(clippy::print_stderr)]
async fn run(choose: impl FnOnce(Vec<Cell>) -> Vec<Cell>) -> usize {
    let (starts, trap, most) = (Starts::new().await, Trap::set().await, Most::default());
    let cells = choose(cells(&trap.url));
    let count = cells.len();
    // All that fail are shown, not only the first.
    let survivors = stream::iter(cells).map(|cell| AssertUnwindSafe(survives(&starts, cell, &most)).catch_unwind());
    let survivors: Vec<_> = survivors.buffer_unordered(AT_ONCE).collect().await;
    let failed = survivors.iter().filter(|survived| survived.is_err()).count();
    assert_eq!(failed, 0, "so many of {count} cells failed");
    assert_eq!(trap.arrived.load(Ordering::SeqCst), 0, "a redirect was followed");
    let (runs, memory_kib) = (most.runs.into_inner(), most.memory_kib.into_inner());
    let (took, slowest) = most.slowest.into_inner().expect("the slowest");
    eprintln!("{count} cells, {runs} broken runs; at most {memory_kib} KiB, and {took:.1?} for: {slowest}");
    memory_kib
}

/// Where not even the operation is known, nothing was done and nothing is recorded.
#[tokio::test]
async fn a_connection_that_is_closed_at_once_is_no_answer() {
    let start = Start::new().await;
    let (rig, front) = start.rig().await;
    front.close_beyond(0);
    let (truth, records) = (rig.truth(), rig.records());
    let ran = rig.run(&["apply", "--apply", "-vvv", "--retries", "1"]).await.exits(1);
    assert!(ran.stderr.contains("the API cannot be reached: "), "{ran:?}");
    assert!(ran.stderr.contains("no answer: the connection broke"), "{ran:?}");
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
    let ran = rig.run(&words).await.exits(4);
    assert!(ran.stdout.contains("addons/purchase: no answer: the connection broke"), "{ran:?}");
    assert_eq!((front.connections(), rig.charged(), rig.open_intents()), (2, 0, 1), "{ran:?}");
    rig.check_records();
    front.close_beyond(usize::MAX);
    assert_eq!(rig.complete(&["--order", "3"]).await, [1, 0]);
    assert_eq!(rig.charged(), CHARGE_CENTS);
    secrets::search(rig.path(""));
}
