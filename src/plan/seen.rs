//! What is made of what is live and recorded of an order, before it is compared with what is declared.

use jiff::Timestamp;

use super::belief::Belief;
use super::next_record::NextRecord;
use super::precondition::{Precondition, precondition};
use crate::diagnostic::Note;
use crate::model::{LiveOrder, OrderDetail, Recorded};

/// What is made of what is live and recorded of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What is believed of it.
    pub belief: Belief,
    /// The record that the next apply stores.
    pub next_record: NextRecord,
    /// What must still hold for a saved plan to be applied.
    pub precondition: Precondition,
    /// What is remarkable about it.
    pub notes: Vec<Note>,
    /// What the order's detail tells, its prices among it.
    pub detail: OrderDetail,
}

impl Seen {
    /// Looks at an order at a moment; `reassert` doubts what only the record says.
    pub fn new(live: &LiveOrder, recorded: &Recorded, now: Timestamp, reassert: bool) -> Seen {
        let mut notes = Vec::new();
        let next_record = NextRecord::new(recorded, live, now, &mut notes);
        let belief = Belief::new(live, &next_record.recorded, next_record.unsettled, reassert);
        Seen { belief, next_record, precondition: precondition(live, recorded), notes, detail: live.detail.clone() }
    }
}
