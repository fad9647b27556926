//! `status --format openmetrics`: by the rules of the format, and nothing that is not known.
//!
//! The parser of the Prometheus project itself reads it in `.ci/lint`, where there is one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use shardctl::document::{StatusDocument, StatusOrderDocument};
use shardctl::model::{
    Foreign, LiveOrder, Observed, OrderId, OrderStatus, PendingChange, ReadFailure, Recorded, Renewal, UnusableRecord,
};
use shardctl::outlook;
use shardctl::render::openmetrics;
use shardctl::sandbox::Account;

use crate::rig::Rig;

const NOW: &str = "2026-11-23T02:13:00Z";

fn id(order: u64) -> OrderId {
    OrderId::new(order).expect("a positive id")
}

/// An order that tells all there is to tell.
fn told(tag: &str) -> Observed {
    let ips = ["203.0.113.1", "203.0.113.2", "203.0.113.3"].map(|ip| ip.parse().expect("an address"));
    let mut live = LiveOrder::of_ips(ips);
    live.tag = Some(Foreign::from(tag));
    live.renewal = Some(Renewal::parse("2026-12-01T00:00:00Z"));
    live.slots = Some(4);
    live.detail.status = Some(OrderStatus::OnHold);
    live.detail.auto_renewal = Some(false);
    live.detail.slots_used = Some(2);
    live.detail.pending = Some(Some(PendingChange::Downgrade { next_qty: 3 }));
    let mut recorded = Recorded { auto_renewal: Some(true), ..Recorded::default() };
    recorded.del_np.insert(ips[0], true);
    recorded.del_np.insert(ips[1], false);
    Observed { live: Ok(live), recorded: Ok(recorded) }
}

fn rendered(document: &StatusDocument) -> String {
    let mut out = Vec::new();
    openmetrics::status(&mut out, document, NOW.parse().expect("a moment")).expect("written");
    String::from_utf8(out).expect("text")
}

fn document(orders: impl IntoIterator<Item = Observed>) -> StatusDocument {
    let observed = (1..).map(id).zip(orders).collect();
    StatusDocument::new(&outlook::standings(&observed, NOW.parse().expect("a moment")))
}

/// Returns the samples, each name and labels with its value, and asserts that the text is one of the format: metadata
/// before samples, each metric in one place, a unit at the end of its name, no sample twice, and the mark at the end.
#[track_caller]
fn samples(text: &str) -> BTreeMap<String, i64> {
    let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text}"));
    let (mut samples, mut families, mut family) = (BTreeMap::new(), BTreeSet::new(), "");
    let mut kinds = Vec::new();
    for line in body.lines() {
        if let Some(metadata) = line.strip_prefix("# ") {
            let [kind, name, rest] = metadata.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            if kind == "TYPE" {
                assert!(families.insert(name) && rest == "gauge", "{line}");
                (family, kinds) = (name, Vec::new());
            }
            assert!(kind != "UNIT" || name.ends_with(&format!("_{rest}")), "{line}");
            assert_eq!(name, family, "{line}");
            kinds.push(kind);
            continue;
        }
        assert!(kinds == ["TYPE", "HELP"] || kinds == ["TYPE", "UNIT", "HELP"], "{kinds:?} before {line}");
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        assert_eq!(series.split('{').next(), Some(family), "{line}");
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(samples.insert(series.to_owned(), value), None, "{line}");
    }
    samples
}

#[test]
fn everything_that_is_told_is_a_sample() {
    let mut document = document([told("eu")]);
    document.wallet_cents = Some(-5);
    let found = samples(&rendered(&document));
    let labels = "{order_id=\"1\",tag=\"eu\"}";
    let expected = [
        ("auto_renewal", 0),
        ("drifted", 1),
        ("ips_active", 3),
        ("ips_leaving", 1),
        ("ips_mark_unknown", 1),
        ("purchases_unsettled", 0),
        ("renewal_days", 7),
        ("renewal_timestamp_seconds", 1_796_083_200),
        ("slots_held", 2),
        ("slots_next", 3),
        ("slots_paid", 4),
    ];
    let mut expected: BTreeMap<String, i64> =
        expected.into_iter().map(|(name, value)| (format!("shardctl_order_{name}{labels}"), value)).collect();
    for (status, value) in [("active", 0), ("on-hold", 1), ("cancelled", 0), ("other", 0)] {
        expected.insert(format!("shardctl_order_status{{order_id=\"1\",tag=\"eu\",status=\"{status}\"}}"), value);
    }
    expected.insert("shardctl_wallet_balance_cents".to_owned(), -5);
    expected.insert("shardctl_order_up{order_id=\"1\"}".to_owned(), 1);
    expected.insert("shardctl_up".to_owned(), 1);
    assert_eq!(found, expected);
}

#[test]
fn what_is_not_known_has_no_sample() {
    let untold = Observed { live: Ok(LiveOrder::of_ips([])), recorded: Ok(Recorded::default()) };
    let gone = Observed { live: Err(ReadFailure::Failed { message: "no answer".into() }), ..untold.clone() };
    let found = samples(&rendered(&document([untold, gone])));
    let of = |order: u64| -> Vec<String> {
        let is_its_own = |series: &str| series.contains(&format!("{{order_id=\"{order}\""));
        let name = |series: &str| series.split('{').next().unwrap_or_default().to_owned();
        let of_order = found.iter().filter(|(series, _)| is_its_own(series));
        of_order.map(|(series, value)| format!("{} {value}", name(series))).collect()
    };
    let none = [
        "drifted 0",
        "ips_active 0",
        "ips_leaving 0",
        "ips_mark_unknown 0",
        "purchases_unsettled 0",
        "slots_held 0",
        "up 1",
    ];
    assert_eq!(of(1), none.map(|sample| format!("shardctl_order_{sample}")));
    assert_eq!(of(2), ["shardctl_order_up 0"]);
    let mut unreadable = told("eu");
    if let Ok(live) = &mut unreadable.live {
        live.renewal = Some(Renewal::parse("soon"));
        live.detail.status = Some(OrderStatus::Other("paused".into()));
    }
    let found = samples(&rendered(&document([unreadable])));
    assert!(!found.keys().any(|series| series.contains("_renewal_days") || series.contains("timestamp")), "{found:?}");
    assert_eq!(found["shardctl_order_status{order_id=\"1\",tag=\"eu\",status=\"other\"}"], 1);
}

#[test]
fn a_tag_is_escaped_as_a_label() {
    for (tag, label) in [
        ("a\"b", "a\\\"b"),
        ("a\\b", "a\\\\b"),
        ("a\nb", "a\\\\nb"),
        ("} 7", "} 7"),
        ("café", "café"),
        ("\u{1b}[2J", "\\\\u{1b}[2J"),
    ] {
        let text = rendered(&document([told(tag)]));
        assert!(
            text.contains(&format!("shardctl_order_ips_active{{order_id=\"1\",tag=\"{label}\"}} 3\n")),
            "{tag:?}: {text}"
        );
        samples(&text);
    }
}

#[test]
fn a_run_that_ended_before_anything_was_read_is_down() {
    let mut nothing = document([]);
    assert_eq!(samples(&rendered(&nothing)), [("shardctl_up".to_owned(), 1)].into());
    nothing = StatusDocument::without_orders(vec![
        serde_json::from_value(json!({"code": "token_refused", "message": "no"})).expect("a problem"),
    ]);
    assert_eq!(samples(&rendered(&nothing)), [("shardctl_up".to_owned(), 0)].into());
}

const ACCOUNT: &str =
    "{token: t0ken, tells: older, orders: {1: {tag: eu, p0f_slots: 2, proxies: {203.0.113.1: linux}}}}";
const DECLARED: &str = "{version: 1, orders: {1: {keep: {203.0.113.1: linux}}}}";

#[tokio::test]
async fn the_program_prints_them_whatever_happens() {
    let account = Account::from_yaml(&ACCOUNT.replace("tells: older", "wallet_cents: 700")).expect("a valid account");
    let told = Rig::with_account(account, DECLARED).await;
    let words = ["status", "--format", "openmetrics"];
    let found = samples(&told.run(&words).await.exits(0).stdout);
    assert_eq!(
        (found["shardctl_wallet_balance_cents"], found["shardctl_order_auto_renewal{order_id=\"1\",tag=\"eu\"}"]),
        (700, 1)
    );
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let found = samples(&rig.run(&words).await.exits(0).stdout);
    assert_eq!(found["shardctl_order_slots_paid{order_id=\"1\",tag=\"eu\"}"], 2);
    let found = samples(&rig.run(&["status", "1", "7", "--format", "openmetrics"]).await.exits(1).stdout);
    assert_eq!((found["shardctl_up"], found["shardctl_order_up{order_id=\"7\"}"]), (1, 0));
    rig.break_with(json!([{"operation": "any", "status": 401, "times": 0}]));
    assert_eq!(samples(&rig.run(&words).await.exits(1).stdout), [("shardctl_up".to_owned(), 0)].into());
    let ran = rig.run(&["plan", "--format", "openmetrics"]).await.exits(1);
    assert!(ran.stderr.contains("invalid value"), "a plan has none: {ran:?}");
}

/// The recipe replaces its file as a whole, and leaves nothing else behind.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_textfile_recipe_works_as_it_is() {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    let rig = Rig::new(ACCOUNT, DECLARED).await;
    let collector = rig.path("collector");
    fs::create_dir(&collector).expect("a directory");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/monitoring/textfile-collector.sh");
    // As cron has it: few variables, and a short PATH.
    let collect = || {
        let mut command = Command::new("sh");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("SHARDCTL", env!("CARGO_BIN_EXE_shardctl"));
        command.arg(&script).arg(&collector).current_dir(rig.path(""));
        command.env("PROXYSHARD_API_URL", rig.url()).env("PROXYSHARD_TOKEN", rig.control().token());
        assert!(command.status().expect("a shell").success());
        let files: Vec<_> =
            fs::read_dir(&collector).expect("files").map(|it| it.expect("a file").file_name()).collect();
        assert_eq!(files, ["shardctl.prom"]);
        samples(&fs::read_to_string(collector.join("shardctl.prom")).expect("text"))
    };
    assert_eq!(collect()["shardctl_order_up{order_id=\"1\"}"], 1);
    rig.break_with(json!([{"operation": "active", "status": 403, "times": 0}]));
    assert_eq!(collect()["shardctl_order_up{order_id=\"1\"}"], 0);
}

#[test]
fn days_until_a_renewal_are_whole_ones_of_24_hours() {
    for (renews_at, days) in [
        ("2026-11-23T19:13:00Z", 0),
        ("2026-11-24T02:12:59Z", 0),
        ("2026-11-24T02:13:00Z", 1),
        ("2026-11-30T02:12:59Z", 6),
        ("2026-11-23T02:13:00Z", 0),
        ("2026-11-23T02:12:59Z", -1),
    ] {
        let mut order = told("eu");
        order.live.as_mut().expect("live").renewal = Some(Renewal::parse(renews_at));
        let text = rendered(&document([order]));
        assert_eq!(samples(&text)["shardctl_order_renewal_days{order_id=\"1\",tag=\"eu\"}"], days, "{renews_at}");
        assert!(text.contains("# HELP shardctl_order_renewal_days Whole days of 24 hours"), "{text}");
    }
}

/// An order that cannot be read tells no tag: by one its series would end, in place of going down.
#[test]
fn whether_an_order_can_be_read_is_one_series() {
    let unread = Observed { live: Err(ReadFailure::Failed { message: "no answer".into() }), ..told("eu") };
    let unusable = Observed { recorded: Err(UnusableRecord::damaged("no record")), ..told("eu") };
    for (order, up) in [(told("eu"), 1), (told("us"), 1), (unread, 0), (unusable, 0)] {
        assert_eq!(samples(&rendered(&document([order])))["shardctl_order_up{order_id=\"1\"}"], up);
    }
}

/// What the rules of the recipe ask for is there.
#[test]
fn the_alerting_rules_ask_for_metrics_that_there_are() {
    let mut document = document([told("eu")]);
    document.wallet_cents = Some(0);
    let there_are: BTreeSet<String> = samples(&rendered(&document))
        .into_keys()
        .map(|series| series.split('{').next().unwrap_or("").to_owned())
        .collect();
    let rules: serde_json::Value =
        serde_yaml::from_str(include_str!("../../examples/monitoring/alerts.yaml")).expect("YAML");
    let rules = rules["groups"][0]["rules"].as_array().expect("rules");
    assert!(rules.len() >= 6);
    let asks = |words: &str| rules.iter().any(|rule| rule["expr"].as_str().is_some_and(|expr| expr.contains(words)));
    for words in ["shardctl_order_up == 0", "shardctl_up == 0", "absent(shardctl_up)", "node_textfile_mtime_seconds"] {
        assert!(asks(words), "{words}");
    }
    for rule in rules {
        let expression = rule["expr"].as_str().expect("an expression");
        let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        for word in words.filter(|word| word.starts_with("shardctl_")) {
            assert!(there_are.contains(word), "{word}");
        }
    }
}

/// A field that is added to the table of orders is to be looked at here.
#[test]
fn every_field_of_an_order_is_a_metric_or_is_none_on_purpose() {
    let document = document([told("eu")]);
    let StatusOrderDocument {
        order_id: _,
        tag: _,
        order_status: _,
        auto_renewal: _,
        active_ips: _,
        ips_leaving: _,
        marks_unknown: _,
        // The slots that they hold are one.
        signatures: _,
        signatures_unknown: _,
        slots: _,
        slots_held: _,
        pending_known: _,
        pending: _,
        unsettled_purchase: _,
        renews_at: _,
        renews_in_days: _,
        drifted: _,
        // How many they are is one.
        notes: _,
        error_code: _,
        error: _,
    } = &document.orders[0];
}
