//! Stretches of a text to take out, and texts to put in.

use std::ops::Range;

/// Changes to a text, each at a place of the text as it is before all of them.
#[derive(Default)]
pub(super) struct Splices {
    changes: Vec<(Range<usize>, String)>,
}

impl Splices {
    /// Puts a text in; of several at one place, the first one stands first.
    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.changes.push((at..at, text.into()));
    }

    /// Takes a stretch out; stretches may overlap.
    pub fn remove(&mut self, range: Range<usize>) {
        self.changes.push((range, String::new()));
    }

    /// Makes all changes. A text without a line break at its end stays one.
    pub fn apply(mut self, text: String) -> String {
        if self.changes.is_empty() {
            return text;
        }
        self.changes.sort_by_key(|(range, _)| range.start);
        let mut changed = String::with_capacity(text.len());
        let mut copied = 0;
        for (range, inserted) in &self.changes {
            changed.push_str(text.get(copied..range.start).unwrap_or(""));
            changed.push_str(inserted);
            copied = copied.max(range.end);
        }
        changed.push_str(&text[copied..]);
        if !text.ends_with('\n') {
            changed.truncate(changed.trim_end_matches(['\n', '\r']).len());
        }
        changed
    }
}
