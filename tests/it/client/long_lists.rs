//! Lists of IPs that are read while they arrive: nothing about them differs but the memory that they take.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use shardctl::api::{Settings, Stage};
use shardctl::model::ProxyIp;

use super::transport::Server;
use super::{PASSWORD, answering, json, order, writer, writer_with};

const IPS: u32 = 20_000;

fn ip(number: u32) -> ProxyIp {
    ProxyIp::new(Ipv4Addr::from_bits(203 << 24 | number).into())
}

/// Writes an answer with many IPs, the last one of them as it is given.
fn list(head: &str, last: &str, tail: &str) -> String {
    let mut body = format!("{head}\"data\": [");
    for number in 1..IPS {
        let ip = ip(number);
        let _ = write!(body, r#"{{"ip": "{ip}", "username": "u", "password": "{PASSWORD}", "until": "2026-12-01"}},"#);
    }
    body + last + "]" + tail
}

#[tokio::test]
async fn a_long_list_is_read_like_a_short_one() {
    let last = format!(r#"{{"ip": "{}", "signature": "win11", "status": "down", "until": "2026-11-30"}}"#, ip(IPS));
    let server = answering(json(200, &list("{", &last, r#", "order_tag": "eu", "success": true}"#))).await;
    let client = writer(&server.uri(), 0);
    // On another thread, as any future may be that is sent there.
    let reading = tokio::spawn(async move { client.reader().active_proxies(order()).await });
    let answer = reading.await.expect("no panic").expect("an answer");
    assert_eq!((answer.active.len(), answer.tag), (IPS as usize, Some(Some("eu".into()))));
    assert_eq!(answer.renewal.map(|renewal| renewal.day()).as_deref(), Some("2026-11-30"));
    assert_eq!(answer.active[&ip(1)].signature, None);
    let words = format!("{:?}", answer.active[&ip(IPS)]);
    assert_eq!(words, r#"LiveIp { signature: Some(Known(Win11)), status: Some("down") }"#);
}

#[tokio::test]
async fn what_is_wrong_at_the_end_of_a_long_list_is_an_error_like_any_other() {
    let last = format!(r#"{{"ip": "{}"}}"#, ip(IPS));
    let unreadable = "unreadable answer (200): the answer ";
    let place = format!("data[{}]", IPS - 1);
    let rows = [
        (
            list("{", r#"{"ip": "PASSWORD"}"#, "}"),
            format!("{unreadable}has another shape than the API describes, at `{place}.ip`"),
        ),
        (list("{", r#"{"password": "PASSWORD"}"#, "}"), format!("{unreadable}has no `{place}.ip`")),
        (
            list("{", r#"["192.0.2.1"]"#, "}"),
            format!("{unreadable}has another shape than the API describes, at `{place}`"),
        ),
        (list("{", &last, ""), format!("{unreadable}is cut short")),
        (list("{", &last, ", oops}"), format!("{unreadable}is not JSON (line 1, column ")),
        (list("{", &last, "} and more"), format!("{unreadable}is not JSON (line 1, column ")),
        (
            list("{", &last, r#", "success": false}"#),
            "refused with 200: the answer says `success: false` and not why".to_owned(),
        ),
    ];
    for (body, expected) in rows {
        let server = answering(json(200, &body.replace("PASSWORD", PASSWORD))).await;
        let error = super::failure(&server.uri(), "active").await;
        assert!(error.to_string().starts_with(&format!("proxies/active: {expected}")), "{error}");
    }
}

#[tokio::test]
async fn a_long_list_counts_only_under_a_good_status() {
    let body = list("{", &format!(r#"{{"ip": "{}"}}"#, ip(IPS)), "}");
    for status in [201, 206, 403, 503] {
        let body = if status < 300 { body.clone() } else { body[..900_000].to_owned() + "\"}]}" };
        let server = answering(json(status, &body)).await;
        let error = super::failure(&server.uri(), "active").await;
        assert_eq!(error.stage.status(), Some(status), "{error}");
    }
}

#[tokio::test]
async fn a_long_list_that_breaks_off_is_none_however_good_it_looks() {
    let body = list("{", &format!(r#"{{"ip": "{}"}}"#, ip(IPS)), "}");
    for sent in [body.len() / 2, body.len()] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", body.len() + 1, &body[..sent]);
        let server = Server::sending(head).await;
        let settings = Settings { retries: 0, timeout: Duration::from_millis(500), ..Settings::default() };
        let client = writer_with(&server.url(), settings);
        let error = client.reader().active_proxies(order()).await.expect_err("not whole");
        assert!(matches!(error.stage, Stage::NoAnswer { status: Some(200), .. }), "{error}");
    }
}
