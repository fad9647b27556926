//! What a plan does about what somebody else changed: it overwrites it, or leaves it as it is.

use super::OrderPlan;
use super::difference::Difference;
use super::step::{SignatureItem, Step};
use crate::diagnostic::{Attribute, Note, NoteCode, NoteValue};
use crate::model::{ProxyIp, count};

impl Difference<'_> {
    /// Says of everything that somebody else changed whether this plan overwrites it.
    pub(super) fn answer_changes_elsewhere(&mut self) {
        let OrderPlan { notes, steps, .. } = &mut *self.order;
        for note in notes.iter_mut().filter(|note| note.code == NoteCode::ChangedElsewhere) {
            let answer = answer(note, steps);
            note.message.extend(["; ", &answer]);
        }
    }
}

impl OrderPlan {
    /// Returns whether the plan overwrites what a note says that somebody else changed.
    pub fn overwrites(&self, note: &Note) -> bool {
        self.steps.iter().any(|step| overwrites(note, step).is_some())
    }
}

/// Says what steps do about something that somebody else changed.
fn answer(note: &Note, steps: &[Step]) -> String {
    let overwrites: Vec<String> = steps.iter().filter_map(|step| overwrites(note, step)).collect();
    let as_it_is = if note.attribute == Some(Attribute::Slots) { "them as they are" } else { "it as it is" };
    match overwrites.is_empty() {
        true => format!("this plan leaves {as_it_is}; once it is applied, later plans do not mention it again"),
        false => format!("this plan {}", overwrites.join(" and ")),
    }
}

/// Says how a step overwrites what somebody else changed; `None`: it does not.
fn overwrites(note: &Note, step: &Step) -> Option<String> {
    let again = |value: NoteValue| note.from == Some(value);
    Some(match (note.attribute?, step) {
        (Attribute::Signature, Step::SetSignatures { items }) => {
            let to = item(items, note.ip?)?.to;
            format!("sets it {}to {to}", if again(NoteValue::Word(to.to_string())) { "back " } else { "" })
        }
        (Attribute::Slots, Step::PurchaseSlots { from_qty, quote }) => {
            let to_qty = from_qty.saturating_add(quote.add_qty);
            let back = if again(NoteValue::Number(to_qty)) { " again" } else { "" };
            format!("buys {} to have {to_qty}{back}", count(quote.add_qty, "p0f slot"))
        }
        (Attribute::Slots, Step::ScheduleDowngrade { next_qty, .. }) => {
            let back = if again(NoteValue::Number(*next_qty)) { "back " } else { "" };
            format!("schedules a downgrade {back}to {next_qty}")
        }
        (Attribute::Pending, Step::CancelDowngrade { .. }) => "cancels it".to_owned(),
        (Attribute::Pending, Step::ScheduleDowngrade { next_qty, .. }) => {
            format!("schedules a downgrade to {}", count(*next_qty, "slot"))
        }
        (Attribute::AutoRenewal, Step::SetAutoRenewal { to, .. }) => {
            format!("switches it back {}", if *to { "on" } else { "off" })
        }
        _ => return None,
    })
}

fn item(items: &[SignatureItem], ip: ProxyIp) -> Option<&SignatureItem> {
    let at = items.binary_search_by_key(&ip, |item| item.ip).ok()?;
    items.get(at)
}
