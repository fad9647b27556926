//! What may be charged, and how often: under random faults and in random worlds, at every stage of a purchase, and by the
//! limits.

mod limits;
mod purchases;
pub mod random;

use futures_util::{StreamExt, stream};
use shardctl::sandbox::Operation;

use crate::rig::{Ran, Rig, STATE};
use random::{Case, Dice, World};

/// Random cases; each is run, broken and killed, until it is complete.
const CASES: u64 = 60;
const AT_ONCE: usize = 6;
/// Longer than any delay among the faults: after it, nothing that was sent is still on its way.
pub const UNDER_WAY: std::time::Duration = std::time::Duration::from_millis(60);

#[tokio::test]
async fn whatever_breaks_nothing_is_charged_twice_or_beyond_the_plan() {
    stream::iter(0..CASES).for_each_concurrent(AT_ONCE, survives).await;
}

#[tokio::test]
#[ignore = "minutes long: many more of the same"]
async fn whatever_breaks_nothing_is_charged_twice_or_beyond_the_plan_in_five_thousand_worlds() {
    stream::iter(0..5000).for_each_concurrent(AT_ONCE, survives).await;
}

async fn survives(seed: u64) {
    let mut dice = Dice::new(seed);
    let case = Case::roll(&mut dice);
    let rig = Rig::new(&case.account(), &case.manifest(case.charge())).await;
    if case.charge() > 0 {
        below_the_limit(&case, &rig).await;
    }
    let mut world = World::roll(&mut dice);
    for _ in 0..dice.below(4) {
        rig.control().set_tells(world.tells(&mut dice));
        rig.break_with(world.faults(&mut dice));
        if dice.one_in(5) {
            two_runs(&case, &rig, &mut dice, &world).await;
        } else {
            broken_run(&case, &rig, &mut dice, &world).await;
        }
        if dice.one_in(3) {
            rig.let_eleven_minutes_pass();
            // A replica lags by less than the ten minutes that have passed now.
            world.lags = false;
        }
    }
    rig.break_with(world.calm());
    rig.complete(&[]).await;
    rig.nothing_left().await;
    case.check(&rig);
}

/// One cent less than the charge, and not a single write is sent.
async fn below_the_limit(case: &Case, rig: &Rig) {
    let limit = (case.charge() - 1).to_string();
    let ran = rig.run(&["apply", "--apply", "--format", "json", "--max-charge-cents", &limit]).await.exits(1);
    assert!(ran.problems().contains(&"charge_limit".to_owned()), "{case:?}: {ran:?}");
    let wrote = rig.control().requests().iter().any(|request| request.operation.is_some_and(Operation::writes));
    assert!(!wrote && rig.charged() == 0 && rig.records().is_empty(), "{case:?}");
}

/// The lock is removed under an apply, which may be put to sleep, and another one takes it.
async fn two_runs(case: &Case, rig: &Rig, dice: &mut Dice, world: &World) {
    let words =
        ["apply", "--apply", "--format", "json", "--retries", "1", "--timeout", "0.5", "--settle-timeout", "0.05"];
    let first = rig.start(&words);
    tokio::time::sleep(std::time::Duration::from_millis(dice.below(60))).await;
    let sleeps = cfg!(unix) && dice.one_in(2);
    if sleeps {
        first.signal("STOP");
    }
    // It may not be there yet.
    let _ = std::fs::remove_file(rig.path(STATE).join(".lock"));
    rig.run(&words).await;
    if sleeps {
        first.signal("CONT");
    }
    first.finish().await;
    tokio::time::sleep(UNDER_WAY).await;
    if !world.may_mislead() {
        rig.check_records();
    }
    assert!(rig.charged() <= case.charge(), "{case:?}");
}

async fn broken_run(case: &Case, rig: &Rig, dice: &mut Dice, world: &World) {
    let (charged, unsettled) = (rig.charged(), case.unsettled(rig, world));
    let sent = |rig: &Rig| case.ids().map(|id| rig.sent(Operation::Purchase, id)).collect::<Vec<_>>();
    let before = sent(rig);
    let retries = dice.below(2).to_string();
    let words = ["apply", "--apply", "--format", "json", "--retries", &retries, "--timeout", "0.5", "--keep-going"];
    let run = rig.start(&[&words[..], &["--settle-timeout", "0.05"]].concat());
    let ran = if dice.one_in(3) {
        tokio::time::sleep(std::time::Duration::from_millis(dice.below(80))).await;
        run.kill();
        None
    } else {
        Some(run.finish().await)
    };
    tokio::time::sleep(UNDER_WAY).await;
    if !world.may_mislead() {
        rig.check_records();
    }
    for ((before, after), unsettled) in before.into_iter().zip(sent(rig)).zip(unsettled) {
        assert!(after - before <= usize::from(!unsettled), "a purchase is sent once for an intent: {case:?} {ran:?}");
    }
    let charged = rig.charged() - charged;
    assert!(rig.charged() <= case.charge(), "{case:?}: {ran:?}");
    if let Some(ran) = ran {
        check_report(&ran, charged, case);
    }
}

fn check_report(ran: &Ran, charged: u64, case: &Case) {
    let status = ran.status.expect("an exit status");
    assert!([0, 1, 3, 4].contains(&status), "{case:?}: {ran:?}");
    if ran.stdout.is_empty() {
        return assert_eq!((status, charged), (1, 0), "{case:?}: {ran:?}");
    }
    let report = ran.json();
    let planned = report["summary"]["charge_cents"].as_u64().expect("an amount");
    let said = report["charged_cents"].as_u64().expect("an amount");
    assert!(said <= charged && charged <= planned, "{case:?}: charged {charged}: {ran:?}");
    assert!(said == charged || status == 4, "only an unknown purchase can be missing: {case:?}: {ran:?}");
    assert!(charged == 0 || status != 1, "{case:?}: {ran:?}");
}
