//! An account with its manifest and its records, and what a user does with them.

use std::collections::BTreeMap;
use std::fmt::Write;

use shardctl::diagnostic::{SourceFile, SourceMap};
use shardctl::document::{self, Basis, PlanDocument, PlanView};
use shardctl::manifest;
use shardctl::model::{Desired, DesiredOrder, Observed, OrderId, PendingChange, ProxyIp, Recorded, Signature};
use shardctl::plan::{self, Options, Plan};
use shardctl::render::{Shown, problem, text};

use super::vendor::{Order, SlotsTaken};

/// An account with its manifest and its records.
#[derive(Debug, Clone)]
pub struct World {
    pub orders: BTreeMap<OrderId, Order>,
    pub declared: BTreeMap<OrderId, Declared>,
    pub recorded: BTreeMap<OrderId, Recorded>,
    pub max_charge_cents: Option<u64>,
    pub max_removal_percent: Option<u8>,
    pub options: Options,
}

/// What the manifest says of an order.
#[derive(Debug, Clone)]
pub struct Declared {
    pub tag: Option<String>,
    pub p0f_slots: Option<u32>,
    pub prune: bool,
    pub keep: BTreeMap<ProxyIp, Option<Signature>>,
}

/// A plan with what a user sees of it.
#[derive(Debug, PartialEq)]
pub struct Planned {
    pub plan: Plan,
    pub desired: Desired,
    pub json: Vec<u8>,
    pub text: Vec<u8>,
}

impl World {
    /// Reads the manifest and the account, and makes the plan.
    pub fn plan(&self) -> Planned {
        let (sources, desired) = self.manifest();
        let observed = self.orders.iter().map(|(order_id, order)| {
            let declared: &DesiredOrder = &desired.orders[order_id];
            let recorded = self.recorded.get(order_id).cloned().unwrap_or_default();
            let needs_slots = plan::needs_slots(declared, Some(&recorded));
            let live = order.live(needs_slots, declared.p0f_slots.as_ref().map(|slots| slots.value));
            (*order_id, Observed { live: Ok(live), recorded: Ok(recorded) })
        });
        let plan = plan::plan(&desired, &observed.collect(), &self.options);
        let api_url = "https://user-api.proxyshard.com";
        let view = PlanView {
            plan: &plan,
            basis: Basis::Declared(&desired),
            options: &self.options,
            sources: &sources,
            api_url,
        };
        let (mut json, mut text) = (Vec::new(), Vec::new());
        document::write(&mut json, &PlanDocument::new(&view)).unwrap();
        text::plan(&mut text, &Shown { view, verbose: false, shows_all: "" }).unwrap();
        Planned { plan, desired, json, text }
    }

    /// Carries out a plan as an apply would whose every request is answered.
    pub fn apply(&mut self, plan: &Plan) -> Result<(), SlotsTaken> {
        for order in &plan.orders {
            let seen = order.seen.as_ref().unwrap();
            let mut recorded = seen.next_record.recorded.clone();
            let live = self.orders.get_mut(&order.order_id).unwrap();
            for operation in &order.steps {
                live.carry_out(operation, &mut recorded)?;
            }
            self.recorded.insert(order.order_id, recorded);
        }
        Ok(())
    }

    /// Asserts that all that is declared is so, what is hidden included.
    pub fn assert_declared_holds(&self) {
        for (order_id, declared) in &self.declared {
            let order = &self.orders[order_id];
            assert!(declared.tag.is_none() || declared.tag == order.tag);
            if let Some(wanted) = declared.p0f_slots {
                let pending = (order.slots > wanted).then_some(PendingChange::Downgrade { next_qty: wanted });
                assert!(order.slots >= wanted && order.pending == pending, "{order:?} does not become {wanted} slots");
            }
            for (ip, signature) in &declared.keep {
                let live = order.ips.get(ip).unwrap_or_else(|| panic!("{ip} is not there"));
                assert!(!live.leaves, "{ip} leaves");
                assert!(signature.is_none() || live.signature == *signature, "{ip} has another signature");
            }
            let unlisted = order.ips.iter().filter(|(ip, _)| !declared.keep.contains_key(ip));
            for (ip, live) in unlisted.filter(|_| declared.prune && !declared.keep.is_empty()) {
                assert!(live.leaves, "{ip} stays");
            }
        }
    }

    fn manifest(&self) -> (SourceMap, Desired) {
        let mut sources = SourceMap::default();
        sources.add(SourceFile::new("shardctl.yaml", self.yaml()));
        let manifest = manifest::parse(sources);
        let problems = problem::problems(&manifest.problems, &manifest.sources, false);
        (manifest.sources, manifest.desired.unwrap_or_else(|| panic!("{problems}")))
    }

    fn yaml(&self) -> String {
        let mut yaml = "version: 1\nlimits:\n".to_owned();
        let mut line = |text: String| writeln!(yaml, "{text}").unwrap();
        self.max_charge_cents.into_iter().for_each(|cents| line(format!("  max_charge_cents: {cents}")));
        self.max_removal_percent.into_iter().for_each(|percent| line(format!("  max_removal_percent: {percent}")));
        line("orders:".to_owned());
        for (order_id, Declared { tag, p0f_slots, prune, keep }) in &self.declared {
            line(format!("  {order_id}:\n    prune: {prune}"));
            tag.iter().for_each(|tag| line(format!("    tag: {tag}")));
            p0f_slots.iter().for_each(|slots| line(format!("    p0f_slots: {slots}")));
            (!keep.is_empty()).then(|| line("    keep:".to_owned()));
            for (ip, signature) in keep {
                line(format!("      \"{ip}\": {}", signature.map_or("", Signature::as_str)));
            }
        }
        yaml
    }
}
