//! A server that speaks as much of S3 and of Google's storage as the program needs, and fails as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::process::Command;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub const SECRET_KEY: &str = "canary+secret/key0123456789";
pub const SESSION_TOKEN: &str = "canary-session-token-0123456789";
pub const SIGNATURE: &str = "canary%2Fsas%2Fsignature0123456789";
const KEY_ID: &str = "AKIATESTKEY";
/// Objects in one answer to a list; a real server has a thousand.
const PAGE: usize = 2;

/// Whose protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    Amazon,
    Google,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// 503, without effect.
    Unavailable,
    /// 500, behind the effect.
    AnswerLost,
    /// 403, without effect.
    Refused,
    /// The answer comes a second later than the effect.
    #[cfg(unix)]
    Slow,
}

#[derive(Debug, Clone)]
struct Object {
    bytes: Vec<u8>,
    tag: u64,
    modified: Timestamp,
}

#[derive(Debug, Default)]
struct Inner {
    objects: BTreeMap<String, Object>,
    tags: u64,
    /// What becomes of the next requests with a method.
    troubles: VecDeque<(&'static str, Option<Trouble>)>,
    requests: Vec<String>,
}

/// A server with one bucket, `bucket`.
pub struct Server {
    server: MockServer,
    inner: Arc<Mutex<Inner>>,
}

struct Answering(Arc<Mutex<Inner>>);

impl Server {
    pub async fn start() -> Server {
        let (server, inner) = (MockServer::start().await, Arc::default());
        Mock::given(any()).respond_with(Answering(Arc::clone(&inner))).mount(&server).await;
        Server { server, inner }
    }

    /// Puts the way to the bucket into a command's environment.
    pub fn name_in(&self, cloud: Cloud, command: &mut Command) {
        match cloud {
            Cloud::Amazon => {
                command.env("SHARDCTL_STATE", "s3://bucket/team/states").env("AWS_REGION", "eu-central-1");
                command.env("AWS_ENDPOINT", self.server.uri()).env("AWS_ALLOW_HTTP", "true");
                command.env("AWS_ACCESS_KEY_ID", KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
                command.env("AWS_SESSION_TOKEN", SESSION_TOKEN);
            }
            Cloud::Google => {
                command.env("SHARDCTL_STATE", "gs://bucket/team/states").env("GOOGLE_BEARER_TOKEN", SESSION_TOKEN);
                command.env("GOOGLE_BASE_URL", self.server.uri()).env("GOOGLE_ALLOW_HTTP", "true");
            }
        }
    }

    pub fn uri(&self) -> String {
        self.server.uri()
    }

    /// Says what becomes of the next requests with a method.
    pub fn trouble(&self, method: &'static str, troubles: impl IntoIterator<Item = Option<Trouble>>) {
        let troubles = troubles.into_iter().map(|trouble| (method, trouble));
        self.inner.lock().unwrap().troubles = troubles.collect();
    }

    /// Returns how many troubles have not struck.
    pub fn troubles_left(&self) -> usize {
        self.inner.lock().unwrap().troubles.len()
    }

    /// Returns the keys of all objects.
    pub fn keys(&self) -> Vec<String> {
        self.inner.lock().unwrap().objects.keys().cloned().collect()
    }

    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.inner.lock().unwrap().objects.get(key).map(|object| object.bytes.clone())
    }

    /// Changes an object, as somebody else does; its age in seconds is as it is said.
    pub fn plant(&self, key: &str, bytes: &[u8], age: i64) {
        let mut inner = self.inner.lock().unwrap();
        let modified = Timestamp::now().checked_sub(jiff::SignedDuration::from_secs(age)).unwrap();
        inner.put(key, bytes.to_vec(), modified);
    }

    /// Counts the requests that begin with a word and hold another.
    pub fn count(&self, method: &str, part: &str) -> usize {
        let inner = self.inner.lock().unwrap();
        inner.requests.iter().filter(|request| request.starts_with(method) && request.contains(part)).count()
    }
}

impl Inner {
    fn put(&mut self, key: &str, bytes: Vec<u8>, modified: Timestamp) -> u64 {
        self.tags += 1;
        self.objects.insert(key.to_owned(), Object { bytes, tag: self.tags, modified });
        self.tags
    }

    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        // Google's client escapes more of a name.
        let path = &request.url.path().replace("%2F", "/").replace("%2E", ".");
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let authorization = header("authorization");
        let amazon = authorization.contains(KEY_ID) && header("x-amz-security-token") == SESSION_TOKEN;
        if !amazon && authorization != format!("Bearer {SESSION_TOKEN}") {
            return error(403, "InvalidAccessKeyId");
        }
        let Some(key) = path.strip_prefix("/bucket").map(|key| key.trim_start_matches('/')) else {
            return error(404, "NoSuchBucket");
        };
        let tag = self.objects.get(key).map(|object| format!("\"{}\"", object.tag));
        match request.method.as_str() {
            "GET" if key.is_empty() => self.list(request),
            "GET" => self.objects.get(key).map_or_else(|| error(404, "NoSuchKey"), Object::shown),
            "PUT" if !amazon => match (header("x-goog-if-generation-match"), self.objects.get(key)) {
                ("", _) => panic!("a write without a condition: {path}"),
                (wanted, found) if wanted != found.map_or(0, |found| found.tag).to_string() => {
                    error(412, "PreconditionFailed")
                }
                _ => self.write(key, request),
            },
            "PUT" => match (header("if-none-match"), header("if-match"), tag) {
                ("*", "", Some(_)) => error(412, "PreconditionFailed"),
                ("", wanted, None) if !wanted.is_empty() => error(404, "NoSuchKey"),
                ("", wanted, Some(tag)) if wanted != tag => error(412, "PreconditionFailed"),
                ("", "", _) => panic!("a write without a condition: {path}"),
                _ => self.write(key, request),
            },
            "DELETE" => {
                self.objects.remove(key);
                ResponseTemplate::new(204)
            }
            other => panic!("{other} {path}"),
        }
    }

    fn write(&mut self, key: &str, request: &Request) -> ResponseTemplate {
        let tag = self.put(key, request.body.clone(), Timestamp::now());
        tagged(ResponseTemplate::new(200), tag)
    }

    fn list(&self, request: &Request) -> ResponseTemplate {
        let query: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
        assert_eq!((query["list-type"].as_str(), query["delimiter"].as_str()), ("2", "/"));
        let prefix = query.get("prefix").cloned().unwrap_or_default();
        let after = query.get("continuation-token").cloned().unwrap_or_default();
        let direct = |key: &String| key.starts_with(&prefix) && !key[prefix.len()..].contains('/') && *key > after;
        let keys: Vec<_> = self.objects.keys().filter(|key| direct(key)).collect();
        let entry = |key: &&String| {
            let Object { bytes, tag, modified } = &self.objects[*key];
            let size = bytes.len();
            format!(
                "<Contents><Key>{key}</Key><LastModified>{modified:.0}</LastModified><ETag>&quot;{tag}&quot;</ETag>\
                 <Size>{size}</Size></Contents>"
            )
        };
        let more = keys.get(PAGE).map(|_| keys[PAGE - 1]);
        let token = more.map(|key| format!("<NextContinuationToken>{key}</NextContinuationToken>")).unwrap_or_default();
        let contents: String = keys.iter().take(PAGE).map(entry).collect();
        let body = format!("<ListBucketResult>{contents}{token}</ListBucketResult>");
        ResponseTemplate::new(200).set_body_raw(body, "application/xml")
    }
}

impl Object {
    fn shown(&self) -> ResponseTemplate {
        let modified = self.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let answer = tagged(ResponseTemplate::new(200), self.tag);
        answer.insert_header("Last-Modified", modified).set_body_raw(self.bytes.clone(), "application/json")
    }
}

/// Amazon tells versions by a tag, Google by a number.
fn tagged(answer: ResponseTemplate, tag: u64) -> ResponseTemplate {
    answer.insert_header("ETag", format!("\"{tag}\"")).insert_header("x-goog-generation", tag.to_string())
}

/// A cloud's error document says more than anybody wants to read, and repeats what it was sent.
fn error(status: u16, code: &str) -> ResponseTemplate {
    let body = format!(
        "<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>m</Message><Token-0>{SESSION_TOKEN}</Token-0>\
         <AuthenticationErrorDetail>{SIGNATURE}</AuthenticationErrorDetail></Error>"
    );
    ResponseTemplate::new(status).set_body_raw(body, "application/xml")
}

impl Respond for Answering {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut inner = self.0.lock().unwrap();
        inner.requests.push(format!("{} {}", request.method, request.url.path()));
        let due = inner.troubles.front().is_some_and(|(method, _)| *method == request.method.as_str());
        let trouble = if due { inner.troubles.pop_front().and_then(|(_, trouble)| trouble) } else { None };
        match trouble {
            Some(Trouble::Unavailable) => error(503, "SlowDown"),
            Some(Trouble::Refused) => error(403, "AccessDenied"),
            #[cfg(unix)]
            Some(Trouble::Slow) => inner.answer(request).set_delay(std::time::Duration::from_secs(1)),
            Some(Trouble::AnswerLost) => {
                inner.answer(request);
                error(500, "InternalError")
            }
            None => inner.answer(request),
        }
    }
}
