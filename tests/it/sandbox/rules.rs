//! The vendor's rules: what is refused, what is done, and what a renewal brings.

use serde_json::{Value, json};

use super::{ACCOUNT, World, buy, downgrade, marks, signatures};

const TEN: &str = "203.0.113.10";
const ELEVEN: &str = "203.0.113.11";
const TWELVE: &str = "203.0.113.12";
const THIRTEEN: &str = "203.0.113.13";

fn addons(qty: u32, pending: Value) -> Value {
    json!([{"addon_key": "p0f_slots", "catalog_id": 17, "qty": qty, "price_per_unit": 150, "pending": pending}])
}

#[tokio::test]
async fn a_refusal_says_why_and_changes_nothing() {
    let world = World::open(ACCOUNT).await;
    let before = world.get("account").await;
    let key = json!({"addon_key": "p0f_slots"});
    let rows = [
        ("active", "5", json!(null), 404, "Order 5 not found"),
        ("active", "9", json!(null), 403, "not available"),
        ("active", "", json!(null), 400, "order_id"),
        ("active", "x", json!(null), 400, "order_id"),
        ("active", "1&order_id=2", json!(null), 400, "once"),
        ("calculate", "5", json!("addon_key=p0f_slots&add_qty=1"), 404, "not found"),
        ("calculate", "9", json!("addon_key=p0f_slots&add_qty=1"), 400, "not DC/ISP"),
        ("calculate", "x", json!("addon_key=p0f_slots&add_qty=1"), 400, "order_id"),
        ("calculate", "1", json!("add_qty=1"), 400, "addon_key is required"),
        ("calculate", "1", json!("addon_key=slots&add_qty=1"), 400, "Unknown addon_key"),
        ("calculate", "1", json!("addon_key=p0f_slots"), 400, "add_qty is required"),
        ("calculate", "1", json!("addon_key=p0f_slots&add_qty=0"), 400, "at least 1"),
        ("calculate", "1", json!("addon_key=p0f_slots&add_qty=-1"), 400, "add_qty"),
        ("calculate", "1", json!("addon_key=p0f_slots&add_qty=4294967295"), 400, "too large"),
        ("purchase", "5", buy(1), 404, "not found"),
        ("purchase", "9", buy(1), 400, "not DC/ISP"),
        ("purchase", "1", buy(0), 400, "at least 1"),
        ("purchase", "1", buy(7), 400, "Insufficient funds"),
        ("purchase", "1", json!({"addon_key": "slots", "add_qty": 1}), 400, "Unknown addon_key"),
        ("purchase", "1", key.clone(), 400, "add_qty"),
        ("purchase", "1", json!({"addon_key": "p0f_slots", "add_qty": -1}), 400, "-1"),
        ("purchase", "1", json!(["p0f_slots", 1]), 400, "expected an object"),
        ("schedule", "5", downgrade(1), 404, "not found"),
        ("schedule", "9", downgrade(1), 400, "not DC/ISP"),
        ("schedule", "1", downgrade(0), 400, "at least 1"),
        ("schedule", "1", downgrade(3), 400, "less than the current quantity (3)"),
        ("schedule", "2", downgrade(1), 400, "less than the current quantity (0)"),
        ("schedule", "1", json!({"addon_key": "p0f_slots", "action": "cancel", "next_qty": 1}), 400, "cancel"),
        ("schedule", "1", json!({"addon_key": "p0f_slots", "next_qty": 1}), 400, "action"),
        ("cancel", "5", key.clone(), 404, "not found"),
        ("cancel", "9", key.clone(), 400, "not DC/ISP"),
        ("cancel", "1", key.clone(), 400, "No pending downgrade"),
        ("cancel", "3", json!({}), 400, "addon_key"),
        ("cancel", "3", json!({"addon_key": "slots"}), 400, "Unknown addon_key"),
        ("set_del_np", "5", marks(&[(TEN, true)]), 404, "not found"),
        ("set_del_np", "9", marks(&[("192.0.2.1", false)]), 400, "not DC/ISP"),
        ("set_del_np", "1", marks(&[]), 400, "must not be empty"),
        ("set_del_np", "1", marks(&[(TEN, true), ("203.0.113.99", true)]), 400, "203.0.113.99 does not belong"),
        ("set_del_np", "1", marks(&[("tomorrow", true)]), 400, "Validation error"),
        ("set_del_np", "1", json!({"items": [{"ip": TEN}]}), 400, "value"),
        ("set_del_np", "1", json!({"items": [[TEN, true]]}), 400, "expected an object"),
        ("set_del_np", "1", marks(&[(TEN, true), (TWELVE, true), (THIRTEEN, true)]), 400, "keep=0"),
        ("set_signatures", "5", signatures(&[(TEN, "ios")]), 404, "not found"),
        ("set_signatures", "9", signatures(&[("192.0.2.1", "ios")]), 400, "not DC/ISP"),
        ("set_signatures", "1", signatures(&[]), 400, "must not be empty"),
        ("set_signatures", "1", signatures(&[(TEN, "ios"), (ELEVEN, "beos")]), 400, "beos"),
        ("set_signatures", "1", signatures(&[(TEN, "ios"), ("203.0.113.99", "ios")]), 400, "does not belong"),
        ("set_signatures", "1", signatures(&[(TWELVE, "ios"), (THIRTEEN, "ios")]), 400, "2 of 3 are taken, 2 more"),
        ("set_signatures", "2", signatures(&[("2001:db8::1", "ios")]), 400, "not active"),
        ("order", "5", json!(null), 404, "Order 5 not found"),
        ("order", "x", json!(null), 400, "order_id"),
        ("order", "edit-auto-renewal", json!(null), 400, "order_id"),
        ("orders", "", json!(""), 400, "status is required"),
        ("orders", "", json!("status=paused"), 400, "active, on-hold, cancelled or all"),
        ("orders", "", json!("status=all&status=all"), 400, "status must be given once"),
        ("orders", "", json!("status=all&limit=0"), 400, "from 1 to 100"),
        ("orders", "", json!("status=all&limit=101"), 400, "from 1 to 100"),
        ("orders", "", json!("status=all&offset=-1"), 400, "offset must be a whole number"),
        ("set_auto_renewal", "5", json!("auto_renewal=true"), 404, "not found"),
        ("set_auto_renewal", "9", json!("auto_renewal=true"), 400, "not DC/ISP"),
        ("set_auto_renewal", "x", json!("auto_renewal=true"), 400, "order_id"),
        ("set_auto_renewal", "1", json!(""), 400, "auto_renewal is required"),
        ("set_auto_renewal", "1", json!("auto_renewal=no"), 400, "true or false"),
    ];
    for (operation, order, arguments, status, message) in rows {
        let (answered, body) = world.call(operation, order, arguments.clone()).await;
        let row = format!("{operation} {order} {arguments}: {answered} {body}");
        assert_eq!(answered, status, "{row}");
        assert!(body["message"].as_str().is_some_and(|text| text.contains(message)), "{row}");
        assert_eq!(world.get("account").await, before, "{row}");
    }
}

#[tokio::test]
async fn a_token_is_needed_for_every_operation() {
    let world = World::open(ACCOUNT).await;
    let before = world.get("account").await;
    let rows = [
        ("active", json!(null)),
        ("calculate", json!("addon_key=p0f_slots&add_qty=1")),
        ("purchase", buy(1)),
        ("schedule", downgrade(1)),
        ("cancel", json!({"addon_key": "p0f_slots"})),
        ("set_del_np", marks(&[(TEN, true)])),
        ("set_signatures", signatures(&[(TEN, "ios")])),
        ("order", json!(null)),
        ("orders", json!("status=all")),
        ("me", json!(null)),
        ("set_auto_renewal", json!("auto_renewal=false")),
    ];
    for (operation, arguments) in rows {
        for authorization in [None, Some("Bearer other"), Some("Bearer t0ken2"), Some("Basic t0ken"), Some("t0ken")] {
            let mut request = world.request(operation, "3", &arguments).build().expect("a request");
            request.headers_mut().remove("authorization");
            if let Some(value) = authorization {
                request.headers_mut().insert("authorization", value.parse().expect("a value"));
            }
            let response = world.client.execute(request).await.expect("an answer");
            assert_eq!(response.status(), 401, "{operation} with {authorization:?}");
            let body = serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON");
            assert_eq!(super::check_response(operation, 401, &body), Ok(()));
        }
    }
    assert_eq!(world.get("account").await, before);
}

#[tokio::test]
async fn active_lists_the_ips_and_the_tag() {
    let world = World::open(ACCOUNT).await;
    let eu = world.done("active", "1", json!(null)).await;
    assert_eq!((&eu["order_tag"], eu["data"].as_array().map(Vec::len)), (&json!("eu"), Some(4)));
    let first = json!({"ip": TEN, "username": "user-1-1", "password": "secret-1-1", "http_port": 8000,
                       "socks_port": 9000, "until": "2026-12-01T00:00:00Z", "status": "active", "signature": "linux"});
    assert_eq!(eu["data"][0], first);
    assert_eq!(eu["data"][2]["signature"], json!(null), "none");
    let isp = world.done("active", "2", json!(null)).await;
    assert_eq!((&isp["order_tag"], &isp["data"][0]["ip"]), (&json!(null), &json!("2001:db8::1")));
    assert_eq!(world.done("active", "3", json!(null)).await, json!({"success": true, "data": [], "order_tag": null}));
}

#[tokio::test]
async fn calculate_previews_and_purchase_charges() {
    let world = World::open(ACCOUNT).await;
    let preview = world.done("calculate", "1", json!("addon_key=p0f_slots&add_qty=2")).await;
    let expected = json!({"success": true, "addon_key": "p0f_slots", "catalog_id": 17, "price_per_unit": 150,
                          "current_qty": 3, "add_qty": 2, "new_qty": 5, "add_total": 300});
    assert_eq!(preview, expected);
    assert_eq!(world.get("account").await["wallet_cents"], 1000);

    let bought = world.done("purchase", "1", buy(2)).await;
    let expected = json!({"success": true, "message": "Add-on purchased", "addons_price_paid": 750,
                          "addons": addons(5, json!(null))});
    assert_eq!(bought, expected);
    assert_eq!(world.done("purchase", "1", buy(2)).await["addons_price_paid"], 1050, "a second one charges again");
    let account = world.get("account").await;
    let charge = json!({"order_id": 1, "add_qty": 2, "charge_cents": 300});
    assert_eq!((&account["wallet_cents"], &account["charges"]), (&json!(400), &json!([charge, charge])));
    assert_eq!(account["orders"]["1"]["p0f_slots"], 7);
}

#[tokio::test]
async fn a_pending_downgrade_is_scheduled_kept_replaced_and_cancelled() {
    let world = World::open(ACCOUNT).await;
    let pending = |next_qty: u32| json!({"action": "downgrade", "next_qty": next_qty});
    assert_eq!(world.done("purchase", "3", buy(1)).await["addons"], addons(5, pending(2)));
    assert_eq!(world.done("schedule", "3", downgrade(1)).await["addons"], addons(5, pending(1)));
    let cancelled = world.done("cancel", "3", json!({"addon_key": "p0f_slots"})).await;
    assert_eq!(cancelled["addons"], addons(5, json!(null)));
    assert_eq!(world.call("cancel", "3", json!({"addon_key": "p0f_slots"})).await.0, 400);
    assert_eq!(world.slots(3), 5, "the slots stay until the renewal");
}

#[tokio::test]
async fn a_signature_takes_a_slot_for_good_and_can_be_changed_free_of_charge() {
    let world = World::open(ACCOUNT).await;
    let rows = [
        (signatures(&[(TEN, "macos"), (ELEVEN, "ios"), (TWELVE, "win11")]), 200, 3),
        (signatures(&[(TEN, "android")]), 200, 1),
        (signatures(&[(TEN, "linux"), (TEN, "win11")]), 200, 1),
        (signatures(&[(THIRTEEN, "linux")]), 400, 0),
    ];
    for (arguments, status, updated) in rows {
        let (answered, body) = world.call("set_signatures", "1", arguments).await;
        assert_eq!((answered, body["updated"].as_u64().unwrap_or(0)), (status, updated), "{body}");
    }
    let proxies = &world.get("account").await["orders"]["1"]["proxies"];
    let held = [TEN, ELEVEN, TWELVE, THIRTEEN].map(|ip| proxies[ip]["signature"].as_str());
    assert_eq!(held, [Some("win11"), Some("ios"), Some("win11"), None]);
}

#[tokio::test]
async fn a_renewal_lets_marked_ips_go_and_carries_the_downgrade_out() {
    let world = World::open(ACCOUNT).await;
    world.done("set_del_np", "1", marks(&[(ELEVEN, false), (TEN, true), (TWELVE, true)])).await;
    world.done("schedule", "1", downgrade(1)).await;
    assert_eq!(world.done("active", "1", json!(null)).await["data"].as_array().map(Vec::len), Some(4));

    let (status, order) = world.post("orders/1/renew", json!(null)).await;
    assert_eq!(status, 200);
    let expected = json!({
        "tag": "eu", "until": "2027-01-01T00:00:00Z", "p0f_slots": 1, "pending": null, "addons_price_paid": 150,
        "kind": "datacenter",
        "proxies": {ELEVEN: {"signature": "win10", "del_np": false}, THIRTEEN: {"signature": null, "del_np": false}},
    });
    assert_eq!(order, expected);
    let active = world.done("active", "1", json!(null)).await;
    assert_eq!(active["data"][1]["username"], "user-1-4", "an IP keeps its user name");
    assert_eq!(world.post("orders/5/renew", json!(null)).await.0, 404);
    assert_eq!(world.post("orders/x/renew", json!(null)).await.0, 400);
}

#[tokio::test]
async fn a_renewal_moves_a_readable_date_on_in_its_own_form() {
    let rows = [
        ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-01-31T08:30:00+02:00", "2026-02-28T06:30:00Z"),
        ("2026-01-31", "2026-02-28"),
        ("2026-11-30T12:00:00", "2026-12-30T12:00:00"),
        ("2026-11-30 12:00:00", "2026-12-30T12:00:00"),
        ("next month", "next month"),
        ("xxxx-xx-xx", "xxxx-xx-xx"),
    ];
    for (until, later) in rows {
        let world = World::open(&format!("orders: {{1: {{until: '{until}'}}}}")).await;
        assert_eq!(world.post("orders/1/renew", json!(null)).await.1["until"], later, "{until}");
    }
}
