//! What a bucket's client says went wrong, in one sentence without anything secret.
//!
//! The client's own words hold whole answers and URLs, and a URL may hold a signature. Only what is known to be
//! harmless is taken from them: the status, the code of the answer, and scheme, host and port of the URL.

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};
use url::Url;

/// The longest code of an answer that is shown.
const MAX_CODE: usize = 60;

/// Puts an error into words.
pub(super) fn reason(error: &Error) -> String {
    match error {
        _ if is_missing_bucket(error) => "there is no such bucket".to_owned(),
        Error::NotFound { .. } => "there is no such object".to_owned(),
        Error::NotImplemented { .. } | Error::NotSupported { .. } => {
            "writes under a condition are switched off, and without them nothing is safe".to_owned()
        }
        other => {
            not_sent(other).or_else(|| no_answer(other)).or_else(|| refused(other)).unwrap_or_else(|| harmless(other))
        }
    }
}

/// Returns whether it is not an object that is missing, but all of them.
pub(super) fn is_missing_bucket(error: &Error) -> bool {
    matches!(code(error).as_deref(), Some("NoSuchBucket" | "ContainerNotFound"))
}

/// Where nothing was sent: why.
fn not_sent(error: &Error) -> Option<String> {
    causes(error).find(|cause| cause.to_string().ends_with("URL scheme is not allowed"))?;
    let variable = match error {
        Error::Generic { store: "S3", .. } => "AWS_ALLOW_HTTP",
        Error::Generic { store: "GCS", .. } => "GOOGLE_ALLOW_HTTP",
        Error::Generic { store: "MicrosoftAzure", .. } => "AZURE_ALLOW_HTTP",
        _ => "AWS_ALLOW_HTTP, GOOGLE_ALLOW_HTTP or AZURE_ALLOW_HTTP",
    };
    let server = origin(&error.to_string()).unwrap_or_else(|| "the server".to_owned());
    Some(format!(
        "plain http is refused, and nothing was sent to {server}: use https, or set {variable}=true where nobody can \
         listen on the way"
    ))
}

/// Where there was no answer: why, and whom it was that was asked.
fn no_answer(error: &Error) -> Option<String> {
    let kind = causes(error).find_map(|cause| cause.downcast_ref::<HttpError>())?.kind();
    let server = origin(&error.to_string()).unwrap_or_else(|| "the server".to_owned());
    let credentials = match server.as_str() {
        // Where clouds tell their own machines who they are; it is asked when nothing else says it.
        "http://169.254.169.254" | "http://metadata.google.internal" | "http://metadata" => {
            "; it is asked for credentials because the environment holds none"
        }
        _ => "",
    };
    Some(match kind {
        HttpErrorKind::Timeout => format!("no answer from {server} in time{credentials}"),
        HttpErrorKind::Connect => format!("no connection to {server}{credentials}"),
        _ => format!("no usable answer from {server}{credentials}"),
    })
}

/// Where there was an answer: its status and code.
fn refused(error: &Error) -> Option<String> {
    let words = error.to_string();
    let (_, rest) = words.split_once("non-2xx status code: ")?;
    let status = rest.split(':').next()?.trim();
    let code = code(error).map(|code| format!(" ({code})")).unwrap_or_default();
    let server = origin(&words).unwrap_or_else(|| "the server".to_owned());
    Some(match status.split(' ').next()? {
        "401" => format!("the credentials were refused{code}"),
        "403" => format!("permission denied{code}: the credentials are wrong, or they do not allow this"),
        _ => format!("{server} answered {status}{code}"),
    })
}

/// Returns the code of an answer that is a cloud's error document.
fn code(error: &Error) -> Option<String> {
    let words = error.to_string();
    let (code, _) = words.split_once("<Code>")?.1.split_once("</Code>")?;
    let is_code = code.len() <= MAX_CODE && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_code && !code.is_empty()).then(|| code.to_owned())
}

fn origin(words: &str) -> Option<String> {
    let url = words.split_whitespace().find(|word| word.starts_with("http://") || word.starts_with("https://"))?;
    Url::parse(url).ok().map(|url| url.origin().ascii_serialization())
}

/// Shortens what a client says about its own settings, with no more of a URL than its origin.
fn harmless(error: &Error) -> String {
    let words = error.to_string();
    let words = words.split_whitespace().map(|word| match word.contains("://") || word.contains('?') {
        true => Url::parse(word).map_or_else(|_| "...".to_owned(), |url| url.origin().ascii_serialization()),
        false => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(300).collect()
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |cause| cause.source())
}
