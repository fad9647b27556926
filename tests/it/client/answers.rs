//! Answers in another shape than the described one, and answers that do not show what was asked for.

use super::{PASSWORD, answering, failure, json, send, writer};

#[tokio::test]
async fn another_shape_is_named_by_its_path() {
    let addons = ["purchase", "schedule", "cancel"];
    let marks = ["set_del_np", "set_signatures"];
    let rows: &[(&[&str], &str, &str)] = &[
        (&["active"], r#"{"success": true}"#, "the top"),
        (&["active"], r#""PASSWORD""#, "the top"),
        (&["active"], r#"{"success": true, "data": {"password": "PASSWORD"}}"#, "`data`"),
        (&["active"], r#"{"success": true, "data": null}"#, "`data`"),
        (&["active"], r#"{"success": true, "data": ["PASSWORD"]}"#, "`data[0]`"),
        (&["active"], r#"{"success": true, "data": [{"ip": "192.0.2.1"}, {"ip": "PASSWORD"}]}"#, "`data[1].ip`"),
        (&["active"], r#"{"success": true, "data": [{"password": "PASSWORD"}]}"#, "`data[0]`"),
        (&["active"], r#"{"success": true, "data": [{"ip": "192.0.2.1", "until": 7}]}"#, "`data[0].until`"),
        (&["active"], r#"{"success": true, "data": [], "order_tag": 7}"#, "`order_tag`"),
        (&["calculate"], r#"{"success": true}"#, "the top"),
        (&["calculate"], r#"{"success": true, "current_qty": "PASSWORD"}"#, "`current_qty`"),
        (&["calculate"], r#"{"success": true, "current_qty": -1}"#, "`current_qty`"),
        (&["calculate"], r#"{"success": true, "current_qty": 1, "add_total": 1.5}"#, "`add_total`"),
        (&addons, r#"{"success": true}"#, "the top"),
        (&addons, r#"{"success": true, "addons": [{"addon_key": "p0f_slots"}]}"#, "`addons[0]`"),
        (&addons, r#"{"success": true, "addons": [{"addon_key": "a", "qty": "PASSWORD"}]}"#, "`addons[0].qty`"),
        (&addons, r#"{"addons": [{"addon_key": "a", "qty": 1, "pending": "PASSWORD"}]}"#, "`addons[0].pending`"),
        (&marks, r#"{"success": "PASSWORD"}"#, "`success`"),
        (&marks, "null", "the top"),
        (&["active"], "[true, [], null]", "the top"),
        (&marks, "[true]", "the top"),
        (&addons, "[false]", "the top"),
    ];
    for (operations, body, path) in rows {
        let server = answering(json(200, &body.replace("PASSWORD", PASSWORD))).await;
        for operation in *operations {
            let error = failure(&server.uri(), operation).await;
            let expected = format!("the answer has another shape than the API describes, at {path}");
            assert!(error.to_string().ends_with(&expected), "{body}: {error}");
            assert!(!error.had_no_effect, "{error}");
        }
    }
}

#[tokio::test]
async fn an_answer_must_show_what_was_asked_for() {
    let line = r#"{"addon_key": "p0f_slots", "qty": 4"#;
    let pending = |change: &str| format!(r#"{{"addons": [{line}, "pending": {change}}}]}}"#);
    let endless = "x".repeat(1001);
    let rows = [
        ("calculate", r#"{"current_qty": 2, "add_qty": 3}"#.to_owned(), "asked for the price of 2 more slots"),
        ("calculate", r#"{"current_qty": 2, "addon_key": "x"}"#.to_owned(), "the answer is about another add-on"),
        ("active", format!(r#"{{"data": [], "order_tag": "{endless}"}}"#), "`order_tag` is longer than 1000 bytes"),
        (
            "active",
            format!(r#"{{"data": [{{"ip": "203.0.113.10", "until": "{endless}"}}]}}"#),
            "`until` is longer than 1000 bytes",
        ),
        ("purchase", r#"{"addons": []}"#.to_owned(), "the answer shows no p0f_slots add-on"),
        ("cancel", r#"{"addons": [{"addon_key": "other", "qty": 4}]}"#.to_owned(), "no p0f_slots add-on"),
        ("schedule", format!(r#"{{"addons": [{line}}}, {line}}}]}}"#), "more than one p0f_slots add-on"),
        ("schedule", pending(r#"{"action": "upgrade"}"#), "a pending change that shardctl does not know"),
        ("schedule", pending(r#"{"action": "downgrade"}"#), "a pending change that shardctl does not know"),
    ];
    for (operation, body, reason) in rows {
        let server = answering(json(200, &body)).await;
        let error = failure(&server.uri(), operation).await.to_string();
        assert!(error.contains("unexpected answer: ") && error.contains(reason), "{body}: {error}");
    }
}

#[tokio::test]
async fn what_is_not_needed_may_be_missing() {
    let rows = [
        ("active", r#"{"data": [{"ip": "192.0.2.1"}]}"#, "renewal: None"),
        ("active", r#"{"data": [], "order_tag": null, "more": {}}"#, "tag: None"),
        ("active", r#"{"data": [{"ip": "192.0.2.1", "until": "next week"}]}"#, "Unreadable(\"next week\")"),
        ("calculate", r#"{"current_qty": 2}"#, "quote: None"),
        ("calculate", r#"{"current_qty": 2, "add_qty": 2, "price_per_unit": 150}"#, "quote: None"),
        ("cancel", r#"{"addons": [{"addon_key": "p0f_slots", "qty": 4}, {"addon_key": "x", "qty": 1}]}"#, "qty: 4"),
        ("set_signatures", "{}", "()"),
    ];
    for (operation, body, expected) in rows {
        let server = answering(json(200, body)).await;
        let answer = send(&writer(&server.uri(), 0), operation).await.expect(operation);
        assert!(answer.contains(expected), "{answer}");
    }
}
