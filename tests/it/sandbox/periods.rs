//! The end of a period: what renews and what it costs, what waits for its money, what is lost, and what each forbids.

use serde_json::{Value, json};

use super::{World, buy, downgrade, marks, signatures};

const TEN: &str = "203.0.113.10";

/// A renewal costs 2 proxies at 120 and 3 slots at 150: 690.
fn account(wallet_cents: u32, of_order: &str) -> String {
    format!(
        "{{token: t0ken, wallet_cents: {wallet_cents}, slot_price_cents: 150, proxy_price_cents: 120, orders: {{1: \
         {{until: 2026-12-01, p0f_slots: 3, {of_order}, proxies: {{{TEN}: linux, 203.0.113.11: }}}}}}}}"
    )
}

fn of(account: &Value) -> (&Value, &Value) {
    let order = &account["orders"]["1"];
    (&order["status"], &order["until"])
}

#[tokio::test]
async fn a_renewal_is_charged_apart_from_purchases() {
    let world = World::open(&account(10_000, "tag: eu")).await;
    world.done("set_del_np", "1", marks(&[("203.0.113.11", true)])).await;
    world.done("purchase", "1", buy(1)).await;
    world.done("schedule", "1", downgrade(2)).await;
    world.panel(1, "renew", json!(null)).await;
    world.panel(1, "renew", json!(null)).await;
    let account = world.get("account").await;
    let renewal = json!({"order_id": 1, "proxies_cents": 120, "addons_cents": 300, "charge_cents": 420});
    assert_eq!(account["renewals"], json!([renewal, renewal]));
    assert_eq!(account["charges"], json!([{"order_id": 1, "add_qty": 1, "charge_cents": 150}]));
    assert_eq!(account["wallet_cents"], 10_000 - 150 - 420 - 420);
    assert_eq!(account["orders"]["1"]["until"], "2027-02-01");
}

#[tokio::test]
async fn an_account_without_a_price_of_proxies_renews_for_nothing() {
    let world = World::open(&account(0, "tag: eu").replace("proxy_price_cents: 120, ", "")).await;
    world.panel(1, "renew", json!(null)).await;
    let account = world.get("account").await;
    assert_eq!(of(&account), (&Value::Null, &json!("2027-01-01")));
    assert_eq!((&account["wallet_cents"], account.get("renewals")), (&json!(0), None));
}

#[tokio::test]
async fn what_the_wallet_does_not_cover_waits_and_is_lost() {
    // Wallet at the end of the period, wallet three days later, and the status and the date after either.
    let rows = [
        (690, "tag: eu", None, [(Value::Null, "2027-01-01"), (json!("on-hold"), "2027-01-01")]),
        (689, "tag: eu", Some(690), [(json!("on-hold"), "2026-12-01"), (Value::Null, "2027-01-01")]),
        (689, "tag: eu", None, [(json!("on-hold"), "2026-12-01"), (json!("cancelled"), "2026-12-01")]),
        (9000, "auto_renewal: false", None, [(json!("on-hold"), "2026-12-01"), (Value::Null, "2027-01-01")]),
        (0, "auto_renewal: false", None, [(json!("on-hold"), "2026-12-01"), (json!("cancelled"), "2026-12-01")]),
    ];
    for (wallet, of_order, later, expected) in rows {
        let world = World::open(&account(wallet, of_order)).await;
        for (nth, (status, until)) in expected.iter().enumerate() {
            if let Some(cents) = later.filter(|_| nth == 1) {
                assert_eq!(world.post("wallet", json!({"cents": cents})).await.0, 200);
            }
            world.panel(1, "renew", json!(null)).await;
            let account = world.get("account").await;
            let row = format!("{wallet} {of_order} {later:?}, renewal {nth}: {account}");
            assert_eq!(of(&account), (status, &json!(until)), "{row}");
            let lost = *status == "cancelled";
            assert_eq!(account["orders"]["1"]["proxies"].as_object().map(|ips| ips.is_empty()), Some(lost), "{row}");
        }
    }
}

#[tokio::test]
async fn only_an_order_on_hold_expires_and_nothing_renews_a_lost_one() {
    let world = World::open(&account(9000, "status: on-hold")).await;
    let detail = |status: &'static str| {
        let world = &world;
        async move { assert_eq!(world.detail("1").await["status"], status) }
    };
    detail("on-hold").await;
    world.panel(1, "expire", json!(null)).await;
    detail("cancelled").await;
    assert_eq!(world.done("active", "1", json!(null)).await["data"], json!([]));
    for action in ["renew", "expire"] {
        assert_eq!(world.post(&format!("orders/1/{action}"), json!(null)).await.0, 400, "{action}");
    }
    world.panel(1, "status", json!({"status": "active"})).await;
    assert_eq!(world.post("orders/1/expire", json!(null)).await.0, 400, "it is paid for");
}

#[tokio::test]
async fn an_order_that_is_not_active_refuses_what_needs_an_active_one() {
    let rows = [
        ("calculate", json!("addon_key=p0f_slots&add_qty=1"), 400),
        ("purchase", buy(1), 400),
        ("cancel", json!({"addon_key": "p0f_slots"}), 400),
        ("schedule", downgrade(1), 200),
        ("set_del_np", marks(&[(TEN, true)]), 200),
        ("set_signatures", signatures(&[(TEN, "ios")]), 200),
        ("set_auto_renewal", json!("auto_renewal=false"), 200),
    ];
    for (operation, arguments, on_hold) in rows {
        let pending = "pending: {action: downgrade, next_qty: 2}";
        let world = World::open(&account(9000, pending)).await;
        for (status, expected) in [("on-hold", on_hold), ("cancelled", 400)] {
            world.panel(1, "status", json!({"status": status})).await;
            let (answered, body) = world.call(operation, "1", arguments.clone()).await;
            assert_eq!(answered, expected, "{operation} on an order that is {status}: {body}");
            if answered == 400 {
                assert_eq!(body["message"], "Order is not active", "{operation} {status}");
            }
        }
    }
}

#[tokio::test]
async fn a_period_is_as_long_as_the_cycle() {
    let rows = [
        ("monthly", "2026-02-28", "2026-02-28T12:00:00Z"),
        ("half-month", "2026-02-15", "2026-02-15T12:00:00Z"),
        ("weekly", "2026-02-07", "2026-02-07T12:00:00Z"),
        ("3-days", "2026-02-03", "2026-02-03T12:00:00Z"),
    ];
    for (cycle, day, moment) in rows {
        for (until, later) in [("2026-01-31", day), ("2026-01-31T12:00:00Z", moment)] {
            let world =
                World::open(&format!("{{token: t0ken, orders: {{1: {{until: '{until}', cycle: {cycle}}}}}}}")).await;
            let renewed = world.panel(1, "renew", json!(null)).await;
            assert_eq!(renewed["until"], later, "{cycle}");
            let detail = world.detail("1").await;
            assert_eq!((&detail["expires_at"], &detail["cycle_name"]), (&json!(later), &json!(cycle)));
        }
    }
}
