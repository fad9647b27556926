//! What is recorded, and when.

use serde_json::json;
use shardctl::model::{Outcome, Signature};

use super::{ACCOUNT, FEWER, MORE, World, ip, real_signature, results};

const LINUX: &str = "\n  1: {keep: {203.0.113.10: linux, 203.0.113.11: win10, 203.0.113.12: ios, 203.0.113.13: }}\n";
const OTHER: &str = "\n  1: {keep: {203.0.113.10: win11, 203.0.113.11: win10, 203.0.113.12: ios, 203.0.113.13: }}\n";

#[tokio::test]
async fn every_acknowledged_write_is_recorded_at_once() {
    for orders in [MORE, FEWER] {
        let world = World::open(ACCOUNT).await;
        world.apply(orders).await;
        let inner = world.store.lock();
        let after = |write: usize| inner.history.iter().any(|(sent, _)| *sent == write);
        assert!((1..=4).all(after), "{:?}", inner.history);
    }
}

#[tokio::test]
async fn what_is_recorded_already_is_not_stored_again() {
    let world = World::open(ACCOUNT).await;
    assert_eq!(world.apply(LINUX).await.outcome(), Outcome::Complete);
    assert_eq!(world.store.lock().saves, 2, "once for the signatures and once for the marks");
}

#[tokio::test]
async fn a_lost_answer_leaves_an_unknown() {
    for (fault, took_effect) in [
        (json!({"close": true}), false),
        (json!({"close": true, "when": "after"}), true),
        (json!({"status": 502}), false),
        (json!({"status": 502, "when": "after"}), true),
        (json!({"truncate": 5}), true),
        (json!({"status": 200, "body": "<html>"}), false),
    ] {
        let world = World::open(ACCOUNT).await;
        world.converges(LINUX).await;
        assert_eq!(world.recorded(1).signatures.len(), 3);
        let mut rule = fault.clone();
        rule["operation"] = json!("set_signatures");
        world.break_with(json!([rule]));
        let report = world.apply(OTHER).await;
        assert_eq!(report.outcome(), Outcome::Partial, "it may have been changed: {fault}");
        assert_eq!(real_signature(&world, 1, "203.0.113.10") == Some(Signature::Win11), took_effect, "{fault}");
        let recorded = world.recorded(1);
        assert_eq!(recorded.signatures.get(&ip("203.0.113.10")), None, "unknown: {fault}");
        assert_eq!(recorded.signatures.len(), 2, "the others are known still: {fault}");
        assert_eq!(Vec::from_iter(&recorded.unknown_signatures), [&ip("203.0.113.10")], "it holds a slot: {fault}");
        world.converges(OTHER).await;
        assert!(world.recorded(1).unknown_signatures.is_empty(), "it is known again: {fault}");
    }
}

#[tokio::test]
async fn a_definite_refusal_leaves_what_was_known() {
    for retries in [0, 1] {
        let world = World::with(ACCOUNT, retries, 4).await;
        world.converges(LINUX).await;
        let before = world.recorded(1);
        world.break_with(
            json!([{"operation": "set_signatures", "status": 429, "headers": {"Retry-After": "0"}, "times": 0}]),
        );
        let report = world.apply(OTHER).await;
        assert_eq!(report.outcome(), Outcome::Failed, "nothing was changed: {report:?}");
        assert_eq!(world.recorded(1), before);
        world.converges(OTHER).await;
    }
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_is_none() {
    let world = World::with(ACCOUNT, 1, 4).await;
    world.converges(LINUX).await;
    world.break_with(json!([
        {"operation": "set_signatures", "close": true, "when": "after"},
        {"operation": "set_signatures", "nth": 2, "status": 400},
    ]));
    let report = world.apply(OTHER).await;
    assert_eq!(report.outcome(), Outcome::Partial, "{report:?}");
    assert_eq!(world.recorded(1).signatures.get(&ip("203.0.113.10")), None);
    world.converges(OTHER).await;
}

#[tokio::test]
async fn what_cannot_be_forgotten_is_not_overwritten() {
    let world = World::open(ACCOUNT).await;
    world.converges(LINUX).await;
    let (before, writes) = (world.recorded(1), world.writes().len());
    world.store.fail(1..9);
    let report = world.apply(OTHER).await;
    assert_eq!(results(&report, 1), ["failed: no space left"]);
    assert_eq!((report.outcome(), world.writes().len()), (Outcome::Failed, writes));
    assert_eq!(world.recorded(1), before);
    world.store.fail([]);
    world.converges(OTHER).await;
}

#[tokio::test]
async fn a_write_that_cannot_be_recorded_is_said_to_be_carried_out() {
    let world = World::open(ACCOUNT).await;
    world.store.fail(1..9);
    let report = world.apply(LINUX).await;
    assert_eq!(results(&report, 1), ["failed: carried out, but not recorded: no space left", "not run"]);
    assert_eq!(report.outcome(), Outcome::Partial);
    world.store.fail([]);
    world.converges(LINUX).await;
}

#[tokio::test]
async fn a_record_is_brought_up_to_date_without_any_operation() {
    let world = World::open(ACCOUNT).await;
    world.converges(LINUX).await;
    world.control().with_account(|account| {
        let order = account.orders.get_mut(&super::id(1)).expect("the order");
        order.proxies.remove(&ip("203.0.113.13"));
    });
    let holder = ip("203.0.113.13");
    world.store.lock().stored.get_mut(&super::id(1)).expect("a record").unknown_signatures.insert(holder);
    let fewer = LINUX.replace(", 203.0.113.13: ", "");
    let plan = world.plan(&fewer).await;
    assert!(!plan.has_changes());
    world.store.look_away();
    world.store.fail([1]);
    let report = world.carry_out(&plan).await;
    assert_eq!(report.orders[0].failure.as_deref(), Some("no space left"));
    assert_eq!(report.outcome(), Outcome::Failed);
    let report = world.carry_out(&plan).await;
    assert_eq!(report.outcome(), Outcome::NothingToDo);
    assert_eq!(world.recorded(1).del_np.len(), 3);
    assert!(world.recorded(1).unknown_signatures.is_empty());
}

#[tokio::test]
async fn a_lost_lock_stops_before_the_next_write() {
    for orders in [LINUX, MORE, FEWER] {
        let world = World::open(ACCOUNT).await;
        let plan = world.plan(orders).await;
        let lock = super::Held::default();
        lock.lost.store(true, std::sync::atomic::Ordering::SeqCst);
        let report = world.carry_out_under(&lock, &plan).await;
        assert_eq!(report.outcome(), Outcome::Failed);
        assert_eq!((world.writes().len(), world.store.lock().saves), (0, 0), "nothing is sent, nothing is recorded");
    }
}
