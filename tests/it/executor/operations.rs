//! One order after the other, and one operation after the other, up to the first failure.

use serde_json::json;
use shardctl::model::{Outcome, PendingChange, RecordedSlots};

use super::{ACCOUNT, FEWER, MORE, World, results};
use crate::rig::until;

#[tokio::test]
async fn operations_are_carried_out_in_sequence() {
    let rows = [
        (
            MORE,
            ["cancel_downgrade", "purchase_slots", "set_signatures", "set_del_np"],
            ["cancel 400", "purchase 200", "set_signatures 200", "set_del_np 200"],
        ),
        (
            FEWER,
            ["cancel_downgrade", "set_signatures", "set_del_np", "schedule_downgrade"],
            ["cancel 400", "set_signatures 200", "set_del_np 200", "schedule 200"],
        ),
    ];
    for (orders, kinds, writes) in rows {
        let world = World::open(ACCOUNT).await;
        let report = world.apply(orders).await;
        assert_eq!(results(&report, 1), ["done"; 4], "{orders}");
        assert_eq!(report.outcome(), Outcome::Complete);
        assert_eq!(world.writes(), writes);
        let ended = kinds.iter().map(|kind| format!("1 {kind} done"));
        let events: Vec<_> = ["1 started".into()].into_iter().chain(ended).chain(["1 ended".into()]).collect();
        assert_eq!(world.events.take(), events);
        world.converges(orders).await;
        assert_eq!(world.writes(), writes, "nothing more was sent");
    }
}

#[tokio::test]
async fn an_order_stops_at_its_first_failure() {
    let rows = [
        (MORE, "cancel", 403, "addons/schedule/cancel: refused with 403", false),
        // The cancel before it found nothing to take back.
        (MORE, "purchase", 400, "nothing was bought: addons/purchase: refused with 400", false),
        (MORE, "set_signatures", 400, "signature/set: refused with 400", true),
        (MORE, "set_del_np", 404, "del-np/set: refused with 404", true),
        (FEWER, "schedule", 500, "addons/schedule: refused with 500", true),
    ];
    for (orders, operation, status, reason, changed) in rows {
        let world = World::open(ACCOUNT).await;
        world.break_with(json!([{"operation": operation, "status": status, "times": 0}]));
        let report = world.apply(orders).await;
        let results = results(&report, 1);
        let failed = results.iter().position(|result| result != "done").expect("a failure");
        assert_eq!(results[failed], format!("failed: {reason}: Simulated fault"));
        assert!(results[failed + 1..].iter().all(|result| result == "not run"), "{results:?}");
        assert_eq!(world.writes().last(), Some(&format!("{operation} {status}")));
        assert_eq!(report.outcome(), if changed { Outcome::Partial } else { Outcome::Failed }, "{operation}");
        world.converges(orders).await;
    }
}

#[tokio::test]
async fn after_a_failure_no_further_order_is_started() {
    let orders = format!("{FEWER}  2: {{keep: {{198.51.100.7: }}}}\n");
    for keep_going in [false, true] {
        let mut world = World::with(ACCOUNT, 0, 1).await;
        world.settings.keep_going = keep_going;
        world.break_with(json!([{"order_id": 1, "operation": "cancel", "status": 403}]));
        let report = world.apply(&orders).await;
        assert_eq!(results(&report, 2), [if keep_going { "done" } else { "not run" }]);
        assert_eq!(report.outcome(), if keep_going { Outcome::Partial } else { Outcome::Failed });
        world.converges(&orders).await;
    }
}

#[tokio::test]
async fn a_refused_token_ends_the_run_whatever_else_could_go_on() {
    let orders = format!("{MORE}  2: {{keep: {{198.51.100.7: }}}}\n");
    for (operation, sent) in [("cancel", 1), ("calculate", 1), ("purchase", 2), ("set_signatures", 3), ("any", 1)] {
        let mut world = World::with(ACCOUNT, 0, 1).await;
        world.settings.keep_going = true;
        let plan = world.plan(&orders).await;
        world.break_with(json!([{"operation": operation, "status": 401, "times": 0}]));
        let report = world.carry_out(&plan).await;
        let failed = results(&report, 1).into_iter().find(|result| result != "done").expect("a failure");
        assert!(failed.contains("refused with 401"), "{operation}: {failed}");
        assert_eq!((results(&report, 2), world.writes().len()), (vec!["not run".to_owned()], sent), "{operation}");
        world.converges(&orders).await;
    }
}

#[tokio::test]
async fn orders_run_side_by_side() {
    let world = World::open(ACCOUNT).await;
    let plan = world
        .plan("\n  1: {keep: {203.0.113.10: , 203.0.113.11: , 203.0.113.12: }}\n  2: {keep: {198.51.100.7: }}\n")
        .await;
    world.break_with(json!([{"operation": "set_del_np", "hold": true, "times": 0}]));
    tokio::select! {
        report = world.carry_out(&plan) => panic!("nothing was answered: {report:?}"),
        () = until("both are under way", || world.control().faults()[0].fired == 2) => {}
    }
}

#[tokio::test]
async fn orders_with_problems_are_left_out() {
    let world = World::open(ACCOUNT).await;
    let plan = world.plan("\n  1: {tag: other, keep: {203.0.113.10: }}\n  2: {keep: {198.51.100.7: }}\n").await;
    let report = world.carry_out(&plan).await;
    assert_eq!((results(&report, 1), results(&report, 2)), (vec!["not run".to_owned()], vec!["done".to_owned()]));
    assert_eq!((report.blocked, report.outcome()), (1, Outcome::Partial));
    assert_eq!(world.writes(), ["set_del_np 200"]);
}

#[tokio::test]
async fn a_stop_lets_nothing_begin() {
    let world = World::open(ACCOUNT).await;
    let plan = world.plan(MORE).await;
    world.stop.request();
    let report = world.carry_out(&plan).await;
    assert_eq!(results(&report, 1), ["not run"; 4]);
    assert!(report.interrupted && report.outcome() == Outcome::Failed && world.writes().is_empty());
}

#[tokio::test]
async fn a_cancel_may_find_nothing_where_nobody_knows() {
    let nothing_pending = [400, 404, 422];
    for status in [400, 404, 409, 422, 200, 302, 401, 403, 500] {
        let world = World::open(ACCOUNT).await;
        let body = r#"{"success": false, "message": "No"}"#;
        world.break_with(json!([{"operation": "cancel", "status": status, "body": body}]));
        let report = world.apply("\n  1: {p0f_slots: 3}\n").await;
        let fine = nothing_pending.contains(&status);
        assert_eq!(report.outcome() == Outcome::Complete, fine, "{status}: {report:?}");
        // What is scheduled stays unknown; that it was asked for is remembered.
        assert_eq!((world.recorded(1).slots, world.recorded(1).pending_asked), (None, fine), "{status}");
        world.converges("\n  1: {p0f_slots: 3}\n").await;
    }
}

#[tokio::test]
async fn a_cancel_of_what_is_known_must_find_it() {
    for status in [400, 404, 422] {
        let world = World::with(ACCOUNT, 1, 4).await;
        world.apply("\n  1: {p0f_slots: 1}\n").await;
        let known = RecordedSlots { qty: 3, pending: Some(PendingChange::Downgrade { next_qty: 1 }) };
        assert_eq!(world.recorded(1).slots, Some(known));
        world.break_with(json!([{"operation": "cancel", "status": status}]));
        let report = world.apply("\n  1: {p0f_slots: 3}\n").await;
        let elsewhere = "if it was taken back elsewhere already, apply with --reassert";
        let expected = format!("failed: addons/schedule/cancel: refused with {status}: Simulated fault; {elsewhere}");
        assert_eq!(results(&report, 1), [expected]);
        assert_eq!(report.outcome(), Outcome::Failed);
        assert_eq!(world.recorded(1).slots, Some(known), "it had no effect");
        world.converges("\n  1: {p0f_slots: 3}\n").await;
    }
}

#[tokio::test]
async fn a_cancel_whose_answer_was_lost_finds_nothing() {
    let world = World::with(ACCOUNT, 1, 4).await;
    world.apply("\n  1: {p0f_slots: 1}\n").await;
    world.break_with(json!([{"operation": "cancel", "close": true, "when": "after"}]));
    let report = world.apply("\n  1: {p0f_slots: 3}\n").await;
    assert_eq!(results(&report, 1), ["done"]);
    assert_eq!(world.writes()[2..], ["cancel broken", "cancel 400"]);
    assert_eq!((world.recorded(1).slots, world.recorded(1).pending_asked), (None, true));
}

#[tokio::test]
async fn a_cancel_that_finds_nothing_is_a_change_where_an_earlier_attempt_may_have_made_it() {
    for (lost, outcome) in [(true, Outcome::Partial), (false, Outcome::Failed)] {
        let world = World::with(ACCOUNT, 1, 4).await;
        let mut faults = vec![json!({"operation": "set_signatures", "status": 400})];
        if lost {
            faults.push(json!({"operation": "cancel", "close": true}));
        }
        world.break_with(faults.into());
        let report = world.apply("\n  1: {p0f_slots: 3, keep: {203.0.113.10: win11}, prune: false}\n").await;
        let results = results(&report, 1);
        assert_eq!(results[0], "done", "nothing was scheduled");
        assert!(results[1].starts_with("failed"), "{results:?}");
        assert_eq!(report.outcome(), outcome, "the lost request may have taken something back: {lost}");
    }
}

#[tokio::test]
async fn a_cancel_that_never_arrived_before_must_find_it_still() {
    let world = World::with(ACCOUNT, 1, 4).await;
    world.apply("\n  1: {p0f_slots: 1}\n").await;
    world.break_with(json!([
        {"operation": "cancel", "status": 429, "headers": {"Retry-After": "0"}},
        {"operation": "cancel", "nth": 2, "status": 404},
    ]));
    let report = world.apply("\n  1: {p0f_slots: 3}\n").await;
    assert!(results(&report, 1)[0].starts_with("failed: addons/schedule/cancel: refused with 404"), "{report:?}");
    world.converges("\n  1: {p0f_slots: 3}\n").await;
}

#[tokio::test]
async fn an_answer_with_other_slots_is_a_failure() {
    let line = |qty: u32, pending: &str| {
        format!(r#"{{"addons": [{{"addon_key": "p0f_slots", "qty": {qty}, "pending": {pending}}}]}}"#)
    };
    let two = r#"{"action": "downgrade", "next_qty": 2}"#;
    let rows = [
        ("cancel", line(3, two), "3 slots with 2 from the next renewal on, not 3 slots with nothing scheduled"),
        ("cancel", line(5, "null"), "5 slots with nothing scheduled, not 3 slots with nothing scheduled"),
        ("schedule", line(3, "null"), "3 slots with nothing scheduled, not 3 slots with 1 from the next renewal on"),
        ("schedule", line(3, two), "3 slots with 2 from the next renewal on, not 3 slots with 1"),
        (
            "schedule",
            line(4, r#"{"action": "downgrade", "next_qty": 1}"#),
            "4 slots with 1 from the next renewal on, not 3",
        ),
    ];
    for (operation, body, reason) in rows {
        let world = World::open(ACCOUNT).await;
        world.store.look_away();
        world.break_with(json!([{"operation": operation, "status": 200, "body": body}]));
        let report = world.apply("\n  1: {p0f_slots: 1}\n").await;
        let results = results(&report, 1);
        let failed = results.iter().find(|result| *result != "done").expect("a failure");
        assert!(failed.starts_with(&format!("failed: the API now shows {reason}")), "{failed}");
    }
}
