//! Proxies on the way to the API, which are named where something goes wrong with them.

use std::time::Duration;

use shardctl::api::{Connection, Proxies, Settings, Stage, Token, Writer};

use super::transport::Server;
use super::{OPERATIONS, PASSWORD, TOKEN, assert_no_secret, nowhere, send};

/// An address of nobody: only a proxy could reach it.
const FAR_AWAY: &str = "https://192.0.2.1";

fn settings(environment: &[(&str, String)]) -> Settings {
    let variable = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let proxies = Proxies::from_environment(variable);
    Settings { retries: 0, timeout: Duration::from_secs(5), proxies, ..Settings::default() }
}

fn connection(url: &str, settings: Settings) -> Result<Connection, String> {
    Connection::new(url.parse().expect("a good URL"), Token::new(TOKEN).expect("a token"), settings)
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_is_named_as_such() {
    let bad_gateway = Server::sending("HTTP/1.1 502 Bad Gateway\r\n\r\n".to_owned()).await;
    let forbidden = Server::sending("HTTP/1.1 403 Forbidden\r\n\r\n".to_owned()).await;
    let stranger = Server::sending("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_owned()).await;
    let closing = Server::closing().await;
    let rows = [
        (bad_gateway.url(), "refuses to connect to it", false),
        (forbidden.url(), "refuses to connect to it", false),
        (stranger.url(), "asks for credentials", true),
        (closing.url(), "does not connect to it: unexpected end of file", false),
        (format!("http://{}", nowhere()), "cannot be reached: connection refused", false),
    ];
    for (proxy, words, is_lasting) in rows {
        let proxy = proxy.replace("http://", &format!("http://user:{PASSWORD}@"));
        let writer = Writer::new(connection(FAR_AWAY, settings(&[("HTTPS_PROXY", proxy)])).expect("a connection"));
        for (operation, name) in OPERATIONS {
            let error = send(&writer, operation).await.expect_err("no way through");
            assert_no_secret(&error);
            let expected =
                format!("{name}: not sent: no connection to {FAR_AWAY}: the proxy that HTTPS_PROXY names {words}");
            assert_eq!(error.to_string(), expected);
            assert!(matches!(error.stage, Stage::NotSent { lasting, .. } if lasting == is_lasting), "{error:?}");
            assert!(error.had_no_effect && error.is_unreachable(), "{error:?}");
        }
    }
}

#[test]
fn a_variable_that_names_no_proxy_is_an_error_before_anything_is_sent() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let broken = || settings(&[(variable, format!("not a url {PASSWORD}"))]);
        let error = connection(FAR_AWAY, broken()).expect_err(variable);
        assert_eq!(error, format!("{variable} holds no URL of a proxy; it looks like http://proxy.example.com:3128"));
        connection("http://127.0.0.1:9", broken()).expect("no proxy is used on this machine");
    }
}

#[tokio::test]
async fn what_stays_on_this_machine_goes_through_no_proxy() {
    let proxy = Server::closing().await;
    let environment = [("HTTPS_PROXY", proxy.url()), ("ALL_PROXY", proxy.url()), ("NO_PROXY", "0.0.0.0".to_owned())];
    let here = [format!("http://{}", nowhere()), format!("https://{}", nowhere())];
    // On this machine, too, though not by its name: here it is `NO_PROXY` that counts.
    let excepted = cfg!(unix).then(|| format!("https://0.0.0.0:{}", nowhere().port()));
    for url in here.into_iter().chain(excepted) {
        let writer = Writer::new(connection(&url, settings(&environment)).expect("a connection"));
        let error = send(&writer, "active").await.expect_err("nobody is there").to_string();
        assert!(error.contains("connection refused"), "{error}");
    }
    assert_eq!(proxy.requests(), 0);
}
