//! Objects and lists of an answer: those that must be there, and those that nothing rests on.
//!
//! Only an object is an object. A type that is derived would take a list as well, with its fields in their order.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// An object that must be one.
#[derive(Debug)]
pub struct Object<T>(pub T);

/// An object that may be missing, null or something else. A field of this type needs `#[serde(default)]`.
#[derive(Debug, Default)]
pub enum ToldObject<T> {
    /// There is no such key.
    #[default]
    Absent,
    /// Null.
    Null,
    /// An object.
    Object(T),
    /// Anything else.
    Other,
}

/// A list that may be missing or something else. A field of this type needs `#[serde(default)]`.
#[derive(Debug, Default)]
pub enum ToldList<T> {
    /// A list.
    List(Vec<T>),
    /// Anything else, or nothing at all.
    #[default]
    Other,
}

impl<T> ToldList<T> {
    /// Returns the items, where there is a list.
    pub fn items(self) -> Option<Vec<T>> {
        match self {
            ToldList::List(items) => Some(items),
            ToldList::Other => None,
        }
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// Takes what is neither a list nor an object.
macro_rules! scalars_are_other {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::Other)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::Other)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::Other)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::Other)
        }

        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::Other)
        }
    };
}

struct ToldObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ToldObjectVisitor<T> {
    type Value = ToldObject<T>;

    scalars_are_other!();

    fn visit_unit<E: Error>(self) -> Result<ToldObject<T>, E> {
        Ok(ToldObject::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<ToldObject<T>, A::Error> {
        IgnoredAny::deserialize(SeqAccessDeserializer::new(items)).map(|_| ToldObject::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<ToldObject<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries)).map(ToldObject::Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ToldObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ToldObjectVisitor(PhantomData))
    }
}

struct ToldListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ToldListVisitor<T> {
    type Value = ToldList<T>;

    scalars_are_other!();

    fn visit_unit<E: Error>(self) -> Result<ToldList<T>, E> {
        Ok(ToldList::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<ToldList<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(ToldList::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<ToldList<T>, A::Error> {
        IgnoredAny::deserialize(MapAccessDeserializer::new(entries)).map(|_| ToldList::Other)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ToldList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ToldListVisitor(PhantomData))
    }
}
