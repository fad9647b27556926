//! The purchase protocol: charged once, whatever breaks.

use serde_json::{Value, json};
use shardctl::model::{Cents, Outcome};

use super::{ACCOUNT, MORE, World, id, results};
use crate::rig::until;

const ONE_MORE: &str = "\n  1: {p0f_slots: 4}\n";

fn charged(world: &World) -> u64 {
    world.control().with_account(|account| account.charges.iter().map(|charge| charge.charge_cents.0).sum())
}

fn purchases(world: &World) -> usize {
    world.writes().iter().filter(|write| write.starts_with("purchase")).count()
}

#[tokio::test]
async fn the_intent_is_stored_before_the_purchase_is_sent() {
    let world = World::open(ACCOUNT).await;
    let report = world.apply(ONE_MORE).await;
    assert_eq!((report.charged(), charged(&world)), (Cents(150), 150));
    let inner = world.store.lock();
    let intents: Vec<_> = inner.history.iter().filter(|(_, recorded)| recorded.purchase.is_some()).collect();
    let [(sent, intent)] = &intents[..] else { panic!("{intents:?}") };
    let purchase = intent.purchase.expect("an intent");
    assert_eq!((*sent, purchase.from_qty, purchase.add_qty), (1, 3, 1), "after the cancel, before the purchase");
    let (sent, last) = inner.history.last().expect("a record");
    assert_eq!((*sent, last.purchase, last.slots.map(|slots| slots.qty)), (2, None, Some(4)));
}

#[tokio::test]
async fn what_became_of_a_lost_answer_is_looked_up() {
    let slots = r#"{"addons": [{"addon_key": "p0f_slots", "qty": 3}]}"#;
    let rows: [(Value, bool); 10] = [
        (json!({"close": true, "when": "after"}), true),
        (json!({"truncate": 10}), true),
        (json!({"status": 502, "when": "after"}), true),
        (json!({"status": 408, "when": "after"}), true),
        (json!({"status": 202, "when": "after", "body": "{}"}), true),
        (json!({"status": 303, "when": "after", "body": ""}), true),
        (json!({"status": 200, "when": "after", "body": slots}), true),
        (json!({"close": true}), false),
        (json!({"status": 500}), false),
        (json!({"status": 200, "body": slots}), false),
    ];
    for (fault, bought) in rows {
        let world = World::with(ACCOUNT, 2, 4).await;
        let mut rule = fault.clone();
        rule["operation"] = json!("purchase");
        world.break_with(json!([rule]));
        let report = world.apply(ONE_MORE).await;
        assert_eq!(purchases(&world), 1, "sent once: {fault}");
        if bought {
            assert_eq!(results(&report, 1), ["done", "done"], "{fault}");
            assert_eq!((report.charged().0, charged(&world)), (150, 150), "{fault}");
            assert_eq!(world.recorded(1).purchase, None);
            world.converges(ONE_MORE).await;
        } else {
            let last = results(&report, 1).pop().expect("a result");
            assert!(last.starts_with("unknown: ") && last.contains("may or may not have been bought"), "{last}");
            assert!(report.has_unknown() && report.charged() == Cents(0), "{fault}");
            assert!(world.recorded(1).purchase.is_some(), "the intent stays: {fault}");
            assert!(world.plan(ONE_MORE).await.is_blocked(), "{fault}");
        }
        assert_eq!(purchases(&world), 1, "sent once: {fault}");
    }
}

#[tokio::test]
async fn an_answer_with_other_slots_than_were_bought_is_said() {
    let two = r#"{"action": "downgrade", "next_qty": 2}"#;
    let rows = [
        (4, two, "4 slots with 2 from the next renewal on, not 4 slots with nothing scheduled"),
        (5, "null", "5 slots with nothing scheduled, not 4 slots with nothing scheduled"),
    ];
    for (qty, pending, reason) in rows {
        let world = World::open(ACCOUNT).await;
        world.store.look_away();
        let body = format!(r#"{{"addons": [{{"addon_key": "p0f_slots", "qty": {qty}, "pending": {pending}}}]}}"#);
        world.break_with(json!([{"operation": "purchase", "status": 200, "body": body, "when": "after"}]));
        let report = world.apply(ONE_MORE).await;
        assert_eq!(results(&report, 1)[1], format!("failed: the API now shows {reason}"));
        assert_eq!((report.charged(), charged(&world), purchases(&world)), (Cents(150), 150, 1));
        assert_eq!((report.outcome(), world.recorded(1).purchase), (Outcome::Partial, None), "it is bought");
    }
}

#[tokio::test]
async fn the_first_slots_whose_answer_was_lost_leave_nothing_to_do() {
    let none = ACCOUNT.replace("2: {p0f_slots: 2", "2: {p0f_slots: 0");
    let orders = "\n  2: {p0f_slots: 1, keep: {198.51.100.7: win11}}\n";
    let world = World::open(&none).await;
    world.break_with(json!([{"operation": "purchase", "close": true, "when": "after"}]));
    let report = world.apply(orders).await;
    assert_eq!(report.outcome(), Outcome::Complete, "{report:?}");
    let plan = world.plan(orders).await;
    assert!(!plan.has_changes(), "where there were no slots, nothing was scheduled: {plan:?}");
}

#[tokio::test]
async fn a_refused_purchase_is_none() {
    for status in [400, 401, 403, 404, 409, 422, 429] {
        let world = World::with(ACCOUNT, 2, 4).await;
        world.break_with(json!([{"operation": "purchase", "status": status}]));
        let report = world.apply(ONE_MORE).await;
        let expected = format!("failed: nothing was bought: addons/purchase: refused with {status}: Simulated fault");
        assert_eq!(results(&report, 1), ["done".to_owned(), expected]);
        assert_eq!((purchases(&world), charged(&world)), (1, 0));
        assert_eq!(world.recorded(1).purchase, None, "the intent is void");
        world.converges(ONE_MORE).await;
        assert_eq!(charged(&world), 150);
    }
}

#[tokio::test]
async fn a_higher_price_or_other_slots_than_planned_buy_nothing() {
    type Change = fn(&World);
    let rows: [(Change, &str); 3] = [
        (
            |world| world.control().with_account(|account| account.slot_price_cents = Cents(151)),
            "the price is 151 cents now, the plan shows 150",
        ),
        (
            |world| drop(world.control().with_account(|account| account.purchase(id(1), 1).map(|_| ()))),
            "the order has 4 slots now, the plan was made for 3",
        ),
        (
            |world| world.break_with(json!([{"operation": "calculate", "status": 500}])),
            "addons/calculate: refused with 500: Simulated fault",
        ),
    ];
    for (change, reason) in rows {
        let world = World::open(ACCOUNT).await;
        let plan = world.plan(MORE).await;
        world.store.look_away();
        change(&world);
        let before = charged(&world);
        let report = world.carry_out(&plan).await;
        let results = results(&report, 1);
        assert_eq!(results[1], format!("failed: nothing was bought: {reason}"));
        assert_eq!(results[2..], ["not run", "not run"]);
        assert_eq!((purchases(&world), charged(&world)), (0, before));
        assert_eq!(world.recorded(1).purchase, None);
    }
}

#[tokio::test]
async fn a_lower_price_is_taken() {
    let world = World::open(ACCOUNT).await;
    let plan = world.plan(ONE_MORE).await;
    world.control().with_account(|account| account.slot_price_cents = Cents(100));
    let report = world.carry_out(&plan).await;
    assert_eq!((report.outcome(), report.charged(), charged(&world)), (Outcome::Complete, Cents(100), 100));
}

#[tokio::test]
async fn nothing_is_bought_without_a_stored_intent() {
    let world = World::open(ACCOUNT).await;
    // What was seen is saved first, then the cancel, and then the intent.
    world.store.fail([3]);
    let report = world.apply(ONE_MORE).await;
    assert_eq!(results(&report, 1), ["done", "failed: nothing was bought: no space left"]);
    assert_eq!(purchases(&world), 0);
    world.converges(ONE_MORE).await;
}

#[tokio::test]
async fn a_stop_while_the_price_is_quoted_buys_nothing() {
    let world = World::open(ACCOUNT).await;
    let plan = world.plan(ONE_MORE).await;
    world.break_with(json!([{"operation": "calculate", "delay_ms": 50}]));
    let stop = async {
        until("the price is asked for", || world.control().faults()[0].fired == 1).await;
        world.stop.request();
    };
    let (report, ()) = tokio::join!(world.carry_out(&plan), stop);
    assert_eq!(results(&report, 1), ["done", "failed: nothing was bought: interrupted"]);
    assert_eq!((purchases(&world), charged(&world), world.recorded(1).purchase), (0, 0, None));
    let inner = world.store.lock();
    assert!(inner.history.iter().all(|(_, recorded)| recorded.purchase.is_none()), "{:?}", inner.history);
}

#[tokio::test]
async fn a_purchase_that_cannot_be_recorded_is_settled_by_the_next_plan() {
    let world = World::open(ACCOUNT).await;
    world.store.fail([4]);
    let report = world.apply(ONE_MORE).await;
    assert_eq!(results(&report, 1), ["done", "failed: bought, but not recorded: no space left"]);
    assert_eq!((report.charged(), report.outcome()), (Cents(150), Outcome::Partial));
    assert!(world.recorded(1).purchase.is_some());
    world.converges(ONE_MORE).await;
    assert_eq!((charged(&world), purchases(&world)), (150, 1));
}
