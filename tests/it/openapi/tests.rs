//! The checks themselves: right requests and answers pass, wrong ones are refused for the right reason.

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{DESCRIPTION, NAMES, check_logged, check_request, check_response, check_wiremock};

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

const TOKEN: (&str, &str) = ("authorization", "Bearer t");
const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn describes_seven_operations_and_no_more() {
    let document: Value = serde_json::from_str(DESCRIPTION).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.values().flat_map(|methods| methods.as_object().expect("methods").values());
    let older = operations.filter(|operation| operation.get("x-since").is_none());
    assert_eq!(older.count(), 7, "of the older description");
}

#[test]
fn describes_the_named_operations_and_no_more() {
    let document: Value = serde_json::from_str(DESCRIPTION).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let mut described: Vec<_> = paths
        .iter()
        .flat_map(|(path, methods)| methods.as_object().expect("methods").keys().map(move |method| (method, path)))
        .collect();
    let mut named: Vec<_> = NAMES.iter().map(|(_, method, path)| (method.to_string(), path.to_string())).collect();
    named.sort();
    described.sort();
    assert_eq!(described, named.iter().map(|(method, path)| (method, path)).collect::<Vec<_>>());
}

#[test]
fn accepts_one_request_of_each_operation() {
    let rows = [
        ("active", "GET", "/user/api/proxies/active", "order_id=48213", None),
        ("calculate", "GET", "/user/api/orders/48213/addons/calculate", "addon_key=p0f_slots&add_qty=1", None),
        (
            "purchase",
            "POST",
            "/user/api/orders/48213/addons/purchase",
            "",
            Some(json!({"addon_key": "p0f_slots", "add_qty": 2})),
        ),
        (
            "schedule",
            "POST",
            "/user/api/orders/48213/addons/schedule",
            "",
            Some(json!({"addon_key": "p0f_slots", "action": "downgrade", "next_qty": 1})),
        ),
        (
            "cancel",
            "POST",
            "/user/api/orders/48213/addons/schedule/cancel",
            "",
            Some(json!({"addon_key": "p0f_slots"})),
        ),
        (
            "set_del_np",
            "POST",
            "/user/api/orders/48213/del-np/set",
            "",
            Some(json!({"items": [{"ip": "203.0.113.10", "value": true}]})),
        ),
        (
            "set_signatures",
            "POST",
            "/user/api/orders/48213/signature/set",
            "",
            Some(json!({"items": [{"ip": "203.0.113.10", "signature": "win11"}]})),
        ),
        ("order", "GET", "/user/api/orders/48213", "", None),
        ("orders", "GET", "/user/api/orders", "status=on-hold&offset=100&limit=100", None),
        ("orders", "GET", "/user/api/orders", "status=all", None),
        ("me", "GET", "/user/api/me", "", None),
        ("set_auto_renewal", "POST", "/user/api/orders/edit-auto-renewal/48213", "auto_renewal=false", Some(json!({}))),
    ];
    for (operation, method, path, query, body) in rows {
        let fields: &[_] = if body.is_some() { &[TOKEN, JSON] } else { &[TOKEN] };
        assert_eq!(check_request(method, path, &pairs(query), &headers(fields), body.as_ref()), Ok(operation));
    }
}

#[test]
fn refuses_wrong_requests() {
    let active = "/user/api/proxies/active";
    let calculate = "/user/api/orders/1/addons/calculate";
    let priced = "addon_key=p0f_slots&add_qty=1";
    let orders = "/user/api/orders";
    let gets = [
        ("another method", "POST", active, "order_id=1", vec![TOKEN], "no such operation"),
        ("another path", "GET", "/user/api/proxies", "order_id=1", vec![TOKEN], "no such operation"),
        ("a trailing slash", "GET", "/user/api/proxies/active/", "order_id=1", vec![TOKEN], "no such operation"),
        (
            "an order that is no number",
            "GET",
            "/user/api/orders/x/addons/calculate",
            priced,
            vec![TOKEN],
            "no such operation",
        ),
        ("an empty order", "GET", "/user/api/orders//addons/calculate", priced, vec![TOKEN], "no such operation"),
        ("no token", "GET", active, "order_id=1", vec![], "0 Authorization"),
        ("two tokens", "GET", active, "order_id=1", vec![TOKEN, TOKEN], "2 Authorization"),
        ("an empty token", "GET", active, "order_id=1", vec![("authorization", "Bearer ")], "not `Bearer TOKEN`"),
        ("another scheme", "GET", active, "order_id=1", vec![("authorization", "Basic t")], "not `Bearer TOKEN`"),
        ("a parameter missing", "GET", active, "", vec![TOKEN], "order_id stands 0 times"),
        ("a parameter twice", "GET", active, "order_id=1&order_id=2", vec![TOKEN], "order_id stands 2 times"),
        ("a parameter too many", "GET", active, "order_id=1&page=2", vec![TOKEN], "page is not described"),
        ("a parameter of another type", "GET", active, "order_id=1.5", vec![TOKEN], "may not be `1.5`"),
        (
            "a parameter below its minimum",
            "GET",
            calculate,
            "addon_key=p0f_slots&add_qty=0",
            vec![TOKEN],
            "may not be `0`",
        ),
        ("a status that is not listed", "GET", orders, "status=paused", vec![TOKEN], "may not be `paused`"),
        ("a page that is too long", "GET", orders, "status=all&limit=101", vec![TOKEN], "may not be `101`"),
        ("an offset below 0", "GET", orders, "status=all&offset=-1", vec![TOKEN], "may not be `-1`"),
        ("an order with a query", "GET", "/user/api/orders/1", "status=all", vec![TOKEN], "status is not described"),
        ("another add-on", "GET", calculate, "addon_key=p0f&add_qty=1", vec![TOKEN], "`p0f` is not on sale"),
    ];
    for (wrong, method, path, query, fields, expected) in gets {
        let error = check_request(method, path, &pairs(query), &headers(&fields), None).expect_err(wrong);
        assert!(error.contains(expected), "{wrong}: {error}");
    }
    let with_body = check_request("GET", active, &pairs("order_id=1"), &headers(&[TOKEN, JSON]), Some(&json!({})));
    assert!(with_body.expect_err("a body").contains("has a body"));
}

#[test]
fn refuses_wrong_bodies() {
    let ip = "203.0.113.10";
    let rows = [
        ("addons/purchase", Value::Null, "null"),
        ("addons/purchase", json!({"addon_key": "p0f_slots"}), "add_qty"),
        ("addons/purchase", json!({"addon_key": "p0f_slots", "add_qty": 0}), "minimum"),
        ("addons/purchase", json!({"addon_key": "p0f_slots", "add_qty": "2"}), "integer"),
        ("addons/purchase", json!({"addon_key": "p0f_slots", "add_qty": 2, "dry_run": true}), "dry_run"),
        ("addons/purchase", json!({"addon_key": "slots", "add_qty": 2}), "`slots` is not on sale"),
        ("addons/schedule", json!({"addon_key": "p0f_slots", "action": "downgrade", "next_qty": 0}), "minimum"),
        ("addons/schedule", json!({"addon_key": "p0f_slots", "action": "cancel", "next_qty": 1}), "cancel"),
        ("addons/schedule", json!({"addon_key": "p0f_slots", "next_qty": 1}), "action"),
        ("addons/schedule/cancel", json!({}), "addon_key"),
        ("del-np/set", json!([]), "object"),
        ("del-np/set", json!({"items": [{"ip": ip}]}), "value"),
        ("del-np/set", json!({"items": [{"ip": ip, "value": "true"}]}), "boolean"),
        ("signature/set", json!({"items": [{"ip": ip, "signature": "Win11"}]}), "Win11"),
        ("signature/set", json!({"items": [{"ip": ip, "signature": "ios", "value": true}]}), "value"),
        ("signature/set", json!({"items": {"ip": ip, "signature": "ios"}}), "array"),
    ];
    for (end, body, expected) in rows {
        let path = format!("/user/api/orders/1/{end}");
        let error = check_request("POST", &path, &[], &headers(&[TOKEN, JSON]), Some(&body)).expect_err(end);
        assert!(error.contains(expected), "{end} {body}: {error}");
    }
    for (query, body, expected) in [
        ("auto_renewal=true", Some(json!({"auto_renewal": true})), "auto_renewal"),
        ("auto_renewal=true", None, "lacks its body"),
        ("auto_renewal=True", Some(json!({})), "may not be `True`"),
        ("", Some(json!({})), "stands 0 times"),
    ] {
        let path = "/user/api/orders/edit-auto-renewal/1";
        let error = check_request("POST", path, &pairs(query), &headers(&[TOKEN, JSON]), body.as_ref());
        let error = error.expect_err(query);
        assert!(error.contains(expected), "{query} {body:?}: {error}");
    }
    let cancel = ("/user/api/orders/1/addons/schedule/cancel", json!({"addon_key": "p0f_slots"}));
    let untyped = check_request("POST", cancel.0, &[], &headers(&[TOKEN]), Some(&cancel.1));
    assert!(untyped.expect_err("no content type").contains("Content-Type"));
    let without = check_request("POST", cancel.0, &[], &headers(&[TOKEN, JSON]), None);
    assert!(without.expect_err("no body").contains("lacks its body"));
}

#[test]
fn checks_answers() {
    let proxy = json!({"ip": "203.0.113.10", "username": "u", "password": "p", "http_port": 1, "socks_port": 2,
                       "until": "2026-12-01", "status": "active"});
    let signed = |signature: Value| {
        let mut proxy = proxy.clone();
        proxy["signature"] = signature;
        json!({"success": true, "data": [proxy]})
    };
    let mut portless = proxy.clone();
    portless.as_object_mut().expect("an object").remove("http_port");
    let line = |pending: Value| json!({"success": true, "addons": [{"addon_key": "p0f_slots", "pending": pending}]});
    let error = json!({"success": false, "message": "no"});
    let rows = [
        ("active", 200, json!({"success": true, "data": [proxy], "order_tag": null}), true),
        ("active", 200, json!({"success": true, "data": [proxy], "order_tag": "eu"}), true),
        ("active", 200, json!({"success": true, "data": [proxy], "order_tag": 7}), false),
        ("active", 200, signed(json!("win11")), true),
        ("active", 200, signed(json!(null)), true),
        ("active", 200, signed(json!(false)), false),
        ("active", 200, json!({"success": true, "data": [portless]}), false),
        ("active", 200, json!({"success": true}), false),
        ("active", 200, json!({"success": true, "data": [], "page": 1}), false),
        ("active", 200, json!({"success": false, "data": []}), false),
        ("active", 403, error.clone(), true),
        ("active", 403, json!({"success": false}), false),
        ("active", 503, error.clone(), true),
        ("active", 503, json!({"success": true, "message": "no"}), false),
        ("active", 503, json!("no"), false),
        ("active", 204, json!(null), false),
        ("cancel", 200, line(json!(null)), true),
        ("cancel", 200, line(json!({"action": "downgrade", "next_qty": 2})), true),
        ("cancel", 200, line(json!({"action": "upgrade"})), false),
        ("cancel", 200, line(json!("downgrade")), false),
        ("order", 200, json!({"success": true, "order": {}}), true),
        ("order", 200, json!({"success": true, "order": {"expires_at": null, "auto_renewal": null}}), true),
        ("order", 200, json!({"success": true, "order": {"addons": null}}), false),
        ("order", 200, json!({"success": true, "order": {"slots": 4}}), false),
        ("order", 404, error.clone(), true),
        ("orders", 200, json!({"success": true, "orders": [], "next": null}), true),
        ("orders", 200, json!({"success": true, "orders": [{"order_id": 1}]}), false),
        ("me", 200, json!({"email": "a@example.invalid", "active_orders": 2, "wallet_balance": 5}), true),
        ("me", 200, json!({"active_orders": 2, "wallet_balance": 5}), false),
        ("set_auto_renewal", 200, json!({"success": true, "message": "Done"}), true),
        ("set_auto_renewal", 400, json!({"message": "no"}), false),
        ("renew", 200, json!({}), false),
    ];
    for (operation, status, body, right) in rows {
        let checked = check_response(operation, status, &body);
        assert_eq!(checked.is_ok(), right, "{operation} {status} {body}: {checked:?}");
    }
}

#[test]
fn checks_log_entries() {
    let entry = |path: &str, authorized: bool, operation: &str| {
        json!({"n": 1, "method": "GET", "path": path, "query": [["order_id", "1"]], "body": null, "status": 200,
               "authorized": authorized, "operation": operation})
    };
    let path = "/user/api/proxies/active";
    assert_eq!(check_logged(&entry(path, true, "active")), Ok("active"));
    assert!(check_logged(&entry(path, false, "active")).is_err());
    assert!(check_logged(&entry(path, true, "cancel")).is_err());
    assert!(check_logged(&entry("/user/api/other", true, "active")).is_err());
}

#[tokio::test]
async fn checks_what_wiremock_received() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = wiremock::MockServer::start().await;
    let client = reqwest::Client::new();
    let url = format!("{}/user/api/orders/48213/addons/purchase", server.uri());
    for body in [r#"{"addon_key":"p0f_slots","add_qty":1}"#, r#"{"addon_key":"p0f_slots"}"#, "{"] {
        let request = client.post(&url).bearer_auth("t").header("content-type", "application/json").body(body);
        request.send().await.expect("an answer");
    }
    let received = server.received_requests().await.expect("recording is on");
    let checked: Vec<_> = received.iter().map(|request| check_wiremock(request).ok()).collect();
    assert_eq!(checked, [Some("purchase"), None, None]);
}
