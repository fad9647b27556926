//! Plans that were saved to be applied later: exactly, or not at all.

use std::collections::BTreeSet;
use std::fs;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use shardctl::model::{Cents, OrderId, PendingChange, ProxyIp, Signature};
use shardctl::sandbox::{Account, Operation, Proxy};

use crate::rig::{MANIFEST, Ran, Rig, STATE};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 10000
slot_price_cents: 100
orders:
  1: {tag: eu, p0f_slots: 2, proxies: {203.0.113.1: , 203.0.113.2: , 203.0.113.3: , 203.0.113.4: }}
  2: {p0f_slots: 3, proxies: {198.51.100.1: , 198.51.100.2: }}
";

const DECLARED: &str = "
version: 1
limits: {max_charge_cents: 500}
orders:
  1: {tag: eu, p0f_slots: 4, keep: {203.0.113.1: win11, 203.0.113.2: linux, 203.0.113.3: }}
  2: {p0f_slots: 1, keep: {198.51.100.1: ios, 198.51.100.2: }}
";

const PLAN: [&str; 4] = ["plan", "--out", "saved.json", "-q"];
const APPLY: [&str; 4] = ["apply", "--apply", "--plan", "saved.json"];
const AT_ONCE: usize = 4;
const DRY_RUN: [&str; 3] = ["apply", "--plan", "saved.json"];

/// Saves a plan that buys two slots for order 1 and schedules fewer for order 2.
async fn saved() -> Rig {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.run(&PLAN).await.exits(0);
    rig
}

fn id(order: u64) -> OrderId {
    OrderId::new(order).expect("a positive id")
}

fn ip(text: &str) -> ProxyIp {
    text.parse().expect("an address")
}

/// Applies what was saved and makes sure that it is refused, without a single write.
async fn refused(rig: &Rig, because: &str) -> Ran {
    let (before, records) = (rig.truth(), rig.records());
    let sent = writes(rig);
    for words in [&DRY_RUN[..], &APPLY[..]] {
        let ran = rig.run(words).await;
        assert_eq!(ran.status, Some(1), "{because}: {words:?}: {ran:?}");
        assert!(ran.stderr.contains(because), "{because}: {words:?}: {ran:?}");
    }
    let ran = rig.run(&[&APPLY[..], &["--keep-going"]].concat()).await;
    assert_eq!(ran.status, Some(1), "{because}: {ran:?}");
    assert_eq!((rig.truth(), rig.records(), writes(rig)), (before, records, sent), "{because}");
    ran
}

fn writes(rig: &Rig) -> usize {
    let requests = rig.control().requests();
    requests.iter().filter(|request| request.operation.is_some_and(Operation::writes)).count()
}

#[tokio::test]
async fn a_saved_plan_is_applied_exactly_and_only_once() {
    let rig = saved().await;
    let before = rig.truth();
    let dry = rig.run(&DRY_RUN).await.exits(0);
    assert!(dry.stdout.ends_with("to carry the plan out.\n"), "{dry:?}");
    rig.run(&[&DRY_RUN[..], &["--detailed-exitcode"]].concat()).await.exits(2);
    assert_eq!((rig.truth(), rig.records().len()), (before, 0));

    let planned: Value = serde_json::from_slice(&fs::read(rig.path("saved.json")).expect("a plan")).expect("JSON");
    let ran = rig.run(&[&APPLY[..], &["--format", "json"]].concat()).await.exits(0);
    let mut report = ran.json();
    for operation in report["orders"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .flat_map(|order| order["operations"].as_array_mut().into_iter().flatten())
    {
        assert_eq!(operation["result"]["status"], "done");
        operation.as_object_mut().expect("an operation").remove("result");
    }
    assert_eq!(report["orders"], planned["orders"], "what was saved is what was done");
    assert_eq!(rig.charged(), 200);
    rig.check_records();
    rig.nothing_left().await;

    refused(&rig, "this plan was applied at ").await;
    assert_eq!(rig.charged(), 200);
}

#[tokio::test]
async fn an_apply_that_stopped_part_way_uses_its_plan_up() {
    let rig = saved().await;
    rig.break_with(json!([{"operation": "set_signatures", "status": 403}]));
    rig.run(&[&APPLY[..], &["--concurrency", "1"]].concat()).await.exits(3);
    rig.break_with(json!([]));
    assert_eq!(rig.charged(), 200);
    refused(&rig, ", and that run stopped part way").await;
    rig.complete(&[]).await;
    assert_eq!(rig.charged(), 200);
}

#[tokio::test]
async fn whatever_moved_makes_it_stale() {
    type Move = fn(&Rig);
    let rows: &[(&str, Move)] = &[
        ("order 1: its active IPs", |rig| {
            rig.control().with_account(|account| {
                account.orders.get_mut(&id(1)).and_then(|order| order.proxies.remove(&ip("203.0.113.4")));
            });
        }),
        ("order 2: its active IPs", |rig| {
            rig.control().with_account(|account| {
                let joined: Proxy = account.orders[&id(1)].proxies[&ip("203.0.113.1")];
                account.orders.get_mut(&id(2)).expect("an order").proxies.insert(ip("198.51.100.9"), joined);
            });
        }),
        // As many as before, but others.
        ("order 1: its active IPs", |rig| {
            rig.control().with_account(|account| {
                let order = account.orders.get_mut(&id(1)).expect("an order");
                let proxy = order.proxies.remove(&ip("203.0.113.4")).expect("a proxy");
                order.proxies.insert(ip("203.0.113.5"), proxy);
            });
        }),
        ("order 1: its p0f slots were 2, now 3", |rig| slots(rig, 1, 3)),
        ("order 2: its p0f slots were 3, now 1", |rig| slots(rig, 2, 1)),
        ("order 1: its renewal was 2030-01-01T00:00:00Z, now 2030-02-01T00:00:00Z", |rig| {
            rig.control().with_account(|account| account.renew(id(1)).map(drop)).expect("a renewal");
        }),
        ("order 2: its recorded state has changed", |rig| {
            let mut recorded = shardctl::model::Recorded::default();
            recorded.signatures.insert(ip("198.51.100.2"), Signature::Ios);
            rig.put_record(id(2), &recorded);
        }),
        // It asks for just the same, but somebody changed it since the plan was looked at.
        ("the manifest is not the one", |rig| rig.write(MANIFEST, format!("{DECLARED}# a remark\n"))),
        ("the manifest is not the one", |rig| rig.write(MANIFEST, DECLARED.replace("500", "5000"))),
        ("order 2: the manifest no longer declares it", |rig| {
            rig.write(MANIFEST, DECLARED.lines().filter(|line| !line.contains("  2:")).collect::<Vec<_>>().join("\n"));
        }),
        ("order 1: its tag was `eu`, now `us\\n::warning::`", |rig| {
            rig.control().with_account(|account| {
                account.orders.get_mut(&id(1)).expect("an order").tag = Some("us\n::warning::".to_owned());
            });
        }),
        ("order 1: it cannot be read", |rig| {
            rig.break_with(json!([{"operation": "active", "status": 403, "times": 0}]))
        }),
    ];
    for (because, moved) in rows {
        let rig = saved().await;
        moved(&rig);
        let ran = refused(&rig, because).await;
        assert!(ran.stderr.contains("nothing was changed"), "{ran:?}");
        assert!(!ran.stderr.contains("edited"), "it moved, and nobody edited it: {ran:?}");
    }
}

/// What a server of the newer description tells besides.
#[tokio::test]
async fn whatever_moved_of_what_is_told_is_named() {
    type Move = fn(&mut shardctl::sandbox::Order);
    let rows: [(&str, Move); 5] = [
        ("order 1: the signatures that the API reports", |order| {
            order.proxies.get_mut(&ip("203.0.113.3")).expect("a proxy").signature = Some(Signature::Ios);
        }),
        ("order 1: what is pending for its p0f slots was nothing, now a downgrade to 1", |order| {
            order.pending = Some(PendingChange::Downgrade { next_qty: 1 });
        }),
        ("order 1: what is pending for its p0f slots was nothing, now a downgrade to 0", |order| {
            order.pending = Some(PendingChange::Cancel {});
        }),
        ("order 1: its automatic renewal was on, now off", |order| order.auto_renewal = false),
        ("order 1: its status was `active`, now `on-hold`", |order| {
            order.status = shardctl::sandbox::OrderStatus::OnHold;
        }),
    ];
    for (because, moved) in rows {
        let rig = Rig::with_account(Account::from_yaml(ACCOUNT).expect("an account"), DECLARED).await;
        rig.run(&PLAN).await.exits(0);
        rig.control().with_account(|account| moved(account.orders.get_mut(&id(1)).expect("an order")));
        let ran = refused(&rig, because).await;
        assert!(!ran.stderr.contains("edited"), "it moved, and nobody edited it: {ran:?}");
    }
}

fn slots(rig: &Rig, order: u64, slots: u32) {
    rig.control().with_account(|account| account.orders.get_mut(&id(order)).expect("an order").p0f_slots = slots);
}

#[tokio::test]
async fn a_plan_for_another_api_is_refused() {
    let (rig, other) = (saved().await, Rig::new(ACCOUNT, DECLARED).await);
    let url = other.url();
    for flags in [&[][..], &["--state", "elsewhere"]] {
        let words = [&APPLY[..], &["--api-url", &url], flags].concat();
        let ran = rig.run(&words).await.exits(1);
        assert!(ran.stderr.contains("the plan was made for the API at"), "{ran:?}");
    }
    assert_eq!(writes(&other) + writes(&rig), 0);
}

#[tokio::test]
async fn a_higher_price_buys_nothing_and_a_lower_one_does() {
    for (price, status, charged) in [(101, 1, 0), (99, 0, 198), (100, 0, 200)] {
        let rig = saved().await;
        rig.control().with_account(|account| account.slot_price_cents = Cents(price));
        let ran = rig.run(&[&APPLY[..], &["--concurrency", "1"]].concat()).await.exits(status);
        assert_eq!(rig.charged(), charged, "{price}: {ran:?}");
        if status != 0 {
            assert!(ran.stdout.contains("the price is 202 cents now, the plan shows 200"), "{ran:?}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_no_plan_is_refused() {
    let rig = saved().await;
    let good = fs::read_to_string(rig.path("saved.json")).expect("a plan");
    let manifest_problem = rig.run(&["validate", "--format", "json"]).await.stdout;
    let cut = |parts: usize| good[..good.len() * parts / 10].to_owned();
    let other = good.replace(concat!("\"", env!("CARGO_PKG_VERSION"), "\""), "\"99.0.0\"");
    let newer = good.replace("\"format_version\": 1", "\"format_version\": 2");
    let zero = good.replace("\"order_id\": 1,", "\"order_id\": 0,");
    let rows = [
        (String::new(), "damaged"),
        ("null".to_owned(), "damaged"),
        ("[]".to_owned(), "damaged"),
        ("{}".to_owned(), "damaged"),
        (manifest_problem, "damaged"),
        (cut(1), "damaged"),
        (cut(5), "damaged"),
        (cut(9), "damaged"),
        (good.trim_end().trim_end_matches('}').to_owned(), "damaged"),
        (format!("{good}{good}"), "damaged"),
        (good.replace("set_signatures", "set_on_fire"), "damaged"),
        (good.replace("win11", "win12"), "damaged"),
        (zero, "no order id"),
        (newer, "make the plan again"),
        (other, "make the plan again"),
    ];
    for (text, because) in rows {
        rig.write("saved.json", &text);
        refused(&rig, because).await;
    }
    rig.write("saved.json", [0xff, 0xfe, 0]);
    refused(&rig, "damaged").await;
    fs::remove_file(rig.path("saved.json")).expect("the file");
    refused(&rig, "cannot be read").await;
    fs::create_dir(rig.path("saved.json")).expect("a directory");
    refused(&rig, "cannot be read").await;
}

/// Every value of the file is changed, removed or put in the place of another one, one at a time: what comes of it is
/// refused, or it is what the manifest declares.
#[tokio::test]
async fn no_edit_brings_about_what_the_manifest_does_not_declare() {
    let rig = saved().await;
    let good: Value = serde_json::from_slice(&fs::read(rig.path("saved.json")).expect("a plan")).expect("JSON");
    let (before, account) = (rig.truth(), rig.control().account());
    let edits: Vec<(usize, Edit)> = edits(&good).into_iter().enumerate().collect();
    assert!(edits.len() > 250, "{}", edits.len());
    let tried = stream::iter(edits).map(|(number, edit)| try_edit(&rig, number, edit)).buffer_unordered(AT_ONCE);
    let harmless: Vec<Edit> = tried.filter_map(async |edit| edit).collect().await;
    assert_eq!((rig.truth(), writes(&rig)), (before, 0));

    rig.run(&["apply", "--apply"]).await.exits(0);
    let declared = rig.truth();
    let mut places = BTreeSet::new();
    for Edit { place, document } in harmless {
        rig.control().with_account(|now| now.clone_from(&account));
        fs::remove_dir_all(rig.path(STATE)).expect("the records");
        rig.write("saved.json", document.to_string());
        rig.run(&APPLY).await.exits(0);
        assert_eq!(rig.truth(), declared, "{place}");
        places.insert(place);
    }
    // When it was made and by which words, and what is noted, decides nothing; these options are as they would be by a flag, and the charge alone counts.
    let options =
        ["/options/allow_removals", "/options/max_removal_percent", "/options/max_removals", "/options/reassert"];
    let price = "/orders/0/operations/1/price_per_unit_cents";
    let notes = ["/orders/0/notes/0", "/orders/0/notes/0/message"];
    let others = ["/orders/1/notes/0", "/orders/1/notes/0/message"];
    assert_eq!(
        places.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            &["/created_at"],
            &options[..],
            &notes,
            &[price],
            &others,
            &["/review", "/review/asked_by/manifests/0", "/review/asked_by/shows_all"]
        ]
        .concat()
    );
}

/// Returns the edit where the plan is still one that can be applied.
async fn try_edit(rig: &Rig, number: usize, edit: Edit) -> Option<Edit> {
    let name = format!("edited-{number}.json");
    rig.write(&name, edit.document.to_string());
    let ran = rig.run(&["apply", "--plan", &name]).await;
    let said = ran.stderr.contains("is stale; nothing was changed") || ran.stderr.contains("the plan file");
    assert!(ran.status == Some(0) || ran.status == Some(1) && said, "{edit:?}: {ran:?}");
    (ran.status == Some(0)).then_some(edit)
}

#[derive(Debug)]
struct Edit {
    place: String,
    document: Value,
}

fn edits(good: &Value) -> Vec<Edit> {
    let mut places = Vec::new();
    walk(good, "", &mut places);
    let mut edits = Vec::new();
    for place in places {
        let before = good.pointer(&place).expect("a value");
        for value in others(before) {
            let mut document = good.clone();
            *document.pointer_mut(&place).expect("a value") = value;
            edits.push(Edit { place: place.clone(), document });
        }
        // A field that is null says as much as one that is missing.
        if !before.is_null() {
            let mut document = good.clone();
            remove(&mut document, &place);
            edits.push(Edit { place, document });
        }
    }
    edits
}

fn remove(document: &mut Value, place: &str) {
    let (parent, key) = place.rsplit_once('/').expect("a place below the top");
    match document.pointer_mut(parent).expect("a parent") {
        Value::Object(fields) => drop(fields.remove(key)),
        Value::Array(items) => drop(items.remove(key.parse().expect("an index"))),
        _ => unreachable!("only these have parts"),
    }
}

fn walk(value: &Value, place: &str, places: &mut Vec<String>) {
    let mut below = |key: String, value: &Value| {
        let place = format!("{place}/{key}");
        walk(value, &place, places);
        places.push(place);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| below(key.clone(), value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| below(index.to_string(), value)),
        _ => {}
    }
}

/// Other values that may stand in the place of one.
fn others(value: &Value) -> Vec<Value> {
    let others = match value {
        Value::Null => vec![json!(1), json!("win11"), json!({"action": "downgrade", "next_qty": 1})],
        Value::Bool(is) => vec![json!(!is)],
        Value::Number(number) => vec![json!(number.as_u64().unwrap_or(0) + 1), json!(1)],
        Value::String(text) => vec![json!(format!("{text}0")), json!("win10"), json!("203.0.113.4")],
        Value::Array(items) if items.len() > 1 => {
            let (mut reversed, mut doubled) = (items.clone(), items.clone());
            reversed.reverse();
            doubled.push(items[0].clone());
            vec![json!(reversed), json!(doubled)]
        }
        Value::Array(_) | Value::Object(_) => Vec::new(),
    };
    others.into_iter().filter(|other| other != value).collect()
}

/// Edits the saved plan in several places at once, so that it agrees with itself.
fn edit(rig: &Rig, work: impl FnOnce(&mut Value)) {
    let path = rig.path("saved.json");
    let mut document: Value = serde_json::from_slice(&fs::read(&path).expect("a plan")).expect("JSON");
    work(&mut document);
    rig.write(path, document.to_string());
}

fn charge(plan: &mut Value, cents: u64) {
    plan["orders"][0]["operations"][1]["charge_cents"] = json!(cents);
    plan["summary"]["charge_cents"] = json!(cents);
}

#[tokio::test]
async fn a_charge_that_was_edited_buys_for_the_real_price_or_not_at_all() {
    // The charge in the file, what the wallet is charged, and whether the file is refused by the limit of 500.
    for (cents, charged, status) in [(100, 0, 1), (0, 0, 1), (300, 200, 0), (500, 200, 0)] {
        let rig = saved().await;
        edit(&rig, |plan| charge(plan, cents));
        let ran = rig.run(&[&APPLY[..], &["--concurrency", "1"]].concat()).await.exits(status);
        assert_eq!(rig.charged(), charged, "{cents}: {ran:?}");
    }
    let rig = saved().await;
    edit(&rig, |plan| charge(plan, 501));
    refused(&rig, "stale").await;
}

#[tokio::test]
async fn an_operation_cannot_be_taken_out_but_an_order_can() {
    let rig = saved().await;
    edit(&rig, |plan| {
        remove(plan, "/orders/0/operations/0");
        plan["summary"]["operations"] = json!(plan["summary"]["operations"].as_u64().expect("a number") - 1);
    });
    refused(&rig, "was it edited?").await;

    // Then it is the plan that `--order` would have made.
    let (rig, untouched) = (saved().await, Rig::new(ACCOUNT, DECLARED).await.truth()["orders"]["1"].clone());
    rig.run(&["plan", "--order", "2", "--out", "two.json"]).await.exits(0);
    let two: Value = serde_json::from_slice(&fs::read(rig.path("two.json")).expect("a plan")).expect("JSON");
    edit(&rig, |plan| {
        remove(plan, "/orders/0");
        remove(plan, "/review/orders/0");
        plan["summary"] = two["summary"].clone();
    });
    rig.run(&APPLY).await.exits(0);
    assert_eq!((rig.charged(), &rig.truth()["orders"]["1"]), (0, &untouched));
    let downgrade = Some(PendingChange::Downgrade { next_qty: 1 });
    assert_eq!(rig.control().account().orders[&id(2)].pending, downgrade);
}

#[tokio::test]
async fn a_blocked_plan_stays_blocked() {
    let rig = Rig::new(ACCOUNT, &DECLARED.replace("500", "199")).await;
    let ran = rig.run(&[&PLAN[..], &["--format", "json"]].concat()).await.exits(1);
    assert_eq!(ran.problems(), ["charge_limit"]);
    let before = rig.truth();
    for words in [&DRY_RUN[..], &APPLY[..]] {
        let ran = rig.run(words).await.exits(1);
        assert!(ran.stdout.contains("charge_limit") && ran.stderr.contains("blocked by 1 problem"), "{ran:?}");
    }
    assert_eq!((rig.truth(), writes(&rig)), (before, 0));
    rig.run(&[&APPLY[..], &["--keep-going"]].concat()).await.exits(3);
    assert_eq!((rig.charged(), rig.records().len()), (0, 1), "the other order");
}

#[tokio::test]
async fn a_manifest_is_the_same_by_whatever_path_it_is_reached() {
    let rig = Rig::new(ACCOUNT, &DECLARED.replace("500", "199")).await;
    rig.run(&PLAN).await.exits(1);
    let whole = rig.path(MANIFEST).display().to_string();
    for path in ["./shardctl.yaml", &whole] {
        let ran = rig.run(&[&DRY_RUN[..], &["-f", path]].concat()).await.exits(1);
        assert!(ran.stdout.contains("charge_limit") && !ran.stderr.contains("stale"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_plan_that_an_unsettled_purchase_blocks_buys_nothing_later_either() {
    let rig = Rig::new(ACCOUNT, DECLARED).await;
    rig.break_with(json!([{"operation": "purchase", "hold": true}]));
    let run = rig.start(&["apply", "--apply"]);
    rig.struck().await;
    run.kill();
    rig.break_with(json!([]));
    rig.run(&PLAN).await.exits(1);
    let unsettled = fs::read_to_string(rig.record_path(id(1))).expect("a record");
    rig.let_eleven_minutes_pass();
    refused(&rig, "order 1: its recorded state has changed").await;
    rig.write(rig.record_path(id(1)), unsettled);
    rig.run(&APPLY).await.exits(1);
    assert_eq!(rig.charged(), 0);
}

#[tokio::test]
async fn limits_cannot_be_taken_out_of_the_file() {
    let lift = |plan: &mut Value| {
        plan["orders"][0]["problems"] = json!([]);
        plan["orders"][0]["status"] = json!("changed");
        plan["review"]["orders"][0]["marks"] = json!([]);
        plan["review"]["manifest"] = json!([]);
        plan["summary"]["blocked"] = json!(0);
        plan["summary"]["changed"] = json!(2);
    };
    let rig = Rig::new(ACCOUNT, &DECLARED.replace("500", "199")).await;
    rig.run(&PLAN).await.exits(1);
    edit(&rig, lift);
    refused(&rig, "order 1: it is blocked now: the plan charges 200 cents").await;
    // It is the plan that the flag would have made, and the flag still has to be given by whoever applies it.
    edit(&rig, |plan| plan["options"]["max_charge_cents"] = json!(200));
    let ran = rig.run(&APPLY).await.exits(1);
    assert!(ran.stdout.contains("error[charge_limit]") && writes(&rig) == 0, "{ran:?}");
    rig.run(&[&APPLY[..], &["--max-charge-cents", "200"]].concat()).await.exits(0);
    assert_eq!(rig.charged(), 200);
    rig.nothing_left().await;
}

#[tokio::test]
async fn the_limits_that_are_given_hold_and_not_those_in_the_file() {
    let rig = Rig::new(ACCOUNT, &DECLARED.replace("500", "0")).await;
    rig.run(&[&PLAN[..], &["--max-charge-cents", "200"]].concat()).await.exits(0);
    let ran = rig.run(&[&APPLY[..], &["--order", "1"]].concat()).await.exits(1);
    assert!(ran.stderr.contains("cannot be used with"), "{ran:?}");
    for limit in [&[][..], &["--max-charge-cents", "199"]] {
        let ran = rig.run(&[&APPLY[..], limit].concat()).await.exits(1);
        assert!(ran.stdout.contains("error[charge_limit]"), "{ran:?}");
    }
    assert_eq!(rig.charged(), 0);
    rig.run(&[&APPLY[..], &["--max-charge-cents", "200", "--max-removals", "50"]].concat()).await.exits(0);
    assert_eq!(rig.charged(), 200);
    rig.nothing_left().await;
}

#[tokio::test]
async fn a_saved_plan_is_shown_as_plan_printed_it() {
    // A range, a problem with its line of the manifest, and a part of the plan.
    let declared = DECLARED.replace("500", "199").replace("203.0.113.3: ", "203.0.113.0/24: macos");
    let rig = Rig::new(ACCOUNT, &declared).await;
    let formats = ["text", "markdown", "json"].map(|format| ["--format", format]);
    for flags in [&["-v"][..], &["--color", "always"], &["--order", "2"]] {
        for format in &formats {
            let printed = rig.run(&[&PLAN[..3], flags, format].concat()).await.stdout;
            let flags = flags.strip_prefix(&["--order", "2"]).unwrap_or(flags);
            let shown = rig.run(&[&["show", "saved.json"], flags, format].concat()).await.exits(0).stdout;
            assert_eq!(shown, printed, "{flags:?} {format:?}");
            assert!(
                !flags.is_empty() || format[1] == "json" || printed.contains("+    198.51.100.1: ios"),
                "{printed}"
            );
        }
    }
}

#[tokio::test]
async fn what_a_long_plan_leaves_out_is_shown_by_the_command_that_it_was_printed_with() {
    let ips: String = (0..60).map(|last| format!("198.51.100.{last}: , ")).collect();
    let account = format!("{{token: t0ken, orders: {{7: {{proxies: {{{ips}}}}}}}}}");
    let rig = Rig::new(&account, "{version: 1, orders: {7: {keep: {0.0.0.0/0: }}}}").await;
    for format in ["text", "markdown"].map(|format| ["--format", format]) {
        let plan = ["plan", "-f", "shardctl.yaml", "--out", "saved.json"];
        let printed = rig.run(&[&plan[..], &format].concat()).await.exits(0).stdout;
        assert!(printed.contains("`shardctl plan -v -f shardctl.yaml`"), "{printed}");
        let shown = rig.run(&[&["show", "saved.json"], &format[..]].concat()).await.exits(0).stdout;
        assert_eq!(shown, printed);
    }
    // However the manifest is reached, it is the same plan.
    rig.run(&["apply", "--plan", "saved.json", "--apply", "-f", "./shardctl.yaml"]).await.exits(0);
}

#[tokio::test]
async fn what_is_about_to_be_applied_is_said_in_the_same_words() {
    let rig = saved().await;
    let shown = rig.run(&["show", "saved.json"]).await.exits(0).stdout;
    assert!(shown.contains("+++ declared"), "{shown}");
    for words in [&DRY_RUN[..], &APPLY[..]] {
        let ran = rig.run(words).await.exits(0);
        assert!(ran.stdout.starts_with(&shown), "{words:?}: {}", ran.stdout);
    }
}

/// What `--format json` prints is the plan, without what is shown beside it.
#[tokio::test]
async fn a_plan_that_was_printed_as_json_is_applied_like_a_saved_one() {
    let rig = saved().await;
    let printed = rig.run(&["plan", "--format", "json"]).await.exits(0).stdout;
    rig.write("saved.json", &printed);
    assert!(!printed.contains("\"review\""), "{printed}");
    rig.run(&APPLY).await.exits(0);
    rig.nothing_left().await;
    refused(&rig, "this plan was applied at ").await;
    rig.write("saved.json", printed.replace("win11", "win10"));
    refused(&rig, "order 1: ").await;
}

#[tokio::test]
async fn a_plan_that_an_older_version_saved_is_shown_without_the_diff() {
    let rig = saved().await;
    edit(&rig, |plan| {
        remove(plan, "/review");
        plan["shardctl"] = json!("0.0.1");
    });
    let ran = rig.run(&["show", "saved.json"]).await.exits(0);
    assert!(ran.stdout.contains("2. buy 2 p0f slots") && !ran.stdout.contains("--- live"), "{ran:?}");
    assert!(ran.stderr.starts_with("note: the file holds neither the diff nor lines of the manifest"), "{ran:?}");
    refused(&rig, "was made by shardctl 0.0.1").await;
}
