//! What holds of every place that keeps records.

use std::fs;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use object_store::ObjectStore;
use object_store::path::Path;
use shardctl::model::Recorded;
use shardctl::model::UnusableKind;
use shardctl::state::{
    Directory, History, MAX_RECORD_BYTES, MAX_RUN_BYTES, Place, Record, Records, Remote, RunName, StoreErrorKind,
    encode, record_name,
};

use super::{API_URL, Faulty, PLACE, of_api, order, recorded, records, remote};

/// A place, and a way to put something into it from outside.
struct Kept<'a> {
    place: Arc<dyn Place>,
    plant: Box<dyn Fn(&'static str, &'static str) -> BoxFuture<'a, ()> + 'a>,
}

async fn keeps_the_contract(kept: Kept<'_>) {
    keeps_records(&kept).await;
    keeps_runs(&kept).await;
    keeps_nothing_else(&kept).await;
}

async fn keeps_records(Kept { place, plant }: &Kept<'_>) {
    let (records, elsewhere) =
        (Records::new(Arc::clone(place), API_URL), Records::new(Arc::clone(place), "http://127.0.0.1:4010"));
    let known = |record| match record {
        Record::Known(recorded) => recorded,
        Record::Unusable(unusable) => panic!("{unusable}"),
    };
    let unusable = |record| match record {
        Record::Unusable(unusable) => unusable,
        Record::Known(_) => panic!("it was read"),
    };
    assert_eq!(known(records.load(order(1)).await.unwrap()), Recorded::default());
    assert_eq!(records.raw(order(1)).await, Ok(None));
    assert_eq!(records.list().await, Ok(vec![]));
    assert_eq!(records.forget(order(1)).await, Ok(false));

    for number in [1, 2] {
        records.save(order(1), &recorded(number)).await.unwrap();
        assert_eq!(known(records.load(order(1)).await.unwrap()), recorded(number));
        let raw = records.raw(order(1)).await.unwrap().unwrap();
        assert_eq!(raw.bytes, encode(order(1), API_URL, &recorded(number)));
    }
    // One that was never read is replaced too.
    place.write(&record_name(order(20)), &encode(order(20), API_URL, &recorded(7))).await.unwrap();
    assert_eq!(known(records.load(order(20)).await.unwrap()), recorded(7));

    for foreign in ["notes.json", "007.json", "3.txt", "4.json.bak", "lock.json", "below/5.json", "history/5.json"] {
        plant(foreign, "{}").await;
    }
    assert_eq!(records.list().await, Ok(vec![order(1), order(20)]));
    assert_eq!(place.list("").await.unwrap(), ["1.json", "20.json"]);

    assert_eq!(records.forget(order(1)).await, Ok(true));
    assert_eq!(records.forget(order(1)).await, Ok(false));
    assert_eq!(known(records.load(order(1)).await.unwrap()), Recorded::default());
    records.save(order(1), &recorded(3)).await.unwrap();
    assert_eq!(known(records.load(order(1)).await.unwrap()), recorded(3));

    plant("6.json", "{\"cut").await;
    let damaged = unusable(records.load(order(6)).await.unwrap());
    assert!(damaged.message.contains("6.json cannot be used: it is damaged"), "{damaged}");
    assert_eq!((damaged.kind, damaged.can_be_forgotten()), (UnusableKind::Damaged, true));
    assert_eq!(records.raw(order(6)).await.unwrap().unwrap().bytes, b"{\"cut", "it stays as it is");

    let of_another = unusable(elsewhere.load(order(20)).await.unwrap());
    assert!(of_another.message.contains("it belongs to the API at"), "{of_another}");
    assert_eq!((of_another.kind, of_another.can_be_forgotten()), (UnusableKind::OtherApi, false));
    assert!(records.list().await.unwrap().contains(&order(6)));
}

async fn keeps_runs(Kept { place, plant }: &Kept<'_>) {
    let history = History::new(Arc::clone(place));
    assert_eq!(history.list().await, Ok(vec![]), "what is planted there is no run");
    let moment = |text: &str| text.parse::<Timestamp>().unwrap();
    let older =
        history.begin(moment("2026-11-23T02:13:00Z"), |run| format!("{run} begins").into_bytes()).await.unwrap();
    let newer = history.begin(moment("2026-11-24T00:00:00Z"), |_| b"begun".to_vec()).await.unwrap();
    assert!(older.as_str().starts_with("20261123T021300Z-"), "{older}");
    assert_eq!(history.read(&older).await.unwrap().unwrap(), format!("{older} begins").into_bytes());
    history.finish(&newer, b"ended").await.unwrap();
    history.finish(&newer, b"ended, said again").await.unwrap();
    plant("history/20261124T010203Z-0123ab.json", "{\"cut").await;
    plant("history/README.md", "# Runs").await;
    let damaged = RunName::parse("20261124T010203Z-0123ab").unwrap();
    assert_eq!(history.list().await, Ok(vec![damaged.clone(), newer.clone(), older.clone()]));
    let read: Vec<_> = history.read_all().await.unwrap().into_iter().map(|(run, read)| (run, read.unwrap())).collect();
    let expected = [
        (damaged, b"{\"cut".to_vec()),
        (newer, b"ended, said again".to_vec()),
        (older.clone(), format!("{older} begins").into_bytes()),
    ];
    assert_eq!(read, expected);
    assert_eq!(history.read(&RunName::parse("20261124T010203Z-ffffff").unwrap()).await, Ok(None));
    let name = format!("history/{older}.json");
    assert_eq!(place.create(&name, b"again").await.unwrap_err().kind, StoreErrorKind::Conflict);
    assert!(history.name_of(&older).ends_with(&format!("states/{name}")) || !place.describe().ends_with("states"));
    assert!(!place.list("").await.unwrap().iter().any(|name| name.contains("history")), "runs are no records");
}

/// No name leads anywhere but to a record or a run.
async fn keeps_nothing_else(Kept { place, plant }: &Kept<'_>) {
    plant("notes.json", "mine").await;
    for name in
        ["notes.json", "lock.json", "../1.json", "/1.json", "below/5.json", "history/5.json", "history/../1.json"]
    {
        let refusals = [
            place.read(name).await.map(drop),
            place.write(name, b"{}").await,
            place.create(name, b"{}").await,
            place.remove(name).await.map(drop),
        ];
        for refusal in refusals {
            assert_eq!(refusal.map_err(|error| error.kind), Err(StoreErrorKind::BadPlace), "{name}");
        }
    }
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
    keeps_the_contract(Kept { place: Arc::new(Directory::new(&path)), plant: Box::new(plant) }).await;
}

#[tokio::test]
async fn a_bucket_keeps_the_contract() {
    let store = Faulty::new();
    let plant = |name, text: &'static str| store.plant(name, text.as_bytes()).boxed();
    keeps_the_contract(Kept { place: Arc::new(remote(&store)), plant: Box::new(plant) }).await;
}

#[tokio::test]
async fn a_bucket_without_a_prefix_keeps_the_contract_too() {
    let store = Faulty::new();
    let place = Remote::new(Arc::clone(&store) as Arc<dyn ObjectStore>, Path::default(), "s3://bucket");
    let plant = |name: &'static str, text: &'static str| {
        let store = Arc::clone(&store);
        async move {
            let text = object_store::PutPayload::from_static(text.as_bytes());
            store.put_opts(&Path::from(name), text, object_store::PutOptions::default()).await.unwrap();
        }
        .boxed()
    };
    keeps_the_contract(Kept { place: Arc::new(place), plant: Box::new(plant) }).await;
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_neither_read_nor_written() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("history")).unwrap();
    let bucket = Faulty::new();
    let run = |id: u32| format!("history/20261123T021300Z-{id:06x}.json");
    for (limit, name) in
        [(MAX_RECORD_BYTES, &(|id: u32| format!("{id}.json")) as &dyn Fn(u32) -> String), (MAX_RUN_BYTES, &run)]
    {
        let limit = usize::try_from(limit).unwrap();
        for (id, length) in [(1, limit), (2, limit + 1)] {
            let bytes = vec![b' '; length];
            bucket.plant(&name(id), &bytes).await;
            fs::write(directory.path().join(name(id)), bytes).unwrap();
        }
        let places: [Box<dyn Place>; 2] = [Box::new(Directory::new(directory.path())), Box::new(remote(&bucket))];
        for place in places {
            assert_eq!(place.read(&name(1)).await.unwrap().unwrap().bytes.len(), limit);
            let refused = place.read(&name(2)).await.unwrap_err();
            assert_eq!(refused.kind, StoreErrorKind::TooLarge);
            assert!(refused.message.contains(&format!("{}: it is too large to be a r", name(2))), "{refused}");
            let refused = place.write(&name(1), &vec![b' '; limit + 1]).await.unwrap_err();
            assert_eq!(refused.kind, StoreErrorKind::TooLarge);
        }
    }
    for records in [of_api(Directory::new(directory.path())), records(&bucket)] {
        match records.load(order(2)).await.unwrap() {
            Record::Unusable(unusable) => assert!(unusable.can_be_forgotten(), "{unusable}"),
            Record::Known(_) => panic!("it was read"),
        }
        let history = History::new(Arc::clone(records.place()));
        let read: Vec<_> = history.read_all().await.unwrap().into_iter().map(|(_, read)| read.is_ok()).collect();
        assert_eq!(read, [false, true], "one that cannot be read hides no other");
    }
}

#[tokio::test]
async fn the_second_of_two_writers_overwrites_nothing() {
    let store = Faulty::new();
    let (first, second) = (records(&store), records(&store));
    // Nothing there when both looked, then something there.
    for (before, after) in [(None, 1), (Some(1), 3)] {
        for reader in [&first, &second] {
            let expected = before.map_or_else(Recorded::default, recorded);
            assert_eq!(reader.load(order(1)).await, Ok(Record::Known(expected)));
        }
        first.save(order(1), &recorded(after)).await.unwrap();
        let refused = second.save(order(1), &recorded(after + 1)).await.unwrap_err();
        assert_eq!(refused.kind, StoreErrorKind::Conflict);
        assert!(refused.message.contains("somebody else changed the state of order 1"), "{refused}");
        assert!(refused.message.contains(PLACE), "{refused}");
        let again = second.save(order(1), &recorded(after + 1)).await.unwrap_err();
        assert_eq!(again, refused, "it is no matter of trying twice");
        assert_eq!(first.load(order(1)).await, Ok(Record::Known(recorded(after))));
        assert_eq!(second.place().write("1.json", b"{}").await, Err(refused));
    }
    // A record that somebody forgot meanwhile is not written anew either.
    assert_eq!(second.load(order(1)).await, Ok(Record::Known(recorded(3))));
    assert_eq!(first.forget(order(1)).await, Ok(true));
    assert_eq!(second.save(order(1), &recorded(9)).await.unwrap_err().kind, StoreErrorKind::Conflict);
    assert_eq!(first.list().await, Ok(vec![]));
    // Whoever reads anew may write anew.
    assert_eq!(second.load(order(1)).await, Ok(Record::Known(Recorded::default())));
    second.save(order(1), &recorded(9)).await.unwrap();
}
