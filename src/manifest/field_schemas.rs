//! The JSON Schemas of the fields of a manifest.
//!
//! A quoted number is a number to a manifest, and a tag may look like one, so that a field has several types. What an
//! editor says of a wrong text stands in `patternErrorMessage` and `errorMessage`, which those understand that use the
//! YAML language server; others pass them over.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::model::Signature;

pub(super) fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": [1, "1"], "default": 1, "errorMessage": "The version is 1." })
}

/// A whole number up to a largest one, plain or quoted; `pattern` is that of the quoted one.
fn whole_number(most: u64, pattern: &str, message: &str) -> Schema {
    json_schema!({
        "type": ["integer", "string"],
        "minimum": 0,
        "maximum": most,
        "pattern": pattern,
        "patternErrorMessage": message,
        "errorMessage": message,
    })
}

/// Decimal digits without leading zeros, as many as the largest number has.
fn digits(most: u64) -> String {
    format!("^(0|[1-9][0-9]{{0,{}}})$", most.ilog10())
}

fn with(mut schema: Schema, key: &str, value: Value) -> Schema {
    schema.insert(key.to_owned(), value);
    schema
}

pub(super) fn max_charge_cents(_: &mut SchemaGenerator) -> Schema {
    let cents = whole_number(u64::MAX, &digits(u64::MAX), "A whole number of cents, such as 2000 for 20.00.");
    with(with(cents, "default", json!(0)), "examples", json!([2000]))
}

pub(super) fn max_removal_percent(_: &mut SchemaGenerator) -> Schema {
    let percent = whole_number(100, "^(100|[1-9]?[0-9])$", "A whole number from 0 to 100.");
    with(percent, "default", json!(30))
}

pub(super) fn max_removals(_: &mut SchemaGenerator) -> Schema {
    let most = u64::from(u32::MAX);
    let number = whole_number(most, &digits(most), "A whole number, such as 100.");
    with(number, "default", json!(100))
}

pub(super) fn p0f_slots(_: &mut SchemaGenerator) -> Schema {
    let most = u64::from(u32::MAX);
    with(whole_number(most, &digits(most), "A whole number, such as 4."), "examples", json!([4]))
}

pub(super) fn boolean(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["boolean", "string"],
        "pattern": "^(true|True|TRUE|false|False|FALSE)$",
        "patternErrorMessage": "Either true or false.",
        "errorMessage": "Either true or false.",
    })
}

pub(super) fn tag(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "number", "boolean"],
        "minLength": 1,
        "not": { "type": "string", "pattern": "^[Nn][Oo][Nn][Ee]$" },
        "errorMessage": "The order's tag. For an order without one ProxyShard shows none: then leave the line out.",
        "examples": ["eu-scrapers"],
    })
}

const ORDER_ID_PATTERN: &str = "^[1-9][0-9]{0,19}$";

/// The orders by their ids, each as the schema of an order says, or null.
pub(super) fn orders(order: &Schema) -> Schema {
    json_schema!({
        "type": ["object", "null"],
        "propertyNames": {
            "pattern": ORDER_ID_PATTERN,
            "patternErrorMessage": "The id of an order, as ProxyShard shows it: a whole number such as 48213.",
        },
        "patternProperties": {
            ORDER_ID_PATTERN: {
                "title": "order",
                "description":
                    "An order by its id at ProxyShard, and what is declared of it. What is left out is not managed.",
                "anyOf": [order, { "type": "null" }],
            },
        },
    })
}

/// A number of an IPv4 address.
const NUMBER: &str = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

/// Makes the pattern of an IPv4 range from /0 to /31: no bit is set behind the prefix.
fn v4_range_pattern() -> String {
    // The numbers of which so many bits at most are set, the first ones.
    let numbers = |bits: u32| (0..=255).step_by(256 >> bits).map(|number: u32| number.to_string()).collect::<Vec<_>>();
    let of_length = |whole: u32| {
        let length = |bits: u32| {
            let (number, zeros, length) = (numbers(bits).join("|"), 3 - whole, 8 * whole + bits);
            format!(r"({number})(\.0){{{zeros}}}/{length}")
        };
        format!(r"({NUMBER}\.){{{whole}}}({})", (0..8).map(length).collect::<Vec<_>>().join("|"))
    };
    (0..4).map(of_length).collect::<Vec<_>>().join("|")
}

/// Makes the pattern of an address or a range: just the spellings that are read, whether or not an editor knows formats.
///
/// That no bit behind the prefix of an IPv6 range is set is more than a pattern can say.
fn keep_key_pattern() -> String {
    let v4 = format!(r"{NUMBER}(\.{NUMBER}){{3}}");
    let v4_range = v4_range_pattern();
    // Eight groups, or fewer with one `::` in the place of the others. The last two may be an IPv4 address.
    let group = "[0-9A-Fa-f]{1,4}";
    let before = |count: usize| match count {
        0 => "::".to_owned(),
        count => format!("({group}:){{{count}}}:"),
    };
    let short = (0..7).map(|count| format!("{}({group}(:{group}){{0,{}}})?", before(count), 6 - count));
    let short = short.collect::<Vec<_>>().join("|");
    let short_mixed = (0..6).map(|count| format!("{}({group}:){{0,{}}}", before(count), 5 - count));
    let short_mixed = short_mixed.collect::<Vec<_>>().join("|");
    let whole = format!("({group}:){{7}}{group}|({group}:){{7}}:|{short}");
    let v6 = format!("({whole}|(({group}:){{6}}|{short_mixed}){v4})");
    format!("^({v4}(/32)?|{v4_range}|{v6}(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)$")
}

pub(super) fn keep(_: &mut SchemaGenerator) -> Schema {
    let mut signatures: Vec<Option<Signature>> = Signature::ALL.into_iter().map(Some).collect();
    signatures.push(None);
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": {
            "pattern": keep_key_pattern(),
            "patternErrorMessage": "An IP address such as 203.0.113.10, or a CIDR range such as 198.51.100.0/24, in which no bit is set behind the prefix.",
        },
        "additionalProperties": {
            "title": "signature",
            "description": "The operating system that the proxy's fingerprint shows; nothing where it is left alone.",
            "enum": signatures,
            "errorMessage": "One of ios, macos, android, linux, win10 and win11, or nothing to leave it alone.",
            "examples": ["win11", null],
        },
        "examples": [{ "203.0.113.10": "win11", "203.0.113.12": null, "198.51.100.0/24": "linux" }],
    })
}
