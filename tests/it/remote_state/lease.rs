//! The lease in a bucket.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use serde_json::Value;
use shardctl::model::second;
use shardctl::state::{LeaseTimes, Lock, Place as _, Remote, StoreErrorKind};
use tokio::time::sleep;

use super::{Fault, Faulty, remote};

const MS: Duration = Duration::from_millis(1);

/// Short enough for a test, long enough for a machine that is busy.
fn times() -> LeaseTimes {
    LeaseTimes { lifetime: 600 * MS, renewal: 60 * MS, margin: 50 * MS }
}

fn quick(store: &Arc<Faulty>) -> Remote {
    remote(store).with_lease_times(times())
}

/// What a request may take.
const REQUEST: Duration = Duration::from_millis(200);

async fn refused(store: &Remote) -> String {
    match store.lock().await {
        Ok(_) => panic!("the lease was taken twice"),
        Err(error) => error.message,
    }
}

async fn lease(store: &Faulty) -> Value {
    serde_json::from_slice(&store.bytes("lock.json").await).unwrap()
}

async fn is_held(lock: &dyn Lock) -> bool {
    lock.ensure_held_for(REQUEST).await.is_ok()
}

#[tokio::test]
async fn a_second_taker_fails_at_once_and_learns_everything() {
    let store = Faulty::new();
    let lock = remote(&store).lock().await.unwrap();
    let refused = refused(&remote(&store)).await;
    let file = lease(&store).await;
    let moment = |field: &str| file[field].as_str().unwrap().parse::<Timestamp>().unwrap();
    for part in [file["holder"].as_str().unwrap(), file["id"].as_str().unwrap(), "s3://bucket/states"] {
        assert!(refused.contains(part), "{part} is missing in: {refused}");
    }
    assert!(refused.contains(&format!("since {}", second(moment("since")))), "{refused}");
    let free_at = moment("expires").checked_add(LeaseTimes::default().margin).unwrap();
    assert!(refused.contains(&format!("until {}", second(free_at))), "{refused}");
    let holder = remote(&store).holder().await.unwrap().unwrap();
    assert_eq!(holder.id.raw(), file["id"].as_str().unwrap());
    assert_eq!(holder.who.raw(), file["holder"].as_str().unwrap());
    assert!(holder.who.raw().contains(&std::process::id().to_string()), "{holder:?}");
    assert_eq!((holder.since, holder.expires), (Some(moment("since")), Some(free_at)));
    assert!(is_held(&*lock).await);
    lock.release().await;
    assert_eq!(remote(&store).holder().await, Ok(None));
    remote(&store).lock().await.unwrap().release().await;
}

#[tokio::test]
async fn it_is_renewed_while_it_is_held_and_given_up_at_the_end() {
    let store = Faulty::new();
    let bucket = quick(&store);
    let lock = bucket.lock().await.unwrap();
    for _ in 0..15 {
        sleep(100 * MS).await;
        assert!(is_held(&*lock).await);
        refused(&quick(&store)).await;
    }
    lock.release().await;
    quick(&store).lock().await.unwrap().release().await;
}

#[tokio::test]
async fn one_look_serves_the_writes_of_a_moment() {
    let store = Faulty::new();
    // Far from the next look, then at it: a look is believed for a fifteenth of a renewal.
    for (renewal, looks) in [(Duration::from_secs(6000), 0..=0), (15 * MS, 1..=5)] {
        let lock = remote(&store).with_lease_times(LeaseTimes { renewal, ..times() }).lock().await.unwrap();
        store.gets.store(0, Ordering::SeqCst);
        for _ in 0..5 {
            sleep(2 * MS).await;
            assert!(is_held(&*lock).await);
        }
        assert!(looks.contains(&store.gets.load(Ordering::SeqCst)), "{looks:?}");
        lock.release().await;
    }
}

#[tokio::test]
async fn it_is_given_up_even_in_the_middle_of_a_renewal() {
    let store = Faulty::new();
    let bucket = remote(&store).with_lease_times(LeaseTimes { renewal: MS, ..times() });
    for _ in 0..100 {
        let lock = bucket.lock().await.unwrap();
        *store.delay.lock().unwrap() = MS;
        sleep(3 * MS).await;
        // The renewal under way has its effect and no answer, as one that is cut off has.
        store.fail_puts([Some(Fault::After)]);
        sleep(MS).await;
        *store.delay.lock().unwrap() = Duration::ZERO;
        lock.release().await;
        assert_eq!(bucket.holder().await, Ok(None));
    }
}

#[tokio::test]
async fn one_that_expired_is_taken_over() {
    let times = LeaseTimes { margin: 300 * MS, ..times() };
    let store = Faulty::new();
    let dead = remote(&store).with_lease_times(times).lock().await.unwrap();
    // From now on its holder reaches nobody.
    store.down.store(true, Ordering::SeqCst);
    let store = store.beside();
    let taker = remote(&store).with_lease_times(times);
    refused(&taker).await;
    sleep(480 * MS).await;
    assert!(!is_held(&*dead).await, "it ends for its holder before it ends for others");
    refused(&taker).await;
    sleep(200 * MS).await;
    // Expired, and within the margin: everybody says the same.
    assert!(taker.holder().await.unwrap().is_some());
    refused(&taker).await;
    sleep(300 * MS).await;
    assert_eq!(taker.holder().await, Ok(None));
    let lock = taker.lock().await.unwrap();
    assert!(is_held(&*lock).await);
    dead.release().await;
    assert!(is_held(&*lock).await, "what was lost is not given up");
    refused(&quick(&store)).await;
    lock.release().await;
}

#[tokio::test]
async fn a_holder_that_comes_back_too_late_learns_that_it_lost_it() {
    let store = Faulty::new();
    let dead = quick(&store).lock().await.unwrap();
    store.down.store(true, Ordering::SeqCst);
    sleep(700 * MS).await;
    let other = store.beside();
    // Taken by another, and given up again: it is not the same one any more.
    quick(&other).lock().await.unwrap().release().await;
    store.down.store(false, Ordering::SeqCst);
    let lost = dead.ensure_held().await.unwrap_err();
    assert_eq!(lost.kind, StoreErrorKind::Lost);
    assert!(lost.message.contains("was lost: somebody broke it, or took it over"), "{lost}");
    let before = lease(&other).await;
    dead.release().await;
    assert_eq!(lease(&other).await, before);
}

/// As while a plan is written to a pager that nobody scrolls.
#[tokio::test]
async fn it_is_renewed_while_its_holder_does_nothing_for_long() {
    let store = Faulty::new();
    let lock = quick(&store).lock().await.unwrap();
    std::thread::sleep(1200 * MS);
    assert!(quick(&store).holder().await.unwrap().is_some());
    assert!(is_held(&*lock).await);
    lock.release().await;
}

#[tokio::test]
async fn it_lasts_longer_where_a_request_may_take_longer() {
    let store = Faulty::new();
    let lock = quick(&store).lock().await.unwrap();
    let (hour, before) = (Duration::from_secs(3600), expiry(&store).await);
    for _ in 0..3 {
        lock.ensure_held_for(hour).await.unwrap();
        // Also behind the next renewals.
        sleep(150 * MS).await;
        assert!(expiry(&store).await.duration_since(before) > jiff::SignedDuration::from_secs(3590));
    }
    lock.release().await;
    assert_eq!(quick(&store).holder().await, Ok(None));
}

async fn expiry(store: &Faulty) -> Timestamp {
    lease(store).await["expires"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn one_that_is_let_fall_is_given_up() {
    let store = Faulty::new();
    drop(remote(&store).lock().await.unwrap());
    assert_eq!(remote(&store).holder().await, Ok(None));
    remote(&store).lock().await.unwrap().release().await;
}

#[tokio::test]
async fn one_that_is_not_waited_for_is_given_up() {
    let store = Faulty::new();
    // The lease is there, and its taker does not know it yet.
    *store.answer_delay.lock().unwrap() = 300 * MS;
    let place = remote(&store);
    let lock = place.lock();
    begun(lock, async || store.inner.head(&Path::from("states/lock.json")).await.is_ok()).await;
    assert_eq!(place.holder().await, Ok(None));
    *store.answer_delay.lock().unwrap() = Duration::ZERO;
    // Nothing of the next one is there yet, and never will be.
    let (file, looks) = (lease(&store).await, store.gets.load(Ordering::SeqCst));
    *store.delay.lock().unwrap() = 300 * MS;
    begun(place.lock(), async || store.gets.load(Ordering::SeqCst) > looks).await;
    sleep(500 * MS).await;
    assert_eq!(lease(&store).await, file);
}

/// Begins to take a lock, and drops that once something is so.
async fn begun(lock: impl Future, is_so: impl AsyncFn() -> bool) {
    let mut lock = Box::pin(lock);
    while !is_so().await {
        assert!(futures_util::poll!(&mut lock).is_pending());
        sleep(MS).await;
    }
}

#[tokio::test]
async fn a_broken_one_is_lost_before_the_next_write() {
    let store = Faulty::new();
    let lock = remote(&store).lock().await.unwrap();
    assert!(is_held(&*lock).await);
    let other = remote(&store);
    let wrong = other.unlock("0123").await.unwrap_err().to_string();
    assert!(wrong.contains("0123"), "{wrong}");
    refused(&other).await;
    let id = other.holder().await.unwrap().unwrap().id.raw().to_owned();
    other.unlock(&id).await.unwrap();
    assert_eq!(other.holder().await, Ok(None));
    assert!(other.unlock(&id).await.is_err(), "it is broken already");
    // A renewal is 15 seconds away; what counts is the next write.
    sleep(Duration::from_millis(1100)).await;
    let lost = lock.ensure_held().await.unwrap_err().to_string();
    assert!(lost.contains("s3://bucket/states was lost"), "{lost}");
    let taken = other.lock().await.unwrap();
    lock.release().await;
    assert!(is_held(&*taken).await, "the one that lost it does not give up another's");
    taken.release().await;
}

#[tokio::test]
async fn one_that_was_taken_by_somebody_else_is_lost() {
    let store = Faulty::new();
    let lock = quick(&store).lock().await.unwrap();
    let mut file = lease(&store).await;
    file["id"] = "another".into();
    store.plant("lock.json", file.to_string().as_bytes()).await;
    sleep(100 * MS).await;
    assert!(!is_held(&*lock).await);
    lock.release().await;
    assert_eq!(lease(&store).await, file);
}

#[tokio::test]
async fn lost_answers_do_not_lose_it() {
    let store = Faulty::new();
    // Told by its own id.
    store.fail_puts([Some(Fault::After)]);
    quick(&store).lock().await.unwrap().release().await;
    store.fail_puts([Some(Fault::Before)]);
    assert!(refused(&quick(&store)).await.starts_with("cannot lock "));
    let lock = quick(&store).lock().await.unwrap();
    for _ in 0..10 {
        // A renewal that had its effect and whose fate could not even be read.
        store.fail_puts([Some(Fault::After), None, Some(Fault::Before)]);
        store.reads_down.store(true, Ordering::SeqCst);
        sleep(80 * MS).await;
        store.reads_down.store(false, Ordering::SeqCst);
        sleep(150 * MS).await;
        assert!(is_held(&*lock).await);
    }
    lock.release().await;
    assert_eq!(quick(&store).holder().await, Ok(None));
}

#[tokio::test]
async fn a_bucket_that_does_not_answer_for_long_ends_it() {
    let store = Faulty::new();
    let lock = quick(&store).lock().await.unwrap();
    store.down.store(true, Ordering::SeqCst);
    sleep(150 * MS).await;
    assert!(is_held(&*lock).await, "nobody else can have it yet");
    sleep(400 * MS).await;
    assert!(!is_held(&*lock).await);
    store.down.store(false, Ordering::SeqCst);
    // Nobody took it: it is ours again, and safe to use.
    sleep(200 * MS).await;
    assert!(is_held(&*lock).await);
    lock.release().await;
}

#[tokio::test]
async fn of_two_who_race_exactly_one_wins() {
    let store = Faulty::new();
    for round in 0..100 {
        let expired = round % 2 == 1;
        if expired {
            let mut file = lease(&store).await;
            file["expires"] = "2026-01-01T00:00:00Z".into();
            store.plant("lock.json", file.to_string().as_bytes()).await;
        }
        *store.delay.lock().unwrap() = if round % 3 == 0 { MS } else { Duration::ZERO };
        let (first, second) = (remote(&store), remote(&store));
        let (first, second) = tokio::join!(first.lock(), second.lock());
        let won: Vec<_> = [first, second].into_iter().filter_map(Result::ok).collect();
        assert_eq!(won.len(), 1, "round {round}");
        for lock in won {
            assert!(is_held(&*lock).await);
            lock.release().await;
        }
    }
}

#[tokio::test]
async fn a_damaged_lease_locks_everybody_out_and_says_so() {
    let store = Faulty::new();
    store.plant("lock.json", b"{").await;
    let bucket = remote(&store);
    let expected = "the lock in s3://bucket/states is damaged";
    assert!(refused(&bucket).await.starts_with(expected));
    assert!(bucket.holder().await.unwrap_err().to_string().starts_with(expected));
    assert!(bucket.unlock("id").await.unwrap_err().to_string().starts_with(expected));
    assert_eq!(store.bytes("lock.json").await, b"{");
}

#[tokio::test]
async fn what_a_foreign_lease_says_cannot_paint_the_terminal() {
    let store = Faulty::new();
    let lease = r#"{"expires": "2999-01-01T00:00:00Z", "holder": "\u001b[31mme", "id": "a\u0007b\n", "since": "2026-01-01T00:00:00Z"}"#;
    store.plant("lock.json", lease.as_bytes()).await;
    let bucket = remote(&store);
    let message = refused(&bucket).await;
    assert!(!message.contains(char::is_control), "{message:?}");
    assert!(message.ends_with("shardctl state unlock --state s3://bucket/states"), "no id to be copied: {message}");
    let holder = bucket.holder().await.unwrap().unwrap();
    assert!(!holder.words().contains(char::is_control));
}
