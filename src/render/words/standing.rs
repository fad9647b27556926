//! What a plan without changes rests on.

use crate::document::PlanView;
use crate::model::count;
use crate::plan::OnRecord;

/// Says that there are no changes, and what that rests on.
pub(in crate::render) fn no_changes(view: &PlanView<'_>) -> String {
    format!("No changes.{}", sentence(view.on_record()))
}

fn sentence(on_record: OnRecord) -> String {
    let OnRecord { marks, signatures, pending, auto_renewals } = on_record;
    let of_orders = |orders, what: &str| format!("{what} of {}", count(orders, "order"));
    let mut parts = Vec::new();
    parts.extend((marks > 0).then(|| count(marks, "mark")));
    parts.extend((signatures > 0).then(|| count(signatures, "signature")));
    parts.extend((pending > 0).then(|| of_orders(pending, "what is scheduled for the slots")));
    parts.extend((auto_renewals > 0).then(|| of_orders(auto_renewals, "the automatic renewal")));
    let is_one = parts.len() == 1 && marks <= 1 && signatures <= 1;
    let (rest, them) = if is_one { ("rests", "it") } else { ("rest", "them") };
    match parts.pop() {
        None => String::new(),
        Some(last) => {
            let list = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
            format!(" {} {rest} on the record alone: no call of the API reports {them}.", capitalized(&list))
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
