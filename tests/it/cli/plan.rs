//! `shardctl plan`.

use std::sync::Arc;

use serde_json::Value;
use shardctl::sandbox::{LoggedRequest, Tell};

use super::{EXAMPLE_MANIFEST, SMALL_MANIFEST, Shardctl};

#[test]
fn the_first_plan_asserts_what_nobody_can_read() {
    let shardctl = Shardctl::example();
    shardctl.run(&["plan"]).exits(0);
    shardctl.snapshot("plan-first");
    assert!(shardctl.writes().is_empty());
    assert!(!shardctl.path("shardctl.state").exists(), "a plan writes nothing");
}

#[test]
fn a_plan_without_changes_says_so() {
    let shardctl = Shardctl::example();
    shardctl.aside(&["apply", "--apply"]).exits(0);
    shardctl.remark("After an apply:").run(&["plan"]).exits(0);
    shardctl.run(&["plan", "--detailed-exitcode"]).exits(0);
    shardctl.run(&["plan", "--order", "48977", "--order", "49100"]).exits(0);
    shardctl.run(&["apply"]).exits(0);
    let requests = shardctl.writes().len();
    shardctl.run(&["apply", "--apply"]).exits(0);
    assert_eq!(shardctl.writes().len(), requests);
    shardctl.snapshot("plan-unchanged");
}

#[test]
fn changes_have_a_status_of_their_own_on_request() {
    let shardctl = Shardctl::example();
    shardctl.run(&["plan", "--detailed-exitcode"]).exits(2);
    shardctl.run(&["apply", "--detailed-exitcode"]).exits(2);
    assert!(shardctl.writes().is_empty());
}

#[test]
fn the_json_is_the_contract_s() {
    let shardctl = Shardctl::example();
    let run = shardctl.run(&["plan", "--format", "json"]).exits(0);
    assert_eq!(run.stderr, "");
    let plan = run.json();
    assert_eq!(plan["format_version"], 1);
    assert_eq!(plan["api_url"], shardctl.url());
    assert_eq!(plan["manifest_sha256"].as_str().map(str::len), Some(64));
    let created_at: jiff::Timestamp = plan["created_at"].as_str().expect("a text").parse().expect("a moment");
    assert_eq!(created_at.subsec_nanosecond(), 0, "in whole seconds");
    let kinds = |order: &Value| -> Vec<String> {
        let operations = order["operations"].as_array().expect("operations");
        operations.iter().map(|operation| operation["kind"].as_str().expect("a kind").to_owned()).collect()
    };
    let orders = plan["orders"].as_array().expect("orders");
    let ids: Vec<_> = orders.iter().map(|order| order["order_id"].as_u64().expect("an id")).collect();
    assert_eq!(ids, [48213, 48977, 49100]);
    assert_eq!(kinds(&orders[0]), ["purchase_slots", "set_signatures", "set_del_np"]);
    assert_eq!(kinds(&orders[1]), ["cancel_downgrade", "set_del_np", "schedule_downgrade"]);
    assert_eq!(kinds(&orders[2]), ["set_del_np"]);
    assert_eq!(orders[0]["operations"][0]["charge_cents"], 300);
    let (marks, last) = (&orders[0]["operations"][2]["items"], 3);
    assert_eq!(marks[last], serde_json::json!({"ip": "203.0.113.13", "from": null, "to": true}));
    assert_eq!(plan["summary"]["charge_cents"], 300);
    assert_eq!(plan["summary"]["changed"], 3);
    assert!(orders[0]["operations"][0].get("result").is_none(), "a plan has no results");
}

#[test]
fn the_same_plan_has_the_same_bytes() {
    let shardctl = Shardctl::example();
    for format in ["json", "text", "markdown"] {
        let plan = || {
            let plan = shardctl.run(&["plan", "--format", format]).exits(0).stdout;
            let lines = plan.lines().filter(|line| !line.starts_with("  \"created_at\": "));
            lines.map(|line| format!("{line}\n")).collect::<String>()
        };
        let first = plan();
        // What is read side by side is answered in another order each time.
        let slow_first = serde_json::json!([{"operation": "any", "order_id": 48213, "delay_ms": 60, "times": 0}]);
        shardctl.break_with(slow_first);
        assert_eq!(plan(), first);
        shardctl.break_with(serde_json::json!([]));
    }
}

/// Orders by what is declared of them, each with the requests that its plan takes: where the API tells everything, and
/// where its detail does not tell the slots.
const READS: [(&str, usize, usize); 8] = [
    ("tag: eu", 2, 2),
    ("keep: {192.0.2.1: }", 2, 2),
    ("prune: false, keep: {192.0.2.1: }", 2, 2),
    ("keep: {192.0.2.1: linux}", 2, 3),
    ("p0f_slots: 2", 2, 3),
    ("p0f_slots: 1", 2, 3),
    ("p0f_slots: 3", 3, 3),
    ("p0f_slots: 4, keep: {192.0.2.1: linux}", 3, 4),
];

#[test]
fn no_order_takes_more_requests_than_it_needs() {
    let order = |id: usize| format!("  {id}: {{tag: eu, p0f_slots: 2, proxies: {{192.0.2.1: }}}}\n");
    let account: String = (1..=READS.len()).map(order).collect();
    let declared: String = (1..).zip(READS).map(|(id, (declared, ..))| format!("  {id}: {{{declared}}}\n")).collect();
    let manifest = format!("version: 1\nlimits: {{max_charge_cents: 100000}}\norders:\n{declared}");
    let account = format!("wallet_cents: 100000\norders:\n{account}");
    for tells_slots in [true, false] {
        let shardctl = Shardctl::new(&account).file("shardctl.yaml", &manifest);
        if !tells_slots {
            let silent = [Tell::Qty, Tell::P0fSlotsAvailable];
            shardctl.control().set_tells(Tell::ALL.into_iter().filter(|tell| !silent.contains(tell)).collect());
        }
        shardctl.run(&["plan"]).exits(0);
        let requests = shardctl.control().requests();
        for (id, (declared, told, untold)) in (1..).zip(READS) {
            let (query, path) = (("order_id".to_owned(), format!("{id}")), format!("/user/api/orders/{id}"));
            let of_order = |request: &&Arc<LoggedRequest>| {
                let rest = request.path.strip_prefix(&path);
                request.query.contains(&query) || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let expected = if tells_slots { told } else { untold };
            assert_eq!(requests.iter().filter(of_order).count(), expected, "{declared}");
        }
    }
}

/// A server of the older description is asked for a detail once, or as often as requests are under way at once.
#[test]
fn a_detail_that_the_server_does_not_know_is_not_asked_for_again() {
    let order = |id: usize| format!("  {id}: {{tag: eu, proxies: {{192.0.2.{id}: }}}}\n");
    let account: String = (1..=6).map(order).collect();
    let declared: String = (1..=6).map(|id| format!("  {id}: {{keep: {{192.0.2.{id}: }}}}\n")).collect();
    let manifest = format!("version: 1\norders:\n{declared}");
    let shardctl = Shardctl::new(&format!("orders:\n{account}")).telling_little().file("shardctl.yaml", &manifest);
    let plan = shardctl.run(&["plan", "--concurrency", "1", "--format", "json"]).exits(0).json();
    let details = shardctl.control().requests().iter().filter(|it| it.path.starts_with("/user/api/orders/")).count();
    assert_eq!(details, 1);
    for order in plan["orders"].as_array().expect("orders") {
        let notes = order["notes"].as_array().expect("notes");
        assert!(notes.iter().any(|note| note["code"] == "detail_unavailable"), "{order}");
    }
}

#[test]
fn blocked_orders_show_the_problem_and_what_they_would_do() {
    let dear = EXAMPLE_MANIFEST.replace("max_charge_cents: 500", "max_charge_cents: 299");
    let wrong = dear.replace("tag: us-checkout", "tag: us-checkuot").replace("192.0.2.22:", "192.0.2.23:");
    let shardctl = Shardctl::example().file("shardctl.yaml", &wrong);
    shardctl.run(&["plan"]).exits(1);
    let plan = shardctl.aside(&["plan", "--format", "json", "--detailed-exitcode"]).exits(1).json();
    let code = |order: usize| plan["orders"][order]["problems"][0]["code"].clone();
    assert_eq!([code(0), code(1), code(2)], ["charge_limit", "tag_mismatch", "ip_not_in_order"]);
    shardctl.snapshot("plan-blocked");
}

#[test]
fn the_guard_rails_can_be_moved() {
    let none = EXAMPLE_MANIFEST.replace("max_charge_cents: 500", "max_charge_cents: 0");
    let shardctl = Shardctl::example().file("shardctl.yaml", &none);
    shardctl.run(&["plan"]).exits(1);
    shardctl.run(&["plan", "--max-charge-cents", "300"]).exits(0);
    shardctl.run(&["plan", "--max-charge-cents", "299"]).exits(1);
    let fewer = EXAMPLE_MANIFEST.replace("      203.0.113.12: android\n", "");
    shardctl.write("shardctl.yaml", &fewer);
    shardctl.run(&["plan"]).exits(1);
    shardctl.run(&["plan", "--max-removal-percent", "50"]).exits(0);
    shardctl.run(&["plan", "--allow-removals", "2"]).exits(0);
    shardctl.run(&["plan", "--allow-removals", "1"]).exits(1);
}

#[test]
fn orders_that_the_api_does_not_give() {
    let account = "orders: {1: {kind: residential, proxies: {192.0.2.1: }}}";
    let shardctl = Shardctl::new(account).file("shardctl.yaml", "version: 1\norders:\n  1:\n  2:\n");
    shardctl.run(&["plan"]).exits(1);
    shardctl.snapshot("plan-unavailable");
}

/// Without a token, and wherever the API may be.
#[test]
fn a_saved_plan_is_shown_offline_in_any_format_and_blocked_ones_as_well() {
    let dear = EXAMPLE_MANIFEST.replace("max_charge_cents: 500", "max_charge_cents: 299");
    let shardctl = Shardctl::example().file("shardctl.yaml", &dear);
    let made = shardctl.aside(&["plan", "--out", "saved.json", "--format", "json"]).exits(1);
    let offline = |command: &mut std::process::Command| {
        command.env_remove("PROXYSHARD_TOKEN").env("PROXYSHARD_API_URL", "http://127.0.0.1:9");
    };
    let show = |format: &str| shardctl.run_with(&["show", "saved.json", "--format", format], offline).exits(0).stdout;
    assert_eq!(show("json"), made.stdout);
    let (text, markdown) = (show("text"), show("markdown"));
    assert_eq!(text, shardctl.aside(&["plan"]).exits(1).stdout, "as it is printed");
    assert!(text.contains("--> shardctl.yaml:13:16"), "where the problem is: {text}");
    assert!(markdown.starts_with("<!-- shardctl -->\n") && markdown.contains("203.0.113.13"), "{markdown}");
    shardctl.run_with(&["show", "nowhere.json"], offline).exits(1);
    shardctl.snapshot("show");
}

#[test]
fn a_plan_that_is_saved_is_told_with_the_command_that_carries_it_out() {
    let shardctl = Shardctl::small().file("eu/a.yaml", SMALL_MANIFEST);
    for (line, said) in [
        ("--out p.json", "saved in p.json. This carries it out: shardctl apply --apply --plan p.json --api-url URL\n"),
        ("--out p.json -q", ""),
        (if cfg!(unix) { "--out /dev/null" } else { "--out p.json -q" }, ""),
        ("--out p.json --max-charge-cents 0", "The plan is saved in p.json.\nerror: the plan is blocked"),
        (
            "--out p.json -f eu --state s --max-charge-cents 200",
            "shardctl apply --apply --plan p.json -f eu --state s --api-url URL --max-charge-cents 200\n",
        ),
    ] {
        let run = shardctl.run(&["plan"].into_iter().chain(line.split(' ')).collect::<Vec<_>>());
        let stderr = run.stderr.replace(&shardctl.url(), "URL");
        assert!(stderr.contains(said) && stderr.is_empty() == said.is_empty(), "{line}: {stderr}");
    }
    let run = shardctl.run(&["plan", "--out", "it's.json", "--log-format", "json"]).exits(0);
    let line: Value = serde_json::from_str(&run.stderr).expect("one object");
    let message = line["message"].as_str().expect("a message").replace(&shardctl.url(), "URL");
    let command = r"shardctl apply --apply --plan 'it'\''s.json' --api-url URL";
    assert_eq!(message.rsplit_once(": ").expect("a command").1, command);
    let run = shardctl.run(&["plan", "-f", "eu", "--state", "s", "--out", "p.json"]).exits(0);
    let (_, command) = run.stderr.trim_end().rsplit_once(": shardctl ").expect("a command");
    shardctl.run(&command.split(' ').collect::<Vec<_>>()).exits(0);
    let run = shardctl.run(&["plan", "-f", "eu", "--state", "s", "--out", "p.json"]).exits(0);
    assert_eq!(run.stderr, "The plan is saved in p.json.\n", "nothing is left to be carried out");
}

#[test]
fn only_some_orders() {
    let shardctl = Shardctl::example();
    shardctl.run(&["plan", "--order", "49100"]).exits(0);
    shardctl.run(&["plan", "--order", "49100", "--order", "7"]).exits(1);
    shardctl.run(&["plan", "--order", "0"]).exits(1);
    let mut asked: Vec<_> = shardctl.control().requests().iter().map(|request| request.query.clone()).collect();
    asked.sort();
    assert_eq!(asked, [vec![], vec![("order_id".to_owned(), "49100".to_owned())]], "the detail, and the active IPs");
    shardctl.snapshot("plan-order");
}

#[test]
fn reassert_plans_everything_again_that_is_only_recorded() {
    let shardctl = Shardctl::example();
    shardctl.run(&["apply", "--apply", "-q"]).exits(0);
    let plan = shardctl.run(&["plan", "--reassert", "--format", "json"]).exits(0).json();
    assert_eq!(plan["summary"]["signatures_set"], 0, "they can be read back");
    let shardctl = Shardctl::example().telling_little();
    shardctl.run(&["apply", "--apply", "-q"]).exits(0);
    shardctl.run(&["plan", "--detailed-exitcode"]).exits(0);
    let plan = shardctl.run(&["plan", "--reassert", "--format", "json", "--detailed-exitcode"]).exits(2).json();
    assert_eq!(plan["summary"]["signatures_set"], 4);
    assert_eq!(plan["summary"]["charge_cents"], 0);
    shardctl.run(&["apply", "--reassert", "--apply"]).exits(0);
    shardctl.run(&["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn colour_is_for_terminals_or_on_request() {
    let shardctl = Shardctl::example();
    assert!(!shardctl.run(&["plan"]).stdout.contains('\u{1b}'));
    assert!(shardctl.run(&["plan", "--color", "always"]).stdout.contains('\u{1b}'));
    let forced = shardctl.run_with(&["plan"], |command| {
        command.env("CLICOLOR_FORCE", "1");
    });
    assert!(forced.stdout.contains('\u{1b}'));
    let both = |command: &mut std::process::Command| {
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    };
    assert!(!shardctl.run_with(&["plan", "--color", "never"], both).stdout.contains('\u{1b}'));
}
