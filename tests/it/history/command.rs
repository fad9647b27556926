//! `shardctl history`.

use serde_json::{Value, json};
use shardctl::document::{HistoryDocument, RunDocument};
use shardctl::render::history::{self, LookedAt};
use shardctl::render::markdown::Comment;
use shardctl::state::{Directory, Place};

use super::{DECLARED, put, rig};
use crate::rig::{MANIFEST, Ran, Rig, STATE};

/// A run as another machine wrote it.
fn run(id: &str, orders: &[(u64, u64)]) -> Value {
    let moment: String =
        format!("{}-{}-{}T{}:{}:{}Z", &id[..4], &id[4..6], &id[6..8], &id[9..11], &id[11..13], &id[13..15]);
    let order = |(order, cents): &(u64, u64)| {
        let result = json!({"status": "done", "error": null});
        json!({"order_id": order, "tag": "eu", "charged_cents": cents, "may_have_charged_cents": 0, "operations": [
            {"kind": "purchase_slots", "addon_key": "p0f_slots", "from_qty": 1, "to_qty": 2, "add_qty": 1,
             "price_per_unit_cents": cents, "charge_cents": cents, "result": result}]})
    };
    json!({
        "format_version": 1, "id": id, "started_at": moment, "ended_at": moment, "shardctl": "0.1.0",
        "api_url": "https://user-api.proxyshard.com", "manifest_sha256": "", "plan_sha256": "",
        "actor": {"source": "gitlab", "name": "ann", "commit": null, "url": null}, "outcome": "complete",
        "charged_cents": orders.iter().map(|it| it.1).sum::<u64>(), "may_have_charged_cents": 0,
        "orders": orders.iter().map(order).collect::<Vec<_>>(),
    })
}

/// Three runs, the second with two orders.
async fn three() -> Rig {
    let rig = Rig::new("token: t0ken", "version: 1\norders: {}\n").await;
    for (id, orders) in [
        ("20261101T060000Z-aaaaaa", &[(1, 100)][..]),
        ("20261110T060000Z-aaaaaa", &[(1, 150), (2, 50)]),
        ("20261120T060000Z-aaaaaa", &[(2, 300)]),
    ] {
        put(&rig, &format!("{id}.json"), run(id, orders).to_string());
    }
    rig
}

/// Lists the days of the runs, as in `20 10 1`, and the total.
fn listed(ran: Ran) -> (Vec<String>, u64) {
    let history = ran.exits(0).json();
    let runs = history["runs"].as_array().expect("runs").iter();
    let days = runs.map(|run| run["id"].as_str().expect("an id")[6..8].to_owned()).collect();
    (days, history["charged_cents"].as_u64().expect("an amount"))
}

#[tokio::test]
async fn runs_are_listed_newest_first_with_the_total() {
    let rig = three().await;
    let rows: [(&[&str], &[&str], u64); 7] = [
        (&[], &["20", "10", "01"], 600),
        (&["1"], &["10", "01"], 250),
        (&["2"], &["20", "10"], 350),
        (&["1", "2"], &["20", "10", "01"], 600),
        (&["3"], &[], 0),
        (&["--since", "2026-11-10"], &["20", "10"], 500),
        (&["2", "--since", "2026-11-10T06:00:01Z"], &["20"], 300),
    ];
    for (words, days, charged) in rows {
        let words = [&["history", "--format", "json"], words].concat();
        let mut command = rig.command(&words);
        command.env_remove("PROXYSHARD_TOKEN");
        let output = command.output().expect("a run");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let ran = Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        let days: Vec<String> = days.iter().map(|day| (*day).to_owned()).collect();
        assert_eq!(listed(ran), (days, charged), "{words:?}");
    }
    assert_eq!(rig.requests(), 0, "the API is not asked");
    let ran = rig.run(&["history", "--since", "yesterday"]).await.exits(1);
    assert!(ran.stderr.contains("such as 2026-11-01"), "{ran:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_said_and_hides_no_other() {
    let rig = three().await;
    let newer = json!({"format_version": 2, "what": "ever"}).to_string();
    for (name, bytes, why) in [
        ("20261102T060000Z-aaaaaa.json", "", "it is damaged"),
        ("20261103T060000Z-aaaaaa.json", "{\"format_version\": 1", "it is damaged: EOF while parsing an object"),
        ("20261104T060000Z-aaaaaa.json", "{\"format_version\": 1}", "it is damaged: missing field"),
        ("20261105T060000Z-aaaaaa.json", newer.as_str(), "it is of version 2"),
    ] {
        put(&rig, name, bytes);
        let ran = rig.run(&["history", "--format", "json"]).await.exits(0);
        assert!(ran.stderr.starts_with("warning: ") && ran.stderr.contains(why), "{name}: {ran:?}");
        assert_eq!(ran.json()["charged_cents"], 600);
        assert!(ran.json()["problems"].as_array().is_some_and(|it| it.iter().any(|it| it["code"] == "state_mismatch")));
    }
    put(&rig, "notes.txt", "not a run");
    let ran = rig.run(&["history"]).await.exits(0);
    assert_eq!(ran.stderr.lines().count(), 4, "{ran:?}");
    let total = "3 runs, charged 6.00 in all; 4 more runs cannot be read, and what they charged is not counted.";
    assert_eq!(ran.stdout.lines().last(), Some(total));
    let page = rig.run(&["history", "--format", "markdown"]).await.exits(0).stdout;
    assert!(page.contains(&html(total)), "{page}");
}

/// Escapes a sentence as a page does, as far as such a sentence needs it.
fn html(text: &str) -> String {
    text.replace(';', "&#59;").replace(':', "&#58;")
}

#[tokio::test]
async fn where_there_is_no_run_it_says_what_was_looked_at() {
    let rig = three().await;
    let rows: [(&[&str], &str); 5] = [
        (&["7"], "There is no run of order 7 in shardctl.state."),
        (&["7", "8", "9"], "There is no run of orders 7, 8 and 9 in shardctl.state."),
        (&["--since", "2026-12-01"], "There is no run in shardctl.state since 2026-12-01 00:00:00 UTC."),
        (
            &["1", "--since", "2026-11-20"],
            "There is no run of order 1 in shardctl.state since 2026-11-20 00:00:00 UTC.",
        ),
        (&["--state", "empty"], "There is no run in empty: nothing was applied yet."),
    ];
    std::fs::create_dir(rig.path("empty")).expect("a directory");
    for (words, said) in rows {
        let ran = rig.run(&[&["history"], words].concat()).await.exits(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (format!("{said}\n").as_str(), ""), "{words:?}");
        let page = rig.run(&[&["history", "--format", "markdown"], words].concat()).await.exits(0).stdout;
        assert!(page.contains(&html(said)), "{words:?}: {page}");
    }
    let damaged = Rig::new("token: t0ken", DECLARED).await;
    put(&damaged, "20261101T060000Z-aaaaaa.json", "{");
    for (words, of) in [(&["history"][..], ""), (&["history", "1"], " of order 1")] {
        let said = format!("There is no run{of} in shardctl.state that can be read; 1 run cannot.\n");
        assert_eq!(damaged.run(words).await.exits(0).stdout, said);
    }
}

#[tokio::test]
async fn a_place_that_is_not_there_is_said_to_be_none_and_is_not_made() {
    let rig = Rig::new("token: t0ken", DECLARED).await;
    std::fs::remove_file(rig.path(MANIFEST)).expect("the manifest");
    for (words, status) in
        [(&["history"][..], 0), (&["state", "list"], 0), (&["state", "forget", "1"], 0), (&["state", "show", "1"], 1)]
    {
        let said = |ran: &Ran| format!("{}{}", ran.stdout, ran.stderr);
        for (flags, place) in [
            (&[][..], "here is no directory `shardctl.state` here"),
            (&["-f", "nowhere/shardctl.yaml"], "here is no directory `nowhere/shardctl.state`"),
        ] {
            let ran = rig.run(&[words, flags].concat()).await.exits(status);
            assert!(said(&ran).contains(place) && said(&ran).contains("by -f or --state"), "{words:?}: {ran:?}");
        }
        let ran = rig.run(&[words, &["--state", "mistyped"]].concat()).await.exits(1);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("there is no directory `mistyped`"), "{words:?}: {ran:?}");
    }
    let named =
        rig.command(&["history", "--format", "json"]).env("SHARDCTL_STATE", "mistyped").output().expect("a run");
    let ran = Ran::of(named).exits(1);
    assert_eq!(ran.json()["problems"][0]["code"], "state_unavailable");
    assert_eq!(
        std::fs::read_dir(rig.directory())
            .expect("a directory")
            .filter(|it| it.as_ref().is_ok_and(|it| it.path().is_dir()))
            .count(),
        0
    );
}

/// The lock may be held by who copies or forgets records, too.
#[tokio::test]
async fn who_took_the_lock_after_a_run_began_does_not_carry_it_out() {
    let rig = three().await;
    let mut killed = run("20261121T060000Z-aaaaaa", &[(2, 100)]);
    killed["ended_at"] = Value::Null;
    killed["outcome"] = Value::Null;
    put(&rig, "20261121T060000Z-aaaaaa.json", killed.to_string());
    let lock = Directory::new(rig.path(STATE)).lock().await.expect("the lock");
    let text = rig.run(&["history"]).await.exits(0).stdout;
    assert!(text.starts_with("2026-11-21 06:00:00 UTC  never ended  ") && !text.contains("at work"), "{text}");
    lock.release().await;
}

#[tokio::test]
async fn of_orders_that_are_named_it_says_that_amounts_are_theirs() {
    let rig = three().await;
    let text = rig.run(&["history", "1"]).await.exits(0).stdout;
    assert!(text.starts_with("2026-11-10 06:00:00 UTC  complete  charged 1.50 for order 1  by ann"), "{text}");
    assert_eq!(text.lines().last(), Some("2 runs, charged 2.50 for order 1 in all."));
    let page = rig.run(&["history", "1", "2", "--format", "markdown"]).await.exits(0).stdout;
    assert!(page.contains("\n3 runs, charged 6.00 for orders 1 and 2 in all.\n"), "{page}");
    assert!(page.contains("| Outcome | Operations | Charged for orders 1 and 2 |\n"), "{page}");
}

#[tokio::test]
async fn a_moment_with_the_name_of_a_zone_is_never_taken_for_another() {
    let rig = three().await;
    for (since, days) in [
        ("2026-11-20T07:00:00+01:00", 1),
        ("2026-11-20T07:00:01+01:00", 0),
        ("2026-11-20T07:00:00+01:00[Europe/Berlin]", 1),
        ("2026-11-20T06:00:00Z", 1),
    ] {
        assert_eq!(listed(rig.run(&["history", "--format", "json", "--since", since]).await).0.len(), days, "{since}");
    }
    for since in ["2026-11-20T07:00:00[Europe/Berlin]", "2026-11-20[Europe/Berlin]", "2026-11-20T07:00:00[UTC]"] {
        let ran = rig.run(&["history", "--since", since]).await.exits(1);
        assert!(ran.stderr.contains("write its offset, as in 2026-11-01T06:00:00+01:00"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_thousand_runs_are_read() {
    let rig = Rig::new("token: t0ken", "version: 1\norders: {}\n").await;
    for nth in 0..1000 {
        let id = format!("20261101T06{:02}{:02}Z-aaaaaa", nth / 60, nth % 60);
        put(&rig, &format!("{id}.json"), run(&id, &[(1, 1)]).to_string());
    }
    let (days, charged) = listed(rig.run(&["history", "--format", "json"]).await);
    assert_eq!((days.len(), charged), (1000, 1000));
    let page = rig.run(&["history", "--format", "markdown"]).await.exits(0).stdout;
    assert!(
        page.starts_with("<!-- shardctl -->\n")
            && page.chars().count() < 65_000
            && page.contains(" more lines: `shardctl history -v` shows all of them."),
        "{page}"
    );
}

#[tokio::test]
async fn people_read_what_changed_and_what_it_cost() {
    let rig = rig().await;
    rig.run(&["apply", "--apply", "-q"]).await.exits(0);
    let text = rig.run(&["history"]).await.exits(0).stdout;
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let expected = [
        "  order 1 (eu)",
        "    done      cancel the pending downgrade of the p0f slots",
        "    done      buy 2 p0f slots, from 2 to 4, for 2.00",
        "    done      set 2 signatures; win11: 203.0.113.1–203.0.113.2 (2 IPs)",
        "    done      mark 4 IPs; to stay: 203.0.113.1–203.0.113.3 (3 IPs); to go: 203.0.113.4",
        "  order 2",
        "    done      cancel the pending downgrade of the p0f slots",
        "    done      set 1 signature; ios: 198.51.100.1",
        "    done      mark 2 IPs; to stay: 198.51.100.1–198.51.100.2 (2 IPs)",
        "    done      schedule a downgrade from 3 to 1 p0f slot",
        "",
        "1 run, charged 2.00 in all.",
    ];
    assert_eq!(lines, expected, "{text}");
    let first = text.lines().next().expect("a title");
    assert!(first.contains(" UTC  complete  charged 2.00  by "), "{first}");
}

/// Whoever may write into the bucket may write anything into it.
#[test]
fn texts_of_a_file_command_neither_a_terminal_nor_a_page() {
    const EVIL: &str = "\u{1b}[2J\u{202e}##[add-mask]@all|<b>\n[x](https://evil.example) `";
    let mut run = run("20261101T060000Z-aaaaaa", &[(1, 100)]);
    run["actor"] = json!({"source": "github", "name": EVIL, "commit": EVIL, "url": format!("javascript:{EVIL}")});
    for key in ["id", "started_at", "ended_at", "api_url", "shardctl", "manifest_sha256", "plan_sha256"] {
        run[key] = json!(EVIL);
    }
    run["orders"][0]["tag"] = json!(EVIL);
    let result = json!({"status": "failed", "error": EVIL});
    run["orders"][0]["operations"] = json!([
        {"kind": "set_del_np", "items": [{"first": EVIL, "last": EVIL, "ips": 2, "from": null, "to": true}], "result": result},
        {"kind": "set_signatures", "items": [{"first": EVIL, "last": EVIL, "ips": 1, "from": EVIL, "to": "ios"}]},
    ]);
    let run = RunDocument::parse(run.to_string().as_bytes()).expect("a run");
    let document = HistoryDocument::new(vec![run], Vec::new());
    let (mut text, mut page) = (Vec::new(), Vec::new());
    history::text(&mut text, &document, &LookedAt::default(), true).expect("written");
    history::markdown(&mut page, &document, &LookedAt::default(), &Comment::default()).expect("written");
    let plain = anstream::adapter::strip_bytes(&text).into_vec();
    for shown in [plain, page.clone()] {
        let shown = String::from_utf8(shown).expect("text");
        for bad in ["\u{1b}", "\u{202e}", "##["] {
            assert!(!shown.contains(bad), "{bad:?} in {shown}");
        }
    }
    let page = String::from_utf8(page).expect("text");
    for bad in ["<b>", "@all", "](https", "javascript", "`"] {
        assert!(!page.contains(bad), "{bad} in {page}");
    }
    assert_eq!(page.lines().filter(|line| line.starts_with('|')).count(), 3, "one row: {page}");
}
