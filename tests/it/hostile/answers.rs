//! Answers that are none: a status, a body, a length or an end that should not be. Each holds planted secrets.

use super::{PASSWORD, TOKEN, USER};

/// How much of the request is read before the answer, or the end, comes.
#[derive(Clone, Copy)]
pub enum Heard {
    Nothing,
    Head,
    All,
}

/// A part of an answer, below HTTP.
#[derive(Clone)]
pub enum Step {
    Bytes(Vec<u8>),
    /// Made of the body that the API answers with.
    Truth(fn(&[u8]) -> Vec<u8>),
    /// Again and again, until the client has enough.
    Endless(Vec<u8>),
    /// A byte a second.
    Drip(fn(&[u8]) -> Vec<u8>),
    /// Nothing more, and no end.
    Hold,
}

/// What an answer says about a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It was not done.
    No,
    /// Nobody can say whether it was done.
    Unclear,
    /// It was done; what comes behind the answer must change nothing.
    Done,
}

#[derive(Clone)]
pub struct Answer {
    pub name: String,
    pub meaning: Meaning,
    pub heard: Heard,
    pub steps: Vec<Step>,
    /// Whether the connection is kept for further requests.
    pub goes_on: bool,
    /// Whether the client is left waiting.
    pub waits: bool,
    pub retries: u32,
}

impl Answer {
    fn new(name: impl Into<String>, meaning: Meaning, steps: Vec<Step>) -> Answer {
        Answer { name: name.into(), meaning, heard: Heard::All, steps, goes_on: false, waits: false, retries: 0 }
    }

    fn bytes(name: impl Into<String>, meaning: Meaning, bytes: impl Into<Vec<u8>>) -> Answer {
        Answer::new(name, meaning, vec![Step::Bytes(bytes.into())])
    }

    fn waits(self) -> Answer {
        Answer { waits: true, ..self }
    }

    fn heard(self, heard: Heard) -> Answer {
        Answer { heard, ..self }
    }

    fn with(mut self, step: Step) -> Answer {
        self.steps.push(step);
        self
    }
}

/// All answers; `trap` is where redirects lead.
pub fn answers(trap: &str) -> Vec<Answer> {
    [statuses(trap), bodies(), lengths(), endless(), ends(), other_protocols(), storms()].concat()
}

fn whole(head: &str, body: &[u8]) -> Vec<u8> {
    let echo = format!("x-echo: Bearer {TOKEN}\r\nset-cookie: session={PASSWORD}\r\n");
    let head = format!("HTTP/1.1 {head}\r\n{echo}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An error in the API's shape, with more in it than there should be.
fn error_body() -> String {
    format!(
        r#"{{"success": false, "message": "Bearer {TOKEN} is no good", "username": "{USER}", "password": "{PASSWORD}",
            "data": [{{"ip": "{PASSWORD}", "username": "{USER}"}}], "addons": "{PASSWORD}", "current_qty": "{USER}"}}"#
    )
}

fn html() -> String {
    format!("<!doctype html><title>{TOKEN}</title><pre>Authorization: Bearer {TOKEN}\n{USER}:{PASSWORD}</pre>")
}

fn statuses(trap: &str) -> Vec<Answer> {
    use Meaning::{No, Unclear};
    let unclear = [201, 202, 204, 206, 300, 301, 302, 303, 304, 408, 499, 500, 501, 502, 503, 504, 511, 520, 599, 999];
    let no = [307, 308, 400, 401, 402, 403, 404, 405, 407, 409, 410, 413, 418, 421, 422, 425, 426, 429, 451];
    let meanings = unclear.map(|status| (status, Unclear)).into_iter().chain(no.map(|status| (status, No)));
    let answer = |((status, meaning), html_body): ((u16, Meaning), bool)| {
        let header = match status {
            300..400 => format!("location: {trap}/{TOKEN}\r\n"),
            // Otherwise it is waited for by the minute.
            429 => "retry-after: 3600\r\n".to_owned(),
            _ => String::new(),
        };
        let (words, body) = if html_body { ("HTML", html()) } else { ("an error", error_body()) };
        let body = if [204, 304].contains(&status) { String::new() } else { body };
        let bytes = whole(&format!("{status} {TOKEN}\r\n{header}x-status: {status}"), body.as_bytes());
        Answer { goes_on: true, ..Answer::bytes(format!("{status} with {words}"), meaning, bytes) }
    };
    meanings.flat_map(|row| [(row, false), (row, true)]).map(answer).collect()
}

fn bodies() -> Vec<Answer> {
    use Meaning::{No, Unclear};
    let text = |text: &str| text.as_bytes().to_vec();
    let rows = [
        ("an error under 200", No, text(&error_body())),
        ("success: false alone", No, text(r#"{"success": false}"#)),
        ("nothing", Unclear, Vec::new()),
        ("HTML", Unclear, text(&html())),
        ("null", Unclear, text("null")),
        ("a list", Unclear, text("[]")),
        ("a list of what an object should hold", Unclear, text("[true, [], null]")),
        ("a text", Unclear, text(&format!("\"{PASSWORD}\""))),
        ("a number", Unclear, text("1e999")),
        ("success as a text", Unclear, text(&format!(r#"{{"success": "{PASSWORD}", "data": 1, "addons": 1}}"#))),
        ("success twice", Unclear, text(r#"{"success": false, "success": true}"#)),
        ("an object and more", Unclear, text(&format!(r#"{{"success": true}} {TOKEN}"#))),
        ("nesting without end", Unclear, vec![b'['; 1 << 20]),
        ("bytes that are no text", Unclear, [b"{\"success\": \"\xff\xfe".as_slice(), PASSWORD.as_bytes()].concat()),
        ("UTF-16", Unclear, b"\xff\xfe{\0\"\0s\0".to_vec()),
    ];
    let mut answers: Vec<Answer> =
        rows.map(|(name, meaning, body)| Answer::bytes(name, meaning, whole("200 OK", &body))).into();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\r\n";
    let bomb = Answer::bytes("a gzip bomb", Unclear, head).with(Step::Bytes(gzip_bomb()));
    answers.push(bomb);
    answers
}

/// A megabyte of gzip that stands for 158 megabytes of zeros, and does not end even then.
fn gzip_bomb() -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut buffer, mut filled) = (0_u32, 0);
    let mut push = |bits: &str| {
        for bit in bits.bytes() {
            buffer |= u32::from(bit == b'1') << filled;
            filled += 1;
            if filled == 8 {
                bytes.push(u8::try_from(buffer).expect("eight bits"));
                (buffer, filled) = (0, 0);
            }
        }
    };
    // The last block, of fixed codes: a zero, then 258 times what stands one byte before.
    push("110");
    push("00110000");
    (0..(1 << 20) * 8 / 13).for_each(|_| push("1100010100000"));
    bytes
}

fn lengths() -> Vec<Answer> {
    use Meaning::Unclear;
    let with = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{}", html()).into_bytes();
    let mut answers = vec![
        Answer::bytes("a negative length", Unclear, with("content-length: -5")),
        Answer::bytes("a length in words", Unclear, with("content-length: five")),
        Answer::bytes("a length beyond all numbers", Unclear, with(&format!("content-length: 1{}", "0".repeat(30)))),
        Answer::bytes("two lengths that differ", Unclear, with("content-length: 5\r\ncontent-length: 6")),
        Answer::bytes("a chunk of no size", Unclear, with("transfer-encoding: chunked")),
        Answer::bytes(
            "a chunk beyond all sizes",
            Unclear,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{",
        ),
        Answer::bytes(
            "chunks within a coding that nobody asked for",
            Unclear,
            with("transfer-encoding: gzip\r\nconnection: close"),
        ),
        Answer::bytes("a promise of 1 GB", Unclear, with("content-length: 1073741824")),
        Answer::new(
            "a length that is too long",
            Unclear,
            vec![Step::Truth(|truth| promised(truth, truth.len() + 10, truth.len())), Step::Hold],
        )
        .waits(),
    ];
    let cut = |name: &str, make: fn(&[u8]) -> Vec<u8>| Answer::new(name, Unclear, vec![Step::Truth(make)]);
    answers.extend([
        cut("a length that is too short", |truth| promised(truth, truth.len() / 2, truth.len())),
        cut("cut before the body", |truth| promised(truth, truth.len(), 0)),
        cut("cut after a byte", |truth| promised(truth, truth.len(), 1)),
        cut("cut half way", |truth| promised(truth, truth.len(), truth.len() / 2)),
        cut("the last byte missing", |truth| promised(truth, truth.len(), truth.len() - 1)),
        cut("a body of one byte", |truth| promised(truth, 1, 1)),
        cut("a body without its last byte", |truth| promised(truth, truth.len() - 1, truth.len() - 1)),
        cut("chunks without an end", |truth| {
            let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n", truth.len());
            [head.as_bytes(), truth, b"\r\n"].concat()
        }),
    ]);
    let behind = |truth: &[u8]| [promised(truth, truth.len(), truth.len()), whole("200 OK", b"{}")].concat();
    let second = Answer::new("a second answer behind the first", Meaning::Done, vec![Step::Truth(behind)]);
    answers.push(Answer { goes_on: true, retries: 1, ..second });
    let telling = Answer::new("the truth with a secret in each text", Meaning::Done, vec![Step::Truth(telling)]);
    answers.push(Answer { goes_on: true, ..telling });
    answers
}

/// The whole truth, with the token wherever the API is free to say what it likes.
fn telling(truth: &[u8]) -> Vec<u8> {
    let mut text = String::from_utf8(truth.to_vec()).expect("JSON");
    for field in ["order_tag", "message", "status"] {
        text = text.replace(&format!(r#""{field}":""#), &format!(r#""{field}":"Bearer {TOKEN} "#));
    }
    let text = text.replace("2030-01-01T00:00:00Z", &format!("not before {TOKEN}"));
    whole("200 OK", text.as_bytes())
}

/// Promises so many bytes of a body and sends so many.
fn promised(truth: &[u8], promised: usize, sent: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {promised}\r\n\r\n");
    [head.as_bytes(), &truth[..sent]].concat()
}

fn endless() -> Vec<Answer> {
    use Meaning::Unclear;
    let kibi = |text: &str| text.repeat(1024).into_bytes();
    // What is too long is given up at a length, everything else at a time at the latest.
    let too_long = |name: &str, head: &str, again: Vec<u8>| {
        Answer::new(name, Unclear, vec![Step::Bytes(head.into()), Step::Endless(again)])
    };
    let endless = |name: &str, head: &str, again: Vec<u8>| too_long(name, head, again).waits();
    let ok = "HTTP/1.1 200 OK\r\n";
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(1 << 16));
    let informed = "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n";
    let extension = format!("{ok}transfer-encoding: chunked\r\n\r\n1;");
    let trailers = format!("{ok}transfer-encoding: chunked\r\n\r\n0\r\n");
    vec![
        too_long("a body without an end", &format!("{ok}\r\n"), vec![b' '; 1 << 20]),
        too_long("chunks for ever", &format!("{ok}transfer-encoding: chunked\r\n\r\n"), chunk.into_bytes()),
        too_long("an error without an end", "HTTP/1.1 503 Busy\r\n\r\n", html().repeat(1024).into_bytes()),
        endless("a status line without an end", "HTTP/1.1 200 ", kibi("OK")),
        endless("a field without an end", &format!("{ok}x-long: "), kibi("x")),
        endless("fields without an end", ok, format!("x-field: {TOKEN}\r\n").repeat(1024).into_bytes()),
        endless("100 again and again", "", kibi("HTTP/1.1 100 Continue\r\n\r\n")),
        endless("103 again and again", "", kibi(informed)),
        endless("a chunk's extension without an end", &extension, kibi("x")),
        endless("trailers without an end", &trailers, kibi("x: y\r\n")),
        Answer::new("a byte a second", Unclear, vec![Step::Drip(|truth| promised(truth, truth.len(), truth.len()))])
            .waits(),
        Answer::new(
            "a byte of the body a second",
            Unclear,
            vec![Step::Truth(|truth| promised(truth, truth.len(), 0)), Step::Drip(<[u8]>::to_vec)],
        )
        .waits(),
        Answer::new("silence", Unclear, vec![Step::Hold]).waits(),
    ]
}

fn ends() -> Vec<Answer> {
    use Meaning::Unclear;
    vec![
        Answer::bytes("closed before the request is read", Unclear, "").heard(Heard::Nothing),
        Answer::bytes("closed after the head of the request", Unclear, "").heard(Heard::Head),
        Answer::bytes("closed after the request", Unclear, ""),
        Answer::bytes("closed within the status line", Unclear, "HTTP/1.1 2"),
        Answer::bytes("closed after the status line", Unclear, "HTTP/1.1 200 OK\r\n"),
        Answer::bytes("closed within the fields", Unclear, format!("HTTP/1.1 200 OK\r\nx-token: {TOKEN}")),
        Answer::bytes("closed after the head", Unclear, "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n"),
        Answer::bytes("closed after an informational answer", Unclear, "HTTP/1.1 100 Continue\r\n\r\n"),
    ]
}

fn other_protocols() -> Vec<Answer> {
    use Meaning::Unclear;
    vec![
        Answer::bytes("SSH", Unclear, format!("SSH-2.0-{TOKEN}\r\n")),
        Answer::bytes("TLS", Unclear, *b"\x15\x03\x03\x00\x02\x02\x46"),
        Answer::bytes("HTTP/2", Unclear, *b"\0\0\0\x04\0\0\0\0\0"),
        Answer::bytes("HTTP/9.9", Unclear, "HTTP/9.9 200 OK\r\n\r\n{}"),
        Answer::bytes("HTTP without a version", Unclear, html()),
        Answer::bytes("a status that is none", Unclear, "HTTP/1.1 099 Low\r\n\r\n{}"),
        Answer::bytes("a status in words", Unclear, format!("HTTP/1.1 {TOKEN} OK\r\n\r\n{{}}")),
        Answer::bytes("a field without a name", Unclear, format!("HTTP/1.1 200 OK\r\n: {TOKEN}\r\n\r\n{{}}")),
        Answer::bytes("a field with a NUL", Unclear, format!("HTTP/1.1 200 OK\r\nx: {TOKEN}\0\r\n\r\n{{}}")),
        Answer::bytes(
            "another protocol on the same connection",
            Unclear,
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        ),
    ]
}

fn storms() -> Vec<Answer> {
    let many = format!("1{}", "\r\nretry-after: 86400".repeat(40));
    let rows = [
        ("negative", "-1"),
        ("beyond all numbers", "100000000000000000000"),
        ("in another millennium", "Tue, 31 Dec 2999 23:59:59 GMT"),
        ("a date that is none", "Fri, 99 Dec 9999999 99:99:99 GMT"),
        ("in words", TOKEN),
        ("empty", ""),
        ("a fraction", "0.001"),
        ("many", &many),
        ("bytes that are no text", "\u{ff}\u{fe}"),
    ];
    let storm = |status: u16, name: &str, value: &str| {
        let meaning = if status == 429 { Meaning::No } else { Meaning::Unclear };
        let bytes = whole(&format!("{status} Slow\r\nretry-after: {value}"), error_body().as_bytes());
        let answer = Answer::bytes(format!("{status} with a Retry-After that is {name}"), meaning, bytes);
        Answer { goes_on: true, retries: 1, ..answer }
    };
    let storms = |status| rows.iter().map(move |(name, value)| storm(status, name, value));
    // A 429 that asks for little, or for nothing that is understood, is waited for by the minute.
    let long = ["beyond all numbers", "in another millennium"];
    let refusals = rows.iter().filter(|(name, _)| long.contains(name)).map(|(name, value)| storm(429, name, value));
    refusals.chain(storms(503)).collect()
}
