//! Which URLs name a place.

use shardctl::state::{Remote, StoreError, StoreErrorKind};

#[test]
fn what_is_no_place_is_refused_without_its_secrets() {
    let credentials = "--state: the URL must not hold credentials; they come from the environment";
    let rows = [
        ("s3://bucket:port/x", "--state: the URL cannot be read"),
        ("s3://hunter2@bucket/x", credentials),
        ("s3://:hunter2@bucket/x", credentials),
        ("az://container/x?sig=hunter2", credentials),
        ("gs:///states", "--state gs:///states: the URL names no bucket"),
        ("ftp://bucket/x", "--state: ftp:// is no place for the state: use a directory, s3://, gs:// or az://"),
    ];
    for (url, expected) in rows {
        let refused = Remote::open(url).map(drop).expect_err(url);
        assert_eq!(refused, StoreError::new(StoreErrorKind::BadPlace, expected));
    }
}
