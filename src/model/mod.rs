//! The words of the domain: what is desired, what is live, and what is recorded.
//!
//! Plain data and the rules that hold for it alone. Nothing here reads a file, a clock or the network.

mod address_run;
mod desired;
mod foreign;
mod identity;
mod io_reason;
mod live;
mod observed;
mod recorded;
mod report;
mod span;
mod words;

pub use address_run::AddressRun;
pub use desired::{Desired, DesiredOrder, Keep, KeptIp, KeptRange, Limits};
pub use foreign::{Foreign, LOG_COMMAND, is_ignorable, is_odd_space, is_unprintable, printable};
pub use identity::{Cents, NotARange, OrderId, Percent, ProxyIp, ProxyRange, Signature};
pub use io_reason::io_reason;
pub use live::{
    LiveIp, LiveOrder, LiveSignature, LiveSlots, NoQuote, OrderDetail, OrderStatus, OrderSummary, OtherAddon, Quote,
    ReadFailure, Renewal, SlotsTold, Wallet,
};
pub use observed::{Observations, Observed, UnusableKind, UnusableRecord};
pub use recorded::{Bought, PendingChange, PurchaseIntent, Recorded, RecordedRenewal, RecordedSlots, RenewalSource};
pub use report::{OrderReport, Outcome, Report, StepResult};
pub use span::{SourceId, Span, Spanned};
pub use words::{count, hex, minute, second};

/// The one add-on that the API sells: slots for OS signatures (`addon_key` of the add-on operations).
pub const P0F_SLOTS: &str = "p0f_slots";
