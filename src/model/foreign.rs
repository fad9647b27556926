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

/// Returns whether a character is a control, a separator of lines, a byte order mark, a mark that reorders the text
/// around it, or one that nobody sees.
pub fn is_unprintable(character: char) -> bool {
    let reorders =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let unseen = matches!(character, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{e0000}'..='\u{e007f}');
    reorders || unseen || character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

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
