//! One answer to one operation: a run of the program, and what must hold of it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use shardctl::model::{OrderId, Recorded};
use shardctl::sandbox::Operation;

use super::answers::{self, Answer, Meaning};
use super::front::Break;
use super::{CHARGE_CENTS, Starts, secrets};
use crate::rig::{Ran, Rig, Started};

/// An order in which the operation is needed, and comes first where it writes.
const ORDERS: [(Operation, u64); 11] = [
    (Operation::Active, 4),
    (Operation::Calculate, 4),
    (Operation::Cancel, 1),
    (Operation::Schedule, 2),
    (Operation::Purchase, 3),
    (Operation::SetSignatures, 4),
    (Operation::SetDelNp, 5),
    (Operation::SetAutoRenewal, 6),
    (Operation::Order, 4),
    (Operation::Orders, 4),
    (Operation::Me, 3),
];
/// Far more than any run needs: a client that is left waiting gives up after a second.
const SOON: Duration = Duration::from_secs(20);
/// The longest answer that is read is 64 MiB; everything else takes less than 20 MiB.
const MEMORY_KIB: u64 = 128 << 10;

/// One answer to one operation.
#[derive(Clone)]
pub struct Cell {
    number: usize,
    order: u64,
    pub broken: Break,
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
pub fn cells(trap: &str) -> Vec<Cell> {
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
    /// Returns whether a run can do without the operation, as long as its token is not refused.
    fn can_be_missed(&self) -> bool {
        matches!(self.operation, Operation::Order | Operation::Me) && !self.answer.name.starts_with("401")
    }

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
pub struct Most {
    pub runs: AtomicUsize,
    pub memory_kib: AtomicUsize,
    pub slowest: Mutex<(Duration, String)>,
}

/// Runs a cell and holds everything that came of it against what has to be.
pub async fn survives(starts: &Starts, cell: Cell, most: &Most) {
    let (rig, front) = starts.of(cell.broken.operation).rig().await;
    let (truth, records) = (rig.truth(), rig.records());
    front.break_with(Some(cell.broken.clone()));
    let ran = broken_run(&rig, &cell, most).await;
    assert!(front.struck() > 0, "{}: {ran:?}", cell.name());
    check_exit(&rig, &cell, &ran, &truth);
    check_message(&cell, &ran);
    check_record(&rig, &cell, &records);
    match cell.broken.operation {
        operation if !operation.writes() => check_readers(&rig, &cell).await,
        Operation::Purchase => assert_eq!(front.struck(), 1, "sent once: {}: {ran:?}", cell.name()),
        _ => {}
    }
    secrets::search(rig.path(""));
    front.break_with(None);
    goes_on(&rig, &cell).await;
}

/// Once the server is well again, the next runs bring about what is declared, and buy nothing twice.
async fn goes_on(rig: &Rig, cell: &Cell) {
    let Break { operation, carried_out, answer, .. } = &cell.broken;
    let order = cell.order.to_string();
    // The server said that a downgrade was still scheduled which it had taken back.
    let misled = *operation == Operation::Cancel && *carried_out && answer.meaning == Meaning::No;
    let flags = [&["--order", &order][..], if misled { &["--reassert"] } else { &[] }].concat();
    rig.complete(&flags).await;
    rig.run(&["plan", "--detailed-exitcode", "--order", &order]).await.exits(0);
    let buys = matches!(operation, Operation::Purchase | Operation::Me);
    let charge = if buys { CHARGE_CENTS } else { 0 };
    assert_eq!(rig.charged(), charge, "{}", cell.name());
}

/// Runs an apply, or what lists all orders, as talkative as can be.
async fn broken_run(rig: &Rig, cell: &Cell, most: &Most) -> Ran {
    let Answer { waits, retries, .. } = &cell.broken.answer;
    // What is asked next may meet a connection that is about to close.
    let retries = (*retries).max(u32::from(cell.broken.can_be_missed()));
    let (order, retries) = (cell.order.to_string(), retries.to_string());
    let timeout = if *waits { "1" } else { "30" };
    let format = ["text", "json", "markdown"][cell.number % 3];
    let logs = ["text", "json"][cell.number % 2];
    let apply = ["apply", "--apply", "--order", &order, "--settle-timeout", "0.3", "--format", format];
    let list = ["status", "--all", "--format", format];
    let words = if cell.broken.operation == Operation::Orders { &list[..] } else { &apply };
    let more = ["-vvv", "--log-format", logs, "--timeout", timeout, "--retries", &retries];
    let started = Instant::now();
    let run = rig.start(&[words, &more].concat());
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
        _ if cell.broken.can_be_missed() => 0,
        Meaning::No => 1,
        Meaning::Unclear if !operation.writes() => 1,
        Meaning::Unclear if *operation != Operation::Purchase => 3,
        // The slots show it.
        Meaning::Unclear if *carried_out && !outage => 0,
        Meaning::Unclear => 4,
    };
    assert_eq!(ran.status, Some(expected), "{}: {ran:?}", cell.name());
    assert_eq!(rig.open_intents(), usize::from(expected == 4), "{}: {ran:?}", cell.name());
    if !*carried_out && expected != 0 {
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
    let path = cell.broken.operation.path();
    let path = path.strip_prefix("/user/api/").expect("a path of the API");
    let operation = path.trim_start_matches("orders/{order_id}/").trim_end_matches("/{order_id}");
    let stages = ["refused with ", "no answer: ", "unreadable answer ", "unexpected answer: "];
    let clear = stages.iter().any(|stage| said.contains(&format!("{operation}: {stage}")));
    assert!(clear, "{}: {ran:?}", cell.name());
}

/// The commands that only read tell no more than an apply, and save no more.
async fn check_readers(rig: &Rig, cell: &Cell) {
    let Break { operation, answer, .. } = &cell.broken;
    let Answer { waits, meaning, .. } = answer;
    if *waits {
        return;
    }
    let (order, status) = (cell.order.to_string(), i32::from(*meaning != Meaning::Done));
    let refuses_token = answer.name.starts_with("401");
    let ends = |can_be_missed: bool| if can_be_missed && !refuses_token { 0 } else { status };
    // What is only shown can do without the number of slots.
    let (asked, shown) = match operation {
        Operation::Orders => (0, 0),
        Operation::Calculate => (status, ends(true)),
        // Only a plan that charges, and a forecast, look at the wallet.
        Operation::Me => (ends(true), 0),
        _ => (ends(cell.broken.can_be_missed()), ends(cell.broken.can_be_missed())),
    };
    let forecast: (&[&str], i32) = match operation {
        Operation::Orders => (&["forecast", "--all"], status),
        Operation::Me => (&["forecast", "--order", &order], asked),
        _ => (&["forecast", "--order", &order], shown),
    };
    let commands = [
        (&["plan", "--out", "saved-plan.json", "--order", &order][..], asked),
        (&["status", &order], shown),
        (&["import", &order], shown),
        forecast,
    ];
    for (command, status) in commands {
        let retries = if cell.broken.can_be_missed() { "1" } else { "0" };
        rig.run(&[command, &["-vvv", "--retries", retries]].concat()).await.exits(status);
    }
}

/// What is recorded is what was acknowledged, now or before, and true unless the answer was a lie.
fn check_record(rig: &Rig, cell: &Cell, before: &BTreeMap<OrderId, Recorded>) {
    let Break { operation, answer, .. } = &cell.broken;
    let nothing_was_done = answer.meaning == Meaning::No || !operation.writes() && answer.meaning != Meaning::Done;
    if nothing_was_done && !cell.broken.can_be_missed() {
        return assert_eq!(rig.records(), *before, "{}", cell.name());
    }
    rig.check_records();
}
