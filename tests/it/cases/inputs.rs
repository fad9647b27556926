//! The files of a case's folder, as what a plan is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shardctl::api::{ApiError, Endpoint, Stage};
use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::manifest;
use shardctl::model::{
    Cents, Desired, Foreign, LiveIp, LiveOrder, LiveSignature, Observations, Observed, OrderDetail, OrderId,
    OrderStatus, PendingChange, Percent, ProxyIp, Quote, ReadFailure, Recorded, Renewal, UnusableRecord,
};
use shardctl::plan::{self, Options, Plan};
use shardctl::render::problem;
use shardctl::state;

use super::API_URL;

/// Everything that a case's plan is made of.
pub struct Case {
    pub sources: SourceMap,
    pub desired: Desired,
    pub observed: Observations,
    pub options: Options,
    pub wallet_cents: Option<i64>,
    pub verbose: bool,
}

impl Case {
    pub fn read(folder: &Path) -> Case {
        let (sources, desired) = read_manifest(folder);
        let mut records = read_records(folder);
        let reported: BTreeMap<OrderId, Reported> = read_json(&folder.join("live.json"));
        let observed = reported.into_iter().map(|(order_id, reported)| {
            let declared = desired.orders.get(&order_id);
            let declared = declared.unwrap_or_else(|| panic!("{folder:?}: order {order_id} is not declared"));
            let recorded = records.remove(&order_id).unwrap_or_else(|| Ok(Recorded::default()));
            let wanted = declared.p0f_slots.as_ref().map(|slots| slots.value);
            let needs_slots = plan::needs_slots(declared, recorded.as_ref().ok());
            (order_id, Observed { live: reported.into_live(needs_slots, wanted), recorded })
        });
        let observed: Observations = observed.collect();
        assert!(desired.orders.keys().eq(observed.keys()), "{folder:?}: live.json lacks a declared order");
        let CaseOptions {
            now,
            reassert,
            max_charge_cents,
            max_removal_percent,
            max_removals,
            allow_removals,
            wallet_cents,
            verbose,
        } = match folder.join("options.json") {
            path if path.exists() => read_json(&path),
            _ => CaseOptions::default(),
        };
        let options = Options {
            now: now.unwrap_or_else(|| "2026-11-23T02:13:00Z".parse().unwrap()),
            reassert,
            max_charge: max_charge_cents.map(Cents),
            max_removal_percent: max_removal_percent.map(|percent| Percent::new(percent).unwrap()),
            max_removals,
            allow_removals,
        };
        Case { sources, desired, observed, options, wallet_cents, verbose }
    }

    pub fn plan(&self) -> Plan {
        let mut plan = plan::plan(&self.desired, &self.observed, &self.options);
        self.wallet_cents.iter().for_each(|cents| plan.hold_against_wallet(&self.desired, *cents));
        plan
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
    max_removals: Option<usize>,
    allow_removals: Option<usize>,
    wallet_cents: Option<i64>,
    verbose: bool,
}

/// An order of `live.json`: what the API reports of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported {
    Order(Box<ReportedOrder>),
    Error { error: ReportedError },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportedOrder {
    tag: Option<String>,
    until: Option<String>,
    active: ReportedIps,
    #[serde(default)]
    slots: u32,
    /// The price of one slot in cents; without it the API quotes no price.
    price: Option<u64>,
    /// Why the price that it quotes is none.
    bad_price: Option<String>,
    #[serde(default)]
    detail: ReportedDetail,
}

/// The active IPs: a list where the API tells nothing but their addresses, else each with its signature and status.
#[derive(Deserialize)]
#[serde(untagged)]
enum ReportedIps {
    Addresses(BTreeSet<ProxyIp>),
    Items(BTreeMap<ProxyIp, ReportedIp>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportedIp {
    /// `none`, or a word; without it the API does not tell it.
    signature: Option<String>,
    status: Option<String>,
}

/// What the order's detail tells.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ReportedDetail {
    unavailable: Option<String>,
    status: Option<String>,
    auto_renewal: Option<bool>,
    expires_at: Option<String>,
    quantity: Option<u32>,
    slots_used: Option<u32>,
    /// The price of the IPs and of the slots of a period, and of one slot, in cents.
    price_paid: Option<u64>,
    addons_price_paid: Option<u64>,
    slot_price: Option<u64>,
    /// `{"next_qty": 2}`, or `{}` for nothing.
    pending: Option<ReportedPending>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportedPending {
    next_qty: Option<u32>,
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
            renewal: self.detail.expires_at.as_deref().or(self.until.as_deref()).map(Renewal::parse),
            until: self.until.as_deref().map(Renewal::parse),
            slots: needs_slots.then_some(self.slots),
            quote: quote.filter(|_| needs_slots && self.bad_price.is_none()),
            bad_price: self.bad_price.map(Foreign::new),
            detail_unavailable: self.detail.unavailable.clone().map(Foreign::new),
            active: self.active.into_live(),
            detail: self.detail.into_live(),
        }
    }
}

impl ReportedIps {
    fn into_live(self) -> BTreeMap<ProxyIp, LiveIp> {
        let live = |reported: ReportedIp| LiveIp {
            signature: reported.signature.map(|word| match word.parse() {
                Ok(signature) => LiveSignature::Known(signature),
                Err(_) if word == "none" => LiveSignature::None,
                Err(_) => LiveSignature::Other(Box::new(Foreign::new(word))),
            }),
            status: reported.status.map(|status| Box::new(Foreign::new(status))),
        };
        match self {
            ReportedIps::Addresses(ips) => ips.into_iter().map(|ip| (ip, LiveIp::default())).collect(),
            ReportedIps::Items(items) => items.into_iter().map(|(ip, item)| (ip, live(item))).collect(),
        }
    }
}

impl ReportedDetail {
    fn into_live(self) -> OrderDetail {
        OrderDetail {
            status: self.status.as_deref().map(OrderStatus::parse),
            auto_renewal: self.auto_renewal,
            expires_at: self.expires_at.as_deref().map(Renewal::parse),
            quantity: self.quantity,
            slots_used: self.slots_used,
            price_paid: self.price_paid.map(Cents),
            addons_price_paid: self.addons_price_paid.map(Cents),
            slot_price: self.slot_price.map(Cents),
            pending: self.pending.map(|pending| pending.next_qty.map(|next_qty| PendingChange::Downgrade { next_qty })),
            ..OrderDetail::default()
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

fn read_records(folder: &Path) -> BTreeMap<OrderId, Result<Recorded, UnusableRecord>> {
    let Ok(files) = fs::read_dir(folder.join("state")) else { return BTreeMap::new() };
    let record = |path: &Path| {
        let order_id: OrderId = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let bytes = fs::read(path).unwrap();
        let decoded = state::decode(&bytes, order_id, API_URL);
        if let Ok(recorded) = &decoded {
            let written = state::encode(order_id, API_URL, recorded);
            assert!(written == bytes, "{path:?} is not as shardctl writes it:\n{}", String::from_utf8_lossy(&written));
        }
        let unusable = |UnusableRecord { kind, message }| UnusableRecord {
            kind,
            message: format!("the recorded state in shardctl.state/{order_id}.json cannot be used: {message}"),
        };
        (order_id, decoded.map_err(unusable))
    };
    files.map(|file| record(&file.unwrap().path())).collect()
}

fn read_json<T: DeserializeOwned>(path: &Path) -> T {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}
