//! Text that comes from outside: a tag, a message of the API, a name in somebody else's file.
//!
//! A [`Foreign`] text cannot be printed as it is: it has no `Display`. Who shows it says how, by
//! [`printable`](Foreign::printable), and who compares or stores it takes it [`raw`](Foreign::raw). What has a `Display`
//! of its own is fit for a terminal, a log and a comment by construction.

use std::borrow::Cow;
use std::fmt;

/// What begins a command wherever it stands in a line of a GitHub log.
pub const LOG_COMMAND: &str = "##[";

/// A text from outside, which may hold anything.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Foreign(String);

impl Foreign {
    /// Takes a text as it came.
    pub fn new(text: impl Into<String>) -> Foreign {
        Foreign(text.into())
    }

    /// Returns the text as it came: to be compared, stored, or written by a format that escapes it.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Returns the text fit for a terminal, as [`printable`] does.
    pub fn printable(&self) -> Cow<'_, str> {
        match needs_escape(&self.0) {
            true => Cow::Owned(printable(&self.0)),
            false => Cow::Borrowed(&self.0),
        }
    }
}

impl From<&str> for Foreign {
    fn from(text: &str) -> Foreign {
        Foreign::new(text)
    }
}

impl From<String> for Foreign {
    fn from(text: String) -> Foreign {
        Foreign(text)
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Debug` of a text leaves some characters as they are that nobody sees.
        write!(f, "{:?}", self.printable())
    }
}

fn needs_escape(text: &str) -> bool {
    text.contains(LOG_COMMAND) || text.contains(is_unprintable)
}

/// Makes a text from outside fit for a terminal: what would command it or reorder the line is shown as an escape.
pub fn printable(text: &str) -> String {
    let text = text.replace(LOG_COMMAND, "##\\u{5b}");
    if !text.contains(is_unprintable) {
        return text;
    }
    text.chars().flat_map(|c| if is_unprintable(c) { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Returns whether a character is one that nobody sees, or that commands a terminal or reorders the text around it: a
/// control, a space or line end that looks like a plain one and is none, or one without a shape of its own.
pub fn is_unprintable(character: char) -> bool {
    character.is_control() || is_odd_space(character) || is_ignorable(character)
}

/// Returns whether a character is a space or a line end to people and an ordinary character to YAML.
pub fn is_odd_space(character: char) -> bool {
    character.is_whitespace() && !matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Returns whether a character is one that Unicode calls ignorable by default: it has no shape of its own. The marks that
/// reorder a text are among them.
pub fn is_ignorable(character: char) -> bool {
    matches!(
        u32::from(character),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e
            | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3
            | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_shown_as_an_escape() {
        let unseen = "\u{a0}\u{ad}\u{34f}\u{61c}\u{115f}\u{180e}\u{200b}\u{200c}\u{200e}\u{2028}\u{2029}\u{202e}\u{206a}\
                      \u{2066}\u{3000}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{fffa}\u{e0041}\u{7f}\u{85}\u{1b}";
        for character in unseen.chars() {
            assert!(is_unprintable(character), "{character:?}");
            assert_eq!(printable(&format!("a{character}b")), format!("a{}b", character.escape_unicode()));
        }
        for seen in "aé漢🦀 ~".chars() {
            assert!(!is_unprintable(seen), "{seen:?}");
        }
    }

    #[test]
    fn a_foreign_text_is_shown_only_with_its_commands_escaped() {
        let text = Foreign::new("eu\u{1b}[31m##[add-mask]\u{202e}");
        assert_eq!(text.printable(), "eu\\u{1b}[31m##\\u{5b}add-mask]\\u{202e}");
        assert_eq!(printable(&text.printable()), text.printable(), "what is printable stays as it is");
        assert!(!format!("{text:?}").contains(['\u{1b}', '\u{202e}']));
        assert_eq!(text.raw(), "eu\u{1b}[31m##[add-mask]\u{202e}");
        assert!(matches!(Foreign::new("eu-scrapers").printable(), Cow::Borrowed(_)));
    }
}
