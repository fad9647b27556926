//! `status` as a document: what is known, and what is said to be unknown.

use serde_json::json;

use super::{EXAMPLE_ACCOUNT, Shardctl};

#[test]
fn orders_of_the_manifest_before_and_after_an_apply() {
    let shardctl = Shardctl::example();
    let show = |remark: &str| {
        let run = shardctl.remark(remark).aside(&["status", "--format", "json"]).exits(0).json();
        let orders = run["orders"].as_array().cloned().expect("orders");
        orders.into_iter().map(|order| (order["order_id"].clone(), order)).collect::<Vec<_>>()
    };
    let before = show("");
    assert_eq!(before[0].1["pending_known"], json!(true));
    assert_eq!((&before[0].1["marks_unknown"], &before[0].1["signatures_unknown"]), (&json!(4), &json!(0)));
    shardctl.aside(&["apply", "--apply"]).exits(0);
    let after = show("");
    assert_eq!((&after[0].1["ips_leaving"], &after[0].1["marks_unknown"]), (&json!(1), &json!(0)));
    assert_eq!((&after[0].1["slots"], &after[0].1["signatures"]), (&json!(4), &json!(3)));
    assert_eq!(after[1].1["pending"], json!({"action": "downgrade", "next_qty": 2}));
}

#[test]
fn a_table_is_aligned_and_says_what_is_unknown() {
    let account = "
orders:
  1: {tag: eu, until: 2020-12-01, p0f_slots: 2, proxies: {203.0.113.10: linux}}
  22: {until: 2020-12-01}
  333: {tag: a-longer-tag, until: 2020-12-01, proxies: {203.0.113.11: }}
  4: {kind: residential}
";
    let shardctl = Shardctl::new(account);
    let run = shardctl.run(&["status", "1", "22", "333", "4", "5"]).exits(1);
    let table: Vec<&str> = run.stdout.lines().take(4).collect();
    let column = table[0].find("ACTIVE").expect("a column");
    assert!(
        table.iter().all(|row| row.is_char_boundary(column) && row.as_bytes()[column - 1] == b' '),
        "{}",
        run.stdout
    );
    assert!(table[1].contains("  unknown  1 on 2 slots  "), "{}", table[1]);
    assert!(run.stdout.contains("order 4: ") && run.stdout.contains("order 5: "), "{}", run.stdout);
    assert_eq!(run.stderr, "error: 2 orders could not be shown\n");
    let page = shardctl.run(&["status", "1", "333", "--format", "markdown"]).exits(0).stdout;
    assert!(page.starts_with("<!-- shardctl -->\n## shardctl: 2 orders\n\n| Order |"), "{page}");
}

#[test]
fn nothing_that_is_named_but_once_is_shown_twice() {
    let shardctl = Shardctl::new(EXAMPLE_ACCOUNT);
    let run = shardctl.run(&["status", "49100", "48213", "49100"]).exits(0);
    let ids: Vec<&str> = run.stdout.lines().skip(1).map(|row| row.split(' ').next().expect("an id")).collect();
    assert_eq!(ids, ["48213", "49100"]);
}

#[test]
fn a_damaged_record_is_said_in_place_of_the_order() {
    let shardctl = Shardctl::example().file("shardctl.state/49100.json", "{");
    let run = shardctl.run(&["status"]).exits(1);
    assert!(run.stdout.contains("order 49100: ") && run.stdout.contains("48977"), "{}", run.stdout);
}

#[test]
fn a_purchase_whose_outcome_is_unknown_is_shown() {
    let shardctl = Shardctl::example();
    shardctl.break_with(json!([{"operation": "purchase", "hold": true}]));
    shardctl.aside(&["apply", "--apply", "--order", "48213", "--timeout", "0.2", "--settle-timeout", "0.1"]).exits(4);
    let row = shardctl.run(&["status", "48213"]).exits(0).stdout;
    assert!(row.contains("  none; purchase of 2 unsettled  "), "{row}");
    let order = shardctl.run(&["status", "48213", "--format", "json"]).exits(0).json()["orders"][0].clone();
    assert_eq!(
        (&order["unsettled_purchase"]["from_qty"], &order["unsettled_purchase"]["add_qty"]),
        (&json!(2), &json!(2))
    );
}
