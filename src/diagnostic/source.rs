//! The manifest files of one run, and where a thing stands in them.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{SourceId, Span};

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

/// A manifest file as it was read.
#[derive(Debug)]
pub struct SourceFile {
    /// The path as the user wrote it.
    pub name: String,
    /// Where the file lies, absolute and without links; `None` for a pipe, standard input, and a text at hand.
    pub path: Option<PathBuf>,
    /// The whole text.
    pub text: String,
    line_starts: OnceLock<Vec<u32>>,
    /// The offset that was located last, in the upper half, and its column.
    located: AtomicU64,
}

/// From so many bytes into a line on, the offset that was located last saves counting characters.
const LONG_LINE: usize = 1024;

impl SourceFile {
    /// Takes a file's name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> SourceFile {
        SourceFile {
            name: name.into(),
            path: None,
            text: text.into(),
            line_starts: OnceLock::new(),
            located: AtomicU64::default(),
        }
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(index, _)| index as u32 + 1)).collect()
        })
    }

    /// Returns the line and column of a byte offset; an offset beyond the end counts as the end.
    pub fn position(&self, offset: u32) -> Position {
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset);
        let start = starts[line - 1] as usize;
        let end = (offset as usize).min(self.text.len());
        let located = self.located.load(Ordering::Relaxed);
        let (known, known_column) = ((located >> 32) as usize, located as u32);
        if known >= start + LONG_LINE && known <= end {
            let column = known_column + self.text.get(known..end).unwrap_or("").chars().count() as u32;
            return self.locate(line, end, column);
        }
        let before = self.text.get(start..end).unwrap_or("");
        // A byte order mark, which has no width, is one at the very start alone.
        let before = if line == 1 { before.strip_prefix('\u{feff}').unwrap_or(before) } else { before };
        let column = before.chars().count() as u32 + 1;
        self.locate(line, end, column)
    }

    /// Remembers a position: problems are located in order, and many of them may stand in one long line.
    fn locate(&self, line: usize, end: usize, column: u32) -> Position {
        if self.text.is_char_boundary(end) {
            self.located.store((end as u64) << 32 | u64::from(column), Ordering::Relaxed);
        }
        Position { line: line as u32, column }
    }

    /// Returns the bytes of the lines `first..=last`, counted from 1, as a range of the text.
    pub fn line_range(&self, first: u32, last: u32) -> std::ops::Range<usize> {
        let starts = self.line_starts();
        let start = starts.get(first.saturating_sub(1) as usize).map_or(self.text.len(), |start| *start as usize);
        let end = starts.get(last as usize).map_or(self.text.len(), |start| *start as usize);
        start..end.max(start)
    }
}

/// The manifest files of one run.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file and returns its id.
    pub fn add(&mut self, file: SourceFile) -> SourceId {
        self.files.push(file);
        SourceId(self.files.len() as u32 - 1)
    }

    /// Returns a file that was added.
    pub fn file(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Iterates over the files in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        (0..).map(SourceId).zip(&self.files)
    }

    /// Returns the file's name and the position where the span starts.
    pub fn locate(&self, span: Span) -> (&str, Position) {
        let file = self.file(span.file);
        (&file.name, file.position(span.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_the_same_in_whatever_order_it_is_asked_for() {
        let text = format!("\u{feff}{}\n{}\nshort\n", "aé漢𝄞".repeat(1000), "bü".repeat(3000));
        let is_one = |offset: &u32| text.is_char_boundary(*offset as usize) || *offset as usize > text.len();
        let offsets: Vec<u32> = (0..text.len() as u32 + 3).filter(is_one).step_by(7).collect();
        let alone = |offset: &u32| SourceFile::new("f", text.as_str()).position(*offset);
        let file = SourceFile::new("f", text.as_str());
        for offset in offsets.iter().step_by(40).chain(offsets.iter().rev().step_by(41)) {
            assert_eq!(file.position(*offset), alone(offset), "{offset}");
        }
    }
}
