//! The name of a comment, for several in one repository.

use std::fmt;
use std::str::FromStr;

use crate::model::is_unprintable;

/// The name of a comment: fit for an HTML comment and for a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

/// A text that cannot name a comment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a title is 1 to 100 characters on one line, without `--`, `>` and backticks")]
pub struct NotATitle;

/// The most characters of a title.
const MAX_CHARACTERS: usize = 100;

impl FromStr for Title {
    type Err = NotATitle;

    fn from_str(text: &str) -> Result<Title, NotATitle> {
        let text = text.trim();
        let ends_a_comment = text.contains("--") || text.contains('>');
        let is_title = !text.is_empty()
            && text.chars().count() <= MAX_CHARACTERS
            && !ends_a_comment
            && !text.contains('`')
            && !text.contains(is_unprintable);
        if is_title { Ok(Title(text.to_owned())) } else { Err(NotATitle) }
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_ends_no_comment_and_hides_nothing() {
        let long = "x".repeat(101);
        for text in ["", "  ", "a--b", "-->", "a>b", "a`b", "a\nb", "a\u{1b}[2J", "a\u{202e}b", "a\u{200b}b", &long] {
            assert_eq!(text.parse::<Title>(), Err(NotATitle), "{text:?}");
        }
        for text in ["prod", "eu-west", "manifests/eu.yaml", "a <b", "münchen 🦀", &long[1..]] {
            assert_eq!(text.parse::<Title>().map(|title| title.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(" prod ".parse::<Title>().map(|title| title.to_string()), Ok("prod".to_owned()));
    }
}
