//! What is sent again, how often and when; a purchase never is once it may have arrived.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use shardctl::api::{Connection, Observer, RequestEnded, Settings, Stage, Token, Waiting, Writer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::requests::answer;
use super::transport::Server;
use super::{
    ADDONS, OPERATIONS, TOKEN, answering, assert_no_secret, json, nowhere, received, send, silent_socket, writer,
    writer_with,
};

/// The first pause between two attempts is 200 ms and more.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

fn attempts(operation: &str, idempotent: usize) -> usize {
    if operation == "purchase" { 1 } else { idempotent }
}

#[tokio::test]
async fn passing_trouble_is_tried_again() {
    let rows = [(500, 2), (502, 2), (503, 2), (400, 1), (401, 1), (403, 1), (404, 1), (302, 1), (200, 1)];
    let row = async |(status, tries): (u16, usize)| {
        for (operation, _) in OPERATIONS {
            let server = answering(ResponseTemplate::new(status)).await;
            let error = send(&writer(&server.uri(), 1), operation).await.expect_err(operation);
            assert_no_secret(&error);
            let expected = attempts(operation, tries);
            assert_eq!((received(&server).await, error.attempts as usize), (expected, expected), "{error}");
            let words = " (after 2 attempts)";
            assert_eq!(error.to_string().ends_with(words), expected == 2, "{error}");
        }
    };
    join_all(rows.map(row)).await;
}

#[tokio::test]
async fn a_broken_connection_is_tried_again() {
    let each = async |(operation, words): (&str, &str)| {
        let server = Server::closing().await;
        let error = send(&writer(&server.url(), 1), operation).await.expect_err(operation);
        assert_eq!(server.requests(), attempts(operation, 2), "{error}");
        assert!(error.to_string().starts_with(&format!("{words}: no answer: the connection broke: ")), "{error}");
        assert!(!error.had_no_effect, "{error}");
    };
    join_all(OPERATIONS.map(each)).await;
}

#[tokio::test]
async fn a_slow_answer_is_given_up_and_tried_again() {
    let each = async |(operation, words): (&str, &str)| {
        let server = answering(json(200, ADDONS).set_delay(Duration::from_secs(20))).await;
        let settings = Settings { retries: 1, timeout: Duration::from_millis(150), ..Settings::default() };
        let error = send(&writer_with(&server.uri(), settings), operation).await.expect_err(operation);
        let expected = attempts(operation, 2);
        assert_eq!(error.attempts as usize, expected);
        assert!(
            error.to_string().starts_with(&format!("{words}: no answer: nothing whole came back within 0.15 s")),
            "{error}"
        );
        assert!(!error.had_no_effect, "{error}");
    };
    join_all(OPERATIONS.map(each)).await;
}

#[tokio::test]
async fn where_nothing_was_sent_even_a_purchase_is_tried_again() {
    let each = async |(operation, words): (&str, &str)| {
        let address = nowhere();
        let error = send(&writer(&format!("http://{address}"), 1), operation).await.expect_err(operation);
        let expected =
            format!("{words}: not sent: no connection to http://{address}: connection refused (after 2 attempts)");
        assert_eq!(error.to_string(), expected);
        assert!(error.had_no_effect && matches!(error.stage, Stage::NotSent { lasting: false, .. }), "{error:?}");
    };
    join_all(OPERATIONS.map(each)).await;
}

#[tokio::test]
async fn a_purchase_waits_for_an_api_that_is_not_there_yet() {
    let (socket, address) = silent_socket();
    let client = writer(&format!("http://{address}"), 3);
    let late = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let listener = socket.listen(16).and_then(TcpListener::into_std).expect("it listens at last");
        let server = MockServer::builder().listener(listener).start().await;
        Mock::given(any()).respond_with(json(200, ADDONS)).mount(&server).await;
        server
    };
    let (answer, server) = tokio::join!(send(&client, "purchase"), late);
    answer.expect("bought in the end");
    assert_eq!(received(&server).await, 1);
}

#[tokio::test]
async fn the_answer_to_a_later_attempt_counts() {
    let server = MockServer::start().await;
    let busy = Mock::given(any()).respond_with(ResponseTemplate::new(503)).up_to_n_times(2).expect(2);
    busy.with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(json(200, ADDONS)).expect(1).mount(&server).await;
    let start = Instant::now();
    send(&writer(&server.uri(), 4), "cancel").await.expect("an answer in the end");
    assert!(start.elapsed() >= 3 * FIRST_PAUSE, "the pause doubles: {:?}", start.elapsed());
}

#[tokio::test]
async fn an_early_attempt_that_may_have_arrived_is_not_forgotten() {
    for (first, no_effect) in [(503, false), (429, true)] {
        let server = MockServer::start().await;
        let mock = Mock::given(any()).respond_with(ResponseTemplate::new(first)).up_to_n_times(1);
        mock.with_priority(1).mount(&server).await;
        Mock::given(any()).respond_with(ResponseTemplate::new(404)).mount(&server).await;
        let error = send(&writer_with(&server.uri(), Settings::default()), "cancel").await.expect_err("refused");
        assert_eq!((error.refusal_status(), error.attempts), (Some(404), 2));
        assert_eq!(error.had_no_effect, no_effect, "{first}");
    }
}

#[tokio::test]
async fn a_429_is_waited_for_without_using_up_retries() {
    let each = async |(operation, _): (&str, &str)| {
        let server = MockServer::start().await;
        let busy = Mock::given(any()).respond_with(ResponseTemplate::new(429)).up_to_n_times(2);
        busy.with_priority(1).mount(&server).await;
        Mock::given(any()).respond_with(json(200, answer(operation))).mount(&server).await;
        let client = writer_with(&server.uri(), Settings { retries: 0, ..Settings::default() });
        let answer = send(&client, operation).await;
        // A purchase is not sent again, whatever it was answered.
        assert_eq!(answer.is_ok(), operation != "purchase", "{answer:?}");
        assert_eq!(received(&server).await, attempts(operation, 3), "{operation}");
    };
    join_all(OPERATIONS.map(each)).await;
}

/// Remembers the pauses, and keeps the client from waiting for their ends.
#[derive(Default)]
struct Pauses {
    seen: Mutex<Vec<(Duration, bool)>>,
    stop: CancellationToken,
}

impl Observer for Pauses {
    fn request_ended(&self, _request: &RequestEnded<'_>) {}

    fn waiting(&self, waiting: &Waiting<'_>) {
        self.seen.lock().expect("no panic").push((waiting.pause, waiting.whole_run));
        self.stop.cancel();
    }
}

/// Sends a request once and returns the pause that would follow.
async fn pause_after(server: &MockServer) -> (Duration, bool) {
    let pauses = Arc::<Pauses>::default();
    let (url, token) = (server.uri().parse().expect("a good URL"), Token::new(TOKEN).expect("a token"));
    let (observer, stop) = (Arc::<Pauses>::clone(&pauses), pauses.stop.clone());
    let connection = Connection::observed(url, token, Settings::default(), observer, stop).expect("a connection");
    let error = send(&Writer::new(connection), "active").await.expect_err("refused");
    assert_eq!(error.attempts, 1, "{error}");
    let seen = pauses.seen.lock().expect("no panic").clone();
    let [pause] = seen[..] else { panic!("{seen:?}") };
    pause
}

#[tokio::test]
async fn clients_that_failed_together_come_back_one_by_one() {
    let server = answering(ResponseTemplate::new(503)).await;
    let pauses = join_all((0..8).map(|_| pause_after(&server))).await;
    assert!(pauses.iter().all(|(pause, _)| *pause >= FIRST_PAUSE && *pause <= 2 * FIRST_PAUSE), "{pauses:?}");
    assert!(pauses.iter().any(|(pause, _)| pause.abs_diff(pauses[0].0) > Duration::from_millis(1)), "{pauses:?}");
}

#[tokio::test]
async fn retry_after_is_waited_for_and_a_date_counts_from_the_answers_own() {
    let (long_ago, soon) = ("Mon, 23 Nov 2015 02:00:00 GMT", "Mon, 23 Nov 2015 02:00:40 GMT");
    let rows = [("40", None, 40), (soon, Some(long_ago), 40), (soon, None, 0), ("0", None, 0), ("soon", None, 0)];
    for (value, date, seconds) in rows {
        for status in [429, 503] {
            let answer = ResponseTemplate::new(status).insert_header("Retry-After", value);
            let answer = date.into_iter().fold(answer, |answer, date| answer.insert_header("Date", date));
            let (pause, whole_run) = pause_after(&answering(answer).await).await;
            let least = Duration::from_secs(seconds);
            assert!(pause >= least && pause < least + Duration::from_secs(1), "{value}: {pause:?}");
            assert_eq!(whole_run, status == 429, "who is asked to slow down has everybody do so");
        }
    }
}

#[tokio::test]
async fn nobody_waits_for_hours() {
    let date = http_date(SignedDuration::from_hours(48));
    let rows = [
        ("3600", "3600 s, try again then"),
        ("99999999999999999999", "for more than a day"),
        (&date, "for more than a day"),
    ];
    for (value, wait) in rows {
        let server = answering(ResponseTemplate::new(429).insert_header("Retry-After", value)).await;
        let error = send(&writer(&server.uri(), 4), "active").await.expect_err("refused");
        assert_eq!((error.attempts, received(&server).await), (1, 1), "{value}");
        assert!(error.to_string().ends_with(&format!("it asks to wait {wait}")), "{error}");
    }
}

fn http_date(from_now: SignedDuration) -> String {
    (Timestamp::now() + from_now).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
