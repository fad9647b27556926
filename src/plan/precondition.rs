//! What must still hold for a saved plan to be applied.

use std::fmt::Write;
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::model::{LiveOrder, PendingChange, ProxyIp, Recorded, Renewal, hex};

/// What an order looked like when it was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition {
    /// SHA-256 over the order's active IPs.
    pub active_ips_sha256: String,
    /// SHA-256 over the signatures that the API reports; `None` where it reports none at all.
    pub signatures_sha256: Option<String>,
    /// The slots; `None` where they were not read.
    pub slots: Option<u32>,
    /// What is scheduled for the next renewal; the outer `None` where the API does not tell it.
    pub pending: Option<Option<PendingChange>>,
    /// Whether the order renews by itself; `None` where the API does not tell it.
    pub auto_renewal: Option<bool>,
    /// Where the order stands; `None` where the API does not tell it.
    pub order_status: Option<String>,
    /// The next renewal, as the API says it.
    pub renews_at: Option<String>,
    /// SHA-256 over what was recorded of the order.
    pub recorded_sha256: String,
}

/// Describes an order as it is now.
pub(super) fn precondition(live: &LiveOrder, recorded: &Recorded) -> Precondition {
    let (mut addresses, mut signatures) = (Sha256::new(), None::<Sha256>);
    let mut bytes = Vec::new();
    for (ip, seen) in &live.active {
        bytes.clear();
        add_ip(&mut bytes, *ip);
        addresses.update(&bytes);
        if let Some(signature) = &seen.signature {
            add_word(&mut bytes, &signature.word().unwrap_or_default());
            signatures.get_or_insert_default().update(&bytes);
        }
    }
    Precondition {
        active_ips_sha256: hex(&addresses.finalize()),
        signatures_sha256: signatures.map(|digest| hex(&digest.finalize())),
        slots: live.slots,
        pending: live.detail.pending,
        auto_renewal: live.detail.auto_renewal,
        order_status: live.detail.status.as_ref().map(|status| status.word().to_owned()),
        renews_at: live.renewal.as_ref().map(Renewal::raw),
        recorded_sha256: recorded_digest(recorded),
    }
}

/// Adds an address as few bytes that no other one has: an account has a million of them.
fn add_ip(bytes: &mut Vec<u8>, ip: ProxyIp) {
    match ip.address() {
        IpAddr::V4(address) => {
            bytes.push(4);
            bytes.extend(address.octets());
        }
        IpAddr::V6(address) => {
            bytes.push(6);
            bytes.extend(address.octets());
        }
    }
}

/// Adds addresses, with how many there are, so that a list cannot run into what follows.
fn add_ips<'a>(bytes: &mut Vec<u8>, ips: impl ExactSizeIterator<Item = &'a ProxyIp>) {
    bytes.extend((ips.len() as u64).to_le_bytes());
    ips.for_each(|ip| add_ip(bytes, *ip));
}

/// Adds a word with its length, so that it cannot run into what follows.
fn add_word(bytes: &mut Vec<u8>, word: &str) {
    bytes.extend((word.len() as u64).to_le_bytes());
    bytes.extend(word.as_bytes());
}

fn recorded_digest(recorded: &Recorded) -> String {
    let Recorded {
        signatures,
        unknown_signatures,
        signatures_told,
        del_np,
        slots,
        auto_renewal,
        renews_at,
        pending_asked,
        ips,
        purchase,
        bought,
    } = recorded;
    let mut bytes = Vec::new();
    add_ips(&mut bytes, signatures.keys());
    signatures.values().for_each(|signature| add_word(&mut bytes, signature.as_str()));
    add_ips(&mut bytes, unknown_signatures.iter());
    add_ips(&mut bytes, del_np.keys());
    bytes.extend(del_np.values().map(|mark| u8::from(*mark)));
    bytes.push(u8::from(ips.is_some()) | u8::from(*signatures_told) << 1);
    ips.iter().for_each(|ips| add_ips(&mut bytes, ips.iter()));
    let mut text = String::new();
    if let Some(slots) = slots {
        let _ = writeln!(text, "slots {} {:?}", slots.qty, slots.pending.map(PendingChange::next_qty));
    }
    if let Some(purchase) = purchase {
        let _ = writeln!(text, "purchase {} {} {}", purchase.from_qty, purchase.add_qty, purchase.when);
    }
    if let Some(bought) = bought {
        let _ = writeln!(text, "bought {} {}", bought.qty, bought.when);
    }
    if let Some(auto_renewal) = auto_renewal {
        let _ = writeln!(text, "automatic renewal {auto_renewal}");
    }
    if let Some(renewal) = renews_at {
        let _ = writeln!(text, "renewal {} {:?} {:?}", renewal.at.raw(), renewal.source, renewal.until);
    }
    if *pending_asked {
        let _ = writeln!(text, "what is pending was asked");
    }
    bytes.extend(text.as_bytes());
    hex(&Sha256::digest(&bytes))
}
