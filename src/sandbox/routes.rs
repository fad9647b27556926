//! The HTTP routes: the vendor's seven operations, and the sandbox's own under `/sandbox`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, get, on, post};
use axum::{Json, Router};
use futures_util::stream::poll_fn;

use super::account::Refusal;
use super::call::Call;
use super::control::Control;
use super::faults::{Action, FaultRule, Strike, When};
use super::operation::Operation;
use super::server::KillSwitch;
use super::wire;

/// Makes the routes.
pub(super) fn router(control: Control) -> Router {
    let mut router = Router::new()
        .route("/sandbox/account", get(async |State(control): State<Control>| Json(control.account())))
        .route("/sandbox/orders/{id}/renew", post(renew))
        .route("/sandbox/requests", get(requests))
        .route("/sandbox/faults", get(faults).post(set_faults));
    for operation in Operation::ALL {
        let method = if operation.writes() { MethodFilter::POST } else { MethodFilter::GET };
        let handler = move |State(control): State<Control>, request: Request| vendor(operation, control, request);
        router = router.route(operation.path(), on(method, handler));
    }
    router.fallback(unknown_path).method_not_allowed_fallback(unknown_method).with_state(control)
}

async fn vendor(operation: Operation, control: Control, request: Request) -> Response {
    let kill_switch = request.extensions().get::<KillSwitch>().cloned().unwrap_or_default();
    let call = Call::read(&control, Some(operation), request).await;
    let strike = control.strike(operation, call.order_id);
    let ending = if strike.delays() {
        // A task of its own: a client that gives up does not take back what a slow server is about to do.
        let task = tokio::spawn(async move { play(operation, &control, &call, strike).await });
        task.await.unwrap_or(Ending::Close)
    } else {
        play(operation, &control, &call, strike).await
    };
    finish(ending, &kill_switch).await
}

/// How a request ends on the wire.
enum Ending {
    Whole(Response),
    Cut(Answer, usize),
    Close,
    Hold,
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

async fn play(operation: Operation, control: &Control, call: &Call, strike: Strike) -> Ending {
    pause(strike.delay_before).await;
    let ending = match strike.broken {
        Some((When::Before, action @ (Action::Answer { .. } | Action::Close | Action::Hold))) => broken(action, None),
        Some((_, action)) => broken(action, Some(effect(operation, control, call))),
        None => Ending::Whole(json(effect(operation, control, call))),
    };
    pause(strike.delay_after).await;
    match &ending {
        Ending::Whole(response) => call.request.answered(response.status().as_u16()),
        Ending::Cut(answer, _) => call.request.answered(answer.status),
        Ending::Close | Ending::Hold => {}
    }
    ending
}

async fn pause(delay: std::time::Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

fn effect(operation: Operation, control: &Control, call: &Call) -> Answer {
    let result = match call.request.authorized {
        true => control.with_account(|account| wire::answer(operation, account, call)),
        false => Err(Refusal::new(401, "Unauthorized")),
    };
    match result {
        Ok(body) => Answer { status: 200, body },
        Err(refusal) => Answer { status: refusal.status, body: wire::error_body(&refusal.message) },
    }
}

fn broken(action: Action, answer: Option<Answer>) -> Ending {
    match (action, answer) {
        (Action::Answer { status, headers, body }, _) => Ending::Whole(replacement(status, &headers, body)),
        (Action::Truncate(bytes), Some(answer)) => Ending::Cut(answer, bytes),
        (Action::Delay(_), Some(answer)) => Ending::Whole(json(answer)),
        (Action::Hold, _) => Ending::Hold,
        (Action::Close | Action::Truncate(_) | Action::Delay(_), _) => Ending::Close,
    }
}

fn replacement(status: u16, headers: &BTreeMap<String, String>, body: Option<String>) -> Response {
    let body = body.map_or_else(|| wire::error_body("Simulated fault"), String::into_bytes);
    let mut response = Response::builder().status(status);
    if !headers.keys().any(|name| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str())) {
        let media_type = if body.starts_with(b"{") { "application/json" } else { "text/plain" };
        response = response.header(CONTENT_TYPE, media_type);
    }
    for (name, value) in headers {
        response = response.header(name, value);
    }
    built(response.body(Body::from(body)))
}

fn json(answer: Answer) -> Response {
    let response = Response::builder().status(answer.status).header(CONTENT_TYPE, "application/json");
    built(response.body(Body::from(answer.body)))
}

fn built(response: Result<Response, axum::http::Error>) -> Response {
    response.unwrap_or_else(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response())
}

async fn finish(ending: Ending, kill_switch: &KillSwitch) -> Response {
    match ending {
        Ending::Whole(response) => response,
        Ending::Cut(answer, bytes) => cut(answer, bytes, kill_switch.clone()),
        Ending::Close => {
            kill_switch.pull();
            std::future::pending().await
        }
        Ending::Hold => std::future::pending().await,
    }
}

/// Promises the whole answer, sends its first bytes, and has the connection dropped once they are out.
fn cut(answer: Answer, bytes: usize, kill_switch: KillSwitch) -> Response {
    let length = answer.body.len();
    let mut head = Some(Bytes::from(answer.body).slice(..bytes.min(length)));
    let stream = poll_fn(move |_| match head.take() {
        Some(head) if !head.is_empty() => Poll::Ready(Some(Ok::<_, Infallible>(head))),
        _ => {
            kill_switch.pull();
            Poll::Pending
        }
    });
    let response = Response::builder().status(answer.status).header(CONTENT_TYPE, "application/json");
    built(response.header(CONTENT_LENGTH, length).body(Body::from_stream(stream)))
}

async fn unknown_path(State(control): State<Control>, request: Request) -> Response {
    refuse(control, request, Refusal::new(404, "Not found")).await
}

async fn unknown_method(State(control): State<Control>, method: Method, request: Request) -> Response {
    refuse(control, request, Refusal::new(405, format!("Method {method} is not allowed"))).await
}

async fn refuse(control: Control, request: Request, refusal: Refusal) -> Response {
    if !request.uri().path().starts_with("/sandbox") {
        let call = Call::read(&control, None, request).await;
        call.request.answered(refusal.status);
    }
    json(Answer { status: refusal.status, body: wire::error_body(&refusal.message) })
}

async fn renew(State(control): State<Control>, Path(id): Path<String>) -> Response {
    let id = id.parse().map_err(|error| Refusal::invalid(format!("`{id}`: {error}")));
    let renewed = id.and_then(|id| control.with_account(|account| account.renew(id).cloned()));
    match renewed {
        Ok(order) => Json(order).into_response(),
        Err(refusal) => json(Answer { status: refusal.status, body: wire::error_body(&refusal.message) }),
    }
}

async fn requests(State(control): State<Control>) -> Response {
    let requests = control.requests();
    Json(requests.iter().map(AsRef::as_ref).collect::<Vec<_>>()).into_response()
}

async fn faults(State(control): State<Control>) -> Response {
    Json(control.faults()).into_response()
}

async fn set_faults(State(control): State<Control>, body: Bytes) -> Response {
    match serde_json::from_slice::<Vec<FaultRule>>(&body) {
        Ok(rules) => {
            control.set_faults(rules);
            Json(control.faults()).into_response()
        }
        Err(error) => json(Answer { status: 400, body: wire::error_body(&error.to_string()) }),
    }
}
