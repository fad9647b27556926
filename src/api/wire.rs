//! The bodies of requests and answers as they travel, in the vendor's words.
//!
//! Answers leave out what shardctl has no use for. User names and passwords of proxies above all: no struct here
//! has a place for them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::active_list::ActiveList;
use super::shapes::{Object, ToldList, ToldObject};
use super::told::Told;
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

/// The body of a request that needs none but must have one.
#[derive(Debug, Serialize)]
pub struct EmptyBody {}

/// What a refusal says about itself.
#[derive(Debug, Deserialize)]
pub struct Verdict {
    /// The API's own words.
    #[serde(default)]
    pub message: Told,
}

/// An answer that may say whether the request succeeded.
pub trait Answer: DeserializeOwned {
    /// Returns what the answer says of itself, if anything.
    fn success(&self) -> Option<bool>;
}

macro_rules! answer {
    ($($name:ident),*) => {
        $(impl Answer for $name {
            fn success(&self) -> Option<bool> {
                self.success
            }
        })*
    };
}

answer!(Acknowledged, ActiveAnswer, CalculateAnswer, AddonsAnswer, OrderAnswer, OrderPageAnswer, MeAnswer);

/// The answer of `del-np/set`, `signature/set` and `edit-auto-renewal`.
#[derive(Debug, Deserialize)]
pub struct Acknowledged {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The number of IPs that were changed.
    #[serde(default)]
    pub updated: Told,
}

/// The answer of `proxies/active`.
#[derive(Debug, Deserialize)]
pub struct ActiveAnswer {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The order's active IPs.
    pub data: ActiveList,
    /// The order's tag.
    #[serde(default)]
    pub order_tag: Told,
}

/// The answer of `addons/calculate`.
#[derive(Debug, Deserialize)]
pub struct CalculateAnswer {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The add-on that was asked about.
    #[serde(default)]
    pub addon_key: Told,
    /// Units now.
    pub current_qty: u32,
    /// The units that were asked about.
    #[serde(default)]
    pub add_qty: Told,
    /// Units after the purchase.
    #[serde(default)]
    pub new_qty: Told,
    /// The price of one unit, in cents.
    #[serde(default)]
    pub price_per_unit: Told,
    /// The charge of the purchase, in cents.
    pub add_total: Option<i64>,
}

/// The answer of `addons/purchase`, `addons/schedule` and `addons/schedule/cancel`.
#[derive(Debug, Deserialize)]
pub struct AddonsAnswer {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The order's add-ons after the change.
    #[serde(default)]
    pub addons: Addons,
}

/// The add-ons of an order.
pub type Addons = ToldList<ToldObject<AddonLine>>;

/// One add-on of an order.
#[derive(Debug, Deserialize)]
pub struct AddonLine {
    /// Which add-on.
    #[serde(default)]
    pub addon_key: Told,
    /// Units now.
    #[serde(default)]
    pub qty: Told,
    /// The price of one unit when it was bought, in cents.
    #[serde(default)]
    pub price_per_unit: Told,
    /// The change at the next renewal.
    #[serde(default)]
    pub pending: ToldObject<PendingLine>,
}

/// A change at the next renewal.
#[derive(Debug, Deserialize)]
pub struct PendingLine {
    /// `downgrade` or `cancel`.
    #[serde(default)]
    pub action: Told,
    /// Units after a downgrade.
    #[serde(default)]
    pub next_qty: Told,
}

/// The answer of `GET /user/api/orders/{id}`.
#[derive(Debug, Deserialize)]
pub struct OrderAnswer {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The order.
    pub order: Object<OrderFields>,
}

/// An order; none of its fields is promised.
#[derive(Debug, Deserialize)]
pub struct OrderFields {
    /// Its id.
    #[serde(default)]
    pub order_id: Told,
    /// The product.
    #[serde(default)]
    pub product_name: Told,
    /// The cycle.
    #[serde(default)]
    pub cycle_name: Told,
    /// IPs of the next period.
    #[serde(default)]
    pub quantity: Told,
    /// The price of the IPs without add-ons, in cents.
    #[serde(default)]
    pub price_paid: Told,
    /// The price of the add-ons, in cents.
    #[serde(default)]
    pub addons_price_paid: Told,
    /// The add-ons.
    #[serde(default)]
    pub addons: Addons,
    /// Slots now.
    #[serde(default)]
    pub p0f_slots_available: Told,
    /// Slots that signed IPs hold.
    #[serde(default)]
    pub p0f_slots_used: Told,
    /// Where the order stands.
    #[serde(default)]
    pub status: Told,
    /// The end of the paid period.
    #[serde(default)]
    pub expires_at: Told,
    /// Whether it renews by itself.
    #[serde(default)]
    pub auto_renewal: Told,
    /// The tag.
    #[serde(default)]
    pub tag: Told,
}

/// The answer of `GET /user/api/orders`.
#[derive(Debug, Deserialize)]
pub struct OrderPageAnswer {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// The orders of the page.
    pub orders: Vec<Object<OrderLine>>,
    /// Not null where there are more orders.
    #[serde(default)]
    pub next: Told,
}

/// One order of the list.
#[derive(Debug, Deserialize)]
pub struct OrderLine {
    /// Its id.
    #[serde(default)]
    pub order_id: Told,
    /// The product.
    #[serde(default)]
    pub product_name: Told,
    /// The cycle.
    #[serde(default)]
    pub cycle_name: Told,
    /// The end of the paid period.
    #[serde(default)]
    pub expires_at: Told,
    /// Whether it renews by itself.
    #[serde(default)]
    pub auto_renewal: Told,
    /// The tag.
    #[serde(default)]
    pub tag: Told,
}

/// The answer of `GET /user/api/me`. The account's e-mail address has no place here.
#[derive(Debug, Deserialize)]
pub struct MeAnswer {
    /// `false` is a refusal.
    pub success: Option<bool>,
    /// What the wallet holds, in cents.
    #[serde(default)]
    pub wallet_balance: Told,
}
