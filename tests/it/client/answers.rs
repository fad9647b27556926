//! Answers in another shape than the described one, and answers that do not show what was asked for.

use std::collections::BTreeMap;

use shardctl::api::{Token, answers};
use shardctl::model::{NoQuote, OrderDetail, OrderSummary, OtherAddon, SlotsTold};

use super::{PASSWORD, answering, failure, json, order, send, writer};

#[tokio::test]
async fn what_is_needed_is_named_where_it_is_missing_or_of_another_type() {
    let marks = ["set_del_np", "set_signatures", "set_auto_renewal"];
    let another = |place: &str| format!("the answer has another shape than the API describes, at `{place}`");
    let missing = |place: &str| format!("the answer has no `{place}`");
    let no_object = || "the answer is not a JSON object".to_owned();
    let rows: &[(&[&str], &str, String)] = &[
        (&["active"], r#"{"success": true}"#, missing("data")),
        (&["active"], r#""PASSWORD""#, no_object()),
        (&["active"], r#"{"success": true, "data": {"password": "PASSWORD"}}"#, another("data")),
        (&["active"], r#"{"success": true, "data": null}"#, another("data")),
        (&["active"], r#"{"success": true, "data": ["PASSWORD"]}"#, another("data[0]")),
        (&["active"], r#"{"success": true, "data": [["192.0.2.1"]]}"#, another("data[0]")),
        (&["active"], r#"{"data": [{"ip": "192.0.2.1"}, {"ip": "PASSWORD"}]}"#, another("data[1].ip")),
        (&["active"], r#"{"success": true, "data": [{"password": "PASSWORD"}]}"#, missing("data[0].ip")),
        (&["active"], "[true, [], null]", no_object()),
        (&["calculate"], r#"{"success": true}"#, missing("current_qty")),
        (&["calculate"], r#"{"success": true, "current_qty": "PASSWORD"}"#, another("current_qty")),
        (&["calculate"], r#"{"success": true, "current_qty": "2"}"#, another("current_qty")),
        (&["calculate"], r#"{"success": true, "current_qty": -1}"#, another("current_qty")),
        (&["calculate"], r#"{"success": true, "current_qty": 1, "add_total": 1.5}"#, another("add_total")),
        (&["calculate"], r#"{"success": true, "current_qty": 1, "add_total": "300"}"#, another("add_total")),
        (&marks, r#"{"success": "PASSWORD"}"#, another("success")),
        (&marks, "null", no_object()),
        (&marks, "[true]", no_object()),
        (&["purchase", "schedule", "cancel"], "[false]", no_object()),
        (&["order"], r#"{"success": true}"#, missing("order")),
        (&["order"], r#"{"success": true, "order": null}"#, another("order")),
        (&["order"], r#"{"success": true, "order": [48213]}"#, another("order")),
        (&["orders"], r#"{"success": true}"#, missing("orders")),
        (&["orders"], r#"{"success": true, "orders": {"PASSWORD": 1}}"#, another("orders")),
        (&["orders"], r#"{"success": true, "orders": [[48213]]}"#, another("orders[0]")),
        (&["me"], "[7]", no_object()),
    ];
    for (operations, body, expected) in rows {
        let server = answering(json(200, &body.replace("PASSWORD", PASSWORD))).await;
        for operation in *operations {
            let error = failure(&server.uri(), operation).await;
            assert!(error.to_string().ends_with(expected), "{body}: {error}");
            assert!(!error.had_no_effect, "{error}");
        }
    }
}

#[tokio::test]
async fn an_answer_must_be_about_what_was_asked_for() {
    let rows = [
        ("calculate", r#"{"current_qty": 2, "add_qty": 3}"#, "asked for the price of 2 more slots"),
        ("calculate", r#"{"current_qty": 2, "add_qty": "3"}"#, "asked for the price of 2 more slots"),
        ("calculate", r#"{"current_qty": 2, "addon_key": "x"}"#, "the answer is about another add-on"),
        ("order", r#"{"order": {"order_id": 7}}"#, "asked for order 48213, the answer is about another one"),
    ];
    for (operation, body, reason) in rows {
        let server = answering(json(200, body)).await;
        let error = failure(&server.uri(), operation).await.to_string();
        assert!(error.contains("unexpected answer: ") && error.contains(reason), "{body}: {error}");
    }
    for id in ["0", "-1", "null", "\"x\"", "1.5", "{}"] {
        let body = format!(r#"{{"orders": [{{"order_id": "7"}}, {{"order_id": {id}}}]}}"#);
        let error = failure(&answering(json(200, &body)).await.uri(), "orders").await.to_string();
        assert!(error.ends_with("the answer has no number of an order at `orders[1].order_id`"), "{body}: {error}");
    }
}

/// Which of the two holds nobody knows.
#[test]
fn an_ip_that_stands_twice_with_different_values_makes_the_answer_unreadable() {
    let body = br#"{"data": [{"ip": "192.0.2.2", "signature": "ios"}, {"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}]}"#;
    let error = answers::active_proxies(200, body, &token()).expect_err("a contradiction").to_string();
    assert!(error.contains("192.0.2.2 stands twice among the 3 IPs, with different values"), "{error}");
}

#[tokio::test]
async fn what_is_not_needed_may_be_missing_or_of_any_type() {
    let endless = "x".repeat(1001);
    let long_tag = format!(r#"{{"data": [], "order_tag": "{endless}"}}"#);
    let rows = [
        ("active", r#"{"data": [{"ip": "192.0.2.1"}]}"#, "renewal: None"),
        ("active", r#"{"data": [{"ip": "192.0.2.1", "until": 7}, {"ip": "192.0.2.2"}]}"#, "renewal: None"),
        ("active", r#"{"data": [{"ip": "192.0.2.1", "until": " "}]}"#, "renewal: None"),
        ("active", r#"{"data": [{"ip": "192.0.2.1", "until": "next week"}]}"#, "Unreadable(\"next week\")"),
        ("active", r#"{"data": [], "more": {}}"#, "tag: None"),
        ("active", r#"{"data": [], "order_tag": 7}"#, "tag: None"),
        ("active", r#"{"data": [], "order_tag": null}"#, "tag: Some(None)"),
        ("active", r#"{"data": [], "order_tag": ""}"#, "tag: Some(None)"),
        ("active", r#"{"data": [], "order_tag": "none"}"#, "tag: Some(None)"),
        ("active", r#"{"data": [], "order_tag": "NONE"}"#, "tag: Some(None)"),
        (
            "active",
            r#"{"data": [{"ip": "192.0.2.2"}, {"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}]}"#,
            "ProxyIp(192.0.2.2): LiveIp",
        ),
        ("active", &long_tag, "x…\"))"),
        ("set_signatures", "{}", "None"),
        ("set_signatures", r#"{"updated": "7"}"#, "None"),
        ("set_signatures", r#"{"updated": [7]}"#, "None"),
        ("me", r#"{"wallet_balance": null}"#, "balance_cents: None"),
        ("me", r#"{"wallet_balance": "-7"}"#, "balance_cents: None"),
        ("me", r#"{"wallet_balance": -7}"#, "balance_cents: Some(-7)"),
        (
            "orders",
            r#"{"orders": [{"order_id": "7", "tag": {}}]}"#,
            "[OrderSummary { order_id: OrderId(7), product: None",
        ),
    ];
    for (operation, body, expected) in rows {
        let server = answering(json(200, body)).await;
        let answer = send(&writer(&server.uri(), 0), operation).await.expect(operation);
        assert!(answer.contains(expected), "{body}: {answer}");
    }
}

fn token() -> Token {
    Token::new(super::TOKEN).expect("a good token")
}

#[test]
fn an_ip_shows_its_signature_and_its_status() {
    let rows = [
        ("", "None", "None"),
        (r#""signature": null"#, "Some(None)", "None"),
        (r#""signature": """#, "Some(None)", "None"),
        (r#""signature": "None""#, "Some(None)", "None"),
        (r#""signature": "win11""#, "Some(Known(Win11))", "None"),
        (r#""signature": " MacOS ""#, "Some(Known(Macos))", "None"),
        (r#""signature": "beos""#, "Some(Other(\"beos\"))", "None"),
        (r#""signature": {"os": "ios"}"#, "None", "None"),
        (r#""signature": 7"#, "None", "None"),
        (r#""status": "Active""#, "None", "None"),
        (r#""status": "suspended""#, "None", "Some(\"suspended\")"),
        (r#""status": null"#, "None", "None"),
        (r#""status": 1"#, "None", "None"),
    ];
    for (field, signature, status) in rows {
        let comma = if field.is_empty() { "" } else { "," };
        let body = format!(r#"{{"data": [{{"ip": "192.0.2.1"{comma} {field}}}]}}"#);
        let order = answers::active_proxies(200, body.as_bytes(), &token()).expect("an answer");
        let ip = &order.active[&super::ip("192.0.2.1")];
        assert_eq!(
            (format!("{:?}", ip.signature), format!("{:?}", ip.status)),
            (signature.into(), status.into()),
            "{body}"
        );
    }
}

#[test]
fn a_price_is_held_against_all_that_is_told() {
    let priced = |fields: &str| {
        let body = format!(r#"{{"current_qty": 2, {fields}}}"#);
        answers::quote(200, body.as_bytes(), &token(), 3).expect("an answer").quote
    };
    for good in [
        r#""price_per_unit": 150, "add_total": 450"#,
        r#""price_per_unit": "150", "add_total": 450, "add_qty": 3, "new_qty": 5"#,
        r#""add_total": 450"#,
        r#""price_per_unit": null, "add_total": 450, "new_qty": "5""#,
        r#""price_per_unit": [150], "add_total": 450, "add_qty": null, "addon_key": 7, "new_qty": {}"#,
    ] {
        let quote = priced(good).expect(good);
        assert_eq!((quote.add_qty, quote.price_per_unit.0, quote.charge.0), (3, 150, 450), "{good}");
    }
    let rows = [
        (r#""price_per_unit": 150"#, "the answer shows no `add_total`"),
        (r#""price_per_unit": 150, "add_total": null"#, "the answer shows no `add_total`"),
        (r#""price_per_unit": 0, "add_total": 0"#, "the price is not above zero"),
        (r#""price_per_unit": 150, "add_total": 0"#, "the price is not above zero"),
        (r#""price_per_unit": -150, "add_total": 450"#, "the price is not above zero"),
        (r#""price_per_unit": 150, "add_total": -450"#, "the price is not above zero"),
        (r#""price_per_unit": 150, "add_total": 1"#, "the total of 0.01 is not 3 times 1.50"),
        (r#""price_per_unit": 18446744073709551615, "add_total": 1"#, "is not 3 times"),
        (r#""add_total": 100"#, "the total of 1.00 cannot be divided among 3 slots"),
        (r#""add_total": 450, "new_qty": 4"#, "2 slots and 3 more are said to be another number than 5"),
    ];
    let most = br#"{"current_qty": 4294967295, "add_total": 3, "new_qty": 1}"#;
    let error = answers::quote(200, most, &token(), 3).expect("an answer").quote.expect_err("beyond all numbers");
    assert!(error.to_string().contains("another number than 4294967295"), "{error}");
    for (fields, words) in rows {
        let error = priced(fields).expect_err(fields);
        assert!(error.to_string().contains(words), "{fields}: {error}");
        assert_eq!(error.is_bad_price(), error != NoQuote::NotShown, "{fields}");
    }
}

#[test]
fn what_a_write_does_not_tell_of_the_slots_is_not_nothing() {
    let rows = [
        (
            r#"{"addons": [{"addon_key": "p0f_slots", "qty": 4, "pending": null}, {"addon_key": "x"}]}"#,
            "Some(4) Some(None)",
        ),
        (r#"{"addons": [{"addon_key": "p0f_slots", "qty": "4"}]}"#, "None None"),
        (r#"{"addons": [{"addon_key": "p0f_slots"}]}"#, "None None"),
        (r#"{"addons": [{"addon_key": "p0f_slots", "pending": {"action": "cancel"}}]}"#, "None Some(Some(Cancel))"),
        (
            r#"{"addons": [{"addon_key": "p0f_slots", "pending": {"action": "DOWNGRADE", "next_qty": 0}}]}"#,
            "None Some(Some(Cancel))",
        ),
        (r#"{"addons": [{"addon_key": "p0f_slots", "pending": {"action": "upgrade"}}]}"#, "None None"),
        (r#"{"addons": [{"addon_key": "p0f_slots", "pending": {"action": "downgrade"}}]}"#, "None None"),
        (r#"{"addons": [{"addon_key": "p0f_slots", "pending": []}]}"#, "None None"),
        (r#"{"addons": [{"addon_key": "p0f_slots", "qty": 4}, {"addon_key": "p0f_slots", "qty": 4}]}"#, "None None"),
        (r#"{"addons": [["p0f_slots", 4], null, 7]}"#, "None None"),
        (r#"{"addons": {"p0f_slots": 4}}"#, "None None"),
        (r#"{"addons": null}"#, "None None"),
        ("{}", "None None"),
    ];
    for (body, expected) in rows {
        let SlotsTold { qty, pending } = answers::slots_told(200, body.as_bytes(), &token()).expect("an answer");
        assert_eq!(format!("{qty:?} {pending:?}"), expected, "{body}");
    }
}

#[test]
fn nothing_in_a_detail_is_needed() {
    let detail = |fields: &str| {
        let body = format!(r#"{{"order": {{{fields}}}}}"#);
        answers::order_detail(200, body.as_bytes(), &token(), order()).expect("an answer")
    };
    assert_eq!(detail(""), OrderDetail::default());
    let fields = [
        "order_id",
        "product_name",
        "cycle_name",
        "quantity",
        "price_paid",
        "addons_price_paid",
        "addons",
        "p0f_slots_available",
        "p0f_slots_used",
        "status",
        "expires_at",
        "auto_renewal",
    ];
    let useless = ["null", "[]", "{}", "[[{}]]", "1.5", "\" \"", "-1"];
    for (field, value) in fields.iter().flat_map(|field| useless.map(|value| (field, value))) {
        // Nobody asked for the order -1, and an order is not about another one.
        if (*field, value) != ("order_id", "-1") {
            // A list of add-ons that is empty says that there is none; of what is in it nothing is needed, either.
            let other_addons = match (*field, value) {
                ("addons", "[]") => Some(Vec::new()),
                ("addons", "[[{}]]") => Some(vec![OtherAddon::default()]),
                _ => None,
            };
            let expected = OrderDetail { other_addons, ..OrderDetail::default() };
            assert_eq!(detail(&format!("\"{field}\": {value}")), expected, "{field}: {value}");
        }
    }
    let read: BTreeMap<_, _> = [
        (r#""addons": [{"addon_key": "p0f_slots", "qty": 3}], "p0f_slots_available": 4"#, "slots: Some(3)"),
        (r#""addons": [{"addon_key": "p0f_slots", "qty": null}], "p0f_slots_available": 4"#, "slots: Some(4)"),
        (
            r#""addons": [{"addon_key": "geo", "qty": 2, "price_per_unit": 500, "pending": {"action": "cancel"}}, 7]"#,
            "other_addons: Some([OtherAddon { qty: Some(2), price_per_unit: Some(Cents(500)), pending: Some(Some(Cancel)) }, \
             OtherAddon { qty: None, price_per_unit: None, pending: None }])",
        ),
        (r#""addons": [{"addon_key": "p0f_slots"}, {"addon_key": "p0f_slots"}]"#, "other_addons: Some([])"),
        (r#""tag": null"#, "tag: Some(None)"),
        (r#""tag": "none""#, "tag: Some(None)"),
        (r#""tag": 7"#, "tag: None"),
        (r#""auto_renewal": "false""#, "auto_renewal: None"),
        (r#""status": "canceled""#, "status: Some(Cancelled)"),
        (r#""quantity": "60""#, "quantity: None"),
        (r#""expires_at": "soon""#, "expires_at: Some(Unreadable(\"soon\"))"),
    ]
    .into();
    for (field, expected) in read {
        let detail = format!("{:?}", detail(field));
        assert!(detail.contains(expected), "{field}: {detail}");
    }
}

#[test]
fn only_orders_of_datacenter_and_isp_proxies_have_ips() {
    let rows = [
        (r#""Datacenter Proxy""#, true),
        (r#""ISP Proxy""#, true),
        (r#""static isp (US)""#, true),
        (r#""Residential""#, false),
        (r#""Mobile""#, false),
        ("null", true),
    ];
    for (product, may_have_ips) in rows {
        let body = format!(r#"{{"orders": [{{"order_id": 7, "product_name": {product}}}]}}"#);
        let page = answers::order_page(200, body.as_bytes(), &token()).expect("a page");
        assert_eq!(page.orders.iter().map(OrderSummary::may_have_ips).collect::<Vec<_>>(), [may_have_ips], "{product}");
    }
}
