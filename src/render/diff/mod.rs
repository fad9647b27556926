//! An order as it is and as it is declared, both written as a manifest, and the difference of the two.

mod compare;
mod fold;
mod lines;
mod sides;

pub(super) use fold::{Line, order};
