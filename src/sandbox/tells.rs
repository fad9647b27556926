//! What the simulated API tells of all that the newer description has.

use std::collections::BTreeSet;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::operation::Operation;

/// One thing that the API may tell, or leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tell {
    /// The operation `order`.
    Detail,
    /// The operation `orders`.
    Orders,
    /// The operation `me`.
    Me,
    /// The operation `set_auto_renewal`.
    SetAutoRenewal,
    /// `signature` of the items of `proxies/active`.
    Signature,
    /// `status` of the items of `proxies/active`, which the older description has, too.
    ItemStatus,
    /// `order_id` of the order.
    OrderId,
    /// `product_name` of the order.
    ProductName,
    /// `cycle_name` of the order.
    CycleName,
    /// `quantity` of the order.
    Quantity,
    /// `price_paid` of the order.
    PricePaid,
    /// `addons_price_paid` of the order.
    AddonsPricePaid,
    /// `qty` of the order's add-ons.
    Qty,
    /// `price_per_unit` of the order's add-ons.
    PricePerUnit,
    /// `pending` of the order's add-ons.
    Pending,
    /// `p0f_slots_available` of the order.
    P0fSlotsAvailable,
    /// `p0f_slots_used` of the order.
    P0fSlotsUsed,
    /// `p0f_slots_next` of the order.
    P0fSlotsNext,
    /// `status` of the order.
    Status,
    /// `created_at` of the order.
    CreatedAt,
    /// `expires_at` of the order and of the list's items.
    ExpiresAt,
    /// `promo_code` of the order.
    PromoCode,
    /// `auto_renewal` of the order and of the list's items.
    AutoRenewal,
    /// `tag` of the order and of the list's items.
    Tag,
}

/// Each word with what it stands for. The first word of a thing is its name.
const WORDS: [(&str, &[Tell]); 28] = [
    ("detail", &[Tell::Detail]),
    ("orders", &[Tell::Orders]),
    ("me", &[Tell::Me]),
    ("set_auto_renewal", &[Tell::SetAutoRenewal]),
    ("signature", &[Tell::Signature]),
    ("item_status", &[Tell::ItemStatus]),
    ("order_id", &[Tell::OrderId]),
    ("product_name", &[Tell::ProductName]),
    ("cycle_name", &[Tell::CycleName]),
    ("quantity", &[Tell::Quantity]),
    ("price_paid", &[Tell::PricePaid]),
    ("addons_price_paid", &[Tell::AddonsPricePaid]),
    ("qty", &[Tell::Qty]),
    ("price_per_unit", &[Tell::PricePerUnit]),
    ("pending", &[Tell::Pending]),
    ("p0f_slots_available", &[Tell::P0fSlotsAvailable]),
    ("p0f_slots_used", &[Tell::P0fSlotsUsed]),
    ("p0f_slots_next", &[Tell::P0fSlotsNext]),
    ("status", &[Tell::Status]),
    ("created_at", &[Tell::CreatedAt]),
    ("expires_at", &[Tell::ExpiresAt]),
    ("promo_code", &[Tell::PromoCode]),
    ("auto_renewal", &[Tell::AutoRenewal]),
    ("tag", &[Tell::Tag]),
    ("addons", &[Tell::Qty, Tell::PricePerUnit, Tell::Pending]),
    ("slots", &[Tell::Qty, Tell::P0fSlotsAvailable]),
    ("slots_used", &[Tell::P0fSlotsUsed]),
    ("prices", &[Tell::PricePaid, Tell::AddonsPricePaid, Tell::PricePerUnit]),
];

impl Tell {
    /// Everything that can be left out.
    pub const ALL: [Tell; 24] = [
        Tell::Detail,
        Tell::Orders,
        Tell::Me,
        Tell::SetAutoRenewal,
        Tell::Signature,
        Tell::ItemStatus,
        Tell::OrderId,
        Tell::ProductName,
        Tell::CycleName,
        Tell::Quantity,
        Tell::PricePaid,
        Tell::AddonsPricePaid,
        Tell::Qty,
        Tell::PricePerUnit,
        Tell::Pending,
        Tell::P0fSlotsAvailable,
        Tell::P0fSlotsUsed,
        Tell::P0fSlotsNext,
        Tell::Status,
        Tell::CreatedAt,
        Tell::ExpiresAt,
        Tell::PromoCode,
        Tell::AutoRenewal,
        Tell::Tag,
    ];

    /// Returns its name, which for a field is that of the field.
    pub fn name(self) -> &'static str {
        WORDS.iter().find(|(_, tells)| *tells == [self]).map_or("", |(word, _)| word)
    }

    fn of(operation: Operation) -> Option<Tell> {
        match operation {
            Operation::Order => Some(Tell::Detail),
            Operation::Orders => Some(Tell::Orders),
            Operation::Me => Some(Tell::Me),
            Operation::SetAutoRenewal => Some(Tell::SetAutoRenewal),
            _ => None,
        }
    }
}

/// What the API tells; the rest it leaves out. Keys that are left out are absent, not null, and the path of an operation
/// that is left out is not found.
///
/// It is written as `everything` (the default), `nothing`, `older` (all that the description of the seven operations
/// has, and no more), or as a list of what is told: `[detail, pending, signature]`. Besides the names of [`Tell`] there
/// are four words that stand for several: `addons` (`qty`, `price_per_unit`, `pending`), `slots` (`qty`,
/// `p0f_slots_available`), `slots_used` (`p0f_slots_used`) and `prices` (`price_paid`, `addons_price_paid`,
/// `price_per_unit`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tells(BTreeSet<Tell>);

impl Default for Tells {
    fn default() -> Tells {
        Tells::everything()
    }
}

impl FromIterator<Tell> for Tells {
    fn from_iter<I: IntoIterator<Item = Tell>>(told: I) -> Tells {
        Tells(told.into_iter().collect())
    }
}

impl Tells {
    /// Tells all that the newer description has.
    pub fn everything() -> Tells {
        Tells::from_iter(Tell::ALL)
    }

    /// Tells all that the older description has, and no more: its seven operations, and whether an IP works.
    pub fn older() -> Tells {
        Tells::from_iter([Tell::ItemStatus])
    }

    /// Leaves out all that can be left out.
    pub fn nothing() -> Tells {
        Tells::from_iter([])
    }

    /// Iterates over the words of which a list may be made.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// Returns whether a thing is told.
    pub fn has(&self, tell: Tell) -> bool {
        self.0.contains(&tell)
    }

    /// Returns whether there is such an operation.
    pub(super) fn knows(&self, operation: Operation) -> bool {
        Tell::of(operation).is_none_or(|tell| self.has(tell))
    }
}

impl Serialize for Tells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|tell| tell.name()))
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`everything`, `older`, `nothing`, or a list of what is told")]
enum Written {
    Word(String),
    List(Vec<String>),
}

impl<'de> Deserialize<'de> for Tells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = match Written::deserialize(deserializer)? {
            Written::Word(word) => match word.as_str() {
                "everything" => return Ok(Tells::everything()),
                "older" => return Ok(Tells::older()),
                "nothing" => return Ok(Tells::nothing()),
                _ => {
                    let message = format!("`{word}` is none of `everything`, `older`, `nothing` and no list");
                    return Err(D::Error::custom(message));
                }
            },
            Written::List(words) => words,
        };
        let mut told = BTreeSet::new();
        for word in words {
            let known = WORDS.iter().find(|(known, _)| *known == word);
            let (_, tells) = known.ok_or_else(|| D::Error::custom(unknown_word(&word)))?;
            told.extend(*tells);
        }
        Ok(Tells(told))
    }
}

fn unknown_word(word: &str) -> String {
    let known: Vec<String> = WORDS.iter().map(|(known, _)| format!("`{known}`")).collect();
    format!("there is nothing like `{word}` to tell, expected one of {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Tell::ALL.iter().map(|tell| tell.name()).collect();
        assert!(names.len() == Tell::ALL.len() && !names.contains(""), "{names:?}");
    }
}
