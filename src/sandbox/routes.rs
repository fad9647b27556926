//! The HTTP routes: the vendor's operations, and the sandbox's own under `/sandbox`.

use std::convert::Infallible;
use std::task::Poll;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use futures_util::stream::poll_fn;

use super::answer::{Answer, built, no_such_path, replacement};
use super::call::Call;
use super::clock::dated;
use super::control::Control;
use super::control_routes;
use super::faults::{Action, Strike, When};
use super::kill_switch::KillSwitch;
use super::operation::Operation;
use super::refusal::Refusal;
use super::wire;

/// Makes the routes.
pub(super) fn router(control: Control) -> Router {
    let mut router = control_routes::router();
    for operation in Operation::ALL {
        let method = if operation.writes() { MethodFilter::POST } else { MethodFilter::GET };
        let handler = move |State(control): State<Control>, request: Request| vendor(operation, control, request);
        router = router.route(operation.path(), on(method, handler));
    }
    let router = router.fallback(unknown_path).method_not_allowed_fallback(unknown_method);
    router.with_state(control).layer(map_response(dated))
}

async fn vendor(operation: Operation, control: Control, request: Request) -> Response {
    if !control.knows(operation) {
        return unserved(&control, request, 404, no_such_path()).await;
    }
    let kill_switch = request.extensions().get::<KillSwitch>().cloned().unwrap_or_default();
    let call = Call::read(&control, Some(operation), request).await;
    let strike = control.strike(operation, call.order_id);
    let clock = strike.clock;
    let ending = if strike.delays() {
        // A task of its own: a client that gives up does not take back what a slow server is about to do.
        let task = tokio::spawn(async move { play(operation, &control, &call, strike).await });
        task.await.unwrap_or(Ending::Close)
    } else {
        play(operation, &control, &call, strike).await
    };
    let mut response = finish(ending, &kill_switch).await;
    response.extensions_mut().insert(clock);
    response
}

/// How a request ends on the wire.
enum Ending {
    Whole(Response),
    Cut(Answer, usize),
    Close,
    Hold,
}

async fn play(operation: Operation, control: &Control, call: &Call, strike: Strike) -> Ending {
    pause(strike.delay_before).await;
    let ending = match &strike.broken {
        Some((When::Before, action @ (Action::Answer { .. } | Action::Close | Action::Hold))) => broken(action, None),
        Some((_, action)) => broken(action, Some(effect(operation, control, call, &strike))),
        None => Ending::Whole(effect(operation, control, call, &strike).into_response()),
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

fn effect(operation: Operation, control: &Control, call: &Call, strike: &Strike) -> Answer {
    let result = match (call.lacks_length, call.request.authorized) {
        (true, _) => Err(Refusal::new(411, "Length Required")),
        (false, false) => Err(Refusal::new(401, "Unauthorized")),
        (false, true) => control.with_account(|account| wire::answer(operation, account, call, strike.stale)),
    };
    edited(result.into(), strike)
}

fn edited(mut answer: Answer, strike: &Strike) -> Answer {
    if strike.edits.is_empty() {
        return answer;
    }
    if let Ok(mut body) = serde_json::from_slice(&answer.body) {
        strike.edits.iter().for_each(|edit| edit.make(&mut body));
        answer.body = body.to_string().into_bytes();
    }
    answer
}

fn broken(action: &Action, answer: Option<Answer>) -> Ending {
    match (action, answer) {
        (Action::Answer { status, headers, body }, _) => Ending::Whole(replacement(*status, headers, body.clone())),
        (Action::Truncate(bytes), Some(answer)) => Ending::Cut(answer, *bytes),
        (Action::Hold, _) => Ending::Hold,
        (Action::Close, _) | (_, None) => Ending::Close,
        // What only adds something to an answer breaks nothing.
        (_, Some(answer)) => Ending::Whole(answer.into_response()),
    }
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
    let status = refusal.status;
    let response = Answer::from(refusal).into_response();
    if request.uri().path().starts_with("/sandbox") {
        return response;
    }
    unserved(&control, request, status, response).await
}

/// Logs a request for something that the vendor's server does not have; no rule but that of its clock knows of it.
async fn unserved(control: &Control, request: Request, status: u16, mut response: Response) -> Response {
    Call::read(control, None, request).await.request.answered(status);
    response.extensions_mut().insert(control.clock());
    response
}
