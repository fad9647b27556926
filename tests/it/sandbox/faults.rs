//! Faults on demand, and the log of what came.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ACCOUNT, World, buy, downgrade, marks};
use crate::openapi::check_logged;

/// What a client sees of a purchase: its status, or at which stage it went wrong.
async fn outcome(world: &World) -> String {
    let response = match world.request("purchase", "1", &buy(1)).send().await {
        Ok(response) => response,
        Err(error) => return format!("no answer ({})", if error.is_timeout() { "timeout" } else { "dropped" }),
    };
    let status = response.status();
    match response.bytes().await {
        Ok(_) => status.as_u16().to_string(),
        Err(_) => format!("{} cut", status.as_u16()),
    }
}

#[tokio::test]
async fn a_fault_strikes_before_or_after_the_effect() {
    let rows = [
        (json!({"status": 503}), "503", 3),
        (json!({"status": 503, "when": "after"}), "503", 4),
        (json!({"close": true}), "no answer (dropped)", 3),
        (json!({"close": true, "when": "after"}), "no answer (dropped)", 4),
        (json!({"delay_ms": 1}), "200", 4),
        (json!({"delay_ms": 1, "when": "after"}), "200", 4),
        (json!({"truncate": 0}), "200 cut", 4),
        (json!({"truncate": 20}), "200 cut", 4),
        (json!({"truncate": 20, "when": "after"}), "200 cut", 4),
        (json!({"truncate": 20_000}), "200", 4),
    ];
    for (rule, seen, slots) in rows {
        let world = World::open(ACCOUNT).await;
        world.break_with(json!([rule])).await;
        assert_eq!((outcome(&world).await.as_str(), world.slots(1)), (seen, slots), "{rule}");
        assert_eq!(outcome(&world).await, "200", "only once: {rule}");
        assert_eq!(world.get("account").await["charges"].as_array().map(Vec::len), Some(slots as usize - 2), "{rule}");
    }
}

#[tokio::test]
async fn a_rule_picks_operation_order_and_turn() {
    let rows = [
        (json!({}), [false, true, true, true, true, true], 6),
        (json!({"operation": "any", "times": 0}), [false; 6], 6),
        (json!({"nth": 2, "times": 3}), [true, false, false, false, true, true], 6),
        (json!({"nth": 5, "times": 0}), [true, true, true, true, false, false], 6),
        (json!({"operation": "writes", "times": 0}), [true, true, false, false, false, false], 4),
        (json!({"operation": "active", "times": 0}), [false, true, true, true, true, true], 1),
        (json!({"operation": "calculate", "times": 0}), [true, false, true, true, true, true], 1),
        (json!({"operation": "set_del_np", "times": 0}), [true, true, false, true, true, true], 1),
        (json!({"operation": "purchase", "times": 0}), [true, true, true, false, true, true], 1),
        (json!({"operation": "schedule", "times": 0}), [true, true, true, true, false, true], 1),
        (json!({"operation": "cancel", "times": 0}), [true, true, true, true, true, false], 1),
        (json!({"operation": "set_signatures", "times": 0}), [true; 6], 0),
        (json!({"operation": "order", "times": 0}), [true; 6], 0),
        (json!({"order_id": 1, "times": 0}), [false, false, false, true, true, true], 3),
        (json!({"order_id": 3, "operation": "writes", "nth": 3}), [true, true, true, true, true, false], 3),
    ];
    for (mut rule, passed, matched) in rows {
        let world = World::open(ACCOUNT).await;
        rule["status"] = json!(502);
        world.break_with(json!([rule])).await;
        let calls = [
            ("active", "1", json!(null)),
            ("calculate", "1", json!("addon_key=p0f_slots&add_qty=1")),
            ("set_del_np", "1", marks(&[("203.0.113.10", true)])),
            ("purchase", "3", buy(1)),
            ("schedule", "3", downgrade(2)),
            ("cancel", "3", json!({"addon_key": "p0f_slots"})),
        ];
        for ((operation, order, arguments), passed) in calls.into_iter().zip(passed) {
            let (status, _) = world.call(operation, order, arguments).await;
            assert_eq!(status, if passed { 200 } else { 502 }, "{operation} under {rule}");
        }
        let count = &world.get("faults").await[0];
        let fired = passed.iter().filter(|passed| !**passed).count();
        assert_eq!((&count["matched"], &count["fired"]), (&json!(matched), &json!(fired)), "{rule}");
    }
}

#[tokio::test]
async fn a_rule_knows_the_newer_operations() {
    let rows = [
        ("any", [false; 4]),
        ("writes", [true, true, true, false]),
        ("order", [false, true, true, true]),
        ("orders", [true, false, true, true]),
        ("me", [true, true, false, true]),
        ("set_auto_renewal", [true, true, true, false]),
        ("active", [true; 4]),
    ];
    let world = World::open(ACCOUNT).await;
    for (target, passed) in rows {
        world.break_with(json!([{"operation": target, "times": 0, "status": 502}])).await;
        let calls = [
            ("order", json!(null)),
            ("orders", json!("status=all")),
            ("me", json!(null)),
            ("set_auto_renewal", json!("auto_renewal=true")),
        ];
        for ((operation, arguments), passed) in calls.into_iter().zip(passed) {
            let (status, _) = world.call(operation, "1", arguments).await;
            assert_eq!(status, if passed { 200 } else { 502 }, "{operation} under a rule for {target}");
        }
    }
    world.break_with(json!([{"order_id": 1, "times": 0, "status": 502}])).await;
    let of_the_order = json!("auto_renewal=true");
    assert_eq!(world.call("order", "1", json!(null)).await.0, 502);
    assert_eq!(world.call("set_auto_renewal", "1", of_the_order.clone()).await.0, 502);
    assert_eq!(world.call("set_auto_renewal", "2", of_the_order).await.0, 200);
    assert_eq!(world.call("orders", "", json!("status=all")).await.0, 200, "it names no order");
}

#[tokio::test]
async fn an_answer_can_be_replaced_by_any_other() {
    let world = World::open(ACCOUNT).await;
    let headers = json!({"Retry-After": "1", "Content-Type": "text/html"});
    world.break_with(json!([{"status": 429, "headers": headers, "body": "<h1>Slow down</h1>"}])).await;
    let response = world.request("active", "1", &json!(null)).send().await.expect("an answer");
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers()["content-type"], "text/html");
    assert_eq!(response.text().await.expect("a body"), "<h1>Slow down</h1>");
}

#[tokio::test]
async fn delays_add_up_and_the_first_other_fault_wins() {
    let world = World::open(ACCOUNT).await;
    let delay = json!({"delay_ms": 60, "times": 0});
    let late = json!({"delay_ms": 60, "when": "after", "times": 0});
    world.break_with(json!([delay, {"status": 500}, {"status": 502, "times": 2}, late])).await;
    for status in ["500", "502", "200"] {
        let start = Instant::now();
        assert_eq!(outcome(&world).await, status);
        assert!(start.elapsed() >= Duration::from_millis(120), "{:?}", start.elapsed());
    }
    let counts = world.get("faults").await;
    let fired: Vec<_> = (0..4).map(|rule| counts[rule]["fired"].as_u64()).collect();
    assert_eq!(fired, [Some(3), Some(1), Some(1), Some(3)]);
}

#[tokio::test]
async fn a_slow_write_takes_effect_though_the_client_gave_up() {
    let world = World::open(ACCOUNT).await;
    world.break_with(json!([{"delay_ms": 200}])).await;
    let request = world.request("purchase", "1", &buy(1)).timeout(Duration::from_millis(50));
    assert!(request.send().await.expect_err("no answer in time").is_timeout());
    assert_eq!(world.slots(1), 3);
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if world.slots(1) == 4 {
            return;
        }
    }
    panic!("the purchase never took effect");
}

#[tokio::test]
async fn a_held_request_is_never_answered() {
    for (when, slots) in [("before", 3), ("after", 4)] {
        let world = World::open(ACCOUNT).await;
        world.break_with(json!([{"hold": true, "when": when}])).await;
        let request = world.request("purchase", "1", &buy(1)).timeout(Duration::from_millis(60));
        assert!(request.send().await.expect_err("no answer").is_timeout());
        world.break_with(json!([])).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(world.slots(1), slots, "{when}: what was held does not go on later");
        assert_eq!(outcome(&world).await, "200");
        assert_eq!(world.get("requests").await[0]["status"], json!(null));
    }
}

#[tokio::test]
async fn wrong_rules_are_refused_and_leave_the_old_ones() {
    let world = World::open(ACCOUNT).await;
    let rule = json!({"operation": "purchase", "order_id": 1, "nth": 2, "times": 0, "when": "after", "status": 503,
                      "headers": {"Retry-After": "1"}, "body": "x"});
    world.break_with(json!([rule])).await;
    let mut counted = rule.clone();
    (counted["matched"], counted["fired"]) = (json!(0), json!(0));
    let rows = [
        (json!({"close": true}), "sequence"),
        (json!([{}]), "exactly one"),
        (json!([{"close": true, "delay_ms": 1}]), "exactly one"),
        (json!([{"status": 500, "truncate": 1}]), "exactly one"),
        (json!([{"hold": true, "close": true}]), "exactly one"),
        (json!([{"close": true, "body": "x"}]), "belong to `status`"),
        (json!([{"status": 100}]), "status"),
        (json!([{"status": 1000}]), "status"),
        (json!([{"status": 500, "headers": {"a b": "c"}}]), "a b"),
        (json!([{"close": true, "nth": 0}]), "counts from 1"),
        (json!([{"stale_reads": 1, "times": 1}]), "leave `times` out"),
        (json!([{"stale_reads": 1, "close": true}]), "exactly one"),
        (json!([{"stale_reads": 1, "operation": "purchase"}]), "for the reads of an order"),
        (json!([{"stale_reads": 1, "operation": "me"}]), "for the reads of an order"),
        (json!([{"rate_limit": {"per_second": 0}}]), "nonzero"),
        (json!([{"rate_limit": {"per_minute": 60}}]), "per_minute"),
        (json!([{"without": ["data"], "status": 500}]), "exactly one"),
        (json!([{"clock_skew_seconds": 1, "hide_date": true}]), "exactly one"),
        (json!([{"hide_date": false}]), "exactly one"),
        (json!([{"close": true, "operation": "renew"}]), "renew"),
        (json!([{"close": true, "order_id": 0}]), "nonzero"),
        (json!([{"close": true, "when": "during"}]), "during"),
        (json!([{"close": true, "what": 1}]), "what"),
    ];
    for (rules, message) in rows {
        let (status, body) = world.post("faults", rules.clone()).await;
        assert_eq!(status, 400, "{rules}");
        assert!(body["message"].as_str().is_some_and(|text| text.contains(message)), "{rules}: {body}");
        assert_eq!(world.get("faults").await, json!([counted]));
    }
    world.break_with(json!([])).await;
    assert_eq!(world.get("faults").await, json!([]));
}

#[tokio::test]
async fn the_log_tells_what_came_and_what_was_answered() {
    let world = World::open(ACCOUNT).await;
    world.break_with(json!([{"operation": "purchase", "close": true, "when": "after"}])).await;
    outcome(&world).await;
    world.done("calculate", "1", json!("addon_key=p0f_slots&add_qty=1")).await;
    for path in ["/user/api/proxies", "/user/api/proxies/active"] {
        let request = world.client.delete(format!("{}{path}", world.sandbox.url())).bearer_auth("t0ken2");
        super::answer(request).await;
    }
    let entry = |n: u32, method: &str, path: &str| json!({"n": n, "method": method, "path": path, "query": [], "body": null, "status": null, "authorized": true, "operation": null});
    let with = |mut entry: Value, fields: Value| {
        entry.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        entry
    };
    let log = world.get("requests").await;
    let query = json!([["addon_key", "p0f_slots"], ["add_qty", "1"]]);
    let expected = json!([
        with(entry(1, "POST", "/user/api/orders/1/addons/purchase"), json!({"body": buy(1), "operation": "purchase"})),
        with(
            entry(2, "GET", "/user/api/orders/1/addons/calculate"),
            json!({"query": query, "operation": "calculate", "status": 200})
        ),
        with(entry(3, "DELETE", "/user/api/proxies"), json!({"authorized": false, "status": 404})),
        with(entry(4, "DELETE", "/user/api/proxies/active"), json!({"authorized": false, "status": 405})),
    ]);
    assert_eq!(log, expected);
    assert_eq!(check_logged(&log[0]), Ok("purchase"));
    assert!(!log.to_string().contains("t0ken"));
}
