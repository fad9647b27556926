//! Answers: the vendor's, and what takes their place.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::refusal::Refusal;

/// A status with a body in JSON.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl From<Result<Vec<u8>, Refusal>> for Answer {
    fn from(result: Result<Vec<u8>, Refusal>) -> Answer {
        match result {
            Ok(body) => Answer { status: 200, body },
            Err(refusal) => Answer { status: refusal.status, body: error_body(&refusal.message) },
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        Answer::from(Err(refusal))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let response = Response::builder().status(self.status).header(CONTENT_TYPE, "application/json");
        built(response.body(Body::from(self.body)))
    }
}

/// Writes the body of an error.
fn error_body(message: &str) -> Vec<u8> {
    json!({"success": false, "message": message}).to_string().into_bytes()
}

/// Makes the answer of a server that has no such path.
pub(super) fn no_such_path() -> Response {
    replacement(404, &BTreeMap::new(), Some("Not Found".to_owned()))
}

/// Makes any answer at all; the body is an error in the vendor's shape where none is given.
pub(super) fn replacement(status: u16, headers: &BTreeMap<String, String>, body: Option<String>) -> Response {
    let body = body.map_or_else(|| error_body("Simulated fault"), String::into_bytes);
    let mut response = Response::builder().status(status);
    if !headers.keys().any(|name| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())) {
        let media_type = if body.starts_with(b"{") { "application/json" } else { "text/plain" };
        response = response.header(CONTENT_TYPE, media_type);
    }
    for (name, value) in headers {
        response = response.header(name, value);
    }
    built(response.body(Body::from(body)))
}

/// Returns a response that was built, or one that says why it could not be.
pub(super) fn built(response: Result<Response, axum::http::Error>) -> Response {
    response.unwrap_or_else(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response())
}
