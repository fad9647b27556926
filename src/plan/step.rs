//! What can be done with an order.

use crate::model::{Cents, LiveSignature, PendingChange, ProxyIp, Quote, Signature};

/// One operation of a plan, in the words of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Takes back what is scheduled for the next renewal.
    CancelDowngrade {
        /// What is known to be scheduled; `None`: unknown, so that there may be nothing.
        pending: Option<PendingChange>,
    },
    /// Buys slots: charges the wallet at once.
    PurchaseSlots {
        /// Slots before.
        from_qty: u32,
        /// What is bought, and its price.
        quote: Quote,
    },
    /// Sets OS signatures; items ascend by IP.
    SetSignatures {
        /// The IPs.
        items: Vec<SignatureItem>,
    },
    /// Marks IPs to go at the next renewal or to stay; those that stay come first, each part ascends by IP.
    SetDelNp {
        /// The IPs.
        items: Vec<DelNpItem>,
    },
    /// Schedules fewer slots for the next renewal.
    ScheduleDowngrade {
        /// Slots now.
        from_qty: u32,
        /// Slots from the next renewal on.
        next_qty: u32,
    },
    /// Switches automatic renewal on or off.
    SetAutoRenewal {
        /// Whether it is believed to be on; `None`: unknown.
        from: Option<bool>,
        /// The declared value.
        to: bool,
    },
}

/// A signature to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureItem {
    /// The address.
    pub ip: ProxyIp,
    /// The signature that it is believed to have; `None`: unknown.
    pub from: Option<LiveSignature>,
    /// The declared one.
    pub to: Signature,
    /// Whether it is the IP's first one, or may be: it takes a slot for good.
    pub takes_slot: bool,
}

/// A mark to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelNpItem {
    /// The address.
    pub ip: ProxyIp,
    /// The mark that is known to be set; `None`: unknown.
    pub from: Option<bool>,
    /// The declared one: `true` lets the IP go at the next renewal.
    pub to: bool,
    /// Whether the IP is marked to go that was not before.
    pub newly: bool,
}

impl Step {
    /// Returns the stable name of the step's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Step::CancelDowngrade { .. } => "cancel_downgrade",
            Step::PurchaseSlots { .. } => "purchase_slots",
            Step::SetSignatures { .. } => "set_signatures",
            Step::SetDelNp { .. } => "set_del_np",
            Step::ScheduleDowngrade { .. } => "schedule_downgrade",
            Step::SetAutoRenewal { .. } => "set_auto_renewal",
        }
    }

    /// Returns what it charges the wallet at once.
    pub fn charge(&self) -> Cents {
        match self {
            Step::PurchaseSlots { quote, .. } => quote.charge,
            _ => Cents(0),
        }
    }

    /// Iterates over the IPs that it marks to go.
    pub fn leaving(&self) -> impl Iterator<Item = ProxyIp> + '_ {
        let items = match self {
            Step::SetDelNp { items } => &items[..],
            _ => &[],
        };
        items.iter().filter(|item| item.to).map(|item| item.ip)
    }

    /// Iterates over the IPs that it marks to go and that were not marked before.
    pub fn newly_leaving(&self) -> impl Iterator<Item = ProxyIp> + '_ {
        let items = match self {
            Step::SetDelNp { items } => &items[..],
            _ => &[],
        };
        items.iter().filter(|item| item.newly).map(|item| item.ip)
    }

    /// Counts the IPs that it marks to go.
    pub fn ips_leaving(&self) -> usize {
        self.leaving().count()
    }

    /// Counts the IPs whose signature it sets.
    pub fn signatures_set(&self) -> usize {
        match self {
            Step::SetSignatures { items } => items.len(),
            _ => 0,
        }
    }
}
