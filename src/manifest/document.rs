//! The manifest as plain types: for writing manifests, and for the JSON Schema that editors use.
//!
//! Reading goes another way (see the module above), which knows the position of everything.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::model::{NotARange, OrderId, ProxyIp, ProxyRange, Signature};

/// A manifest of shardctl: the proxy orders at ProxyShard as they shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "shardctl manifest")]
pub struct Document {
    /// The version of the manifest's format. Always 1.
    #[schemars(schema_with = "version_schema")]
    pub version: u32,
    /// Guard rails for all orders of the manifest. They may stand in one file only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsDocument>,
    /// The orders, each by its id at ProxyShard. An order that is not listed is left alone.
    #[serde(default)]
    #[schemars(schema_with = "orders_schema")]
    pub orders: BTreeMap<OrderId, OrderDocument>,
}

/// Guard rails that are reviewed in git like the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "limits")]
pub struct LimitsDocument {
    /// The most that one apply may charge the wallet, over all orders, in whole cents: 2000 is 20.00. Without it,
    /// nothing is bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "max_charge_cents_schema")]
    pub max_charge_cents: Option<u64>,
    /// The most of an order's active IPs, in percent, that one apply may newly mark to go at the renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "max_removal_percent_schema")]
    pub max_removal_percent: Option<u8>,
    /// The most IPs that one apply may newly mark to go at the renewal, over all orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "max_removals_schema")]
    pub max_removals: Option<usize>,
}

/// What is declared of one order. What is left out is not managed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "order")]
pub struct OrderDocument {
    /// The tag that the live order must have. It changes nothing: it guards against a mistyped order id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tag_schema")]
    pub tag: Option<String>,
    /// The number of paid p0f slots; each signature takes one. More slots are bought at once, fewer take effect at the
    /// next renewal. Without it, the slots are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "p0f_slots_schema")]
    pub p0f_slots: Option<u32>,
    /// Whether the order renews by itself. Without it, the setting is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "auto_renewal_schema")]
    pub auto_renewal: Option<bool>,
    /// Whether active IPs that `keep` does not list are let go at the next renewal.
    #[serde(default = "prune_by_default", skip_serializing_if = "Clone::clone")]
    #[schemars(extend("default" = true))]
    pub prune: bool,
    /// The IPs to keep, as addresses or CIDR ranges, each with the OS signature that it shall have, or with nothing where
    /// its signature is left alone. The longest prefix decides. Without it, the order's IPs are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "keep_schema")]
    pub keep: Option<BTreeMap<KeepKey, Option<Signature>>>,
}

/// A key of `keep`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum KeepKey {
    /// One address.
    Address(ProxyIp),
    /// A CIDR range: every active IP of the order that lies in it and that no longer prefix covers.
    Range(ProxyRange),
}

impl KeepKey {
    /// Returns the address; `None` for a range.
    pub fn address(self) -> Option<ProxyIp> {
        match self {
            KeepKey::Address(ip) => Some(ip),
            KeepKey::Range(_) => None,
        }
    }
}

impl fmt::Display for KeepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeepKey::Address(ip) => ip.fmt(f),
            KeepKey::Range(range) => range.fmt(f),
        }
    }
}

impl FromStr for KeepKey {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(KeepKey::Address).or_else(|_| text.parse().map(KeepKey::Range))
    }
}

impl<'de> Deserialize<'de> for KeepKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Default for Document {
    fn default() -> Document {
        Document { version: 1, limits: None, orders: BTreeMap::new() }
    }
}

impl Default for OrderDocument {
    fn default() -> OrderDocument {
        OrderDocument { tag: None, p0f_slots: None, auto_renewal: None, prune: prune_by_default(), keep: None }
    }
}

fn prune_by_default() -> bool {
    true
}

/// Returns the JSON Schema of a manifest file (draft 2020-12).
pub fn schema() -> Schema {
    let unwrap_lines = RecursiveTransform(unwrap_description);
    let settings = SchemaSettings::draft2020_12().with_transform(unwrap_lines);
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    if let Some(orders) = schema.pointer_mut("/properties/orders").and_then(Value::as_object_mut) {
        // An editor would complete the key with it, and `orders: {}` is no manifest.
        orders.remove("default");
    }
    schema
}

/// Joins the lines of a description, which are broken for the width of the source only.
fn unwrap_description(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

fn version_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "const": 1, "default": 1 })
}

fn max_charge_cents_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0, "maximum": u64::MAX, "default": 0, "examples": [2000] })
}

fn max_removal_percent_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0, "maximum": 100, "default": 30 })
}

fn max_removals_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 100 })
}

fn auto_renewal_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "boolean", "examples": [true] })
}

fn tag_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "examples": ["eu-scrapers"] })
}

fn p0f_slots_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0, "maximum": u32::MAX, "examples": [4] })
}

const ORDER_ID_PATTERN: &str = "^[1-9][0-9]*$";

fn orders_schema(generator: &mut SchemaGenerator) -> Schema {
    let order = generator.subschema_for::<OrderDocument>();
    json_schema!({
        "type": ["object", "null"],
        "propertyNames": { "pattern": ORDER_ID_PATTERN },
        "patternProperties": { ORDER_ID_PATTERN: { "anyOf": [order, { "type": "null" }] } },
        "additionalProperties": false,
    })
}

/// Makes the pattern of an address or a range: just the spellings that are read, whether or not an editor knows formats.
///
/// That no bit behind the prefix of a range is set is more than a pattern can say.
fn keep_key_pattern() -> String {
    let number = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    let v4 = format!(r"{number}(\.{number}){{3}}");
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
    format!("^({v4}(/(3[0-2]|[12]?[0-9]))?|{v6}(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?)$")
}

fn keep_schema(_: &mut SchemaGenerator) -> Schema {
    let mut signatures: Vec<Option<Signature>> = Signature::ALL.into_iter().map(Some).collect();
    signatures.push(None);
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": { "pattern": keep_key_pattern() },
        "additionalProperties": {
            "title": "signature",
            "description": "The operating system that the proxy's fingerprint shows; nothing where it is left alone.",
            "enum": signatures,
            "examples": ["win11", null],
        },
        "examples": [{ "203.0.113.10": "win11", "203.0.113.12": null, "198.51.100.0/24": "linux" }],
    })
}
