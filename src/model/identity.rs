//! Identities and amounts, each a type of its own so that they cannot be mixed up.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The id of an order at ProxyShard, a positive integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(NonZeroU64);

impl OrderId {
    /// Wraps an id; `None` for zero.
    pub fn new(id: u64) -> Option<OrderId> {
        NonZeroU64::new(id).map(OrderId)
    }

    /// Returns the id as a number.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is wrong with a text that should be an order id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an order id is a positive whole number in plain decimal digits")]
pub struct NotAnOrderId;

impl FromStr for OrderId {
    type Err = NotAnOrderId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        if !canonical {
            return Err(NotAnOrderId);
        }
        text.parse().ok().and_then(OrderId::new).ok_or(NotAnOrderId)
    }
}

/// The address of one proxy; two spellings of one IPv6 address are the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProxyIp(IpAddr);

impl ProxyIp {
    /// Wraps an address; an IPv4 address that is written as an IPv6 one is the IPv4 address.
    pub fn new(address: IpAddr) -> ProxyIp {
        ProxyIp(address.to_canonical())
    }

    /// Returns the address itself.
    pub const fn address(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for ProxyIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ProxyIp {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(ProxyIp::new)
    }
}

impl Serialize for ProxyIp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ProxyIp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IpAddr::deserialize(deserializer).map(ProxyIp::new)
    }
}

/// A CIDR range of addresses, such as `198.51.100.0/24`; two spellings of one range are the same value.
///
/// Ranges ascend by their first address; of those that begin with the same one, the larger comes first. A range of
/// IPv6 addresses never holds an IPv4 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProxyRange(IpNet);

impl ProxyRange {
    /// Returns the first address of the range.
    pub fn first(self) -> ProxyIp {
        ProxyIp(self.0.network())
    }

    /// Returns whether an address lies in the range.
    pub fn contains(self, ip: ProxyIp) -> bool {
        self.0.contains(&ip.address())
    }

    /// Returns how many leading bits all addresses of the range share.
    pub fn prefix_len(self) -> u8 {
        self.0.prefix_len()
    }
}

impl fmt::Display for ProxyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is wrong with a text that should be a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARange {
    /// The text is no address with the length of a prefix behind a slash.
    #[error("a range is an address, a slash and a number of bits, such as 198.51.100.0/24")]
    Malformed,
    /// Bits behind the prefix are set, so that the address is not the first one of the range.
    #[error("the range that holds this address is {meant}")]
    HostBits {
        /// The range that holds the address.
        meant: ProxyRange,
    },
}

impl FromStr for ProxyRange {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = text.split_once('/').ok_or(NotARange::Malformed)?;
        let plain = bits == "0" || !bits.starts_with('0') && bits.bytes().all(|byte| byte.is_ascii_digit());
        let (address, bits) = match (address.parse::<IpAddr>(), bits.parse::<u8>()) {
            (Ok(address), Ok(bits)) if plain => (address, bits),
            _ => return Err(NotARange::Malformed),
        };
        // Of an IPv4 address that is written as an IPv6 one, the last 32 bits are the address.
        let (address, bits) = match (address, address.to_canonical()) {
            (IpAddr::V6(_), canonical @ IpAddr::V4(_)) if (96..=128).contains(&bits) => (canonical, bits - 96),
            _ => (address, bits),
        };
        let written = IpNet::new(address, bits).map_err(|_| NotARange::Malformed)?;
        let range = ProxyRange(written.trunc());
        if range.0 == written { Ok(range) } else { Err(NotARange::HostBits { meant: range }) }
    }
}

impl Serialize for ProxyRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The operating system that a proxy's fingerprint shows (`signature` of `signature/set`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// iOS
    Ios,
    /// macOS
    Macos,
    /// Android
    Android,
    /// Linux
    Linux,
    /// Windows 10
    Win10,
    /// Windows 11
    Win11,
}

impl Signature {
    /// Every signature that the API knows, in the order in which its description lists them.
    pub const ALL: [Signature; 6] =
        [Signature::Ios, Signature::Macos, Signature::Android, Signature::Linux, Signature::Win10, Signature::Win11];

    /// Returns the word that the API and the manifest use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Signature::Ios => "ios",
            Signature::Macos => "macos",
            Signature::Android => "android",
            Signature::Linux => "linux",
            Signature::Win10 => "win10",
            Signature::Win11 => "win11",
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a signature is one of ios, macos, android, linux, win10, win11")]
pub struct NotASignature;

impl FromStr for Signature {
    type Err = NotASignature;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Signature::ALL.into_iter().find(|signature| signature.as_str() == text).ok_or(NotASignature)
    }
}

/// An amount of money in whole cents of the wallet's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub u64);

impl Cents {
    /// Adds two amounts; an amount that no wallet holds stays at the largest number.
    pub fn plus(self, other: Cents) -> Cents {
        Cents(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Cents>>(amounts: I) -> Cents {
        amounts.fold(Cents(0), Cents::plus)
    }
}

impl fmt::Display for Cents {
    /// Writes whole units and cents, as in `3.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// A share of 100, from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u8")]
pub struct Percent(#[schemars(range(max = 100))] u8);

impl TryFrom<u8> for Percent {
    type Error = &'static str;

    fn try_from(percent: u8) -> Result<Self, Self::Error> {
        Percent::new(percent).ok_or("a percentage is a whole number from 0 to 100")
    }
}

impl Percent {
    /// Wraps a percentage; `None` above 100.
    pub fn new(percent: u8) -> Option<Percent> {
        (percent <= 100).then_some(Percent(percent))
    }

    /// Returns this share of `whole`, rounded down.
    pub fn of(self, whole: usize) -> usize {
        usize::try_from(whole as u128 * u128::from(self.0) / 100).unwrap_or(whole)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let percent = text.parse().ok().filter(|_| digits).and_then(Percent::new);
        percent.ok_or_else(|| "a percentage is a whole number from 0 to 100".to_owned())
    }
}
