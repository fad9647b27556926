//! What happens behind a client's back: the owner works in the panel, the vendor replaces an IP, time passes.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use super::order::{Order, OrderStatus, Proxy, ProxyStatus, times};
use super::refusal::Refusal;
use crate::model::{OrderId, PendingChange, ProxyIp, Signature};

/// A change of an order that no operation of the API makes.
///
/// It is made by [`Control::panel`](super::Control::panel), [`Account::panel`], or a `POST` to
/// `/sandbox/orders/{id}/{action}` with a JSON body, and changes all that it is asked to, or nothing. Nothing but a
/// renewal is charged.
///
/// | action | body | does |
/// | --- | --- | --- |
/// | `renew` | | plays the end of the period, as [`Account::renew`] says |
/// | `expire` | | plays the three days on hold: the order is lost |
/// | `signatures` | `{"203.0.113.10": "win11", "203.0.113.11": null}` | sets signatures, or takes them away |
/// | `marks` | `{"203.0.113.10": true}` | marks IPs to leave at the renewal, or to stay |
/// | `slots` | `{"qty": 3, "pending": {"action": "downgrade", "next_qty": 2}}` | sets one or both |
/// | `status` | `{"status": "on-hold"}` | sets the status; a cancelled order loses its IPs |
/// | `auto_renewal` | `{"auto_renewal": false}` | switches automatic renewal on or off |
/// | `tag` | `{"tag": null}` | sets or clears the tag |
/// | `proxies` | `{"203.0.113.50": null, "203.0.113.51": "linux"}` | adds IPs, with or without a signature |
/// | `remove` | `["203.0.113.50"]` | takes IPs away at once |
/// | `replace` | `{"203.0.113.10": "203.0.113.60"}` | gives a proxy another address; signature and mark stay |
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PanelAction {
    /// The period ends.
    Renew,
    /// The three days on hold pass.
    Expire,
    /// Signatures are set, or taken away, which no operation does.
    Signatures(BTreeMap<ProxyIp, Option<Signature>>),
    /// IPs are marked to leave (`true`) or to stay.
    Marks(BTreeMap<ProxyIp, bool>),
    /// The slots change. What is left out stays as it is.
    Slots {
        /// The active slots.
        qty: Option<u32>,
        /// The change at the next renewal; `Some(None)`: none any more.
        pending: Option<Option<PendingChange>>,
    },
    /// The status changes; an order that is cancelled loses its IPs.
    Status {
        /// The new one.
        status: OrderStatus,
    },
    /// Automatic renewal is switched on or off.
    AutoRenewal {
        /// Whether the order renews by itself.
        auto_renewal: bool,
    },
    /// The tag changes.
    Tag {
        /// The new one.
        tag: Option<String>,
    },
    /// IPs are added.
    Proxies(BTreeMap<ProxyIp, Option<Signature>>),
    /// IPs are taken away at once.
    Remove(BTreeSet<ProxyIp>),
    /// Proxies get other addresses, from the old one to the new one.
    Replace(BTreeMap<ProxyIp, ProxyIp>),
}

impl Account {
    /// Changes an order as the panel does: all that is asked, or nothing.
    pub fn panel(&mut self, id: OrderId, action: PanelAction) -> Result<&Order, Refusal> {
        match &action {
            PanelAction::Renew => return self.renew(id),
            PanelAction::Expire => return self.expire(id),
            PanelAction::Proxies(items) => self.must_be_new(items.keys())?,
            PanelAction::Replace(items) => self.must_be_new(items.values())?,
            _ => {}
        }
        self.change(id, |order| order.set(action))?;
        self.order(id)
    }

    /// Refuses an IP that an order of the account has, or that comes twice.
    fn must_be_new<'a>(&self, ips: impl Iterator<Item = &'a ProxyIp>) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        for ip in ips {
            let has = self.orders.iter().find(|(_, order)| order.proxies.contains_key(ip));
            if let Some((id, _)) = has {
                return Err(Refusal::invalid(format!("IP {ip} is one of order {id} already")));
            }
            if !seen.insert(*ip) {
                return Err(Refusal::invalid(format!("IP {ip} stands twice")));
            }
        }
        Ok(())
    }
}

impl Order {
    fn set(&mut self, action: PanelAction) -> Result<(), Refusal> {
        match action {
            PanelAction::Signatures(items) => self.sign(&items)?,
            PanelAction::Marks(items) => self.mark(&items)?,
            PanelAction::Slots { qty, pending } => self.set_slots(qty, pending)?,
            PanelAction::Status { status: OrderStatus::Cancelled } => self.cancel(),
            PanelAction::Status { status } => self.status = status,
            PanelAction::AutoRenewal { auto_renewal } => self.auto_renewal = auto_renewal,
            PanelAction::Tag { tag } => self.tag = tag,
            PanelAction::Proxies(items) => self.add(&items)?,
            PanelAction::Remove(ips) => self.remove(&ips)?,
            PanelAction::Replace(items) => self.replace(&items)?,
            // The money is the account's.
            PanelAction::Renew | PanelAction::Expire => {}
        }
        Ok(())
    }

    fn set_slots(&mut self, qty: Option<u32>, pending: Option<Option<PendingChange>>) -> Result<(), Refusal> {
        if let Some(qty) = qty {
            self.p0f_slots = qty;
            self.addons_price_paid = times(self.price_per_unit, qty);
        }
        self.pending = pending.unwrap_or(self.pending);
        if self.pending_is_valid() {
            return Ok(());
        }
        let slots = self.p0f_slots;
        Err(Refusal::invalid(format!("A pending change needs active slots, and next_qty is from 1 to below {slots}")))
    }

    fn add(&mut self, items: &BTreeMap<ProxyIp, Option<Signature>>) -> Result<(), Refusal> {
        self.must_not_be_cancelled()?;
        let held = self.slots_held();
        let number = self.next_number();
        self.proxies.extend(items.iter().zip(number..).map(|((ip, signature), number)| {
            (*ip, Proxy { number, signature: *signature, del_np: false, status: ProxyStatus::Active })
        }));
        self.must_have_slots(held)
    }

    fn remove(&mut self, ips: &BTreeSet<ProxyIp>) -> Result<(), Refusal> {
        self.must_hold(ips.iter())?;
        self.proxies.retain(|ip, _| !ips.contains(ip));
        Ok(())
    }

    fn replace(&mut self, items: &BTreeMap<ProxyIp, ProxyIp>) -> Result<(), Refusal> {
        self.must_hold(items.keys())?;
        let moved = |ip: ProxyIp| items.get(&ip).copied().unwrap_or(ip);
        self.proxies = self.proxies.iter().map(|(ip, proxy)| (moved(*ip), *proxy)).collect();
        Ok(())
    }

    /// Returns a number that no proxy of the order has.
    fn next_number(&self) -> usize {
        self.proxies.values().map(|proxy| proxy.number).max().map_or(1, |highest| highest + 1)
    }
}
