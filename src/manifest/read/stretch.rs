//! Where something stands in the file that is being read.

use crate::model::{SourceId, Span};

/// A stretch of one file in bytes; `end` is exclusive and on the same line as `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifest) struct Stretch {
    pub start: u32,
    pub end: u32,
}

impl Stretch {
    /// Returns whether nothing is written there, as for the value of `key:`.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Names the file to which the stretch belongs.
    pub fn of(self, file: SourceId) -> Span {
        Span { file, start: self.start, end: self.end }
    }
}
