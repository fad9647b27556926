//! Many IPs at once.

use std::fmt::Write as _;

use serde_json::{Value, json};
use shardctl::model::Outcome;

use super::{World, results};
use crate::rig::until;

const MANY: usize = 1200;

fn address(index: usize) -> String {
    format!("10.0.{}.{}", index / 250, index % 250 + 1)
}

/// Makes an order of 1,200 IPs with a slot for each.
async fn many() -> World {
    let ips: String = (0..MANY).fold(String::new(), |mut text, index| {
        write!(text, "{}: , ", address(index)).expect("a string takes all");
        text
    });
    World::open(&format!("orders: {{1: {{p0f_slots: {MANY}, proxies: {{{ips}}}}}}}")).await
}

/// Declares some of the IPs, with a signature or none.
fn keep(indices: impl Iterator<Item = usize>, signature: &str) -> String {
    let ips = indices.map(|index| format!("      {}: {signature}\n", address(index)));
    format!("\n  1:\n    keep:\n{}", ips.collect::<String>())
}

fn items(world: &World, request: usize) -> Vec<Value> {
    let requests = world.control().requests();
    let mut writes = requests.iter().filter(|request| request.method == "POST");
    let body = writes.nth(request).and_then(|request| request.body.clone()).expect("a body");
    body["items"].as_array().cloned().expect("items")
}

#[tokio::test]
async fn they_are_sent_500_at_a_time() {
    let world = many().await;
    let report = world.apply(&keep(0..MANY, "win11")).await;
    assert_eq!(results(&report, 1), ["done"; 2]);
    let sizes: Vec<_> = (0..6).map(|request| items(&world, request).len()).collect();
    assert_eq!((sizes, world.writes().len()), (vec![500, 500, 200, 500, 500, 200], 6));
    assert_eq!((world.recorded(1).signatures.len(), world.recorded(1).del_np.len()), (MANY, MANY));
    world.converges(&keep(0..MANY, "win11")).await;
}

#[tokio::test]
async fn those_that_stay_come_first() {
    let world = many().await;
    // Every third goes, so that the two kinds are mixed in the order of their addresses.
    let staying = || (0..MANY).filter(|index| index % 3 > 0);
    let report = world.apply(&keep(staying(), "")).await;
    assert_eq!(results(&report, 1), ["done"]);
    let values: Vec<bool> =
        (0..3).flat_map(|request| items(&world, request)).map(|item| item["value"] == true).collect();
    assert_eq!((values.len(), values.iter().filter(|leaves| **leaves).count()), (MANY, MANY / 3));
    assert!(values.is_sorted(), "false before true");
    world.converges(&keep(staying(), "")).await;
}

#[tokio::test]
async fn what_was_acknowledged_before_a_failure_is_recorded() {
    for fault in [json!({"status": 400}), json!({"close": true}), json!({"close": true, "when": "after"})] {
        let world = many().await;
        let mut rule = fault.clone();
        (rule["operation"], rule["nth"]) = (json!("set_del_np"), json!(2));
        world.break_with(json!([rule]));
        let report = world.apply(&keep(0..MANY, "")).await;
        assert_eq!(report.outcome(), Outcome::Partial, "{fault}");
        assert_eq!(world.recorded(1).del_np.len(), 500, "{fault}");
        world.converges(&keep(0..MANY, "")).await;
        let sizes: Vec<_> = (0..4).map(|request| items(&world, request).len()).collect();
        assert_eq!(sizes, [500, 500, 500, 200], "{fault}");
    }
}

#[tokio::test]
async fn a_stop_between_two_requests_leaves_the_rest() {
    let world = many().await;
    world.break_with(json!([{"operation": "set_del_np", "nth": 2, "delay_ms": 100}]));
    let plan = world.plan(&keep(0..MANY, "")).await;
    let stop = async {
        until("the second request is under way", || world.writes().len() == 2).await;
        world.stop.request();
    };
    let (report, ()) = tokio::join!(world.carry_out(&plan), stop);
    assert_eq!(results(&report, 1), ["failed: interrupted after 1000 of 1200 IPs"]);
    assert!(report.interrupted && report.outcome() == Outcome::Partial);
    assert_eq!(world.recorded(1).del_np.len(), 1000, "the request under way was finished and recorded");
}
