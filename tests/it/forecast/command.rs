//! The command, against a server that tells no prices: what is unknown is never nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use shardctl::sandbox::Account;

use crate::rig::{MANIFEST, Ran, Rig};

const ACCOUNT: &str = "
token: t0ken
tells: older
orders:
  1: {tag: eu-1, until: 2999-12-01, p0f_slots: 2, proxies: {203.0.113.1: , 203.0.113.2: }}
  2: {tag: eu-2, until: 2026-01-01, proxies: {198.51.100.1: }}
  3: {tag: us-1, until: 2026-01-02, proxies: {198.51.100.2: }}
  4: {kind: residential}
";
const DECLARED: &str = "version: 1\norders:\n  1: {}\n  2: {}\n  3: {keep: {198.51.100.2: }}\n";

async fn rig() -> Rig {
    Rig::new(ACCOUNT, DECLARED).await
}

fn listed(ran: &Ran) -> Vec<u64> {
    let document = ran.json();
    let renewals = document["renewals"].as_array().expect("renewals").iter();
    renewals.map(|renewal| renewal["order_id"].as_u64().expect("an id")).collect()
}

#[tokio::test]
async fn orders_of_the_manifest_named_or_fitting_are_looked_at() {
    let rig = rig().await;
    let rows: [(&[&str], &[u64]); 8] = [
        (&[], &[2, 3]),
        (&["3", "1"], &[3]),
        (&["--order", "2"], &[2]),
        (&["--order", "eu-*"], &[2]),
        (&["--order", "eu-2", "--order", "3"], &[2, 3]),
        (&["--order", "*1"], &[3]),
        (&["2", "3", "--order", "us-1"], &[3]),
        (&["--days", "366"], &[2, 3]),
    ];
    for (words, orders) in rows {
        let ran = rig.run(&[&["forecast", "--format", "json"], words].concat()).await.exits(0);
        assert_eq!(listed(&ran), orders, "{words:?}");
    }
    std::fs::remove_file(rig.path(MANIFEST)).expect("the manifest");
    assert_eq!(listed(&rig.run(&["forecast", "2", "--format", "json"]).await.exits(0)), [2]);
    assert!(rig.control().requests().iter().all(|request| request.method == "GET"), "nothing is changed");
}

#[tokio::test]
async fn only_the_orders_that_are_named_by_id_are_read() {
    let rig = rig().await;
    rig.run(&["forecast", "--order", "2"]).await.exits(0);
    let requests = rig.control().requests();
    let orders = requests.iter().filter_map(|request| {
        let of_query = request.query.iter().find(|(key, _)| key == "order_id").map(|(_, id)| id.clone());
        of_query.or_else(|| Some(request.path.strip_prefix("/user/api/orders/")?.split('/').next()?.to_owned()))
    });
    assert_eq!(orders.collect::<BTreeSet<String>>(), ["2".to_owned()].into(), "{requests:?}");
}

#[tokio::test]
async fn what_fits_no_order_is_said_with_a_code() {
    let rig = rig().await;
    for filter in ["7", "eu", "asia-*", "eu-2,us-1"] {
        let ran = rig.run(&["forecast", "--order", filter, "--format", "json"]).await.exits(1);
        assert_eq!(ran.json()["problems"][0]["code"], "unknown_order", "{filter}");
        assert!(ran.stderr.contains(&format!("--order {filter}: no order fits it")), "{ran:?}");
    }
    for words in [["--days", "0"], ["--days", "367"], ["--days", "soon"]] {
        assert_eq!(rig.run(&[&["forecast"], &words[..]].concat()).await.exits(1).stdout, "", "{words:?}");
    }
}

#[tokio::test]
async fn what_nobody_tells_is_unknown_and_never_nothing() {
    let rig = rig().await;
    let document = rig.run(&["forecast", "2", "--format", "json", "--detailed-exitcode"]).await.exits(0).json();
    let renewal = &document["renewals"][0];
    for key in ["order_status", "auto_renewal", "wallet_after_cents", "covered"] {
        assert_eq!(renewal[key], Value::Null, "{key}: {renewal:#}");
    }
    assert_eq!(renewal["price_cents"], json!({"now": null, "after": null, "estimated": false}));
    assert_eq!(
        (&renewal["ips"], &renewal["slots"]),
        (&json!({"now": 1, "after": null}), &json!({"now": 0, "after": 0}))
    );
    let summary = json!({"renewals": 1, "price_cents": 0, "unknown": 1, "first_not_covered": null});
    assert_eq!((&document["summary"], &document["wallet_cents"]), (&summary, &Value::Null));
    let text = rig.run(&["forecast", "2"]).await.exits(0).stdout;
    assert!(text.contains("1 renewal in the next 30 days; ") && !text.contains("0.00"), "{text}");
}

/// Order 1 is covered, 2 is not, 3 waits to be paid, 4 ends, 5 is over, 6 is none that has IPs.
const TOLD: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 150
proxy_price_cents: 120
orders:
  1: {tag: eu, until: 2026-01-01, p0f_slots: 2, pending: {action: downgrade, next_qty: 1},
      proxies: {203.0.113.1: linux, 203.0.113.2: {del_np: true}}}
  2: {tag: us, until: 2026-01-02, p0f_slots: 6, proxies: {203.0.113.3: }}
  3: {until: 2026-01-03, status: on-hold, proxies: {203.0.113.4: }}
  4: {until: 2026-01-04, auto_renewal: false, proxies: {203.0.113.5: }}
  5: {status: cancelled}
  6: {kind: residential, until: 2026-01-06}
";

/// Runs a forecast of the account that tells everything, as JSON.
async fn told(words: &[&str], status: i32) -> Value {
    let rig =
        Rig::with_account(Account::from_yaml(TOLD).expect("a valid account"), "version: 1\norders: {1: {}}\n").await;
    rig.run(&[&["forecast", "--format", "json"], words].concat()).await.exits(status).json()
}

#[tokio::test]
async fn all_orders_of_the_account_are_looked_at() {
    let document = told(&["--all"], 0).await;
    let renewals = document["renewals"].as_array().expect("renewals");
    let seen: Vec<Value> = renewals
        .iter()
        .map(|it| json!([it["order_id"], it["price_cents"]["after"], it["wallet_after_cents"], it["covered"]]))
        .collect();
    // What each order comes to after its first renewal lies beyond these, as the dates are long over.
    let expected = [
        json!([1, 270, 730, true]),
        json!([2, 1020, -290, false]),
        json!([4, 0, -290, true]),
        json!([3, 120, -410, false]),
    ];
    assert_eq!(seen.iter().filter(|it| expected.contains(it)).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    assert_eq!((&document["wallet_cents"], &document["problems"]), (&json!(1000), &json!([])));
    assert_eq!(document["summary"]["first_not_covered"], 2);
    let first = &renewals[0];
    assert_eq!((&first["ips"], &first["slots"]), (&json!({"now": 2, "after": 1}), &json!({"now": 2, "after": 1})));
    assert_eq!((&first["order_status"], &first["auto_renewal"]), (&json!("active"), &json!(true)));
    assert_eq!(first["price_cents"], json!({"now": 420, "after": 270, "estimated": true}));
    let one = told(&["--all", "--order", "us"], 0).await;
    assert_eq!(one["renewals"][0]["order_id"], 2);
    assert_eq!(told(&["--all", "--order", "asia"], 1).await["problems"][0]["code"], "unknown_order");
}

#[tokio::test]
async fn what_needs_care_has_a_status_of_its_own_on_request() {
    for (order, status) in [("1", 0), ("2", 2), ("3", 2), ("4", 2)] {
        told(&[order, "--days", "1"], 0).await;
        told(&[order, "--days", "1", "--detailed-exitcode"], status).await;
    }
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_a_problem_beside_the_others() {
    let rig = rig().await;
    let ran = rig.run(&["forecast", "2", "4", "7", "--format", "json"]).await.exits(1);
    assert_eq!(listed(&ran), [2]);
    let codes: Vec<Value> = ran.json()["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .map(|it| json!([it["order_id"], it["code"]]))
        .collect();
    assert_eq!(codes, [json!([4, "order_unavailable"]), json!([7, "order_not_found"])]);
    assert!(ran.stderr.contains("2 orders could not be looked at"), "{ran:?}");
    std::fs::create_dir_all(rig.path(crate::rig::STATE)).expect("a directory");
    rig.write("shardctl.state/2.json", "damaged");
    let ran = rig.run(&["forecast", "2", "--format", "json"]).await.exits(1);
    assert_eq!(ran.json()["problems"][0]["code"], "state_mismatch");
}

#[tokio::test]
async fn an_order_that_could_not_be_read_keeps_all_others_from_being_called_covered() {
    let rig =
        Rig::with_account(Account::from_yaml(TOLD).expect("a valid account"), "version: 1\norders: {1: {}}\n").await;
    rig.break_with(json!([{"operation": "active", "order_id": 2, "status": 500, "times": 0}]));
    let words = ["forecast", "1", "2", "--days", "1", "--retries", "0"];
    let document = rig.run(&[&words[..], &["--format", "json"]].concat()).await.exits(1).json();
    let first = &document["renewals"][0];
    assert_eq!((&first["covered"], &first["wallet_after_cents"]), (&Value::Null, &Value::Null));
    assert_eq!((&document["unknown_orders"], &document["summary"]["unknown"]), (&json!([2]), &json!(1)));
    assert_eq!(document["problems"][0]["code"], "api_error");
    let text = rig.run(&words).await.exits(1).stdout;
    assert!(text.contains("Of 1 order nothing is known: order 2. It may renew at any time"), "{text}");
}

#[tokio::test]
async fn why_the_wallet_is_not_known_is_said() {
    const BUYS: &str = "{version: 1, limits: {max_charge_cents: 999}, orders: {1: {p0f_slots: 3}}}\n";
    let rig = Rig::with_account(Account::from_yaml(TOLD).expect("a valid account"), BUYS).await;
    let refusal =
        json!({"operation": "me", "status": 403, "times": 0, "body": r#"{"success": false, "message": "not today"}"#});
    let untold = json!({"operation": "me", "without": ["wallet_balance"], "times": 0});
    for (fault, why) in [(refusal, "not today"), (untold, "no whole number as `wallet_balance`")] {
        rig.break_with(json!([fault]));
        for command in ["forecast", "plan"] {
            let ran = rig.run(&[command]).await.exits(0);
            let warnings =
                ran.stderr.lines().filter(|line| line.starts_with("warning: what the wallet holds is not known"));
            let warnings: Vec<&str> = warnings.collect();
            assert!(matches!(warnings[..], [warning] if warning.contains(why)), "{command}: {ran:?}");
            let ran = rig.run(&[command, "--log-format", "json", "-q"]).await.exits(0);
            let lines = ran.stderr.lines().map(|line| serde_json::from_str::<Value>(line).expect("an object"));
            let warnings: Vec<Value> = lines.filter(|line| line["level"] == "warn").collect();
            assert!(warnings.len() == 1 && warnings[0]["message"].as_str().expect("text").contains(why), "{ran:?}");
        }
        let status = rig.run(&["status", "--format", "openmetrics"]).await.exits(0);
        assert_eq!(status.stderr, "", "what is read every minute says nothing");
    }
}

#[tokio::test]
async fn why_prices_are_not_known_is_said_once_for_each_reason() {
    let account = Account::from_yaml(TOLD).expect("a valid account");
    let rig = Rig::with_account(account, "{version: 1, orders: {1: {}}}\n").await;
    let refused = |order_id: u64, message: &str| {
        let body = json!({"success": false, "message": message}).to_string();
        json!({"operation": "order", "order_id": order_id, "status": 400, "times": 0, "body": body})
    };
    rig.break_with(json!([refused(1, "not today"), refused(2, "not today"), refused(4, "nor this one")]));
    let ran = rig.run(&["forecast", "1", "2", "3", "4", "--log-format", "json"]).await.exits(0);
    let lines = ran.stderr.lines().map(|line| serde_json::from_str::<Value>(line).expect("an object"));
    let warnings: Vec<String> = lines.map(|line| line["message"].as_str().expect("text").to_owned()).collect();
    let [one, two] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(one.starts_with("nobody tells what order 4 will cost") && one.contains("nor this one"), "{one}");
    assert!(
        two.starts_with("nobody tells what order 1 and 1 more order will cost") && two.contains("not today"),
        "{two}"
    );
}

#[tokio::test]
async fn less_than_the_whole_account_says_so_in_its_last_line() {
    // An older server has no list of all orders.
    let account = Account::from_yaml(&ACCOUNT.replace("tells: older\n", "")).expect("a valid account");
    let rig = Rig::with_account(account, DECLARED).await;
    let others = "other orders of the account charge the same wallet: `shardctl forecast --all`.";
    let rows: [(&[&str], Option<&str>); 5] = [
        (&[], Some("Counted: 3 orders of the manifest; ")),
        (&["--order", "2"], Some("Counted: 1 order of the manifest; ")),
        (&["2", "3"], Some("Counted: 2 orders; ")),
        (&["--all", "--order", "eu-*"], Some("Counted: 2 orders; ")),
        (&["--all"], None),
    ];
    for (words, counted) in rows {
        for format in ["text", "markdown"] {
            let ran = rig.run(&[&["forecast", "--format", format], words].concat()).await.exits(0);
            let last = ran.stdout.lines().last().expect("a line");
            match counted {
                Some(counted) => assert_eq!(last, format!("{counted}{others}"), "{words:?}"),
                None => assert!(!ran.stdout.contains("Counted: "), "{ran:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_run_that_ends_before_anything_is_read_prints_a_document() {
    let rig = rig().await;
    for format in ["json", "markdown"] {
        let ran = rig.run(&["forecast", "-f", "nowhere.yaml", "--format", format]).await.exits(1);
        assert!(ran.stdout.contains("manifest_missing"), "{ran:?}");
        let ran = rig.run(&["history", "--state", "s3://", "--format", format]).await.exits(1);
        assert!(ran.stdout.contains("state_unavailable"), "{ran:?}");
    }
}
