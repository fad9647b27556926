//! Texts from outside in a comment: what comes from outside (tags, addresses, messages) stands in code spans, in a fence
//! that it cannot close, or escaped, so that it can neither format the comment nor mention anybody.

use std::fmt::Write as _;

use crate::model::printable;
use crate::render::words::Weight;

/// The most characters of a message that are shown.
pub(in crate::render) const MAX_MESSAGE: usize = 400;
/// The most characters of a tag that are shown.
pub(in crate::render) const MAX_TAG: usize = 100;

/// Makes a text from outside printable and cuts it where it is too long.
pub(in crate::render) fn short(text: &str, most: usize) -> String {
    let text = printable(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Writes a sentence with the weight of what it says.
pub(super) fn weighted(weight: Weight, text: &str) -> String {
    let text = escape(&short(text, MAX_MESSAGE));
    match weight {
        Weight::Money | Weight::Leaving | Weight::Slot => format!("**{text}**"),
        Weight::Asserted => format!("<sub>{text}</sub>"),
        Weight::Plain => text,
    }
}

/// Writes lines as a block of code of a language, each behind `indent`.
pub(super) fn fenced(indent: &str, language: &str, lines: &[String]) -> String {
    let fence = fence(lines.iter().map(String::as_str));
    let mut block = format!("{indent}{fence}{language}\n");
    for line in lines {
        let _ = writeln!(block, "{indent}{line}");
    }
    let _ = writeln!(block, "{indent}{fence}");
    block
}

/// Returns a fence that nothing in the texts can close.
fn fence<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let longest = texts.map(longest_backtick_run).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn longest_backtick_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Writes a text from outside as a code span.
pub(in crate::render) fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_backtick_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Writes a text from outside as code inside of HTML.
pub(in crate::render) fn html_code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// Makes a text from outside fit for HTML where Markdown may or may not have a say: what either could take for markup
/// stands as a reference to its character.
pub(in crate::render) fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' ' | '-' | '.' | ',' | '/' => html.push(character),
            _ if character.is_ascii_punctuation() => _ = write!(html, "&#{};", u32::from(character)),
            _ => html.push(character),
        }
    }
    html
}

/// Makes a sentence that may hold a text from outside fit for Markdown; its code spans stay what they are.
pub(in crate::render) fn escape(text: &str) -> String {
    // Longer runs of backticks open and close code spans by rules of their own.
    let has_spans = longest_backtick_run(text) == 1 && text.matches('`').count().is_multiple_of(2);
    let mut in_code = false;
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '`' if has_spans => {
                in_code = !in_code;
                escaped.push(c);
            }
            _ if in_code => escaped.push(c),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // An invisible space keeps it from being a mention, or a reference to an issue.
            '@' | '#' => escaped.extend(['\\', c, '\u{200b}']),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}
