//! Orders with many IPs that leave, and with a little of everything else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::document::{Basis, PlanView};
use shardctl::manifest;
use shardctl::model::{
    Cents, Desired, LiveIp, LiveOrder, LiveSignature, Observations, Observed, OrderDetail, OrderId, OrderReport,
    PendingChange, ProxyIp, Quote, Recorded, RecordedSlots, Renewal, Report, Signature, StepResult,
};
use shardctl::plan::{self, Options, OrderPlan, Plan};
use shardctl::render::Shown;
use shardctl::render::markdown::{self, Comment, Commit, Invocation};

/// An order: of its kept IPs the first has a signature that somebody else changed, the second gets its first one, and a
/// slot is bought for it.
pub struct Order {
    pub id: u64,
    /// The IPs that leave, as numbers behind those that are kept.
    pub leaving: Vec<u32>,
    pub kept: u32,
    pub panel: Panel,
}

/// What somebody changed in the vendor's panel.
#[derive(Clone, Copy, PartialEq)]
pub enum Panel {
    /// A signature.
    Signature,
    /// The number of slots and automatic renewal, too, which the manifest declares.
    Declared,
    /// Something scheduled, and of what the manifest does not declare: automatic renewal and a signature.
    NotDeclared,
}

impl Order {
    pub fn new(id: u64) -> Order {
        Order { id, leaving: Vec::new(), kept: 2, panel: Panel::Signature }
    }

    /// Returns the address with a number, far from those of every other order.
    fn ip(&self, number: u32) -> ProxyIp {
        let network = u32::from(Ipv4Addr::new(10, 0, 0, 0)) + self.id as u32 * (1 << 16);
        IpAddr::V4(Ipv4Addr::from(network.wrapping_add(number))).to_string().parse().unwrap()
    }

    fn manifest(&self) -> String {
        let slots = if self.panel == Panel::NotDeclared { 3 } else { 2 };
        let mut text = format!("  {}:\n    tag: eu-{}\n    p0f_slots: {slots}\n    keep:\n", self.id, self.id);
        if self.panel == Panel::Declared {
            text = text.replace("    keep:", "    auto_renewal: true\n    keep:");
        }
        for number in 0..self.kept {
            let signature = ["linux", "win11", ""][number.min(2) as usize];
            let _ = writeln!(text, "      {}: {signature}", self.ip(number));
        }
        text
    }

    fn observed(&self) -> Observed {
        let ips = (0..self.kept).chain(self.leaving.iter().map(|number| self.kept + 1 + number));
        let mut live = LiveOrder::of_ips(ips.map(|number| self.ip(number)));
        live.active.values_mut().for_each(|seen| seen.signature = Some(LiveSignature::None));
        let changed = LiveIp { signature: Some(LiveSignature::Known(Signature::Macos)), ..LiveIp::default() };
        live.active.insert(self.ip(0), changed);
        live.tag = Some(format!("eu-{}", self.id).as_str().into());
        live.renewal = Some(Renewal::parse("2026-12-01"));
        live.slots = Some(1);
        live.quote = Some(Quote { add_qty: 1, price_per_unit: Cents(150), charge: Cents(150) });
        live.detail = OrderDetail { pending: Some(None), ..OrderDetail::default() };
        let signatures = BTreeMap::from([(self.ip(0), Signature::Linux)]);
        let mut recorded = Recorded { signatures, ..Recorded::default() };
        self.change_in_panel(&mut live, &mut recorded);
        Observed { live: Ok(live), recorded: Ok(recorded) }
    }

    fn change_in_panel(&self, live: &mut LiveOrder, recorded: &mut Recorded) {
        if self.panel == Panel::Signature {
            return;
        }
        recorded.auto_renewal = Some(true);
        live.detail.auto_renewal = Some(false);
        recorded.slots = Some(RecordedSlots { qty: 2, pending: None });
        if self.panel == Panel::NotDeclared {
            recorded.slots = Some(RecordedSlots { qty: 4, pending: None });
            (live.slots, live.quote) = (Some(4), None);
            live.detail.pending = Some(Some(PendingChange::Downgrade { next_qty: 1 }));
            recorded.signatures.insert(self.ip(2), Signature::Android);
            let changed = LiveIp { signature: Some(LiveSignature::Known(Signature::Win10)), ..LiveIp::default() };
            live.active.insert(self.ip(2), changed);
        }
    }
}

/// Returns so many numbers, each `gap` above the one before.
pub fn every(gap: u32, count: u32) -> Vec<u32> {
    (0..count).map(|index| index * gap).collect()
}

/// Returns an address as a number.
pub fn number(ip: ProxyIp) -> u32 {
    let IpAddr::V4(address) = ip.address() else { panic!("{ip}") };
    address.into()
}

pub fn order_id(id: u64) -> OrderId {
    OrderId::new(id).unwrap()
}

/// A plan with everything that it is made of.
pub struct World {
    sources: SourceMap,
    desired: Desired,
    observed: Observations,
    options: Options,
}

impl World {
    pub fn of(orders: impl IntoIterator<Item = Order>) -> World {
        let orders: Vec<Order> = orders.into_iter().collect();
        let limits = "version: 1\nlimits: {max_charge_cents: 100000000}\norders:\n";
        let text = orders.iter().fold(limits.to_owned(), |text, order| text + &order.manifest());
        let mut sources = SourceMap::default();
        sources.add(SourceFile::new("prod.yaml", text));
        let manifest = manifest::parse(sources);
        let options =
            Options { allow_removals: Some(usize::MAX), ..Options::at("2026-11-26T10:00:00Z".parse().unwrap()) };
        let observed = orders.iter().map(|order| (order_id(order.id), order.observed())).collect();
        World { sources: manifest.sources, desired: manifest.desired.unwrap(), observed, options }
    }

    /// Makes a world in which so many IPs may not leave.
    pub fn blocked(orders: impl IntoIterator<Item = Order>) -> World {
        let mut world = World::of(orders);
        world.options.allow_removals = None;
        world
    }

    pub fn plan(&self) -> Plan {
        let plan = plan::plan(&self.desired, &self.observed, &self.options);
        assert_eq!(plan.is_blocked(), self.options.allow_removals.is_none(), "{:?}", plan.problems().next());
        plan
    }

    /// Returns the comment of an apply in which all went well but for one order.
    pub fn report(&self, plan: &Plan, failed: OrderId) -> String {
        let World { sources, desired, options, .. } = self;
        let view = PlanView { plan, basis: Basis::Declared(desired), options, sources, api_url: "" };
        let of_order = |order: &OrderPlan| {
            let mut report = OrderReport::not_run(order.order_id, order.steps.len());
            report.changed = true;
            report.results.fill(match order.order_id == failed {
                true => StepResult::Failed { error: "refused".to_owned() },
                false => StepResult::Done,
            });
            report
        };
        let orders = plan.orders.iter().map(of_order).collect();
        let report = Report { orders, blocked: 0, interrupted: false, of_saved_plan: false };
        let comment = Comment::default();
        let mut bytes = Vec::new();
        let shown = Shown { view, verbose: false, shows_all: &comment.shows_all };
        markdown::report(&mut bytes, &shown, &report, &comment).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    pub fn comment(&self, plan: &Plan) -> String {
        let World { sources, desired, options, .. } = self;
        let view = PlanView { plan, basis: Basis::Declared(desired), options, sources, api_url: "" };
        let shows_all = "shardctl plan -v -f prod.yaml".to_owned();
        let comment = Comment {
            commit: Commit::parse("1a2b3c4d5e"),
            manifests: vec!["prod.yaml".to_owned()],
            shows_all,
            ..Comment::default()
        };
        let mut bytes = Vec::new();
        markdown::plan(
            &mut bytes,
            &Shown { view, verbose: false, shows_all: &comment.shows_all },
            Invocation::Plan,
            &comment,
        )
        .unwrap();
        if let Some(directory) = std::env::var_os("REVIEW") {
            let name = format!("{}-{}.md", plan.orders.len(), bytes.len());
            fs::write(Path::new(&directory).join(name), &bytes).unwrap();
        }
        String::from_utf8(bytes).unwrap()
    }
}
