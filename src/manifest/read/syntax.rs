//! What the YAML parser says where it has to give up, in the words of someone who edits a manifest.

use granit_parser::{ErrorKind, ScanError};

use super::slips;
use super::stretch::Stretch;
use crate::diagnostic::{Problem, ProblemCode, quoted};
use crate::model::{SourceId, Span, is_odd_space, printable};

/// What is wrong, the words beside the mark, and what to do.
type Wording = (String, &'static str, &'static str);

/// Words the parser's error, with a mark on the character at which it stopped.
///
/// `open` is the innermost bracket or brace that is open there, and `since` where what was understood ends.
pub(super) fn problem(file: SourceId, text: &str, error: &ScanError, open: Option<&Stretch>, since: usize) -> Problem {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    if let Some(problem) = slip(file, text, error.kind(), since, at) {
        return problem;
    }
    let dash = text.get(..at).is_some_and(|before| before.trim_end().ends_with('-'));
    let tab = slips::tab(text, at);
    let is_here = |tab: Stretch| slips::is_one_line(text, tab.start as usize, at);
    let kind = match error.kind() {
        ErrorKind::ExpectedBlockMappingKey if dash => &ErrorKind::BlockSequenceEntryNotAllowed,
        kind if indentation(kind).is_some() && tab.is_some_and(is_here) => &ErrorKind::TabNotAllowed,
        kind => kind,
    };
    let (message, label, help) = wording(kind);
    let here = tab.filter(|_| is_about_a_tab(kind)).map_or_else(|| mark(file, text, at), |tab| tab.of(file));
    let problem = Problem::new(ProblemCode::ManifestSyntax, message).at(here, label).help(help);
    match open.map(|open| open.of(file)).filter(|open| brackets(kind).is_some() && open.start != here.start) {
        Some(open) => problem.also_at(open, "opened here"),
        None => problem,
    }
}

/// Finds a slip of the hand before the place where the parser stopped, or in its line.
fn slip(file: SourceId, text: &str, kind: &ErrorKind, since: usize, at: usize) -> Option<Problem> {
    use ErrorKind as Kind;
    let here = text.get(at..).and_then(|rest| rest.chars().next()).map(|character| (at, character));
    let odd_space = here.filter(|(_, character)| is_odd_space(*character));
    // Between quotes any character may stand, and where they are not closed, that is what is wrong.
    let odd_space = odd_space.or_else(|| quotes(kind).is_none().then(|| slips::odd_space(text, since, at)).flatten());
    match (odd_space, kind) {
        (Some((at, character)), _) => Some(slips::odd_space_problem(file, at, character)),
        (
            None,
            Kind::MappingValueNotAllowed
            | Kind::InvalidMappingValueWhitespace
            | Kind::SimpleKeyExpected
            | Kind::InvalidSimpleKey
            | Kind::CommentInterceptedScalar
            | Kind::CommentNotSeparated,
        ) => slips::unfinished_key(file, text, since, at),
        _ => None,
    }
}

fn is_about_a_tab(kind: &ErrorKind) -> bool {
    use ErrorKind as Kind;
    matches!(kind, Kind::TabInBlockIndentation | Kind::TabInIndentation | Kind::TabNotAllowed | Kind::TabInPlainScalar)
}

/// Marks the character at an offset, or the last one that is visible where the file ends.
fn mark(file: SourceId, text: &str, at: usize) -> Span {
    let written = text.trim_end().len();
    let after = text.get(at.min(written)..).and_then(|rest| rest.chars().next());
    // The parser stops behind a tab that it does not take.
    let behind_tab = text.get(..at).is_some_and(|before| before.ends_with('\t'));
    let (start, end) = match after {
        _ if behind_tab => (at - 1, at),
        // A mark ends with its line.
        Some('\n' | '\r') if at < written => (at, at),
        Some(character) if at < written => (at, at + character.len_utf8()),
        _ => (written, written),
    };
    Span { file, start: start as u32, end: end as u32 }
}

fn wording(kind: &ErrorKind) -> Wording {
    let known = indentation(kind).or_else(|| quotes(kind)).or_else(|| brackets(kind)).or_else(|| characters(kind));
    let known = known.map(|(message, label, help)| (message.to_owned(), label, help));
    known.or_else(|| single_character(kind)).unwrap_or_else(|| {
        let message = format!("the file is not valid YAML: {}", printable(&kind.to_string()));
        (message, "the YAML cannot be read from here on", "the rest of this file is checked once this is fixed")
    })
}

fn indentation(kind: &ErrorKind) -> Option<(&'static str, &'static str, &'static str)> {
    use ErrorKind as Kind;
    Some(match kind {
        kind if is_about_a_tab(kind) => ("a tab stands where YAML takes only spaces", "a tab", "indent with spaces"),
        Kind::InvalidIndentation
        | Kind::ExpectedBlockMappingKey
        | Kind::MappingKeyNotAllowed
        | Kind::InvalidBlockScalarIndent
        | Kind::InvalidFlowScalarIndent => (
            "this line does not fit the lines above it",
            "expected a `key: value` in the column of its neighbours",
            "check the indentation: all keys of one mapping start in the same column",
        ),
        Kind::ExpectedBlockSequenceEntry | Kind::BlockSequenceEntryNotAllowed | Kind::BlockEntryInFlowCollection => (
            "a list and a mapping are mixed up",
            "a list item beside a `key: value`",
            "a manifest has no lists: write `key: value` without a dash",
        ),
        Kind::RecursionLimitExceeded => (
            "the values are nested too deeply",
            "deeper than 32 levels",
            "a manifest has four levels: `orders`, an order's id, `keep`, an IP",
        ),
        _ => return None,
    })
}

fn quotes(kind: &ErrorKind) -> Option<(&'static str, &'static str, &'static str)> {
    use ErrorKind as Kind;
    Some(match kind {
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar | Kind::InvalidQuotedScalarIndent => {
            ("a quoted text is not closed", "no closing quote", "add the closing quote")
        }
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => (
            "something stands behind a quoted text",
            "expected the end of the line, or `:`",
            "put all of the text between the quotes, and `''` for a quote inside single quotes",
        ),
        Kind::UnknownQuotedScalarEscape => (
            "a text in double quotes has an unknown escape",
            "a `\\` in this text",
            "write `\\\\` for a backslash, or use single quotes, in which it has no meaning",
        ),
        _ => return None,
    })
}

fn brackets(kind: &ErrorKind) -> Option<(&'static str, &'static str, &'static str)> {
    use ErrorKind as Kind;
    Some(match kind {
        Kind::UnclosedFlowCollection { .. } => {
            ("a bracket or brace is not closed", "never closed", "close each `{` with `}` and each `[` with `]`")
        }
        Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofImplicitFlowMapping
        | Kind::ExpectedFlowMappingSeparator
        | Kind::ExpectedFlowSequenceSeparator
        | Kind::InvalidColonPlacement => (
            "a bracket or brace is not closed, or a comma is missing",
            "expected `,` or the closing bracket before this",
            "close each `{` with `}` and each `[` with `]`, with commas between the items",
        ),
        Kind::MisplacedFlowCollectionEnd | Kind::MismatchedFlowCollectionEnd { .. } => (
            "a closing bracket or brace does not fit the opening one",
            "nothing that this could close",
            "close each `{` with `}` and each `[` with `]`",
        ),
        _ => return None,
    })
}

fn characters(kind: &ErrorKind) -> Option<(&'static str, &'static str, &'static str)> {
    use ErrorKind as Kind;
    Some(match kind {
        Kind::MappingValueNotAllowed | Kind::InvalidMappingValueWhitespace => (
            "a `:` stands where no value can start",
            "not expected here",
            "write one `key: value` a line with a space behind the colon, here and in the line above; quote a text with `: `",
        ),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            ("a key is not followed by `:`", "expected `key: value`", "put a colon and a space behind the key")
        }
        Kind::CommentNotSeparated | Kind::CommentInterceptedScalar => (
            "a comment stands where YAML takes none",
            "not expected here",
            "put a space before `#`, and a comment between lines, not inside a text",
        ),
        Kind::BomInsideDocument => (
            "a byte order mark stands inside the file",
            "an invisible character U+FEFF",
            "remove it: a byte order mark may only be the very first character",
        ),
        _ => return None,
    })
}

fn single_character(kind: &ErrorKind) -> Option<Wording> {
    let ErrorKind::UnexpectedCharacter { character } = kind else { return None };
    Some(if character.is_control() {
        let message = format!("the file has a control character in it (U+{:04X})", u32::from(*character));
        (message, "a control character", "remove it")
    } else {
        let message = format!("a text may not start with {} unless it is quoted", quoted(&character.to_string()));
        (message, "not expected here", "quote the text")
    })
}
