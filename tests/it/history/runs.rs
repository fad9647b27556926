//! The file of a run.

use std::fs;

use serde_json::{Value, json};
use shardctl::model::{Bought, OrderId, Recorded, RecordedSlots};
use shardctl::sandbox::Operation;

use super::{ACCOUNT, DECLARED, files, rig, runs};
use crate::rig::{MANIFEST, Rig, STATE, Started};

/// Lists the operations of an order, as in `purchase_slots done`.
fn operations(run: &Value, nth: usize) -> Vec<String> {
    let operations = run["orders"][nth]["operations"].as_array().expect("operations");
    let words = |operation: &Value| {
        format!(
            "{} {}",
            operation["kind"].as_str().expect("a kind"),
            operation["result"]["status"].as_str().unwrap_or("-")
        )
    };
    operations.iter().map(words).collect()
}

#[tokio::test]
async fn a_run_is_written_before_its_first_write_and_replaced_at_its_end() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "purchase", "hold": true, "when": "before"}]));
    let run = rig.start(&["apply", "--apply", "--order", "1"]);
    rig.struck().await;
    let [begun] = &runs(&rig)[..] else { panic!("{:?}", files(&rig)) };
    assert_eq!((&begun["ended_at"], &begun["outcome"]), (&Value::Null, &Value::Null));
    assert_eq!((&begun["charged_cents"], &begun["may_have_charged_cents"]), (&json!(0), &json!(200)));
    assert_eq!(operations(begun, 0)[1], "purchase_slots -", "what came of it is not known: {begun:#}");
    run.kill();

    let clean = Rig::new(ACCOUNT, DECLARED).await;
    clean.run(&["apply", "--apply"]).await.exits(0);
    let [ended] = &runs(&clean)[..] else { panic!("{:?}", files(&clean)) };
    assert_eq!((&ended["outcome"], &ended["charged_cents"]), (&json!("complete"), &json!(200)));
    let kinds = ["cancel_downgrade done", "purchase_slots done", "set_signatures done", "set_del_np done"];
    assert_eq!(operations(ended, 0), kinds);
    let name = files(&clean)[0].file_stem().expect("a name").to_string_lossy().into_owned();
    assert_eq!(ended["id"], name);
    for key in ["started_at", "ended_at"] {
        assert!(ended[key].as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok()), "{ended:#}");
    }
    let plan = clean.run(&["plan", "--format", "json"]).await.json();
    assert_eq!((&ended["manifest_sha256"], &ended["api_url"]), (&plan["manifest_sha256"], &plan["api_url"]));
}

#[tokio::test]
async fn lists_of_ips_are_ranges_with_what_they_were_and_became() {
    let rig = rig().await;
    rig.run(&["apply", "--apply"]).await.exits(0);
    let run = &runs(&rig)[0];
    let of = |nth: usize| run["orders"][0]["operations"][nth]["items"].clone();
    assert_eq!(of(2), json!([{"first": "203.0.113.1", "last": "203.0.113.2", "ips": 2, "from": null, "to": "win11"}]));
    let marks = json!([
        {"first": "203.0.113.1", "last": "203.0.113.3", "ips": 3, "from": null, "to": false},
        {"first": "203.0.113.4", "last": "203.0.113.4", "ips": 1, "from": null, "to": true},
    ]);
    assert_eq!(of(3), marks);
}

#[tokio::test]
async fn a_run_with_nothing_to_do_or_that_is_blocked_leaves_none() {
    let rig = rig().await;
    rig.run(&["plan"]).await.exits(0);
    rig.run(&["apply"]).await.exits(0);
    rig.run(&["apply", "--apply", "--max-charge-cents", "0"]).await.exits(1);
    assert_eq!(files(&rig).len(), 0);
    rig.run(&["apply", "--apply", "--max-charge-cents", "0", "--keep-going"]).await.exits(3);
    let [run] = &runs(&rig)[..] else { panic!("{:?}", files(&rig)) };
    assert_eq!(run["orders"].as_array().map(Vec::len), Some(1), "the order that was not blocked: {run:#}");
    assert_eq!((&run["orders"][0]["order_id"], &run["outcome"]), (&json!(2), &json!("partial")));
    rig.run(&["apply", "--apply"]).await.exits(0);
    rig.run(&["apply", "--apply"]).await.exits(0);
    assert_eq!(files(&rig).len(), 2, "the last one had nothing to do");
    rig.check_history().await;
}

#[tokio::test]
async fn nothing_is_changed_where_the_history_cannot_be_written() {
    let rig = rig().await;
    fs::create_dir_all(rig.path(STATE)).expect("a directory");
    rig.write(rig.path(STATE).join("history"), "in its place");
    let before = rig.truth();
    let ran = rig.run(&["apply", "--apply"]).await.exits(1);
    assert!(ran.stderr.contains("history"), "{ran:?}");
    assert_eq!((rig.truth(), rig.records().len()), (before, 0));
}

#[tokio::test]
async fn what_a_failed_run_did_is_told_with_the_reason() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "set_signatures", "order_id": 1, "status": 403,
        "body": json!({"success": false, "message": "\u{1b}[2Jno ##[add-mask]"}).to_string()}]));
    rig.run(&["apply", "--apply", "--concurrency", "1"]).await.exits(3);
    let bytes = fs::read_to_string(&files(&rig)[0]).expect("a file");
    assert!(!bytes.contains('\u{1b}') && !bytes.contains("##["), "{bytes}");
    let run = &runs(&rig)[0];
    let kinds = ["cancel_downgrade done", "purchase_slots done", "set_signatures failed", "set_del_np not_run"];
    assert_eq!(operations(run, 0), kinds);
    assert_eq!((&run["outcome"], &run["charged_cents"]), (&json!("partial"), &json!(200)));
    assert_eq!(operations(run, 1)[0], "cancel_downgrade not_run", "the order was not begun");
}

#[tokio::test]
async fn what_became_of_a_lost_purchase_is_noted_with_it_by_the_next_run() {
    for (when, bought) in [("before", false), ("after", true)] {
        for killed in [false, true] {
            let rig = rig().await;
            rig.break_with(json!([{"operation": "purchase", "hold": true, "when": when, "times": 0}]));
            let words = ["apply", "--apply", "--order", "1", "--timeout", "0.2", "--settle-timeout", "0.05"];
            let run = rig.start(&words);
            rig.struck().await;
            if killed {
                run.kill();
            } else {
                // Where the slots show it at once, it is found by the run itself.
                let status = run.finish().await.status;
                assert_eq!(status, Some(if bought { 0 } else { 4 }));
            }
            rig.break_with(json!([]));
            rig.complete(&[]).await;
            let found: Vec<Value> = purchases(&rig).iter().filter_map(|it| it.get("found_bought").cloned()).collect();
            // One that does not show after ten minutes is void, and may still arrive: that it was made is not ruled out.
            let expected = if bought && killed { vec![json!(true)] } else { vec![] };
            assert_eq!(found, expected, "killed: {killed}, {when} its effect");
            assert_eq!(rig.charged(), 200);
            rig.check_history_but(if bought { 0 } else { 200 }).await;
        }
    }
}

/// Begins an apply whose purchase is carried out and never answered; no read shows it in time, so that the run itself does
/// not find it.
async fn buying_without_an_answer(rig: &Rig) -> Started {
    rig.break_with(json!([
        {"operation": "purchase", "hold": true, "when": "after"},
        {"operation": "calculate", "nth": 4, "status": 500, "times": 0},
    ]));
    let run = rig.start(&["apply", "--apply", "--order", "1", "--timeout", "0.2", "--settle-timeout", "0.05"]);
    rig.struck().await;
    run
}

#[tokio::test]
async fn what_was_found_to_be_bought_is_not_said_to_be_unknown() {
    let rig = rig().await;
    assert_eq!(buying_without_an_answer(&rig).await.finish().await.status, Some(4));
    let unknown = rig.run(&["history"]).await.exits(0).stdout;
    assert!(unknown.contains("    unknown   buy 2 p0f slots") && unknown.contains("may or may not"), "{unknown}");
    rig.break_with(json!([]));
    rig.complete(&[]).await;
    let found = rig.run(&["history"]).await.exits(0).stdout;
    assert!(found.contains("    bought    buy 2 p0f slots") && !found.contains("may or may not"), "{found}");
}

/// What takes the only witness of a purchase away: its record is forgotten, or put back to what it was before.
#[derive(Debug, Clone, Copy)]
enum Lost {
    Forgotten,
    PutBack,
}

/// Makes a purchase whose answer is lost, or whose run is killed, takes its record away, and applies once more.
async fn bought_without_a_witness(lost: Lost, killed: bool) -> Rig {
    let rig = rig().await;
    // The record as it stood in git before: written by an apply that bought nothing.
    rig.run(&["apply", "--apply", "--order", "2", "-q"]).await.exits(0);
    let before = Recorded { slots: Some(RecordedSlots { qty: 2, pending: None }), ..Recorded::default() };
    let order = OrderId::new(1).expect("an id");
    rig.put_record(order, &before);
    let run = buying_without_an_answer(&rig).await;
    if killed {
        run.kill();
    } else {
        assert_eq!(run.finish().await.status, Some(4));
    }
    rig.break_with(json!([]));
    assert_eq!((rig.charged(), rig.open_intents()), (200, 1));
    match lost {
        Lost::Forgotten => _ = rig.run(&["state", "forget", "1"]).await.exits(0),
        Lost::PutBack => rig.put_record(order, &before),
    }
    rig.run(&["apply", "--apply", "-q"]).await.exits(0);
    rig
}

#[tokio::test]
async fn a_purchase_whose_record_was_taken_away_is_never_said_not_to_have_been_made() {
    for lost in [Lost::Forgotten, Lost::PutBack] {
        for killed in [false, true] {
            let rig = bought_without_a_witness(lost, killed).await;
            rig.run(&["apply", "--apply", "-q"]).await.exits(0);
            assert_eq!(rig.history_amounts().await, (0, 200), "{lost:?}, killed: {killed}");
            let text = rig.run(&["history"]).await.exits(0).stdout;
            assert!(text.contains("of 2.00 more nobody knows") && !text.contains("not run   buy"), "{text}");
        }
    }
}

/// Returns a rig whose apply was killed before or after its purchase took effect.
async fn killed_while_it_bought(when: &str) -> Rig {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "purchase", "hold": true, "when": when}]));
    let run = rig.start(&["apply", "--apply", "--order", "1"]);
    rig.struck().await;
    run.kill();
    rig.break_with(json!([]));
    rig
}

#[tokio::test]
async fn what_a_later_run_bought_says_nothing_of_an_earlier_one() {
    let rig = killed_while_it_bought("before").await;
    rig.complete(&[]).await;
    // The one that bought has `bought` on record, and the next run reads it.
    rig.run(&["apply", "--apply", "--reassert", "-q"]).await.exits(0);
    let found = purchases(&rig).iter().filter(|it| it.get("found_bought").is_some()).count();
    assert_eq!((found, rig.charged()), (0, 200));
    rig.check_history_but(200).await;
}

#[tokio::test]
async fn a_later_run_that_cannot_be_read_may_have_bought_anything() {
    let rig = killed_while_it_bought("after").await;
    let damaged = "99991231T000000Z-aaaaaa.json";
    super::put(&rig, damaged, "{");
    rig.run(&["apply", "--apply", "--order", "1", "-q"]).await.exits(0);
    assert_eq!((rig.charged(), rig.history_amounts().await), (200, (0, 200)));
    // Once it can be read, or is gone, what is recorded of the purchase counts.
    fs::remove_file(rig.path(STATE).join("history").join(damaged)).expect("the file");
    rig.run(&["apply", "--apply", "--reassert", "-q"]).await.exits(0);
    rig.check_history().await;
}

#[tokio::test]
async fn what_was_bought_long_before_a_run_began_did_not_come_of_it() {
    let rig = killed_while_it_bought("before").await;
    let when = jiff::Timestamp::now().checked_sub(jiff::SignedDuration::from_hours(48)).expect("a moment");
    let older = Recorded { bought: Some(Bought { qty: 4, when }), ..Recorded::default() };
    rig.put_record(OrderId::new(1).expect("an id"), &older);
    rig.run(&["apply", "--apply", "-q"]).await.exits(0);
    rig.check_history_but(200).await;
}

/// Returns the purchases of all runs.
fn purchases(rig: &Rig) -> Vec<Value> {
    let all = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let orders = runs(rig).into_iter().flat_map(|run| all(&run, "orders"));
    let operations = orders.flat_map(|order| all(&order, "operations"));
    operations.filter(|operation| operation["kind"] == "purchase_slots").collect()
}

#[tokio::test]
async fn a_run_that_was_killed_stays_without_an_end() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "set_signatures", "hold": true}]));
    let run = rig.start(&["apply", "--apply", "--concurrency", "1"]);
    rig.struck().await;
    run.kill();
    rig.break_with(json!([]));
    let history = rig.run(&["history"]).await.exits(0).stdout;
    let why = "It never ended: the process was killed or its machine was lost. What it may have charged is 2.00.";
    assert!(
        history.contains(why) && history.contains("  never ended  charged 0.00, perhaps 2.00 more  by"),
        "{history}"
    );
    rig.complete(&[]).await;
    let [run] = &runs(&rig).into_iter().filter(|run| run["ended_at"].is_null()).collect::<Vec<_>>()[..] else {
        panic!("{:?}", files(&rig))
    };
    assert_eq!(run["outcome"], Value::Null);
    assert_eq!((&run["charged_cents"], &run["may_have_charged_cents"]), (&json!(200), &json!(0)), "{run:#}");
    assert!(rig.sent(Operation::Purchase, 1) == 1, "it was bought once");
    rig.check_history().await;
}

#[tokio::test]
async fn a_run_is_said_to_be_at_work_only_while_it_is() {
    let rig = rig().await;
    rig.break_with(json!([{"operation": "set_signatures", "hold": true}]));
    let held = rig.start(&["apply", "--apply", "--concurrency", "1"]);
    rig.struck().await;
    let history = rig.run(&["history"]).await.exits(0).stdout;
    let under_way = format!("It is under way: the lock is held by process {} since ", held.pid());
    assert!(history.contains("  under way  charged") && history.contains(&under_way), "{history}");
    assert!(rig.run(&["history", "--format", "markdown"]).await.exits(0).stdout.contains("| under way |"));
    held.kill();
    let history = rig.run(&["history"]).await.exits(0).stdout;
    assert!(history.contains("  never ended  ") && !history.contains("at work"), "{history}");

    // Whoever holds the lock now is not the run that was killed.
    rig.break_with(json!([{"operation": "set_signatures", "hold": true}]));
    let held = rig.start(&["apply", "--apply", "--reassert", "--concurrency", "1"]);
    rig.struck().await;
    let history = rig.run(&["history"]).await.exits(0).stdout;
    let titles = history.lines().filter(|line| line.contains(" UTC  "));
    let ends: Vec<&str> = titles.filter_map(|title| title.split("  ").nth(1)).collect();
    assert_eq!(ends, ["under way", "never ended"], "{history}");
    held.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_who_and_for_which_commit() {
    let rig = rig().await;
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "octocat"),
        ("GITHUB_SHA", "4f3a9c0000000000000000000000000000000000"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "us/infra"),
        ("GITHUB_RUN_ID", "7"),
    ];
    let output = rig.command(&["apply", "--apply", "--order", "1", "-q"]).envs(variables).output().expect("a run");
    assert!(output.status.success(), "{output:?}");
    let output = rig.command(&["apply", "--apply", "-q"]).env("USER", "ann").output().expect("a run");
    assert!(output.status.success(), "{output:?}");
    let mut actors: Vec<Value> = runs(&rig).iter().map(|run| run["actor"].clone()).collect();
    // Two runs of one second stand in no order.
    actors.sort_by_key(|actor| actor["source"].as_str().map(str::to_owned));
    let github = json!({"source": "github", "name": "octocat", "commit": "4f3a9c0000000000000000000000000000000000",
        "url": "https://github.com/us/infra/actions/runs/7"});
    assert_eq!(actors[0], github);
    assert_eq!(
        (&actors[1]["source"], &actors[1]["commit"], &actors[1]["url"]),
        (&json!("local"), &Value::Null, &Value::Null)
    );
    assert!(actors[1]["name"].as_str().is_some_and(|name| name.starts_with("ann")), "{actors:?}");
}

#[tokio::test]
async fn a_run_of_many_ips_is_small_and_as_easily_read() {
    let ips: Vec<String> = (0..2000).map(|ip| format!("10.0.{}.{}", ip / 250, ip % 250)).collect();
    let account = format!(
        "{{token: t0ken, orders: {{1: {{proxies: {{{}}}}}}}}}",
        ips.iter().map(|ip| format!("{ip}: ")).collect::<Vec<_>>().join(", ")
    );
    let rig = Rig::new(&account, "").await;
    let keep = ips.iter().map(|ip| format!("{ip}: ")).collect::<Vec<_>>().join(", ");
    rig.write(MANIFEST, format!("{{version: 1, orders: {{1: {{keep: {{{keep}}}}}}}}}"));
    rig.run(&["apply", "--apply", "-q"]).await.exits(0);
    let run = fs::read(&files(&rig)[0]).expect("a file");
    assert!(run.len() < 4000, "{} bytes", run.len());
}
