//! The sandbox's own routes under `/sandbox`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::answer::Answer;
use super::control::Control;
use super::control_paths::{CONTROL_PATHS, read};
use super::faults::FaultRule;
use super::object::Object;
use super::panel::PanelAction;
use super::refusal::Refusal;
use super::tells::Tells;
use crate::model::Cents;

/// Makes the routes.
pub(super) fn router() -> Router<Control> {
    Router::new()
        .route("/sandbox", get(paths))
        .route("/sandbox/", get(paths))
        .route("/sandbox/account", get(account))
        .route("/sandbox/orders/{id}/{action}", post(panel))
        .route("/sandbox/wallet", post(set_wallet))
        .route("/sandbox/slot_price", post(set_slot_price))
        .route("/sandbox/tells", get(tells).post(set_tells))
        .route("/sandbox/requests", get(requests))
        .route("/sandbox/faults", get(faults).post(set_faults))
}

async fn paths() -> Response {
    Json(CONTROL_PATHS).into_response()
}

async fn account(State(control): State<Control>) -> Response {
    Json(control.account()).into_response()
}

async fn panel(State(control): State<Control>, Path((id, action)): Path<(String, String)>, body: Bytes) -> Response {
    let id = id.parse().map_err(|error| Refusal::invalid(format!("`{id}`: {error}")));
    let changed = id.and_then(|id| control.panel(id, PanelAction::read(&action, &body)?));
    match changed {
        Ok(order) => Json(order).into_response(),
        Err(refusal) => Answer::from(refusal).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amount {
    cents: Cents,
}

async fn set_wallet(State(control): State<Control>, body: Bytes) -> Response {
    set_amount("wallet", control, &body, Control::set_wallet).await
}

async fn set_slot_price(State(control): State<Control>, body: Bytes) -> Response {
    set_amount("slot_price", control, &body, Control::set_slot_price).await
}

async fn set_amount(path: &str, control: Control, body: &Bytes, set: fn(&Control, Cents)) -> Response {
    match read::<Object<Amount>>(path, body) {
        Ok(Object(Amount { cents })) => {
            set(&control, cents);
            account(State(control)).await
        }
        Err(refusal) => Answer::from(refusal).into_response(),
    }
}

async fn tells(State(control): State<Control>) -> Response {
    Json(control.tells()).into_response()
}

async fn set_tells(State(control): State<Control>, body: Bytes) -> Response {
    match read::<Tells>("tells", &body) {
        Ok(told) => {
            control.set_tells(told);
            tells(State(control)).await
        }
        Err(refusal) => Answer::from(refusal).into_response(),
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
    match read::<Vec<FaultRule>>("faults", &body) {
        Ok(rules) => {
            control.set_faults(rules);
            faults(State(control)).await
        }
        Err(refusal) => Answer::from(refusal).into_response(),
    }
}
