//! The simulated account: its state, and the vendor's rules as methods that change all they are asked to, or nothing.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::model::{Cents, OrderId, P0F_SLOTS, PendingChange, ProxyIp, Signature};

/// The vendor's number of the slots in its catalogue (`catalog_id` of an add-on line).
const SLOTS_CATALOG_ID: u32 = 17;

/// An account at the simulated vendor: a wallet and orders.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    #[serde(skip)]
    pub(super) token: String,
    /// What is left to spend.
    pub wallet_cents: Cents,
    /// The price of one slot.
    pub slot_price_cents: Cents,
    /// What was charged since the start, in order.
    pub charges: Vec<Charge>,
    /// The orders by id.
    pub orders: BTreeMap<OrderId, Order>,
}

/// One charge of the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The order that the slots were bought for.
    pub order_id: OrderId,
    /// The slots that were bought.
    pub add_qty: u32,
    /// What was taken from the wallet.
    pub charge_cents: Cents,
}

/// An order with everything that the vendor knows of it, including what its API never tells.
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
    /// What was ever paid for the order's slots.
    pub addons_price_paid: Cents,
    /// What kind of proxies it holds.
    pub kind: Kind,
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
    /// Residential proxies, for which the seven operations are unavailable.
    Residential,
}

/// An active IP with what the API never tells about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// Its position in the order when the account was opened, which makes its user name.
    #[serde(skip)]
    pub(super) number: usize,
    /// Its signature, which holds a slot.
    pub signature: Option<Signature>,
    /// Whether it leaves at the next renewal.
    pub del_np: bool,
}

/// A request that the vendor refuses, with the status and the message of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The `message` of the error body.
    pub message: String,
}

impl Refusal {
    /// Makes a refusal of a status and a message.
    pub fn new(status: u16, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into() }
    }

    /// Makes the refusal of a request that is wrong in itself or breaks a rule of the order.
    pub fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(400, message)
    }
}

/// The vendor's preview of a purchase, in the words of `addons/calculate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    success: bool,
    addon_key: &'static str,
    catalog_id: u32,
    price_per_unit: Cents,
    current_qty: u32,
    add_qty: u32,
    new_qty: u32,
    add_total: Cents,
}

/// A line of an order's `addons`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddonLine {
    addon_key: &'static str,
    catalog_id: u32,
    qty: u32,
    price_per_unit: Cents,
    pending: Option<PendingChange>,
}

impl Account {
    /// Finds the order of `proxies/active`, which answers 403 where it is unavailable.
    pub fn active(&self, id: OrderId) -> Result<&Order, Refusal> {
        let order = self.orders.get(&id).ok_or_else(|| not_found(id))?;
        match order.kind {
            Kind::Residential => Err(Refusal::new(403, "This method is not available for this order")),
            Kind::Datacenter | Kind::Isp => Ok(order),
        }
    }

    fn dc_isp(&self, id: OrderId) -> Result<&Order, Refusal> {
        self.active(id).map_err(|refusal| match refusal.status {
            403 => Refusal::invalid(format!("Order {id} is not DC/ISP")),
            _ => refusal,
        })
    }

    fn dc_isp_mut(&mut self, id: OrderId) -> Result<&mut Order, Refusal> {
        self.dc_isp(id)?;
        self.orders.get_mut(&id).ok_or_else(|| not_found(id))
    }

    /// Marks IPs to leave at the next renewal, or to stay; the last item of an IP counts.
    pub fn set_del_np(&mut self, id: OrderId, items: &BTreeMap<ProxyIp, bool>) -> Result<(), Refusal> {
        let order = self.dc_isp_mut(id)?;
        order.must_hold(items.keys())?;
        let mut marks = order.proxies.iter().map(|(ip, proxy)| items.get(ip).copied().unwrap_or(proxy.del_np));
        if marks.all(|leaves| leaves) {
            return Err(Refusal::invalid("At least one IP of the order must be kept (keep=0)"));
        }
        for (ip, proxy) in &mut order.proxies {
            proxy.del_np = items.get(ip).copied().unwrap_or(proxy.del_np);
        }
        Ok(())
    }

    /// Sets signatures and returns the number of IPs; each IP that had none takes a slot for good.
    pub fn set_signatures(&mut self, id: OrderId, items: &BTreeMap<ProxyIp, Signature>) -> Result<usize, Refusal> {
        let order = self.dc_isp_mut(id)?;
        order.must_hold(items.keys())?;
        if order.p0f_slots == 0 {
            return Err(Refusal::invalid("The p0f_slots add-on is not active on this order"));
        }
        let added =
            order.proxies.iter().filter(|(ip, proxy)| proxy.signature.is_none() && items.contains_key(ip)).count();
        let (held, slots) = (order.slots_held(), order.p0f_slots);
        if added > 0 && held + added > slots as usize {
            return Err(Refusal::invalid(format!(
                "Not enough slots: {held} of {slots} are taken, {added} more needed"
            )));
        }
        for (ip, proxy) in &mut order.proxies {
            proxy.signature = items.get(ip).copied().or(proxy.signature);
        }
        Ok(items.len())
    }

    /// Previews the price of more slots.
    pub fn preview(&self, id: OrderId, add_qty: u32) -> Result<Preview, Refusal> {
        let current_qty = self.dc_isp(id)?.p0f_slots;
        if add_qty < 1 {
            return Err(Refusal::invalid("add_qty must be at least 1"));
        }
        let too_many = || Refusal::invalid("add_qty is too large");
        Ok(Preview {
            success: true,
            addon_key: P0F_SLOTS,
            catalog_id: SLOTS_CATALOG_ID,
            price_per_unit: self.slot_price_cents,
            current_qty,
            add_qty,
            new_qty: current_qty.checked_add(add_qty).ok_or_else(too_many)?,
            add_total: Cents(self.slot_price_cents.0.checked_mul(u64::from(add_qty)).ok_or_else(too_many)?),
        })
    }

    /// Buys slots: charges the wallet at once and leaves a pending change as it is.
    pub fn purchase(&mut self, id: OrderId, add_qty: u32) -> Result<&Order, Refusal> {
        let preview = self.preview(id, add_qty)?;
        let charge_cents = preview.add_total;
        let left = self.wallet_cents.0.checked_sub(charge_cents.0);
        self.wallet_cents = left.map(Cents).ok_or_else(|| Refusal::invalid("Insufficient funds"))?;
        self.charges.push(Charge { order_id: id, add_qty, charge_cents });
        let order = self.dc_isp_mut(id)?;
        order.p0f_slots = preview.new_qty;
        order.addons_price_paid = order.addons_price_paid.plus(charge_cents);
        Ok(order)
    }

    /// Schedules fewer slots from the next renewal on, in place of what was pending.
    pub fn schedule_downgrade(&mut self, id: OrderId, next_qty: u32) -> Result<&Order, Refusal> {
        let order = self.dc_isp_mut(id)?;
        if next_qty < 1 {
            return Err(Refusal::invalid("next_qty must be at least 1"));
        }
        if next_qty >= order.p0f_slots {
            let message = format!("next_qty must be less than the current quantity ({})", order.p0f_slots);
            return Err(Refusal::invalid(message));
        }
        order.pending = Some(PendingChange::Downgrade { next_qty });
        Ok(order)
    }

    /// Takes back the pending change.
    pub fn cancel_downgrade(&mut self, id: OrderId) -> Result<&Order, Refusal> {
        let order = self.dc_isp_mut(id)?;
        if order.pending.take().is_none() {
            return Err(Refusal::invalid("No pending downgrade to cancel"));
        }
        Ok(order)
    }

    /// Plays a renewal: marked IPs leave with their signatures, the pending change takes effect, `until` moves on.
    pub fn renew(&mut self, id: OrderId) -> Result<&Order, Refusal> {
        let order = self.orders.get_mut(&id).ok_or_else(|| not_found(id))?;
        order.proxies.retain(|_, proxy| !proxy.del_np);
        if let Some(change) = order.pending.take() {
            order.p0f_slots = change.next_qty();
        }
        if let Some(until) = a_month_later(&order.until) {
            order.until = until;
        }
        Ok(order)
    }

    /// Lists the add-ons of an order as the answers to writes show them.
    pub(super) fn addons(slot_price: Cents, order: &Order) -> Vec<AddonLine> {
        let line = AddonLine {
            addon_key: P0F_SLOTS,
            catalog_id: SLOTS_CATALOG_ID,
            qty: order.p0f_slots,
            price_per_unit: slot_price,
            pending: order.pending,
        };
        (order.p0f_slots > 0).then_some(line).into_iter().collect()
    }
}

impl Order {
    /// Counts the slots that signatures hold.
    pub fn slots_held(&self) -> usize {
        self.proxies.values().filter(|proxy| proxy.signature.is_some()).count()
    }

    fn must_hold<'a>(&self, mut ips: impl ExactSizeIterator<Item = &'a ProxyIp>) -> Result<(), Refusal> {
        if ips.len() == 0 {
            return Err(Refusal::invalid("items must not be empty"));
        }
        match ips.find(|ip| !self.proxies.contains_key(ip)) {
            Some(ip) => Err(Refusal::invalid(format!("IP {ip} does not belong to this order"))),
            None => Ok(()),
        }
    }
}

fn not_found(id: OrderId) -> Refusal {
    Refusal::new(404, format!("Order {id} not found"))
}

/// Moves a date on by a month in the form in which it is written; `None` where it is not one.
fn a_month_later(until: &str) -> Option<String> {
    let month = 1.month();
    if let Ok(moment) = until.parse::<Timestamp>() {
        return Some(moment.to_zoned(TimeZone::UTC).checked_add(month).ok()?.timestamp().to_string());
    }
    // A bare date also reads as a date-time: the length tells them apart.
    if until.len() == "2026-12-01".len() {
        return Some(until.parse::<Date>().ok()?.checked_add(month).ok()?.to_string());
    }
    Some(until.parse::<DateTime>().ok()?.checked_add(month).ok()?.to_string())
}
