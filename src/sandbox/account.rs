//! The simulated account: its state, and the vendor's rules as methods that change all they are asked to, or nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::charge::{Charge, RenewalCharge};
use super::order::{Kind, Order, OrderStatus, times};
use super::refusal::Refusal;
use super::tells::Tells;
use crate::model::{Cents, OrderId, P0F_SLOTS, PendingChange, ProxyIp, Signature};

/// The vendor's number of the slots in its catalogue (`catalog_id` of an add-on line).
pub(super) const SLOTS_CATALOG_ID: u32 = 17;
/// The vendor's number of every other add-on.
pub(super) const OTHER_CATALOG_ID: u32 = 18;

/// An account at the simulated vendor: a wallet and orders.
///
/// Written as JSON, it leaves out what is as the account file has it by default.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    #[serde(skip)]
    pub(super) token: String,
    /// The address of its owner, which the API tells and nobody shall show.
    #[serde(skip)]
    pub email: String,
    /// What the API tells.
    #[serde(skip)]
    pub tells: Tells,
    /// What is left to spend.
    pub wallet_cents: Cents,
    /// The price of one slot.
    pub slot_price_cents: Cents,
    /// The price of one proxy for a period. Where it is 0, renewals charge nothing at all, the slots included.
    #[serde(skip_serializing_if = "is_free")]
    pub proxy_price_cents: Cents,
    /// What purchases charged since the start, in order.
    pub charges: Vec<Charge>,
    /// What renewals charged since the start, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renewals: Vec<RenewalCharge>,
    /// The orders by id.
    pub orders: BTreeMap<OrderId, Order>,
    /// Each order as it was before its last change, for reads that are behind.
    #[serde(skip)]
    pub(super) before: BTreeMap<OrderId, Order>,
}

fn is_free(price: &Cents) -> bool {
    price.0 == 0
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

impl Account {
    /// Finds an order of any kind.
    pub fn order(&self, id: OrderId) -> Result<&Order, Refusal> {
        self.orders.get(&id).ok_or_else(|| Refusal::not_found(id))
    }

    /// Finds an order as a read sees it: as it is, or, where the read is behind, as it was before its last change.
    pub(super) fn seen(&self, id: OrderId, behind: bool) -> Result<&Order, Refusal> {
        let now = self.order(id)?;
        Ok(self.before.get(&id).filter(|_| behind).unwrap_or(now))
    }

    /// Counts the orders that are active.
    pub fn active_orders(&self) -> usize {
        self.orders.values().filter(|order| order.status == OrderStatus::Active).count()
    }

    /// Changes an order: all that is asked, or nothing where it is refused half way.
    pub(super) fn change<T>(
        &mut self,
        id: OrderId,
        work: impl FnOnce(&mut Order) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let order = self.orders.get_mut(&id).ok_or_else(|| Refusal::not_found(id))?;
        let mut changed = order.clone();
        let done = work(&mut changed)?;
        if *order != changed {
            self.before.insert(id, std::mem::replace(order, changed));
        }
        Ok(done)
    }

    /// Changes an order by an operation, which must be one of datacenter or ISP proxies and not lost.
    fn write<T>(&mut self, id: OrderId, work: impl FnOnce(&mut Order) -> Result<T, Refusal>) -> Result<T, Refusal> {
        must_be_dc_isp(id, self.order(id)?)?;
        self.change(id, |order| {
            order.must_not_be_cancelled()?;
            work(order)
        })
    }

    /// Marks IPs to leave at the next renewal, or to stay; the last item of an IP counts.
    pub fn set_del_np(&mut self, id: OrderId, items: &BTreeMap<ProxyIp, bool>) -> Result<(), Refusal> {
        self.write(id, |order| order.mark(items))
    }

    /// Sets signatures and returns the number of IPs; each IP that had none takes a slot for good.
    pub fn set_signatures(&mut self, id: OrderId, items: &BTreeMap<ProxyIp, Signature>) -> Result<usize, Refusal> {
        let items: BTreeMap<_, _> = items.iter().map(|(ip, signature)| (*ip, Some(*signature))).collect();
        self.write(id, |order| {
            order.must_hold(items.keys())?;
            if order.p0f_slots == 0 {
                return Err(Refusal::invalid("The p0f_slots add-on is not active on this order"));
            }
            order.sign(&items)
        })?;
        Ok(items.len())
    }

    /// Previews the price of more slots for an order, which must be active.
    pub fn preview(&self, id: OrderId, add_qty: u32) -> Result<Preview, Refusal> {
        self.preview_for(id, self.order(id)?, add_qty)
    }

    pub(super) fn preview_for(&self, id: OrderId, order: &Order, add_qty: u32) -> Result<Preview, Refusal> {
        must_be_dc_isp(id, order)?;
        order.must_be_active()?;
        if add_qty < 1 {
            return Err(Refusal::invalid("add_qty must be at least 1"));
        }
        let current_qty = order.p0f_slots;
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
        let left = left.map(Cents).ok_or_else(|| Refusal::invalid("Insufficient funds"))?;
        self.write(id, |order| {
            order.p0f_slots = preview.new_qty;
            order.price_per_unit = preview.price_per_unit;
            order.addons_price_paid = order.addons_price_paid.plus(charge_cents);
            Ok(())
        })?;
        self.wallet_cents = left;
        self.charges.push(Charge { order_id: id, add_qty, charge_cents });
        self.order(id)
    }

    /// Schedules fewer slots from the next renewal on, in place of what was pending.
    pub fn schedule_downgrade(&mut self, id: OrderId, next_qty: u32) -> Result<&Order, Refusal> {
        self.write(id, |order| {
            if next_qty < 1 {
                return Err(Refusal::invalid("next_qty must be at least 1"));
            }
            if next_qty >= order.p0f_slots {
                let message = format!("next_qty must be less than the current quantity ({})", order.p0f_slots);
                return Err(Refusal::invalid(message));
            }
            order.pending = Some(PendingChange::Downgrade { next_qty });
            Ok(())
        })?;
        self.order(id)
    }

    /// Takes back the pending change of an order, which must be active.
    pub fn cancel_downgrade(&mut self, id: OrderId) -> Result<&Order, Refusal> {
        self.write(id, |order| {
            order.must_be_active()?;
            let pending = order.pending.take();
            pending.map(drop).ok_or_else(|| Refusal::invalid("No pending downgrade to cancel"))
        })?;
        self.order(id)
    }

    /// Switches the automatic renewal of an order on or off.
    pub fn set_auto_renewal(&mut self, id: OrderId, auto_renewal: bool) -> Result<(), Refusal> {
        self.write(id, |order| {
            order.auto_renewal = auto_renewal;
            Ok(())
        })
    }

    /// Returns the price of an order's proxies for a period, without its slots.
    pub fn price_of_proxies(&self, order: &Order) -> Cents {
        times(self.proxy_price_cents, u32::try_from(order.quantity()).unwrap_or(u32::MAX))
    }
}

/// Refuses `proxies/active` for an order that it is not available for.
pub(super) fn must_list_ips(order: &Order) -> Result<(), Refusal> {
    match order.kind {
        Kind::Residential => Err(Refusal::new(403, "This method is not available for this order")),
        Kind::Datacenter | Kind::Isp => Ok(()),
    }
}

fn must_be_dc_isp(id: OrderId, order: &Order) -> Result<(), Refusal> {
    match order.kind {
        Kind::Residential => Err(Refusal::invalid(format!("Order {id} is not DC/ISP"))),
        Kind::Datacenter | Kind::Isp => Ok(()),
    }
}
