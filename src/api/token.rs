//! The secret that authorises every request.

use std::fmt;

use reqwest::header::HeaderValue;

/// An API token; it shows itself nowhere but in the `Authorization` header.
///
/// It is held once, in a header value that all requests share. That memory belongs to the HTTP stack, which copies it
/// into the buffers that it sends from, and is not wiped. The texts that the program read it from are, by their reader.
#[derive(Clone)]
pub struct Token(HeaderValue);

/// A text that cannot be a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// Nothing but white space.
    #[error("the token is empty")]
    Empty,
    /// It cannot stand in an HTTP header.
    #[error("the token holds a character that no token has (a line break or a space inside it?)")]
    BadCharacter,
}

impl Token {
    /// Takes a token as it was given; white space around it is dropped.
    pub fn new(text: &str) -> Result<Token, BadToken> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadToken::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadToken::BadCharacter);
        }
        let mut header = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| BadToken::BadCharacter)?;
        header.set_sensitive(true);
        Ok(Token(header))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Replaces the token in a text that came from outside, such as a server that echoes what it got.
    pub(super) fn redact(&self, text: &str) -> String {
        let secret = self.0.to_str().ok().and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
        text.replace(secret, "[token]")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([token])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_itself_nowhere() {
        let token = Token::new(" s3cret\n").expect("a good token");
        assert_eq!(format!("{token:?}"), "Token([token])");
        assert!(!format!("{:?}", token.header()).contains("s3cret"));
        assert_eq!(token.redact("bad token s3cret!"), "bad token [token]!");
    }

    #[test]
    fn what_no_header_holds_is_no_token() {
        assert_eq!(Token::new(" \n").expect_err("empty"), BadToken::Empty);
        assert_eq!(Token::new("two words").expect_err("space"), BadToken::BadCharacter);
        assert_eq!(Token::new("line\nbreak").expect_err("line break"), BadToken::BadCharacter);
    }
}
