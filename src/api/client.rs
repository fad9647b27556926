//! The HTTP client, and its failures in words.

use std::io;
use std::time::Duration;

use reqwest::{Client, redirect};

use super::error::Stage;
use super::url::ApiUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes a client; only a pooled one keeps connections for further requests.
pub(super) fn build(url: &ApiUrl, timeout: Duration, pooled: bool) -> Result<Client, String> {
    // Fails only where a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("shardctl/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(timeout.min(CONNECT_TIMEOUT))
        .timeout(timeout);
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

/// Says why no whole answer came; `status` is that of an answer that began to come.
pub(super) fn failure(error: &reqwest::Error, url: &ApiUrl, timeout: Duration, status: Option<u16>) -> Stage {
    let cause = innermost_cause(error);
    if error.is_builder() {
        return Stage::NotSent { reason: cause.into(), lasting: true };
    }
    if error.is_connect() {
        let lasting = cause.contains("certificate");
        let reason = match error.is_timeout() {
            true => format!("no connection to {url} in time"),
            false => format!("no connection to {url}: {cause}"),
        };
        return Stage::NotSent { reason: reason.into(), lasting };
    }
    let reason = match error.is_timeout() {
        true => format!("nothing whole came back within {} s", timeout.as_secs_f64()),
        false => format!("the connection broke: {cause}"),
    };
    Stage::NoAnswer { reason: reason.into(), status }
}

fn innermost_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset) => "connection reset".to_owned(),
        _ => match cause.to_string() {
            corrupt if corrupt.contains("corrupt message") => "what answers there does not speak TLS".to_owned(),
            other => other,
        },
    }
}
