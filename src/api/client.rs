//! The HTTP client, and its failures in words.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::{Client, redirect};

use super::connected::Holding;
use super::error::Stage;
use super::settings::Settings;
use super::url::ApiUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How the HTTP client begins to say that a proxy did not let a connection through.
const TUNNEL: &str = "tunnel error: ";

/// Makes a client; only a pooled one keeps connections for further requests. Those of the other one wait, as
/// [`once_connected`](super::connected::once_connected) needs it.
pub(super) fn build(url: &ApiUrl, settings: &Settings, pooled: bool) -> Result<Client, String> {
    // Fails only where a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("shardctl/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tcp_nodelay(true)
        // Only what the settings name.
        .no_proxy()
        .connect_timeout(settings.timeout.min(CONNECT_TIMEOUT))
        .timeout(settings.timeout);
    if !pooled {
        builder = builder.pool_max_idle_per_host(0).connector_layer(Holding);
    }
    if url.is_loopback() {
        // The token must not go to a proxy in the clear, nor to another host that calls itself localhost.
        let here = [([127, 0, 0, 1], 0).into(), (std::net::Ipv6Addr::LOCALHOST, 0).into()];
        builder = builder.resolve_to_addrs("localhost", &here);
    } else if let Some(proxy) = settings.proxies.proxy()? {
        builder = builder.proxy(proxy);
    }
    if !url.is_encrypted() {
        // There is nothing to verify, and reading the system's certificates takes a while.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| format!("the HTTP client could not be set up: {}", innermost_cause(&error)))
}

/// Says why no whole answer came; `status` is that of an answer that began to come.
pub(super) fn failure(error: &reqwest::Error, url: &ApiUrl, settings: &Settings, status: Option<u16>) -> Stage {
    let cause = innermost_cause(error);
    if error.is_builder() {
        return Stage::NotSent { reason: cause.into(), lasting: true };
    }
    if error.is_connect() {
        let (words, lasting) = no_connection(error, settings);
        return Stage::NotSent { reason: format!("no connection to {url}{words}").into(), lasting };
    }
    let reason = match error.is_timeout() {
        true => format!("nothing whole came back within {} s", settings.timeout.as_secs_f64()),
        false => format!("the connection broke: {cause}"),
    };
    Stage::NoAnswer { reason: reason.into(), status }
}

/// Says why there is no connection, and whether another attempt cannot help.
fn no_connection(error: &reqwest::Error, settings: &Settings) -> (String, bool) {
    let (cause, proxy) = (innermost_cause(error), settings.proxies.variable());
    match (refusal_of_tunnel(error), proxy) {
        (Some(refusal), Some(variable)) => {
            let words = match refusal.as_str() {
                "unsuccessful" => "refuses to connect to it".to_owned(),
                "proxy authorization required" => "asks for credentials".to_owned(),
                "failed to create underlying connection" => format!("cannot be reached: {cause}"),
                other => format!("does not connect to it: {other}"),
            };
            (format!(": the proxy that {variable} names {words}"), refusal == "proxy authorization required")
        }
        (_, Some(variable)) if error.is_timeout() => (format!(" in time; {variable} names a proxy"), false),
        _ if error.is_timeout() => (" in time".to_owned(), false),
        _ => (format!(": {cause}"), cause.contains("certificate")),
    }
}

/// Returns what a proxy said instead of connecting.
fn refusal_of_tunnel(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| cause.to_string().strip_prefix(TUNNEL).map(str::to_owned))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

fn innermost_cause(error: &(dyn Error + 'static)) -> String {
    let cause = causes(error).last().unwrap_or(error);
    match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => return "connection refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset) => return "connection reset".to_owned(),
        _ => {}
    }
    match cause.to_string() {
        corrupt if corrupt.contains("corrupt message") => "what answers there does not speak TLS".to_owned(),
        stranger if stranger.contains("UnknownIssuer") => format!("{stranger}; {}", how_to_trust()),
        none if none.contains("No CA certificates") => format!("{none}; {}", how_to_trust()),
        other => other,
    }
}

/// Says where this system looks for the certificates that it trusts.
fn how_to_trust() -> &'static str {
    match cfg!(all(unix, not(target_vendor = "apple"))) {
        true => "where its issuer is to be trusted, name a file with the issuer's certificate by SSL_CERT_FILE",
        false => "where its issuer is to be trusted, add it to the system's certificates",
    }
}
