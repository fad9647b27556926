//! Purchases whose answer is lost, as a user sees them.

use serde_json::json;

use super::Shardctl;

fn purchases(shardctl: &Shardctl) -> usize {
    shardctl.writes().iter().filter(|request| request.path.ends_with("/addons/purchase")).count()
}

/// However long is waited for it, it is looked for once.
#[test]
fn one_that_shows_is_done() {
    for patience in ["5", "0"] {
        let shardctl = Shardctl::example();
        shardctl.break_with(json!([{"operation": "purchase", "close": true, "when": "after"}]));
        let run = shardctl.run(&["apply", "--apply", "--format", "json", "--settle-timeout", patience]).exits(0);
        assert_eq!(run.json()["charged_cents"], 300);
        assert_eq!((shardctl.money(48213), purchases(&shardctl)), ((4700, 4), 1));
        shardctl.run(&["plan", "--detailed-exitcode"]).exits(0);
    }
}

#[test]
fn one_that_never_shows_is_unknown() {
    let shardctl = Shardctl::example();
    shardctl.break_with(json!([{"operation": "purchase", "status": 502}]));
    shardctl.run(&["apply", "--apply", "--order", "48213", "--settle-timeout", "0.3"]).exits(4);
    shardctl.remark("The intent blocks the order:").run(&["apply", "--apply", "--order", "48213"]).exits(1);
    assert_eq!((shardctl.money(48213), purchases(&shardctl)), ((5000, 2), 1));
    shardctl.remark("Until it shows:");
    let id = shardctl::model::OrderId::new(48213).expect("an id");
    shardctl.control().with_account(|account| drop(account.purchase(id, 2)));
    shardctl.run(&["apply", "--apply", "--order", "48213"]).exits(0);
    assert_eq!((shardctl.money(48213), purchases(&shardctl)), ((4700, 4), 1));
    shardctl.run(&["plan", "--order", "48213"]).exits(0);
    shardctl.snapshot("purchase-unknown");
}

#[test]
fn unknown_takes_precedence_over_part_way() {
    let shardctl = Shardctl::example();
    shardctl.break_with(json!([
        {"operation": "purchase", "close": true},
        {"operation": "set_del_np", "order_id": 49100, "status": 400},
    ]));
    shardctl.run(&["apply", "--apply", "--keep-going", "--settle-timeout", "0.3"]).exits(4);
}

#[test]
fn a_refused_one_is_a_plain_failure() {
    let shardctl = Shardctl::example();
    shardctl.break_with(json!([{"operation": "purchase", "status": 402}]));
    shardctl.run(&["apply", "--apply", "--order", "48213"]).exits(1);
    assert_eq!((shardctl.money(48213), purchases(&shardctl)), ((5000, 2), 1));
    shardctl.snapshot("purchase-refused");
}

#[test]
fn a_wallet_that_holds_too_little_blocks_the_order() {
    let shardctl = Shardctl::example();
    shardctl.control().with_account(|account| account.wallet_cents = shardctl::model::Cents(299));
    shardctl.run(&["apply", "--apply", "--order", "48213"]).exits(1);
    assert_eq!((shardctl.money(48213), purchases(&shardctl)), ((299, 2), 0));
    shardctl.snapshot("wallet-short");
}
