//! The layout of a record's file: what is written is read again, and what is damaged is said to be.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use proptest::collection::{btree_map, btree_set};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use shardctl::model::UnusableKind;
use shardctl::model::{
    Bought, Foreign, OrderId, PendingChange, ProxyIp, PurchaseIntent, Recorded, RecordedRenewal, RecordedSlots,
    Renewal, RenewalSource, Signature,
};
use shardctl::state::{decode, encode, schema};

const API_URL: &str = "https://user-api.proxyshard.com";
const MOMENT: &str = "2026-11-23T02:13:00Z";

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_is_read_as_it_was_written(recorded in records(), id in 1..=u64::MAX) {
        let order_id = OrderId::new(id).unwrap();
        let bytes = encode(order_id, API_URL, &recorded);
        prop_assert_eq!(decode(&bytes, order_id, API_URL), Ok(recorded.clone()));
        prop_assert_eq!(encode(order_id, API_URL, &recorded), bytes);
    }

    #[test]
    fn no_truncated_record_is_taken_for_a_whole_one(recorded in records(), cut in any::<prop::sample::Index>()) {
        let mut bytes = encode(order_id(), API_URL, &recorded);
        // Without the line break at its end the file is still whole.
        bytes.truncate(cut.index(bytes.len() - 1));
        let error = decode(&bytes, order_id(), API_URL).unwrap_err().message;
        prop_assert!(error.starts_with("it is damaged: EOF while parsing"), "{error}");
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes, order_id(), API_URL).is_err());
    }
}

fn records() -> impl Strategy<Value = Recorded> {
    let ips = || any::<IpAddr>().prop_map(ProxyIp::new);
    let signatures = btree_map(ips(), select(Signature::ALL.to_vec()), 0..6);
    let quantity = || prop_oneof![0..9u32, any::<u32>()];
    let pending = prop_oneof![
        Just(PendingChange::Cancel {}),
        quantity().prop_map(|next_qty| PendingChange::Downgrade { next_qty })
    ];
    let slots = (quantity(), of(pending)).prop_map(|(qty, pending)| RecordedSlots { qty, pending });
    let purchase = (quantity(), quantity(), moments()).prop_map(|(from_qty, add_qty, when)| PurchaseIntent {
        from_qty,
        add_qty: add_qty.max(1),
        when,
    });
    let bought = (quantity(), moments()).prop_map(|(qty, when)| Bought { qty: qty.max(1), when });
    let acknowledged = (signatures, btree_map(ips(), any::<bool>(), 0..6), of(slots), btree_set(ips(), 0..3));
    let seen = (of(any::<bool>()), of(renewals()), any::<bool>(), of(btree_set(ips(), 0..6)), any::<bool>());
    (acknowledged, seen, of(purchase), of(bought)).prop_map(|(acknowledged, seen, purchase, bought)| {
        let (signatures, del_np, slots, mut unknown_signatures) = acknowledged;
        let (auto_renewal, renews_at, pending_asked, ips, signatures_told) = seen;
        unknown_signatures.retain(|ip| !signatures.contains_key(ip));
        Recorded {
            signatures,
            unknown_signatures,
            signatures_told,
            del_np,
            slots,
            auto_renewal,
            renews_at,
            pending_asked,
            ips,
            purchase,
            bought,
        }
    })
}

fn moments() -> impl Strategy<Value = Timestamp> {
    let seconds = Timestamp::MIN.as_second()..Timestamp::MAX.as_second();
    (seconds, 0..1_000_000_000).prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

/// Renewals as they are read: moments, days, and whatever else an API may say.
fn renewals() -> impl Strategy<Value = Box<RecordedRenewal>> {
    let at = prop_oneof![
        moments().prop_map(Renewal::At),
        moments().prop_map(|moment| Renewal::parse(&moment.strftime("%Y-%m-%d").to_string())),
        any::<String>().prop_map(|text| Renewal::parse(&text)),
    ];
    let source = of(select(vec![RenewalSource::ExpiresAt, RenewalSource::Until]));
    (at, source, of(moments())).prop_map(|(at, source, until)| Box::new(RecordedRenewal { at, source, until }))
}

#[test]
fn keys_are_sorted_and_what_is_unknown_is_absent() {
    let ip = |text: &str| text.parse::<ProxyIp>().unwrap();
    let recorded = Recorded {
        signatures: BTreeMap::from([(ip("203.0.113.9"), Signature::Win11), (ip("203.0.113.10"), Signature::Ios)]),
        unknown_signatures: BTreeSet::new(),
        del_np: BTreeMap::from([(ip("2001:db8::7"), true)]),
        slots: Some(RecordedSlots { qty: 4, pending: Some(PendingChange::Downgrade { next_qty: 2 }) }),
        purchase: Some(PurchaseIntent { from_qty: 2, add_qty: 2, when: "2026-11-23T02:13:00Z".parse().unwrap() }),
        ..Recorded::default()
    };
    let expected = r#"{
  "api_url": "https://user-api.proxyshard.com",
  "del_np": {
    "2001:db8::7": true
  },
  "format_version": 1,
  "order_id": 48213,
  "purchase": {
    "add_qty": 2,
    "from_qty": 2,
    "when": "2026-11-23T02:13:00Z"
  },
  "signatures": {
    "203.0.113.10": "ios",
    "203.0.113.9": "win11"
  },
  "slots": {
    "pending": {
      "action": "downgrade",
      "next_qty": 2
    },
    "qty": 4
  }
}
"#;
    assert_eq!(
        String::from_utf8(encode(order_id(), API_URL, &recorded)).unwrap(),
        expected,
        "as the first version did"
    );
    let seen = Recorded {
        auto_renewal: Some(false),
        renews_at: Some(Box::new(RecordedRenewal {
            at: Renewal::parse("2026-12-01"),
            source: Some(RenewalSource::ExpiresAt),
            until: Some("2026-12-02T00:00:00Z".parse().unwrap()),
        })),
        pending_asked: true,
        ips: Some(["203.0.113.10", "203.0.113.9", "2001:db8::7"].map(ip).into()),
        bought: Some(Bought { qty: 4, when: "2026-11-23T02:13:07Z".parse().unwrap() }),
        ..Recorded::default()
    };
    let expected = r#"{
  "api_url": "https://user-api.proxyshard.com",
  "auto_renewal": false,
  "bought": {
    "qty": 4,
    "when": "2026-11-23T02:13:07Z"
  },
  "del_np": {},
  "format_version": 1,
  "ips": [
    "203.0.113.9",
    "203.0.113.10",
    "2001:db8::7"
  ],
  "order_id": 48213,
  "pending_asked": true,
  "purchase": null,
  "renews_at": "2026-12-01T00:00:00Z",
  "renews_at_source": "expires_at",
  "signatures": {},
  "until": "2026-12-02T00:00:00Z"
}
"#;
    assert_eq!(String::from_utf8(encode(order_id(), API_URL, &seen)).unwrap(), expected);
    let nothing = r#"{
  "api_url": "https://user-api.proxyshard.com",
  "del_np": {},
  "format_version": 1,
  "order_id": 48213,
  "purchase": null,
  "signatures": {}
}
"#;
    assert_eq!(String::from_utf8(encode(order_id(), API_URL, &Recorded::default())).unwrap(), nothing);
}

const NEWER: &str = "it has format version 2, and this program reads 1: use the newer shardctl that wrote it";

#[test]
fn damage_is_named() {
    let damaged = |field: &str, value: Value| {
        let mut file = whole();
        file[field] = value;
        decode(file.to_string().as_bytes(), order_id(), API_URL).unwrap_err()
    };
    use UnusableKind::{Damaged, NewerVersion, OtherApi, OtherOrder};
    let table = [
        (damaged("order_id", json!(48977)), OtherOrder, "it is the record of order 48977"),
        (
            damaged("api_url", json!("http://127.0.0.1:4010")),
            OtherApi,
            "it belongs to the API at http://127.0.0.1:4010, not https://user-api.proxyshard.com: check --api-url",
        ),
        (
            damaged("api_url", json!("\u{1b}[31m")),
            OtherApi,
            "it belongs to the API at \\u{1b}[31m, not https://user-api.proxyshard.com: check --api-url",
        ),
        (damaged("format_version", json!(2)), NewerVersion, NEWER),
        (damaged("format_version", json!(0)), Damaged, "it has format version 0, and this program reads 1"),
        (
            damaged("signatures", json!({"203.0.113.300": "win11"})),
            Damaged,
            "it is damaged: `203.0.113.300` is no IP address",
        ),
        (damaged("del_np", json!({"\u{1b}[31m": true})), Damaged, "it is damaged: `\\u{1b}[31m` is no IP address"),
    ];
    for (error, kind, expected) in table {
        assert_eq!((error.message.as_str(), error.kind), (expected, kind));
    }
    let table = [
        (damaged("colour", json!("red")), "it is damaged: unknown field `colour`"),
        (damaged("\u{1b}[31m", json!(1)), "it is damaged: unknown field `\\u{1b}[31m`"),
        (damaged("signatures", json!({"203.0.113.10": "win7"})), "it is damaged: unknown variant `win7`"),
        (damaged("del_np", json!({"203.0.113.10": 1})), "it is damaged: invalid type: integer `1`"),
        (damaged("unknown_signatures", json!(["x"])), "it is damaged: `x` is no IP address"),
        (damaged("unknown_signatures", json!(["203.0.113.10"])), "it is damaged: `203.0.113.10` stands twice"),
        (damaged("unknown_signatures", json!(["::1", "::1"])), "it is damaged: `::1` stands twice"),
        (damaged("del_np", json!([true])), "it is damaged: invalid type: sequence, expected a map"),
        (damaged("format_version", json!("1")), "it is damaged: invalid type: string \"1\""),
        (damaged("order_id", json!(-1)), "it is damaged: invalid value: integer `-1`"),
        (damaged("slots", json!({"pending": null})), "it is damaged: missing field `qty`"),
        (damaged("slots", json!({"qty": 4, "pending": {"action": "grow"}})), "it is damaged: unknown variant `grow`"),
        (damaged("purchase", json!({"from_qty": 2})), "it is damaged: missing field `add_qty`"),
        (damaged("auto_renewal", json!("yes")), "it is damaged: invalid type: string \"yes\", expected a boolean"),
        (damaged("pending_asked", json!(null)), "it is damaged: invalid type: null, expected a boolean"),
        (damaged("renews_at", json!(null)), "it is damaged: the source of a renewal that it does not have"),
        (damaged("renews_at", json!(7)), "it is damaged: invalid type: integer `7`"),
        (damaged("renews_at_source", json!("panel")), "it is damaged: unknown variant `panel`"),
        (damaged("ips", json!(["203.0.113.300"])), "it is damaged: `203.0.113.300` is no IP address"),
        (damaged("ips", json!(["::1", "0::1"])), "it is damaged: `::1` stands twice"),
        (damaged("bought", json!({"qty": 0, "when": MOMENT})), "it is damaged: a purchase that left no slots"),
        (damaged("bought", json!({"qty": 1})), "it is damaged: missing field `when`"),
        (damaged("bought", json!({"qty": 1, "when": MOMENT, "by": "me"})), "it is damaged: unknown field `by`"),
    ];
    for (error, expected) in table {
        assert!(error.message.starts_with(expected) && error.kind == Damaged, "{error:?}");
    }
}

#[test]
fn a_merge_conflict_is_called_one() {
    let whole = format!("{:#}", whole());
    let conflict =
        |marks: &str| decode(whole.replacen("{\n", &format!("{{\n{marks}"), 1).as_bytes(), order_id(), API_URL);
    let both = "<<<<<<< HEAD\r\n  \"order_id\": 7,\r\n=======\r\n>>>>>>> theirs\r\n";
    let error = conflict(both).unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str(), error.can_be_forgotten()),
        (UnusableKind::MergeConflict, "git left a merge conflict in it, at line 2", false)
    );
    for other in ["  <<<<<<< HEAD\n", "<<<<<< HEAD\n", "=======\n"] {
        assert_eq!(conflict(other).unwrap_err().kind, UnusableKind::Damaged, "{other}");
    }
}

#[test]
fn an_ip_that_stands_twice_is_damage() {
    let rows = [
        r#""203.0.113.10": false, "203.0.113.10": true"#,
        r#""203.0.113.10": true, "203.0.113.10": true"#,
        r#""203.0.113.10": false, "::ffff:203.0.113.10": false"#,
        r#""203.0.113.10": false, "203.0.113\u002e10": true"#,
    ];
    for row in rows {
        let file = whole().to_string().replace(r#""203.0.113.10":false"#, row);
        let error = decode(file.as_bytes(), order_id(), API_URL).unwrap_err().message;
        assert!(error.starts_with("it is damaged: `203.0.113.10` stands twice"), "{row}: {error}");
    }
}

#[test]
fn a_newer_version_is_named_whatever_else_is_in_the_file() {
    let newer = json!({"format_version": 7, "orders": [], "api_url": null}).to_string();
    let error = decode(newer.as_bytes(), order_id(), API_URL).unwrap_err().message;
    assert_eq!(error, NEWER.replace('2', "7"));
}

#[test]
fn a_missing_field_is_damage_where_it_cannot_be_unknown() {
    for field in ["api_url", "format_version", "order_id"] {
        let mut file = whole();
        file.as_object_mut().unwrap().remove(field);
        let error = decode(file.to_string().as_bytes(), order_id(), API_URL).unwrap_err().message;
        assert!(error.starts_with(&format!("it is damaged: missing field `{field}`")), "{error}");
    }
    let least = json!({"format_version": 1, "api_url": API_URL, "order_id": 48213}).to_string();
    assert_eq!(decode(least.as_bytes(), order_id(), API_URL), Ok(Recorded::default()));
}

#[test]
fn what_is_written_keeps_to_the_schema() {
    let validator = jsonschema::validator_for(&schema().to_value()).unwrap();
    assert!(validator.is_valid(&whole()));
    assert_eq!(
        schema().get("properties").and_then(Value::as_object).map(|it| it.len()),
        whole().as_object().map(|it| it.len())
    );
    let wrong = [
        json!({"format_version": 2}),
        json!({"order_id": 0}),
        json!({"colour": "red"}),
        json!({"bought": {"qty": 0, "when": MOMENT}}),
        json!({"renews_at_source": "panel"}),
    ];
    for wrong in wrong {
        let mut file = whole();
        file.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert!(!validator.is_valid(&file), "{wrong}");
    }
}

/// A record's file with something in every field.
fn whole() -> Value {
    let ip = |text: &str| text.parse().unwrap();
    let recorded = Recorded {
        signatures: BTreeMap::from([(ip("203.0.113.10"), Signature::Win11)]),
        unknown_signatures: BTreeSet::from([ip("203.0.113.11")]),
        signatures_told: true,
        del_np: BTreeMap::from([(ip("203.0.113.10"), false)]),
        slots: Some(RecordedSlots { qty: 4, pending: Some(PendingChange::Cancel {}) }),
        auto_renewal: Some(true),
        renews_at: Some(Box::new(RecordedRenewal {
            at: Renewal::Unreadable(Foreign::new("soon")),
            source: Some(RenewalSource::Until),
            until: Some(Timestamp::UNIX_EPOCH),
        })),
        pending_asked: true,
        ips: Some(BTreeSet::from([ip("203.0.113.10"), ip("203.0.113.11")])),
        purchase: Some(PurchaseIntent { from_qty: 2, add_qty: 2, when: Timestamp::UNIX_EPOCH }),
        bought: Some(Bought { qty: 4, when: Timestamp::UNIX_EPOCH }),
    };
    serde_json::from_slice(&encode(order_id(), API_URL, &recorded)).unwrap()
}

fn order_id() -> OrderId {
    OrderId::new(48213).unwrap()
}
