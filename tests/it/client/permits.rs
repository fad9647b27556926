//! Every attempt of every write is permitted just before it is sent, or not sent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join, join_all, ready};
use shardctl::api::{SendPermit, Settings, Stage};
use shardctl::model::Foreign;
use wiremock::ResponseTemplate;

use super::{ADDONS, OPERATIONS, answering, json, nowhere, received, send, send_permitted, writer, writer_with};

/// Counts how often it is asked, and says no from some time on.
#[derive(Default)]
struct Permit {
    asked: AtomicUsize,
    allowed: usize,
}

impl Permit {
    fn allowing(allowed: usize) -> Permit {
        Permit { allowed, ..Permit::default() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl SendPermit for Permit {
    fn may_send(&self) -> BoxFuture<'_, Result<(), Foreign>> {
        let allowed = self.asked.fetch_add(1, Ordering::SeqCst) < self.allowed;
        ready(if allowed { Ok(()) } else { Err("the lock\u{1b} was lost".into()) }).boxed()
    }
}

fn reads(operation: &str) -> bool {
    ["active", "calculate", "me", "orders", "order"].contains(&operation)
}

#[tokio::test]
async fn every_attempt_of_a_write_asks_and_no_read_does() {
    let each = async |(operation, _): (&'static str, &str)| {
        let (unavailable, absent) = (answering(ResponseTemplate::new(503)).await, nowhere());
        let places = [(unavailable.uri(), operation != "purchase"), (format!("http://{absent}"), true)];
        for (url, is_sent_again) in places {
            let permit = Permit::allowing(10);
            let error = send_permitted(&writer(&url, 1), operation, &permit).await.expect_err(operation);
            let attempts = if is_sent_again { 2 } else { 1 };
            assert_eq!(error.attempts, attempts, "{error}");
            // Of a purchase once more, when its connection stands.
            let stands = usize::from(operation == "purchase" && !is_sent_again);
            assert_eq!(permit.asked(), if reads(operation) { 0 } else { attempts as usize + stands }, "{error}");
        }
    };
    join_all(OPERATIONS.map(each)).await;
}

#[tokio::test]
async fn what_is_not_permitted_is_not_sent() {
    let server = answering(ResponseTemplate::new(503)).await;
    let writes = OPERATIONS.into_iter().filter(|(operation, _)| !reads(operation));
    for (operation, words) in writes.clone() {
        let error =
            send_permitted(&writer(&server.uri(), 4), operation, &Permit::default()).await.expect_err("refused");
        assert_eq!(error.to_string(), format!("{words}: not sent: the lock\\u{{1b}} was lost"));
        assert!(error.had_no_effect && matches!(error.stage, Stage::NotPermitted { .. }), "{error:?}");
        assert_eq!((error.attempts, error.refusal_status()), (0, None));
    }
    assert_eq!(received(&server).await, 0);
    let again = async |(operation, words): (&str, &str)| {
        let permit = Permit::allowing(1);
        let error = send_permitted(&writer(&server.uri(), 4), operation, &permit).await.expect_err("refused");
        let before = "refused with 503: Service Unavailable (an empty answer)";
        let expected = format!("{words}: not sent: the lock\\u{{1b}} was lost; the attempt before: {before}");
        assert_eq!(error.to_string(), expected);
        assert!(!error.had_no_effect, "the first attempt may have had an effect");
        assert_eq!((error.attempts, permit.asked()), (1, 2));
    };
    let idempotent: Vec<_> = writes.filter(|(operation, _)| *operation != "purchase").collect();
    let count = idempotent.len();
    join_all(idempotent.into_iter().map(again)).await;
    assert_eq!(received(&server).await, count, "each once");
}

#[tokio::test]
async fn a_purchase_whose_permit_is_gone_once_its_connection_stands_is_not_sent() {
    let server = answering(json(200, ADDONS)).await;
    let permit = Permit::allowing(1);
    let error = send_permitted(&writer(&server.uri(), 4), "purchase", &permit).await.expect_err("refused");
    assert_eq!(error.to_string(), "addons/purchase: not sent: the lock\\u{1b} was lost");
    assert!(error.had_no_effect && matches!(error.stage, Stage::NotPermitted { .. }), "{error:?}");
    assert_eq!((received(&server).await, permit.asked()), (0, 2));
}

/// Notes whether the request before was answered when it was asked.
#[derive(Default)]
struct AfterTheFirst {
    answered: AtomicBool,
    too_early: AtomicBool,
}

impl SendPermit for AfterTheFirst {
    fn may_send(&self) -> BoxFuture<'_, Result<(), Foreign>> {
        self.too_early.fetch_or(!self.answered.load(Ordering::SeqCst), Ordering::SeqCst);
        ready(Ok(())).boxed()
    }
}

#[tokio::test]
async fn a_permit_is_asked_when_the_turn_of_its_write_has_come() {
    let server = answering(json(200, ADDONS).set_delay(Duration::from_millis(200))).await;
    let client = writer_with(&server.uri(), Settings { concurrency: 1, ..Settings::default() });
    let permit = AfterTheFirst::default();
    let first = async {
        send(&client, "cancel").await.expect("an answer");
        permit.answered.store(true, Ordering::SeqCst);
    };
    let ((), second) = join(first, send_permitted(&client, "purchase", &permit)).await;
    second.expect("an answer");
    assert!(!permit.too_early.load(Ordering::SeqCst), "it was asked while another request was under way");
}
