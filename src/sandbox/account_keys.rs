//! The keys of the account file's mappings.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::{OrderId, P0F_SLOTS};

/// An order's id, as a number or in quotes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OrderKey(pub(super) OrderId);

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for OrderKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrderKeyVisitor)
    }
}

/// The key of an add-on beside the slots.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AddonKey(pub(super) String);

impl fmt::Display for AddonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for AddonKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)? {
            key if key == P0F_SLOTS => Err(D::Error::custom("the slots are no other add-on: write `p0f_slots`")),
            key => Ok(AddonKey(key)),
        }
    }
}

struct OrderKeyVisitor;

impl Visitor<'_> for OrderKeyVisitor {
    type Value = OrderKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an order id")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<OrderKey, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OrderKey, E> {
        text.parse().map(OrderKey).map_err(|expected| E::custom(format!("`{text}`: {expected}")))
    }
}

/// A mapping that refuses a second entry for a key, which a plain map would let win in silence.
pub(super) struct UniqueKeys<K, V>(pub(super) BTreeMap<K, V>);

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
