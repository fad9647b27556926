//! Texts from outside in the words of a message: between backticks, fit for a terminal, a log and a comment.

use std::path::Path;

use crate::model::{is_ignorable, is_unprintable, printable};

/// The most characters that are shown of a text, so that a long value does not fill the screen.
const MOST_SHOWN: usize = 60;
/// The most characters that are shown of each of two texts, whose difference may stand far behind.
const MOST_SHOWN_APART: usize = 240;

/// Quotes a text for a message: on one line, not too long, and with everything that cannot be seen as an escape.
pub fn quoted(text: &str) -> String {
    quote(text, MOST_SHOWN, is_unprintable)
}

/// Quotes the path of a file for a message: as [`quoted`] does, but whole.
pub fn quoted_path(path: &Path) -> String {
    quote(&path.to_string_lossy(), usize::MAX, is_unprintable)
}

/// Quotes two texts that differ so that a reader can tell them apart.
///
/// Where they look alike, because one of them has an invisible character, another composition of the same letter, or a
/// letter of another alphabet, everything that is not ASCII is shown as an escape.
pub fn quoted_apart(one: &str, other: &str) -> (String, String) {
    if !look_alike(one, other) {
        return (quoted(one), quoted(other));
    }
    let escapes = |character: char| is_unprintable(character) || !character.is_ascii();
    (quote(one, MOST_SHOWN_APART, escapes), quote(other, MOST_SHOWN_APART, escapes))
}

fn quote(text: &str, most: usize, escapes: impl Fn(char) -> bool) -> String {
    if text.is_empty() {
        return "an empty text".to_owned();
    }
    let mut shown = String::new();
    for character in text.chars().take(most) {
        match character {
            // The quote itself: in a comment it would end the code span, and what follows would be formatted. The escape
            // is the one that hidden characters have; a character that only looks like it would mislead.
            '`' => shown.extend(character.escape_unicode()),
            _ if escapes(character) => shown.extend(character.escape_default()),
            _ => shown.push(character),
        }
    }
    let rest = if text.chars().nth(most).is_some() { "…" } else { "" };
    format!("`{}{rest}`", printable(&shown))
}

/// Returns whether a character is drawn onto the one before it, or is the second or third part of a Korean syllable.
fn is_combined(character: char) -> bool {
    matches!(
        u32::from(character),
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5c7 | 0x610..=0x61a | 0x64b..=0x65f | 0x93c | 0x9bc | 0x1160..=0x11ff
            | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0x3099..=0x309a | 0xfe20..=0xfe2f
    )
}

/// Returns whether two texts may look the same: apart from what has no width, they have as many characters, and differ
/// only where one of the two is not ASCII.
fn look_alike(one: &str, other: &str) -> bool {
    let seen = |text: &str| -> Vec<char> {
        let ends = |c: char| c.is_whitespace() || is_ignorable(c);
        text.trim_matches(ends).chars().filter(|c| !is_ignorable(*c) && !is_combined(*c)).collect()
    };
    let (one, other) = (seen(one), seen(other));
    let alike = |(one, other): (&char, &char)| one == other || !one.is_ascii() || !other.is_ascii();
    one.len() == other.len() && one.iter().zip(&other).all(alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_cannot_get_out_of_its_quotes() {
        for (text, shown) in [
            ("eu`[x](https://example.com)", "`eu\\u{60}[x](https://example.com)`"),
            ("a\u{a0}b\nc\td", "`a\\u{a0}b\\nc\\td`"),
            ("##[add-mask]x", "`##\\u{5b}add-mask]x`"),
            ("\u{202e}\u{200c}\u{3164}\u{fe0f}\u{1b}", "`\\u{202e}\\u{200c}\\u{3164}\\u{fe0f}\\u{1b}`"),
            ("münchen 🦀", "`münchen 🦀`"),
            ("", "an empty text"),
        ] {
            assert_eq!(quoted(text), shown);
            assert_eq!(printable(shown), shown);
        }
        assert_eq!(quoted(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
        assert_eq!(quoted_path(Path::new(&"x".repeat(61))), format!("`{}`", "x".repeat(61)));
    }

    #[test]
    fn texts_that_look_alike_are_shown_apart() {
        for (one, other, shown) in [
            ("caf\u{e9}", "cafe\u{301}", ("`caf\\u{e9}`", "`cafe\\u{301}`")),
            ("\u{d55c}", "\u{1112}\u{1161}\u{11ab}", ("`\\u{d55c}`", "`\\u{1112}\\u{1161}\\u{11ab}`")),
            ("t\u{430}g", "tag", ("`t\\u{430}g`", "`tag`")),
            ("e\u{fc}\n", "e\u{fc}", ("`e\\u{fc}\\n`", "`e\\u{fc}`")),
            ("eu\u{200b}", "eu", ("`eu\\u{200b}`", "`eu`")),
            ("münchen", "köln", ("`münchen`", "`köln`")),
            ("eu", "us", ("`eu`", "`us`")),
        ] {
            assert_eq!(quoted_apart(one, other), (shown.0.to_owned(), shown.1.to_owned()));
        }
    }
}
