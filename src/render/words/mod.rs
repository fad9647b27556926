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
mod weight;
mod when;

pub(super) use addresses::in_short;
pub(super) use facts::{order_facts, order_title};
pub(super) use items::{Group, lines};
pub(super) use notes::{NoteWords, notes};
pub(super) use price::next_price;
pub use results::report;
pub(super) use results::result;
pub(super) use standing::no_changes;
pub(super) use steps::{Words, step};
pub(super) use summary::{first_signatures, summary};
pub(super) use weight::Weight;
pub(super) use when::{at_renewal, in_days, minute};
