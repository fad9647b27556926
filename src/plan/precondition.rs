//! What must still hold for a saved plan to be applied.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::model::{LiveOrder, PendingChange, Recorded, Renewal, hex};

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
    let mut addresses = Sha256::new();
    let mut signatures: Option<Sha256> = None;
    let mut text = String::new();
    for (ip, seen) in &live.active {
        text.clear();
        let _ = writeln!(text, "{ip}");
        addresses.update(text.as_bytes());
        if let Some(signature) = &seen.signature {
            text.clear();
            let _ = writeln!(text, "{ip} {signature:?}");
            signatures.get_or_insert_default().update(text.as_bytes());
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

fn recorded_digest(recorded: &Recorded) -> String {
    let Recorded {
        signatures,
        unknown_signatures,
        del_np,
        slots,
        auto_renewal,
        renews_at,
        pending_asked,
        ips,
        purchase,
        bought,
    } = recorded;
    let mut text = String::new();
    for (ip, signature) in signatures {
        let _ = writeln!(text, "signature {ip} {signature}");
    }
    for ip in unknown_signatures {
        let _ = writeln!(text, "unknown signature {ip}");
    }
    for (ip, mark) in del_np {
        let _ = writeln!(text, "mark {ip} {mark}");
    }
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
        let _ = writeln!(text, "renewal {} {:?}", renewal.at.raw(), renewal.source);
    }
    if *pending_asked {
        let _ = writeln!(text, "what is pending was asked");
    }
    for ip in ips.iter().flatten() {
        let _ = writeln!(text, "active {ip}");
    }
    hex(&Sha256::digest(text.as_bytes()))
}
