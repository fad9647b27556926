//! The lines of an order written as a manifest.

use std::cmp::Ordering;
use std::fmt;

use crate::manifest::write::{Key, scalar};
use crate::model::{Foreign, OrderId, PendingChange, ProxyIp, ProxyRange, Signature, printable};

/// A line of a difference.
#[derive(Debug, Clone, Copy)]
pub enum DiffLine<'a> {
    /// As it is made; it becomes text only where it is shown.
    Written(Written<'a>),
    /// As it was saved, and perhaps edited.
    Saved(&'a str),
}

impl fmt::Display for DiffLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiffLine::Written(written) => written.fmt(f),
            DiffLine::Saved(text) => f.write_str(&printable(text)),
        }
    }
}

/// A line of an order written as a manifest.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// What it says.
    pub(super) says: Says<'a>,
    /// The range of the manifest that covers the IP: a comment, which makes no difference.
    pub(super) covered_by: Option<ProxyRange>,
    /// Whether a signature that is declared in its place takes a slot for good, or may.
    pub(super) takes_slot: bool,
}

/// What a line says.
///
/// The order of these values is the order of the lines, so that an order's lines ascend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says<'a> {
    Order(OrderId),
    Tag(&'a str),
    Slots {
        qty: u32,
        pending: Option<Option<PendingChange>>,
    },
    /// A downgrade to what is declared is pending.
    SlotsUntilRenewal {
        qty_now: u32,
        next_qty: u32,
    },
    AutoRenewal(Option<bool>),
    Keep,
    Ip {
        ip: ProxyIp,
        signature: Option<SignatureWord<'a>>,
        signature_unknown: bool,
        mark_unknown: bool,
    },
}

/// A signature, declared or live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SignatureWord<'a> {
    Known(Signature),
    /// A word of the API's that cannot be declared.
    Other(&'a Foreign),
}

impl fmt::Display for SignatureWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignatureWord::Known(signature) => signature.fmt(f),
            SignatureWord::Other(word) => f.write_str(&scalar(word.raw())),
        }
    }
}

impl fmt::Display for Says<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Says::Order(order_id) => write!(f, "{order_id}:"),
            Says::Tag(tag) => write!(f, "  tag: {}", scalar(tag)),
            Says::Slots { qty, pending } => write!(f, "  p0f_slots: {qty}{}", pending_comment(*pending)),
            Says::SlotsUntilRenewal { qty_now, next_qty } => {
                write!(f, "  p0f_slots: {next_qty}  # {qty_now} now, until the renewal")
            }
            Says::AutoRenewal(Some(is_on)) => write!(f, "  auto_renewal: {is_on}"),
            Says::AutoRenewal(None) => f.write_str("  auto_renewal:  # unknown"),
            Says::Keep => f.write_str("  keep:"),
            Says::Ip { ip, signature, signature_unknown, mark_unknown } => {
                write!(f, "    {}:", Key(*ip))?;
                if let Some(signature) = signature {
                    write!(f, " {signature}")?;
                }
                match (signature_unknown, mark_unknown) {
                    (true, true) => f.write_str("  # signature and mark unknown"),
                    (true, false) => f.write_str("  # signature unknown"),
                    (false, true) => f.write_str("  # mark unknown"),
                    (false, false) => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.says.fmt(f)?;
        match self.covered_by {
            Some(range) => write!(f, "  # {range}"),
            None => Ok(()),
        }
    }
}

impl Written<'_> {
    /// Returns whether the declared line says no more than what is known, and asserts what is not.
    pub(super) fn is_asserted_by(&self, declared: &Written<'_>) -> bool {
        self.says.is_asserted_by(&declared.says) && !self.takes_slot
    }
}

impl<'a> From<Says<'a>> for Written<'a> {
    fn from(says: Says<'a>) -> Written<'a> {
        Written { says, covered_by: None, takes_slot: false }
    }
}

impl Says<'_> {
    fn is_asserted_by(&self, declared: &Says<'_>) -> bool {
        match (self, declared) {
            (Says::Slots { qty, pending: None }, Says::Slots { qty: to, .. }) => qty == to,
            (Says::AutoRenewal(None), Says::AutoRenewal(_)) => true,
            (Says::Ip { ip, signature, signature_unknown, mark_unknown }, Says::Ip { ip: same, signature: to, .. }) => {
                ip == same && (*signature_unknown || *mark_unknown && signature == to)
            }
            _ => false,
        }
    }

    /// Orders lines by what they are about, whatever they say of it.
    pub(super) fn compare_subject(&self, other: &Says<'_>) -> Ordering {
        match (self, other) {
            (Says::Tag(_), Says::Tag(_))
            | (Says::Slots { .. }, Says::Slots { .. })
            | (Says::AutoRenewal(_), Says::AutoRenewal(_)) => Ordering::Equal,
            (Says::Ip { ip, .. }, Says::Ip { ip: other, .. }) => ip.cmp(other),
            _ => self.cmp(other),
        }
    }
}

fn pending_comment(pending: Option<Option<PendingChange>>) -> String {
    match pending {
        Some(None) => String::new(),
        Some(Some(PendingChange::Downgrade { next_qty })) => {
            format!("  # {next_qty} from the next renewal on")
        }
        Some(Some(PendingChange::Cancel {})) => "  # none from the next renewal on".to_owned(),
        None => "  # pending downgrade unknown".to_owned(),
    }
}
