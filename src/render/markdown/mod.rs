//! Plans and reports for a comment on a pull request.
//!
//! A comment has a bound. What does not fit is left out, the least important first: diffs, what is only asserted, lists
//! that need no name for each IP, the details of notes, and only then IPs that leave or get their first signature. What
//! was left out is said, and never the summary is.

mod brief;
mod comment;
mod commit;
mod detail;
mod escape;
mod fit;
mod left_out;
mod order;
mod plan;
mod problems;
mod report;
mod title;
mod unlisted;

pub use comment::{Comment, MARKER, MAX_CHARACTERS};
pub use commit::Commit;
pub(super) use escape::{MAX_MESSAGE, MAX_TAG, code, escape, html, html_code, short};
pub use plan::{Invocation, plan};
pub use problems::{ended, invalid_manifest, validate};
pub use report::report;
pub use title::{NotATitle, Title};
