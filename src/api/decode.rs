//! Bytes of an answer to typed data, without letting a secret into an error message.

use serde::Deserialize;
use serde_json::error::Category;

use super::error::Stage;
use super::token::Token;
use super::wire::{Acknowledged, Answer, Verdict};
use crate::model::count;

/// The longest part of a foreign message that is passed on.
const MAX_MESSAGE_CHARS: usize = 300;

/// The first bytes of everything that gzip made.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Reads an answer to a request: 200, `success` not false, and the shape that `T` wants.
pub(super) fn answer<'a, T: Answer<'a>>(status: u16, body: &'a [u8], token: &Token) -> Result<T, Stage> {
    if status != 200 {
        return Err(refusal(status, body, token));
    }
    match serde_json::from_slice::<T>(body) {
        Ok(_) if !is_object(body) => Err(Stage::Unreadable { status, reason: another_shape("the top") }),
        Ok(answer) if answer.success() != Some(false) => Ok(answer),
        Ok(_) => Err(refusal(status, body, token)),
        Err(_) if denies(body) => Err(refusal(status, body, token)),
        Err(error) => Err(Stage::Unreadable { status, reason: shape_error::<T>(body, &error) }),
    }
}

/// Returns whether a body is an object: a list would do as well for a type whose fields it holds in their order.
fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

fn denies(body: &[u8]) -> bool {
    is_object(body) && serde_json::from_slice::<Acknowledged>(body).is_ok_and(|answer| answer.success == Some(false))
}

/// Makes a refusal from a status and what the API says about it.
pub(super) fn refusal(status: u16, body: &[u8], token: &Token) -> Stage {
    let verdict = serde_json::from_slice::<Verdict<'_>>(body).ok().filter(|_| is_object(body));
    let message = verdict.and_then(|verdict| verdict.message).map(|message| presentable(&message, token));
    let message = message.filter(|message| !message.is_empty()).unwrap_or_else(|| status_words(status, body));
    Stage::Refused { status, message: message.into(), from_api: denies(body), retry_after: None }
}

fn presentable(message: &str, token: &Token) -> String {
    let plain: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let redacted = token.redact(plain.trim());
    match redacted.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &redacted[..end]),
        None => redacted,
    }
}

fn status_words(status: u16, body: &[u8]) -> String {
    match status {
        200 => return "the answer says `success: false` and not why".to_owned(),
        300..=303 | 305..=308 => return "a redirect, which is not followed; is the API URL right?".to_owned(),
        _ => {}
    }
    let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let what = if body.is_empty() { "an empty answer" } else { "an answer without a message" };
    match reason {
        Some(reason) => format!("{reason} ({what})"),
        None => what.to_owned(),
    }
}

/// Says where an answer differs from its description: a path and a kind, never a value, which may be a secret.
fn shape_error<'a, T: Deserialize<'a>>(body: &'a [u8], error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof if body.is_empty() => "the answer is empty".to_owned(),
        Category::Eof => format!("the answer is cut short after {}", count(body.len(), "byte")),
        Category::Syntax if body.starts_with(GZIP) => "the answer is compressed, which was not asked for".to_owned(),
        Category::Syntax if body.trim_ascii_start().starts_with(b"<") => {
            "the answer is HTML or XML, not JSON; is the API URL right?".to_owned()
        }
        Category::Syntax | Category::Io => {
            format!("the answer is not JSON (line {}, column {})", error.line(), error.column())
        }
        Category::Data => {
            let mut deserializer = serde_json::Deserializer::from_slice(body);
            let path = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
                Err(error) => error.path().to_string(),
                Ok(_) => String::new(),
            };
            let path = if path.is_empty() || path == "." { "the top".to_owned() } else { format!("`{path}`") };
            another_shape(&path)
        }
    }
}

fn another_shape(place: &str) -> String {
    format!("the answer has another shape than the API describes, at {place}")
}
