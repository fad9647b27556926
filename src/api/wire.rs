//! The bodies of requests and answers as they travel, in the vendor's words.
//!
//! Answers leave out what shardctl has no use for. User names and passwords of proxies above all: no struct here
//! has a place for them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::{ProxyIp, Signature};

/// The items of `del-np/set`.
#[derive(Debug, Serialize)]
pub struct DelNpItem {
    /// The address.
    pub ip: ProxyIp,
    /// Whether it goes at the next renewal.
    pub value: bool,
}

/// The items of `signature/set`.
#[derive(Debug, Serialize)]
pub struct SignatureItem {
    /// The address.
    pub ip: ProxyIp,
    /// The signature it gets.
    pub signature: Signature,
}

/// The body of `del-np/set` and `signature/set`.
#[derive(Debug, Serialize)]
pub struct Items<T> {
    /// One item for each address.
    pub items: Vec<T>,
}

/// The body of `addons/purchase`.
#[derive(Debug, Serialize)]
pub struct PurchaseBody {
    /// The add-on.
    pub addon_key: &'static str,
    /// Units to add.
    pub add_qty: u32,
}

/// The body of `addons/schedule`.
#[derive(Debug, Serialize)]
pub struct ScheduleBody {
    /// The add-on.
    pub addon_key: &'static str,
    /// Always `downgrade`.
    pub action: &'static str,
    /// Units from the next renewal on.
    pub next_qty: u32,
}

/// The body of `addons/schedule/cancel`.
#[derive(Debug, Serialize)]
pub struct CancelBody {
    /// The add-on.
    pub addon_key: &'static str,
}

/// What a refusal says about itself.
#[derive(Debug, Deserialize)]
pub struct Verdict<'a> {
    /// The API's own words.
    #[serde(borrow)]
    pub message: Option<Cow<'a, str>>,
}

/// An answer that may say whether the request succeeded.
pub trait Answer<'a>: Deserialize<'a> {
    /// Returns what the answer says of itself, if anything.
    fn success(&self) -> Option<bool>;
}

macro_rules! answer {
    ($($name:ident $(<$lifetime:lifetime>)?),*) => {
        $(impl<'a> Answer<'a> for $name $(<$lifetime>)? {
            fn success(&self) -> Option<bool> {
                self.success
            }
        })*
    };
}

answer!(ActiveAnswer<'a>, CalculateAnswer<'a>, AddonsAnswer<'a>, Acknowledged);

/// An answer of which only the verdict matters.
#[derive(Debug, Deserialize)]
pub struct Acknowledged {
    /// `false` is a refusal.
    pub success: Option<bool>,
}

/// The answer of `proxies/active`.
#[derive(Debug, Deserialize)]
pub struct ActiveAnswer<'a> {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The order's active IPs.
    #[serde(borrow)]
    pub data: Vec<ActiveItem<'a>>,
    /// The order's tag.
    #[serde(default)]
    pub order_tag: Option<String>,
}

/// One active IP.
#[derive(Debug, Deserialize)]
pub struct ActiveItem<'a> {
    /// The address.
    pub ip: ProxyIp,
    /// The end of the paid period, in one of several spellings.
    #[serde(borrow, default)]
    pub until: Option<Text<'a>>,
}

/// A text that is copied only where the answer has escapes in it; an optional `Cow` would always be copied.
#[derive(Debug, Deserialize)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// The answer of `addons/calculate`.
#[derive(Debug, Deserialize)]
pub struct CalculateAnswer<'a> {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The add-on that was asked about.
    #[serde(borrow, default)]
    pub addon_key: Option<Text<'a>>,
    /// Units now.
    pub current_qty: u32,
    /// The units that were asked about.
    pub add_qty: Option<u32>,
    /// The price of one unit, in cents.
    pub price_per_unit: Option<u64>,
    /// The charge of the purchase, in cents.
    pub add_total: Option<u64>,
}

/// The answer of `addons/purchase`, `addons/schedule` and `addons/schedule/cancel`.
#[derive(Debug, Deserialize)]
pub struct AddonsAnswer<'a> {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The order's add-ons after the change.
    #[serde(borrow)]
    pub addons: Vec<AddonLine<'a>>,
}

/// One add-on of an order.
#[derive(Debug, Deserialize)]
pub struct AddonLine<'a> {
    /// Which add-on.
    #[serde(borrow)]
    pub addon_key: Cow<'a, str>,
    /// Units now.
    pub qty: u32,
    /// The change at the next renewal.
    #[serde(borrow, default)]
    pub pending: Option<PendingLine<'a>>,
}

/// A change at the next renewal.
#[derive(Debug, Deserialize)]
pub struct PendingLine<'a> {
    /// `downgrade` or `cancel`.
    #[serde(borrow)]
    pub action: Cow<'a, str>,
    /// Units after a downgrade.
    #[serde(default)]
    pub next_qty: Option<u32>,
}
