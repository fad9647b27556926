//! Slips of the hand that YAML takes for something else, so that what it complains about stands in another place.
//!
//! Each is looked for only where something is wrong already: in a text or a comment all of them are fine.

use std::collections::BTreeMap;

use super::fields::is_field;
use super::stretch::Stretch;
use crate::diagnostic::{Problem, ProblemCode, quoted};
use crate::manifest::document::KeepKey;
use crate::model::{OrderId, SourceId, Span, is_odd_space};

/// How the lines begin with which a version control system marks two versions of one place.
const CONFLICT_MARKERS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// Finds the first marker of a merge conflict.
pub(super) fn conflict(file: SourceId, text: &str) -> Option<Problem> {
    let is_marker = |line: &str| {
        let rest = CONFLICT_MARKERS.iter().find_map(|marker| line.strip_prefix(marker));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\r']))
    };
    let (start, line) = lines(text, 0, text.len()).find(|(_, line)| is_marker(line))?;
    let at = stretch(start, line.trim_end().len());
    Some(
        Problem::new(ProblemCode::ManifestSyntax, "the file holds a merge conflict")
            .at(at.of(file), "the conflict starts here")
            .help("choose what shall stand there, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`"),
    )
}

/// Returns whether two offsets are in one line.
pub(super) fn is_one_line(text: &str, one: usize, other: usize) -> bool {
    line_start(text, one) == line_start(text, other)
}

/// Finds the tab that indents a line, in the line of an offset or below it.
pub(super) fn tab(text: &str, from: usize) -> Option<Stretch> {
    let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let tab = |(start, line): (usize, &str)| line[..indentation(line)].find('\t').map(|at| stretch(start + at, 1));
    lines(text, line_start(text, from), text.len()).take(MOST_LINES).find_map(tab)
}

/// How far below the place where the parser stopped a tab may stand: behind a few blank lines and comments.
const MOST_LINES: usize = 100;

/// Finds the first character that people take for a space and YAML does not: in an indentation, behind a colon, or at
/// the end of a line, between two offsets. In an indentation it may stand above them, too: there it has moved its line
/// to another level.
pub(super) fn odd_space(text: &str, from: usize, to: usize) -> Option<(usize, char)> {
    let in_line = |(start, line): (usize, &str)| {
        let line = without_comment(line);
        let odd = line.char_indices().filter(|(_, character)| is_odd_space(*character));
        let mut odd = odd.take(MOST_ODD_SPACES);
        odd.find(|(at, _)| separates(line, *at)).map(|(at, character)| (start + at, character))
    };
    let indents = |(at, _): &(usize, char)| text[line_start(text, *at)..*at].trim_start().is_empty();
    let near = lines(text, line_start(text, from), to).filter_map(in_line).find(|(at, _)| *at >= from);
    near.or_else(|| lines(text, 0, from).filter_map(in_line).find(indents))
}

/// How many characters of a line are looked at: each takes a look at the whole line.
const MOST_ODD_SPACES: usize = 100;

/// Returns a line up to its comment.
fn without_comment(line: &str) -> &str {
    let line = line.split(" #").next().unwrap_or(line);
    if line.trim_start().starts_with('#') { "" } else { line }
}

/// Returns whether a space in a line separates something: in the midst of a text it does not, nor between quotes.
fn separates(line: &str, at: usize) -> bool {
    let (before, after) = (&line[..at], line[at..].trim_start());
    let in_quotes = |quote: char| before.matches(quote).count() % 2 == 1;
    let before = before.trim_end();
    let separates = before.is_empty() || before.ends_with(':') || after.is_empty() || after.starts_with('#');
    separates && !in_quotes('"') && !in_quotes('\'')
}

/// Words the problem of a character that is no space, at its own place.
pub(super) fn odd_space_problem(file: SourceId, at: usize, character: char) -> Problem {
    let name = match character {
        '\u{a0}' => "a no-break space",
        '\u{202f}' => "a narrow no-break space",
        '\u{2007}' => "a figure space",
        '\u{3000}' => "an ideographic space",
        '\u{85}' | '\u{2028}' | '\u{2029}' => "a line break of another kind",
        _ => "a space of another kind",
    };
    let message = format!("{name} (U+{:04X}) stands where YAML takes only plain spaces", u32::from(character));
    Problem::new(ProblemCode::ManifestSyntax, message)
        .at(stretch(at, character.len_utf8()).of(file), name)
        .help("remove it, or put a plain space in its place")
}

/// Finds a character that people take for a space in the place of a problem that it explains.
pub(super) fn odd_space_of(text: &str, span: Span, code: ProblemCode) -> Option<(usize, char)> {
    let explains = matches!(
        code,
        ProblemCode::InvalidValue
            | ProblemCode::UnknownField
            | ProblemCode::UnsupportedVersion
            | ProblemCode::ManifestSyntax
    );
    let written = text.get(span.start as usize..span.end as usize).filter(|_| explains)?;
    let (at, character) = written.char_indices().find(|(_, character)| is_odd_space(*character))?;
    Some((span.start as usize + at, character))
}

/// Drops the problems from the index `first` on that follow from the spaces that are none in an indentation: what else is
/// wrong in their lines, and that a `keep` is empty of which they took the first line away.
pub(super) fn drop_consequences(text: &str, odd_spaces: &[usize], problems: &mut Vec<Problem>, first: usize) {
    // Where each such line starts and ends, and the first of the spaces in it.
    let indents = |at: &&usize| text[..**at].trim_end_matches(is_indentation).ends_with('\n');
    let line = |at: &usize| (text[..*at].trim_end_matches(is_indentation).len(), (line_end(text, *at), *at));
    let lines: BTreeMap<usize, (usize, usize)> = odd_spaces.iter().rev().filter(indents).map(line).collect();
    let is_consequence = |code: ProblemCode, at: usize| match code {
        ProblemCode::EmptyKeep => {
            let below = lines.range(at..).next().and_then(|(start, _)| text.get(at..*start));
            below.is_some_and(|between| !between.trim_end().contains('\n'))
        }
        _ => lines.range(..=at).next_back().is_some_and(|(_, (end, named))| at < *end && at != *named),
    };
    let mut index = 0;
    problems.retain(|problem| {
        index += 1;
        let at = problem.primary.as_ref().map(|label| label.span.start as usize).filter(|_| index > first);
        !at.is_some_and(|at| is_consequence(problem.code, at))
    });
}

fn is_indentation(character: char) -> bool {
    matches!(character, ' ' | '\t') || is_odd_space(character)
}

/// Finds the first line between two offsets, or that of the second, that is a key without a colon behind it, or without
/// a space behind its colon, and so goes on in the line below.
pub(super) fn unfinished_key(file: SourceId, text: &str, from: usize, to: usize) -> Option<Problem> {
    contents(text, from.min(line_start(text, to)), to).find_map(|(start, content)| {
        missing_colon(file, start, content).or_else(|| missing_space(file, start, content))
    })
}

/// Finds out that a text which should be a mapping is a key without a space behind its colon.
pub(super) fn text_for_a_mapping(file: SourceId, text: &str, at: Stretch) -> Option<Problem> {
    let content = text.get(at.start as usize..at.end as usize).filter(|content| is_unfinished(content))?;
    missing_space(file, at.start as usize, content)
}

/// Iterates over what is written in the lines between two offsets where no key is finished in them.
fn contents(text: &str, from: usize, to: usize) -> impl Iterator<Item = (usize, &str)> {
    let content = |(start, line): (usize, &'_ str)| {
        let written = without_comment(line).trim_end();
        let content = written.trim_start();
        (start + written.len() - content.len(), content.len())
    };
    let contents = lines(text, from, to).map(content).map(|(start, length)| (start, &text[start..start + length]));
    contents.filter(|(_, content)| is_unfinished(content))
}

fn is_unfinished(content: &str) -> bool {
    !content.contains(": ") && !content.ends_with(':') && !content.contains(is_odd_space)
}

fn missing_colon(file: SourceId, start: usize, content: &str) -> Option<Problem> {
    let key = content.split_whitespace().next().filter(|key| is_key(key))?;
    let value = content[key.len()..].trim_start();
    let problem = Problem::new(ProblemCode::ManifestSyntax, "a key is not followed by `:`")
        .at(stretch(start, key.len()).of(file), "expected `key: value`");
    Some(problem.help(format!("write {}", quoted(format!("{key}: {value}").trim_end()))))
}

fn missing_space(file: SourceId, start: usize, content: &str) -> Option<Problem> {
    let mut colons =
        content.bytes().take(MOST_KEY_BYTES).enumerate().filter(|(_, byte)| *byte == b':').map(|(at, _)| at);
    // With another colon behind it, a number is the start of an address rather than an order's id.
    let is_key = |at: &usize| {
        let (key, value) = (&content[..*at], &content[*at + 1..]);
        is_key(key) && (key.contains(['.', ':']) || !value.contains(':'))
    };
    let colon = colons.rfind(is_key)?;
    let written = format!("{}: {}", &content[..colon], &content[colon + 1..]);
    let problem = Problem::new(ProblemCode::ManifestSyntax, "there is no space behind a colon")
        .at(stretch(start + colon, 1).of(file), "expected a space behind it");
    Some(problem.help(format!("write {}", quoted(&written))))
}

/// More bytes than the longest key has, a range of IPv6 addresses.
const MOST_KEY_BYTES: usize = 64;

/// Returns whether a text is a key that a manifest has.
fn is_key(text: &str) -> bool {
    is_field(text) || text.parse::<OrderId>().is_ok() || text.parse::<KeepKey>().is_ok()
}

/// Iterates over the lines between two offsets, each with its own; the last one is whole.
fn lines(text: &str, from: usize, to: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut start = from;
    let whole = text.get(from..).unwrap_or("").split('\n');
    whole.map_while(move |line| {
        let at = start;
        start += line.len() + 1;
        (at <= to).then_some((at, line))
    })
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| at + length)
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

fn stretch(start: usize, length: usize) -> Stretch {
    Stretch { start: start as u32, end: (start + length) as u32 }
}
