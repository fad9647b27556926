//! Connections: broken, kept, too many, too long, and not encrypted as they should be.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use shardctl::api::{Settings, Stage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{ADDONS, OPERATIONS, answering, failure, json, send, writer, writer_with};

/// What a [`Server`] does with the requests of a connection.
#[derive(Clone)]
enum Manner {
    /// Drops the connection once it has read a request.
    Close,
    /// Answers the first one and drops the connection at the second, as a server does that tires of waiting.
    AnswerOnce,
    /// Sends these bytes, again and again after the first part, until the client has enough.
    Send { head: String, then: Vec<u8> },
}

/// A server below HTTP that counts connections and requests.
pub struct Server {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Server {
    /// Starts a server that drops every connection once it has read a request.
    pub async fn closing() -> Server {
        Server::start(Manner::Close).await
    }

    /// Starts a server that sends this to everybody, and nothing after it.
    pub async fn sending(head: String) -> Server {
        Server::start(Manner::Send { head, then: Vec::new() }).await
    }

    async fn start(manner: Manner) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new(Counts::default());
        let counting = Arc::clone(&counts);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counting.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&counting), manner.clone()));
            }
        });
        Server { address, counts, task }
    }

    /// Returns its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the number of requests that it read.
    pub fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, counts: Arc<Counts>, manner: Manner) -> Option<()> {
    read_request(&mut stream, &counts).await?;
    match manner {
        Manner::Close => {}
        Manner::AnswerOnce => {
            let length = ADDONS.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{ADDONS}");
            stream.write_all(answer.as_bytes()).await.ok()?;
            read_request(&mut stream, &counts).await?;
        }
        Manner::Send { head, then } => {
            stream.write_all(head.as_bytes()).await.ok()?;
            while !then.is_empty() {
                stream.write_all(&then).await.ok()?;
            }
            // Holds the connection open: what is missing never comes.
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }
    Some(())
}

/// Reads a request with its body, or what it is when it is no HTTP.
async fn read_request(stream: &mut TcpStream, counts: &Counts) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let not_http = !text.starts_with("GET") && !text.starts_with("POST");
        if not_http || text.split_once("\r\n\r\n").is_some_and(|(head, body)| body.len() >= length(head)) {
            counts.requests.fetch_add(1, Ordering::SeqCst);
            return Some(());
        }
    }
}

fn length(head: &str) -> usize {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn a_purchase_never_meets_a_connection_that_is_about_to_close() {
    let server = Server::start(Manner::AnswerOnce).await;
    let client = writer(&server.url(), 0);
    send(&client, "cancel").await.expect("an answer");
    send(&client, "purchase").await.expect("an answer on a connection of its own");
    send(&client, "purchase").await.expect("an answer on another");
    assert_eq!((server.connections(), server.requests()), (3, 3));
    send(&client, "cancel").await.expect_err("the kept connection was closed");
}

#[tokio::test]
async fn an_answer_has_a_bound() {
    let promised = "HTTP/1.1 200 OK\r\ncontent-length: 67108865\r\n\r\n{".to_owned();
    let endless = "HTTP/1.1 200 OK\r\n\r\n".to_owned();
    let page = "HTTP/1.1 503 Busy\r\n\r\n".to_owned();
    let list = "unreadable answer (200): the answer is longer than 64 MiB";
    let other = "unreadable answer (200): the answer is longer than 1 MiB";
    let error = "unreadable answer (503): the answer is longer than 1 MiB";
    let filling = vec![b' '; 1 << 20];
    let rows = [
        ("active", "proxies/active", promised.clone(), Vec::new(), list),
        ("active", "proxies/active", endless.clone(), filling.clone(), list),
        ("active", "proxies/active", page, filling.clone(), error),
        ("purchase", "addons/purchase", promised, Vec::new(), other),
        ("set_del_np", "del-np/set", endless, filling, other),
    ];
    for (operation, words, head, then, message) in rows {
        let server = Server::start(Manner::Send { head, then }).await;
        let start = Instant::now();
        let settings = Settings { retries: 0, timeout: Duration::from_secs(50), ..Settings::default() };
        let error = send(&writer_with(&server.url(), settings), operation).await.expect_err("too long");
        assert_eq!(error.to_string(), format!("{words}: {message}"));
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"success\": true, \"data\": []}".to_owned();
    let server = Server::sending(head).await;
    let settings = Settings { retries: 0, timeout: Duration::from_millis(200), ..Settings::default() };
    let error = send(&writer_with(&server.url(), settings), "active").await.expect_err("not whole");
    assert_eq!(error.to_string(), "proxies/active: no answer: nothing whole came back within 0.2 s");
}

#[tokio::test]
async fn so_many_requests_are_under_way_at_once() {
    let server = answering(json(200, ADDONS).set_delay(Duration::from_millis(60))).await;
    for (concurrency, least) in [(1, 360), (2, 180), (6, 60)] {
        let client = writer_with(&server.uri(), Settings { concurrency, retries: 0, ..Settings::default() });
        let start = Instant::now();
        let answers = join_all((0..6).map(|_| send(&client, "cancel"))).await;
        assert!(answers.iter().all(Result::is_ok));
        let (took, least) = (start.elapsed(), Duration::from_millis(least));
        assert!(took >= least && took < 3 * least, "{concurrency} at once: {took:?}");
    }
}

#[tokio::test]
async fn what_speaks_no_tls_gets_no_request() {
    let server = Server::closing().await;
    let answers = answering(json(200, ADDONS)).await;
    let rows = [(server.address, "tls handshake eof"), (*answers.address(), "what answers there does not speak TLS")];
    for (address, reason) in rows {
        for (operation, words) in OPERATIONS {
            let error = failure(&format!("https://{address}"), operation).await;
            let expected = format!("{words}: not sent: no connection to https://{address}: {reason}");
            assert_eq!(error.to_string(), expected);
            assert!(error.had_no_effect, "{error}");
        }
    }
    assert_eq!(super::received(&answers).await, 0);
}

#[tokio::test]
async fn a_certificate_that_does_not_verify_ends_it() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let connections = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&connections);
    let config = Arc::new(self_signed());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counting.fetch_add(1, Ordering::SeqCst);
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
            // Ends when the client refuses the certificate; a byte read would be one of a request.
            let mut stream = rustls::StreamOwned::new(connection, stream);
            assert!(std::io::Read::read(&mut stream, &mut [0]).is_err(), "the token was sent");
        }
    });
    for (tries, (operation, words)) in (1..).zip(OPERATIONS) {
        let error = send(&writer(&url, 4), operation).await.expect_err(operation);
        let message = error.to_string();
        let expected = format!("{words}: not sent: no connection to {url}: invalid peer certificate: UnknownIssuer; ");
        assert!(message.starts_with(&expected), "{message}");
        let hint = if cfg!(all(unix, not(target_vendor = "apple"))) { "by SSL_CERT_FILE" } else { "certificates" };
        assert!(message.ends_with(hint), "{message}");
        assert!(matches!(error.stage, Stage::NotSent { lasting: true, .. }), "{error:?}");
        assert_eq!((error.attempts, connections.load(Ordering::SeqCst)), (1, tries), "no second attempt can help");
    }
}

fn self_signed() -> rustls::ServerConfig {
    let certificate = include_bytes!("self-signed.certificate.der").to_vec().into();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(include_bytes!("self-signed.key.der").to_vec());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    config.with_single_cert(vec![certificate], key.into()).expect("a key that fits")
}
