//! The layout of a record's file.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::model::{
    Bought, OrderId, ProxyIp, PurchaseIntent, Recorded, RecordedRenewal, RecordedSlots, Renewal, RenewalSource,
    Signature, printable,
};
use crate::model::{UnusableKind, UnusableRecord};

/// The version of the layout that this program reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// What shardctl recorded of one order: the writes that the API acknowledged.
///
/// Fields stand in alphabetical order, and so do all keys, so that a file changes only where its content does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "shardctl state of one order")]
pub struct StateFile {
    /// The API that acknowledged the writes.
    pub api_url: String,
    /// Whether the order renews by itself, as last acknowledged; absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_renewal: Option<bool>,
    /// A purchase that was carried out and that a later run is still to see; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bought: Option<Bought>,
    /// IP to mark: true lets it go at the next renewal. An IP that is missing has an unknown mark.
    #[serde(default, deserialize_with = "each_once")]
    pub del_np: BTreeMap<String, bool>,
    /// The version of this layout.
    #[schemars(extend("const" = 1))]
    pub format_version: u32,
    /// The order's active IPs when its record was last written; absent: never seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ips: Option<Vec<String>>,
    /// The order's id.
    #[schemars(range(min = 1))]
    pub order_id: u64,
    /// Whether a pending change of which nothing was known was asked to be taken back for this renewal; absent: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending_asked: bool,
    /// A purchase that was about to be sent and whose outcome is not recorded.
    #[serde(default)]
    pub purchase: Option<PurchaseIntent>,
    /// The renewal that marks and pending change were recorded for, as the API said it; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_at: Option<String>,
    /// Where that renewal was read; absent: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_at_source: Option<RenewalSource>,
    /// IP to signature. An IP that is missing has an unknown signature, or none, as `signatures_told` says.
    #[serde(default, deserialize_with = "each_once")]
    pub signatures: BTreeMap<String, Signature>,
    /// Whether the API reported the signature of every IP of `ips`, or that it has none: one that is missing from
    /// `signatures` had none then; absent: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signatures_told: bool,
    /// The slots as last acknowledged; absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<RecordedSlots>,
    /// IPs that hold a slot with a signature that is unknown; absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_signatures: Vec<String>,
    /// The earliest `until` of the order's IPs, where that renewal was read elsewhere; absent: not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Option<Timestamp>,
}

/// Returns the JSON Schema of a record's file.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(StateFile)
}

/// Writes a record in the layout of its file.
pub fn encode(order_id: OrderId, api_url: &str, recorded: &Recorded) -> Vec<u8> {
    // Every field is looked at: what is left out here is forgotten for good.
    let Recorded {
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
    } = recorded;
    let file = StateFile {
        api_url: api_url.to_owned(),
        auto_renewal: *auto_renewal,
        bought: *bought,
        del_np: del_np.iter().map(|(ip, mark)| (ip.to_string(), *mark)).collect(),
        format_version: FORMAT_VERSION,
        ips: ips.as_ref().map(texts),
        order_id: order_id.get(),
        pending_asked: *pending_asked,
        purchase: *purchase,
        renews_at: renews_at.as_ref().map(|renewal| renewal.at.raw()),
        renews_at_source: renews_at.as_ref().and_then(|renewal| renewal.source),
        signatures: signatures.iter().map(|(ip, signature)| (ip.to_string(), *signature)).collect(),
        signatures_told: *signatures_told,
        slots: *slots,
        unknown_signatures: texts(unknown_signatures),
        until: renews_at.as_ref().and_then(|renewal| renewal.until),
    };
    // A value's keys are sorted at every depth, those of `purchase` and `slots` included.
    let value = serde_json::to_value(&file).unwrap_or_default();
    let mut text = format!("{value:#}");
    text.push('\n');
    text.into_bytes()
}

/// Lists addresses by their value, not by their letters.
fn texts(addresses: &BTreeSet<ProxyIp>) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// Reads a record's file; the error says what is wrong with it.
pub fn decode(bytes: &[u8], order_id: OrderId, api_url: &str) -> Result<Recorded, UnusableRecord> {
    let file: StateFile = serde_json::from_slice(bytes).map_err(|error| unreadable(bytes, &error))?;
    check_version(file.format_version)?;
    if file.order_id != order_id.get() {
        let message = format!("it is the record of order {}", file.order_id);
        return Err(UnusableRecord::new(UnusableKind::OtherOrder, message));
    }
    if file.api_url != api_url {
        let other = printable(&file.api_url);
        let message = format!("it belongs to the API at {other}, not {api_url}: check --api-url");
        return Err(UnusableRecord::new(UnusableKind::OtherApi, message));
    }
    recorded(file)
}

/// Says why a file is none: that it has another version where it does, since another layout has other fields.
fn unreadable(bytes: &[u8], error: &serde_json::Error) -> UnusableRecord {
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    if let Some(line) = conflict(bytes) {
        let message = format!("git left a merge conflict in it, at line {line}");
        return UnusableRecord::new(UnusableKind::MergeConflict, message);
    }
    let version = serde_json::from_slice(bytes).map(|Version { format_version }| format_version);
    // The words of what reads it repeat keys and values of the file.
    let damaged = || UnusableRecord::damaged(printable(&error.to_string()));
    version.ok().and_then(|version| check_version(version).err()).unwrap_or_else(damaged)
}

/// Returns the line, from 1, at which a merge in git marked where a conflict begins.
fn conflict(bytes: &[u8]) -> Option<usize> {
    bytes.split(|byte| *byte == b'\n').position(|line| line.starts_with(b"<<<<<<<")).map(|index| index + 1)
}

fn check_version(format_version: u32) -> Result<(), UnusableRecord> {
    let version = format!("it has format version {format_version}, and this program reads {FORMAT_VERSION}");
    match format_version {
        FORMAT_VERSION => Ok(()),
        ..FORMAT_VERSION => Err(UnusableRecord::new(UnusableKind::Damaged, version)),
        _ => {
            let message = format!("{version}: use the newer shardctl that wrote it");
            Err(UnusableRecord::new(UnusableKind::NewerVersion, message))
        }
    }
}

/// Takes what a file of the right order and API says.
fn recorded(file: StateFile) -> Result<Recorded, UnusableRecord> {
    if file.purchase.is_some_and(|intent| intent.add_qty == 0) {
        return Err(UnusableRecord::damaged("a purchase of no slots"));
    }
    if file.bought.is_some_and(|bought| bought.qty == 0) {
        return Err(UnusableRecord::damaged("a purchase that left no slots"));
    }
    let signatures = addresses(file.signatures)?;
    let unknown_signatures = set(file.unknown_signatures)?;
    if let Some(ip) = unknown_signatures.iter().find(|ip| signatures.contains_key(ip)) {
        return Err(twice(*ip));
    }
    Ok(Recorded {
        signatures,
        unknown_signatures,
        signatures_told: file.signatures_told,
        del_np: addresses(file.del_np)?,
        slots: file.slots,
        auto_renewal: file.auto_renewal,
        renews_at: renewal(file.renews_at, file.renews_at_source, file.until)?,
        pending_asked: file.pending_asked,
        ips: file.ips.map(set).transpose()?,
        purchase: file.purchase,
        bought: file.bought,
    })
}

fn renewal(
    at: Option<String>,
    source: Option<RenewalSource>,
    until: Option<Timestamp>,
) -> Result<Option<Box<RecordedRenewal>>, UnusableRecord> {
    match at {
        None if source.is_some() || until.is_some() => {
            Err(UnusableRecord::damaged("the source of a renewal that it does not have"))
        }
        at => Ok(at.map(|at| Box::new(RecordedRenewal { at: Renewal::parse(&at), source, until }))),
    }
}

fn twice(ip: ProxyIp) -> UnusableRecord {
    UnusableRecord::damaged(format_args!("`{ip}` stands twice"))
}

fn address(text: &str) -> Result<ProxyIp, UnusableRecord> {
    text.parse().map_err(|_| UnusableRecord::damaged(format_args!("`{}` is no IP address", text.escape_debug())))
}

fn addresses<T>(map: BTreeMap<String, T>) -> Result<BTreeMap<ProxyIp, T>, UnusableRecord> {
    let mut addresses = BTreeMap::new();
    for (ip, value) in map {
        let address = address(&ip)?;
        // Two spellings of one address.
        if addresses.insert(address, value).is_some() {
            return Err(twice(address));
        }
    }
    Ok(addresses)
}

fn set(list: Vec<String>) -> Result<BTreeSet<ProxyIp>, UnusableRecord> {
    let mut addresses = BTreeSet::new();
    for ip in list {
        let address = address(&ip)?;
        if !addresses.insert(address) {
            return Err(twice(address));
        }
    }
    Ok(addresses)
}

/// Reads a map in which no key stands twice: JSON lets the last one count, where a bad merge may have left both.
fn each_once<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct EachOnce<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for EachOnce<T> {
        type Value = BTreeMap<String, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut entries: M) -> Result<Self::Value, M::Error> {
            let mut map = BTreeMap::new();
            while let Some(key) = entries.next_key::<String>()? {
                let value = entries.next_value()?;
                match map.entry(key) {
                    Entry::Vacant(entry) => _ = entry.insert(value),
                    Entry::Occupied(entry) => {
                        return Err(M::Error::custom(format_args!("`{}` stands twice", entry.key().escape_debug())));
                    }
                }
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(EachOnce(PhantomData))
}
