//! The files of a case's folder, as what a plan is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shardctl::api::{ApiError, Endpoint, Stage};
use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::live::LiveOrders;
use shardctl::manifest;
use shardctl::model::{
    Cents, Desired, Foreign, LiveOrder, OrderId, Percent, ProxyIp, Quote, ReadFailure, Recorded, Renewal,
};
use shardctl::plan::{self, Options};
use shardctl::render::problem;
use shardctl::state;

use super::API_URL;

/// Everything that a case's plan is made of.
pub struct Case {
    pub sources: SourceMap,
    pub desired: Desired,
    pub live: LiveOrders,
    pub recorded: BTreeMap<OrderId, Result<Recorded, String>>,
    pub options: Options,
    pub verbose: bool,
}

impl Case {
    pub fn read(folder: &Path) -> Case {
        let (sources, desired) = read_manifest(folder);
        let recorded = read_records(folder);
        let reported: BTreeMap<OrderId, Reported> = read_json(&folder.join("live.json"));
        let live = reported.into_iter().map(|(order_id, reported)| {
            let declared = desired.orders.get(&order_id);
            let declared = declared.unwrap_or_else(|| panic!("{folder:?}: order {order_id} is not declared"));
            let record = recorded.get(&order_id).and_then(|record| record.as_ref().ok());
            let wanted = declared.p0f_slots.as_ref().map(|slots| slots.value);
            (order_id, reported.into_live(plan::needs_slots(declared, record), wanted))
        });
        let live: LiveOrders = live.collect();
        assert!(desired.orders.keys().eq(live.keys()), "{folder:?}: live.json lacks a declared order");
        let CaseOptions { now, reassert, max_charge_cents, max_removal_percent, allow_removals, verbose } =
            match folder.join("options.json") {
                path if path.exists() => read_json(&path),
                _ => CaseOptions::default(),
            };
        let options = Options {
            now: now.unwrap_or_else(|| "2026-11-23T02:13:00Z".parse().unwrap()),
            reassert,
            max_charge: max_charge_cents.map(Cents),
            max_removal_percent: max_removal_percent.map(|percent| Percent::new(percent).unwrap()),
            allow_removals,
        };
        Case { sources, desired, live, recorded, options, verbose }
    }
}

/// `options.json`: what the command line says, and when.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CaseOptions {
    now: Option<Timestamp>,
    reassert: bool,
    max_charge_cents: Option<u64>,
    max_removal_percent: Option<u8>,
    allow_removals: Option<usize>,
    verbose: bool,
}

/// An order of `live.json`: what the API reports of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported {
    Order(ReportedOrder),
    Error { error: ReportedError },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportedOrder {
    tag: Option<String>,
    until: Option<String>,
    active: BTreeSet<ProxyIp>,
    #[serde(default)]
    slots: u32,
    /// The price of one slot in cents; without it the API quotes no price.
    price: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportedError {
    status: u16,
    message: String,
    /// Whether it is of the shape that the API gives its errors.
    #[serde(default = "yes")]
    from_api: bool,
}

fn yes() -> bool {
    true
}

impl Reported {
    fn into_live(self, needs_slots: bool, wanted: Option<u32>) -> Result<LiveOrder, ReadFailure> {
        match self {
            Reported::Order(order) => Ok(order.into_live(needs_slots, wanted)),
            Reported::Error { error } => Err(error.into_failure()),
        }
    }
}

impl ReportedOrder {
    fn into_live(self, needs_slots: bool, wanted: Option<u32>) -> LiveOrder {
        let missing = wanted.unwrap_or(0).saturating_sub(self.slots);
        let quote = self.price.filter(|_| missing > 0).map(|price| Quote {
            add_qty: missing,
            price_per_unit: Cents(price),
            charge: Cents(price * u64::from(missing)),
        });
        LiveOrder {
            tag: self.tag.map(Foreign::new),
            renewal: self.until.as_deref().map(Renewal::parse),
            slots: needs_slots.then_some(self.slots),
            quote: quote.filter(|_| needs_slots),
            ..LiveOrder::of_ips(self.active)
        }
    }
}

impl ReportedError {
    fn into_failure(self) -> ReadFailure {
        let ReportedError { status, message, from_api } = self;
        let stage = Stage::Refused { status, message: message.into(), from_api, retry_after: None };
        let message = Foreign::new(ApiError::once(Endpoint::ActiveProxies, stage).to_string());
        match status {
            403 => ReadFailure::Unavailable { message, from_api },
            404 => ReadFailure::NotFound { message, from_api },
            _ => ReadFailure::Failed { message },
        }
    }
}

fn read_manifest(folder: &Path) -> (SourceMap, Desired) {
    let text = fs::read_to_string(folder.join("manifest.yaml")).unwrap();
    assert!(text.starts_with("# "), "{folder:?}: the manifest does not say what the case shows");
    let mut sources = SourceMap::default();
    sources.add(SourceFile::new("manifest.yaml", text));
    let manifest = manifest::parse(sources);
    let problems = problem::problems(&manifest.problems, &manifest.sources, false);
    (manifest.sources, manifest.desired.unwrap_or_else(|| panic!("{folder:?}: {problems}")))
}

fn read_records(folder: &Path) -> BTreeMap<OrderId, Result<Recorded, String>> {
    let Ok(files) = fs::read_dir(folder.join("state")) else { return BTreeMap::new() };
    let record = |path: &Path| {
        let order_id: OrderId = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let bytes = fs::read(path).unwrap();
        let decoded = state::decode(&bytes, order_id, API_URL);
        if let Ok(recorded) = &decoded {
            let written = state::encode(order_id, API_URL, recorded);
            assert!(written == bytes, "{path:?} is not as shardctl writes it:\n{}", String::from_utf8_lossy(&written));
        }
        let unusable =
            |reason| format!("the recorded state in shardctl.state/{order_id}.json cannot be used: {reason}");
        (order_id, decoded.map_err(unusable))
    };
    files.map(|file| record(&file.unwrap().path())).collect()
}

fn read_json<T: DeserializeOwned>(path: &Path) -> T {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}
