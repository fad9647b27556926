//! Tables: aligned for a terminal, and bounded for a comment.

use std::io::{self, Write};

use anstyle::Style;

use super::markdown::{MAX_CHARACTERS, MAX_MESSAGE, code, short};
use super::style::{PLAIN, Styled};
use crate::model::count;

/// What is kept free for what stands around the lines of a comment.
const AROUND: usize = 2000;

/// Writes rows below their head, each column as wide as its widest cell; a row may have a style.
pub(super) fn aligned<const N: usize>(
    out: &mut dyn Write,
    head: [&str; N],
    rows: &[([String; N], Style)],
) -> io::Result<()> {
    let head = (head.map(str::to_owned), PLAIN);
    let lines = || std::iter::once(&head).chain(rows);
    let width = |column: usize| lines().map(|(row, _)| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    for (row, style) in lines() {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", Styled(*style, line.join("  ").trim_end()))?;
    }
    Ok(())
}

/// Writes lines of a comment as far as they fit into it, and says how many things were left out.
pub(super) fn bounded(
    out: &mut dyn Write,
    lines: impl ExactSizeIterator<Item = String>,
    thing: &str,
    shows_all: &str,
) -> io::Result<()> {
    bounded_behind(out, 0, lines, thing, shows_all)
}

/// As [`bounded`], behind so many characters that may be more than what is kept free.
pub(super) fn bounded_behind(
    out: &mut dyn Write,
    mut used: usize,
    lines: impl ExactSizeIterator<Item = String>,
    thing: &str,
    shows_all: &str,
) -> io::Result<()> {
    let mut left = lines.len();
    for line in lines {
        used += line.chars().count() + 1;
        if used > MAX_CHARACTERS - AROUND {
            return left_out(out, left, thing, shows_all);
        }
        writeln!(out, "{line}")?;
        left -= 1;
    }
    Ok(())
}

/// Says how many things a comment has no room for, and which command shows them.
pub(super) fn left_out(out: &mut dyn Write, number: usize, thing: &str, shows_all: &str) -> io::Result<()> {
    let more = count(number, &format!("more {thing}"));
    writeln!(out, "\n… and {more}: {} shows all of them.", code(&short(shows_all, MAX_MESSAGE)))
}
