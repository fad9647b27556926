//! The commit that a comment was made for.

use std::fmt;

/// The id of a commit, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit(String);

/// The most characters of a commit's id: SHA-256 in hexadecimal.
const MAX_CHARACTERS: usize = 64;
/// As many of them are shown; fewer are no link on a pull request.
const SHOWN: usize = 7;

impl Commit {
    /// Takes a commit's id; nothing where it is none, as it comes from the environment.
    pub fn parse(text: &str) -> Option<Commit> {
        let is_id = (SHOWN..=MAX_CHARACTERS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| Commit(text[..SHOWN].to_ascii_lowercase()))
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hexadecimal_words_are_commits() {
        let shown = |text: &str| Commit::parse(text).map(|commit| commit.to_string());
        assert_eq!(shown("1A2B3C4D5E6F708192a3b4c5d6e7f8091a2b3c4d").as_deref(), Some("1a2b3c4"));
        assert_eq!(shown("1a2b3c4").as_deref(), Some("1a2b3c4"));
        for text in ["", "1a2b3c", "main", "1a2b3c4 ", "1a2b3c4\n", "<b>12345</b>", "1a2b3c4g", &"a".repeat(65)] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
