//! The list of all orders, page by page.

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{send, writer};

/// Says what `next` is after so many orders of so many were read.
type Next = fn(usize, usize) -> Value;

/// A server with so many orders that gives at most so many of them at once, whatever it is asked for.
async fn server(orders: usize, most: usize, next: Next) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let offset: usize = query[1].1.parse().expect("an offset");
        let ids = (offset..orders).take(most).map(|id| json!({"order_id": id + 1})).collect::<Vec<_>>();
        let next = next(offset + ids.len(), orders);
        // Neither is to be relied on.
        let mut body = json!({"success": true, "orders": ids, "count": 1, "prev": "?", "next": next});
        if body["next"] == "untold" {
            body.as_object_mut().expect("an object").remove("next");
        }
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn every_order_is_listed_once_with_few_requests_and_no_link_is_followed() {
    let honest = |read: usize, orders: usize| if read < orders { json!("http://127.0.0.1:9/") } else { Value::Null };
    let always = |_: usize, _: usize| json!("more");
    let never = |_: usize, _: usize| Value::Null;
    let untold = |_: usize, _: usize| json!("untold");
    let rows: [(usize, usize, Next, usize); 12] = [
        (0, 100, honest, 1),
        (7, 100, honest, 1),
        (100, 100, honest, 2),
        (250, 100, honest, 3),
        // It gives fewer than it is asked for, and says that there are more.
        (50, 20, honest, 3),
        (40, 20, always, 3),
        (7, 100, always, 2),
        (250, 100, never, 3),
        (0, 100, always, 1),
        // It does not say whether there are more.
        (7, 2, untold, 5),
        (250, 100, untold, 4),
        (0, 100, untold, 1),
    ];
    for (orders, most, next, requests) in rows {
        let server = server(orders, most, next).await;
        let listed = send(&writer(&server.uri(), 0), "orders").await.expect("a list");
        assert_eq!(listed.matches("order_id").count(), orders, "{listed}");
        assert_eq!(super::received(&server).await, requests, "{orders} orders, {most} at once");
    }
}

#[tokio::test]
async fn a_list_that_repeats_itself_ends() {
    let page = ResponseTemplate::new(200).set_body_json(json!({"orders": [{"order_id": 7}], "next": "more"}));
    let server = super::answering(page).await;
    let listed = send(&writer(&server.uri(), 0), "orders").await.expect("a list");
    assert_eq!(listed.matches("order_id").count(), 1, "{listed}");
    assert_eq!(super::received(&server).await, 2);
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_no_end_of_the_list() {
    let server = MockServer::start().await;
    let first = ResponseTemplate::new(200).set_body_json(json!({"orders": [{"order_id": 7}], "next": "more"}));
    Mock::given(any()).respond_with(first).up_to_n_times(1).with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount(&server).await;
    let error = send(&writer(&server.uri(), 0), "orders").await.expect_err("half a list");
    assert_eq!(error.refusal_status(), Some(503));
}
