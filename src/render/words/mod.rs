//! Plans in words, the same for terminals and pull requests.

mod addresses;
mod facts;
mod items;
mod notes;
mod price;
mod results;
mod standing;
mod steps;
mod summary;
mod verb;
mod weight;
mod when;

pub(super) use addresses::in_short;
pub(super) use facts::{order_facts, order_title};
pub(super) use items::{Group, lines};
pub(super) use notes::{NoteWords, alike, notes};
pub(super) use price::next_price;
pub use results::report;
pub(super) use results::result;
pub(super) use standing::no_changes;
pub(super) use steps::{Words, step};
pub(super) use summary::{does_not_renew, drift, first_signatures, summary};
pub(super) use verb::verb;
pub(super) use weight::Weight;
pub(super) use when::{PeriodEnd, in_days};
