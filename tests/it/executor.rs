//! The executor against a simulated account: what is carried out, what is recorded when, and what stops it.
//!
//! Every record that is stored is compared with the account: it must not claim what is not so, neither when it is
//! stored nor for as long as it stands.

mod items;
mod money;
mod naps;
mod operations;
mod purchase;
mod records;
mod untold;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use jiff::Timestamp;
use serde_json::Value;
use shardctl::api::{Connection, Settings, Token, Writer};
use shardctl::apply::{self, ApplyEvents, ApplySettings, Context, Stop};
use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::manifest;
use shardctl::model::{Desired, OrderId, Outcome, ProxyIp, Recorded, Report, Signature, StepResult};
use shardctl::plan::{Options, Plan, Step};
use shardctl::reconcile::{NoProgress, ObserveError, Pass};
use shardctl::render::problem;
use shardctl::sandbox::{Account, Control, FaultRule, Running, Tells};
use shardctl::state::{Holder, Lock, Place, Records, StoreError, StoreErrorKind, Stored, decode, encode, record_name};

use crate::rig::listen;

/// The API that the records belong to; where it really listens makes no difference to them.
const API_URL: &str = "https://user-api.proxyshard.com";

/// One slot to buy or two to give up, signatures, marks; a second order behind it.
const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 150
orders:
  1:
    p0f_slots: 3
    proxies:
      203.0.113.10: linux
      203.0.113.11: {signature: win10, del_np: true}
      203.0.113.12:
      203.0.113.13:
  2: {p0f_slots: 2, proxies: {198.51.100.7: }}
";
/// Needs a cancel, a purchase, signatures and marks for order 1.
const MORE: &str = "
  1:
    p0f_slots: 4
    keep: {203.0.113.10: win11, 203.0.113.11: macos, 203.0.113.12: ios}
";
/// Needs a cancel, signatures, marks and a downgrade for order 1.
const FEWER: &str = "
  1:
    p0f_slots: 2
    keep: {203.0.113.10: win11, 203.0.113.11: macos, 203.0.113.12: }
";

/// A simulated account, a client, and a store that watches what is recorded.
struct World {
    sandbox: Running,
    writer: Writer,
    store: Arc<Watched>,
    records: Records,
    settings: ApplySettings,
    stop: Stop,
    events: Events,
}

impl World {
    async fn open(account: &str) -> World {
        World::with(account, 0, 4).await
    }

    async fn with(account: &str, retries: u32, concurrency: usize) -> World {
        let mut account = Account::from_yaml(account).expect("a valid account");
        // Most is left to what is recorded.
        account.tells = Tells::older();
        let sandbox = listen(account).await.spawn();
        let url = sandbox.url().parse().expect("a good URL");
        let (timeout, patience) = (Duration::from_secs(10), Duration::from_secs(1));
        let settings = Settings { concurrency, retries, timeout, patience, ..Settings::default() };
        let token = Token::new(sandbox.control().token()).expect("a good token");
        let writer = Writer::new(Connection::new(url, token, settings).expect("a connection"));
        let settings = ApplySettings {
            settle_timeout: Duration::from_millis(200),
            settle_interval: Duration::from_millis(20),
            ..ApplySettings::default()
        };
        let store = Arc::new(Watched::over(sandbox.control().clone()));
        let records = Records::new(Arc::clone(&store) as Arc<dyn Place>, API_URL);
        World { sandbox, writer, store, records, settings, stop: Stop::default(), events: Events::default() }
    }

    fn control(&self) -> &Control {
        self.sandbox.control()
    }

    fn break_with(&self, rules: Value) {
        let rules: Vec<FaultRule> = serde_json::from_value(rules).expect("rules");
        self.control().set_faults(rules);
    }

    /// Makes the plan for some orders, by what is live and recorded now.
    async fn plan(&self, orders: &str) -> Plan {
        let options = Options::at(Timestamp::now());
        let plan = make_plan(&self.writer, &self.records, &desired(orders), &options).await;
        plan.expect("a good token and readable records")
    }

    async fn carry_out(&self, plan: &Plan) -> Report {
        self.carry_out_under(&Held::default(), plan).await
    }

    async fn carry_out_under(&self, lock: &dyn Lock, plan: &Plan) -> Report {
        let World { writer, records, settings, events, stop, .. } = self;
        let report = apply::apply(plan, Context { writer, records, lock, settings, events, stop }).await;
        self.store.check_all();
        report
    }

    /// Plans and carries out, whatever comes of it.
    async fn apply(&self, orders: &str) -> Report {
        let plan = self.plan(orders).await;
        assert!(!plan.is_blocked(), "{:?}", plan.problems().collect::<Vec<_>>());
        self.carry_out(&plan).await
    }

    /// Asserts that a further apply completes and that the plan behind it is empty.
    async fn converges(&self, orders: &str) {
        self.break_with(serde_json::json!([]));
        let report = self.apply(orders).await;
        assert!(matches!(report.outcome(), Outcome::Complete | Outcome::NothingToDo), "{report:?}");
        let plan = self.plan(orders).await;
        assert!(!plan.has_changes() && !plan.is_blocked(), "{plan:?}");
    }

    /// Returns the operations and answers of the writes, as in `set_del_np 200`.
    fn writes(&self) -> Vec<String> {
        let requests = self.control().requests();
        let writes = requests.iter().filter(|request| request.method == "POST");
        let word = |status: Option<u16>| status.map_or("broken".to_owned(), |status| status.to_string());
        let operation = |value| serde_json::to_value(value).expect("JSON").as_str().unwrap_or("none").to_owned();
        writes.map(|request| format!("{} {}", operation(request.operation), word(request.status()))).collect()
    }

    fn recorded(&self, order: u64) -> Recorded {
        self.store.lock().stored.get(&id(order)).cloned().unwrap_or_default()
    }
}

/// Makes the plan of a manifest by what is live and recorded now.
pub async fn make_plan(
    writer: &Writer,
    records: &Records,
    desired: &Desired,
    options: &Options,
) -> Result<Plan, ObserveError> {
    let pass = Pass::new(writer.reader(), records, &NoProgress);
    pass.plan(desired, options).await
}

fn id(order: u64) -> OrderId {
    OrderId::new(order).expect("a positive id")
}

fn ip(text: &str) -> ProxyIp {
    text.parse().expect("an address")
}

fn desired(orders: &str) -> Desired {
    declared(format!(
        "version: 1\nlimits: {{max_charge_cents: 1000, max_removal_percent: 50, max_removals: 1000}}\norders:{orders}"
    ))
}

/// Reads a valid manifest.
pub fn declared(text: String) -> Desired {
    let mut sources = SourceMap::default();
    sources.add(SourceFile::new("shardctl.yaml", text));
    let manifest = manifest::parse(sources);
    let problems = problem::problems(&manifest.problems, &manifest.sources, false);
    manifest.desired.unwrap_or_else(|| panic!("{problems}"))
}

/// Returns what came of an order in words, as in `done` and `failed: why`.
fn results(report: &Report, order: u64) -> Vec<String> {
    let report = report.order(id(order)).expect("a report of the order");
    let words = |result: &StepResult| match result {
        StepResult::Done => "done".to_owned(),
        StepResult::Failed { error } => format!("failed: {error}"),
        StepResult::Unknown { error } => format!("unknown: {error}"),
        StepResult::NotRun => "not run".to_owned(),
    };
    report.results.iter().map(words).collect()
}

/// Remembers what it was told.
#[derive(Default)]
struct Events(Mutex<Vec<String>>);

impl Events {
    fn push(&self, event: String) {
        self.0.lock().expect("no panic").push(event);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

impl ApplyEvents for Events {
    fn order_started(&self, order_id: OrderId) {
        self.push(format!("{order_id} started"));
    }

    fn step_ended(&self, order_id: OrderId, step: &Step, result: &StepResult) {
        let done = if *result == StepResult::Done { "done" } else { "not done" };
        self.push(format!("{order_id} {} {done}", step.kind()));
    }

    fn order_ended(&self, order_id: OrderId) {
        self.push(format!("{order_id} ended"));
    }
}

/// A store in memory that compares every record with the account.
struct Watched {
    control: Control,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    stored: BTreeMap<OrderId, Recorded>,
    /// What was stored, with the number of writes that were sent before.
    history: Vec<(usize, Recorded)>,
    /// The saves that fail, counted from 1.
    failing: BTreeSet<usize>,
    saves: usize,
    unwatched: bool,
}

impl Watched {
    fn over(control: Control) -> Watched {
        Watched { control, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no panic")
    }

    fn fail(&self, saves: impl IntoIterator<Item = usize>) {
        let mut inner = self.lock();
        let before = inner.saves;
        inner.failing = saves.into_iter().map(|save| save + before).collect();
    }

    /// Takes records as they are: the account was changed behind the back of everybody, or lies.
    fn look_away(&self) {
        self.lock().unwatched = true;
    }

    fn check_all(&self) {
        let inner = self.lock();
        inner
            .stored
            .iter()
            .filter(|_| !inner.unwatched)
            .for_each(|(order_id, recorded)| self.check(*order_id, recorded));
    }

    /// Asserts that what is recorded is so.
    fn check(&self, order_id: OrderId, recorded: &Recorded) {
        let account = self.control.account();
        let order = &account.orders[&order_id];
        for (ip, signature) in &recorded.signatures {
            assert_eq!(order.proxies[ip].signature, Some(*signature), "{ip}: {recorded:?}");
        }
        for ip in &recorded.unknown_signatures {
            assert!(order.proxies[ip].signature.is_some(), "{ip}: {recorded:?}");
        }
        for (ip, mark) in &recorded.del_np {
            assert_eq!(order.proxies[ip].del_np, *mark, "{ip}: {recorded:?}");
        }
        // Slots that were bought are seen by the next plan; what is scheduled is not.
        if let Some(slots) = recorded.slots {
            assert_eq!(order.pending, slots.pending, "{recorded:?}");
            let bought = recorded.purchase.map_or(0, |purchase| purchase.add_qty);
            assert!(order.p0f_slots - slots.qty <= bought, "{} slots: {recorded:?}", order.p0f_slots);
        }
    }

    fn replace(&self, order_id: OrderId, recorded: &Recorded) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.saves += 1;
        if let Some(stored) = inner.stored.get(&order_id).filter(|_| !inner.unwatched) {
            self.check(order_id, stored);
        }
        if inner.failing.contains(&inner.saves) {
            return Err(StoreError::unavailable("no space left"));
        }
        if !inner.unwatched {
            self.check(order_id, recorded);
        }
        let sent = self.control.requests().iter().filter(|request| request.method == "POST").count();
        inner.history.push((sent, recorded.clone()));
        inner.stored.insert(order_id, recorded.clone());
        Ok(())
    }
}

/// Returns the order whose record has a name: the executor asks for no others.
fn order_of(name: &str) -> OrderId {
    name.strip_suffix(".json").and_then(|stem| stem.parse().ok()).unwrap_or_else(|| panic!("{name} is no record"))
}

impl Place for Watched {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        let order_id = order_of(name);
        let stored = self.lock().stored.get(&order_id).map(|recorded| encode(order_id, API_URL, recorded));
        ready(Ok(stored.map(|bytes| Stored { bytes, modified: Timestamp::UNIX_EPOCH }))).boxed()
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        let order_id = order_of(name);
        let recorded = decode(bytes, order_id, API_URL).expect("what is written can be read");
        ready(self.replace(order_id, &recorded)).boxed()
    }

    fn create<'a>(&'a self, name: &'a str, _bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        panic!("the executor replaces records: {name}")
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        panic!("the executor forgets no records: {name}")
    }

    fn list<'a>(&'a self, _folder: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        ready(Ok(self.lock().stored.keys().map(|order_id| record_name(*order_id)).collect())).boxed()
    }

    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>> {
        ready(Ok(Box::new(Held::default()) as Box<dyn Lock>)).boxed()
    }

    fn holder(&self) -> BoxFuture<'_, Result<Option<Holder>, StoreError>> {
        ready(Ok(None)).boxed()
    }

    fn unlock<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        ready(Err(StoreError::unavailable("the executor breaks no locks"))).boxed()
    }

    fn probe<'a>(&'a self, _files: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>> {
        ready(Ok(())).boxed()
    }

    fn name_of(&self, name: &str) -> String {
        name.to_owned()
    }

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}

/// A lock that is held until it is said to be lost.
#[derive(Debug, Default)]
struct Held {
    lost: AtomicBool,
}

impl Lock for Held {
    fn ensure_held_for(&self, _duration: Duration) -> BoxFuture<'_, Result<(), StoreError>> {
        let held = match self.lost.load(Ordering::SeqCst) {
            true => Err(StoreError::new(StoreErrorKind::Lost, "the lock was lost")),
            false => Ok(()),
        };
        ready(held).boxed()
    }

    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }
}

/// The signature that an IP really has.
fn real_signature(world: &World, order: u64, address: &str) -> Option<Signature> {
    world.control().with_account(|account| account.orders[&id(order)].proxies[&ip(address)].signature)
}
