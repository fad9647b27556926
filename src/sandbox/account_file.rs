//! The account file: YAML in the shape of the manifest, with what the vendor's API hides.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::account::{Account, Kind, Order, Proxy};
use crate::model::{Cents, OrderId, PendingChange, ProxyIp, Signature};

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
}

impl Account {
    /// Reads an account file.
    pub fn from_yaml(text: &str) -> Result<Account, AccountError> {
        let file: AccountFile = serde_yaml::from_str(text)?;
        if file.token.is_empty() {
            return Err(AccountError::EmptyToken);
        }
        let price = file.slot_price_cents;
        let orders = file.orders.0.into_iter().map(|(id, order)| Ok((id, order.open(id, price)?)));
        Ok(Account {
            orders: orders.collect::<Result<_, AccountError>>()?,
            token: file.token,
            wallet_cents: file.wallet_cents,
            slot_price_cents: price,
            charges: Vec::new(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AccountFile {
    token: String,
    wallet_cents: Cents,
    slot_price_cents: Cents,
    orders: UniqueKeys<OrderId, OrderEntry>,
}

impl Default for AccountFile {
    fn default() -> AccountFile {
        AccountFile {
            token: "sandbox-token".to_owned(),
            wallet_cents: Cents(0),
            slot_price_cents: Cents(100),
            orders: UniqueKeys(BTreeMap::new()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderEntry {
    tag: Option<String>,
    #[serde(default = "default_until")]
    until: String,
    #[serde(default)]
    p0f_slots: u32,
    pending: Option<PendingChange>,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    proxies: UniqueKeys<ProxyIp, ProxyEntry>,
}

fn default_until() -> String {
    "2030-01-01T00:00:00Z".to_owned()
}

impl OrderEntry {
    fn open(self, order_id: OrderId, slot_price: Cents) -> Result<Order, AccountError> {
        let slots = self.p0f_slots;
        let numbered = self.proxies.0.into_iter().zip(1..);
        let order = Order {
            tag: self.tag,
            until: self.until,
            p0f_slots: slots,
            pending: self.pending,
            addons_price_paid: Cents(slot_price.0.saturating_mul(u64::from(slots))),
            kind: self.kind,
            proxies: numbered.map(|((ip, entry), number)| (ip, entry.open(number))).collect(),
        };
        let held = order.slots_held();
        if held > slots as usize {
            return Err(AccountError::SlotsExceeded { order_id, held, slots });
        }
        match order.pending {
            Some(PendingChange::Downgrade { next_qty }) if next_qty < 1 || next_qty >= slots => {
                Err(AccountError::Pending { order_id, slots })
            }
            Some(PendingChange::Cancel {}) if slots == 0 => Err(AccountError::Pending { order_id, slots }),
            _ => Ok(order),
        }
    }
}

/// What stands beside an IP: nothing, a signature, or both of its hidden properties.
#[derive(Default)]
struct ProxyEntry {
    signature: Option<Signature>,
    del_np: bool,
}

impl ProxyEntry {
    fn open(self, number: usize) -> Proxy {
        Proxy { number, signature: self.signature, del_np: self.del_np }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LongProxyEntry {
    signature: Option<Signature>,
    #[serde(default)]
    del_np: bool,
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
        f.write_str("nothing, a signature, or `{signature: …, del_np: …}`")
    }

    fn visit_unit<E>(self) -> Result<ProxyEntry, E> {
        Ok(ProxyEntry::default())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ProxyEntry, E> {
        let signature = text.parse().map_err(|expected| E::custom(format!("`{text}`: {expected}")))?;
        Ok(ProxyEntry { signature: Some(signature), del_np: false })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProxyEntry, A::Error> {
        let long = LongProxyEntry::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ProxyEntry { signature: long.signature, del_np: long.del_np })
    }
}

/// A mapping that refuses a second entry for a key, which a plain map would let win in silence.
struct UniqueKeys<K, V>(BTreeMap<K, V>);

impl<K, V> Default for UniqueKeys<K, V> {
    fn default() -> Self {
        UniqueKeys(BTreeMap::new())
    }
}

impl<'de, K, V> Deserialize<'de> for UniqueKeys<K, V>
where
    K: Deserialize<'de> + Ord + fmt::Display,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueKeysVisitor(PhantomData))
    }
}

struct UniqueKeysVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for UniqueKeysVisitor<K, V>
where
    K: Deserialize<'de> + Ord + fmt::Display,
    V: Deserialize<'de>,
{
    type Value = UniqueKeys<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(UniqueKeys::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(key) = access.next_key::<K>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("`{key}` stands twice")));
            }
            map.insert(key, access.next_value()?);
        }
        Ok(UniqueKeys(map))
    }
}
