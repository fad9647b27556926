//! Random accounts, manifests that can be reached from them, and faults; the same seed makes the same ones.

use std::fmt::Write;

use serde_json::{Value, json};
use shardctl::model::{OrderId, PendingChange, Signature};
use shardctl::sandbox::{Account, Tell, Tells};

use crate::rig::Rig;

const PRICE: u64 = 100;
const WORDS: [&str; 6] = ["ios", "macos", "android", "linux", "win10", "win11"];

/// Pseudo-random numbers by splitmix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.below(among.len() as u64) as usize].clone()
    }
}

/// Some orders, as they are and as they shall be.
#[derive(Debug)]
pub struct Case(Vec<OrderCase>);

#[derive(Debug)]
struct OrderCase {
    id: u64,
    slots: u64,
    pending: Option<u64>,
    /// `None`: slots are not managed.
    wanted: Option<u64>,
    addresses: Vec<Address>,
}

#[derive(Debug)]
struct Address {
    ip: String,
    /// The signature that it has already, and with it a slot for good.
    had: Option<Signature>,
    /// Whether it is kept, and with which signature.
    kept: Option<Option<&'static str>>,
}

impl Case {
    pub fn roll(dice: &mut Dice) -> Case {
        let orders = 1 + dice.below(3);
        Case((1..=orders).map(|id| OrderCase::roll(id, dice)).collect())
    }

    /// Makes a manifest for an account as it is now.
    pub fn of(account: &Account, dice: &mut Dice) -> Case {
        let orders = account.orders.iter().map(|(id, order)| {
            let pending = order.pending.map(|pending| u64::from(pending.next_qty()));
            let addresses = order.proxies.iter().map(|(ip, proxy)| (ip.to_string(), proxy.signature)).collect();
            OrderCase::declare(id.get(), u64::from(order.p0f_slots), pending, addresses, dice)
        });
        Case(orders.collect())
    }

    pub fn ids(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|order| order.id)
    }

    pub fn manages_all_slots(&self) -> bool {
        self.0.iter().all(|order| order.wanted.is_some())
    }

    /// Returns what is to be bought, in cents.
    pub fn charge(&self) -> u64 {
        self.charges().map(|(_, cents)| cents).sum()
    }

    /// Returns what is to be bought for each order, in cents.
    pub fn charges(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|order| (order.id, PRICE * order.missing()))
    }

    pub fn account(&self) -> String {
        let mut text = format!("token: t0ken\nwallet_cents: 100000\nslot_price_cents: {PRICE}\norders:\n");
        for order in &self.0 {
            let _ = write!(text, "  {}: {{p0f_slots: {}, ", order.id, order.slots);
            if let Some(next_qty) = order.pending {
                let _ = write!(text, "pending: {{action: downgrade, next_qty: {next_qty}}}, ");
            }
            let proxies: String = order.addresses.iter().map(|address| format!("{}: , ", address.ip)).collect();
            let _ = writeln!(text, "proxies: {{{proxies}}}}}");
        }
        text
    }

    pub fn manifest(&self, limit: u64) -> String {
        let mut text =
            format!("version: 1\nlimits: {{max_charge_cents: {limit}, max_removal_percent: 100}}\norders:\n");
        for order in &self.0 {
            let slots = order.wanted.map(|wanted| format!("p0f_slots: {wanted}, ")).unwrap_or_default();
            let keep: String = order.kept().map(|(ip, word)| format!("{ip}: {}, ", word.unwrap_or(""))).collect();
            let _ = writeln!(text, "  {}: {{{slots}keep: {{{keep}}}}}", order.id);
        }
        text
    }

    /// Tells of each order whether a purchase is open that the slots do not show and that is not yet void.
    pub fn unsettled(&self, rig: &Rig, world: &World) -> Vec<bool> {
        let (account, records) = (rig.control().account(), rig.records());
        let unsettled = |id: u64| {
            let id = OrderId::new(id).expect("a positive id");
            let intent = records.get(&id).and_then(|recorded| recorded.purchase);
            intent.is_some_and(|intent| {
                let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(world.skew);
                let age = now.duration_since(intent.when);
                account.orders[&id].p0f_slots < intent.to_qty() && age < jiff::SignedDuration::from_mins(10)
            })
        };
        self.ids().map(unsettled).collect()
    }

    /// Holds the account against the manifest.
    pub fn check(&self, rig: &Rig) {
        let account = rig.control().account();
        for order in &self.0 {
            let id = OrderId::new(order.id).expect("a positive id");
            let truth = &account.orders[&id];
            assert_eq!(u64::from(truth.p0f_slots), order.slots + order.missing(), "{order:?}");
            assert_eq!(truth.pending, order.pending_in_the_end(), "{order:?}");
            let charges = account.charges.iter().filter(|charge| charge.order_id == id);
            let bought: Vec<u64> = charges.map(|charge| u64::from(charge.add_qty)).collect();
            assert_eq!(bought, if order.missing() > 0 { vec![order.missing()] } else { Vec::new() }, "{order:?}");
            for Address { ip, had, kept } in &order.addresses {
                let proxy = truth.proxies[&ip.parse().expect("an address")];
                let declared = kept.flatten().map(|word| word.parse::<Signature>().expect("a signature"));
                assert_eq!((proxy.signature, proxy.del_np), (declared.or(*had), kept.is_none()), "{order:?}: {ip}");
            }
        }
    }
}

impl OrderCase {
    fn roll(id: u64, dice: &mut Dice) -> OrderCase {
        let slots = dice.below(5);
        let pending = (slots > 1 && dice.one_in(2)).then(|| 1 + dice.below(slots - 1));
        let addresses = (0..4).map(|last| (format!("203.0.{id}.{last}"), None)).collect();
        OrderCase::declare(id, slots, pending, addresses, dice)
    }

    /// Declares something that the order can become.
    fn declare(
        id: u64,
        slots: u64,
        pending: Option<u64>,
        addresses: Vec<(String, Option<Signature>)>,
        dice: &mut Dice,
    ) -> OrderCase {
        let held = addresses.iter().filter(|(_, had)| had.is_some()).count() as u64;
        let wanted = (!dice.one_in(4)).then(|| (1 + dice.below(5)).max(held));
        let mut free = wanted.unwrap_or(slots) - held;
        let declare = |(index, (ip, had)): (usize, (String, Option<Signature>))| {
            let kept = index == 0 || !dice.one_in(4);
            let signed = kept && (had.is_some() || free > 0) && dice.one_in(2);
            free -= u64::from(signed && had.is_none());
            Address { ip, had, kept: kept.then(|| signed.then(|| dice.pick(&WORDS))) }
        };
        let addresses = addresses.into_iter().enumerate().map(declare).collect();
        OrderCase { id, slots, pending, wanted, addresses }
    }

    fn kept(&self) -> impl Iterator<Item = (&str, Option<&'static str>)> {
        self.addresses.iter().filter_map(|address| Some((address.ip.as_str(), address.kept?)))
    }

    fn missing(&self) -> u64 {
        self.wanted.unwrap_or(0).saturating_sub(self.slots)
    }

    fn pending_in_the_end(&self) -> Option<PendingChange> {
        let next_qty = match self.wanted {
            None => self.pending,
            Some(wanted) => (wanted < self.slots).then_some(wanted),
        };
        next_qty.map(|next_qty| PendingChange::Downgrade { next_qty: next_qty as u32 })
    }
}

/// What the world is like beside its faults.
#[derive(Debug)]
pub struct World {
    /// By how many seconds the API's clock goes wrong.
    skew: i64,
    /// Whether reads may come from a replica that is behind.
    pub lags: bool,
    /// A replica that is behind leaves in the record what it showed, until it is read again. So where reads lag, or did,
    /// what is told stays the same from run to run.
    steady: Option<u64>,
}

impl World {
    /// Nothing but faults.
    pub const CALM: World = World { skew: 0, lags: false, steady: None };

    pub fn roll(dice: &mut Dice) -> World {
        let (skew, lags) = (dice.pick(&[0, 0, -660, 660]), dice.one_in(2));
        World { skew, lags, steady: lags.then(|| dice.next()) }
    }

    /// Returns whether a record may hold what a replica showed that was behind.
    pub fn may_mislead(&self) -> bool {
        self.steady.is_some()
    }

    /// What the server tells from now on.
    pub fn tells(&self, dice: &mut Dice) -> Tells {
        let mut steady = self.steady.map(Dice::new);
        let dice = steady.as_mut().unwrap_or(dice);
        match dice.below(3) {
            0 => Tells::older(),
            1 => Tells::everything(),
            _ => Tell::ALL.into_iter().filter(|_| dice.one_in(2)).collect(),
        }
    }

    /// Up to four fault rules, and reads that lag behind.
    pub fn faults(&self, dice: &mut Dice) -> Value {
        // What an answer says of the time goes wrong first, or a fault would set the clock right.
        let mut rules: Vec<Value> = self.clock().into_iter().collect();
        rules.extend((0..dice.below(5)).map(|_| fault(dice)));
        if self.lags {
            let reads = dice.pick(&["active", "calculate", "order"]);
            rules.push(json!({"operation": reads, "nth": 1 + dice.below(4), "stale_reads": 1 + dice.below(4)}));
        }
        if dice.one_in(4) {
            rules.push(json!({"rate_limit": {"per_second": 50}}));
        }
        json!(rules)
    }

    /// No faults; the clock stays as it is.
    pub fn calm(&self) -> Value {
        json!(self.clock().into_iter().collect::<Vec<_>>())
    }

    fn clock(&self) -> Option<Value> {
        (self.skew != 0).then(|| json!({"clock_skew_seconds": self.skew}))
    }
}

fn fault(dice: &mut Dice) -> Value {
    let actions = [
        json!({"status": 500}),
        json!({"status": 503}),
        json!({"status": 408}),
        json!({"status": 429, "headers": {"Retry-After": "0"}}),
        json!({"status": 403}),
        json!({"status": 202, "body": "{}"}),
        json!({"close": true}),
        json!({"hold": true}),
        json!({"delay_ms": 30}),
        json!({"truncate": 9}),
    ];
    let targets = ["any", "writes", "writes", "purchase", "purchase", "calculate", "cancel", "schedule", "set_del_np"];
    let mut rule = dice.pick(&actions);
    rule["operation"] = json!(dice.pick(&targets));
    // A refusal is the API's word that nothing was done: it never comes after the effect.
    let refusal = rule["status"] == 403 || rule["status"] == 429;
    rule["when"] = json!(if refusal { "before" } else { dice.pick(&["before", "after"]) });
    rule["nth"] = json!(1 + dice.below(4));
    let times = dice.pick(&[1, 1, 1, 2, 0]);
    // A 429 that does not end is waited for by the minute.
    rule["times"] = json!(if rule["status"] == 429 { times.max(1) } else { times });
    rule
}
