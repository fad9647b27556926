//! The way to the API: one request over the wire, and whatever all requests share.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use url::{Position, Url};

use super::body::{Body, Decode};
use super::client;
use super::clock::{ApiTime, Clock};
use super::connected;
use super::endpoint::Endpoint;
use super::error::{ApiError, Stage};
use super::gate::Gate;
use super::headers::{date, retry_after};
use super::observer::{NoObserver, Observer, RequestEnded};
use super::permit::SendPermit;
use super::retry::{Resend, Retry, Rules};
use super::settings::Settings;
use super::token::Token;
use super::url::ApiUrl;

/// The longest list of IPs that is read; an order of 100,000 IPs takes about 20 MB.
const MAX_LIST_BYTES: usize = 64 << 20;
/// The longest answer of any other kind that is read, errors among them.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// A way to the API: where it is, who asks, and how.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    url: ApiUrl,
    token: Token,
    settings: Settings,
    retry: Retry,
    client: Client,
    // A purchase must not meet a kept connection that the other side has just closed: its outcome would be unknown.
    unpooled: OnceLock<Result<Client, String>>,
    clock: Clock,
    /// Whether any request was answered in whatever way.
    was_answered: AtomicBool,
    /// Whether a request was given up that never was.
    was_given_up: AtomicBool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

/// A request, ready to be sent any number of times.
pub(super) struct Call<'a> {
    pub(super) rules: Rules<'a>,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Vec<u8>>,
}

impl<'a> Call<'a> {
    pub(super) fn get(endpoint: Endpoint, path: String, query: Vec<(&'static str, String)>) -> Call<'a> {
        let rules = Rules { endpoint, resend: Resend::Idempotent, permit: None };
        Call { rules, path, query, body: None }
    }

    /// A write that may be sent again: doing it twice is doing it once.
    pub(super) fn post(
        endpoint: Endpoint,
        path: String,
        body: &impl Serialize,
        permit: &'a dyn SendPermit,
    ) -> Call<'a> {
        let rules = Rules { endpoint, resend: Resend::Idempotent, permit: Some(permit) };
        let body = serde_json::to_vec(body).unwrap_or_default();
        Call { rules, path, query: Vec::new(), body: Some(body) }
    }

    /// Adds a parameter to the query.
    pub(super) fn with(mut self, name: &'static str, value: String) -> Call<'a> {
        self.query.push((name, value));
        self
    }

    /// Asks somebody before each attempt.
    pub(super) fn permitted_by(self, permit: &'a dyn SendPermit) -> Call<'a> {
        Call { rules: Rules { permit: Some(permit), ..self.rules }, ..self }
    }

    /// A write that must not be done twice.
    pub(super) fn once(self) -> Call<'a> {
        Call { rules: Rules { resend: Resend::OnlyIfNotSent, ..self.rules }, ..self }
    }

    fn method(&self) -> Method {
        if self.body.is_some() { Method::POST } else { Method::GET }
    }
}

impl Connection {
    /// Makes a connection; nothing is sent yet.
    pub fn new(url: ApiUrl, token: Token, settings: Settings) -> Result<Connection, String> {
        Connection::observed(url, token, settings, Arc::new(NoObserver), CancellationToken::new())
    }

    /// Makes a connection whose requests are told to an observer; nothing is sent yet.
    ///
    /// Once `stop` is cancelled, nothing is sent again and nothing waits: a request under way ends with its answer, one
    /// that waits to be sent again ends with the failure that it has.
    pub fn observed(
        url: ApiUrl,
        token: Token,
        settings: Settings,
        observer: Arc<dyn Observer>,
        stop: CancellationToken,
    ) -> Result<Connection, String> {
        let client = client::build(&url, &settings, true)?;
        let Settings { concurrency, retries, patience, .. } = settings;
        let retry = Retry { gate: Gate::new(concurrency), retries, patience, observer, stop };
        let shared = Shared {
            url,
            token,
            settings,
            retry,
            client,
            unpooled: OnceLock::new(),
            clock: Clock::new(),
            was_answered: AtomicBool::new(false),
            was_given_up: AtomicBool::new(false),
        };
        Ok(Connection { shared: Arc::new(shared) })
    }

    /// Returns where the API is.
    pub fn url(&self) -> &ApiUrl {
        &self.shared.url
    }

    /// Returns who asks.
    pub(super) fn token(&self) -> &Token {
        &self.shared.token
    }

    /// Returns how requests are sent.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Returns what keeps requests from being sent again, once it is cancelled.
    pub fn stop(&self) -> &CancellationToken {
        &self.shared.retry.stop
    }

    /// Returns the time: by the API where its answers tell it, else by this machine's clock.
    pub fn now(&self) -> ApiTime {
        self.shared.clock.now()
    }

    /// Returns the time by which something is judged to be old: the earliest that any answer told, so that one server
    /// whose clock is ahead makes nothing old.
    pub fn at_least(&self) -> ApiTime {
        self.shared.clock.at_least()
    }

    /// Returns whether the API cannot be reached, as far as is known: a request was given up, and not one was ever
    /// answered in whatever way. Nothing else will be, then: who reads many orders ends with one message.
    pub fn is_unreachable(&self) -> bool {
        self.shared.was_given_up.load(Ordering::SeqCst) && !self.shared.was_answered.load(Ordering::SeqCst)
    }

    /// Sends a request, again where its kind allows it, and reads the answer by `read`.
    pub(super) async fn call<T>(
        &self,
        call: &Call<'_>,
        read: impl Fn(u16, &[u8]) -> Result<T, Stage>,
    ) -> Result<T, ApiError> {
        self.send(call, |body| body.whole(&read)).await
    }

    /// Does the same, and reads a long list by `decode`, while it arrives.
    pub(super) async fn call_for_list<T: Send + 'static>(
        &self,
        call: &Call<'_>,
        read: impl Fn(u16, &[u8]) -> Result<T, Stage>,
        decode: fn(&mut dyn io::Read, &Token) -> Result<T, Stage>,
    ) -> Result<T, ApiError> {
        let decode = || -> Decode<T> {
            let token = self.shared.token.clone();
            Box::new(move |bytes| decode(bytes, &token))
        };
        self.send(call, |body| body.whole_or_arriving(&read, decode())).await
    }

    async fn send<'a, T, F: Future<Output = Result<T, Stage>>>(
        &'a self,
        call: &Call<'_>,
        read: impl Fn(Body<'a>) -> F,
    ) -> Result<T, ApiError> {
        let exchange = |attempt| self.observed_exchange(call, attempt, &read);
        let result = self.shared.retry.send(call.rules, exchange).await;
        if result.as_ref().is_err_and(ApiError::is_unreachable) {
            self.shared.was_given_up.store(true, Ordering::SeqCst);
        }
        result
    }

    async fn observed_exchange<'a, T, F: Future<Output = Result<T, Stage>>>(
        &'a self,
        call: &Call<'_>,
        attempt: u32,
        read: &impl Fn(Body<'a>) -> F,
    ) -> Result<T, Stage> {
        let mut url = self.shared.url.join(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let started = Instant::now();
        let result = self.exchange(call, url.clone(), read).await;
        self.shared.retry.observer.request_ended(&RequestEnded {
            endpoint: call.rules.endpoint,
            method: call.method().as_str(),
            target: &url[Position::BeforePath..],
            status: result.as_ref().map_or_else(Stage::status, |_| Some(200)),
            took: started.elapsed(),
            attempt,
            failure: result.as_ref().err(),
        });
        result
    }

    async fn exchange<'a, T, F: Future<Output = Result<T, Stage>>>(
        &'a self,
        call: &Call<'_>,
        url: Url,
        read: &impl Fn(Body<'a>) -> F,
    ) -> Result<T, Stage> {
        let client = self.client(call.rules.resend)?;
        let mut request = client.request(call.method(), url).header(AUTHORIZATION, self.shared.token.header());
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let Shared { url, settings, clock, was_answered, .. } = &*self.shared;
        let sent = match (call.rules.resend, call.rules.permit) {
            (Resend::Idempotent, _) | (_, None) => request.send().await,
            // Its connection may have taken a while.
            (Resend::OnlyIfNotSent, Some(permit)) => connected::once_connected(request.send(), permit)
                .await
                .map_err(|reason| Stage::NotPermitted { reason })?,
        };
        let response = sent.map_err(|error| client::failure(&error, url, settings, None))?;
        was_answered.store(true, Ordering::SeqCst);
        if let Some(date) = date(response.headers()) {
            clock.hear(date);
        }
        let asked = retry_after(response.headers(), Timestamp::now());
        let most = match (call.rules.endpoint, response.status().as_u16()) {
            (Endpoint::ActiveProxies, 200) => MAX_LIST_BYTES,
            _ => MAX_ANSWER_BYTES,
        };
        let answer = read(Body::of(response, most, url, settings)).await;
        answer.map_err(|stage| stage.asking_to_wait(asked))
    }

    fn client(&self, resend: Resend) -> Result<&Client, Stage> {
        let Shared { url, settings, client, unpooled, .. } = &*self.shared;
        match resend {
            Resend::Idempotent => Ok(client),
            Resend::OnlyIfNotSent => unpooled
                .get_or_init(|| client::build(url, settings, false))
                .as_ref()
                .map_err(|reason| Stage::NotSent { reason: reason.as_str().into(), lasting: true }),
        }
    }
}
