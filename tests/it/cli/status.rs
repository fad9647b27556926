//! `shardctl status`.

use serde_json::json;

use super::{EXAMPLE_ACCOUNT, EXAMPLE_MANIFEST, Shardctl};

/// Starts the account of the examples without dates, next to which the table shows how far away they are.
fn undated() -> Shardctl {
    let line =
        |line: &str| if line.contains("until: ") { "    until: in winter\n".to_owned() } else { format!("{line}\n") };
    Shardctl::new(&EXAMPLE_ACCOUNT.lines().map(line).collect::<String>())
}

#[test]
fn orders_are_listed_before_and_after_an_apply() {
    let shardctl = undated().file("shardctl.yaml", EXAMPLE_MANIFEST);
    shardctl.run(&["status"]).exits(0);
    shardctl.aside(&["apply", "--apply"]).exits(0);
    let writes = shardctl.writes().len();
    shardctl.remark("After an apply:").run(&["status"]).exits(0);
    shardctl.run(&["status", "48977"]).exits(0);
    assert_eq!(shardctl.writes().len(), writes, "a table changes nothing");
    shardctl.control().with_account(|account| {
        let order = account.orders.get_mut(&"48213".parse().expect("an id")).expect("the order");
        order.p0f_slots += 1;
        order.auto_renewal = !order.auto_renewal;
    });
    shardctl.remark("After somebody changed an order in the panel:").run(&["status"]).exits(0);
    shardctl.run(&["status", "48213", "--format", "markdown"]).exits(0);
    shardctl.snapshot("status");
}

#[test]
fn named_orders_need_no_manifest() {
    let shardctl = undated();
    shardctl.run(&["status", "49100"]).exits(0);
    shardctl.run(&["status"]).exits(1);
    shardctl.remark("One of two cannot be read:").run(&["status", "49100", "7"]).exits(1);
    shardctl.break_with(json!([{"operation": "active", "status": 401, "times": 0}]));
    shardctl.run(&["status", "49100"]).exits(1);
    shardctl.break_with(json!([]));
    shardctl.control().with_account(|account| account.orders.clear());
    shardctl.remark("Of an account without orders:").run(&["status", "--all"]).exits(0);
    shardctl.snapshot("status-named");
}
