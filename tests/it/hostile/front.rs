//! A server in front of the simulated API: it passes everything through but the answers to one operation.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shardctl::sandbox::Operation;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::answers::{Answer, Heard, Step};

/// What stands in the way of one operation.
#[derive(Clone)]
pub struct Break {
    pub operation: Operation,
    /// Whether the API carries the request out, so that only its answer is lost.
    pub carried_out: bool,
    /// Whether everything that is asked from then on is answered like it.
    pub outage: bool,
    pub answer: Answer,
}

impl Break {
    fn strikes(&self, asked: Operation, shared: &Shared) -> bool {
        asked == self.operation || self.outage && shared.struck.load(Ordering::SeqCst) > 0
    }
}

/// The front, until it is dropped.
pub struct Front {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    api: SocketAddr,
    broken: Mutex<Option<Break>>,
    struck: AtomicUsize,
    connections: AtomicUsize,
    /// Connections beyond so many are closed at once.
    most_connections: AtomicUsize,
}

impl Front {
    pub async fn start(api: SocketAddr) -> Front {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            api,
            broken: Mutex::default(),
            struck: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            most_connections: AtomicUsize::new(usize::MAX),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                if serving.connections.fetch_add(1, Ordering::SeqCst) < serving.most_connections.load(Ordering::SeqCst)
                {
                    connections.spawn(serve(stream, Arc::clone(&serving)));
                }
            }
        });
        Front { address, shared, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn break_with(&self, broken: Option<Break>) {
        *self.shared.broken.lock().expect("the rule") = broken;
    }

    /// Closes every connection but the first ones as soon as it is made.
    pub fn close_beyond(&self, most: usize) {
        self.shared.most_connections.store(most, Ordering::SeqCst);
    }

    /// Counts the connections that were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Counts the requests of the broken operation.
    pub fn struck(&self) -> usize {
        self.shared.struck.load(Ordering::SeqCst)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves a connection; `None` where it is over.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> Option<()> {
    let _ = stream.set_nodelay(true);
    loop {
        let head = peek_head(&stream).await?;
        let broken = shared.broken.lock().expect("the rule").clone().filter(|it| it.strikes(operation(&head), &shared));
        let Some(Break { operation: broken, carried_out, answer, .. }) = broken else {
            let request = read_request(&mut stream, &head).await?;
            stream.write_all(&forward(shared.api, &request).await?).await.ok()?;
            continue;
        };
        if operation(&head) == broken {
            shared.struck.fetch_add(1, Ordering::SeqCst);
        }
        let truth = match answer.heard {
            Heard::Nothing => return None,
            Heard::Head => {
                read_exactly(&mut stream, head.len()).await?;
                return None;
            }
            Heard::All => {
                let request = read_request(&mut stream, &head).await?;
                match carried_out || head.starts_with("GET") {
                    true => body(&forward(shared.api, &request).await?).to_vec(),
                    false => FORGED.as_bytes().to_vec(),
                }
            }
        };
        for step in &answer.steps {
            play(&mut stream, step, &truth).await?;
        }
        if !answer.goes_on {
            let _ = stream.shutdown().await;
            return None;
        }
    }
}

/// What a write that was not carried out would be answered with, had it been.
const FORGED: &str = r#"{"success": true, "message": "Done", "addons": [
    {"addon_key": "p0f_slots", "catalog_id": 17, "qty": 2, "price_per_unit": 100, "pending": null}]}"#;

async fn play(stream: &mut TcpStream, step: &Step, truth: &[u8]) -> Option<()> {
    match step {
        Step::Bytes(bytes) => stream.write_all(bytes).await.ok(),
        Step::Truth(make) => stream.write_all(&make(truth)).await.ok(),
        Step::Endless(bytes) => loop {
            stream.write_all(bytes).await.ok()?;
        },
        Step::Drip(make) => {
            for byte in make(truth) {
                stream.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Some(())
        }
        Step::Hold => {
            // Whoever waits has given up by then, and closed: the read ends.
            stream.read_to_end(&mut Vec::new()).await.ok().map(drop)
        }
    }
}

/// Returns the head of the next request and leaves it unread.
async fn peek_head(stream: &TcpStream) -> Option<String> {
    let mut bytes = vec![0; 16 << 10];
    loop {
        let seen = stream.peek(&mut bytes).await.ok().filter(|seen| *seen > 0)?;
        let text = String::from_utf8_lossy(&bytes[..seen]);
        if let Some(end) = text.find("\r\n\r\n") {
            return Some(text[..end + 4].to_owned());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn read_exactly(stream: &mut TcpStream, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

async fn read_request(stream: &mut TcpStream, head: &str) -> Option<Vec<u8>> {
    read_exactly(stream, head.len() + length(head)).await
}

fn length(head: &str) -> usize {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

/// Sends a request to the API and returns its whole answer.
async fn forward(api: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(api).await.ok()?;
    stream.write_all(request).await.ok()?;
    let head = peek_head(&stream).await?;
    read_exactly(&mut stream, head.len() + length(&head)).await
}

fn body(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("the end of the head");
    &answer[end + 4..]
}

fn operation(head: &str) -> Operation {
    let target = head.split(' ').nth(1).expect("a target");
    let path = target.split('?').next().expect("a path");
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |operation: &Operation| {
        let wanted: Vec<&str> = operation.path().split('/').collect();
        let fits = |(wanted, part): (&&str, &&str)| wanted.starts_with('{') || wanted == part;
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(fits)
    };
    Operation::ALL.into_iter().find(fits).expect("one of the operations")
}
