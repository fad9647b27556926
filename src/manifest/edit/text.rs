//! A text and its lines.

use std::ops::Range;

use super::splices::Splices;
use crate::manifest::read::tree::{Entry, Node, Value};

/// What separates words in a line.
const BLANK: [char; 2] = [' ', '\t'];

/// The text of a manifest.
pub(super) struct Text<'t> {
    pub text: &'t str,
}

impl<'t> Text<'t> {
    pub fn new(text: &'t str) -> Text<'t> {
        Text { text }
    }

    /// Returns whether a mapping is written in braces.
    pub fn is_flow(&self, node: &Node<'_>) -> bool {
        matches!(node.value, Value::Mapping(_)) && self.rest(node.at.start as usize).starts_with('{')
    }

    pub fn rest(&self, at: usize) -> &'t str {
        self.text.get(at..).unwrap_or("")
    }

    /// Returns where the line of an offset starts; a byte order mark is no part of it.
    pub fn start(&self, at: usize) -> usize {
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        if self.rest(start).starts_with('\u{feff}') { (start + '\u{feff}'.len_utf8()).min(at) } else { start }
    }

    /// Returns where the line of an offset ends, before its line break.
    pub fn end(&self, at: usize) -> usize {
        let end = self.rest(at).find('\n').map_or(self.text.len(), |length| at + length);
        if self.text[at..end].ends_with('\r') { end - 1 } else { end }
    }

    /// Returns where the line below that of an offset starts.
    pub fn below(&self, at: usize) -> usize {
        self.rest(at).find('\n').map_or(self.text.len(), |length| at + length + 1)
    }

    /// Returns the lines from the one of an offset to the one of another, with the line break behind them.
    pub fn whole(&self, from: usize, to: usize) -> Range<usize> {
        self.start(from)..self.below(to)
    }

    /// Returns what stands before an offset in its line.
    pub fn before(&self, at: usize) -> &'t str {
        &self.text[self.start(at)..at]
    }

    /// Returns how many spaces stand right before an offset.
    pub fn spaces_before(&self, at: usize) -> usize {
        let before = &self.text[..at];
        before.len() - before.trim_end_matches(BLANK).len()
    }

    /// Returns how many spaces stand right behind an offset.
    pub fn spaces_behind(&self, at: usize) -> usize {
        let behind = self.rest(at);
        behind.len() - behind.trim_start_matches(BLANK).len()
    }

    /// Returns whether nothing stands before an offset in its line.
    pub fn nothing_before(&self, at: usize) -> bool {
        let before = &self.text[..at - self.spaces_before(at)];
        before.is_empty() || before.ends_with(['\n', '\u{feff}'])
    }

    /// Returns whether nothing but a comment stands behind an offset in its line.
    pub fn nothing_behind(&self, at: usize) -> bool {
        let behind = self.rest(at + self.spaces_behind(at));
        behind.is_empty() || behind.starts_with(['#', '\r', '\n'])
    }

    /// Returns the column of a key, counted from 0: that of the `?`, where one stands before it.
    pub fn column(&self, key: usize) -> usize {
        let before = self.before(key);
        let mark = before.trim_end_matches(' ').strip_suffix('?');
        mark.unwrap_or(before).chars().count()
    }

    /// Returns where the line above a key starts in which its `?` stands alone.
    pub fn mark_above(&self, key: usize) -> Option<usize> {
        let mut start = self.start(key);
        if !self.nothing_before(key) {
            return None;
        }
        while start > 0 {
            start = self.start(start - 1);
            let line = self.rest(start).trim_start_matches(BLANK);
            match line.strip_prefix('?').map(|behind| behind.trim_start_matches(BLANK)) {
                Some(behind) => return behind.starts_with(['#', '\r', '\n']).then_some(start),
                None if line.starts_with(['#', '\r', '\n']) => {}
                None => return None,
            }
        }
        None
    }

    /// Returns the number of the line of an offset, counted from 1.
    pub fn number(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// Returns what ends the line of an offset, or where nothing does, what ends the first line.
    pub fn line_break(&self, at: usize) -> &'static str {
        let ends = |end: usize| match self.rest(end) {
            rest if rest.starts_with("\r\n") => Some("\r\n"),
            rest if rest.starts_with('\n') => Some("\n"),
            _ => None,
        };
        ends(self.end(at)).or_else(|| ends(self.end(0))).unwrap_or("\n")
    }

    /// Puts lines in below that of an offset; each of them ends with a line feed.
    pub fn insert_below(&self, at: usize, lines: &str, splices: &mut Splices) {
        let (line_break, place) = (self.line_break(at), self.below(at));
        let lines = lines.trim_end_matches('\n').replace('\n', line_break);
        // The last line of the text may have nothing that ends it, and so has what comes below it.
        let unended = place == self.text.len() && !self.text.ends_with('\n');
        splices.insert(place, if unended { format!("{line_break}{lines}") } else { format!("{lines}{line_break}") });
    }

    /// Skips spaces, line breaks and comments.
    pub fn skip_blank(&self, mut at: usize) -> usize {
        loop {
            let rest = self.rest(at);
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            at += blank;
            if !self.rest(at).starts_with('#') {
                return at;
            }
            at = self.below(at);
        }
    }

    /// Returns where an entry ends, its colon included.
    pub fn end_of(&self, entry: &Entry<'_>) -> usize {
        let end = entry.end() as usize;
        let colon = self.skip_blank(end);
        let has_value = !entry.value.at.is_empty();
        if !has_value && self.rest(colon).starts_with(':') { colon + 1 } else { end }
    }

    /// Returns the quote in which a text at an offset stands.
    pub fn quote(&self, at: usize) -> Option<char> {
        self.rest(at).chars().next().filter(|first| matches!(first, '"' | '\''))
    }
}
