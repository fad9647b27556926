//! A thousand applies in a row in one process, with random manifests, errors and crashes: nothing is charged twice,
//! the record never claims what is not so, and neither memory nor open files nor stored files grow.
//!
//! `cargo test --test it -- --ignored --nocapture soak`; `SOAK_APPLIES` and `SOAK_SEED` set how many and which.

use std::collections::BTreeMap;
use std::fs;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::json;
use shardctl::api::{self, Connection, Observer, RequestEnded, Settings, Token, Waiting, Writer};
use shardctl::apply::{self, ApplyEvents, ApplySettings, Context, Stop};
use shardctl::diagnostic::ProblemCode;
use shardctl::model::{Cents, OrderId, Outcome, ProxyIp, Report, StepResult};
use shardctl::plan::{Options, Plan, Step};
use shardctl::sandbox::Account;
use shardctl::state::{Directory, Records};
use tokio_util::sync::CancellationToken;

use crate::executor::{declared, make_plan};
use crate::manifest::size::memory;
use crate::money::UNDER_WAY;
use crate::money::random::{self, Case, Dice};
use crate::rig::{Rig, STATE, listen};

/// Accounts side by side: an apply mostly waits.
const WORLDS: usize = 8;
/// Applies of an account between two renewals, at least: six that break, and those that complete what is left.
const ROUND: usize = 10;
const ACCOUNT: &str = "
token: t0ken
wallet_cents: 100000
slot_price_cents: 100
orders:
  1: {proxies: {203.0.1.1: , 203.0.1.2: , 203.0.1.3: , 203.0.1.4: }}
  2: {p0f_slots: 3, proxies: {203.0.2.1: , 203.0.2.2: , 203.0.2.3: , 203.0.2.4: }}
  3: {p0f_slots: 2, proxies: {203.0.3.1: , 203.0.3.2: , 203.0.3.3: , 203.0.3.4: }}
";
/// What the allocator may keep on top of what it had a third of the way through.
const MEMORY_TOLERANCE_KIB: u64 = 4 << 10;
/// Idle connections that one account may keep: both ends of each are in this process.
const HANDLES_TOLERANCE: usize = 2 * WORLDS;

#[tokio::test]
#[ignore = "takes half a minute"]
async fn a_thousand_applies_charge_once_lose_nothing_and_grow_nothing() {
    let (applies, seed) = (from_environment("SOAK_APPLIES", 1000), from_environment("SOAK_SEED", 1));
    Footprint::assert_stable(&soak(applies, seed).await);
}

/// What the long run asserts of every apply, in every run of the tests.
#[tokio::test]
async fn some_applies_charge_once_and_lose_nothing() {
    soak(1, 2).await;
}

/// Applies so often and more, and returns what the process held after each third.
#[allow(clippy::print_stderr)]
async fn soak(applies: u64, seed: u64) -> Vec<Footprint> {
    let start = Instant::now();
    let mut worlds = Vec::new();
    for number in 0..WORLDS {
        worlds.push(World::open(seed.wrapping_mul(WORLDS as u64).wrapping_add(number as u64)).await);
    }
    let rounds = (applies as usize).div_ceil(3 * WORLDS * ROUND);
    let mut seen = Vec::new();
    for third in 1..=3 {
        stream::iter(&mut worlds).for_each_concurrent(WORLDS, |world| world.rounds(rounds)).await;
        let mut tally = Tally::default();
        worlds.iter().for_each(|world| tally += world.tally);
        seen.push(Footprint::of(&worlds));
        eprintln!("seed {seed}, {third}/3, {:.0} s: {tally:?} {:?}", start.elapsed().as_secs_f64(), seen[third - 1]);
    }
    seen
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// What the process and the state directories hold.
#[derive(Debug)]
struct Footprint {
    memory_kib: u64,
    handles: usize,
    files: usize,
}

impl Footprint {
    fn of(worlds: &[World]) -> Footprint {
        let entries = |path: &str| fs::read_dir(path).map_or(0, Iterator::count);
        Footprint {
            memory_kib: memory("VmRSS"),
            handles: entries("/proc/self/fd"),
            files: worlds.iter().map(|world| entries(&world.rig.path(STATE).display().to_string())).sum(),
        }
    }

    /// Compares what there was a third of the way through with what there was later; only Linux tells of itself.
    fn assert_stable(seen: &[Footprint]) {
        let [first, .., last] = seen else { panic!("{seen:?}") };
        for later in seen {
            assert_eq!(later.files, WORLDS * 4, "three records and a lock for each account: {seen:?}");
            assert!(later.handles <= first.handles + HANDLES_TOLERANCE, "{seen:?}");
        }
        assert!(last.memory_kib <= first.memory_kib + MEMORY_TOLERANCE_KIB, "{seen:?}");
    }
}

/// How the applies ended.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    applies: usize,
    complete: usize,
    partial: usize,
    failed: usize,
    unknown: usize,
    blocked: usize,
    cut_short: usize,
    faults: u64,
    requests: usize,
    charges: usize,
    renewals: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        let Tally { applies, complete, partial, failed, unknown, blocked, .. } = other;
        let Tally { cut_short, faults, requests, charges, renewals, .. } = other;
        self.applies += applies;
        self.complete += complete;
        self.partial += partial;
        self.failed += failed;
        self.unknown += unknown;
        self.blocked += blocked;
        self.cut_short += cut_short;
        self.faults += faults;
        self.requests += requests;
        self.charges += charges;
        self.renewals += renewals;
    }
}

/// Counts what is sent, without keeping it.
#[derive(Default)]
struct Sent {
    requests: AtomicUsize,
    purchases: AtomicUsize,
}

impl Observer for Sent {
    fn request_ended(&self, request: &RequestEnded<'_>) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if request.endpoint == api::Endpoint::PurchaseAddon {
            self.purchases.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn waiting(&self, _waiting: &Waiting<'_>) {}
}

struct Quiet;

impl ApplyEvents for Quiet {
    fn order_started(&self, _order_id: OrderId) {}
    fn step_ended(&self, _order_id: OrderId, _step: &Step, _result: &StepResult) {}
    fn order_ended(&self, _order_id: OrderId) {}
}

/// An account whose manifest changes all the time, and the one who applies it.
struct World {
    rig: Rig,
    dice: Dice,
    sent: Arc<Sent>,
    tally: Tally,
    /// The last number of the address that the vendor handed out last.
    newest_address: u16,
}

impl World {
    async fn open(seed: u64) -> World {
        let account = Account::from_yaml(ACCOUNT).expect("a valid account");
        let sandbox = listen(account).await;
        // The requests of a long run are memory that grows.
        let rig = Rig::serving(sandbox.without_request_log(), "");
        World { rig, dice: Dice::new(seed), sent: Arc::default(), tally: Tally::default(), newest_address: 4 }
    }

    async fn rounds(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for _ in 4..ROUND {
                self.broken_apply().await;
                if self.dice.one_in(3) {
                    self.rig.let_eleven_minutes_pass();
                }
            }
            self.converge().await;
            self.renew();
            // What is recorded is from before the renewal until somebody looks.
            self.converge().await;
        }
    }

    /// Applies with errors, and one time in four cuts it short at any moment, as a crash does.
    async fn broken_apply(&mut self) {
        let before = self.account();
        let case = Case::of(&before, &mut self.dice);
        let unsettled = case.unsettled(&self.rig, &random::World::CALM);
        self.rig.break_with(random::World::CALM.faults(&mut self.dice));
        let patience = if self.dice.one_in(4) { self.dice.below(40) } else { 60_000 };
        let (retries, keep_going) = (self.dice.below(2) as u32, self.dice.one_in(2));
        let (timeout, waits) = (Duration::from_millis(100), Duration::from_millis(300));
        let settings = Settings { concurrency: 4, retries, timeout, patience: waits, ..Settings::default() };
        let purchases = self.sent.purchases.load(Ordering::Relaxed);
        let applying = self.apply(&case, settings, keep_going);
        let ended = tokio::time::timeout(Duration::from_millis(patience), applying).await;
        assert!(ended.is_ok() || patience < 60_000, "it never ends: {case:?} {:?}", self.rig.control().faults());
        tokio::time::sleep(UNDER_WAY).await;

        let context = format!("{case:?} {ended:?} {:?}", self.rig.control().faults());
        self.rig.check_records();
        let sent = self.sent.purchases.load(Ordering::Relaxed) - purchases;
        assert!(sent <= unsettled.iter().filter(|unsettled| !**unsettled).count(), "{sent} purchases: {context}");
        let charged = self.check_charges(&before, &case, &unsettled, &context);
        if let Ok(Some((plan, report))) = &ended {
            check_report(plan, report, charged, &context);
            self.check_memory_of_what_was_done(plan, report, &context);
        }
        match ended {
            Ok(None) => assert_eq!(charged, 0, "{context}"),
            Ok(Some((_, report))) => self.count(Some(report)),
            Err(_) => self.count(None),
        }
    }

    /// Makes a plan in a process that has just started, and carries it out; `None` where nothing could be read at all.
    async fn apply(&self, case: &Case, settings: Settings, keep_going: bool) -> Option<(Plan, Report)> {
        let url = self.rig.url().parse().expect("a good URL");
        let token = Token::new(self.rig.control().token()).expect("a good token");
        let connection =
            Connection::observed(url, token, settings, Arc::<Sent>::clone(&self.sent), CancellationToken::new());
        let writer = Writer::new(connection.expect("a connection"));
        let store = Records::new(Arc::new(Directory::new(self.rig.path(STATE))), self.rig.url());
        let lock = store.place().lock().await.expect("nobody else applies");
        // Whoever made the manifest has seen the IPs that the vendor handed out.
        let options = Options { allow_removals: Some(usize::MAX), ..Options::at(Timestamp::now()) };
        let plan = make_plan(&writer, &store, &declared(case.manifest(case.charge())), &options).await.ok()?;
        let settings = ApplySettings {
            keep_going,
            settle_timeout: Duration::from_millis(50),
            settle_interval: Duration::from_millis(10),
            ..ApplySettings::default()
        };
        // The caller judges whether a plan may be carried out in part.
        let stop = Stop::default();
        if plan.is_blocked() && !keep_going {
            stop.request();
        }
        let context = Context {
            writer: &writer,
            records: &store,
            lock: &*lock,
            settings: &settings,
            events: &Quiet,
            stop: &stop,
        };
        let report = apply::apply(&plan, context).await;
        lock.release().await;
        Some((plan, report))
    }

    /// Applies without errors until all of a manifest holds and nothing is left to do.
    async fn converge(&mut self) {
        self.rig.break_with(json!([]));
        let before = self.account();
        // Slots that no manifest speaks of are not read, and may become too few for the signatures.
        let manages_all = |dice: &mut Dice| Some(Case::of(&before, dice)).filter(Case::manages_all_slots);
        let case = std::iter::repeat_with(|| manages_all(&mut self.dice)).flatten().next().expect("one in three");
        self.rig.control().with_account(|account| account.charges.clear());
        for attempt in 0.. {
            let applied = self.apply(&case, Settings::default(), false).await;
            let (plan, report) = applied.expect("nothing is broken");
            self.rig.check_records();
            self.count(Some(report.clone()));
            if !plan.has_changes() && !plan.is_blocked() {
                break;
            }
            let complete = report.outcome() == Outcome::Complete;
            let codes: Vec<ProblemCode> = plan.problems().map(|problem| problem.code).collect();
            let unsettled = codes.iter().all(|code| *code == ProblemCode::PurchaseUnsettled) && !codes.is_empty();
            assert!(attempt < 3 && (complete || unsettled), "it never ends: {case:?} {plan:?} {report:?}");
            self.rig.let_eleven_minutes_pass();
        }
        case.check(&self.rig);
    }

    /// Lets a month pass: IPs leave, slots end, and for each IP that left the vendor hands out another.
    fn renew(&mut self) {
        let newest = &mut self.newest_address;
        self.rig.control().with_account(|account| {
            for id in account.orders.keys().copied().collect::<Vec<_>>() {
                let had = account.orders[&id].proxies.len();
                account.renew(id).expect("an order");
                let proxies = &mut account.orders.get_mut(&id).expect("an order").proxies;
                let mut fresh = *proxies.values().next().expect("no order runs empty");
                (fresh.signature, fresh.del_np) = (None, false);
                while proxies.len() < had {
                    *newest += 1;
                    let [high, low] = newest.to_be_bytes();
                    let ip: ProxyIp = format!("203.{id}.{high}.{low}").parse().expect("an address");
                    proxies.insert(ip, fresh);
                }
            }
            account.wallet_cents = Cents(100_000);
        });
        self.rig.let_eleven_minutes_pass();
        self.tally.renewals += 1;
    }

    fn account(&self) -> Account {
        self.rig.control().account()
    }

    /// Returns what was charged since, in cents: at most what was missing, and nothing while a purchase is unsettled.
    fn check_charges(&mut self, before: &Account, case: &Case, unsettled: &[bool], context: &str) -> u64 {
        let account = self.account();
        let charges = &account.charges[before.charges.len()..];
        self.tally.charges += charges.len();
        let mut bought: BTreeMap<u64, u64> = BTreeMap::new();
        for charge in charges {
            let again = bought.insert(charge.order_id.get(), charge.charge_cents.0);
            assert_eq!(again, None, "charged twice: {context}");
        }
        for ((id, missing), unsettled) in case.charges().zip(unsettled) {
            let charged = bought.remove(&id).unwrap_or(0);
            assert!(charged == 0 || (charged == missing && !unsettled), "order {id}: {charged} cents: {context}");
        }
        charges.iter().map(|charge| charge.charge_cents.0).sum()
    }

    /// What was acknowledged is recorded, and an unknown purchase keeps its intent.
    fn check_memory_of_what_was_done(&self, plan: &Plan, report: &Report, context: &str) {
        let records = self.rig.records();
        for (order, report) in plan.orders.iter().zip(&report.orders) {
            for (operation, result) in order.steps.iter().zip(&report.results) {
                let recorded = || records.get(&order.order_id).unwrap_or_else(|| panic!("no record: {context}"));
                let remembered = match (result, operation) {
                    (StepResult::Unknown { .. }, _) => recorded().purchase.is_some(),
                    (StepResult::Done, Step::SetSignatures { items }) => {
                        items.iter().all(|item| recorded().signatures.get(&item.ip) == Some(&item.to))
                    }
                    (StepResult::Done, Step::SetDelNp { items }) => {
                        items.iter().all(|item| recorded().del_np.get(&item.ip) == Some(&item.to))
                    }
                    (StepResult::Done, Step::PurchaseSlots { .. }) => recorded().purchase.is_none(),
                    (StepResult::Done, Step::ScheduleDowngrade { next_qty, .. }) => {
                        let pending = recorded().slots.and_then(|slots| slots.pending);
                        pending.is_some_and(|pending| pending.next_qty() == *next_qty)
                    }
                    _ => true,
                };
                assert!(remembered, "order {}: {operation:?}: {context}", order.order_id);
            }
        }
    }

    fn count(&mut self, report: Option<Report>) {
        let tally = &mut self.tally;
        tally.applies += 1;
        tally.requests = self.sent.requests.load(Ordering::Relaxed);
        tally.faults += self.rig.control().faults().iter().map(|fault| fault.fired).sum::<u64>();
        let ended = match report {
            None => &mut tally.cut_short,
            Some(report) if report.has_unknown() => &mut tally.unknown,
            Some(report) if report.interrupted => &mut tally.blocked,
            Some(report) => match report.outcome() {
                Outcome::Partial => &mut tally.partial,
                Outcome::Failed => &mut tally.failed,
                Outcome::Complete | Outcome::NothingToDo => &mut tally.complete,
            },
        };
        *ended += 1;
    }
}

/// The report tells of every charge, but for a purchase of which it says that its outcome is unknown.
fn check_report(plan: &Plan, report: &Report, charged: u64, context: &str) {
    let said = report.charged().0;
    assert!(said <= charged && charged <= plan.summary().charge.0, "charged {charged}: {context}");
    assert!(said == charged || report.has_unknown(), "only an unknown purchase can be missing: {context}");
    assert!(charged == 0 || report.outcome() != Outcome::Failed, "{context}");
}
