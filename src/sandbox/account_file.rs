//! The account file: YAML in the shape of the manifest, with what the vendor's API hides.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::account::Account;
use super::account_keys::{AddonKey, OrderKey, UniqueKeys};
use super::order::{Cycle, Kind, Order, OrderStatus, Proxy, ProxyStatus, times};
use super::other_addon::OtherAddon;
use super::tells::Tells;
use crate::model::{Cents, OrderId, PendingChange, ProxyIp, Signature};

/// The address of the account's owner where the account file names none.
pub const DEFAULT_EMAIL: &str = "sandbox-owner@example.invalid";

/// Why an account file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// It is not YAML, or not of the right shape.
    #[error("the account file cannot be read: {0}")]
    Shape(#[from] serde_yaml::Error),
    /// No request could be authorised.
    #[error("the account file has an empty `token`: write the token that clients shall send")]
    EmptyToken,
    /// More signatures than slots.
    #[error(
        "order {order_id} of the account file: {held} IPs have a signature but `p0f_slots` is {slots}: \
         raise it, or take signatures away"
    )]
    SlotsExceeded {
        /// The order.
        order_id: OrderId,
        /// IPs with a signature.
        held: usize,
        /// `p0f_slots`
        slots: u32,
    },
    /// A pending change that the vendor would not have accepted.
    #[error(
        "order {order_id} of the account file: a pending change needs active slots, and `next_qty` is at least 1 and \
         below `p0f_slots` ({slots})"
    )]
    Pending {
        /// The order.
        order_id: OrderId,
        /// `p0f_slots`
        slots: u32,
    },
    /// IPs in an order that lost them.
    #[error("order {order_id} of the account file is cancelled, and still has proxies: leave them out")]
    Cancelled {
        /// The order.
        order_id: OrderId,
    },
}

impl Account {
    /// Reads an account file.
    pub fn from_yaml(text: &str) -> Result<Account, AccountError> {
        let file: AccountFile = serde_yaml::from_str(text)?;
        if file.token.is_empty() {
            return Err(AccountError::EmptyToken);
        }
        let price = file.slot_price_cents;
        let orders = file.orders.0.into_iter().map(|(OrderKey(id), order)| Ok((id, order.open(id, price)?)));
        Ok(Account {
            orders: orders.collect::<Result<_, AccountError>>()?,
            token: file.token,
            email: file.email,
            tells: file.tells,
            wallet_cents: file.wallet_cents,
            slot_price_cents: price,
            proxy_price_cents: file.proxy_price_cents,
            charges: Vec::new(),
            renewals: Vec::new(),
            before: BTreeMap::new(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AccountFile {
    token: String,
    email: String,
    tells: Tells,
    wallet_cents: Cents,
    slot_price_cents: Cents,
    proxy_price_cents: Cents,
    orders: UniqueKeys<OrderKey, OrderEntry>,
}

impl Default for AccountFile {
    fn default() -> AccountFile {
        AccountFile {
            token: "sandbox-token".to_owned(),
            email: DEFAULT_EMAIL.to_owned(),
            tells: Tells::everything(),
            wallet_cents: Cents(0),
            slot_price_cents: Cents(100),
            proxy_price_cents: Cents(0),
            orders: UniqueKeys(BTreeMap::new()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OrderEntry {
    tag: Option<String>,
    until: String,
    p0f_slots: u32,
    pending: Option<PendingChange>,
    other_addons: UniqueKeys<AddonKey, OtherAddon>,
    kind: Kind,
    status: OrderStatus,
    auto_renewal: bool,
    cycle: Cycle,
    created_at: Option<String>,
    proxies: UniqueKeys<ProxyIp, ProxyEntry>,
}

impl Default for OrderEntry {
    fn default() -> OrderEntry {
        OrderEntry {
            tag: None,
            until: "2030-01-01T00:00:00Z".to_owned(),
            p0f_slots: 0,
            pending: None,
            other_addons: UniqueKeys::default(),
            kind: Kind::default(),
            status: OrderStatus::default(),
            auto_renewal: true,
            cycle: Cycle::default(),
            created_at: None,
            proxies: UniqueKeys::default(),
        }
    }
}

impl OrderEntry {
    fn open(self, order_id: OrderId, slot_price: Cents) -> Result<Order, AccountError> {
        let numbered = self.proxies.0.into_iter().zip(1..);
        let order = Order {
            tag: self.tag,
            until: self.until,
            p0f_slots: self.p0f_slots,
            pending: self.pending,
            addons_price_paid: times(slot_price, self.p0f_slots),
            other_addons: self.other_addons.0.into_iter().map(|(AddonKey(key), addon)| (key, addon)).collect(),
            kind: self.kind,
            status: self.status,
            auto_renewal: self.auto_renewal,
            cycle: self.cycle,
            created_at: self.created_at,
            price_per_unit: slot_price,
            proxies: numbered.map(|((ip, entry), number)| (ip, entry.open(number))).collect(),
        };
        check(order_id, &order).map(|()| order)
    }
}

/// Refuses an order that the vendor cannot have.
fn check(order_id: OrderId, order: &Order) -> Result<(), AccountError> {
    let (held, slots) = (order.slots_held(), order.p0f_slots);
    if held > slots as usize {
        return Err(AccountError::SlotsExceeded { order_id, held, slots });
    }
    if !order.pending_is_valid() {
        return Err(AccountError::Pending { order_id, slots });
    }
    if order.status == OrderStatus::Cancelled && !order.proxies.is_empty() {
        return Err(AccountError::Cancelled { order_id });
    }
    Ok(())
}

/// What stands beside an IP: nothing, a signature, or all of its properties.
#[derive(Default)]
struct ProxyEntry {
    signature: Option<Signature>,
    del_np: bool,
    status: ProxyStatus,
}

impl ProxyEntry {
    fn open(self, number: usize) -> Proxy {
        Proxy { number, signature: self.signature, del_np: self.del_np, status: self.status }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LongProxyEntry {
    signature: Option<Signature>,
    #[serde(default)]
    del_np: bool,
    #[serde(default)]
    status: ProxyStatus,
}

impl<'de> Deserialize<'de> for ProxyEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ProxyEntryVisitor)
    }
}

struct ProxyEntryVisitor;

impl<'de> Visitor<'de> for ProxyEntryVisitor {
    type Value = ProxyEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing, a signature, or `{signature: …, del_np: …, status: …}`")
    }

    fn visit_unit<E>(self) -> Result<ProxyEntry, E> {
        Ok(ProxyEntry::default())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ProxyEntry, E> {
        let signature = text.parse().map_err(|expected| E::custom(format!("`{text}`: {expected}")))?;
        Ok(ProxyEntry { signature: Some(signature), ..ProxyEntry::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProxyEntry, A::Error> {
        let LongProxyEntry { signature, del_np, status } =
            LongProxyEntry::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ProxyEntry { signature, del_np, status })
    }
}
