//! What the newer operations tell: one order, all orders, the account; and the switch of automatic renewal.

use serde_json::{Value, json};
use shardctl::sandbox::DEFAULT_EMAIL;

use super::{ACCOUNT, World, buy, downgrade, marks};

#[tokio::test]
async fn order_tells_all_that_the_vendor_knows_of_it() {
    let account = format!("proxy_price_cents: 120\n{}", ACCOUNT.trim_start());
    let world = World::open(&account.replace("    tag: eu", "    tag: eu\n    created_at: 2026-11-01")).await;
    let expected = json!({
        "order_id": 1, "product_name": "Datacenter Proxy", "cycle_name": "monthly", "quantity": 3, "price_paid": 360,
        "addons_price_paid": 450, "p0f_slots_available": 3, "p0f_slots_used": 2, "p0f_slots_next": 3,
        "addons": [{"addon_key": "p0f_slots", "catalog_id": 17, "qty": 3, "price_per_unit": 150, "pending": null}],
        "status": "active", "created_at": "2026-11-01", "expires_at": "2026-12-01T00:00:00Z", "promo_code": null,
        "auto_renewal": true, "tag": "eu"});
    assert_eq!(world.detail("1").await, expected);
    let pending = world.detail("3").await;
    assert_eq!(pending["addons"][0]["pending"], json!({"action": "downgrade", "next_qty": 2}));
    assert_eq!((&pending["p0f_slots_available"], &pending["p0f_slots_next"]), (&json!(4), &json!(2)));
    let isp = world.detail("2").await;
    assert_eq!((&isp["product_name"], &isp["addons"], &isp["tag"]), (&json!("ISP Proxy"), &json!([]), &Value::Null));
    assert_eq!(world.detail("9").await["product_name"], "Residential Proxy");
}

#[tokio::test]
async fn marks_change_quantity_and_price() {
    let world = World::open(&format!("proxy_price_cents: 120\n{}", ACCOUNT.trim_start())).await;
    let go = marks(&[("203.0.113.12", true), ("203.0.113.13", true)]);
    let stay = marks(&[("203.0.113.11", false), ("203.0.113.12", false), ("203.0.113.13", false)]);
    let rows = [(go, 1, 120), (stay, 4, 480)];
    for (items, quantity, price_paid) in rows {
        world.done("set_del_np", "1", items).await;
        let detail = world.detail("1").await;
        assert_eq!((&detail["quantity"], &detail["price_paid"]), (&json!(quantity), &json!(price_paid)));
    }
}

#[tokio::test]
async fn the_price_of_a_slot_is_the_one_of_the_last_purchase() {
    let world = World::open(ACCOUNT).await;
    world.sandbox.control().with_account(|account| account.slot_price_cents.0 = 200);
    let line = |detail: &Value| (detail["addons"][0]["price_per_unit"].clone(), detail["addons_price_paid"].clone());
    assert_eq!(line(&world.detail("1").await), (json!(150), json!(450)), "not what it costs today");
    assert_eq!(world.done("purchase", "1", buy(1)).await["addons"][0]["price_per_unit"], 200);
    assert_eq!(line(&world.detail("1").await), (json!(200), json!(650)));
    world.done("schedule", "1", downgrade(2)).await;
    world.panel(1, "renew", json!(null)).await;
    assert_eq!(line(&world.detail("1").await), (json!(200), json!(400)));
}

#[tokio::test]
async fn other_add_ons_are_told_charged_and_carried_into_the_next_period() {
    let world = World::open(
        "{token: t0ken, wallet_cents: 5000, slot_price_cents: 150, proxy_price_cents: 120, orders: {1: {p0f_slots: 2,
          other_addons: {geo: {qty: 1, price_cents: 1000}, sub: {qty: 3, price_cents: 10, pending: {action: downgrade, next_qty: 1}},
                         vpn: {qty: 1, price_cents: 70, pending: {action: cancel}}},
          proxies: {203.0.113.1: }}}}",
    )
    .await;
    let lines = |detail: &Value| -> Vec<Value> {
        let lines = detail["addons"].as_array().expect("add-ons").iter();
        lines.map(|line| json!([line["addon_key"], line["qty"], line["price_per_unit"], line["pending"]])).collect()
    };
    let detail = world.detail("1").await;
    let downgrade = json!({"action": "downgrade", "next_qty": 1});
    let expected = [
        json!(["p0f_slots", 2, 150, null]),
        json!(["geo", 1, 1000, null]),
        json!(["sub", 3, 10, downgrade]),
        json!(["vpn", 1, 70, {"action": "cancel"}]),
    ];
    assert_eq!((lines(&detail), &detail["addons_price_paid"]), (expected.to_vec(), &json!(1400)));
    let bought = world.done("purchase", "1", buy(1)).await;
    assert_eq!((lines(&bought).len(), &bought["addons_price_paid"]), (4, &json!(1550)));

    let wallet = world.sandbox.control().account().wallet_cents.0;
    world.panel(1, "renew", json!(null)).await;
    let detail = world.detail("1").await;
    let expected = [json!(["p0f_slots", 3, 150, null]), json!(["geo", 1, 1000, null]), json!(["sub", 1, 10, null])];
    assert_eq!((lines(&detail), &detail["addons_price_paid"]), (expected.to_vec(), &json!(1460)));
    let account = world.sandbox.control().account();
    assert_eq!(account.wallet_cents.0, wallet - 120 - 1460);
    assert_eq!(account.renewals[0].addons_cents.0, 1460);
}

#[tokio::test]
async fn orders_are_listed_by_status_and_page() {
    let world = World::open(
        "{token: t0ken, orders: {1: {tag: a}, 2: {status: on-hold, auto_renewal: false}, 3: {kind: isp, cycle: weekly},
          4: {status: cancelled}, 5: {kind: residential, until: 2026-12-01}}}",
    )
    .await;
    let all = world.done("orders", "", json!("status=all")).await;
    let first = json!({"order_id": 1, "product_id": 1, "product_name": "Datacenter Proxy", "cycle_id": 1,
                       "cycle_name": "monthly", "expires_at": "2030-01-01T00:00:00Z", "auto_renewal": true,
                       "tag": "a"});
    assert_eq!((&all["orders"][0], &all["count"]), (&first, &json!(5)));
    let rows = [
        ("status=all", vec![1, 2, 3, 4, 5], false, false),
        ("status=active", vec![1, 3, 5], false, false),
        ("status=on-hold", vec![2], false, false),
        ("status=cancelled", vec![4], false, false),
        ("status=all&limit=2", vec![1, 2], false, true),
        ("status=all&limit=2&offset=2", vec![3, 4], true, true),
        ("status=all&limit=2&offset=4", vec![5], true, false),
        ("status=active&limit=1&offset=1", vec![3], true, true),
        ("status=all&offset=5", vec![], true, false),
        ("status=all&offset=9223372036854775807&limit=100", vec![], true, false),
    ];
    for (query, expected, prev, next) in rows {
        let page = world.done("orders", "", json!(query)).await;
        let ids: Vec<_> = page["orders"].as_array().expect("a list").iter().map(|order| &order["order_id"]).collect();
        assert_eq!(ids, expected, "{query}");
        assert_eq!((page["prev"].is_string(), page["next"].is_string()), (prev, next), "{query}: {page}");
    }
}

#[tokio::test]
async fn a_page_has_twenty_orders_where_none_is_asked_for() {
    let orders: Vec<String> = (1..=120).map(|id| format!("{id}: {{}}")).collect();
    let world = World::open(&format!("{{token: t0ken, orders: {{{}}}}}", orders.join(", "))).await;
    for (query, length) in [("status=all", 20), ("status=all&limit=100", 100), ("status=all&offset=110", 10)] {
        let page = world.done("orders", "", json!(query)).await;
        assert_eq!(page["orders"].as_array().map(Vec::len), Some(length), "{query}");
    }
}

#[tokio::test]
async fn me_tells_the_owner_and_the_wallet() {
    let world = World::open(ACCOUNT).await;
    world.panel(2, "status", json!({"status": "on-hold"})).await;
    let expected = json!({"email": DEFAULT_EMAIL, "active_orders": 3, "wallet_balance": 1000});
    assert_eq!(world.done("me", "", json!(null)).await, expected);
    world.done("purchase", "1", buy(2)).await;
    assert_eq!(world.done("me", "", json!(null)).await["wallet_balance"], 700);
    assert!(!world.get("account").await.to_string().contains(DEFAULT_EMAIL), "nobody's business");
}

#[tokio::test]
async fn automatic_renewal_is_switched_and_told() {
    let world = World::open(ACCOUNT).await;
    for value in [false, false, true] {
        world.done("set_auto_renewal", "2", json!(format!("auto_renewal={value}"))).await;
        assert_eq!(world.detail("2").await["auto_renewal"], value);
        let listed = world.done("orders", "", json!("status=all")).await["orders"][1]["auto_renewal"].clone();
        assert_eq!(listed, value);
    }
}
