//! The renewal is the moment of truth for what was recorded for it, whoever tells its date, and whenever.

use serde_json::json;
use shardctl::model::OrderId;
use shardctl::sandbox::{Account, PanelAction, Tells};

use crate::rig::{Ran, Rig};

const ACCOUNT: &str = "
token: t0ken
orders:
  1:
    until: 2026-12-01T00:00:00Z
    p0f_slots: 3
    proxies: {203.0.113.1: , 203.0.113.2: }
";
const DECLARED: &str = "
version: 1
limits: {max_removal_percent: 100}
orders:
  1: {p0f_slots: 2, keep: {203.0.113.1: }}
";
const APPLY: [&str; 6] = ["apply", "--apply", "--retries", "0", "--format", "json"];

fn order() -> OrderId {
    OrderId::new(1).expect("a positive id")
}

/// Returns an order of which an IP is marked to go and a slot to end, on a server that tells everything.
async fn scheduled() -> Rig {
    let mut account = Account::from_yaml(ACCOUNT).expect("a valid account");
    account.tells = Tells::everything();
    let rig = Rig::with_account(account, DECLARED).await;
    rig.complete(&[]).await;
    rig
}

fn panel(rig: &Rig, action: PanelAction) {
    rig.control().panel(order(), action).expect("an order");
}

/// Takes back in the panel what was marked and scheduled, and lets the order renew.
fn undo_and_renew(rig: &Rig) {
    let marks =
        rig.control().with_account(|account| account.orders[&order()].proxies.keys().copied().collect::<Vec<_>>());
    panel(rig, PanelAction::Marks(marks.into_iter().map(|ip| (ip, false)).collect()));
    panel(rig, PanelAction::Slots { qty: None, pending: Some(None) });
    panel(rig, PanelAction::Renew);
}

fn notes(ran: &Ran) -> Vec<String> {
    let document = ran.json();
    let notes = document["orders"][0]["notes"].as_array().expect("notes").clone();
    notes.iter().map(|note| note["code"].as_str().expect("a code").to_owned()).collect()
}

/// In the apply right behind the renewal, the date is told by somebody else, or by nobody.
#[tokio::test]
async fn what_did_not_happen_is_found_even_where_the_date_was_not_told_for_a_while() {
    let silences = [
        json!([{"operation": "order", "status": 503, "times": 0}]),
        json!([{"operation": "order", "without": ["expires_at"], "times": 0}]),
        json!([{"operation": "order", "instead": {"expires_at": "soon"}, "times": 0}]),
        json!([{"operation": "order", "without": ["expires_at"], "times": 0},
               {"operation": "active", "without": ["until"], "times": 0}]),
    ];
    for silence in silences {
        let rig = scheduled().await;
        undo_and_renew(&rig);
        rig.break_with(silence.clone());
        let first = rig.run(&APPLY).await.exits(0);
        rig.break_with(json!([]));
        let second = rig.run(&APPLY).await.exits(0);
        let found = [notes(&first), notes(&second)].concat();
        let not_carried_out = found.iter().filter(|code| *code == "not_carried_out").count();
        assert!(not_carried_out >= 1, "{silence}: {found:?}");
        rig.check_records();
        let order = rig.control().with_account(|account| account.orders[&order()].clone());
        assert_eq!(order.proxies.values().filter(|proxy| proxy.del_np).count(), 1, "{silence}: marked again");
        assert!(order.pending.is_some(), "{silence}: scheduled again");
        rig.nothing_left().await;
    }
}

/// An answer that is behind tells the renewal before.
#[tokio::test]
async fn a_date_that_goes_back_makes_no_renewal_out_of_the_next_read() {
    let rig = scheduled().await;
    let earlier = json!({"expires_at": "2026-11-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"});
    rig.break_with(json!([
        {"operation": "order", "instead": earlier.clone(), "times": 0},
        {"operation": "active", "instead": earlier, "times": 0},
    ]));
    rig.run(&APPLY).await.exits(0);
    rig.break_with(json!([]));
    let ran = rig.run(&APPLY).await.exits(0);
    assert_eq!(notes(&ran), ["already_leaving"], "{ran:?}");
}

/// A date that cannot be read is none: what is recorded is that of the IPs.
#[tokio::test]
async fn dates_of_two_sources_are_never_compared() {
    let rig = scheduled().await;
    for expires_at in ["soon", "2026-12-01T18:00:00Z", "", "2026-12-01T00:00:00Z"] {
        rig.break_with(json!([{"operation": "order", "instead": {"expires_at": expires_at}, "times": 0}]));
        let ran = rig.run(&APPLY).await.exits(0);
        let later = expires_at.ends_with("18:00:00Z");
        assert_eq!(notes(&ran).contains(&"not_carried_out".to_owned()), later, "{expires_at}: {ran:?}");
        if later {
            break;
        }
    }
    // Recorded anew while nothing but `until` could be read, and then the other source speaks up.
    let rig = scheduled().await;
    std::fs::remove_dir_all(rig.path(crate::rig::STATE)).expect("the records");
    rig.break_with(json!([{"operation": "order", "instead": {"expires_at": "soon"}, "times": 0}]));
    rig.run(&APPLY).await.exits(0);
    rig.break_with(json!([{"operation": "order", "instead": {"expires_at": "2026-12-01T18:00:00Z"}, "times": 0}]));
    let ran = rig.run(&APPLY).await.exits(0);
    assert_eq!(notes(&ran), ["already_leaving"], "{ran:?}");
}
