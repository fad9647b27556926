//! The account file: what it may leave out, and how a wrong one is refused.

use serde_json::json;
use shardctl::model::{Cents, OrderId, PendingChange, Signature};
use shardctl::sandbox::{Account, Cycle, DEFAULT_EMAIL, Kind, OrderStatus, Tells};

fn order(id: u64) -> OrderId {
    OrderId::new(id).expect("a positive id")
}

#[test]
fn a_short_file_has_defaults() {
    for text in ["{}", "orders:", "orders: {1: {}}", "orders: {1: {proxies: }}"] {
        let account = Account::from_yaml(text).expect(text);
        assert_eq!((account.wallet_cents, account.slot_price_cents), (Cents(0), Cents(100)), "{text}");
    }
    let account = Account::from_yaml("orders: {1: {}}").expect("valid");
    let order = &account.orders[&order(1)];
    assert_eq!((order.until.as_str(), order.p0f_slots, order.kind), ("2030-01-01T00:00:00Z", 0, Kind::Datacenter));
    assert!(order.tag.is_none() && order.pending.is_none() && order.proxies.is_empty());
    assert_eq!((order.status, order.auto_renewal, order.cycle), (OrderStatus::Active, true, Cycle::Monthly));
    assert!(order.created_at.is_none() && account.proxy_price_cents == Cents(0));
    assert_eq!((account.tells, account.email.as_str()), (Tells::everything(), DEFAULT_EMAIL));
}

#[test]
fn an_order_id_may_be_quoted() {
    let account = Account::from_yaml("orders: {\"48213\": {p0f_slots: 2}, 7: {}}").expect("valid");
    assert_eq!(account.orders.keys().map(|id| id.get()).collect::<Vec<_>>(), [7, 48213]);
}

#[test]
fn what_is_written_as_json_leaves_out_what_a_short_file_leaves_out() {
    let written = |text: &str| serde_json::to_value(Account::from_yaml(text).expect("valid")).expect("JSON");
    let short = json!({"wallet_cents": 0, "slot_price_cents": 100, "charges": [], "orders": {"1": {
        "tag": null, "until": "2030-01-01T00:00:00Z", "p0f_slots": 0, "pending": null, "addons_price_paid": 0,
        "kind": "datacenter", "proxies": {"203.0.113.1": {"signature": null, "del_np": false}}}}});
    assert_eq!(written("orders: {1: {proxies: {203.0.113.1: }}}"), short);
    let text = "
email: owner@example.invalid
tells: nothing
proxy_price_cents: 120
orders:
  1:
    status: on-hold
    auto_renewal: false
    cycle: 3-days
    created_at: 2026-01-05
    proxies: {203.0.113.1: {status: inactive}}
";
    let mut long = short;
    long["proxy_price_cents"] = json!(120);
    let order = &mut long["orders"]["1"];
    (order["status"], order["auto_renewal"]) = (json!("on-hold"), json!(false));
    (order["cycle"], order["created_at"]) = (json!("3-days"), json!("2026-01-05"));
    order["proxies"]["203.0.113.1"]["status"] = json!("inactive");
    assert_eq!(written(text), long);
}

#[test]
fn an_ip_is_written_in_three_ways() {
    let text = "
orders:
  1:
    until: 2026-12-01
    p0f_slots: 3
    pending: {action: downgrade, next_qty: 2}
    proxies:
      203.0.113.10: linux
      203.0.113.11:
      203.0.113.12: {signature: win11, del_np: true}
      2001:DB8::1: {}
";
    let account = Account::from_yaml(text).expect("valid");
    let order = &account.orders[&order(1)];
    let proxies: Vec<_> =
        order.proxies.iter().map(|(ip, proxy)| (ip.to_string(), proxy.signature, proxy.del_np)).collect();
    let expected = [
        ("203.0.113.10".to_owned(), Some(Signature::Linux), false),
        ("203.0.113.11".to_owned(), None, false),
        ("203.0.113.12".to_owned(), Some(Signature::Win11), true),
        ("2001:db8::1".to_owned(), None, false),
    ];
    assert_eq!(proxies, expected);
    assert_eq!((order.until.as_str(), order.pending), ("2026-12-01", Some(PendingChange::Downgrade { next_qty: 2 })));
}

#[test]
fn a_wrong_file_is_refused_with_the_place_and_the_reason() {
    let rows = [
        ("orders: [", "line 1"),
        ("[]", "struct AccountFile"),
        ("wallet: 5", "unknown field `wallet`"),
        ("wallet_cents: -5", "wallet_cents: invalid type: integer `-5`"),
        ("token: ''", "empty `token`"),
        ("email: [a]", "email"),
        ("tells: all", "`all` is none of `everything`, `older`, `nothing`"),
        ("tells: [signature, slot]", "there is nothing like `slot` to tell"),
        ("orders: {0: {}}", "orders: `0`: an order id is a positive whole number"),
        ("orders: {x: {}}", "orders: `x`: an order id is"),
        ("orders: {'01': {}}", "orders: `01`: an order id is"),
        ("orders: {1.5: {}}", "expected an order id"),
        ("orders:\n  1: {}\n  1: {}", "`1` stands twice"),
        ("orders: {'1': {}, 1: {}}", "`1` stands twice"),
        ("orders: {1: {slots: 2}}", "orders.1: unknown field `slots`"),
        ("orders: {1: {kind: mobile}}", "unknown variant `mobile`"),
        ("orders: {1: {status: on_hold}}", "unknown variant `on_hold`"),
        ("orders: {1: {cycle: yearly}}", "unknown variant `yearly`"),
        ("orders: {1: {auto_renewal: 1}}", "auto_renewal"),
        ("orders: {4: {status: cancelled, proxies: {203.0.113.1: }}}", "order 4 of the account file is cancelled"),
        ("orders: {1: {proxies: {203.0.113.1: {status: broken}}}}", "unknown variant `broken`"),
        ("orders:\n  1:\n    proxies:\n      203.0.113.300:", "line 4"),
        ("orders: {1: {proxies: {203.0.113.1: beos}}}", "`beos`: a signature is one of ios"),
        ("orders: {1: {proxies: {203.0.113.1: 7}}}", "nothing, a signature, or"),
        ("orders: {1: {proxies: {203.0.113.1: {mark: true}}}}", "unknown field `mark`"),
        ("orders: {1: {proxies: {2001:db8::1: , 2001:DB8:0::1: }}}", "`2001:db8::1` stands twice"),
        ("orders: {1: {proxies: {203.0.113.1: ios}}}", "order 1 of the account file: 1 IPs"),
        ("orders: {7: {p0f_slots: 2, pending: {action: downgrade, next_qty: 2}}}", "order 7 of the account file"),
        ("orders: {7: {p0f_slots: 2, pending: {action: downgrade, next_qty: 0}}}", "below `p0f_slots` (2)"),
        ("orders: {7: {pending: {action: cancel}}}", "needs active slots"),
        ("orders: {7: {pending: {action: upgrade}}}", "unknown variant `upgrade`"),
        ("orders: {7: {other_addons: {geo: {qty: 1}}}}", "missing field `price_cents`"),
        ("orders: {7: {other_addons: {p0f_slots: {qty: 1, price_cents: 5}}}}", "the slots are no other add-on"),
    ];
    for (text, expected) in rows {
        let error = Account::from_yaml(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn the_example_is_valid() {
    let account = Account::from_yaml(include_str!("../../../examples/account.yaml")).expect("a valid account");
    let orders: Vec<_> =
        account.orders.iter().map(|(id, order)| (id.get(), order.proxies.len(), order.p0f_slots)).collect();
    assert_eq!(orders, [(48213, 4, 2), (48977, 3, 4), (49100, 3, 0)]);
}
