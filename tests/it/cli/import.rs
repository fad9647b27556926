//! `shardctl import`.

use serde_json::json;

use super::{EXAMPLE_ACCOUNT, Shardctl};

#[test]
fn what_is_imported_plans_to_nothing_but_assertions() {
    let shardctl = Shardctl::new(EXAMPLE_ACCOUNT);
    let manifest = shardctl.run(&["import", "49100", "48213", "48977"]).exits(0).stdout;
    shardctl.snapshot("import");
    shardctl.write("shardctl.yaml", &manifest);
    shardctl.run(&["validate"]).exits(0);
    let plan = shardctl.run(&["plan", "--format", "json"]).exits(0).json();
    for number in ["charge_cents", "ips_leaving", "signatures_set"] {
        assert_eq!(plan["summary"][number], 0, "{number}");
    }
    for order in plan["orders"].as_array().expect("orders") {
        for operation in order["operations"].as_array().expect("operations") {
            let items = operation["items"].as_array().into_iter().flatten();
            assert!(items.clone().all(|item| item["from"].is_null() && item["to"] == false), "{operation}");
            assert!(["cancel_downgrade", "set_del_np"].contains(&operation["kind"].as_str().expect("a kind")));
        }
    }
    shardctl.run(&["apply", "--apply"]).exits(0);
    shardctl.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn what_is_recorded_is_imported() {
    let shardctl = Shardctl::example();
    shardctl.aside(&["apply", "--apply"]).exits(0);
    let manifest = shardctl.remark("With a record of what was set:").run(&["import", "48213", "48977"]).exits(0).stdout;
    shardctl.snapshot("import-recorded");
    shardctl.write("imported.yaml", &manifest);
    shardctl.run(&["plan", "-f", "imported.yaml", "--order", "48213", "--detailed-exitcode"]).exits(0);
}

#[test]
fn an_order_that_cannot_be_read_is_not_imported() {
    let shardctl = Shardctl::new("orders: {1: {kind: residential}, 2: {proxies: {192.0.2.1: }}}");
    for order in ["1", "7"] {
        let run = shardctl.run(&["import", "2", order]).exits(1);
        assert_eq!(run.stdout, "");
    }
    let html = json!({"operation": "active", "status": 404, "body": "<html>nginx"});
    shardctl.break_with(json!([html]));
    shardctl.remark("Another server").run(&["import", "2"]).exits(1);
    shardctl.snapshot("import-unavailable");
}
