//! What an editor marks wrong, `validate` finds wrong, and the other way round.
//!
//! Manifests are put together of words that people write, right and wrong ones. What a schema cannot tell is left out
//! of them: two keys that are the same, a sum over several lines, a number in another spelling than decimal digits
//! (`0x4`, `4.0`), which reaches a schema as the number itself, and a set bit behind the prefix of an IPv6 range.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::schema::{json_of, validator};
use super::*;
use crate::fuzz::tries;

const BOOLEANS: [&str; 14] = [
    "true", "false", "True", "FALSE", "\"true\"", "'False'", "yes", "\"no\"", "on", "1", "null", "\"\"", "[]", "{a: b}",
];
const NUMBERS: [&str; 20] = [
    "0", "1", "4", "\"4\"", "'0'", "100", "\"100\"", "101", "'101'", "1000", "-1", "\"-1\"", "04", "\"04\"", "1_000",
    "four", "4.5", "\"4.0\"", "null", "[4]",
];
const LARGE: [&str; 6] =
    ["4294967295", "4294967296", "18446744073709551615", "\"184467440737095516150\"", "\"4294967295\"", "30%"];
const TAGS: [&str; 16] = [
    "eu",
    "\"eu\"",
    "7",
    "1.5",
    "true",
    "\"null\"",
    "null",
    "~",
    "\"\"",
    "none",
    "\"None\"",
    "'NONE'",
    "nones",
    "[eu]",
    "{eu: us}",
    "2026-12-01",
];
const KEYS: [&str; 21] = [
    "203.0.113.1",
    "\"203.0.113.2\"",
    "2001:db8::1",
    "198.51.100.0/24",
    "198.51.100.7/24",
    "10.0.0.192/26",
    "10.0.0.96/26",
    "172.16.0.0/12",
    "172.8.0.0/12",
    "0.0.0.0/0",
    "'2001:db8::/32'",
    "203.0.113.256",
    "203.0.113.01",
    "203.0.113.3:80",
    "203.0.113",
    "proxy.example.com",
    "10.0.0.0/33",
    "10.0.0.0/024",
    "2001:db8:1",
    "7",
    "~",
];
const SIGNATURES: [&str; 12] =
    ["win11", "\"ios\"", "'android'", "", "null", "~", "\"null\"", "\"\"", "Win11", "windows", "true", "[win11]"];
const ORDER_IDS: [&str; 10] =
    ["48213", "\"48214\"", "1", "18446744073709551615", "0", "048215", "eu", "-1", "1.5", "\"184467440737095516150\""];
const VERSIONS: [&str; 8] = ["1", "\"1\"", "'1'", "2", "\"2\"", "null", "one", "[1]"];
const NO_MAPPINGS: [&str; 5] = ["", "null", "{}", "5", "[]"];

/// A field that stands there or not: mostly with a word that is right somewhere.
fn field(name: &'static str, words: &[&'static str]) -> impl Strategy<Value = Option<String>> + use<> {
    option::weighted(0.3, select(words.to_vec()).prop_map(move |word| format!("{name}: {word}")))
}

/// A mapping in flow style, or something in its place.
fn mapping(entries: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = String> {
    let whole = entries.prop_map(|entries| format!("{{{}}}", entries.join(", ")));
    prop_oneof![9 => whole, 1 => select(NO_MAPPINGS.to_vec()).prop_map(str::to_owned)]
}

/// Entries of which no two have the same key, whatever its quotes.
fn entries(keys: &[&'static str], values: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    vec((select(keys.to_vec()), values), 1..3).prop_map(|entries| {
        let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
        entries.sort_by_key(|entry| entry.split(": ").next().map(str::to_owned));
        entries.dedup_by_key(|entry| entry.split(": ").next().map(str::to_owned));
        entries
    })
}

fn any_order() -> impl Strategy<Value = String> {
    let signature = select(SIGNATURES.to_vec()).prop_map(str::to_owned);
    let keep = option::weighted(0.6, mapping(entries(&KEYS, signature)).prop_map(|keep| format!("keep: {keep}")));
    let slots = [&NUMBERS[2..4], &NUMBERS[5..], &LARGE].concat();
    let fields = (
        field("tag", &TAGS),
        field("p0f_slots", &slots),
        field("auto_renewal", &BOOLEANS),
        field("prune", &BOOLEANS),
        option::weighted(0.03, Just("kep: {}".to_owned())),
        keep,
    );
    mapping(fields.prop_map(|(tag, slots, renewal, prune, unknown, keep)| {
        [tag, slots, renewal, prune, unknown, keep].into_iter().flatten().collect()
    }))
}

fn any_manifest() -> impl Strategy<Value = String> {
    let numbers = [&NUMBERS[..], &LARGE].concat();
    let limits =
        (field("max_charge_cents", &numbers), field("max_removal_percent", &NUMBERS), field("max_removals", &numbers));
    let limits = mapping(
        limits.prop_map(|(cents, percent, removals)| [cents, percent, removals].into_iter().flatten().collect()),
    );
    let orders = mapping(entries(&ORDER_IDS, any_order()));
    let version = prop_oneof![9 => Just("1"), 1 => select(VERSIONS.to_vec())];
    (version, option::weighted(0.3, limits), orders).prop_map(|(version, limits, orders)| {
        let limits = limits.map(|limits| format!("limits: {limits}\n")).unwrap_or_default();
        format!("version: {version}\n{limits}orders: {orders}\n")
    })
}

proptest! {
    #![proptest_config(tries(4000))]

    #[test]
    fn an_editor_and_validate_agree(text in any_manifest()) {
        let manifest = parsed(&text);
        // An editor knows one file of perhaps several.
        let wrong = manifest.problems.iter().any(|problem| problem.message != "the manifest declares no order");
        static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| validator(true));
        let marks: Vec<_> = SCHEMA.iter_errors(&json_of(&text)).map(|error| error.to_string()).collect();
        prop_assert_eq!(!marks.is_empty(), wrong, "{}\n{:?}\n{:?}", text, marks, manifest.problems);
    }
}
