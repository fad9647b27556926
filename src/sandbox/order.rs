//! An order of the simulated account, with everything that the vendor knows of it.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::other_addon::OtherAddon;
use super::refusal::Refusal;
use crate::model::{Cents, PendingChange, ProxyIp, Signature};

/// An order with everything that the vendor knows of it, including what its API never tells.
///
/// Written as JSON, it leaves out what is as the account file has it by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    /// The tag that its owner gave it.
    pub tag: Option<String>,
    /// The next renewal, in the words in which the API hands it out.
    pub until: String,
    /// The active slots.
    pub p0f_slots: u32,
    /// The change of the slots at the next renewal.
    pub pending: Option<PendingChange>,
    /// The price of the order's slots in the current period.
    pub addons_price_paid: Cents,
    /// The add-ons beside the slots, by their keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other_addons: BTreeMap<String, OtherAddon>,
    /// What kind of proxies it holds.
    pub kind: Kind,
    /// Whether it is paid for.
    #[serde(skip_serializing_if = "is_default")]
    pub status: OrderStatus,
    /// Whether it renews by itself.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub auto_renewal: bool,
    /// How long a period is.
    #[serde(skip_serializing_if = "is_default")]
    pub cycle: Cycle,
    /// When it was bought, in the words in which the API hands it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The price of one slot as it was at the last purchase.
    #[serde(skip)]
    pub price_per_unit: Cents,
    /// The active IPs.
    pub proxies: BTreeMap<ProxyIp, Proxy>,
}

/// What kind of proxies an order holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Datacenter proxies.
    #[default]
    Datacenter,
    /// ISP proxies.
    Isp,
    /// Residential proxies, which have no list of IPs, no slots, no marks and no signatures.
    Residential,
}

/// Whether an order is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderStatus {
    /// It is.
    #[default]
    Active,
    /// Its period is over; it waits three days to be paid for the next one.
    OnHold,
    /// It is lost, and its IPs with it.
    Cancelled,
}

/// How long a period of an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cycle {
    /// A month of the calendar.
    #[default]
    Monthly,
    /// Fifteen days.
    HalfMonth,
    /// Seven days.
    Weekly,
    /// Three days.
    #[serde(rename = "3-days")]
    ThreeDays,
}

/// An active IP with what the API never tells about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// Its number in the order, which makes its user name.
    #[serde(skip)]
    pub(super) number: usize,
    /// Its signature, which holds a slot.
    pub signature: Option<Signature>,
    /// Whether it leaves at the next renewal.
    pub del_np: bool,
    /// Whether it works.
    #[serde(skip_serializing_if = "is_default")]
    pub status: ProxyStatus,
}

/// Whether an IP works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyStatus {
    /// It does.
    #[default]
    Active,
    /// It is out of service.
    Inactive,
}

/// Returns a price times a number; an amount that no wallet holds stays at the largest one.
pub(super) fn times(price: Cents, count: u32) -> Cents {
    Cents(price.0.saturating_mul(u64::from(count)))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Order {
    /// Counts the slots that signatures hold.
    pub fn slots_held(&self) -> usize {
        self.proxies.values().filter(|proxy| proxy.signature.is_some()).count()
    }

    /// Counts the IPs that stay at the next renewal.
    pub fn quantity(&self) -> usize {
        self.proxies.values().filter(|proxy| !proxy.del_np).count()
    }

    /// Returns the slots from the next renewal on.
    pub fn next_slots(&self) -> u32 {
        self.pending.map_or(self.p0f_slots, PendingChange::next_qty)
    }

    pub(super) fn must_be_active(&self) -> Result<(), Refusal> {
        (self.status == OrderStatus::Active).then_some(()).ok_or_else(Refusal::not_active)
    }

    pub(super) fn must_not_be_cancelled(&self) -> Result<(), Refusal> {
        (self.status != OrderStatus::Cancelled).then_some(()).ok_or_else(Refusal::not_active)
    }

    pub(super) fn must_hold<'a>(&self, mut ips: impl ExactSizeIterator<Item = &'a ProxyIp>) -> Result<(), Refusal> {
        if ips.len() == 0 {
            return Err(Refusal::invalid("items must not be empty"));
        }
        match ips.find(|ip| !self.proxies.contains_key(ip)) {
            Some(ip) => Err(Refusal::invalid(format!("IP {ip} does not belong to this order"))),
            None => Ok(()),
        }
    }

    /// Marks IPs to leave or to stay; one IP at least stays.
    pub(super) fn mark(&mut self, items: &BTreeMap<ProxyIp, bool>) -> Result<(), Refusal> {
        self.must_hold(items.keys())?;
        for (ip, proxy) in &mut self.proxies {
            proxy.del_np = items.get(ip).copied().unwrap_or(proxy.del_np);
        }
        match self.quantity() {
            0 => Err(Refusal::invalid("At least one IP of the order must be kept (keep=0)")),
            _ => Ok(()),
        }
    }

    /// Sets signatures, or takes them away, which only the panel does; a further one needs a free slot.
    pub(super) fn sign(&mut self, items: &BTreeMap<ProxyIp, Option<Signature>>) -> Result<(), Refusal> {
        self.must_hold(items.keys())?;
        let held = self.slots_held();
        for (ip, proxy) in &mut self.proxies {
            proxy.signature = items.get(ip).copied().unwrap_or(proxy.signature);
        }
        self.must_have_slots(held)
    }

    /// Refuses signatures beyond the slots, where some were added to so many.
    pub(super) fn must_have_slots(&self, held_before: usize) -> Result<(), Refusal> {
        let added = self.slots_held().saturating_sub(held_before);
        let slots = self.p0f_slots;
        if added > 0 && held_before + added > slots as usize {
            let message = format!("Not enough slots: {held_before} of {slots} are taken, {added} more needed");
            return Err(Refusal::invalid(message));
        }
        Ok(())
    }

    /// Returns whether the pending change is one that the vendor would have accepted.
    pub(super) fn pending_is_valid(&self) -> bool {
        match self.pending {
            None => true,
            Some(PendingChange::Downgrade { next_qty }) => (1..self.p0f_slots).contains(&next_qty),
            Some(PendingChange::Cancel {}) => self.p0f_slots > 0,
        }
    }

    /// Begins the next period: marked IPs leave, the pending change takes effect, `until` moves on.
    pub(super) fn begin_next_period(&mut self) {
        self.proxies.retain(|_, proxy| !proxy.del_np);
        self.p0f_slots = self.next_slots();
        self.pending = None;
        for addon in self.other_addons.values_mut() {
            *addon = OtherAddon { qty: addon.next_qty(), pending: None, ..*addon };
        }
        self.other_addons.retain(|_, addon| addon.qty > 0);
        self.addons_price_paid = times(self.price_per_unit, self.p0f_slots);
        self.status = OrderStatus::Active;
        if let Some(until) = later(&self.until, self.cycle.length()) {
            self.until = until;
        }
    }

    /// Loses the order and its IPs.
    pub(super) fn cancel(&mut self) {
        self.status = OrderStatus::Cancelled;
        self.proxies.clear();
    }
}

impl Kind {
    /// Returns the name of the product, as the API tells it.
    pub const fn product_name(self) -> &'static str {
        match self {
            Kind::Datacenter => "Datacenter Proxy",
            Kind::Isp => "ISP Proxy",
            Kind::Residential => "Residential Proxy",
        }
    }

    /// Returns the vendor's number of the product.
    pub(super) const fn product_id(self) -> u32 {
        match self {
            Kind::Datacenter => 1,
            Kind::Isp => 2,
            Kind::Residential => 3,
        }
    }
}

impl Cycle {
    /// Returns the vendor's number of the cycle.
    pub(super) const fn id(self) -> u32 {
        match self {
            Cycle::Monthly => 1,
            Cycle::HalfMonth => 2,
            Cycle::Weekly => 3,
            Cycle::ThreeDays => 4,
        }
    }

    fn length(self) -> Span {
        match self {
            Cycle::Monthly => 1.month(),
            Cycle::HalfMonth => 15.days(),
            Cycle::Weekly => 7.days(),
            Cycle::ThreeDays => 3.days(),
        }
    }
}

/// Moves a date on in the form in which it is written; `None` where it is not one.
fn later(until: &str, length: Span) -> Option<String> {
    if let Ok(moment) = until.parse::<Timestamp>() {
        return Some(moment.to_zoned(TimeZone::UTC).checked_add(length).ok()?.timestamp().to_string());
    }
    // A bare date also reads as a date-time: the length tells them apart.
    if until.len() == "2026-12-01".len() {
        return Some(until.parse::<Date>().ok()?.checked_add(length).ok()?.to_string());
    }
    Some(until.parse::<DateTime>().ok()?.checked_add(length).ok()?.to_string())
}
