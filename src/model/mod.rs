//! The words of the domain: what is desired, what is live, what is recorded, and what is wrong with it.
//!
//! Plain data and the rules that hold for it alone. Nothing here reads a file, a clock or the network.

mod desired;
mod identity;
mod io_reason;
mod live;
mod problem;
mod recorded;
mod report;
mod source;
mod words;

pub use desired::{Desired, DesiredOrder, Keep, KeptIp, Limits};
pub use identity::{Cents, OrderId, Percent, ProxyIp, Signature};
pub use io_reason::io_reason;
pub use live::{LiveOrder, LiveSlots, Quote, ReadFailure, Renewal};
pub use problem::{Label, Note, NoteCode, Problem, ProblemCode};
pub use recorded::{PendingChange, PurchaseIntent, Recorded, RecordedSlots};
pub use report::{OperationResult, OrderReport, Outcome, Report};
pub use source::{Position, SourceFile, SourceId, SourceMap, Span, Spanned};
pub use words::{count, hex};

/// The one add-on that the API sells: slots for OS signatures (`addon_key` of the add-on operations).
pub const P0F_SLOTS: &str = "p0f_slots";
