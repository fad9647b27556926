//! What the API leaves out, down to what the older description has.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use shardctl::sandbox::{Tell, Tells};

use super::{ACCOUNT, World, answer, buy};
use crate::openapi::check_response;

type Names = &'static [&'static str];

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn what_is_not_told_is_absent_and_not_null() {
    let base = ["ip", "username", "password", "http_port", "socks_port", "until"];
    let line = ["addon_key", "catalog_id"];
    let rows: [(&str, Names, Names, Names); 10] = [
        ("[detail]", &[], &[], &[]),
        ("[detail, signature]", &["signature"], &[], &[]),
        ("[detail, item_status]", &["status"], &[], &[]),
        ("[detail, pending]", &[], &["addons"], &["pending"]),
        ("[detail, addons]", &[], &["addons"], &["qty", "price_per_unit", "pending"]),
        ("[detail, slots]", &[], &["addons", "p0f_slots_available"], &["qty"]),
        ("[detail, slots_used, status]", &[], &["p0f_slots_used", "status"], &[]),
        ("[detail, prices]", &[], &["price_paid", "addons_price_paid", "addons"], &["price_per_unit"]),
        ("[detail, auto_renewal, tag]", &[], &["auto_renewal", "tag"], &[]),
        ("[detail, promo_code, created_at]", &[], &["promo_code", "created_at"], &[]),
    ];
    for (tells, item, detail, of_line) in rows {
        let world = World::open(&format!("tells: {tells}\n{}", ACCOUNT.trim_start())).await;
        let active = world.request("active", "1", &json!(null));
        let active = answer(active).await.1;
        assert_eq!(keys(&active["data"][0]), base.iter().chain(item).copied().collect(), "{tells}");
        let order = world.detail("1").await;
        assert_eq!(keys(&order), detail.iter().copied().collect(), "{tells}");
        if let Some(shown) = order.get("addons") {
            assert_eq!(keys(&shown[0]), line.iter().chain(of_line).copied().collect(), "{tells}");
        }
    }
}

#[tokio::test]
async fn a_path_that_is_not_told_is_not_found() {
    let rows = [
        ("everything", 200, 200, 200, 200),
        ("older", 404, 404, 404, 404),
        ("nothing", 404, 404, 404, 404),
        ("[detail]", 200, 404, 404, 404),
        ("[orders, set_auto_renewal]", 404, 200, 404, 200),
        ("[me]", 404, 404, 200, 404),
    ];
    for (tells, order, orders, me, set_auto_renewal) in rows {
        let world = World::open(&format!("tells: {tells}\n{}", ACCOUNT.trim_start())).await;
        let calls = [
            ("order", json!(null), order),
            ("orders", json!("status=all"), orders),
            ("me", json!(null), me),
            ("set_auto_renewal", json!("auto_renewal=false"), set_auto_renewal),
        ];
        for (operation, arguments, expected) in calls {
            let response = world.request(operation, "1", &arguments).send().await.expect("an answer");
            assert_eq!(response.status(), expected, "{operation} where {tells} is told");
            if expected == 404 {
                assert_eq!(response.text().await.expect("a body"), "Not Found", "nothing of the API's");
                let log = world.get("requests").await;
                let latest = log.as_array().and_then(|log| log.last()).expect("a logged request");
                assert_eq!((&latest["operation"], &latest["status"]), (&json!(null), &json!(404)));
            }
        }
        world.done("calculate", "1", json!("addon_key=p0f_slots&add_qty=1")).await;
        assert_eq!(world.done("purchase", "1", buy(1)).await["addons"][0]["qty"], 4, "as the older description has it");
    }
}

#[tokio::test]
async fn the_older_description_is_kept_to() {
    let world = World::open(&format!("tells: older\n{}", ACCOUNT.trim_start())).await;
    let active = world.done("active", "1", json!(null)).await;
    assert_eq!((&active["data"][0]["status"], active["data"][0].get("signature")), (&json!("active"), None));
}

#[tokio::test]
async fn it_can_be_set_while_it_serves() {
    let world = World::open(ACCOUNT).await;
    assert_eq!(world.get("tells").await.as_array().map(Vec::len), Some(Tell::ALL.len()));
    let truth = world.get("account").await;
    let rows = [
        (json!("older"), json!(["item_status"])),
        (json!(["slots", "detail"]), json!(["detail", "qty", "p0f_slots_available"])),
        (json!("nothing"), json!([])),
    ];
    for (tells, expected) in rows {
        assert_eq!(world.post("tells", tells).await, (200, expected.clone()));
        assert_eq!(world.get("tells").await, expected);
    }
    for wrong in [json!("all"), json!(["slot"]), json!({"detail": true}), json!(7)] {
        let (status, body) = world.post("tells", wrong.clone()).await;
        assert_eq!((status, body["success"].as_bool()), (400, Some(false)), "{wrong}");
    }
    assert_eq!(world.get("tells").await, json!([]));
    assert_eq!(world.get("account").await, truth, "it is no part of the account");
    world.sandbox.control().set_tells([Tell::Me].into_iter().collect());
    assert_eq!(world.get("tells").await, json!(["me"]));
    assert_eq!(world.sandbox.control().tells(), Tells::from_iter([Tell::Me]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any subset, with the operations that there are, is answered as described, and says what everything says.
    #[test]
    fn any_part_of_it_says_the_same_as_all_of_it(told in proptest::sample::subsequence(&Tell::ALL[..], 0..=Tell::ALL.len())) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::open(ACCOUNT).await;
            let all = world.detail("1").await;
            let listed = world.done("orders", "", json!("status=all")).await;
            let tells: Tells = told.iter().copied().chain([Tell::Detail, Tell::Orders]).collect();
            world.sandbox.control().set_tells(tells.clone());
            let part = world.detail("1").await;
            for (key, value) in part.as_object().expect("an object").iter().filter(|(key, _)| *key != "addons") {
                assert_eq!(value, &all[key]);
                assert!(told.iter().any(|tell| tell.name() == key), "{key} of {told:?}");
            }
            for (key, value) in part.get("addons").into_iter().flat_map(|lines| lines[0].as_object().expect("a line")) {
                assert_eq!(value, &all["addons"][0][key]);
            }
            let page = answer(world.request("orders", "", &json!("status=all"))).await.1;
            assert_eq!(check_response("orders", 200, &page), Ok(()));
            for (key, value) in page["orders"][0].as_object().expect("an object") {
                assert_eq!(value, &listed["orders"][0][key]);
            }
        });
    }
}
