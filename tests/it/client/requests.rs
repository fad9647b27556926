//! Every request is one that the vendor describes, and every described answer is read.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{ADDONS, OPERATIONS, TOKEN, answering, received, send, writer};
use crate::openapi::{check_response, check_wiremock};

const ACTIVE: &str = r#"{"success": true, "order_tag": "eu", "data": [
    {"ip": "203.0.113.11", "username": "u", "password": "p", "http_port": 8000, "socks_port": 9000,
     "until": "2026-12-02", "status": "active"},
    {"ip": "203.0.113.10", "username": "u", "password": "p", "http_port": 8000, "socks_port": 9000,
     "until": "2026-12-01T00:00:00Z", "status": "active"}]}"#;
const ORDERS: &str = r#"{"success": true, "count": 1, "prev": null, "next": null, "orders": [
    {"order_id": 48213, "product_id": 7, "product_name": "ISP Proxy", "cycle_id": 1, "cycle_name": "monthly",
     "expires_at": "2026-12-01T00:00:00Z", "auto_renewal": true, "tag": "eu"}]}"#;
const ORDER: &str = r#"{"success": true, "order": {
    "order_id": 48213, "product_name": "Datacenter Proxy", "cycle_name": "monthly", "quantity": 58, "price_paid": 7800,
    "addons_price_paid": 1600, "p0f_slots_available": 4, "p0f_slots_used": 3, "p0f_slots_next": 3, "status": "On-Hold",
    "created_at": null, "expires_at": "2026-12-01", "promo_code": null, "auto_renewal": false, "tag": null, "addons": [
    {"addon_key": "geo", "catalog_id": 3, "qty": 1, "price_per_unit": 1000, "pending": null},
    {"addon_key": "p0f_slots", "catalog_id": 17, "qty": 4, "price_per_unit": 150,
     "pending": {"action": "downgrade", "next_qty": 3}}]}}"#;
const CALCULATE: &str = r#"{"success": true, "addon_key": "p0f_slots", "catalog_id": 17, "price_per_unit": 150,
    "current_qty": 2, "add_qty": 2, "new_qty": 4, "add_total": 300}"#;

/// Returns an answer as described.
pub fn answer(operation: &str) -> &'static str {
    match operation {
        "active" => ACTIVE,
        "calculate" => CALCULATE,
        "purchase" => {
            r#"{"success": true, "message": "Done", "addons_price_paid": 600, "addons": [
            {"addon_key": "p0f_slots", "catalog_id": 17, "qty": 4, "price_per_unit": 150,
             "pending": {"action": "cancel"}}]}"#
        }
        "schedule" => {
            r#"{"success": true, "message": "Done", "addons": [
            {"addon_key": "p0f_slots", "catalog_id": 17, "qty": 4, "price_per_unit": 150,
             "pending": {"action": "downgrade", "next_qty": 3}}]}"#
        }
        "cancel" => ADDONS,
        "set_del_np" => r#"{"success": true, "message": "Done"}"#,
        "set_signatures" => r#"{"success": true, "message": "Done", "updated": 2}"#,
        "set_auto_renewal" => r#"{"success": true, "message": "Done"}"#,
        "me" => r#"{"email": "somebody@example.com", "active_orders": 2, "wallet_balance": -250}"#,
        "orders" => ORDERS,
        _ => ORDER,
    }
}

/// Returns the method and the path of what the vendor's older description does not have.
fn newer(operation: &str) -> Option<(&'static str, &'static str)> {
    match operation {
        "set_auto_renewal" => Some(("POST", "/user/api/orders/edit-auto-renewal/48213")),
        "me" => Some(("GET", "/user/api/me")),
        "orders" => Some(("GET", "/user/api/orders")),
        "order" => Some(("GET", "/user/api/orders/48213")),
        _ => None,
    }
}

fn sent(operation: &str) -> (Value, Value) {
    let addon = "p0f_slots";
    match operation {
        "active" => (json!([["order_id", "48213"]]), Value::Null),
        "calculate" => (json!([["addon_key", addon], ["add_qty", "2"]]), Value::Null),
        "purchase" => (json!([]), json!({"addon_key": addon, "add_qty": 2})),
        "schedule" => (json!([]), json!({"addon_key": addon, "action": "downgrade", "next_qty": 3})),
        "cancel" => (json!([]), json!({"addon_key": addon})),
        "set_del_np" => {
            let items = json!([{"ip": "203.0.113.10", "value": false}, {"ip": "2001:db8::1", "value": true}]);
            (json!([]), json!({"items": items}))
        }
        "set_auto_renewal" => (json!([["auto_renewal", "true"]]), json!({})),
        "me" | "order" => (json!([]), Value::Null),
        "orders" => (json!([["status", "on-hold"], ["offset", "0"], ["limit", "100"]]), Value::Null),
        _ => {
            let ios = json!({"ip": "2001:db8::1", "signature": "ios"});
            (json!([]), json!({"items": [{"ip": "203.0.113.10", "signature": "win11"}, ios]}))
        }
    }
}

fn read(operation: &str) -> &'static str {
    match operation {
        "active" => {
            "ActiveProxies { tag: Some(Some(\"eu\")), renewal: Some(At(2026-12-01T00:00:00Z)), \
             active: {ProxyIp(203.0.113.10): LiveIp { signature: None, status: None }, \
             ProxyIp(203.0.113.11): LiveIp { signature: None, status: None }} }"
        }
        "calculate" => {
            "LiveSlots { current_qty: 2, quote: Ok(Quote { add_qty: 2, price_per_unit: Cents(150), \
             charge: Cents(300) }) }"
        }
        "purchase" => "SlotsTold { qty: Some(4), pending: Some(Some(Cancel)) }",
        "schedule" => "SlotsTold { qty: Some(4), pending: Some(Some(Downgrade { next_qty: 3 })) }",
        "cancel" => "SlotsTold { qty: Some(4), pending: Some(None) }",
        "set_del_np" => "None",
        "set_signatures" => "Some(2)",
        "set_auto_renewal" => "()",
        "me" => "Wallet { balance_cents: Some(-250) }",
        "orders" => {
            "[OrderSummary { order_id: OrderId(48213), product: Some(\"ISP Proxy\"), cycle: Some(\"monthly\"), \
             expires_at: Some(At(2026-12-01T00:00:00Z)), auto_renewal: Some(true), tag: Some(Some(\"eu\")) }]"
        }
        _ => {
            "OrderDetail { status: Some(OnHold), auto_renewal: Some(false), \
             expires_at: Some(At(2026-12-01T00:00:00Z)), quantity: Some(58), tag: Some(None), slots: Some(4), \
             slots_used: Some(3), pending: Some(Some(Downgrade { next_qty: 3 })), slot_price: Some(Cents(150)), \
             price_paid: Some(Cents(7800)), \
             other_addons: Some([OtherAddon { qty: Some(1), price_per_unit: Some(Cents(1000)), pending: Some(None) }]), \
             addons_price_paid: Some(Cents(1600)), cycle: Some(\"monthly\"), \
             product: Some(\"Datacenter Proxy\") }"
        }
    }
}

#[tokio::test]
async fn every_operation_is_sent_and_read_as_described() {
    for (operation, _) in OPERATIONS {
        let body: Value = serde_json::from_str(answer(operation)).expect("JSON");
        if newer(operation).is_none() {
            check_response(operation, 200, &body).expect("an answer as described");
        }
        let server = answering(super::json(200, answer(operation))).await;
        let answer = send(&writer(&server.uri(), 0), operation).await.expect(operation);
        assert_eq!(answer, read(operation), "{operation}");
        let requests = server.received_requests().await.expect("a recording server");
        let [request] = &requests[..] else { panic!("{operation}: {} requests", requests.len()) };
        match newer(operation) {
            Some(expected) => assert_eq!((request.method.as_str(), request.url.path()), expected),
            None => assert_eq!(check_wiremock(request), Ok(operation)),
        }
        assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
        assert_eq!(request.headers["user-agent"], concat!("shardctl/", env!("CARGO_PKG_VERSION")));
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        assert_eq!((json!(query), body), sent(operation), "{operation}");
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let server = answering(super::json(200, ACTIVE)).await;
    for base in ["prefix", "prefix/"] {
        send(&writer(&format!("{}/{base}", server.uri()), 0), "active").await.expect("an answer");
    }
    let requests = server.received_requests().await.expect("a recording server");
    assert!(requests.iter().all(|request| request.url.path() == "/prefix/user/api/proxies/active"));
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = answering(ResponseTemplate::new(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/user/api/proxies/active?order_id=1", elsewhere.uri());
        let server = answering(ResponseTemplate::new(status).insert_header("Location", &*location)).await;
        for (operation, words) in OPERATIONS {
            let error = super::failure(&server.uri(), operation).await;
            let expected = "a redirect, which is not followed; is the API URL right?";
            assert_eq!(error.to_string(), format!("{words}: refused with {status}: {expected}"));
            // What asks for the same request elsewhere did not carry it out; the others may show what came of it.
            assert_eq!(error.had_no_effect, status >= 307, "{status}");
        }
        assert_eq!(received(&server).await, OPERATIONS.len(), "each is sent once");
    }
    assert_eq!(received(&elsewhere).await, 0, "the token goes nowhere else");
}
