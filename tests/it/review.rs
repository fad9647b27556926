//! Whoever approves a plan sees only its comment: what leaves and when, what is charged, which slots are taken for good,
//! what somebody else changed, and what was left out are read here from nothing but that.
//!
//! `REVIEW=DIRECTORY cargo test --test it review::` writes the comments there, to be looked at.

#![allow(clippy::unwrap_used)]

mod reader;
mod worlds;

use std::collections::BTreeMap;

use shardctl::model::{Cents, OrderId};
use shardctl::plan::{Plan, Step};

use reader::{Review, read};
use worlds::{Order, Panel, World};

/// What a comment may not be longer than.
const BOUND: usize = 65_000;

/// Asserts that a reader of the comment alone knows all that has to be known, and returns the comment.
#[track_caller]
fn assert_told(world: &World) -> (String, Review) {
    let plan = world.plan();
    let comment = world.comment(&plan);
    assert!(comment.chars().count() < BOUND, "{} characters", comment.chars().count());
    let review = read(&comment);
    assert_same("the IPs that leave", &review.leaving(), &leaving(&plan));
    assert_same("the IPs that take a slot, or may", &review.takes_slot(), &takes_slot(&plan));
    for order in &plan.orders {
        let told = review.orders.get(&order.order_id);
        let charge = (order.charge().0 > 0).then(|| order.charge().to_string());
        let charged = told.and_then(|told| told.charge.clone());
        assert_eq!(charged, charge, "what order {} charges", order.order_id);
        let day = format!("{} 00:00 UTC", order.renewal.as_ref().unwrap().day());
        let leaves = order.steps.iter().any(|step| step.ips_leaving() > 0);
        assert_eq!(told.and_then(|told| told.leaves_on.clone()), leaves.then_some(day), "order {}", order.order_id);
        let drifted = order.notes.iter().filter(|note| note.is_drift()).count();
        assert_eq!(told.map_or(0, |told| told.changed_elsewhere), drifted, "order {}", order.order_id);
    }
    let summary = plan.summary();
    assert_eq!(review.charge, Some(summary.charge.to_string()).filter(|_| summary.charge.0 > 0));
    assert_eq!(review.ips_leaving, summary.ips_leaving);
    (comment, review)
}

/// Compares what was read with what is planned, order by order: the lists are long.
#[track_caller]
fn assert_same(what: &str, told: &BTreeMap<OrderId, Vec<u32>>, planned: &BTreeMap<OrderId, Vec<u32>>) {
    assert!(told.keys().eq(planned.keys()), "{what}: {} of {} orders", told.len(), planned.len());
    for (order_id, ips) in planned {
        assert_eq!(&told[order_id], ips, "{what}: order {order_id}");
    }
}

fn leaving(plan: &Plan) -> BTreeMap<OrderId, Vec<u32>> {
    of_each(plan, |step| step.leaving().map(worlds::number).collect())
}

fn takes_slot(plan: &Plan) -> BTreeMap<OrderId, Vec<u32>> {
    of_each(plan, |step| match step {
        Step::SetSignatures { items } => {
            items.iter().filter(|item| item.takes_slot).map(|item| worlds::number(item.ip)).collect()
        }
        _ => Vec::new(),
    })
}

fn of_each(plan: &Plan, ips: impl Fn(&Step) -> Vec<u32>) -> BTreeMap<OrderId, Vec<u32>> {
    let orders =
        plan.orders.iter().map(|order| (order.order_id, order.steps.iter().flat_map(&ips).collect::<Vec<_>>()));
    orders.filter(|(_, ips)| !ips.is_empty()).collect()
}

#[test]
fn sixty_five_ips_that_leave() {
    for gap in [1, 2] {
        let order = Order { leaving: worlds::every(gap, 65), kept: 40, ..Order::new(48213) };
        let (comment, review) = assert_told(&World::of([order]));
        assert_eq!(review.left_out, None, "there is room for everything");
        assert!(comment.contains("```diff"), "{comment}");
    }
}

#[test]
fn a_hundred_and_fifty_orders_of_twenty_five() {
    for gap in [1, 2, 3] {
        let order = |id| Order { leaving: worlds::every(gap, 25), kept: 25, ..Order::new(id) };
        let (comment, review) = assert_told(&World::of((1000..1150).map(order)));
        let left_out = review.left_out.unwrap();
        assert!(left_out.contains("differences line by line"), "{left_out}");
        assert!(left_out.contains("To see all of it, run `shardctl plan -v -f prod.yaml`."), "{left_out}");
        assert!(!left_out.contains("IPs leave"), "{left_out}");
        assert!(comment.chars().count() > BOUND / 2, "there is room for more");
    }
}

#[test]
fn a_blocked_plan_names_them_too() {
    let order = |id| Order { leaving: worlds::every(2, 25), kept: 25, ..Order::new(id) };
    let (comment, _) = assert_told(&World::blocked((1000..1150).map(order)));
    let blocked = "**Blocked: an apply changes nothing until the problems below are gone.**";
    assert_eq!(comment.lines().filter(|line| !line.is_empty()).nth(3), Some(blocked), "{comment}");
    let [all, each] = [
        "newly marks 3750 IPs to go in all",
        "newly marks 25 of the 50 active IPs of each of the 150 orders 1000–1149 to go",
    ]
    .map(|problem| comment.find(problem).unwrap_or_else(|| panic!("{problem}: {comment}")));
    assert!(all < each, "{comment}");
    assert_eq!(comment.matches("- **removal_limit** `prod.yaml:4:3` and 149 other places: ").count(), 2, "{comment}");
    assert!(comment.contains("**would charge 225.00**"), "{comment}");
    assert!(!comment.contains("charges 1.50 now"), "{comment}");
}

#[test]
fn problems_that_differ_by_their_numbers_are_one() {
    let order = |id| Order { leaving: worlds::every(2, 20 + id as u32 % 40), kept: 25, ..Order::new(id) };
    let (comment, _) = assert_told(&World::blocked((1000..1060).map(order)));
    let problem = "- **removal_limit** `prod.yaml:4:3` and 59 other places: the plan newly marks 20 of the 45 active IPs of each of \
                   the 2 orders 1000, 1040 to go; the limit is 13 (30 %); the same with other numbers: orders 1001–1039, \
                   1041–1059 (58 orders)<br>";
    assert!(comment.contains(problem), "{comment}");
    assert_eq!(comment.matches("- **removal_limit**").count(), 2, "{comment}");
    assert!(!comment.contains(" more problem"), "{comment}");
}

#[test]
fn an_order_of_four_thousand_beside_small_ones() {
    for gap in [1, 2] {
        let large = Order { leaving: worlds::every(gap, 2000), kept: 2000, ..Order::new(7) };
        let small = |id| Order { leaving: worlds::every(2, 5), kept: 5, ..Order::new(id) };
        assert_told(&World::of([large].into_iter().chain((8..12).map(small))));
    }
}

#[test]
fn an_order_that_has_no_room_takes_no_room_of_the_others() {
    let vast = Order { leaving: worlds::every(300, 6000), kept: 10, ..Order::new(7) };
    let small = |id| Order { leaving: worlds::every(2, 25), kept: 5, ..Order::new(id) };
    let world = World::of([vast].into_iter().chain((8..60).map(small)));
    let plan = world.plan();
    let comment = world.comment(&plan);
    assert!(comment.chars().count() < BOUND);
    let review = read(&comment);
    let (mut named, mut all) = (review.leaving(), leaving(&plan));
    let (of_giant, all_of_giant) = (named.remove(&worlds::order_id(7)), all.remove(&worlds::order_id(7)));
    assert_same("the IPs that leave", &named, &all);
    // As many as there is room for are named all the same, and the others are counted.
    let (of_giant, all_of_giant) = (of_giant.expect("the giant"), all_of_giant.expect("the giant"));
    assert!(of_giant.iter().all(|ip| all_of_giant.contains(ip)), "{of_giant:?}");
    assert!(comment.chars().count() > BOUND - 2500, "there is room for more: {}", comment.chars().count());
    let others = 6000 - of_giant.len();
    let left_out = review.left_out.unwrap();
    assert!(left_out.contains(&format!("**which {others} IPs leave** (of order 7)")), "{left_out}");
    let giant =
        "- order 7 (`eu-7`): **buys 1 p0f slot for 1.50**\n  - **6000 of 6010 IPs leave on 2026-12-01 00:00 UTC**: `";
    assert!(comment.contains(giant), "{comment}");
    assert!(comment.contains(&format!("` and {others} more (there is no room for their names)")), "{comment}");
}

/// What leaves is the last to be left out: of one order with more scattered IPs than fit, as many as fit are named.
#[test]
fn of_more_ips_than_fit_as_many_are_named_as_there_is_room_for() {
    for ips in [6000, 20_000] {
        let world = World::of([Order { leaving: worlds::every(300, ips), kept: 10, ..Order::new(7) }]);
        let plan = world.plan();
        let comment = world.comment(&plan);
        let length = comment.chars().count();
        assert!(length < BOUND && length > BOUND - 2500, "{ips}: {length}");
        assert!(comment.contains(" more (there is no room for their names)"), "{comment}");
        let report = world.report(&plan, worlds::order_id(7));
        let length = report.chars().count();
        assert!(length < BOUND && length > BOUND - 2500, "{ips}: {length}");
        assert!(report.contains("> The diffs and most IPs are left out for want of room"), "{report}");
    }
}

#[test]
fn what_leaves_has_room_before_any_detail() {
    let giant = Order { leaving: worlds::every(300, 6000), kept: 10, ..Order::new(7) };
    let small = |id| Order { leaving: worlds::every(2, 5), kept: 5, ..Order::new(id) };
    let world = World::of([giant].into_iter().chain((8..28).map(small)));
    let comment = world.comment(&world.plan());
    let left_out = read(&comment).left_out.unwrap();
    assert!(left_out.contains(" IPs leave** (of order 7); "), "{left_out}");
    assert!(left_out.contains("the differences line by line"), "{left_out}");
}

#[test]
fn ips_full_of_holes() {
    let holes =
        (0..400).map(|index| index * 7 % 65_000 + index * index % 5).collect::<std::collections::BTreeSet<u32>>();
    let order = |id| Order { leaving: holes.iter().copied().collect(), kept: 40, ..Order::new(id) };
    assert_told(&World::of([order(48213), order(48977)]));
}

#[test]
fn what_somebody_else_changed() {
    let order = |id, panel| Order { leaving: vec![3, 5], kept: 4, panel, ..Order::new(id) };
    let (comment, _) = assert_told(&World::of([order(7, Panel::Declared), order(8, Panel::NotDeclared)]));
    for answer in [
        "it was changed elsewhere; this plan sets it back to linux",
        "they were changed elsewhere; this plan buys 1 p0f slot to have 2 again",
        "it was changed elsewhere; this plan switches it back on",
        "somebody scheduled a downgrade to 1 p0f slot elsewhere; this plan cancels it and schedules a downgrade to 3 slots",
        "it was changed elsewhere; this plan leaves it as it is; once it is applied, later plans do not mention it again",
    ] {
        assert!(comment.contains(answer), "{answer}: {comment}");
    }
    let summary = comment.lines().find(|line| line.contains(" operations;")).unwrap();
    for change in [
        "**1 downgrade of slots scheduled**",
        "automatic renewal switched on for 1 order",
        "1 pending downgrade cancelled",
        "**order 8 does not renew by itself: unless it is renewed, all its IPs are lost**",
        "**4 IPs leave on 2026-12-01 00:00 UTC**",
        "7 things changed elsewhere (5 overwritten, 2 left as they are)",
    ] {
        assert!(summary.contains(change), "{change}: {summary}");
    }
}

#[test]
fn orders_without_number() {
    let order = |id| Order { leaving: worlds::every(2, 2), kept: 1, ..Order::new(id) };
    let world = World::of((1..3000).map(order));
    let plan = world.plan();
    let comment = world.comment(&plan);
    assert!(comment.chars().count() < BOUND);
    let review = read(&comment);
    assert_eq!((review.ips_leaving, review.orders.len() > 200), (5998, true));
    let named: usize = review.leaving().values().map(Vec::len).sum();
    let left_out = review.left_out.unwrap();
    assert!(left_out.starts_with(&format!("Left out: **which {} IPs leave** (of orders ", 5998 - named)), "{left_out}");
    // What is the same of all of them stands in one line, at the end.
    let last = comment.trim_end().lines().last().unwrap();
    let unnamed = 2999 - review.orders.len();
    let each =
        format!("2999** ({unnamed} orders), each: **buys 1 p0f slot for 1.50**, **2 of 3 IPs leave at the renewal on ");
    assert!(last.starts_with("- **orders ") && last.contains(&each), "{last}");
}

#[test]
fn orders_of_which_different_things_are_said() {
    let order = |id: u64| Order { leaving: worlds::every(2, 2 + id as u32), kept: 1, ..Order::new(id) };
    let world = World::of((1..1200).map(order));
    let plan = world.plan();
    let comment = world.comment(&plan);
    assert!(comment.chars().count() < BOUND);
    let review = read(&comment);
    let unlisted: Vec<_> = plan.orders.iter().filter(|order| !review.orders.contains_key(&order.order_id)).collect();
    assert!(unlisted.len() > 500, "{}", unlisted.len());
    let leaving: usize = unlisted.iter().flat_map(|order| &order.steps).map(Step::ips_leaving).sum();
    let charge: Cents = unlisted.iter().map(|order| order.charge()).sum();
    let (first, last) = (unlisted[0].order_id, unlisted.last().unwrap().order_id);
    let said = format!(
        "**{} orders are not listed at all: they charge {charge}, and {leaving} of their IPs leave** (orders {first}–{last}). ",
        unlisted.len()
    );
    assert!(review.left_out.unwrap().starts_with(&said), "{said}: {comment}");
    assert!(comment.trim_end().ends_with(&format!("\n- … and {} more orders", unlisted.len())), "{comment}");
}

#[test]
fn orders_ascend_however_much_is_said_of_each() {
    let order = |id| {
        let gap = if id % 7 == 0 { 300 } else { 2 };
        Order { leaving: worlds::every(gap, 20 + id as u32 % 7 * 9), kept: 25, ..Order::new(id) }
    };
    let world = World::of((1..120).map(order));
    let (comment, review) = assert_told(&world);
    let title = |line: &str| {
        let name =
            line.strip_prefix("- order ").or_else(|| line.split_once("<summary>order ").map(|(_, name)| name))?;
        name.split([' ', ':']).next()?.parse::<u64>().ok()
    };
    let told: Vec<u64> = comment.lines().filter_map(title).collect();
    assert!(told.is_sorted() && told.len() == 119 && review.left_out.is_some(), "{told:?}");
    assert!(comment.contains("</summary>") && comment.contains("\n- order "), "{comment}");
    assert_eq!(comment.matches("\nOrders without a part of their own are told in short: ").count(), 1);
}

/// What was carried out is told with as much detail as there is room for, and what failed above all.
#[test]
fn a_report_is_as_long_as_there_is_room() {
    let world =
        |orders: u64| World::of((1..=orders).map(|id| Order { leaving: worlds::every(2, 3), ..Order::new(id) }));
    for (orders, what_is_said) in [
        (2, ""),
        (120, "> The diffs are left out for want of room; "),
        (180, "> The diffs and most IPs are left out for want of room; "),
        (3000, "> The diffs, the IPs and "),
    ] {
        let world = world(orders);
        let plan = world.plan();
        let comment = world.report(&plan, worlds::order_id(orders));
        assert!(comment.chars().count() < BOUND, "{orders}");
        let told = comment.lines().filter(|line| line.starts_with("### order ")).count();
        let is_said = |part: &str| comment.lines().any(|line| line.starts_with(part));
        assert!(what_is_said.is_empty() || is_said(what_is_said), "{orders}: {comment}");
        assert_eq!(comment.contains("```diff"), orders == 2, "{orders}");
        assert_eq!(comment.contains("-> leaves"), orders <= 180, "{orders}");
        assert!(comment.contains(&format!("### order {orders} ")) && comment.contains("**failed**"), "{orders}");
        let left = orders as usize - told;
        assert_eq!(left > 0, orders == 3000, "{orders}: {told}");
        let rest = format!("… and {left} orders more.");
        assert!(left == 0 || told > 150 && comment.trim_end().ends_with(&rest), "{rest}: {told} {comment}");
    }
}
