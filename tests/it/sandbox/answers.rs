//! Answers that are whole and yet not what they should be: from a replica that is behind, beyond a limit, with a part
//! missing or another value, and with a wrong date.

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::Response;
use serde_json::{Value, json};

use super::{ACCOUNT, World, buy, downgrade, marks};

/// What each read of order 1 says of the slots, and whether `203.0.113.50` is there.
async fn seen(world: &World) -> [Value; 3] {
    let active = world.done("active", "1", json!(null)).await;
    let preview = world.done("calculate", "1", json!("addon_key=p0f_slots&add_qty=1")).await;
    let added = active["data"].as_array().expect("a list").iter().any(|item| item["ip"] == "203.0.113.50");
    [json!(added), preview["current_qty"].clone(), world.detail("1").await["p0f_slots_available"].clone()]
}

#[tokio::test]
async fn a_stale_read_shows_an_order_as_it_was_before_its_last_change() {
    let old = [json!(false), json!(4), json!(4)];
    let new = [json!(true), json!(4), json!(4)];
    let world = World::open(ACCOUNT).await;
    world.done("purchase", "1", buy(1)).await;
    world.panel(1, "proxies", json!({"203.0.113.50": null})).await;
    // A refused write and a write that changes nothing are no changes, and neither is one of another order.
    assert_eq!(world.call("purchase", "1", buy(100)).await.0, 400);
    world.done("set_del_np", "1", marks(&[("203.0.113.10", false)])).await;
    world.done("purchase", "2", buy(1)).await;
    assert_eq!(seen(&world).await, new);
    world.break_with(json!([{"stale_reads": 3}])).await;
    assert_eq!((seen(&world).await, seen(&world).await), (old, new.clone()));
    world.break_with(json!([{"operation": "order", "stale_reads": 0}])).await;
    world.done("purchase", "1", buy(1)).await;
    assert_eq!(seen(&world).await, [json!(true), json!(5), json!(4)]);
    let shown = json!([{"operation": "order", "nth": 1, "when": "before", "stale_reads": 0, "matched": 1, "fired": 1}]);
    assert_eq!(world.get("faults").await, shown, "a write does not match");
    world.break_with(json!([])).await;
    assert_eq!(seen(&world).await, [json!(true), json!(5), json!(5)]);
}

#[tokio::test]
async fn an_order_that_never_changed_is_never_stale_and_a_purchase_knows_the_truth() {
    let world = World::open(ACCOUNT).await;
    world.break_with(json!([{"stale_reads": 0}])).await;
    assert_eq!(world.detail("3").await["p0f_slots_available"], 4);
    world.done("purchase", "3", buy(1)).await;
    assert_eq!(world.done("purchase", "3", buy(1)).await["addons"][0]["qty"], 6);
    assert_eq!(world.detail("3").await["p0f_slots_available"], 5);
}

#[tokio::test]
async fn beyond_a_limit_a_request_is_put_off_and_has_no_effect() {
    let world = World::open("{token: t0ken, wallet_cents: 100000, orders: {1: {}}}").await;
    world.break_with(json!([{"rate_limit": {"per_second": 1}}])).await;
    let (mut done, mut put_off) = (0, 0);
    // At one request a second, that so many go through takes a minute.
    for _ in 0..60 {
        let response = world.request("purchase", "1", &buy(1)).send().await.expect("an answer");
        match response.status().as_u16() {
            200 => done += 1,
            429 => {
                assert_eq!(response.headers()["retry-after"], "1");
                put_off += 1;
            }
            other => panic!("status {other}"),
        }
    }
    assert!(done > 0 && put_off > 0, "{done} done, {put_off} put off");
    assert_eq!(world.slots(1), done);
    let counted = &world.get("faults").await[0];
    assert_eq!((&counted["matched"], &counted["fired"], &counted["times"]), (&json!(60), &json!(put_off), &json!(0)));
    assert_eq!(counted["rate_limit"], json!({"per_second": 1}));
}

#[tokio::test]
async fn an_answer_can_lack_something_or_say_something_else() {
    let without = |keys: &[&str]| json!({"without": keys, "times": 0});
    let instead = |values: Value| json!({"instead": values, "times": 0});
    let rows = [
        ("schedule", downgrade(2), without(&["addons"]), "/addons", None),
        ("schedule", downgrade(2), without(&["pending"]), "/addons/0/pending", None),
        ("schedule", downgrade(2), without(&["pending"]), "/addons/0/qty", Some(json!(3))),
        ("set_del_np", marks(&[("203.0.113.10", true)]), instead(json!({"success": 1})), "/success", Some(json!(1))),
        ("active", json!(null), without(&["order_tag", "signature"]), "/order_tag", None),
        ("active", json!(null), without(&["order_tag", "signature"]), "/data/3/signature", None),
        ("active", json!(null), instead(json!({"signature": "plan9"})), "/data/3/signature", Some(json!("plan9"))),
        ("order", json!(null), instead(json!({"status": "Canceled"})), "/order/status", Some(json!("Canceled"))),
        ("order", json!(null), instead(json!({"addons": {"qty": 1}})), "/order/addons/qty", Some(json!(1))),
        ("order", json!(null), instead(json!({"paid_until": 1})), "/order/paid_until", None),
        (
            "calculate",
            json!("addon_key=p0f_slots&add_qty=1"),
            instead(json!({"add_total": 0})),
            "/add_total",
            Some(json!(0)),
        ),
    ];
    for (operation, arguments, rule, place, expected) in rows {
        let world = World::open(ACCOUNT).await;
        world.break_with(json!([rule])).await;
        let (status, body) = super::answer(world.request(operation, "1", &arguments)).await;
        assert_eq!((status, body.pointer(place)), (200, expected.as_ref()), "{operation} under {rule}: {body}");
        world.break_with(json!([])).await;
        assert_eq!(world.detail("1").await["p0f_slots_available"], 3, "what is so is so");
    }
}

fn date(response: &Response) -> Option<Timestamp> {
    let text = response.headers().get("date")?.to_str().expect("text");
    Some(rfc2822::DateTimeParser::new().parse_timestamp(text).expect("a date"))
}

#[tokio::test]
async fn answers_are_dated_by_the_clock_or_by_a_wrong_one_or_not_at_all() {
    let answer = json!({"status": 500});
    let dated = json!({"status": 500, "headers": {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}});
    let rows = [
        (json!([]), Some(0)),
        (json!([answer]), Some(0)),
        (json!([{"clock_skew_seconds": -660}]), Some(-660)),
        (json!([{"clock_skew_seconds": -660}, {"clock_skew_seconds": 7260}]), Some(6600)),
        (json!([{"clock_skew_seconds": 86400}, answer]), Some(86_400)),
        (json!([{"clock_skew_seconds": 86400, "operation": "active"}]), Some(0)),
        (json!([{"hide_date": true}]), None),
        (json!([{"hide_date": true}, {"clock_skew_seconds": 60}]), None),
        (json!([{"clock_skew_seconds": 60}, dated]), Some(-Timestamp::now().as_second())),
    ];
    for (rules, expected) in rows {
        let world = World::open(ACCOUNT).await;
        world.break_with(rules.clone()).await;
        let response = world.request("me", "", &json!(null)).send().await.expect("an answer");
        let ahead = date(&response).map(|date| date.duration_since(Timestamp::now()));
        let close = |ahead: SignedDuration| (ahead.as_secs() - expected.unwrap_or(0)).abs() < 60;
        assert!(ahead.is_some() == expected.is_some() && ahead.is_none_or(close), "{rules}: {ahead:?}");
    }
}

#[tokio::test]
async fn every_answer_is_dated() {
    let world = World::open("{token: t0ken, tells: older, orders: {1: {}}}").await;
    for path in ["/user/api/proxies/active?order_id=1", "/user/api/me", "/user/api/nothing", "/sandbox/account"] {
        let request = world.client.get(format!("{}{path}", world.sandbox.url()));
        let response = request.send().await.expect("an answer");
        assert!(date(&response).is_some(), "{path}");
    }
}

#[tokio::test]
async fn a_server_has_one_clock_also_for_what_it_does_not_have() {
    let world = World::open("{token: t0ken, tells: older, orders: {1: {}}}").await;
    world.break_with(json!([{"clock_skew_seconds": 86_400}, {"clock_skew_seconds": 3_600, "nth": 2}])).await;
    for (path, days) in
        [("/user/api/me", 1), ("/user/api/nothing", 1), ("/user/api/orders", 1), ("/sandbox/account", 0)]
    {
        let response = world.client.get(format!("{}{path}", world.sandbox.url())).send().await.expect("an answer");
        let ahead = date(&response).expect("a date").duration_since(Timestamp::now());
        assert!((ahead.as_secs() - days * 86_400).abs() < 60, "{path}: {ahead:?}");
    }
}

#[tokio::test]
async fn rules_are_shown_as_they_were_set() {
    let world = World::open(ACCOUNT).await;
    let usual = |more: Value| {
        let mut rule = json!({"operation": "any", "nth": 1, "times": 1, "when": "before", "matched": 0, "fired": 0});
        rule.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        rule
    };
    let rules = [
        json!({"stale_reads": 2}),
        json!({"rate_limit": {"per_second": 5}}),
        json!({"without": ["a", "b"]}),
        json!({"instead": {"a": [1, null]}}),
        json!({"clock_skew_seconds": -5}),
        json!({"hide_date": true}),
        json!({"hide_date": true, "times": 3}),
    ];
    world.break_with(json!(rules)).await;
    let mut shown: Vec<Value> = rules.into_iter().map(usual).collect();
    shown[0].as_object_mut().expect("an object").remove("times");
    for lasting in [1, 4, 5] {
        shown[lasting]["times"] = json!(0);
    }
    assert_eq!(world.get("faults").await, json!(shown));
}
