//! What the API reports.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Cents, ProxyIp};

/// An order as the API reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveOrder {
    /// The order's tag (`order_tag` of `proxies/active`).
    pub tag: Option<String>,
    /// The next renewal, the earliest `until` of the order's IPs; `None` for an order without IPs.
    pub renewal: Option<Renewal>,
    /// The addresses of the order's active IPs.
    pub active: BTreeSet<ProxyIp>,
    /// The slots; `None` where the manifest gave no reason to read them.
    pub slots: Option<LiveSlots>,
}

/// The slots of an order as `addons/calculate` reports them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveSlots {
    /// Slots active in the current period (`current_qty`).
    pub current_qty: u32,
    /// The price of the slots that the manifest wants on top of them, where it wants any.
    pub quote: Option<Quote>,
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
    Unreadable(String),
}

impl Renewal {
    /// Reads `until`: a timestamp, a date-time without zone (taken as UTC) or a bare date.
    pub fn parse(text: &str) -> Renewal {
        let text = text.trim();
        let moment = text.parse::<Timestamp>().ok().or_else(|| {
            let civil: DateTime = text.parse().ok()?;
            Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
        });
        moment.map_or_else(|| Renewal::Unreadable(text.to_owned()), Renewal::At)
    }

    /// Returns the day of the renewal in UTC, as people write it, or what the API said.
    pub fn day(&self) -> String {
        match self {
            Renewal::At(moment) => moment.strftime("%Y-%m-%d").to_string(),
            Renewal::Unreadable(text) => text.clone(),
        }
    }
}

impl fmt::Display for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Renewal::At(moment) => moment.fmt(f),
            Renewal::Unreadable(text) => f.write_str(text),
        }
    }
}

impl ReadFailure {
    /// Returns what went wrong, in words.
    pub fn message(&self) -> &str {
        let (ReadFailure::Unavailable { message, .. }
        | ReadFailure::NotFound { message, .. }
        | ReadFailure::Failed { message }) = self;
        message
    }

    /// Tells whether something else than the API may have answered.
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
        message: String,
        /// Whether the answer has the shape of the API's errors.
        from_api: bool,
    },
    /// The API answers 404.
    NotFound {
        /// The API's message.
        message: String,
        /// Whether the answer has the shape of the API's errors.
        from_api: bool,
    },
    /// Anything else, in words that say at which stage it failed.
    Failed {
        /// What went wrong.
        message: String,
    },
}
