//! Whether the API can be reached at all, and what time it is there.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shardctl::api::{Settings, Writer};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::transport::Server;
use super::{ADDONS, answering, json, nowhere, send, writer, writer_with};

fn is_unreachable(client: &Writer) -> bool {
    client.reader().connection().is_unreachable()
}

#[tokio::test]
async fn who_gets_no_answer_of_any_kind_knows_that_the_api_cannot_be_reached() {
    let silent = answering(json(200, ADDONS).set_delay(Duration::from_secs(20))).await;
    let closing = Server::closing().await;
    let hasty = Settings { retries: 1, timeout: Duration::from_millis(100), ..Settings::default() };
    let nowhere = format!("http://{}", nowhere());
    for (url, settings) in [
        (nowhere, Settings { retries: 1, ..Settings::default() }),
        (silent.uri(), hasty.clone()),
        (closing.url(), hasty),
    ] {
        let client = writer_with(&url, settings);
        assert!(!is_unreachable(&client), "nobody tried yet");
        let error = send(&client, "active").await.expect_err("no answer");
        assert!(error.is_unreachable() && is_unreachable(&client), "{error}");
        assert_eq!(error.attempts, 2, "only after all retries: {error}");
    }
}

#[tokio::test]
async fn whatever_is_answered_shows_that_the_api_can_be_reached() {
    let cut_off = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{".to_owned();
    let cut_off = Server::sending(cut_off).await;
    let settings = Settings { retries: 0, timeout: Duration::from_millis(200), ..Settings::default() };
    for answer in [ResponseTemplate::new(401), ResponseTemplate::new(503), json(200, "oops")] {
        let server = answering(answer).await;
        let client = writer_with(&server.uri(), settings.clone());
        let error = send(&client, "active").await.expect_err("no good answer");
        assert!(!error.is_unreachable() && !is_unreachable(&client), "{error}");
    }
    let client = writer_with(&cut_off.url(), settings.clone());
    let error = send(&client, "active").await.expect_err("no whole answer");
    assert!(!error.is_unreachable() && !is_unreachable(&client), "{error}");
    // Once it was there, a request that gets no answer is one that failed.
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(json(200, ADDONS)).up_to_n_times(1).with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(json(200, ADDONS).set_delay(Duration::from_secs(20))).mount(&server).await;
    let client = writer_with(&server.uri(), settings);
    send(&client, "cancel").await.expect("an answer");
    let error = send(&client, "cancel").await.expect_err("no answer");
    assert!(error.is_unreachable() && !is_unreachable(&client), "{error}");
}

#[tokio::test]
async fn the_time_is_the_apis_own_where_it_tells_it() {
    let before = Timestamp::now();
    let silent = writer(&format!("http://{}", nowhere()), 0);
    let now = silent.reader().connection().now();
    assert!(!now.from_api && now.moment.duration_since(before) < SignedDuration::from_secs(60), "{now:?}");
    for (answer, told) in [
        (json(200, ADDONS).insert_header("Date", "Mon, 23 Nov 2015 02:00:00 GMT"), "2015-11-23T02:00:0"),
        (ResponseTemplate::new(502).insert_header("Date", "Mon, 23 Nov 2065 02:00:00 GMT"), "2065-11-23T02:00:0"),
    ] {
        let server = answering(answer).await;
        let client = writer(&server.uri(), 0);
        let _ = send(&client, "cancel").await;
        let now = client.reader().connection().now();
        assert!(now.from_api && now.moment.to_string().starts_with(told), "{now:?}");
    }
}
