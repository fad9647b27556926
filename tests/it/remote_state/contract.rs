//! What holds of every place that keeps records.

use std::fs;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use object_store::ObjectStore;
use object_store::path::Path;
use shardctl::model::Recorded;
use shardctl::state::{Directory, MAX_RECORD_BYTES, Record, Remote, Store, encode};

use super::{API_URL, Faulty, PLACE, order, recorded, remote};

/// A place, opened twice, and a way to put something into it from outside.
struct Place<'a> {
    store: Box<dyn Store>,
    /// The same place, for another API.
    elsewhere: Box<dyn Store>,
    plant: Box<dyn Fn(&'static str, &'static str) -> BoxFuture<'a, ()> + 'a>,
}

async fn keeps_the_contract(place: Place<'_>) {
    let Place { store, elsewhere, plant } = place;
    let known = |record| match record {
        Record::Known(recorded) => recorded,
        Record::Unusable { message } => panic!("{message}"),
    };
    assert_eq!(known(store.load(order(1)).await.unwrap()), Recorded::default());
    assert_eq!(store.raw(order(1)).await, Ok(None));
    assert_eq!(store.list().await, Ok(vec![]));
    assert_eq!(store.forget(order(1)).await, Ok(false));

    for number in [1, 2] {
        store.save(order(1), &recorded(number)).await.unwrap();
        assert_eq!(known(store.load(order(1)).await.unwrap()), recorded(number));
        let raw = store.raw(order(1)).await.unwrap().unwrap();
        assert_eq!(raw.bytes, encode(order(1), API_URL, &recorded(number)));
    }
    // One that was never read is replaced too.
    store.put_raw(order(20), &encode(order(20), API_URL, &recorded(7))).await.unwrap();
    assert_eq!(known(store.load(order(20)).await.unwrap()), recorded(7));

    for foreign in ["notes.json", "007.json", "3.txt", "4.json.bak", "lock.json", "below/5.json"] {
        plant(foreign, "{}").await;
    }
    assert_eq!(store.list().await, Ok(vec![order(1), order(20)]));

    assert_eq!(store.forget(order(1)).await, Ok(true));
    assert_eq!(store.forget(order(1)).await, Ok(false));
    assert_eq!(known(store.load(order(1)).await.unwrap()), Recorded::default());
    store.save(order(1), &recorded(3)).await.unwrap();
    assert_eq!(known(store.load(order(1)).await.unwrap()), recorded(3));

    plant("6.json", "{\"cut").await;
    match store.load(order(6)).await.unwrap() {
        Record::Unusable { message } => {
            assert!(message.contains("6.json cannot be used: it is damaged"), "{message}");
        }
        Record::Known(_) => panic!("a damaged record was read"),
    }
    assert_eq!(store.raw(order(6)).await.unwrap().unwrap().bytes, b"{\"cut", "it stays as it is");

    match elsewhere.load(order(20)).await.unwrap() {
        Record::Unusable { message } => assert!(message.contains("it belongs to the API at"), "{message}"),
        Record::Known(_) => panic!("the record of another API was read"),
    }
    assert!(store.list().await.unwrap().contains(&order(6)));
}

#[tokio::test]
async fn a_directory_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("states");
    fs::create_dir(&path).unwrap();
    let plant = |name: &'static str, text: &'static str| {
        let file = path.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        std::future::ready(()).boxed()
    };
    keeps_the_contract(Place {
        store: Box::new(Directory::new(&path, API_URL)),
        elsewhere: Box::new(Directory::new(&path, "http://127.0.0.1:4010")),
        plant: Box::new(plant),
    })
    .await;
}

#[tokio::test]
async fn a_bucket_keeps_the_contract() {
    let store = Faulty::new();
    let elsewhere = Arc::clone(&store) as Arc<dyn ObjectStore>;
    keeps_the_contract(Place {
        store: Box::new(remote(&store)),
        elsewhere: Box::new(Remote::new(elsewhere, Path::from("states"), PLACE, "http://127.0.0.1:4010")),
        plant: Box::new(|name, text| store.plant(name, text.as_bytes()).boxed()),
    })
    .await;
}

#[tokio::test]
async fn a_bucket_without_a_prefix_keeps_the_contract_too() {
    let store = Faulty::new();
    let open = |api_url| {
        Box::new(Remote::new(Arc::clone(&store) as Arc<dyn ObjectStore>, Path::default(), "s3://bucket", api_url))
    };
    let plant = |name: &'static str, text: &'static str| {
        let store = Arc::clone(&store);
        async move {
            let text = object_store::PutPayload::from_static(text.as_bytes());
            store.put_opts(&Path::from(name), text, object_store::PutOptions::default()).await.unwrap();
        }
        .boxed()
    };
    keeps_the_contract(Place {
        store: open(API_URL),
        elsewhere: open("http://127.0.0.1:4010"),
        plant: Box::new(plant),
    })
    .await;
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_no_record() {
    let directory = tempfile::tempdir().unwrap();
    let bucket = Faulty::new();
    let limit = usize::try_from(MAX_RECORD_BYTES).unwrap();
    for (order, length) in [(order(1), limit), (order(2), limit + 1)] {
        let name = format!("{order}.json");
        let bytes = vec![b' '; length];
        bucket.plant(&name, &bytes).await;
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    let stores: [Box<dyn Store>; 2] = [Box::new(Directory::new(directory.path(), API_URL)), Box::new(remote(&bucket))];
    for store in stores {
        assert_eq!(store.raw(order(1)).await.unwrap().unwrap().bytes.len(), limit);
        let raw = store.raw(order(2)).await.unwrap_err().to_string();
        assert!(raw.contains("2.json: it is too large to be a record"), "{raw}");
        match store.load(order(2)).await.unwrap() {
            Record::Unusable { message } => assert!(message.contains("it is too large to be a record"), "{message}"),
            Record::Known(_) => panic!("it was read"),
        }
    }
}

#[tokio::test]
async fn the_second_of_two_writers_overwrites_nothing() {
    let store = Faulty::new();
    let (first, second) = (remote(&store), remote(&store));
    // Nothing there when both looked, then something there.
    for (before, after) in [(None, 1), (Some(1), 3)] {
        for reader in [&first, &second] {
            let expected = before.map_or_else(Recorded::default, recorded);
            assert_eq!(reader.load(order(1)).await, Ok(Record::Known(expected)));
        }
        first.save(order(1), &recorded(after)).await.unwrap();
        let refused = second.save(order(1), &recorded(after + 1)).await.unwrap_err().to_string();
        assert!(refused.contains("somebody else changed the state of order 1"), "{refused}");
        assert!(refused.contains(PLACE), "{refused}");
        let again = second.save(order(1), &recorded(after + 1)).await.unwrap_err().to_string();
        assert!(again.contains("somebody else"), "it is no matter of trying twice: {again}");
        assert_eq!(first.load(order(1)).await, Ok(Record::Known(recorded(after))));
        assert_eq!(second.put_raw(order(1), b"{}").await.unwrap_err().to_string(), again);
    }
    // A record that somebody forgot meanwhile is not written anew either.
    assert_eq!(second.load(order(1)).await, Ok(Record::Known(recorded(3))));
    assert_eq!(first.forget(order(1)).await, Ok(true));
    assert!(second.save(order(1), &recorded(9)).await.unwrap_err().to_string().contains("somebody else"));
    assert_eq!(first.list().await, Ok(vec![]));
    // Whoever reads anew may write anew.
    assert_eq!(second.load(order(1)).await, Ok(Record::Known(Recorded::default())));
    second.save(order(1), &recorded(9)).await.unwrap();
}
