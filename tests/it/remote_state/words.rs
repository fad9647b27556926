//! What a bucket's client says, put into words without anything secret.

use std::error::Error as StdError;
use std::fmt;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};
use shardctl::state::{StoreError, StoreErrorKind};

use super::{Faulty, records};

/// Words with a cause.
#[derive(Debug)]
struct Words(String, Option<HttpError>);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Words {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.1.as_ref().map(|cause| cause as &dyn StdError)
    }
}

fn said(words: impl Into<String>) -> Error {
    Error::Generic { store: "S3", source: Box::new(Words(words.into(), None)) }
}

fn unanswered(kind: HttpErrorKind, url: &str) -> Error {
    let cause = HttpError::new(kind, fmt::Error);
    Error::Generic { store: "S3", source: Box::new(Words(format!("Error performing GET {url} in 2s"), Some(cause))) }
}

/// What the client says of a URL that it does not go to.
fn unsent(store: &'static str, url: &str) -> Error {
    let cause = HttpError::new(HttpErrorKind::Request, std::io::Error::other("URL scheme is not allowed"));
    Error::Generic { store, source: Box::new(Words(format!("Error performing GET {url} in 1ms"), Some(cause))) }
}

fn answered(status: &str, code: &str) -> Error {
    said(format!(
        "Error performing PUT http://127.0.0.1:9000/bucket/1.json?X-Amz-Signature=canary in 1ms - Server returned \
         non-2xx status code: {status}: <Error><Code>{code}</Code><Message>canary</Message></Error>"
    ))
}

#[tokio::test]
async fn what_a_client_says_is_put_into_words_without_anything_secret() {
    let credentials = "; it is asked for credentials because the environment holds none";
    let refused = "plain http is refused, and nothing was sent to";
    let listens = "=true where nobody can listen on the way";
    let (longest, too_long) = ("a".repeat(60), "a".repeat(61));
    let rows = [
        (
            Error::NotImplemented { operation: "put".into(), implementer: "S3".into() },
            "writes under a condition are switched off, and without them nothing is safe".to_owned(),
        ),
        (answered("404 Not Found", "NoSuchBucket"), "there is no such bucket".to_owned()),
        (answered("404 Not Found", "ContainerNotFound"), "there is no such bucket".to_owned()),
        (
            unanswered(HttpErrorKind::Timeout, "https://bucket.example/1.json?sig=canary"),
            "no answer from https://bucket.example in time".to_owned(),
        ),
        (
            unanswered(HttpErrorKind::Connect, "http://169.254.169.254/latest/meta-data"),
            format!("no connection to http://169.254.169.254{credentials}"),
        ),
        (
            unanswered(HttpErrorKind::Decode, "http://metadata.google.internal/computeMetadata"),
            format!("no usable answer from http://metadata.google.internal{credentials}"),
        ),
        (
            unsent("S3", "http://127.0.0.1:9000/bucket/1.json?X-Amz-Signature=canary"),
            format!("{refused} http://127.0.0.1:9000: use https, or set AWS_ALLOW_HTTP{listens}"),
        ),
        (
            unsent("GCS", "http://127.0.0.1:9000/bucket/1.json"),
            format!("{refused} http://127.0.0.1:9000: use https, or set GOOGLE_ALLOW_HTTP{listens}"),
        ),
        (
            unsent("MicrosoftAzure", "http://127.0.0.1:9000/bucket/1.json"),
            format!("{refused} http://127.0.0.1:9000: use https, or set AZURE_ALLOW_HTTP{listens}"),
        ),
        (unanswered(HttpErrorKind::Connect, "nowhere"), "no connection to the server".to_owned()),
        (
            answered("401 Unauthorized", "AuthenticationFailed"),
            "the credentials were refused (AuthenticationFailed)".to_owned(),
        ),
        (
            answered("403 Forbidden", "AccessDenied"),
            "permission denied (AccessDenied): the credentials are wrong, or they do not allow this".to_owned(),
        ),
        (
            answered("500 Internal Server Error", &longest),
            format!("http://127.0.0.1:9000 answered 500 Internal Server Error ({longest})"),
        ),
        (
            answered("500 Internal Server Error", &too_long),
            "http://127.0.0.1:9000 answered 500 Internal Server Error".to_owned(),
        ),
        (
            answered("500 Internal Server Error", "<b>"),
            "http://127.0.0.1:9000 answered 500 Internal Server Error".to_owned(),
        ),
        (
            answered("500 Internal Server Error", ""),
            "http://127.0.0.1:9000 answered 500 Internal Server Error".to_owned(),
        ),
        (
            said("no key at https://vault.example/canary?canary, nor at /here?canary\u{1b}[31m"),
            "Generic S3 error: no key at https://vault.example nor at ...".to_owned(),
        ),
    ];
    for (error, expected) in rows {
        let store = Faulty::new();
        *store.error.lock().unwrap() = Some(error);
        let StoreError { kind, message } = records(&store).list().await.unwrap_err();
        assert_eq!(kind, StoreErrorKind::Unavailable);
        assert_eq!(message, format!("cannot list the state in s3://bucket/states: {expected}"));
    }
}

#[tokio::test]
async fn long_words_are_cut() {
    let store = Faulty::new();
    *store.error.lock().unwrap() = Some(said("\u{7}word ".repeat(1000)));
    let words = records(&store).list().await.unwrap_err().message;
    assert!(words.len() < 400 && !words.contains(char::is_control), "{words}");
}
