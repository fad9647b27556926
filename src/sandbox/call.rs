//! A vendor request, read once and kept for the log.

use std::sync::Arc;
use std::sync::atomic::AtomicU16;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::Method;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;

use super::control::Control;
use super::log::LoggedRequest;
use super::object::Object;
use super::operation::Operation;
use super::refusal::Refusal;
use crate::model::{OrderId, P0F_SLOTS};

/// The largest body that is read: some 50,000 items.
const BODY_LIMIT: usize = 4 << 20;

/// A vendor request that has been logged.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) request: Arc<LoggedRequest>,
    pub(super) order_id: Option<OrderId>,
    /// Whether it is a POST that does not say how long its body is, not even that there is none.
    pub(super) lacks_length: bool,
    declared_json: bool,
}

impl Call {
    /// Reads a request and logs it; a body that breaks off counts as none.
    pub(super) async fn read(control: &Control, operation: Option<Operation>, request: Request) -> Call {
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        let request = control.log(LoggedRequest {
            n: 0,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            body: serde_json::from_slice(&bytes).ok(),
            authorized: bearer(&parts).is_some_and(|token| token == control.token()),
            operation,
            status: AtomicU16::new(0),
        });
        Call {
            order_id: order_id(&request),
            lacks_length: lacks_length(&parts),
            declared_json: declares_json(&parts),
            request,
        }
    }

    /// Returns the one value of a query parameter.
    pub(super) fn parameter(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.optional_parameter(name)?;
        value.ok_or_else(|| Refusal::invalid(format!("Validation error: {name} is required")))
    }

    /// Returns the one value of a query parameter that may be left out.
    pub(super) fn optional_parameter(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.request.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Refusal::invalid(format!("Validation error: {name} must be given once"))),
        }
    }

    /// Returns the order that the path or the query names.
    pub(super) fn order(&self) -> Result<OrderId, Refusal> {
        self.order_id.ok_or_else(|| Refusal::invalid("Validation error: order_id must be an integer"))
    }

    /// Reads the body as a JSON object; fields that the vendor does not know are ignored.
    pub(super) fn body<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Refusal> {
        let body = self.request.body.as_ref().filter(|_| self.declared_json);
        let body: &Value = body.ok_or_else(|| Refusal::invalid("Validation error: a JSON body is required"))?;
        let read = Object::deserialize(body).map(|Object(read)| read);
        read.map_err(|error| Refusal::invalid(format!("Validation error: {error}")))
    }
}

/// Refuses every add-on but the one that is sold.
pub(super) fn known_addon(key: &str) -> Result<(), Refusal> {
    match key {
        P0F_SLOTS => Ok(()),
        _ => Err(Refusal::invalid(format!("Unknown addon_key: {key}"))),
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn declares_json(parts: &Parts) -> bool {
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn lacks_length(parts: &Parts) -> bool {
    let says = |name| parts.headers.contains_key(name);
    parts.method == Method::POST && !says(CONTENT_LENGTH) && !says(TRANSFER_ENCODING)
}

fn order_id(request: &LoggedRequest) -> Option<OrderId> {
    let text = match request.path.strip_prefix("/user/api/orders/") {
        Some(rest) => rest.split('/').find(|part| *part != "edit-auto-renewal"),
        None => request.query.iter().find(|(key, _)| key == "order_id").map(|(_, value)| value.as_str()),
    };
    text?.parse().ok()
}
