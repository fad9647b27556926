//! Values of an answer that nothing rests on: any of them may be missing, null or of another type.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What a field of an answer tells. A field of this type needs `#[serde(default)]`: a key that is absent is not a null.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Told {
    /// There is no such key.
    #[default]
    Absent,
    /// Null.
    Null,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Number(i128),
    /// A text.
    Text(String),
    /// Anything else.
    Other,
}

impl Told {
    /// Returns a text that is not blank.
    pub fn text(&self) -> Option<&str> {
        match self {
            Told::Text(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// Returns a whole number that `T` can hold. A text is of another type, whatever it says (contract, What the API
    /// tells).
    pub fn number<T: TryFrom<i128>>(&self) -> Option<T> {
        match self {
            Told::Number(number) => T::try_from(*number).ok(),
            _ => None,
        }
    }

    /// Returns a whole number by which an answer says what it is about: one that is written as a text is one, too, so
    /// that an answer about something else is not taken for what was asked for.
    pub fn echoed<T: TryFrom<i128>>(&self) -> Option<T> {
        match self {
            Told::Text(text) => T::try_from(text.trim().parse::<i128>().ok()?).ok(),
            told => told.number(),
        }
    }

    /// Returns true or false.
    pub fn flag(&self) -> Option<bool> {
        match self {
            Told::Flag(flag) => Some(*flag),
            _ => None,
        }
    }
}

struct ToldVisitor;

impl<'de> Visitor<'de> for ToldVisitor {
    type Value = Told;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Told, E> {
        Ok(Told::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Told, E> {
        Ok(Told::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Told, E> {
        Ok(Told::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Told, E> {
        Ok(Told::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Told, E> {
        // Up to here, every whole number is itself.
        let is_whole = number.fract() == 0.0 && number.abs() < 9e15;
        Ok(if is_whole { Told::Number(number as i128) } else { Told::Other })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Told, E> {
        Ok(Told::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Told, A::Error> {
        IgnoredAny::deserialize(SeqAccessDeserializer::new(items)).map(|_| Told::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Told, A::Error> {
        IgnoredAny::deserialize(MapAccessDeserializer::new(entries)).map(|_| Told::Other)
    }
}

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ToldVisitor)
    }
}
