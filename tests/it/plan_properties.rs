//! What holds for every plan, whatever is declared, live, hidden and recorded.

#![allow(clippy::unwrap_used)]

mod generate;
mod vendor;
mod world;

use jiff::ToSpan;
use proptest::prelude::*;
use shardctl::diagnostic::{NoteCode, ProblemCode};
use shardctl::model::{DesiredOrder, LiveSignature};
use shardctl::plan::{DelNpItem, INTENT_LIFETIME, OrderPlan, Status, Step};

use generate::{now, worlds};
use world::World;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 200, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn after_an_apply_the_declared_holds_and_nothing_is_left_to_do(mut world in worlds()) {
        let first = world.plan();
        prop_assume!(!first.plan.is_blocked());
        prop_assume!(world.apply(&first.plan).is_ok());
        world.assert_declared_holds();
        world.options.reassert = false;
        let second = world.plan();
        prop_assert!(!second.plan.has_changes() && !second.plan.is_blocked(), "{:#?}", second.plan);
    }

    #[test]
    fn after_the_renewal_the_declared_holds_and_nothing_is_left_to_do(mut world in worlds()) {
        let first = world.plan();
        prop_assume!(!first.plan.is_blocked());
        prop_assume!(world.apply(&first.plan).is_ok());
        world.orders.values_mut().for_each(vendor::Order::renew);
        world.assert_declared_holds();
        world.options.reassert = false;
        world.options.now = now() + 720.hours();
        let later = world.plan();
        prop_assert!(!later.plan.has_changes(), "{:#?}", later.plan);
        // Where slots are not managed, a pending downgrade that somebody scheduled elsewhere may leave too few of them.
        let managed = world.declared.values().all(|declared| declared.p0f_slots.is_some());
        prop_assert!(!managed || !later.plan.is_blocked(), "{:#?}", later.plan);
        let drifted = later.plan.orders.iter().flat_map(|order| &order.notes).any(|it| it.code == NoteCode::ChangedElsewhere);
        // Where slots are not managed, a pending downgrade that somebody scheduled elsewhere is nobody's drift.
        prop_assert!(!drifted || world.declared.values().any(|declared| declared.p0f_slots.is_none()));
    }

    #[test]
    fn slots_are_refused_only_where_the_record_does_not_know_who_holds_them(mut world in worlds()) {
        for (order_id, order) in &world.orders {
            let known = order.ips.iter().filter_map(|(ip, hidden)| Some((*ip, hidden.signature?)));
            world.recorded.entry(*order_id).or_default().signatures.extend(known);
        }
        let first = world.plan();
        prop_assume!(!first.plan.is_blocked());
        world.apply(&first.plan).unwrap();
    }

    #[test]
    fn a_kept_ip_never_leaves_and_an_unmanaged_one_is_never_touched(world in worlds()) {
        let planned = world.plan();
        for order in &planned.plan.orders {
            let declared = &planned.desired.orders[&order.order_id];
            for item in marks(order) {
                let kept = declared.keep.as_ref().unwrap().addresses.contains_key(&item.ip);
                prop_assert_eq!(item.to, !kept);
                prop_assert!(kept || declared.prune);
            }
        }
    }

    #[test]
    fn a_plan_without_problems_keeps_to_the_limits(world in worlds()) {
        let planned = world.plan();
        prop_assume!(!planned.plan.is_blocked());
        let max_charge = world.options.max_charge.map(|cents| cents.0).or(world.max_charge_cents).unwrap_or(0);
        let bought: u64 = planned.plan.orders.iter().map(slots_bought).sum();
        prop_assert!(bought * vendor::SLOT_PRICE <= max_charge);
        let removals: Vec<usize> = planned.plan.orders.iter().map(|order| newly_marked(&world, order)).collect();
        let lifted = world.options.allow_removals.is_some_and(|allowed| removals.iter().sum::<usize>() <= allowed);
        let percent = world.options.max_removal_percent.map(|percent| percent.of(100));
        let percent = percent.or(world.max_removal_percent.map(usize::from)).unwrap_or(30);
        for (order, removed) in planned.plan.orders.iter().zip(removals) {
            let active = world.orders[&order.order_id].ips.len();
            prop_assert!(lifted || removed <= 1 || removed * 100 <= active * percent);
        }
    }

    #[test]
    fn a_blocked_plan_has_a_reason(world in worlds()) {
        let planned = world.plan();
        let removals: usize = planned.plan.orders.iter().map(|order| newly_marked(&world, order)).sum();
        for order in &planned.plan.orders {
            prop_assert_eq!(order.status() == Status::Blocked, !order.problems.is_empty());
            let has = |code| order.problems.iter().any(|problem| problem.code == code);
            prop_assert!(!has(ProblemCode::ChargeLimit) || slots_bought(order) > 0);
            prop_assert!(!has(ProblemCode::RemovalLimit) || newly_marked(&world, order) > 1);
            let lifted = world.options.allow_removals.is_some_and(|allowed| removals <= allowed);
            prop_assert!(!has(ProblemCode::RemovalLimit) || !lifted);
            let missing = world.declared[&order.order_id].keep.keys().any(|ip| !world.orders[&order.order_id].ips.contains_key(ip));
            prop_assert_eq!(has(ProblemCode::IpNotInOrder), missing);
        }
    }

    #[test]
    fn the_same_inputs_make_the_same_bytes(world in worlds()) {
        prop_assert_eq!(world.plan(), world.clone().plan());
    }

    #[test]
    fn operations_stand_in_sequence_and_items_in_order(world in worlds()) {
        for order in &world.plan().plan.orders {
            let places: Vec<usize> = order.steps.iter().map(place).collect();
            prop_assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
            for operation in &order.steps {
                match operation {
                    Step::SetSignatures { items } => {
                        prop_assert!(!items.is_empty() && items.is_sorted_by(|a, b| a.ip < b.ip));
                        prop_assert!(items.iter().all(|item| item.from != Some(LiveSignature::Known(item.to))));
                    }
                    Step::SetDelNp { items } => {
                        prop_assert!(!items.is_empty() && items.is_sorted_by(|a, b| (a.to, a.ip) < (b.to, b.ip)));
                        prop_assert!(items.iter().all(|item| item.from != Some(item.to)));
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn an_open_purchase_blocks_its_order_while_it_is_young(world in worlds()) {
        for order in &world.plan().plan.orders {
            let intent = world.recorded.get(&order.order_id).and_then(|recorded| recorded.purchase);
            let shows = intent.is_some_and(|it| world.orders[&order.order_id].slots >= it.from_qty + it.add_qty);
            let young = intent.is_some_and(|it| now() < it.when + INTENT_LIFETIME);
            let blocked = order.problems.iter().any(|problem| problem.code == ProblemCode::PurchaseUnsettled);
            prop_assert_eq!(blocked, intent.is_some() && young && !shows);
            let settled = order.notes.iter().any(|note| note.code == NoteCode::PurchaseSettled);
            prop_assert_eq!(settled, shows);
            let stays = order.seen.as_ref().unwrap().next_record.recorded.purchase;
            prop_assert_eq!(stays, intent.filter(|_| blocked));
        }
    }

    #[test]
    fn what_is_not_declared_is_not_changed(world in worlds()) {
        let planned = world.plan();
        for order in &planned.plan.orders {
            let DesiredOrder { p0f_slots, keep, .. } = &planned.desired.orders[&order.order_id];
            for operation in &order.steps {
                let declared = match operation {
                    Step::SetSignatures { items } => items.iter().all(|item| {
                        keep.as_ref().unwrap().addresses[&item.ip].signature == Some(item.to)
                    }),
                    Step::SetDelNp { .. } => keep.is_some(),
                    _ => p0f_slots.is_some(),
                };
                prop_assert!(declared, "{operation:?}");
            }
        }
    }

    #[test]
    fn the_record_forgets_ips_that_left_and_nothing_else(world in worlds()) {
        for order in &world.plan().plan.orders {
            let stored = world.recorded.get(&order.order_id).cloned().unwrap_or_default();
            let mut expected = stored.clone();
            let active = &world.orders[&order.order_id].ips;
            expected.signatures.retain(|ip, _| active.contains_key(ip));
            expected.del_np.retain(|ip, _| active.contains_key(ip));
            let seen = order.seen.as_ref().unwrap();
            prop_assert_eq!(&seen.next_record.recorded.signatures, &expected.signatures);
            prop_assert_eq!(&seen.next_record.recorded.del_np, &expected.del_np);
            prop_assert_eq!(seen.next_record.is_new, seen.next_record.recorded != stored);
        }
    }

    #[test]
    fn the_summary_is_the_sum_of_the_orders(world in worlds()) {
        let plan = world.plan().plan;
        let summary = plan.summary();
        let sum = |count: fn(&OrderPlan) -> usize| plan.orders.iter().map(count).sum::<usize>();
        prop_assert_eq!(summary.orders, world.orders.len());
        prop_assert_eq!(summary.changed + summary.unchanged + summary.blocked, summary.orders);
        prop_assert_eq!(summary.steps, sum(|order| order.steps.len()));
        prop_assert_eq!(summary.charge.0, plan.orders.iter().map(slots_bought).sum::<u64>() * vendor::SLOT_PRICE);
        prop_assert_eq!(summary.ips_leaving, sum(|order| marks(order).filter(|item| item.to).count()));
        let signatures_set = |operation: &Step| match operation {
            Step::SetSignatures { items } => items.len(),
            _ => 0,
        };
        let operations = plan.orders.iter().flat_map(|order| &order.steps);
        prop_assert_eq!(summary.signatures_set, operations.map(signatures_set).sum::<usize>());
    }
}

fn marks(order: &OrderPlan) -> impl Iterator<Item = &DelNpItem> {
    let items = order.steps.iter().filter_map(|operation| match operation {
        Step::SetDelNp { items } => Some(items),
        _ => None,
    });
    items.flatten()
}

/// Counts the IPs that the plan marks to go and that are not recorded to be marked so.
fn newly_marked(world: &World, order: &OrderPlan) -> usize {
    let recorded = world.recorded.get(&order.order_id);
    let was_leaving = |item: &DelNpItem| recorded.is_some_and(|it| it.del_np.get(&item.ip) == Some(&true));
    marks(order).filter(|item| item.to && !was_leaving(item)).count()
}

fn slots_bought(order: &OrderPlan) -> u64 {
    let bought = |operation: &Step| match operation {
        Step::PurchaseSlots { quote, .. } => u64::from(quote.add_qty),
        _ => 0,
    };
    order.steps.iter().map(bought).sum()
}

/// Returns the place of an operation in the sequence in which an order's operations are carried out.
fn place(operation: &Step) -> usize {
    let sequence = ["cancel_downgrade", "purchase_slots", "set_signatures", "set_del_np", "schedule_downgrade"];
    sequence.iter().position(|kind| *kind == operation.kind()).unwrap()
}
