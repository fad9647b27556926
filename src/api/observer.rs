//! What may be told about requests while they are under way: never a body, a header or a credential.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::error::Stage;

/// A request that was answered, or was not.
#[derive(Debug)]
pub struct RequestEnded<'a> {
    /// What was asked for.
    pub endpoint: Endpoint,
    /// The HTTP method.
    pub method: &'a str,
    /// The path and, for reads, the query.
    pub target: &'a str,
    /// The HTTP status, where an answer began to come.
    pub status: Option<u16>,
    /// From sending to the end of the answer.
    pub took: Duration,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// How it failed, if it did.
    pub failure: Option<&'a Stage>,
}

/// A pause before a request is sent again, or before any request of the run is.
#[derive(Debug)]
pub struct Waiting<'a> {
    /// What was asked for.
    pub endpoint: Endpoint,
    /// Why there is a pause.
    pub failure: &'a Stage,
    /// How long the pause is.
    pub pause: Duration,
    /// Whether it is one of the whole run, because the API asks to slow down; it is told once for all requests.
    pub whole_run: bool,
}

/// Is told about requests.
pub trait Observer: Send + Sync {
    /// A request ended.
    fn request_ended(&self, request: &RequestEnded<'_>);
    /// A pause begins.
    fn waiting(&self, waiting: &Waiting<'_>);
}

/// An observer that keeps quiet.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn request_ended(&self, _request: &RequestEnded<'_>) {}
    fn waiting(&self, _waiting: &Waiting<'_>) {}
}
