//! The second day: a manifest of 200 orders is written, grown, edited and reviewed, and nobody touches an IP by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use shardctl::model::{OrderId, ProxyIp};
use shardctl::sandbox::Account;

use crate::rig::{MANIFEST, Ran, Rig};

const ORDERS: u64 = 200;
const IPS: u64 = 20;
const REGIONS: [&str; 4] = ["eu", "us", "asia", "br"];

/// An account in which two IPs of each order have a signature.
fn account() -> String {
    let mut account = "wallet_cents: 10000\nslot_price_cents: 150\norders:\n".to_owned();
    for order in 0..ORDERS {
        let ip = |at: u64| format!("10.1.{order}.{at}: {}", if at <= 2 { "win11" } else { "" });
        let ips: Vec<String> = (1..=IPS).map(ip).collect();
        let region = REGIONS[order as usize % REGIONS.len()];
        let head = format!("tag: {region}-{order:03}, until: 2999-01-15, p0f_slots: 2");
        writeln!(account, "  {}: {{{head}, proxies: {{{}}}}}", 40_000 + order, ips.join(", ")).expect("text");
    }
    account
}

/// The vendor replaces the last IP of every tenth order, by one of another network.
fn replace_ips(rig: &Rig, network: u8) {
    rig.control().with_account(|account| {
        for (order_id, order) in account.orders.iter_mut().take(ORDERS as usize).step_by(10) {
            let (_, proxy) = order.proxies.pop_last().expect("an IP");
            let ip: ProxyIp = format!("10.{network}.{}.1", order_id.get() - 40_000).parse().expect("an address");
            order.proxies.insert(ip, proxy);
        }
    });
}

/// Somebody buys an order.
fn buy_order(rig: &Rig) {
    let id = |number| OrderId::new(number).expect("a positive id");
    rig.control().with_account(|account| {
        let mut order = account.orders[&id(40_000)].clone();
        order.tag = Some("eu-new".to_owned());
        order.proxies =
            [("192.0.2.1".parse().expect("an address"), *order.proxies.values().next().expect("an IP"))].into();
        account.orders.insert(id(50_000), order);
    });
}

/// Writes the addresses without a signature of the orders of a region as one range, as an editor's "replace all" does.
fn declare_ranges(manifest: &str, region: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut is_of_region = false;
    for line in manifest.lines() {
        match line.trim_start().strip_prefix("tag: ") {
            Some(tag) => is_of_region = tag.starts_with(region),
            None if line.starts_with("  4") => is_of_region = false,
            None => {}
        }
        let is_ip = line.starts_with("      ") && line.ends_with(':');
        let line = if is_of_region && is_ip { "      0.0.0.0/0:" } else { line };
        if !(line.contains('/') && lines.last() == Some(&line)) {
            lines.push(line);
        }
    }
    lines.join("\n") + "\n"
}

fn summary(run: &Ran) -> &str {
    run.stdout.trim_end().lines().last().expect("a line")
}

#[tokio::test]
async fn two_hundred_orders_are_written_grown_edited_and_reviewed_without_touching_an_ip() {
    let rig = Rig::with_account(Account::from_yaml(&account()).expect("an account"), "").await;
    fs::remove_file(rig.path(MANIFEST)).expect("a manifest that is empty");
    let run = async |line: &str| rig.run(&line.split(' ').collect::<Vec<_>>()).await;
    let manifest = || fs::read_to_string(rig.path(MANIFEST)).expect("a manifest");

    // Written.
    let written = run("import --all --into shardctl.yaml").await.exits(0).stderr;
    assert_eq!(written.lines().count() as u64, ORDERS);
    assert_eq!(run("validate").await.exits(0).stdout, format!("The manifest is valid: {ORDERS} orders, 4000 IPs.\n"));
    run("apply --apply").await.exits(0);
    assert!(run("plan").await.exits(0).stdout.starts_with("No changes."));

    // Grown.
    replace_ips(&rig, 2);
    buy_order(&rig);
    let blocked = run("plan --order eu-000").await.exits(1);
    assert!(blocked.stdout.contains("as `shardctl import 40000 --into FILE` does"), "{}", blocked.stdout);
    let before = manifest();
    let changes = run("import --all --into shardctl.yaml").await.exits(0).stderr;
    assert_eq!(changes.lines().count(), 20 + 20 + 1, "{changes}");
    let (old, new): (BTreeSet<String>, BTreeSet<String>) = (lines(&before), lines(&manifest()));
    assert_eq!(old.difference(&new).count(), 20);
    assert!(new.difference(&old).filter(|line| line.contains("10.2.")).count() == 20, "{changes}");
    assert_eq!(
        run("import --all --into shardctl.yaml").await.exits(0).stderr.lines().count(),
        1,
        "nothing is left to edit"
    );
    let grown = run("plan").await.exits(0);
    let all = "Plan: 201 orders (21 to change, 180 unchanged); 21 operations; charges nothing.";
    assert_eq!(summary(&grown), all);

    // Reviewed, a part of it, and applied as it was reviewed.
    let reviewed = run("plan --order eu* --out plan.json").await.exits(0);
    assert_eq!(summary(&reviewed), "Plan: 51 orders (11 to change, 40 unchanged); 11 operations; charges nothing.");
    assert_eq!(run("show plan.json").await.exits(0).stdout, reviewed.stdout);
    run("apply --apply --plan plan.json").await.exits(0);
    run("apply --apply").await.exits(0);

    // Edited: what the vendor replaces in a range needs no edit any more.
    rig.write(MANIFEST, declare_ranges(&manifest(), "eu"));
    assert_eq!(run("validate").await.exits(0).stdout, "The manifest is valid: 201 orders, 3101 IPs, 50 ranges.\n");
    assert!(run("plan").await.exits(0).stdout.starts_with("No changes."));
    replace_ips(&rig, 3);
    assert!(run("plan --order us*").await.exits(0).stdout.starts_with("No changes."));
    let stays = run("plan --order eu*").await.exits(0);
    assert!(stays.stdout.contains("10.3.0.1") && !stays.stdout.contains("leave"), "{}", stays.stdout);
    let changes = run("import --all --into shardctl.yaml").await.exits(0).stderr;
    assert!(!changes.contains("order 40000:") && changes.contains("order 40010:"), "{changes}");
    run("apply --apply").await.exits(0);
    assert!(run("plan").await.exits(0).stdout.starts_with("No changes."));
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}
