//! A saved plan that was applied is known by its digest.

use std::fs;

use serde_json::json;
use shardctl::document::SavedPlan;

use super::{files, rig, runs};
use crate::rig::{MANIFEST, Rig};

const PLAN: [&str; 5] = ["plan", "--reassert", "--out", "saved.json", "-q"];
const APPLY: [&str; 5] = ["apply", "--apply", "--plan", "saved.json", "-q"];

/// A world in which a plan that asserts everything anew finds all as it was, again and again.
async fn settled() -> Rig {
    let rig = rig().await;
    rig.complete(&[]).await;
    rig.run(&PLAN).await.exits(0);
    rig
}

fn saved(rig: &Rig) -> SavedPlan {
    SavedPlan::read(&rig.path("saved.json")).expect("a plan")
}

#[tokio::test]
async fn a_plan_that_was_applied_is_refused_and_a_new_one_is_not() {
    let rig = settled().await;
    rig.run(&APPLY).await.exits(0);
    let digest = saved(&rig).sha256();
    assert_eq!(runs(&rig).iter().filter(|run| run["plan_sha256"] == digest.as_str()).count(), 1);
    let sent = rig.requests();
    for words in [&APPLY[..], &["apply", "--plan", "saved.json"]] {
        let ran = rig.run(words).await.exits(1);
        let because = ["this plan was applied at ", "make a new plan"];
        assert!(because.iter().all(|words| ran.stderr.contains(words)), "{ran:?}");
    }
    let writes = |from: usize| {
        let requests = rig.control().requests();
        requests[from..].iter().filter(|request| request.method == "POST").count()
    };
    assert_eq!((writes(sent), files(&rig).len()), (0, 2), "nothing was written");
    // What is made later is another plan, even where it says the same. Plans are told apart by the second.
    let made = saved(&rig).created_at();
    while saved(&rig).created_at() == made {
        rig.run(&PLAN).await.exits(0);
    }
    rig.run(&APPLY).await.exits(0);
    assert_eq!(files(&rig).len(), 3);
}

#[tokio::test]
async fn one_that_began_to_be_applied_is_refused_too() {
    let rig = settled().await;
    rig.break_with(json!([{"operation": "set_signatures", "hold": true}]));
    let run = rig.start(&APPLY);
    rig.struck().await;
    run.kill();
    rig.break_with(json!([]));
    let ran = rig.run(&APPLY).await.exits(1);
    assert!(ran.stderr.contains("this plan was begun at ") && ran.stderr.contains("never ended"), "{ran:?}");
}

#[tokio::test]
async fn one_that_was_begun_and_changed_nothing_is_refused_and_called_so() {
    let rig = settled().await;
    let refused = |operation: &str| json!({"operation": operation, "status": 403, "times": 0});
    rig.break_with(["cancel", "purchase", "set_signatures", "set_del_np", "schedule"].map(refused).into());
    rig.run(&APPLY).await.exits(1);
    rig.break_with(json!([]));
    let ran = rig.run(&APPLY).await.exits(1);
    let because =
        ["this plan was begun at ", "changed nothing", "a plan is carried out once at most", "make a new plan"];
    assert!(because.iter().all(|words| ran.stderr.contains(words)) && !ran.stderr.contains("was applied"), "{ran:?}");
}

#[tokio::test]
async fn the_digest_is_that_of_the_file() {
    use sha2::{Digest, Sha256};
    let rig = settled().await;
    let bytes = fs::read(rig.path("saved.json")).expect("a file");
    let digest = saved(&rig).sha256();
    assert_eq!(digest, shardctl::model::hex(&Sha256::digest(&bytes)));
    // However it is written, and wherever the manifest lies that its problems point at, it is the same plan.
    let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    rig.write("saved.json", value.to_string());
    assert_eq!(saved(&rig).sha256(), digest);
    let blocked =
        |path: &str| ["plan", "--max-charge-cents", "0", "--out", "saved.json", "-q", "-f", path].map(str::to_owned);
    fs::remove_dir_all(rig.path(crate::rig::STATE)).expect("the records");
    rig.control().with_account(|account| account.orders.values_mut().for_each(|order| order.p0f_slots = 0));
    let mut digests = Vec::new();
    for path in [MANIFEST, "./shardctl.yaml"] {
        let words = blocked(path);
        rig.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await.exits(1);
        let text = fs::read_to_string(rig.path("saved.json")).expect("a file");
        let mut plan: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        plan["created_at"] = json!("2026-11-23T02:13:00Z");
        plan["review"]["asked_by"] = json!({"manifests": [], "shows_all": "shardctl plan -v"});
        rig.write("saved.json", plan.to_string());
        digests.push(saved(&rig).sha256());
    }
    assert_eq!(digests[0], digests[1]);
}
