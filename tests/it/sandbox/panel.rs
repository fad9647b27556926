//! What happens behind a client's back.

use serde_json::{Value, json};
use shardctl::model::{Cents, OrderId};
use shardctl::sandbox::{CONTROL_PATHS, PanelAction};

use super::{ACCOUNT, World};

const TEN: &str = "203.0.113.10";
const ELEVEN: &str = "203.0.113.11";
const TWELVE: &str = "203.0.113.12";
const NEW: &str = "203.0.113.50";

fn proxy(signature: Option<&str>, del_np: bool) -> Value {
    json!({"signature": signature, "del_np": del_np})
}

#[tokio::test]
async fn each_action_changes_what_it_names() {
    let pending = json!({"action": "downgrade", "next_qty": 4});
    let rows = [
        ("signatures", json!({TEN: "win11", ELEVEN: null}), "/proxies/203.0.113.10", proxy(Some("win11"), false)),
        ("signatures", json!({TEN: "win11", ELEVEN: null}), "/proxies/203.0.113.11", proxy(None, true)),
        ("signatures", json!({TEN: null, TWELVE: "ios"}), "/proxies/203.0.113.12", proxy(Some("ios"), false)),
        ("marks", json!({TEN: true, ELEVEN: false}), "/proxies/203.0.113.10", proxy(Some("linux"), true)),
        ("marks", json!({TEN: true, ELEVEN: false}), "/proxies/203.0.113.11", proxy(Some("win10"), false)),
        ("slots", json!({"qty": 5, "pending": pending}), "/p0f_slots", json!(5)),
        ("slots", json!({"qty": 5, "pending": pending}), "/pending", pending.clone()),
        ("slots", json!({"qty": 5}), "/addons_price_paid", json!(750)),
        ("slots", json!({"qty": 1}), "/p0f_slots", json!(1)),
        ("slots", json!({"pending": {"action": "cancel"}}), "/pending", json!({"action": "cancel"})),
        ("status", json!({"status": "on-hold"}), "/status", json!("on-hold")),
        ("status", json!({"status": "cancelled"}), "/proxies", json!({})),
        ("auto_renewal", json!({"auto_renewal": false}), "/auto_renewal", json!(false)),
        ("tag", json!({"tag": "us"}), "/tag", json!("us")),
        ("tag", json!({"tag": null}), "/tag", json!(null)),
        ("proxies", json!({NEW: null, "203.0.113.51": "linux"}), "/proxies/203.0.113.50", proxy(None, false)),
        ("proxies", json!({NEW: "linux"}), "/proxies/203.0.113.50", proxy(Some("linux"), false)),
        ("replace", json!({ELEVEN: NEW}), "/proxies/203.0.113.50", proxy(Some("win10"), true)),
    ];
    for (action, body, place, expected) in rows {
        let world = World::open(ACCOUNT).await;
        let order = world.panel(1, action, body.clone()).await;
        assert_eq!(order.pointer(place), Some(&expected), "{action} {body}: {order}");
        assert_eq!(world.get("account").await["orders"]["1"], order);
        assert_eq!(world.get("requests").await, json!([]), "no client did it");
    }
}

#[tokio::test]
async fn addresses_come_and_go_and_the_others_keep_their_user_names() {
    let world = World::open(ACCOUNT).await;
    world.panel(1, "remove", json!([TEN, TWELVE])).await;
    world.panel(1, "replace", json!({ELEVEN: "203.0.113.61"})).await;
    world.panel(1, "proxies", json!({NEW: null})).await;
    let active = world.done("active", "1", json!(null)).await;
    let names: Vec<_> = active["data"].as_array().expect("a list").iter().map(|item| &item["username"]).collect();
    assert_eq!(names, ["user-1-4", "user-1-5", "user-1-2"], "of 203.0.113.13, .50 and .61");
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let world = World::open(ACCOUNT).await;
    let before = world.get("account").await;
    let all = json!({TEN: true, ELEVEN: true, TWELVE: true, "203.0.113.13": true});
    let rows = [
        ("orders/5/tag", json!({"tag": null}), 404, "Order 5 not found"),
        ("orders/0/tag", json!({"tag": null}), 400, "an order id is"),
        ("orders/1/sell", json!({}), 400, "there is no `sell`, expected one of `renew`, `expire`"),
        ("orders/1/signatures", json!({"203.0.113.99": "ios"}), 400, "203.0.113.99 does not belong"),
        ("orders/1/signatures", json!({TWELVE: "ios", "203.0.113.13": "ios"}), 400, "2 of 3 are taken, 2 more"),
        ("orders/1/signatures", json!({TEN: "beos"}), 400, "beos"),
        ("orders/1/marks", all, 400, "keep=0"),
        ("orders/1/slots", json!({"qty": 2, "pending": {"action": "downgrade", "next_qty": 2}}), 400, "below 2"),
        ("orders/3/slots", json!({"qty": 2}), 400, "below 2"),
        ("orders/1/slots", json!({"quantity": 2}), 400, "quantity"),
        ("orders/1/status", json!({"status": "lost"}), 400, "lost"),
        ("orders/1/proxies", json!({TEN: null}), 400, "is one of order 1 already"),
        ("orders/1/proxies", json!({"192.0.2.1": null}), 400, "is one of order 9 already"),
        ("orders/1/proxies", json!({NEW: "ios", "203.0.113.51": "ios"}), 400, "2 more needed"),
        ("orders/1/remove", json!(["203.0.113.99"]), 400, "does not belong"),
        ("orders/1/replace", json!({TEN: NEW, ELEVEN: NEW}), 400, "203.0.113.50 stands twice"),
        ("orders/1/replace", json!({TEN: ELEVEN}), 400, "is one of order 1 already"),
        ("orders/1/replace", json!({"203.0.113.99": NEW}), 400, "does not belong"),
        ("orders/1/tag", json!("eu"), 400, "tag"),
        ("wallet", json!({"cents": -1}), 400, "-1"),
        ("wallet", json!({"dollars": 1}), 400, "dollars"),
        ("slot_price", json!([200]), 400, r#"slot_price: invalid type: sequence, expected an object"#),
        ("orders/1/slots", json!(5), 400, r#"slots: invalid type: integer `5`, expected an object"#),
        ("orders/1/slots", json!(5), 400, r#"; expected JSON such as {"qty": 3, "pending": "#),
        ("orders/1/remove", json!(5), 400, r#"; expected JSON such as ["203.0.113.50"]"#),
        ("tells", json!("much"), 400, r#"; expected JSON such as "older""#),
        ("faults", json!({"close": true}), 400, r#"; expected JSON such as [{"operation": "purchase", "#),
    ];
    for (end, body, status, message) in rows {
        let (answered, answer) = world.post(end, body.clone()).await;
        let row = format!("{end} {body}: {answered} {answer}");
        assert_eq!(answered, status, "{row}");
        assert!(answer["message"].as_str().is_some_and(|text| text.contains(message)), "{row}");
        assert_eq!(world.get("account").await, before, "{row}");
    }
}

#[tokio::test]
async fn each_control_path_takes_the_body_that_is_told() {
    let world = World::open(ACCOUNT).await;
    assert_eq!(world.get("").await.as_array().expect("a list").len(), CONTROL_PATHS.len());
    for path in CONTROL_PATHS.iter().filter(|path| path.method.contains("POST") && !path.path.ends_with("/expire")) {
        // What is added is there already, and what happens to a lost order is told elsewhere.
        let world = World::open(ACCOUNT).await;
        world.panel(1, "slots", json!({"qty": 9})).await;
        if path.path.ends_with("/remove") {
            world.panel(1, "proxies", json!({"203.0.113.50": null})).await;
        }
        let end = path.path.trim_start_matches("/sandbox/").replace("ID", "1");
        let body = serde_json::from_str(path.body.unwrap_or("null")).expect("JSON");
        let (status, answer) = world.post(&end, body).await;
        assert_eq!(status, 200, "{end}: {answer}");
    }
}

#[tokio::test]
async fn another_price_of_a_slot_leaves_what_was_bought_at_its_own() {
    let world = World::open(ACCOUNT).await;
    assert_eq!(world.post("slot_price", json!({"cents": 200})).await.0, 200);
    let preview = world.done("calculate", "1", json!("addon_key=p0f_slots&add_qty=1")).await;
    assert_eq!(preview["price_per_unit"], 200);
    assert_eq!(world.detail("1").await["addons"][0]["price_per_unit"], 150);
}

#[tokio::test]
async fn a_test_does_it_without_http() {
    let world = World::open(ACCOUNT).await;
    let id = OrderId::new(1).expect("a positive id");
    let control = world.sandbox.control();
    let order = control.panel(id, PanelAction::AutoRenewal { auto_renewal: false }).expect("an order");
    assert!(!order.auto_renewal && !control.account().orders[&id].auto_renewal);
    let missing = OrderId::new(5).expect("a positive id");
    assert_eq!(control.panel(missing, PanelAction::Renew).expect_err("no such order").status, 404);
    control.set_wallet(Cents(5));
    assert_eq!(world.done("me", "", json!(null)).await["wallet_balance"], 5);
}
