//! The JSON Schema of the manifest, as an editor uses it.

use std::net::IpAddr;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use shardctl::manifest::document::KeepKey;
use shardctl::model::NotARange;

use super::agreement::any_ip;
use super::*;
use crate::fuzz::tries;

pub fn validator(check_formats: bool) -> jsonschema::Validator {
    let schema = serde_json::to_value(manifest::schema()).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::options().should_validate_formats(check_formats).build(&schema).unwrap()
}

/// Reads YAML as an editor does for a JSON Schema: every key is a text.
pub fn json_of(yaml: &str) -> Value {
    fn convert(value: serde_yaml::Value) -> Value {
        match value {
            serde_yaml::Value::Mapping(mapping) => {
                let text = |key: serde_yaml::Value| {
                    key.as_str().map_or_else(|| convert(key.clone()).to_string(), str::to_owned)
                };
                Value::Object(mapping.into_iter().map(|(key, value)| (text(key), convert(value))).collect())
            }
            other => serde_json::to_value(other).unwrap(),
        }
    }
    convert(serde_yaml::from_str(yaml).unwrap())
}

#[test]
fn the_schema_takes_what_the_parser_takes() {
    for case in [
        "every-field",
        "null-is-nothing-declared",
        "flow-style",
        "slots-equal-to-signatures",
        "ranges",
        "quoted-is-the-same",
    ] {
        let text = fs::read_to_string(format!("tests/manifest/valid-{case}/shardctl.yaml")).unwrap();
        let instance = json_of(&text);
        for check_formats in [false, true] {
            let errors: Vec<_> =
                validator(check_formats).iter_errors(&instance).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{case}: {errors:?}");
        }
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let order = |order: Value| json!({"version": 1, "orders": {"48213": order}});
    let keep = |ip: &str, signature: Value| order(json!({"keep": {ip: signature}}));
    let wrong = [
        json!({"orders": {"48213": {}}}),
        json!({"version": 2, "orders": {"48213": {}}}),
        json!({"version": 1, "order": {"48213": {}}}),
        json!({"version": 1, "orders": {"048213": {}}}),
        json!({"version": 1, "orders": {"0": {}}}),
        json!({"version": 1, "orders": {"eu": {}}}),
        json!({"version": 1, "limits": {"max_charge": 1}, "orders": {"48213": {}}}),
        json!({"version": 1, "limits": {"max_charge_cents": -1}, "orders": {"48213": {}}}),
        json!({"version": 1, "limits": {"max_removal_percent": 101}, "orders": {"48213": {}}}),
        json!({"version": 1, "limits": {"max_removal_percent": null}, "orders": {"48213": {}}}),
        order(json!({"kep": {}})),
        order(json!({"keep": {}})),
        order(json!({"keep": null})),
        order(json!({"keep": ["203.0.113.10"]})),
        order(json!({"prune": "yes"})),
        order(json!({"prune": null})),
        order(json!({"tag": ""})),
        order(json!({"tag": null})),
        order(json!({"p0f_slots": "04"})),
        order(json!({"p0f_slots": "four"})),
        order(json!({"tag": "none"})),
        order(json!({"tag": "None"})),
        order(json!({"auto_renewal": "on"})),
        order(json!({"auto_renewal": null})),
        order(json!({"p0f_slots": null})),
        order(json!({"p0f_slots": 4_294_967_296_u64})),
        keep("203.0.113.10", json!("windows11")),
        keep("203.0.113.10", json!("")),
        keep("203.0.113.010", json!("win11")),
        keep("203.0.113.256", json!("win11")),
        keep("203.0.113", json!("win11")),
        keep("203.0.113.10.", json!("win11")),
        keep("203.0.113.0/33", json!("win11")),
        keep("203.0.113.0/024", json!("win11")),
        keep("203.0.113/24", json!("win11")),
        keep("2001:db8::/129", json!("win11")),
        keep("2001:db8:7", json!("win11")),
        keep("203.0.113.10:8080", json!("win11")),
        keep("proxy.example.com", json!("win11")),
        keep("[2001:db8::7]", json!("win11")),
        keep("cafe", json!("win11")),
    ];
    for check_formats in [false, true] {
        let validator = validator(check_formats);
        for instance in &wrong {
            assert!(!validator.is_valid(instance), "{instance}");
        }
    }
}

#[test]
fn the_schema_takes_every_spelling_of_an_address() {
    for ip in [
        "0.0.0.0",
        "255.255.255.255",
        "10.0.100.9",
        "::",
        "::1",
        "2001:db8::7",
        "2001:DB8:0:0:0:0:0:7",
        "::ffff:192.0.2.1",
    ] {
        let instance = json!({"version": 1, "orders": {"1": {"keep": {ip: null}}}});
        assert!(validator(false).is_valid(&instance) && validator(true).is_valid(&instance), "{ip}");
    }
}

#[test]
fn the_schema_helps_in_an_editor() {
    let schema = serde_json::to_string_pretty(&manifest::schema()).unwrap();
    snapbox::assert_data_eq!(schema, snapbox::file!["schema.json"].raw());
}

#[test]
fn a_manifest_is_written_as_people_write_it() {
    let keep = [
        ("203.0.113.12", None),
        ("203.0.113.9", Some(Signature::Win11)),
        ("2001:db8::7", Some(Signature::Ios)),
        ("::1", None),
    ];
    let keep = keep.map(|(ip, signature)| (ip.parse().unwrap(), signature)).into_iter().collect();
    let order =
        OrderDocument { tag: Some("eu".to_owned()), p0f_slots: Some(2), keep: Some(keep), ..Default::default() };
    let other = OrderDocument { prune: false, ..Default::default() };
    let orders = [(order_id(48213), order), (order_id(7), other)].into_iter().collect();
    let text = serde_yaml::to_string(&Document { orders, ..Default::default() }).unwrap();
    snapbox::assert_data_eq!(
        text,
        snapbox::str![[r#"
version: 1
orders:
  7:
    prune: false
  48213:
    tag: eu
    p0f_slots: 2
    keep:
      203.0.113.9: win11
      203.0.113.12: null
      ::1: null
      2001:db8::7: ios

"#]]
    );
}

proptest! {
    #![proptest_config(tries(4000))]

    /// Parts of addresses put together at random: most are none, some are.
    #[test]
    fn the_pattern_of_an_address_is_what_is_read(
        parts in vec(prop::sample::select(ADDRESS_PARTS.to_vec()), 1..9),
        bits in prop::option::of("/([0-9]{0,3}|[+-]1|0[0-9])"),
    ) {
        let key = parts.concat() + bits.as_deref().unwrap_or("");
        prop_assert_eq!(key_pattern().is_valid(&json!(key)), can_be_told_right(&key), "{}", key);
    }

    #[test]
    fn every_address_and_range_fits_the_pattern(ip in any_ip(), bits in 0..=32_u8) {
        let mapped = match ip.address() {
            IpAddr::V4(v4) => vec![v4.to_string(), v4.to_ipv6_mapped().to_string(), format!("64:ff9b::{v4}")],
            IpAddr::V6(v6) => vec![v6.to_string(), format!("{:X?}", v6.segments()).replace(", ", ":").replace(['[', ']'], "")],
        };
        for key in mapped.iter().flat_map(|ip| [ip.clone(), format!("{ip}/{bits}")]) {
            prop_assert_eq!(key_pattern().is_valid(&json!(key)), can_be_told_right(&key), "{}", key);
            prop_assert_ne!(key.parse::<KeepKey>(), Err(NotARange::Malformed), "{}", key);
        }
    }
}

/// Returns whether a key is right, as far as a pattern can tell: set bits behind the prefix of an IPv6 range are beyond it.
fn can_be_told_right(key: &str) -> bool {
    match key.parse::<KeepKey>() {
        Ok(_) => true,
        Err(NotARange::Malformed) => false,
        Err(_) => key.contains(':'),
    }
}

const ADDRESS_PARTS: [&str; 18] = [
    ":", ":", ":", "::", "1:", ":2", "0db8", "FFFF:", "f", "12345", "1:2:3:", ":4:5:6", ".", "1.2.3.4", "0.0.255.",
    "256", "01", "9",
];

/// The part of the schema that is about the keys of `keep`.
fn key_pattern() -> &'static jsonschema::Validator {
    static PATTERN: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema = serde_json::to_value(manifest::schema()).unwrap();
        let keys = schema.pointer("/$defs/order/properties/keep/propertyNames").unwrap();
        jsonschema::draft202012::options().build(keys).unwrap()
    });
    &PATTERN
}
