//! Which orders a command is about: `--order` and `--all`.

use serde_json::{Value, json};

use super::Shardctl;
use crate::rig::Ran;

/// The list does not tell which product an order is of: one that the API refuses is none of ours, and left out.
#[test]
fn orders_of_other_products_are_left_out_where_the_list_does_not_tell_them() {
    let shardctl = Shardctl::new("orders: {3: {proxies: {192.0.2.1: }}, 4: {kind: residential}}");
    shardctl.break_with(json!([{"operation": "orders", "without": ["product_name"], "times": 0}]));
    for words in [&["import", "--all"][..], &["status", "--all"], &["forecast", "--all"]] {
        let run = shardctl.run(words).exits(0);
        assert!(run.stderr.contains("note: order 4 is left out: the list does not tell its product"), "{run:?}");
        assert!(!run.stdout.contains("order 4"), "{run:?}");
    }
    let named = shardctl.run(&["status", "3", "4"]).exits(1);
    assert!(named.stdout.contains("order 4: "), "{named:?}");
}

/// An account with orders of other products, of which there is nothing to see here.
const ACCOUNT: &str = "
orders:
  1: {tag: eu-1, until: 2999-12-01, proxies: {203.0.113.10: }}
  2: {tag: eu-2, until: 2999-12-01, proxies: {203.0.113.11: }}
  3: {tag: us, until: 2999-12-01, proxies: {198.51.100.7: }}
  4: {kind: residential}
";
const MANIFEST: &str = "\
version: 1
orders:
  1: {tag: eu-1}
  2: {tag: eu-2}
  3: {}
";

fn ids(document: &Value, list: &str) -> Vec<u64> {
    let orders = document[list].as_array().expect("orders").iter();
    orders.map(|order| order["order_id"].as_u64().expect("an id")).collect()
}

fn run(shardctl: &Shardctl, line: &str) -> Ran {
    shardctl.run(&line.split(' ').collect::<Vec<_>>())
}

#[test]
fn a_tag_of_the_manifest_with_a_star_chooses_orders() {
    let shardctl = Shardctl::new(ACCOUNT).file("shardctl.yaml", MANIFEST);
    for (filters, orders) in [
        ("--order 3", &[3][..]),
        ("--order eu-2", &[2]),
        ("--order eu-*", &[1, 2]),
        ("--order *", &[1, 2]),
        ("--order *-1 --order 3", &[1, 3]),
    ] {
        for command in ["plan", "apply"] {
            let plan = run(&shardctl, &format!("{command} --format json {filters}")).exits(0).json();
            assert_eq!(ids(&plan, "orders"), orders, "{command} {filters}");
        }
    }
}

#[test]
fn what_fits_nothing_lists_what_there_is() {
    let shardctl = Shardctl::new(ACCOUNT).file("shardctl.yaml", MANIFEST);
    for (line, message) in [
        ("plan --order us", "--order us: no order fits it; there is 1 (eu-1), 2 (eu-2), 3\n"),
        ("apply --order 1 --order asia*", "--order asia*: no order fits it; there is 1 (eu-1), 2 (eu-2), 3\n"),
        ("status --all --order asia*", "--order asia*: no order fits it; there is 1 (eu-1), 2 (eu-2), 3 (us)\n"),
        ("import --all --order 7", "--order 7: no order fits it; there is 1 (eu-1), 2 (eu-2), 3 (us)\n"),
    ] {
        let run = run(&shardctl, line).exits(1);
        assert!(run.stderr.ends_with(message), "{line}: {}", run.stderr);
    }
    let orders: String = (1..=12).map(|id| format!("  {id}: {{}}\n")).collect();
    shardctl.write("shardctl.yaml", &format!("version: 1\norders:\n{orders}"));
    let run = run(&shardctl, "plan --order 13").exits(1);
    assert!(run.stderr.ends_with("there is 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more\n"), "{}", run.stderr);
}

#[test]
fn all_orders_need_no_manifest() {
    let shardctl = Shardctl::new(ACCOUNT);
    for (line, list, orders) in [
        ("status --all", "orders", &[1, 2, 3][..]),
        ("status --all --order eu-*", "orders", &[1, 2]),
        ("status --all --order us --order 1", "orders", &[1, 3]),
        ("forecast --all --days 366", "renewals", &[]),
    ] {
        let document = run(&shardctl, &format!("{line} --format json")).exits(0).json();
        assert_eq!(ids(&document, list), orders, "{line}");
    }
    let manifest = run(&shardctl, "import --all").exits(0).stdout;
    shardctl.write("shardctl.yaml", &manifest);
    assert_eq!(ids(&run(&shardctl, "plan --format json").exits(0).json(), "orders"), [1, 2, 3]);
    let some = run(&shardctl, "import --all --order eu-*").exits(0).stdout;
    assert!(some.contains("  2:\n") && !some.contains("  3:\n"), "{some}");
    assert!(shardctl.writes().is_empty());
}

#[test]
fn an_account_without_orders_makes_no_manifest() {
    let shardctl = Shardctl::new("orders: {4: {kind: residential}}");
    let run = run(&shardctl, "import --all").exits(1);
    assert!(run.stdout.is_empty() && run.stderr.contains("no order of datacenter or ISP proxies"), "{}", run.stderr);
}

#[test]
fn ids_and_all_are_not_taken_together() {
    let shardctl = Shardctl::new(ACCOUNT);
    for line in ["import 1 --all", "import 1 --order eu", "import", "status 1 --all", "forecast 1 --all"] {
        assert_eq!(run(&shardctl, line).exits(1).stdout, "", "{line}");
    }
    assert!(shardctl.control().requests().is_empty());
}
