//! The server: where it listens, how it ends, how it treats connections.

use std::net::SocketAddr;

use serde_json::json;
use shardctl::sandbox::{Account, Sandbox, default_listen};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use super::{ACCOUNT, World, buy, client};

fn account() -> Account {
    Account::from_yaml(ACCOUNT).expect("a valid account")
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

#[tokio::test]
async fn only_loopback_is_served() {
    assert_eq!(default_listen().to_string(), "127.0.0.1:4010");
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0", "[2001:db8::1]:0"] {
        let error = Sandbox::bind(account(), address.parse().expect("an address")).await.expect_err(address);
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(address) && error.to_string().contains("127.0.0.1"), "{error}");
    }
}

#[tokio::test]
async fn serves_until_it_is_told_to_stop() {
    let sandbox = Sandbox::bind(account(), any_port()).await.expect("a free port");
    let (url, address) = (format!("{}/sandbox/account", sandbox.url()), sandbox.addr());
    assert_eq!(sandbox.url(), format!("http://{address}"));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(sandbox.serve(async { stopped.await.unwrap_or_default() }));
    assert!(client().get(&url).send().await.is_ok());
    stop.send(()).expect("still serving");
    serving.await.expect("no panic");
    assert!(client().get(&url).send().await.expect_err("no longer there").is_connect());
}

#[tokio::test]
async fn a_dropped_handle_frees_the_port() {
    let world = World::open(ACCOUNT).await;
    let address = world.sandbox.addr();
    drop(world);
    for _ in 0..100 {
        tokio::task::yield_now().await;
        if Sandbox::bind(account(), address).await.is_ok() {
            return;
        }
    }
    panic!("{address} is still taken");
}

#[tokio::test]
async fn the_request_log_can_be_off() {
    let sandbox = Sandbox::bind(account(), any_port()).await.expect("a free port").without_request_log();
    let world = World { sandbox: sandbox.spawn(), client: client() };
    assert_eq!(world.call("purchase", "1", buy(1)).await.0, 200);
    assert_eq!(world.get("requests").await, json!([]));
}

#[tokio::test]
async fn a_connection_is_kept_alive_and_the_cut_one_dropped() {
    let world = World::open(ACCOUNT).await;
    world.break_with(json!([{"nth": 3, "truncate": 7}])).await;
    let mut stream = tokio::net::TcpStream::connect(world.sandbox.addr()).await.expect("a connection");
    let request = "GET /user/api/proxies/active?order_id=3 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t0ken\r\n\r\n";
    let body = r#"{"success":true,"data":[],"order_tag":null}"#;
    for _ in 0..2 {
        stream.write_all(request.as_bytes()).await.expect("an open connection");
        let mut answer = String::new();
        while !answer.ends_with(body) {
            let mut chunk = [0; 1024];
            let length = stream.read(&mut chunk).await.expect("bytes");
            assert_ne!(length, 0, "closed after {answer}");
            answer.push_str(std::str::from_utf8(&chunk[..length]).expect("text"));
        }
    }
    stream.write_all(request.as_bytes()).await.expect("an open connection");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.expect("an orderly end");
    assert!(rest.contains(&format!("content-length: {}\r\n", body.len())), "{rest}");
    assert!(rest.ends_with(&format!("\r\n\r\n{}", &body[..7])), "{rest}");
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let world = World::open(ACCOUNT).await;
    let url = format!("{}/user/api/orders/1/addons/purchase", world.sandbox.url());
    let send = |media_type: &'static str, body: String| {
        world.client.post(&url).bearer_auth("t0ken").header("content-type", media_type).body(body).send()
    };
    let rows = [
        ("text/plain", buy(1).to_string(), 400),
        ("application/json", "{".to_owned(), 400),
        // Without a body, the client does not say how long it is either.
        ("application/json", String::new(), 411),
        ("Application/JSON; charset=utf-8", buy(1).to_string(), 200),
    ];
    for (media_type, body, status) in rows {
        let response = send(media_type, body.clone()).await.expect("an answer");
        assert_eq!(response.status(), status, "{media_type} {body}");
    }
}

#[tokio::test]
async fn a_post_says_how_long_it_is() {
    let world = World::open(ACCOUNT).await;
    let rows = [
        ("", "", "411 Length Required"),
        ("content-length: 0\r\n", "", "200 OK"),
        ("content-type: application/json\r\ncontent-length: 2\r\n", "{}", "200 OK"),
        ("transfer-encoding: chunked\r\n", "0\r\n\r\n", "200 OK"),
    ];
    for (length, body, status) in rows {
        let mut stream = tokio::net::TcpStream::connect(world.sandbox.addr()).await.expect("a connection");
        let path = "/user/api/orders/edit-auto-renewal/1?auto_renewal=false";
        let fields = format!("host: x\r\nconnection: close\r\nauthorization: Bearer t0ken\r\n{length}");
        let request = format!("POST {path} HTTP/1.1\r\n{fields}\r\n{body}");
        stream.write_all(request.as_bytes()).await.expect("an open connection");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an orderly end");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{length}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_side_by_side_are_each_charged_once() {
    let world = World::open("{token: t0ken, wallet_cents: 5000, orders: {1: {}}}").await;
    let calls: Vec<_> = (0..60).map(|_| world.call("purchase", "1", buy(1))).collect();
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 50);
    let account = world.sandbox.control().account();
    assert_eq!((account.wallet_cents.0, account.charges.len(), world.slots(1)), (0, 50, 50));
}
