//! The client of the API: what it sends, how it reads answers, how it fails and when it tries again.

mod answers;
mod failures;
mod long_lists;
mod pages;
mod permits;
mod proxies;
mod reach;
mod requests;
mod retries;
mod stops;
mod transport;

use std::net::SocketAddr;
use std::time::Duration;

use shardctl::api::{AlwaysPermitted, ApiError, ApiUrl, Connection, OrderFilter, SendPermit, Settings, Token, Writer};
use shardctl::model::{OrderId, ProxyIp, Signature};
use tokio::net::TcpSocket;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The token of every request; no message may hold it.
pub const TOKEN: &str = "t0ken-canary-5c1e";
/// A proxy's password in answers; no message may hold it.
pub const PASSWORD: &str = "passw0rd-canary-77aa";
/// The operations by the names of the description's checks, with those that messages use. Those of the vendor's newer
/// description come last.
pub const OPERATIONS: [(&str, &str); 11] = [
    ("active", "proxies/active"),
    ("calculate", "addons/calculate"),
    ("purchase", "addons/purchase"),
    ("schedule", "addons/schedule"),
    ("cancel", "addons/schedule/cancel"),
    ("set_del_np", "del-np/set"),
    ("set_signatures", "signature/set"),
    ("set_auto_renewal", "orders/edit-auto-renewal"),
    ("me", "me"),
    ("orders", "orders"),
    ("order", "orders/{id}"),
];
/// The body of an answer that suits every operation that shows add-ons.
pub const ADDONS: &str = r#"{"success": true, "message": "Done", "addons": [
    {"addon_key": "p0f_slots", "catalog_id": 17, "qty": 4, "price_per_unit": 150, "pending": null}]}"#;

/// Makes a client that tries again so many times, and does not wait where it is asked to slow down.
pub fn writer(url: &str, retries: u32) -> Writer {
    let (timeout, patience) = (Duration::from_secs(5), Duration::ZERO);
    writer_with(url, Settings { retries, timeout, patience, ..Settings::default() })
}

pub fn writer_with(url: &str, settings: Settings) -> Writer {
    let url: ApiUrl = url.parse().expect("a good URL");
    let token = Token::new(TOKEN).expect("a good token");
    Writer::new(Connection::new(url, token, settings).expect("a connection"))
}

pub fn order() -> OrderId {
    OrderId::new(48213).expect("a positive id")
}

pub fn ip(text: &str) -> ProxyIp {
    text.parse().expect("an address")
}

/// Sends an operation with some arguments, and returns what was read in the words of Rust.
pub async fn send(writer: &Writer, operation: &str) -> Result<String, ApiError> {
    send_permitted(writer, operation, &AlwaysPermitted).await
}

/// Sends an operation with a permit, which only a write asks.
pub async fn send_permitted(writer: &Writer, operation: &str, permit: &dyn SendPermit) -> Result<String, ApiError> {
    let reader = writer.reader();
    let ips = [ip("203.0.113.10"), ip("2001:db8::1")];
    match operation {
        "active" => reader.active_proxies(order()).await.map(|answer| format!("{answer:?}")),
        "calculate" => reader.quote_slots(order(), 2).await.map(|answer| format!("{answer:?}")),
        "purchase" => writer.purchase_slots(order(), 2, permit).await.map(|answer| format!("{answer:?}")),
        "schedule" => writer.schedule_downgrade(order(), 3, permit).await.map(|answer| format!("{answer:?}")),
        "cancel" => writer.cancel_downgrade(order(), permit).await.map(|answer| format!("{answer:?}")),
        "set_del_np" => writer
            .set_del_np(order(), &[(ips[0], false), (ips[1], true)], permit)
            .await
            .map(|answer| format!("{answer:?}")),
        "set_signatures" => {
            let items = [(ips[0], Signature::Win11), (ips[1], Signature::Ios)];
            writer.set_signatures(order(), &items, permit).await.map(|answer| format!("{answer:?}"))
        }
        "set_auto_renewal" => writer.set_auto_renewal(order(), true, permit).await.map(|answer| format!("{answer:?}")),
        "me" => reader.me().await.map(|answer| format!("{answer:?}")),
        "orders" => reader.orders(OrderFilter::OnHold).await.map(|answer| format!("{answer:?}")),
        "order" => reader.order(order()).await.map(|answer| format!("{answer:?}")),
        other => panic!("no operation {other}"),
    }
}

/// Starts a server that gives one answer to everything.
pub async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// Returns the number of requests that a server received.
pub async fn received(server: &MockServer) -> usize {
    server.received_requests().await.expect("a recording server").len()
}

/// Makes an answer in JSON.
pub fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

/// Sends an operation once, asserts that it fails and that nothing secret is in any form of the error.
pub async fn failure(url: &str, operation: &str) -> ApiError {
    let error = send(&writer(url, 0), operation).await.expect_err(operation);
    assert_no_secret(&error);
    assert_eq!(error.attempts, 1, "{error}");
    error
}

pub fn assert_no_secret(error: &ApiError) {
    for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.contains(TOKEN) && !text.contains(PASSWORD), "{text}");
    }
}

/// Returns an address on which nobody listens, and a socket that keeps it from every other test.
pub fn silent_socket() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

/// Returns an address on which nobody listens as long as the tests run.
pub fn nowhere() -> SocketAddr {
    let (socket, address) = silent_socket();
    std::mem::forget(socket);
    address
}
