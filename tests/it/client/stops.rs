//! What a wish to stop ends, and what it does not.

use std::time::Duration;

use futures_util::future::join;
use shardctl::api::Settings;
use wiremock::ResponseTemplate;

use super::{ADDONS, answering, json, received, send, writer, writer_with};

/// Longer than any test takes, shorter than somebody waits who looks for the reason.
const LONG: &str = "50";

#[tokio::test]
async fn a_pause_ends_with_the_failure_at_hand() {
    let server = answering(ResponseTemplate::new(503).insert_header("Retry-After", LONG)).await;
    let client = writer(&server.uri(), 4);
    let stop = client.reader().connection().stop().clone();
    let stopping = async {
        while received(&server).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
    };
    let (answer, ()) = join(send(&client, "active"), stopping).await;
    let error = answer.expect_err("refused");
    assert_eq!((error.refusal_status(), error.attempts, received(&server).await), (Some(503), 1, 1));
}

#[tokio::test]
async fn what_waits_for_its_turn_is_not_sent_and_what_is_under_way_is_answered() {
    let server = answering(json(200, ADDONS).set_delay(Duration::from_millis(300))).await;
    let client = writer_with(&server.uri(), Settings { concurrency: 1, ..Settings::default() });
    let stop = client.reader().connection().stop().clone();
    let waiting = async {
        while received(&server).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (answer, ()) = join(send(&client, "cancel"), async { stop.cancel() }).await;
        answer
    };
    let (first, second) = join(send(&client, "cancel"), waiting).await;
    first.expect("it was under way");
    let error = second.expect_err("it waited");
    assert_eq!(error.to_string(), "addons/schedule/cancel: not sent: interrupted before it was sent");
    assert!(error.had_no_effect && error.attempts == 0, "{error:?}");
    assert_eq!(received(&server).await, 1);
}

/// A purchase whose answer was lost is looked for even then.
#[tokio::test]
async fn a_request_that_need_not_wait_is_sent_once_even_then() {
    let good = answering(json(200, ADDONS)).await;
    let bad = answering(ResponseTemplate::new(503)).await;
    for (server, is_answered) in [(&good, true), (&bad, false)] {
        let client = writer(&server.uri(), 4);
        client.reader().connection().stop().cancel();
        let answer = send(&client, "cancel").await;
        assert_eq!(answer.is_ok(), is_answered, "{answer:?}");
        assert_eq!(received(server).await, 1);
    }
}
