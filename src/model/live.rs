//! What the API reports.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Cents, Foreign, OrderId, PendingChange, ProxyIp, Signature};

/// An order as the API reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveOrder {
    /// The order's tag (`order_tag` of `proxies/active`, else the detail's `tag`).
    pub tag: Option<Foreign>,
    /// The next renewal: the detail's `expires_at`, else the earliest `until` of the order's IPs; `None`: neither is told.
    pub renewal: Option<Renewal>,
    /// The earliest `until` of the order's IPs.
    pub until: Option<Renewal>,
    /// The order's active IPs, each with what is reported of it.
    pub active: BTreeMap<ProxyIp, LiveIp>,
    /// The slots of the current period; `None` where they are not told, or nothing gave a reason to read them.
    pub slots: Option<u32>,
    /// The price of the slots that the manifest wants on top of them, where it wants any.
    pub quote: Option<Quote>,
    /// Why the price that was answered is none.
    pub bad_price: Option<Foreign>,
    /// What the order's detail tells; empty where it could not be had.
    pub detail: OrderDetail,
    /// Why the order's detail could not be had, where it was asked for.
    pub detail_unavailable: Option<Foreign>,
}

impl LiveOrder {
    /// Makes an order of which nothing is told but its active IPs.
    pub fn of_ips(ips: impl IntoIterator<Item = ProxyIp>) -> LiveOrder {
        LiveOrder {
            tag: None,
            renewal: None,
            until: None,
            active: ips.into_iter().map(|ip| (ip, LiveIp::default())).collect(),
            slots: None,
            quote: None,
            bad_price: None,
            detail: OrderDetail::default(),
            detail_unavailable: None,
        }
    }
}

/// What the API reports of an active IP (an item of `proxies/active`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveIp {
    /// Its OS signature; `None` where the item has no such key, which is not the same as having none.
    pub signature: Option<LiveSignature>,
    /// Its status where that is another than `active`; boxed because hardly any IP has one.
    pub status: Option<Box<Foreign>>,
}

/// The signature of an IP as the API reports it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LiveSignature {
    /// Null or an empty text: it has none.
    None,
    /// One of the six that can be set.
    Known(Signature),
    /// A word that is not one of the six; it holds a slot like any other.
    Other(Box<Foreign>),
}

impl LiveSignature {
    /// Returns the word for it, fit for a terminal; `None`: there is no signature.
    pub fn word(&self) -> Option<Cow<'_, str>> {
        match self {
            LiveSignature::None => None,
            LiveSignature::Known(signature) => Some(Cow::Borrowed(signature.as_str())),
            LiveSignature::Other(word) => Some(word.printable()),
        }
    }
}

/// What an order's detail tells (`order` of `GET /user/api/orders/{id}`); every field is `None` where it is not told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderDetail {
    /// Whether the order is active, waits to be paid, or is over.
    pub status: Option<OrderStatus>,
    /// Whether the order renews by itself.
    pub auto_renewal: Option<bool>,
    /// The end of the paid period (`expires_at`).
    pub expires_at: Option<Renewal>,
    /// The number of IPs of the next period, as far as is known (`quantity`).
    pub quantity: Option<u32>,
    /// The tag; the outer `None` where the detail has no such key.
    pub tag: Option<Option<Foreign>>,
    /// The slots of the current period: the `qty` of the `p0f_slots` line, else `p0f_slots_available`.
    pub slots: Option<u32>,
    /// The slots that signed IPs hold (`p0f_slots_used`).
    pub slots_used: Option<u32>,
    /// What is scheduled for the next renewal; the outer `None` where it is not told.
    pub pending: Option<Option<PendingChange>>,
    /// The price of one slot at the time of its purchase (`price_per_unit` of the `p0f_slots` line).
    pub slot_price: Option<Cents>,
    /// The price of the IPs of the next period without add-ons (`price_paid`).
    pub price_paid: Option<Cents>,
    /// The add-ons beside the slots, each line of `addons` that is not `p0f_slots`; `None` where there is no list.
    pub other_addons: Option<Vec<OtherAddon>>,
    /// The price of all add-ons of the current period (`addons_price_paid`).
    pub addons_price_paid: Option<Cents>,
    /// The order's cycle, as in `monthly` (`cycle_name`).
    pub cycle: Option<Foreign>,
    /// The product, as in `ISP Proxy` (`product_name`).
    pub product: Option<Foreign>,
}

/// An add-on of an order that shardctl does not manage, and that its renewal charges nevertheless; every field is `None`
/// where it is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OtherAddon {
    /// Units in the current period.
    pub qty: Option<u32>,
    /// The price of one unit at the time of its purchase (`price_per_unit`).
    pub price_per_unit: Option<Cents>,
    /// What is scheduled for the next renewal; the outer `None` where it is not told.
    pub pending: Option<Option<PendingChange>>,
}

/// Where an order stands with the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// It runs.
    Active,
    /// It waits to be paid, and is lost three days after its end.
    OnHold,
    /// It is over.
    Cancelled,
    /// A word that shardctl does not know.
    Other(Foreign),
}

impl OrderStatus {
    /// Reads the API's word, in any case; `cancelled` has one l or two.
    pub fn parse(word: &str) -> OrderStatus {
        match word.trim().to_ascii_lowercase().as_str() {
            "active" => OrderStatus::Active,
            "on-hold" | "on_hold" | "on hold" => OrderStatus::OnHold,
            "cancelled" | "canceled" => OrderStatus::Cancelled,
            _ => OrderStatus::Other(Foreign::new(word.trim())),
        }
    }

    /// Returns the word that documents use: the API's own, in lower case and with two l.
    pub fn word(&self) -> &str {
        match self {
            OrderStatus::Active => "active",
            OrderStatus::OnHold => "on-hold",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::Other(word) => word.raw(),
        }
    }
}

/// What `addons/calculate` answers: the slots of an order, and a price for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveSlots {
    /// Slots active in the current period (`current_qty`).
    pub current_qty: u32,
    /// The price of the slots that were asked about, or why there is none.
    pub quote: Result<Quote, NoQuote>,
}

/// Why an answer shows no price that a purchase could rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoQuote {
    /// It shows no total.
    #[error("the answer shows no `add_total`, which is what a purchase charges")]
    NotShown,
    /// The price of a slot, or the total, is zero or less.
    #[error("the price is not above zero")]
    NotAboveZero,
    /// The total is not what so many slots cost.
    #[error("the total of {total} is not {add_qty} times {price_per_unit}")]
    WrongTotal {
        /// The number of slots to add.
        add_qty: u32,
        /// The price of one of them.
        price_per_unit: Cents,
        /// What the purchase would charge.
        total: Cents,
    },
    /// The price of a slot is not shown, and the total cannot be divided among the slots.
    #[error("the total of {total} cannot be divided among {add_qty} slots")]
    Indivisible {
        /// The number of slots to add.
        add_qty: u32,
        /// What the purchase would charge.
        total: Cents,
    },
    /// The number of slots after the purchase is not what was there and what is added.
    #[error("{current_qty} slots and {add_qty} more are said to be another number than {}", current_qty.saturating_add(*add_qty))]
    WrongSum {
        /// The slots now.
        current_qty: u32,
        /// The number of slots to add.
        add_qty: u32,
    },
}

impl NoQuote {
    /// Returns whether there is a price, and it cannot be right (`bad_price`).
    pub fn is_bad_price(self) -> bool {
        self != NoQuote::NotShown
    }
}

/// What the answer to a write, or a detail, tells of the slots; every field is `None` where it is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotsTold {
    /// Slots active in the current period.
    pub qty: Option<u32>,
    /// The change that takes effect at the next renewal; the outer `None` where it is not told whether there is any.
    pub pending: Option<Option<PendingChange>>,
}

impl SlotsTold {
    /// Returns whether everything is told.
    pub fn is_whole(self) -> bool {
        self.qty.is_some() && self.pending.is_some()
    }

    /// Returns whether nothing else has to be read to know what came of a write: everything is told, or what is told is
    /// not what was asked for.
    pub fn is_enough(self, expected: SlotsTold) -> bool {
        self.is_whole() || self.contradicts(expected)
    }

    /// Returns whether two tell different things, as far as both tell anything.
    pub fn contradicts(self, other: SlotsTold) -> bool {
        let qty_differs = self.qty.zip(other.qty).is_some_and(|(qty, other)| qty != other);
        qty_differs || self.pending.zip(other.pending).is_some_and(|(pending, other)| pending != other)
    }
}

/// An order of the account, as the list of all orders shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSummary {
    /// The order.
    pub order_id: OrderId,
    /// The product, as in `ISP Proxy` (`product_name`); `None` where it is not told, as with every field below.
    pub product: Option<Foreign>,
    /// The order's cycle, as in `monthly` (`cycle_name`).
    pub cycle: Option<Foreign>,
    /// The end of the paid period.
    pub expires_at: Option<Renewal>,
    /// Whether the order renews by itself.
    pub auto_renewal: Option<bool>,
    /// The tag; the inner `None` where the order has none.
    pub tag: Option<Option<Foreign>>,
}

impl OrderSummary {
    /// Returns whether it is an order of datacenter or ISP proxies. One whose product is not told may be: to read it
    /// shows whether it is.
    pub fn may_have_ips(&self) -> bool {
        let Some(product) = &self.product else { return true };
        let product = product.raw().to_lowercase();
        product.contains("datacenter") || product.contains("isp")
    }
}

/// The account's wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wallet {
    /// What it holds, in cents; may be negative, and is `None` where it is not told.
    pub balance_cents: Option<i64>,
}

/// The price of additional slots, as `addons/calculate` previews it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The number of slots to add.
    pub add_qty: u32,
    /// The price of one of them (`price_per_unit`).
    pub price_per_unit: Cents,
    /// What the purchase charges the wallet at once (`add_total`).
    pub charge: Cents,
}

/// When an order renews.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Renewal {
    /// A moment.
    At(Timestamp),
    /// What the API said, where it is no date that shardctl can read.
    Unreadable(Foreign),
}

impl Renewal {
    /// Reads `until`: a timestamp, a date-time without zone (taken as UTC) or a bare date.
    pub fn parse(text: &str) -> Renewal {
        let text = text.trim();
        let moment = text.parse::<Timestamp>().ok().or_else(|| {
            let civil: DateTime = text.strip_suffix('Z').unwrap_or(text).parse().ok()?;
            // The last day that there is stands for never, and lies beyond the moments that can be counted.
            let is_never = civil.year() == DateTime::MAX.year();
            let zoned = civil.to_zoned(TimeZone::UTC).ok();
            zoned.map(|zoned| zoned.timestamp()).or_else(|| is_never.then_some(Timestamp::MAX))
        });
        moment.map_or_else(|| Renewal::Unreadable(Foreign::new(text)), Renewal::At)
    }

    /// Returns the day of the renewal in UTC, as people write it, or what the API said.
    pub fn day(&self) -> String {
        match self {
            Renewal::At(moment) => moment.strftime("%Y-%m-%d").to_string(),
            Renewal::Unreadable(text) => text.printable().into_owned(),
        }
    }

    /// Returns the moment as a timestamp, or what the API said, for a format that escapes it.
    pub fn raw(&self) -> String {
        match self {
            Renewal::At(moment) => moment.to_string(),
            Renewal::Unreadable(text) => text.raw().to_owned(),
        }
    }
}

impl ReadFailure {
    /// Returns what went wrong, in words.
    pub fn message(&self) -> &Foreign {
        let (ReadFailure::Unavailable { message, .. }
        | ReadFailure::NotFound { message, .. }
        | ReadFailure::Failed { message }) = self;
        message
    }

    /// Returns whether something else than the API may have answered.
    pub fn may_be_misdirected(&self) -> bool {
        matches!(self, ReadFailure::Unavailable { from_api: false, .. } | ReadFailure::NotFound { from_api: false, .. })
    }
}

/// Why an order could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadFailure {
    /// The API answers 403: it is not an order of datacenter or ISP proxies.
    Unavailable {
        /// The API's message.
        message: Foreign,
        /// Whether the answer has the shape of the API's errors.
        from_api: bool,
    },
    /// The API answers 404.
    NotFound {
        /// The API's message.
        message: Foreign,
        /// Whether the answer has the shape of the API's errors.
        from_api: bool,
    },
    /// Anything else, in words that say at which stage it failed.
    Failed {
        /// What went wrong.
        message: Foreign,
    },
}
