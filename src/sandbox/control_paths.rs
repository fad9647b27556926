//! The control paths in words: for the help, for `GET /sandbox`, and for whoever sends a wrong body.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// A path below `/sandbox`, which needs no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ControlPath {
    /// The HTTP method; where there are two, `GET` shows what `POST` sets.
    pub method: &'static str,
    /// The path; `ID` stands for the id of an order.
    pub path: &'static str,
    /// A body, in JSON, such as it takes; `None`: it takes none.
    pub body: Option<&'static str>,
    /// What it does.
    pub does: &'static str,
}

const fn get(path: &'static str, does: &'static str) -> ControlPath {
    ControlPath { method: "GET", path, body: None, does }
}

const fn post(path: &'static str, body: Option<&'static str>, does: &'static str) -> ControlPath {
    ControlPath { method: "POST", path, body, does }
}

/// Every control path.
pub const CONTROL_PATHS: [ControlPath; 18] = [
    get("/sandbox", "lists these paths"),
    get("/sandbox/account", "shows the account, with what the API hides"),
    get("/sandbox/requests", "shows what clients asked for"),
    post(
        "/sandbox/orders/ID/renew",
        None,
        "plays the end of the period: the order renews, or goes on hold, or is lost",
    ),
    post("/sandbox/orders/ID/expire", None, "plays the three days on hold: the order is lost"),
    post(
        "/sandbox/orders/ID/signatures",
        Some(r#"{"203.0.113.10": "win11", "203.0.113.11": null}"#),
        "sets signatures, or takes them away",
    ),
    post(
        "/sandbox/orders/ID/marks",
        Some(r#"{"203.0.113.10": true}"#),
        "marks IPs to leave at the renewal, or to stay",
    ),
    post(
        "/sandbox/orders/ID/slots",
        Some(r#"{"qty": 3, "pending": {"action": "downgrade", "next_qty": 2}}"#),
        "sets the slots, what is pending, or both",
    ),
    post(
        "/sandbox/orders/ID/status",
        Some(r#"{"status": "on-hold"}"#),
        "sets the status: active, on-hold, or cancelled, which loses the IPs",
    ),
    post("/sandbox/orders/ID/auto_renewal", Some(r#"{"auto_renewal": false}"#), "switches automatic renewal on or off"),
    post("/sandbox/orders/ID/tag", Some(r#"{"tag": "eu"}"#), "sets the tag, or with null clears it"),
    post(
        "/sandbox/orders/ID/proxies",
        Some(r#"{"203.0.113.50": null, "203.0.113.51": "linux"}"#),
        "adds IPs, with or without a signature",
    ),
    post("/sandbox/orders/ID/remove", Some(r#"["203.0.113.50"]"#), "takes IPs away at once"),
    post(
        "/sandbox/orders/ID/replace",
        Some(r#"{"203.0.113.10": "203.0.113.60"}"#),
        "gives a proxy another address; its signature and its mark stay",
    ),
    post("/sandbox/wallet", Some(r#"{"cents": 500}"#), "sets what the wallet holds"),
    post(
        "/sandbox/slot_price",
        Some(r#"{"cents": 200}"#),
        "sets the price of a slot from now on; what was bought keeps its own",
    ),
    ControlPath { method: "GET, POST", path: "/sandbox/tells", body: Some(r#""older""#), does: "what the API tells" },
    ControlPath {
        method: "GET, POST",
        path: "/sandbox/faults",
        body: Some(r#"[{"operation": "purchase", "close": true, "when": "after"}]"#),
        does: "the rules that break requests",
    },
];

/// Reads the body of a control path, which is named by its last word. What is wrong is said with a body that is right.
pub(super) fn read<T: DeserializeOwned>(name: &str, body: &[u8]) -> Result<T, Refusal> {
    let wrong = |what: String| {
        let path = CONTROL_PATHS.iter().find(|path| path.path.rsplit('/').next() == Some(name));
        let such_as = path.and_then(|path| path.body).unwrap_or_default();
        Refusal::invalid(format!("{name}: {what}; expected JSON such as {such_as}"))
    };
    if body.is_empty() {
        return Err(wrong("there is no body".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))
}

/// Refuses an action on an order that there is not.
pub(super) fn unknown_action(name: &str) -> Refusal {
    let actions = CONTROL_PATHS.iter().filter_map(|path| path.path.strip_prefix("/sandbox/orders/ID/"));
    let actions: Vec<String> = actions.map(|action| format!("`{action}`")).collect();
    Refusal::invalid(format!("there is no `{name}`, expected one of {}", actions.join(", ")))
}
