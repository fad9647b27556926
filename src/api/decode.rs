//! Bytes of an answer to typed data, without letting a secret into an error message.

use std::io;

use serde_json::error::Category;

use super::error::Stage;
use super::shapes::Object;
use super::texts;
use super::token::Token;
use super::wire::{Acknowledged, Answer, Verdict};
use crate::model::count;

/// The longest body that may be a message by itself, in bytes.
const MAX_PLAIN_BYTES: usize = 1000;
/// The first bytes of everything that gzip made.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Reads an answer to a request: 200, `success` not false, and the shape that `T` wants.
pub(super) fn answer<T: Answer>(status: u16, body: &[u8], token: &Token) -> Result<T, Stage> {
    if status != 200 {
        return Err(refusal(status, body, token));
    }
    match serde_json::from_slice::<Object<T>>(body) {
        Ok(Object(answer)) if answer.success() != Some(false) => Ok(answer),
        Ok(_) => Err(refusal(status, body, token)),
        Err(_) if denies(body) => Err(refusal(status, body, token)),
        Err(error) => Err(Stage::Unreadable { status, reason: shape_error::<T>(body, &error) }),
    }
}

/// Reads an answer with status 200 while it arrives.
pub(super) fn arriving<T: Answer>(body: &mut dyn io::Read) -> Result<T, Stage> {
    let unreadable = |reason| Stage::Unreadable { status: 200, reason };
    let mut deserializer = serde_json::Deserializer::from_reader(io::BufReader::new(body));
    let answer = serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer);
    let Object(answer) = answer.map_err(|error| unreadable(arrival_error(&error)))?;
    deserializer.end().map_err(|error| unreadable(not_json(&error)))?;
    if answer.success() == Some(false) {
        let message = status_words(200, &[]).into();
        return Err(Stage::Refused { status: 200, message, from_api: true, retry_after: None });
    }
    Ok(answer)
}

fn arrival_error(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.inner().classify() {
        Category::Data => data_error(error),
        Category::Eof => "the answer is cut short".to_owned(),
        Category::Syntax | Category::Io => not_json(error.inner()),
    }
}

fn not_json(error: &serde_json::Error) -> String {
    format!("the answer is not JSON (line {}, column {})", error.line(), error.column())
}

fn denies(body: &[u8]) -> bool {
    let answer = serde_json::from_slice::<Object<Acknowledged>>(body);
    answer.is_ok_and(|Object(answer)| answer.success == Some(false))
}

/// Makes a refusal from a status and what the API says about it.
fn refusal(status: u16, body: &[u8], token: &Token) -> Stage {
    let verdict = serde_json::from_slice::<Object<Verdict>>(body).ok();
    let words = verdict.as_ref().and_then(|Object(verdict)| verdict.message.text()).or_else(|| plain_text(body));
    let message = words.map_or_else(|| status_words(status, body), |words| texts::message(words, token));
    Stage::Refused { status, message: message.into(), from_api: denies(body), retry_after: None }
}

/// Returns a body that is a message by itself: a short text that is no JSON and no page.
fn plain_text(body: &[u8]) -> Option<&str> {
    let text = str::from_utf8(body).ok()?.trim();
    let is_data = text.starts_with(['<', '{', '[', '"']) || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let is_binary = text.contains(|c: char| c.is_control() && !c.is_whitespace());
    (!text.is_empty() && text.len() <= MAX_PLAIN_BYTES && !is_data && !is_binary).then_some(text)
}

fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

fn status_words(status: u16, body: &[u8]) -> String {
    match status {
        200 => return "the answer says `success: false` and not why".to_owned(),
        300..=303 | 305..=308 => return "a redirect, which is not followed; is the API URL right?".to_owned(),
        _ => {}
    }
    let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let what = match () {
        () if body.is_empty() => "an empty answer",
        () if is_page(body) => "an HTML page",
        () => "an answer without a message",
    };
    match reason {
        Some(reason) => format!("{reason} ({what})"),
        None => what.to_owned(),
    }
}

/// Says where an answer differs from its description: a path and a kind, never a value, which may be a secret.
fn shape_error<T: Answer>(body: &[u8], error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof if body.is_empty() => "the answer is empty".to_owned(),
        Category::Eof => format!("the answer is cut short after {}", count(body.len(), "byte")),
        Category::Syntax if body.starts_with(GZIP) => "the answer is compressed, which was not asked for".to_owned(),
        Category::Syntax if is_page(body) => "the answer is HTML or XML, not JSON; is the API URL right?".to_owned(),
        Category::Syntax | Category::Io => not_json(error),
        Category::Data => {
            let mut deserializer = serde_json::Deserializer::from_slice(body);
            match serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer) {
                Err(error) => data_error(&error),
                Ok(_) => String::new(),
            }
        }
    }
}

/// Names the place of a value that is missing or of another type.
fn data_error(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let place = error.path().to_string();
    let at_the_top = place.is_empty() || place == ".";
    let message = error.inner().to_string();
    // Only the name of a field, which is one of ours: the rest of a message may quote the answer.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match missing {
        Some(field) if at_the_top => format!("the answer has no `{field}`"),
        Some(field) => format!("the answer has no `{place}.{field}`"),
        None if at_the_top => "the answer is not a JSON object".to_owned(),
        None => format!("the answer has another shape than the API describes, at `{place}`"),
    }
}
