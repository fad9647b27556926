//! The plan: what has to be done so that what is live becomes what is declared.
//!
//! Pure data, made of data by functions without clock, environment, network or randomness: the same inputs make the
//! same plan, byte for byte. The executor and the renderers meet it only in these types.

mod ascending;
mod belief;
mod believed;
mod checks;
mod difference;
mod elsewhere;
mod forget;
mod guards;
mod next_record;
mod on_record;
mod order;
mod precondition;
mod remarks;
mod resolve;
mod rows;
mod seen;
mod step;
mod steps;
mod summary;
mod whereabouts;

use jiff::Timestamp;

use crate::diagnostic::{Note, Problem};
use crate::model::{
    Cents, Desired, DesiredOrder, Foreign, LiveOrder, Observations, OrderId, OrderStatus, Percent, Recorded, Renewal,
};

pub use belief::Belief;
pub use believed::Believed;
pub use guards::{DEFAULT_MAX_CHARGE, DEFAULT_MAX_REMOVAL_PERCENT, DEFAULT_MAX_REMOVALS};
pub use next_record::{INTENT_LIFETIME, NextRecord, Unsettled, is_young};
pub use on_record::OnRecord;
pub use precondition::Precondition;
pub use resolve::{Covered, Resolved, resolve};
pub use rows::Row;
pub use seen::Seen;
pub use step::{DelNpItem, SignatureItem, Step};
pub use summary::{Status, Summary};

/// What a user may say about how to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The moment at which the live state was read; open purchase intents are judged by it.
    pub now: Timestamp,
    /// Whether everything that cannot be read back counts as unknown.
    pub reassert: bool,
    /// The most that the plan may charge, over the manifest's own limit.
    pub max_charge: Option<Cents>,
    /// The most of an order's IPs that may newly be marked to go, over the manifest's own limit.
    pub max_removal_percent: Option<Percent>,
    /// The most IPs that may newly be marked to go, over all orders, over the manifest's own limit.
    pub max_removals: Option<usize>,
    /// Lifts the removal limits and `new_ip` for a plan that newly marks at most so many IPs in all.
    pub allow_removals: Option<usize>,
}

impl Options {
    /// Makes the options of a plan at a moment, with nothing said on the command line.
    pub fn at(now: Timestamp) -> Options {
        Options {
            now,
            reassert: false,
            max_charge: None,
            max_removal_percent: None,
            max_removals: None,
            allow_removals: None,
        }
    }
}

/// What has to be done, order by order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The orders, ascending by id.
    pub orders: Vec<OrderPlan>,
}

/// What has to be done with one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPlan {
    /// The order.
    pub order_id: OrderId,
    /// The live tag.
    pub tag: Option<Foreign>,
    /// Where the order stands with the vendor; `None`: not told.
    pub order_status: Option<OrderStatus>,
    /// Whether it renews by itself; `None`: unknown.
    pub auto_renewal: Option<bool>,
    /// The next renewal.
    pub renewal: Option<Renewal>,
    /// The number of active IPs; `None` where they could not be read.
    pub active_ips: Option<usize>,
    /// The current number of slots; `None` where they were not read.
    pub slots: Option<u32>,
    /// What to do, in the order in which it is done.
    pub steps: Vec<Step>,
    /// What blocks the order.
    pub problems: Vec<Problem>,
    /// Remarks that block nothing.
    pub notes: Vec<Note>,
    /// What is made of what was seen; `None` where the order could not be read, or its record cannot be used.
    pub seen: Option<Seen>,
}

impl OrderPlan {
    /// Makes the plan of an order of which nothing is known yet.
    fn nothing(order_id: OrderId) -> OrderPlan {
        OrderPlan {
            order_id,
            tag: None,
            order_status: None,
            auto_renewal: None,
            renewal: None,
            active_ips: None,
            slots: None,
            steps: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
            seen: None,
        }
    }

    /// Takes what is live, as the reader of the plan sees it.
    fn take_facts(&mut self, live: &LiveOrder) {
        self.tag.clone_from(&live.tag);
        self.order_status.clone_from(&live.detail.status);
        self.auto_renewal = live.detail.auto_renewal;
        self.renewal.clone_from(&live.renewal);
        self.active_ips = Some(live.active.len());
        self.slots = live.slots;
    }
}

/// Returns whether an order's slots have to be read: the manifest needs them, or an open purchase intent does.
pub fn needs_slots(desired: &DesiredOrder, recorded: Option<&Recorded>) -> bool {
    desired.needs_slots() || recorded.is_some_and(|recorded| recorded.purchase.is_some() || recorded.bought.is_some())
}

impl Plan {
    /// Blocks every order that buys, where the wallet holds fewer cents than the plan charges (`wallet_balance` of
    /// `GET /user/api/me`, which may be negative).
    pub fn hold_against_wallet(&mut self, desired: &Desired, wallet_cents: i64) {
        guards::judge_wallet(&mut self.orders, desired, wallet_cents);
    }
}

/// Makes the plan of the orders that are declared and were seen.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use shardctl::diagnostic::{SourceFile, SourceMap};
/// use shardctl::model::{LiveOrder, Observed, Recorded};
/// use shardctl::plan::{self, Options, Step};
///
/// let mut sources = SourceMap::default();
/// sources.add(SourceFile::new("shardctl.yaml", "{version: 1, orders: {48213: {keep: {203.0.113.10: }}}}"));
/// let desired = shardctl::manifest::parse(sources).desired.expect("a valid manifest");
///
/// let ips = ["203.0.113.10", "203.0.113.11"].map(|ip| ip.parse().expect("an address"));
/// let seen = Observed { live: Ok(LiveOrder::of_ips(ips)), recorded: Ok(Recorded::default()) };
/// let observed = BTreeMap::from([("48213".parse().expect("an order id"), seen)]);
///
/// let plan = plan::plan(&desired, &observed, &Options::at("2026-11-23T02:13:00Z".parse().expect("a moment")));
/// assert!(matches!(&plan.orders[0].steps[..], [Step::SetDelNp { items }] if items[1].to));
/// ```
pub fn plan(desired: &Desired, observed: &Observations, options: &Options) -> Plan {
    let orders = observed.iter().filter_map(|(order_id, observed)| {
        let declared = desired.orders.get(order_id)?;
        Some(order::plan_order(*order_id, declared, observed, options))
    });
    let mut orders: Vec<OrderPlan> = orders.collect();
    whereabouts::tell(&mut orders, desired, observed);
    guards::judge(&mut orders, desired, observed, options);
    Plan { orders }
}
