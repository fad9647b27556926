//! One request over the wire, and the rules for sending it again.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use backon::{ExponentialBuilder, Retryable};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, Response, redirect};
use serde::Serialize;
use tokio::sync::watch;
use url::Url;

use super::endpoint::Endpoint;
use super::error::{ApiError, Stage};
use super::gate::Gate;
use super::observer::{NoObserver, Observer, RequestEnded, Waiting};
use super::token::Token;
use super::url::ApiUrl;
use crate::model::Foreign;

/// The longest list of IPs that is read; an order of 100,000 IPs takes about 20 MB.
const MAX_LIST_BYTES: usize = 64 << 20;
/// The longest answer of any other kind that is read, errors among them.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// The longest wait that a server may ask for; beyond it the request fails instead.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How requests are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests under way at once.
    pub concurrency: usize,
    /// How often a request that may be sent again is sent again.
    pub retries: u32,
    /// The time for one request, its retries not counted.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { concurrency: 16, retries: 4, timeout: Duration::from_secs(30) }
    }
}

/// A way to the API: where it is, who asks, and how.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    url: ApiUrl,
    token: Token,
    settings: Settings,
    gate: Gate,
    observer: Arc<dyn Observer>,
    client: Client,
    // A purchase must not meet a kept connection that the other side has just closed: its outcome would be unknown.
    unpooled: OnceLock<Result<Client, String>>,
    /// Whether nothing is to be sent again.
    hurried: watch::Sender<bool>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

/// When a failed request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resend {
    /// After any transient failure: doing it twice is doing it once.
    Idempotent,
    /// Only when nothing was sent.
    OnlyIfNotSent,
}

/// A request, ready to be sent any number of times.
pub(super) struct Call {
    pub(super) endpoint: Endpoint,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) resend: Resend,
}

impl Call {
    pub(super) fn get(endpoint: Endpoint, path: String, query: Vec<(&'static str, String)>) -> Call {
        Call { endpoint, path, query, body: None, resend: Resend::Idempotent }
    }

    pub(super) fn post(endpoint: Endpoint, path: String, body: &impl Serialize, resend: Resend) -> Call {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Call { endpoint, path, query: Vec::new(), body: Some(body), resend }
    }
}

impl Connection {
    /// Makes a connection; nothing is sent yet.
    pub fn new(url: ApiUrl, token: Token, settings: Settings) -> Result<Connection, String> {
        Connection::observed(url, token, settings, Arc::new(NoObserver))
    }

    /// Makes a connection whose requests are told to an observer; nothing is sent yet.
    pub fn observed(
        url: ApiUrl,
        token: Token,
        settings: Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Connection, String> {
        let client = build_client(&url, &settings, true)?;
        let gate = Gate::new(settings.concurrency);
        let (unpooled, hurried) = (OnceLock::new(), watch::Sender::new(false));
        let shared = Shared { url, token, settings, gate, observer, client, unpooled, hurried };
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

    /// Sends nothing again from now on: a request under way ends with its answer, one that waits to be sent again ends
    /// with the failure that it has.
    pub fn hurry(&self) {
        self.shared.hurried.send_replace(true);
    }

    fn is_hurried(&self) -> bool {
        *self.shared.hurried.borrow()
    }

    /// Sends a request, again where its kind allows it, and reads the answer by `read`.
    pub(super) async fn call<T>(
        &self,
        call: &Call,
        read: impl Fn(u16, &[u8]) -> Result<T, Stage>,
    ) -> Result<T, ApiError> {
        let attempts = Cell::new(0u32);
        let had_no_effect = Cell::new(true);
        let failed = RefCell::new(None);
        let attempt = || async {
            // The pause before this attempt was cut short.
            if let Some(failure) = failed.take().filter(|_| self.is_hurried()) {
                return Err(failure);
            }
            attempts.set(attempts.get() + 1);
            let result = self.observed_attempt(call, attempts.get(), &read).await;
            had_no_effect.set(had_no_effect.get() && result.as_ref().is_err_and(Stage::had_no_effect));
            failed.replace(result.as_ref().err().cloned());
            result
        };
        let shared = Arc::clone(&self.shared);
        let pause = move |pause| {
            let mut hurried = shared.hurried.subscribe();
            async move {
                // Either is the end of the pause.
                let _ = tokio::time::timeout(pause, hurried.wait_for(|hurried| *hurried)).await;
            }
        };
        let result = attempt
            .retry(backoff(self.shared.settings.retries))
            .sleep(pause)
            .when(|stage| may_resend(call.resend, stage) && !self.is_hurried())
            .adjust(wait_for)
            .notify(|failure, pause| {
                self.shared.observer.waiting(&Waiting { endpoint: call.endpoint, failure, pause });
            })
            .await;
        result.map_err(|stage| ApiError {
            endpoint: call.endpoint,
            attempts: attempts.get(),
            stage,
            had_no_effect: had_no_effect.get(),
        })
    }

    async fn observed_attempt<T>(
        &self,
        call: &Call,
        attempt: u32,
        read: &impl Fn(u16, &[u8]) -> Result<T, Stage>,
    ) -> Result<T, Stage> {
        let _place = self.shared.gate.enter().await;
        let mut url = self.shared.url.join(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let method = if call.body.is_some() { Method::POST } else { Method::GET };
        let target = &url[url::Position::BeforePath..];
        let started = Instant::now();
        let result = self.attempt(call, method.clone(), url.clone(), read).await;
        let status = result.as_ref().map_or_else(Stage::status, |_| Some(200));
        match status {
            Some(429) => self.shared.gate.slow_down(),
            _ => self.shared.gate.go_on(),
        }
        self.shared.observer.request_ended(&RequestEnded {
            endpoint: call.endpoint,
            method: method.as_str(),
            target,
            status,
            took: started.elapsed(),
            attempt,
            failure: result.as_ref().err(),
        });
        result
    }

    async fn attempt<T>(
        &self,
        call: &Call,
        method: Method,
        url: Url,
        read: &impl Fn(u16, &[u8]) -> Result<T, Stage>,
    ) -> Result<T, Stage> {
        let mut request =
            self.client(call.resend)?.request(method, url).header(AUTHORIZATION, self.shared.token.header());
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let mut response = request.send().await.map_err(|error| self.unanswered(&error, None))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), SystemTime::now());
        let body = self.read_body(&mut response, call.endpoint, status).await?;
        read(status, &body).map_err(|stage| with_retry_after(stage, retry_after))
    }

    fn client(&self, resend: Resend) -> Result<&Client, Stage> {
        match resend {
            Resend::Idempotent => Ok(&self.shared.client),
            Resend::OnlyIfNotSent => self
                .shared
                .unpooled
                .get_or_init(|| build_client(&self.shared.url, &self.shared.settings, false))
                .as_ref()
                .map_err(|reason| Stage::NotSent { reason: reason.as_str().into(), lasting: true }),
        }
    }

    async fn read_body(&self, response: &mut Response, endpoint: Endpoint, status: u16) -> Result<Vec<u8>, Stage> {
        let most = match (endpoint, status) {
            (Endpoint::ActiveProxies, 200) => MAX_LIST_BYTES,
            _ => MAX_ANSWER_BYTES,
        };
        let too_long = || {
            let reason = format!("the answer is longer than {} MiB", most >> 20);
            Stage::Unreadable { status, reason }
        };
        let expected = response.content_length().unwrap_or(0);
        let expected = usize::try_from(expected).ok().filter(|expected| *expected <= most);
        let mut body = Vec::with_capacity(expected.ok_or_else(too_long)?);
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unanswered(&error, Some(status)))? {
            if body.len() + chunk.len() > most {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn unanswered(&self, error: &reqwest::Error, status: Option<u16>) -> Stage {
        let cause = innermost_cause(error);
        let Shared { url, settings, .. } = &*self.shared;
        if error.is_connect() {
            let lasting = cause.contains("certificate");
            let reason = if error.is_timeout() {
                format!("no connection to {url} in time")
            } else {
                format!("no connection to {url}: {cause}")
            };
            return Stage::NotSent { reason: reason.into(), lasting };
        }
        if error.is_builder() {
            return Stage::NotSent { reason: cause.into(), lasting: true };
        }
        let reason = if error.is_timeout() {
            format!("nothing whole came back within {} s", settings.timeout.as_secs_f64())
        } else {
            format!("the connection broke: {cause}")
        };
        Stage::NoAnswer { reason: reason.into(), status }
    }
}

fn build_client(url: &ApiUrl, settings: &Settings, pooled: bool) -> Result<Client, String> {
    // Fails only where a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("shardctl/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(settings.timeout.min(CONNECT_TIMEOUT))
        .timeout(settings.timeout);
    if !pooled {
        builder = builder.pool_max_idle_per_host(0);
    }
    if url.is_loopback() {
        // The token must not go to a proxy in the clear, nor to another host that calls itself localhost.
        let here = [([127, 0, 0, 1], 0).into(), (std::net::Ipv6Addr::LOCALHOST, 0).into()];
        builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
    }
    builder.build().map_err(|error| format!("the HTTP client could not be set up: {}", innermost_cause(&error)))
}

fn backoff(retries: u32) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(10))
        .with_max_times(retries as usize)
        .with_jitter()
}

fn may_resend(resend: Resend, stage: &Stage) -> bool {
    match resend {
        Resend::Idempotent => stage.is_transient(),
        Resend::OnlyIfNotSent => matches!(stage, Stage::NotSent { .. }) && stage.is_transient(),
    }
}

fn wait_for(stage: &Stage, pause: Option<Duration>) -> Option<Duration> {
    match stage {
        Stage::Refused { retry_after: Some(asked), .. } if *asked > MAX_RETRY_AFTER => None,
        Stage::Refused { retry_after: Some(asked), .. } => pause.map(|pause| pause.max(*asked)),
        _ => pause,
    }
}

fn with_retry_after(stage: Stage, asked: Option<Duration>) -> Stage {
    match stage {
        Stage::Refused { status, message, from_api, .. } if status == 429 || status >= 500 => {
            let asks = match asked {
                Some(asked) if asked > ONE_DAY => "; it asks to wait for more than a day".to_owned(),
                Some(asked) if asked > MAX_RETRY_AFTER => {
                    format!("; it asks to wait {} s, try again then", asked.as_secs())
                }
                _ => String::new(),
            };
            let message = Foreign::new(format!("{}{asks}", message.raw()));
            Stage::Refused { status, message, from_api, retry_after: asked }
        }
        other => other,
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let now = jiff::Timestamp::try_from(now).ok()?;
    Duration::try_from(date.duration_since(now)).ok()
}

fn innermost_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(std::io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(std::io::ErrorKind::ConnectionReset) => "connection reset".to_owned(),
        _ => match cause.to_string() {
            corrupt if corrupt.contains("corrupt message") => "what answers there does not speak TLS".to_owned(),
            other => other,
        },
    }
}
