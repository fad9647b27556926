//! Accounts, manifests and records at random.
//!
//! A record says the truth or nothing: what it holds was acknowledged. It may be older than the last renewal.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use shardctl::model::{
    Cents, OrderId, PendingChange, Percent, ProxyIp, PurchaseIntent, Recorded, RecordedSlots, Signature,
};
use shardctl::plan::Options;

use super::vendor::{Ip, Order};
use super::world::{Declared, World};

/// When the plans are made.
pub fn now() -> Timestamp {
    "2026-11-23T02:13:00Z".parse().unwrap()
}

/// Accounts of one to three orders.
pub fn worlds() -> impl Strategy<Value = World> {
    (vec(orders(), 1..=3), of(0..2000u64), of(0..=100u8), options()).prop_map(
        |(orders, max_charge_cents, max_removal_percent, options)| {
            let mut world = World {
                orders: BTreeMap::new(),
                declared: BTreeMap::new(),
                recorded: BTreeMap::new(),
                max_charge_cents,
                max_removal_percent,
                options,
            };
            for ((order, declared, recorded), id) in orders.into_iter().zip(48213..) {
                let order_id = OrderId::new(id).unwrap();
                world.orders.insert(order_id, order);
                world.declared.insert(order_id, declared);
                world.recorded.extend(recorded.map(|recorded| (order_id, recorded)));
            }
            world
        },
    )
}

fn options() -> impl Strategy<Value = Options> {
    let removals = prop_oneof![2 => Just(Some(100)), 1 => Just(None), 1 => (0..8usize).prop_map(Some)];
    let charge = prop_oneof![2 => Just(Some(9000)), 2 => Just(None), 1 => (0..2000u64).prop_map(Some)];
    (any::<bool>(), charge, of(0..=100u8), removals).prop_map(|(reassert, charge, percent, allow_removals)| Options {
        max_removals: None,
        now: now(),
        reassert,
        max_charge: charge.map(Cents),
        max_removal_percent: percent.and_then(Percent::new),
        allow_removals,
    })
}

/// An IP of the pool: what it is, what is declared of it, and what is recorded of it.
#[derive(Debug, Clone)]
struct Slice {
    active: bool,
    live: Ip,
    kept: bool,
    declared: Option<Signature>,
    signature_recorded: bool,
    mark_recorded: bool,
}

fn slices() -> impl Strategy<Value = Slice> {
    let signature = || weighted(0.4, select(Signature::ALL.to_vec()));
    // Hidden signatures that nothing recorded may take the slots of declared ones: rare, or few plans are carried out.
    let parts = (0..20u8, signature(), any::<bool>(), any::<bool>(), signature(), 0..8u8, any::<bool>());
    parts.prop_map(|(active, signature, leaves, kept, declared, signature_recorded, mark_recorded)| Slice {
        // Few kept IPs are missing, or few plans are without a problem.
        active: active < if kept { 19 } else { 12 },
        live: Ip { signature, leaves },
        kept,
        declared,
        signature_recorded: signature_recorded > 0,
        mark_recorded,
    })
}

fn orders() -> impl Strategy<Value = (Order, Declared, Option<Recorded>)> {
    let tags = || prop_oneof![9 => Just(None), 1 => Just(Some("eu".to_owned()))];
    let slots = (0..9u32, weighted(0.4, 0..9u32), weighted(0.6, 0..9u32), history());
    (vec(slices(), 1..8), slots, tags(), tags(), any::<bool>(), 0..10u8).prop_map(
        |(slices, (slots, pending, wanted, history), tag, declared_tag, prune, has_record)| {
            let pending = pending.filter(|next_qty| *next_qty < slots).map(pending_change);
            let pool = || pool().zip(&slices);
            let keep: BTreeMap<_, _> = pool().filter(|(_, it)| it.kept).map(|(ip, it)| (ip, it.declared)).collect();
            let signatures = keep.values().flatten().count() as u32;
            let declared =
                Declared { tag: declared_tag, p0f_slots: wanted.map(|wanted| wanted.max(signatures)), prune, keep };
            let ips = pool().filter(|(_, it)| it.active).map(|(ip, it)| (ip, it.live)).collect();
            let order = Order { tag, slots, pending, ips };
            let mut recorded = history.recorded(&order);
            for (ip, it) in pool() {
                // What is recorded of an IP that is not active is from the time when it was.
                recorded.signatures.extend(it.live.signature.filter(|_| it.signature_recorded).map(|it| (ip, it)));
                recorded.del_np.extend(it.mark_recorded.then_some((ip, it.live.leaves)));
            }
            (order, declared, (has_record > 0).then_some(recorded))
        },
    )
}

fn pending_change(next_qty: u32) -> PendingChange {
    match next_qty {
        0 => PendingChange::Cancel {},
        next_qty => PendingChange::Downgrade { next_qty },
    }
}

/// The addresses that orders have, of both kinds, not in ascending order.
fn pool() -> impl Iterator<Item = ProxyIp> {
    let addresses =
        ["203.0.113.10", "2001:db8::7", "203.0.113.9", "198.51.100.7", "2001:db8::a", "192.0.2.1", "10.0.0.1"];
    addresses.into_iter().map(|address| address.parse().unwrap())
}

/// What was recorded of an order's slots, and when.
#[derive(Debug, Clone, Copy)]
enum History {
    /// Nothing.
    Unknown,
    /// The slots as they are.
    UpToDate,
    /// The slots as they were, with the downgrade that the renewal carried out since.
    BeforeTheRenewal { more: u32 },
    /// The slots as they were before somebody changed them elsewhere.
    Drifted { more: u32 },
    /// A purchase was about to be sent.
    Intent { add_qty: u32, seconds_ago: i64, bought: bool, slots_known: bool },
}

fn history() -> impl Strategy<Value = History> {
    let intent = (1..4u32, -900..1500i64, any::<bool>(), any::<bool>());
    prop_oneof![
        3 => Just(History::Unknown),
        4 => Just(History::UpToDate),
        2 => (1..4u32).prop_map(|more| History::BeforeTheRenewal { more }),
        1 => (1..4u32).prop_map(|more| History::Drifted { more }),
        2 => intent.prop_map(|(add_qty, seconds_ago, bought, slots_known)| {
            History::Intent { add_qty, seconds_ago, bought, slots_known }
        }),
    ]
}

impl History {
    fn recorded(self, order: &Order) -> Recorded {
        let Order { slots, pending, .. } = *order;
        let mut recorded = Recorded::default();
        match self {
            History::Unknown => {}
            // Slots that were bought where there were none have nothing scheduled for them.
            History::Intent { add_qty, bought: true, .. } if pending.is_some() && add_qty >= slots => {}
            History::Drifted { more } => recorded.slots = Some(RecordedSlots { qty: slots + more, pending: None }),
            History::BeforeTheRenewal { more } if pending.is_none() => {
                let was_pending = Some(pending_change(slots));
                recorded.slots = Some(RecordedSlots { qty: slots + more, pending: was_pending });
            }
            History::UpToDate | History::BeforeTheRenewal { .. } => {
                recorded.slots = Some(RecordedSlots { qty: slots, pending });
            }
            History::Intent { add_qty, seconds_ago, bought, slots_known } => {
                let from_qty = if bought { slots.saturating_sub(add_qty) } else { slots };
                let pending = pending.filter(|pending| pending.next_qty() < from_qty);
                let known = slots_known && (pending == order.pending);
                recorded.slots = known.then_some(RecordedSlots { qty: from_qty, pending });
                let when = now() - SignedDuration::from_secs(seconds_ago);
                recorded.purchase = Some(PurchaseIntent { from_qty, add_qty, when });
            }
        }
        recorded
    }
}
