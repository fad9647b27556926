//! Pictures of the terminal for the README: what the program prints in colour, drawn; and a comment.
//!
//! `SNAPSHOTS=overwrite cargo test` draws `docs/NAME.term.svg` anew. Look at them before you commit them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use shardctl::model::{OrderId, PendingChange, ProxyIp, Signature};
use shardctl::sandbox::PanelAction;
use snapbox::data::DataFormat;

use super::Shardctl;
use crate::tutorial;

/// Two orders: of one, the marks are recorded once [`BEFORE`] was applied; the other is new, and somebody scheduled a
/// downgrade of it.
const ACCOUNT: &str = "
wallet_cents: 5000
slot_price_cents: 150
orders:
  48213:
    tag: eu-scrapers
    until: 2026-12-01
    p0f_slots: 2
    proxies: {203.0.113.10: linux, 203.0.113.11: , 203.0.113.12: , 203.0.113.13: }
  48977:
    tag: us-checkout
    until: 2026-12-14
    p0f_slots: 4
    proxies: {198.51.100.7: win10, 198.51.100.8: }
";
const BEFORE: &str = "\
version: 1
orders:
  48213:
    p0f_slots: 2
    keep:
      203.0.113.10: linux
      203.0.113.11: macos
      203.0.113.12:
      203.0.113.13:
";
const AFTER: &str = "\
version: 1
limits:
  max_charge_cents: 500
orders:
  48213:
    tag: eu-scrapers
    p0f_slots: 3
    keep:
      203.0.113.10: win11
      203.0.113.11: macos
      203.0.113.12: android
  48977:
    tag: us-checkout
    p0f_slots: 2
    keep:
      198.51.100.7: win10
      198.51.100.8:
";
/// Writes addresses with these numbers as a manifest keeps them.
fn keep(numbers: impl Iterator<Item = u32>) -> String {
    numbers.map(|number| format!("      203.0.113.{number}:\n")).collect()
}

/// Returns whether an IP is one of the 35 that stay.
fn is_kept(number: &u32) -> bool {
    (63..95).contains(number) || [5, 18, 21].contains(number)
}

const COMMIT: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
const THREE_PROBLEMS: &str = "\
version: 1
orders:
  48213:
    p0f_slots: 1
    keep:
      203.0.113.10: windows11
      203.0.113.11: macos
      203.0.113.12: macos
    tags: eu-scrapers
";

/// Browsers apply `opacity` to no part of a text; and the colours of today's terminals are brighter.
const STYLES: [(&str, &str); 5] = [
    (".dimmed { opacity: 0.4; }", ".dimmed { fill-opacity: 0.6; }"),
    (".fg-yellow { fill: #AA5500 }", ".fg-yellow { fill: #E5B93C }"),
    (".fg-magenta { fill: #AA00AA }", ".fg-magenta { fill: #C98BDB }"),
    (".fg-red { fill: #AA0000 }", ".fg-red { fill: #E05252 }"),
    (".fg { fill: #AAAAAA }", ".fg { fill: #C8C8C8 }"),
];

impl Shardctl {
    /// Runs the program in colour and compares what a terminal shows of it with the picture.
    #[track_caller]
    fn draw(&self, name: &str, arguments: &[&str], status: i32) {
        let run = self.aside(&[arguments, &["--color", "always"]].concat()).exits(status);
        let command = format!("\u{1b}[1m$ shardctl {}\u{1b}[0m\n", arguments.join(" "));
        let shown = command + &self.redact(&run.stdout) + &self.redact(&run.stderr);
        let shown = shown.replace("[DAY]", "2026-11-23");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(format!("{name}.term.svg"));
        let expected = snapbox::Data::read_from(&path, Some(DataFormat::TermSvg)).raw();
        let drawn = snapbox::Data::text(broken(shown.trim_end())).coerce_to(DataFormat::TermSvg).to_string();
        let drawn = STYLES.iter().fold(drawn, |drawn, (from, to)| drawn.replace(from, to));
        let drawn = snapbox::Data::text(drawn).is(DataFormat::TermSvg);
        snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).eq(drawn, expected);
    }

    fn half_recorded() -> Shardctl {
        let shardctl = Shardctl::new(ACCOUNT).file("shardctl.yaml", BEFORE);
        shardctl.aside(&["apply", "--apply"]).exits(0);
        let pending = Some(Some(PendingChange::Downgrade { next_qty: 3 }));
        shardctl.act(48977, PanelAction::Slots { qty: None, pending });
        shardctl.file("shardctl.yaml", AFTER)
    }

    /// Changes an order in the panel.
    fn act(&self, order: u64, action: PanelAction) {
        self.control().panel(OrderId::new(order).expect("an id"), action).expect("a change");
    }
}

/// How many columns the terminal of the pictures has.
const COLUMNS: usize = 128;

/// Breaks lines that are longer than the terminal is wide, between words; colours take no room.
fn broken(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let (mut broken, mut column) = (String::new(), 0);
        for word in line.split_inclusive(' ') {
            let width = anstream::adapter::strip_str(word).to_string().chars().count();
            if column + width > COLUMNS && column > 0 {
                broken.push('\n');
                column = 0;
            }
            broken.push_str(word);
            column += width;
        }
        broken
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn ip(address: &str) -> ProxyIp {
    address.parse().expect("an address")
}

/// The README's tutorial up to the pull request: what was imported is applied, and the manifest is changed.
fn tutorial() -> Shardctl {
    let shardctl = Shardctl::new(&tutorial::account());
    let imported = shardctl.aside(&["import", "--all"]).exits(0).stdout;
    shardctl.write("shardctl.yaml", &imported);
    shardctl.aside(&["apply", "--apply"]).exits(0);
    tutorial::change(&shardctl.path(""));
    shardctl
}

#[test]
fn a_plan_with_every_kind_of_operation() {
    let shardctl = tutorial();
    shardctl.draw("plan", &["plan"], 0);
    let plan = shardctl.aside(&["plan", "--format", "json"]).exits(0).stdout;
    for kind in ["cancel_downgrade", "purchase_slots", "set_signatures", "set_del_np", "schedule_downgrade"] {
        assert!(plan.contains(&format!("\"kind\": \"{kind}\"")), "{kind}");
    }
}

#[test]
fn a_blocked_plan() {
    let wrong = AFTER.replace("max_charge_cents: 500", "max_charge_cents: 100").replace("100.8", "100.9");
    Shardctl::half_recorded().file("shardctl.yaml", &wrong).draw("blocked", &["plan"], 1);
}

#[test]
fn no_changes() {
    let shardctl = tutorial();
    shardctl.aside(&["apply", "--apply"]).exits(0);
    shardctl.draw("no-changes", &["plan", "--detailed-exitcode"], 0);
}

#[test]
fn an_apply_report_with_a_failure() {
    let shardctl = Shardctl::small();
    shardctl.break_with(json!([{"operation": "set_signatures", "status": 400}]));
    shardctl.draw("apply-failed", &["apply", "--apply", "--concurrency", "1"], 3);
}

#[test]
fn a_manifest_with_three_problems() {
    Shardctl::new("").file("shardctl.yaml", THREE_PROBLEMS).draw("problems", &["validate"], 1);
}

#[test]
fn sixty_five_ips_that_leave() {
    let proxies: String = (0..100).map(|number| format!("203.0.113.{number}: , ")).collect();
    let account = format!("orders: {{48213: {{until: 2026-12-01, proxies: {{{proxies}}}}}}}");
    let manifest = |limits: &str, keep: String| format!("version: 1\n{limits}orders:\n  48213:\n    keep:\n{keep}");
    let shardctl = Shardctl::new(&account).file("shardctl.yaml", &manifest("", keep(0..100)));
    shardctl.aside(&["apply", "--apply"]).exits(0);
    let limits = "limits: {max_removal_percent: 80}\n";
    shardctl.write("shardctl.yaml", &manifest(limits, keep((0..100).filter(is_kept))));
    shardctl.draw("leaving", &["plan"], 0);
    let summary = shardctl.aside(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(summary["summary"]["ips_leaving"], 65);
}

#[test]
fn an_ip_that_somebody_bought() {
    let shardctl = Shardctl::half_recorded().file("shardctl.yaml", BEFORE);
    shardctl.act(48213, PanelAction::Proxies([(ip("203.0.113.50"), None)].into()));
    shardctl.draw("new-ip", &["plan"], 1);
}

#[test]
fn a_manifest_for_what_is_there() {
    Shardctl::new(&tutorial::account()).draw("import", &["import", "--all"], 0);
}

/// Drawn by whoever shows Markdown.
#[test]
fn a_comment() {
    let shardctl = Shardctl::half_recorded();
    let proxies: BTreeMap<ProxyIp, Option<Signature>> =
        (20..45).map(|number| (ip(&format!("203.0.113.{number}")), None)).collect();
    shardctl.act(48213, PanelAction::Proxies(proxies));
    shardctl.act(48213, PanelAction::Signatures([(ip("203.0.113.11"), Some(Signature::Linux))].into()));
    let command = ["plan", "--format", "markdown", "--title", "eu", "--allow-removals", "30"];
    let run = shardctl.run_with(&command, |command| _ = command.env("GITHUB_SHA", COMMIT)).exits(0);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/comment.md");
    let expected = snapbox::Data::read_from(&path, Some(DataFormat::Text)).raw();
    let assert = snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
    assert.eq(shardctl.redact(&run.stdout), expected);
}
