//! What is wrong, what is worth a remark, and where in the manifest it stands.
//!
//! A [`Problem`] blocks its order, a [`Note`] blocks nothing; both have a stable code (contract, Problems).

mod problem;
mod quoted;
mod source;

pub use problem::{Attribute, Label, Note, NoteCode, NoteValue, Problem, ProblemCode};
pub use quoted::{quoted, quoted_apart, quoted_path};
pub use source::{Position, SourceFile, SourceMap};
