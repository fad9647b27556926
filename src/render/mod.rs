//! What people and programs read: problems, plans and reports as text.

pub mod problem;
