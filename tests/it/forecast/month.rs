//! A month with the program and the simulated vendor: what is bought, killed in between, what the forecast says then, and
//! what comes of it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shardctl::model::OrderId;
use shardctl::sandbox::{Account, OrderStatus, PanelAction};

use crate::rig::Rig;

/// Order 1 renews twice, and has an add-on beside the slots; order 2 ends, order 3 is one that the wallet does not cover.
fn account() -> String {
    let in_days = |days: i64| format!("{:.0}", Timestamp::now() + SignedDuration::from_hours(24 * days));
    format!(
        "{{token: t0ken, wallet_cents: 2700, slot_price_cents: 150, proxy_price_cents: 120, orders: {{
          1: {{until: '{}', cycle: half-month, other_addons: {{geo: {{qty: 1, price_cents: 10}}}},
              proxies: {{203.0.113.1: , 203.0.113.2: , 203.0.113.3: }}}},
          2: {{until: '{}', auto_renewal: false, proxies: {{203.0.113.4: }}}},
          3: {{until: '{}', p0f_slots: 9, proxies: {{203.0.113.5: }}}}}}}}",
        in_days(4),
        in_days(6),
        in_days(25)
    )
}

/// One IP of order 1 leaves, and it gets two slots.
const DECLARED: &str = "
version: 1
limits: {max_charge_cents: 300, max_removal_percent: 50}
orders:
  1: {p0f_slots: 2, keep: {203.0.113.1: linux, 203.0.113.2: win11}}
  2: {keep: {203.0.113.4: }}
";

/// Applies with a kill at the first request of an operation, and then to the end.
async fn killed_and_completed(rig: &Rig, operation: &str, when: &str) {
    rig.break_with(json!([{"operation": operation, "hold": true, "when": when}]));
    let run = rig.start(&["apply", "--apply", "--concurrency", "1"]);
    rig.struck().await;
    run.kill();
    rig.break_with(json!([]));
    rig.complete(&[]).await;
    rig.check_history().await;
}

#[tokio::test]
async fn the_forecast_says_what_happens_and_the_history_what_was_charged() {
    let rig = Rig::with_account(Account::from_yaml(&account()).expect("a valid account"), DECLARED).await;
    killed_and_completed(&rig, "purchase", "after").await;
    let bought = rig.charged();
    assert_eq!(bought, 300);

    let forecast = rig.run(&["forecast", "--all", "--format", "json", "--detailed-exitcode"]).await.exits(2).json();
    let renewals = forecast["renewals"].as_array().expect("renewals");
    let orders: Vec<&Value> = renewals.iter().map(|renewal| &renewal["order_id"]).collect();
    assert_eq!(orders, [1, 2, 1, 3]);
    for renewal in renewals {
        happens(&rig, renewal, &forecast["summary"]);
    }
    let order = |id: u64| rig.control().account().orders[&OrderId::new(id).expect("a positive id")].clone();
    assert_eq!((order(2).status, order(3).status), (OrderStatus::Cancelled, OrderStatus::Cancelled));

    // What was lost is left out; order 1 goes on.
    rig.write(
        "shardctl.yaml",
        DECLARED
            .lines()
            .filter(|line| !line.contains("  2:"))
            .collect::<Vec<_>>()
            .join("\n")
            .replace("p0f_slots: 2", "p0f_slots: 3"),
    );
    killed_and_completed(&rig, "purchase", "after").await;
    let account = rig.control().account();
    let renewed: u64 = account.renewals.iter().map(|renewal| renewal.charge_cents.0).sum();
    assert_eq!(account.wallet_cents.0, 2700 - rig.charged() - renewed);
    assert_eq!(rig.charged(), bought + 150);
}

/// Plays a renewal at the vendor's, and holds it against what was forecast.
#[track_caller]
fn happens(rig: &Rig, renewal: &Value, summary: &Value) {
    let id = OrderId::new(renewal["order_id"].as_u64().expect("an id")).expect("a positive id");
    let control = rig.control();
    let order = control.panel(id, PanelAction::Renew).expect("an order that is not lost");
    let wallet = i64::try_from(control.account().wallet_cents.0).expect("a wallet");
    let is_lost = renewal["auto_renewal"] == false || renewal["covered"] == false;
    if is_lost {
        assert_eq!(order.status, OrderStatus::OnHold, "{renewal:#}");
        assert!(renewal["covered"] == true || summary["first_not_covered"] == id.get(), "{summary:#}");
        control.panel(id, PanelAction::Expire).expect("an order on hold");
        return;
    }
    let found = json!({"wallet": wallet, "ips": order.proxies.len(), "slots": order.p0f_slots});
    let expected = json!({"wallet": renewal["wallet_after_cents"], "ips": renewal["ips"]["after"], "slots": renewal["slots"]["after"]});
    assert_eq!(found, expected, "{renewal:#}");
}
