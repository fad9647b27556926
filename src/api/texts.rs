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
    cut(without_mail_addresses(&token.redact(plain.trim())), MAX_MESSAGE_CHARS)
}

/// Replaces mail addresses: a message may name the account's, of which nothing is kept by which it could be known.
fn without_mail_addresses(text: &str) -> String {
    let is_part = |character: char| character.is_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(character);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, behind) = (&rest[..at], &rest[at + 1..]);
        let user = before.trim_end_matches(is_part);
        let end = behind.find(|character| !is_part(character)).unwrap_or(behind.len());
        // A full stop behind it ends the sentence.
        let host = behind[..end].trim_end_matches(['.', '-']);
        if user.len() < before.len() && host.contains('.') {
            plain.extend([user, "[e-mail]"]);
            rest = &behind[host.len()..];
        } else {
            plain.extend([before, "@"]);
            rest = behind;
        }
    }
    plain + rest
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
        Told::Text(_) => Some(text(told, token).filter(|tag| !tag.raw().eq_ignore_ascii_case("none"))),
        _ => None,
    }
}

/// Reads the end of a paid period.
pub(super) fn renewal(told: &Told, token: &Token) -> Option<Renewal> {
    text(told, token).map(|text| Renewal::parse(text.raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_no_mail_address() {
        let token = Token::new("s3cret").expect("a good token");
        for (text, shown) in [
            ("Insufficient funds of jane.doe+x@mail.example.com.", "Insufficient funds of [e-mail]."),
            ("<a@b.cd>, c-d@e.fg", "<[e-mail]>, [e-mail]"),
            ("müller@straße.de owes", "[e-mail] owes"),
            ("retry @ 5.30, see proxies@active or @x.y", "retry @ 5.30, see proxies@active or @x.y"),
            ("a@b@c.de", "a@[e-mail]"),
            ("no address", "no address"),
        ] {
            assert_eq!(message(text, &token), shown);
        }
    }
}
