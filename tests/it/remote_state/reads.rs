//! How much is read.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use shardctl::model::Recorded;
use shardctl::state::{History, Record};

use super::{Faulty, order, recorded, records};

#[tokio::test]
async fn records_are_read_once_each_and_side_by_side() {
    let store = Faulty::new();
    let bucket = records(&store);
    for id in (1..=1000).step_by(2) {
        bucket.save(order(id), &recorded(1)).await.unwrap();
    }
    let bucket = Arc::new(records(&store));
    store.gets.store(0, Ordering::SeqCst);
    *store.delay.lock().unwrap() = Duration::from_millis(2);
    let reads = stream::iter(1..=1000).map(|id| {
        let bucket = &bucket;
        async move { (id, bucket.load(order(id)).await.unwrap()) }
    });
    let read: Vec<_> = reads.buffer_unordered(16).collect().await;
    for (id, record) in read {
        let expected = if id % 2 == 1 { recorded(1) } else { Recorded::default() };
        assert_eq!(record, Record::Known(expected));
    }
    assert_eq!(store.gets.load(Ordering::SeqCst), 1000);
    assert_eq!(store.lists.load(Ordering::SeqCst), 0);
    assert_eq!(store.most_under_way.load(Ordering::SeqCst), 16);
    // A save behind a read needs no further read.
    bucket.save(order(1), &recorded(2)).await.unwrap();
    bucket.save(order(2), &recorded(2)).await.unwrap();
    assert_eq!(store.gets.load(Ordering::SeqCst), 1000);
}

#[tokio::test]
async fn a_thousand_runs_are_listed_once_and_read_side_by_side() {
    let store = Faulty::new();
    for id in 0..1000 {
        store.plant(&format!("history/20261123T021300Z-{id:06x}.json"), b"{}").await;
    }
    *store.delay.lock().unwrap() = Duration::from_millis(2);
    let history = History::new(Arc::clone(records(&store).place()));
    let runs = history.read_all().await.unwrap();
    assert!(runs.is_sorted_by(|(one, _), (other, _)| one > other), "newest first");
    assert_eq!((runs.len(), store.gets.load(Ordering::SeqCst), store.lists.load(Ordering::SeqCst)), (1000, 1000, 1));
    assert_eq!(store.most_under_way.load(Ordering::SeqCst), 16);
}
