//! Plans, reports and problems as people read them: documents and plans to bytes, and nothing else.
//!
//! `words` puts steps, notes and moments into words, the same for terminals and pull requests; `diff` shows the
//! difference of an order; `text` and `markdown` lay both out.

mod columns;
mod diff;
pub mod forecast;
pub mod history;
pub mod import;
pub mod markdown;
pub mod openmetrics;
pub mod problem;
mod shown;
pub mod status;
mod style;
pub mod text;
mod words;

pub use shown::Shown;
pub use words::report as report_line;
