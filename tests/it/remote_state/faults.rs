//! A bucket that fails: answers that are lost, and reads that are not answered.

use std::sync::atomic::Ordering;

use shardctl::model::Recorded;
use shardctl::state::{Place as _, Record, StoreErrorKind};

use super::{Fault, Faulty, UNREAD, order, recorded, records, remote};

#[tokio::test]
async fn a_lost_answer_is_told_by_what_is_there() {
    let store = Faulty::new();
    let bucket = records(&store);
    assert_eq!(bucket.load(order(1)).await, Ok(Record::Known(Recorded::default())));
    store.fail_puts([Some(Fault::After), None, Some(Fault::After), None]);
    for number in 1..=4 {
        bucket.save(order(1), &recorded(number)).await.unwrap();
        assert_eq!(records(&store).load(order(1)).await, Ok(Record::Known(recorded(number))));
    }
}

#[tokio::test]
async fn a_write_without_effect_is_an_error_and_can_be_repeated() {
    let store = Faulty::new();
    let bucket = records(&store);
    for number in 1..=2 {
        store.fail_puts([Some(Fault::Before)]);
        let error = bucket.save(order(1), &recorded(number)).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot write the state in s3://bucket/states: "), "{error}");
        assert!(!error.contains("somebody else"), "{error}");
        bucket.save(order(1), &recorded(number)).await.unwrap();
    }
}

#[tokio::test]
async fn a_write_whose_fate_cannot_be_read_is_an_error_that_overwrites_nothing_later() {
    let store = Faulty::new();
    let bucket = records(&store);
    bucket.save(order(1), &recorded(1)).await.unwrap();
    store.fail_puts([Some(Fault::After)]);
    store.reads_down.store(true, Ordering::SeqCst);
    let error = bucket.save(order(1), &recorded(2)).await.unwrap_err().to_string();
    assert!(error.contains("503"), "why the write was not answered: {error}");
    store.reads_down.store(false, Ordering::SeqCst);
    // It did have its effect, so that what this process believes is there is not.
    assert!(bucket.save(order(1), &recorded(3)).await.is_err());
    assert_eq!(records(&store).load(order(1)).await, Ok(Record::Known(recorded(2))));
    // The very same record again is no conflict.
    bucket.save(order(1), &recorded(2)).await.unwrap();
    bucket.save(order(1), &recorded(3)).await.unwrap();
}

#[tokio::test]
async fn a_conflict_whose_fate_cannot_be_read_is_an_error() {
    let store = Faulty::new();
    let (first, second) = (records(&store), records(&store));
    assert!(second.load(order(1)).await.is_ok());
    first.save(order(1), &recorded(1)).await.unwrap();
    store.reads_down.store(true, Ordering::SeqCst);
    let error = second.save(order(1), &recorded(2)).await.unwrap_err().to_string();
    assert!(error.contains(UNREAD), "whether it was somebody else cannot be known: {error}");
    store.reads_down.store(false, Ordering::SeqCst);
    assert_eq!(first.load(order(1)).await, Ok(Record::Known(recorded(1))));
}

#[tokio::test]
async fn what_vanished_is_not_written_again() {
    let rows = [
        (true, "NoSuchKey", "somebody else changed the state of order 1"),
        (true, "NoSuchBucket", "cannot write the state in s3://bucket/states: there is no such bucket"),
        (false, "NoSuchKey", "cannot write the state in s3://bucket/states: there is no such object"),
        (false, "NoSuchBucket", "cannot write the state in s3://bucket/states: there is no such bucket"),
    ];
    for (was_there, code, expected) in rows {
        let store = Faulty::new();
        let bucket = records(&store);
        if was_there {
            bucket.save(order(1), &recorded(1)).await.unwrap();
            assert_eq!(records(&store).forget(order(1)).await, Ok(true));
        }
        store.fail_puts([Some(Fault::Missing(code))]);
        let error = bucket.save(order(1), &recorded(2)).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{was_there} {code}: {error}");
        assert_eq!(records(&store).load(order(1)).await, Ok(Record::Known(Recorded::default())));
    }
}

#[tokio::test]
async fn a_read_that_fails_is_never_an_empty_record() {
    let store = Faulty::new();
    let bucket = records(&store);
    bucket.save(order(1), &recorded(1)).await.unwrap();
    store.down.store(true, Ordering::SeqCst);
    let errors = [
        bucket.load(order(1)).await.map(drop),
        bucket.raw(order(1)).await.map(drop),
        bucket.list().await.map(drop),
        bucket.forget(order(1)).await.map(drop),
        bucket.save(order(1), &recorded(2)).await,
        records(&store).save(order(2), &recorded(2)).await,
        remote(&store).lock().await.map(drop),
        remote(&store).holder().await.map(drop),
        remote(&store).unlock("id").await,
    ];
    for error in errors {
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("cannot ") && error.contains(" the state in s3://bucket/states: "), "{error}");
    }
    store.down.store(false, Ordering::SeqCst);
    assert_eq!(bucket.load(order(1)).await, Ok(Record::Known(recorded(1))), "nothing was changed");
    assert_eq!(bucket.list().await, Ok(vec![order(1)]));
}

#[tokio::test]
async fn a_probe_tells_whether_records_can_be_written_and_leaves_nothing_behind() {
    let store = Faulty::new();
    let place = remote(&store);
    for left_behind in [false, true] {
        if left_behind {
            store.plant("probe.json", b"left behind").await;
        }
        place.probe(&[3]).await.unwrap();
        assert!(store.is_empty().await);
        // An answer that was lost is told by what is there.
        store.fail_puts([Some(Fault::After)]);
        place.probe(&[]).await.unwrap();
        assert!(store.is_empty().await);
    }
    store.fail_puts([Some(Fault::Before)]);
    let refused = place.probe(&[]).await.unwrap_err();
    assert_eq!(refused.kind, StoreErrorKind::Unavailable);
    assert!(refused.message.starts_with("cannot write the state in s3://bucket/states: "), "{refused}");
}

/// A store that takes small objects only is found out before the first write.
#[tokio::test]
async fn a_probe_is_as_large_as_the_largest_record() {
    let store = Faulty::new();
    let place = remote(&store);
    for (files, status) in [(&[9_000, 9_900][..], true), (&[9_900, 10_001, 5], false), (&[], true)] {
        store.takes.store(10_000, Ordering::SeqCst);
        assert_eq!(place.probe(files).await.is_ok(), status, "{files:?}");
        assert!(store.is_empty().await);
    }
    // What is beyond any record is not tried.
    store.takes.store(usize::MAX, Ordering::SeqCst);
    place.probe(&[u64::MAX]).await.unwrap();
}
