//! The guard rails, through the program: a plan beyond a limit is shown whole, and nothing at all is written.

use serde_json::Value;
use shardctl::sandbox::Operation;

use crate::rig::{MANIFEST, Rig};

/// Ten IPs each; order 1 has two slots.
fn account() -> String {
    let proxies = |net: u8| (0..10).map(|last| format!("192.0.{net}.{last}: , ")).collect::<String>();
    format!(
        "token: t0ken\nwallet_cents: 100000\nslot_price_cents: 150\norders:\n  1: {{p0f_slots: 2, proxies: {{{}}}}}\n  2: {{proxies: {{{}}}}}\n",
        proxies(1),
        proxies(2)
    )
}

/// A manifest with limits that wants some slots, and lets some IPs of each order go.
fn manifest(limits: &str, slots: [u32; 2], leaving: [usize; 2]) -> String {
    let order = |id: usize| {
        let keep: String = (leaving[id - 1]..10).map(|last| format!("192.0.{id}.{last}: , ")).collect();
        format!("  {id}: {{p0f_slots: {}, keep: {{{keep}}}}}\n", slots[id - 1])
    };
    format!("version: 1\nlimits: {{{limits}}}\norders:\n{}{}", order(1), order(2))
}

/// Limits of the manifest, slots wanted, IPs leaving, flags, and the problems that these make.
type Row = (&'static str, [u32; 2], [usize; 2], &'static [&'static str], &'static [&'static str]);

#[tokio::test]
async fn a_plan_beyond_a_limit_is_shown_whole_and_changes_nothing() {
    let rows: &[Row] = &[
        // Without a limit nothing is bought at all, and the problem stands at each order that buys.
        ("", [3, 1], [0, 0], &[], &["charge_limit", "charge_limit"]),
        ("max_charge_cents: 299", [3, 1], [0, 0], &[], &["charge_limit", "charge_limit"]),
        ("max_charge_cents: 300", [3, 1], [0, 0], &[], &[]),
        ("max_charge_cents: 300", [3, 1], [0, 0], &["--max-charge-cents", "299"], &["charge_limit", "charge_limit"]),
        ("max_charge_cents: 299", [3, 1], [0, 0], &["--max-charge-cents", "300"], &[]),
        // The sum is judged, not each order.
        ("max_charge_cents: 299", [4, 0], [0, 0], &[], &["charge_limit"]),
        ("max_charge_cents: 0", [2, 0], [0, 0], &[], &[]),
        ("", [2, 0], [3, 3], &[], &[]),
        ("", [2, 0], [4, 3], &[], &["removal_limit"]),
        ("", [2, 0], [4, 4], &["--allow-removals", "8"], &[]),
        ("", [2, 0], [4, 4], &["--allow-removals", "7"], &["removal_limit", "removal_limit"]),
        ("max_removal_percent: 0", [2, 0], [1, 1], &[], &[]),
        ("max_removal_percent: 0", [2, 0], [2, 1], &[], &["removal_limit"]),
        ("max_removal_percent: 0", [2, 0], [2, 1], &["--max-removal-percent", "20"], &[]),
        ("max_removal_percent: 100", [2, 0], [2, 1], &["--max-removal-percent", "19"], &["removal_limit"]),
        ("max_removal_percent: 100", [2, 0], [9, 9], &[], &[]),
        // What one flag lifts, the other limit still holds.
        ("", [3, 0], [9, 0], &["--allow-removals", "9"], &["charge_limit"]),
    ];
    for (limits, slots, leaving, flags, problems) in rows {
        let rig = Rig::new(&account(), &manifest(limits, *slots, *leaving)).await;
        let before = rig.truth();
        let words = [&["apply", "--apply", "--format", "json"], *flags].concat();
        let ran = rig.run(&words).await.exits(i32::from(!problems.is_empty()));
        assert_eq!(ran.problems(), *problems, "{limits} {slots:?} {leaving:?} {flags:?}");
        let plan = ran.json();
        let leaving_in_all: usize = leaving.iter().sum();
        assert_eq!(plan["summary"]["ips_leaving"], leaving_in_all, "shown whole: {plan}");
        let charge = 150 * u64::from((slots[0] - 2) + slots[1]);
        assert_eq!(plan["summary"]["charge_cents"], charge, "shown whole: {plan}");
        if problems.is_empty() {
            assert_eq!(rig.charged(), charge);
            continue;
        }
        assert_eq!(plan["outcome"], "failed");
        nothing_written(&rig, &before);
    }
}

fn nothing_written(rig: &Rig, before: &Value) {
    assert_eq!(rig.truth(), *before);
    assert!(rig.records().is_empty());
    let wrote = rig.control().requests().iter().any(|request| request.operation.is_some_and(Operation::writes));
    assert!(!wrote);
}

#[tokio::test]
async fn a_blocked_plan_names_the_line_to_add() {
    let rig = Rig::new(&account(), &manifest("", [3, 0], [0, 0])).await;
    let ran = rig.run(&["apply", "--apply"]).await.exits(1);
    for part in ["charge_limit", "max_charge_cents: 150", "under `limits:`", "buy 1"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    assert!(ran.stderr.contains("nothing was changed"), "{ran:?}");
    rig.write(MANIFEST, manifest("max_charge_cents: 150", [3, 0], [0, 0]));
    rig.run(&["apply", "--apply"]).await.exits(0);
    assert_eq!(rig.charged(), 150);
}

#[tokio::test]
async fn the_orders_within_the_limits_go_on_where_that_is_asked_for() {
    let rig = Rig::new(&account(), &manifest("", [3, 0], [0, 2])).await;
    let ran = rig.run(&["apply", "--apply", "--keep-going", "--format", "json"]).await.exits(3);
    assert_eq!(ran.problems(), ["charge_limit"]);
    assert_eq!((rig.charged(), rig.records().len()), (0, 1));
    rig.check_records();
}

#[tokio::test]
async fn marks_of_earlier_applies_do_not_count_against_the_limit() {
    let rig = Rig::new(&account(), &manifest("", [2, 0], [3, 0])).await;
    rig.run(&["apply", "--apply"]).await.exits(0);
    rig.write(MANIFEST, manifest("", [2, 0], [6, 0]));
    let ran = rig.run(&["apply", "--apply", "--format", "json"]).await.exits(0);
    assert!(ran.stdout.contains("\"already_leaving\""), "{ran:?}");
    // Asserted once more, they were marked before all the same.
    let ran = rig.run(&["apply", "--apply", "--reassert", "--format", "json"]).await.exits(0);
    assert_eq!(ran.json()["summary"]["ips_leaving"], 6);
    rig.write(MANIFEST, manifest("", [2, 0], [10 - 1, 4]));
    let ran = rig.run(&["apply", "--apply", "--format", "json"]).await.exits(1);
    assert_eq!(ran.problems(), ["removal_limit"], "three more in order 1, but four in order 2");
}
