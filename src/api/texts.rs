//! Texts of an answer that are kept and shown: without the token, and not without end.

use super::token::Token;
use super::told::Told;
use crate::model::{Foreign, Renewal};

/// The longest text that is kept, in characters: some are kept for every order, or every IP.
const MAX_CHARS: usize = 1000;
/// The longest message that is passed on, in characters.
const MAX_MESSAGE_CHARS: usize = 300;

/// Makes a text fit to be kept.
pub(super) fn kept(text: &str, token: &Token) -> Foreign {
    Foreign::new(cut(token.redact(text), MAX_CHARS))
}

/// Makes a message fit to be passed on, in one line.
pub(super) fn message(text: &str, token: &Token) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(token.redact(plain.trim()), MAX_MESSAGE_CHARS)
}

fn cut(text: String, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Reads a text that is not blank.
pub(super) fn text(told: &Told, token: &Token) -> Option<Foreign> {
    told.text().map(|text| kept(text, token))
}

/// Reads a tag: the outer `None` where it is not told, the inner one where there is none. A tag of `none` is none.
pub(super) fn tag(told: &Told, token: &Token) -> Option<Option<Foreign>> {
    match told {
        Told::Null => Some(None),
        Told::Text(_) => Some(text(told, token).filter(|tag| tag.raw() != "none")),
        _ => None,
    }
}

/// Reads the end of a paid period.
pub(super) fn renewal(told: &Told, token: &Token) -> Option<Renewal> {
    text(told, token).map(|text| Renewal::parse(text.raw()))
}
