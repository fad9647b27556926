//! The manifest as plain types: for writing manifests, and for the JSON Schema that editors use (see `schema`).
//!
//! Reading goes another way (see the module above), which knows the position of everything.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::field_schemas;
use crate::model::{Desired, DesiredOrder, Keep, Limits, NotARange, OrderId, ProxyIp, ProxyRange, Signature};

/// A manifest of shardctl: the proxy orders at ProxyShard as they shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "shardctl manifest")]
pub struct Document {
    /// The version of the manifest's format. Always 1.
    #[schemars(schema_with = "field_schemas::version")]
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
    #[schemars(schema_with = "field_schemas::max_charge_cents")]
    pub max_charge_cents: Option<u64>,
    /// The most of an order's active IPs, in percent, that one apply may newly mark to go at the renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "field_schemas::max_removal_percent")]
    pub max_removal_percent: Option<u8>,
    /// The most IPs that one apply may newly mark to go at the renewal, over all orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "field_schemas::max_removals")]
    pub max_removals: Option<usize>,
}

/// What is declared of one order. What is left out is not managed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "order")]
pub struct OrderDocument {
    /// The tag that the live order must have. It changes nothing: it guards against a mistyped order id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "field_schemas::tag")]
    pub tag: Option<String>,
    /// The number of paid p0f slots; each signature takes one. More slots are bought at once, fewer take effect at the
    /// next renewal. Without it, the slots are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "field_schemas::p0f_slots")]
    pub p0f_slots: Option<u32>,
    /// Whether the order renews by itself. Without it, the setting is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "field_schemas::boolean")]
    pub auto_renewal: Option<bool>,
    /// Whether active IPs that `keep` does not list are let go at the next renewal.
    #[serde(default = "prune_by_default", skip_serializing_if = "Clone::clone")]
    #[schemars(schema_with = "field_schemas::boolean", extend("default" = true))]
    pub prune: bool,
    /// The IPs to keep, as addresses or CIDR ranges, each with the OS signature that it shall have, or with nothing where
    /// its signature is left alone. The longest prefix decides. Without it, the order's IPs are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "field_schemas::keep")]
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

impl From<&Desired> for Document {
    /// Takes the positions away.
    fn from(desired: &Desired) -> Document {
        let Limits { max_charge_cents, max_removal_percent, max_removals, span } = desired.limits;
        let limits = LimitsDocument {
            max_charge_cents: max_charge_cents.map(|cents| cents.0),
            max_removal_percent: max_removal_percent.map(|percent| percent.of(100) as u8),
            max_removals,
        };
        let orders = desired.orders.iter().map(|(order_id, order)| (*order_id, OrderDocument::from(order)));
        Document { version: 1, limits: span.map(|_| limits), orders: orders.collect() }
    }
}

impl From<&DesiredOrder> for OrderDocument {
    fn from(order: &DesiredOrder) -> OrderDocument {
        let DesiredOrder { span: _, tag, p0f_slots, auto_renewal, prune, keep } = order;
        let listed = |keep: &Keep| {
            let addresses = keep.addresses.iter().map(|(ip, kept)| (KeepKey::Address(*ip), kept.signature));
            let ranges = keep.ranges.iter().map(|(range, kept)| (KeepKey::Range(*range), kept.signature));
            addresses.chain(ranges).collect()
        };
        OrderDocument {
            tag: tag.as_ref().map(|tag| tag.value.raw().to_owned()),
            p0f_slots: p0f_slots.as_ref().map(|slots| slots.value),
            auto_renewal: auto_renewal.as_ref().map(|declared| declared.value),
            prune: *prune,
            keep: keep.as_ref().map(listed),
        }
    }
}

fn prune_by_default() -> bool {
    true
}

fn orders_schema(generator: &mut SchemaGenerator) -> Schema {
    field_schemas::orders(&generator.subschema_for::<OrderDocument>())
}
