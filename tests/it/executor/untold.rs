//! What an answer to a write leaves out: it is read from the order's detail where that tells it, and else it is unknown,
//! never nothing.

use std::time::Duration;

use serde_json::{Value, json};
use shardctl::model::{PendingChange, RecordedSlots, Signature};
use shardctl::sandbox::Tells;

use super::{ACCOUNT, World, id, results};

const SCHEDULE: &str = "\n  1: {p0f_slots: 2}\n";
const CANCEL: &str = "\n  1: {p0f_slots: 3}\n";
const BUY: &str = "\n  1: {p0f_slots: 4}\n";
const NOT_SHOWN: &str = "the API acknowledged it, and does not show what came of it";

/// Returns a world whose server tells everything, or as little as the older one.
async fn world(tells_everything: bool) -> World {
    let world = World::open(ACCOUNT).await;
    if tells_everything {
        world.control().set_tells(Tells::everything());
    }
    world
}

#[tokio::test]
async fn slots_that_an_answer_leaves_out_are_read_or_unknown() {
    let two = Some(PendingChange::Downgrade { next_qty: 2 });
    let slots = |qty, pending| Some(RecordedSlots { qty, pending });
    // What was acknowledged is recorded as it was asked for, but never that nothing is scheduled.
    let rows = [
        ("schedule", SCHEDULE, slots(3, two), slots(3, two)),
        ("cancel", CANCEL, slots(3, None), None),
        ("purchase", BUY, slots(4, None), None),
    ];
    for ((operation, orders, if_told, else_recorded), left_out) in
        rows.iter().flat_map(|row| [&["pending"][..], &["addons"], &["qty"]].map(|keys| (row, keys)))
    {
        for tells_everything in [true, false] {
            let world = world(tells_everything).await;
            if *operation == "cancel" {
                world.control().with_account(|account| account.orders.get_mut(&id(1)).expect("it").pending = two);
            }
            world.break_with(json!([{"operation": operation, "without": left_out, "times": 0}]));
            let report = world.apply(orders).await;
            let case = format!("{operation} without {left_out:?}, told the rest: {tells_everything}");
            assert!(results(&report, 1).iter().all(|result| result == "done"), "{case}: {report:?}");
            let pending_is_told = left_out == ["qty"];
            let expected = if tells_everything || pending_is_told { if_told } else { else_recorded };
            assert_eq!(world.recorded(1).slots, *expected, "{case}");
            let said = report.order(id(1)).expect("a report").remarks.values().any(|remark| remark == NOT_SHOWN);
            assert_eq!(said, !tells_everything, "{case}: {report:?}");
            world.converges(orders).await;
            let bought = world.control().account().charges.len();
            assert_eq!(bought, usize::from(*operation == "purchase"), "{case}");
        }
    }
}

/// The answer does not tell, and the detail is behind: what was acknowledged is waited for, and a read that is behind is
/// never recorded as what came of it.
#[tokio::test]
async fn a_detail_that_is_behind_an_acknowledgement_is_not_recorded() {
    let two = Some(PendingChange::Downgrade { next_qty: 2 });
    let rows = [("schedule", SCHEDULE, 3, two), ("cancel", CANCEL, 3, None), ("purchase", BUY, 4, None)];
    for ((operation, orders, qty, pending), (behind, catches_up)) in
        rows.iter().flat_map(|row| [(3, true), (10_000, false)].map(|behind| (row, behind)))
    {
        let world = world(true).await;
        if *operation == "cancel" {
            world.control().with_account(|account| account.orders.get_mut(&id(1)).expect("it").pending = two);
        }
        let plan = world.plan(orders).await;
        world.break_with(json!([
            {"operation": operation, "without": ["addons"], "times": 0},
            {"operation": "order", "stale_reads": behind},
        ]));
        let report = world.carry_out(&plan).await;
        let case = format!("{operation}, catches up: {catches_up}");
        let result = &results(&report, 1)[0];
        let recorded = world.recorded(1);
        match (catches_up, *operation) {
            (true, _) => {
                assert_eq!(result, "done", "{case}");
                assert_eq!(recorded.slots, Some(RecordedSlots { qty: *qty, pending: *pending }), "{case}");
            }
            (false, "purchase") => {
                assert_eq!(result, "done", "{case}");
                assert_eq!((recorded.slots, recorded.bought.map(|bought| bought.qty)), (None, Some(4)), "{case}");
                let remark = "the API acknowledged it, and still shows 3 slots with nothing scheduled";
                assert_eq!(report.order(id(1)).expect("a report").remarks[&0], remark, "{case}");
                let stored = world.store.lock().history.iter().filter(|(_, it)| it.bought.is_some()).count();
                assert_eq!(stored, 2, "{case}: before it was waited for, and after");
            }
            (false, _) => {
                assert!(
                    result.starts_with("failed: the API acknowledged it, and still shows 3 slots with "),
                    "{result}"
                );
                assert_eq!(recorded.slots, None, "{case}");
            }
        }
        world.break_with(json!([]));
        let drifted = world.plan(orders).await.summary().drifted;
        assert_eq!(drifted, 0, "{case}: nobody else changed anything");
        world.converges(orders).await;
        let bought = world.control().account().charges.len();
        assert_eq!(bought, usize::from(*operation == "purchase"), "{case}");
    }
}

/// What contradicts an acknowledgement is not taken back by a read that fails, and whoever asks to stop does not wait.
#[tokio::test]
async fn a_contradiction_is_waited_for_until_a_read_says_otherwise() {
    let behind = json!({"operation": "order", "stale_reads": 2});
    for then in
        [json!({"operation": "order", "nth": 3, "times": 0, "status": 403}), json!({"operation": "me", "status": 500})]
    {
        let mut world = world(true).await;
        let plan = world.plan(SCHEDULE).await;
        let stops = then["operation"] == "me";
        let for_ever = json!({"operation": "order", "stale_reads": 100_000});
        let first = if stops { for_ever } else { behind.clone() };
        world.break_with(json!([{"operation": "schedule", "without": ["addons"], "times": 0}, first, then]));
        if stops {
            world.settings.settle_timeout = Duration::from_secs(24 * 60 * 60);
        }
        let stop = async {
            while stops && world.control().requests().iter().filter(|it| it.path.ends_with("/orders/1")).count() < 4 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if stops {
                world.stop.request();
            }
        };
        let (report, ()) = tokio::join!(world.carry_out(&plan), stop);
        let result = &results(&report, 1)[0];
        assert!(result.starts_with("failed: the API acknowledged it, and still shows 3 slots"), "{stops}: {result}");
        assert_eq!(world.recorded(1).slots, None, "{stops}");
    }
}

#[tokio::test]
async fn fewer_updates_than_were_asked_for_are_said() {
    let keep = "\n  1: {keep: {203.0.113.10: win11, 203.0.113.11: macos, 203.0.113.12: }}\n";
    let nobody: Value = json!({"status": 200, "body": r#"{"success": true, "updated": 0}"#});
    let rows = [
        // Set all the same, as one that was set already may not count.
        (json!({"instead": {"updated": 0}}), true, "done"),
        (json!({"instead": {"updated": 0}}), false, "done"),
        (json!({"without": ["updated"]}), true, "done"),
        (nobody, true, "failed: acknowledged, and the API still shows another signature for 2 IPs, 203.0.113.10 first"),
    ];
    for (fault, tells_everything, expected) in rows {
        let world = world(tells_everything).await;
        let mut rule = fault.clone();
        rule["operation"] = json!("set_signatures");
        world.break_with(json!([rule]));
        let report = world.apply(keep).await;
        assert_eq!(results(&report, 1)[0], expected, "{fault}");
        let remarks = &report.order(id(1)).expect("a report").remarks;
        let said = remarks.get(&0).map(String::as_str);
        let is_counted = fault.get("without").is_none();
        assert_eq!(said, is_counted.then_some("the API says that it updated 0 of 2 IPs"), "{fault}");
        world.converges(keep).await;
    }
    let world = world(false).await;
    let one = json!({"operation": "set_del_np", "status": 200, "when": "after", "body": r#"{"updated": 1}"#});
    world.break_with(json!([one]));
    let report = world.apply("\n  1: {keep: {203.0.113.10: , 203.0.113.11: , 203.0.113.12: }}\n").await;
    let remarks = &report.order(id(1)).expect("a report").remarks;
    assert_eq!(remarks.values().collect::<Vec<_>>(), ["the API says that it updated 1 of 4 IPs"]);
}

/// A cancel was asked for this renewal, and found nothing. A downgrade whose answer is lost behind it may stand.
#[tokio::test]
async fn a_schedule_whose_answer_is_lost_is_taken_back() {
    let lost = [
        json!({"operation": "schedule", "status": 504, "when": "after"}),
        json!({"operation": "schedule", "close": true, "when": "after"}),
        json!({"operation": "schedule", "truncate": 9}),
    ];
    for fault in lost {
        let world = world(false).await;
        // Nothing is scheduled, and nobody tells.
        world.apply(CANCEL).await;
        assert!(world.recorded(1).pending_asked);
        world.break_with(json!([fault]));
        let report = world.apply(SCHEDULE).await;
        assert!(results(&report, 1)[0].starts_with("failed"), "{fault}: {report:?}");
        assert_eq!((world.recorded(1).slots, world.recorded(1).pending_asked), (None, false), "{fault}");
        world.converges(CANCEL).await;
        let pending = world.control().with_account(|account| account.orders[&id(1)].pending);
        assert_eq!(pending, None, "{fault}");
    }
    // A refusal had no effect, and what was known is known again.
    let world = world(false).await;
    world.apply(CANCEL).await;
    world.break_with(json!([{"operation": "schedule", "status": 403}]));
    world.apply(SCHEDULE).await;
    assert!(world.recorded(1).pending_asked);
}

/// Where the API tells that IPs have no signature, the record says so: but not while one is being set, or its own doing
/// would look like somebody else's.
#[tokio::test]
async fn what_is_being_set_is_never_taken_for_a_change_of_somebody_else() {
    const FIRST: &str = "\n  1: {keep: {203.0.113.10: win11, 203.0.113.11: , 203.0.113.12: }}\n";
    const NONE: &str = "\n  1: {keep: {203.0.113.10: , 203.0.113.11: , 203.0.113.12: }}\n";
    let rows = [
        json!({"operation": "set_signatures", "close": true, "when": "after"}),
        json!({"operation": "set_signatures", "status": 403}),
        json!({"operation": "set_signatures", "status": 200, "when": "after", "body": r#"{"updated": 0}"#}),
        json!({"operation": "me", "status": 500}),
    ];
    for fault in rows {
        let world = world(true).await;
        world.converges(NONE).await;
        assert!(world.recorded(1).signatures_told, "{fault}");
        world.break_with(json!([fault]));
        world.apply(FIRST).await;
        for (_, recorded) in &world.store.lock().history {
            let claims_none = recorded.had_no_signature(super::ip("203.0.113.10"));
            assert!(!claims_none || !recorded.signatures.contains_key(&super::ip("203.0.113.10")), "{fault}");
        }
        world.break_with(json!([]));
        assert_eq!(world.plan(FIRST).await.summary().drifted, 0, "{fault}: nobody else changed anything");
        world.converges(FIRST).await;
        assert!(world.recorded(1).signatures_told, "{fault}");
        // And what somebody else does is seen.
        world.control().with_account(|account| {
            let order = account.orders.get_mut(&id(1)).expect("the order");
            order.proxies.get_mut(&super::ip("203.0.113.12")).expect("a proxy").signature = Some(Signature::Macos);
        });
        assert_eq!(world.plan(FIRST).await.summary().drifted, 1, "{fault}");
    }
}
