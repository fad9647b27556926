//! What must still hold for a saved plan to be applied.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::model::{LiveOrder, PendingChange, Recorded, Renewal, hex};

/// What an order looked like when it was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition {
    /// SHA-256 over the order's active IPs.
    pub active_ips_sha256: String,
    /// The slots; `None` where they were not read.
    pub slots: Option<u32>,
    /// The next renewal, as the API says it.
    pub renews_at: Option<String>,
    /// SHA-256 over what was recorded of the order.
    pub recorded_sha256: String,
}

/// Describes an order as it is now.
pub(super) fn precondition(live: &LiveOrder, recorded: &Recorded) -> Precondition {
    let mut addresses = Sha256::new();
    let mut text = String::new();
    for ip in live.active.keys() {
        text.clear();
        let _ = writeln!(text, "{ip}");
        addresses.update(text.as_bytes());
    }
    Precondition {
        active_ips_sha256: hex(&addresses.finalize()),
        slots: live.slots,
        renews_at: live.renewal.as_ref().map(Renewal::raw),
        recorded_sha256: recorded_digest(recorded),
    }
}

fn recorded_digest(recorded: &Recorded) -> String {
    let Recorded { signatures, unknown_signatures, del_np, slots, purchase, .. } = recorded;
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
    hex(&Sha256::digest(text.as_bytes()))
}
