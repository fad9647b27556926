//! The sandbox over real HTTP: the vendor's rules, what it tells, each fault, a renewal, and what it refuses to serve.

mod account_file;
mod answers;
mod faults;
mod orders;
mod panel;
mod periods;
mod rules;
mod server;
mod tells;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use shardctl::model::OrderId;
use shardctl::sandbox::{Account, Running};

use crate::openapi::{check_logged, check_response};
use crate::rig::listen;

/// Order 1 has one slot free and an IP marked to go, order 2 no slots, order 3 no IPs, order 9 is residential.
const ACCOUNT: &str = "
token: t0ken
wallet_cents: 1000
slot_price_cents: 150
orders:
  1:
    tag: eu
    until: 2026-12-01T00:00:00Z
    p0f_slots: 3
    proxies:
      203.0.113.10: linux
      203.0.113.11: {signature: win10, del_np: true}
      203.0.113.12:
      203.0.113.13:
  2: {kind: isp, proxies: {2001:db8::1: }}
  3: {p0f_slots: 4, pending: {action: downgrade, next_qty: 2}}
  9: {kind: residential, p0f_slots: 2, proxies: {192.0.2.1: }}
";

struct World {
    sandbox: Running,
    client: Client,
}

impl World {
    async fn open(account: &str) -> World {
        let account = Account::from_yaml(account).expect("a valid account");
        World { sandbox: listen(account).await.spawn(), client: client() }
    }

    fn request(&self, operation: &str, order: &str, arguments: &Value) -> RequestBuilder {
        let (method, end) = match operation {
            "active" => (Method::GET, format!("proxies/active?order_id={order}")),
            "calculate" => {
                (Method::GET, format!("orders/{order}/addons/calculate?{}", arguments.as_str().unwrap_or("")))
            }
            "purchase" => (Method::POST, format!("orders/{order}/addons/purchase")),
            "schedule" => (Method::POST, format!("orders/{order}/addons/schedule")),
            "cancel" => (Method::POST, format!("orders/{order}/addons/schedule/cancel")),
            "set_del_np" => (Method::POST, format!("orders/{order}/del-np/set")),
            "set_signatures" => (Method::POST, format!("orders/{order}/signature/set")),
            "order" => (Method::GET, format!("orders/{order}")),
            "orders" => (Method::GET, format!("orders?{}", arguments.as_str().unwrap_or(""))),
            "me" => (Method::GET, "me".to_owned()),
            "set_auto_renewal" => {
                (Method::POST, format!("orders/edit-auto-renewal/{order}?{}", arguments.as_str().unwrap_or("")))
            }
            other => panic!("no operation {other}"),
        };
        let request = self.client.request(method.clone(), format!("{}/user/api/{end}", self.sandbox.url()));
        let request = request.bearer_auth("t0ken");
        let body = if operation == "set_auto_renewal" { json!({}) } else { arguments.clone() };
        match method {
            Method::GET => request,
            _ => request.header("content-type", "application/json").body(body.to_string()),
        }
    }

    /// Sends a request, holds the answer against the description, and returns its status and body.
    async fn call(&self, operation: &str, order: &str, arguments: Value) -> (u16, Value) {
        let (status, body) = answer(self.request(operation, order, &arguments)).await;
        check_response(operation, status, &body).expect("an answer as described");
        (status, body)
    }

    /// Sends a request that must succeed and be one that the description allows.
    async fn done(&self, operation: &str, order: &str, arguments: Value) -> Value {
        let (status, body) = self.call(operation, order, arguments).await;
        assert_eq!(status, 200, "{operation} {order}: {body}");
        let log = self.get("requests").await;
        let latest = log.as_array().and_then(|log| log.last()).expect("a logged request");
        assert_eq!(check_logged(latest), Ok(operation));
        body
    }

    async fn get(&self, end: &str) -> Value {
        answer(self.client.get(format!("{}/sandbox/{end}", self.sandbox.url()))).await.1
    }

    async fn post(&self, end: &str, body: Value) -> (u16, Value) {
        answer(self.client.post(format!("{}/sandbox/{end}", self.sandbox.url())).body(body.to_string())).await
    }

    async fn break_with(&self, rules: Value) {
        let (status, body) = self.post("faults", rules).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Has something done in the panel and returns the order.
    async fn panel(&self, order: u64, action: &str, body: Value) -> Value {
        let (status, answer) = self.post(&format!("orders/{order}/{action}"), body).await;
        assert_eq!(status, 200, "{action}: {answer}");
        answer
    }

    /// Returns what `order` answers about an order.
    async fn detail(&self, order: &str) -> Value {
        self.done("order", order, json!(null)).await["order"].clone()
    }

    fn slots(&self, order: u64) -> u32 {
        let id = OrderId::new(order).expect("a positive id");
        self.sandbox.control().with_account(|account| account.orders[&id].p0f_slots)
    }
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().timeout(Duration::from_secs(20)).build().expect("a client")
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/json");
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.expect("a whole body")).expect("JSON"))
}

fn buy(add_qty: u32) -> Value {
    json!({"addon_key": "p0f_slots", "add_qty": add_qty})
}

fn downgrade(next_qty: u32) -> Value {
    json!({"addon_key": "p0f_slots", "action": "downgrade", "next_qty": next_qty})
}

fn marks(items: &[(&str, bool)]) -> Value {
    json!({"items": items.iter().map(|(ip, value)| json!({"ip": ip, "value": value})).collect::<Vec<_>>()})
}

fn signatures(items: &[(&str, &str)]) -> Value {
    json!({"items": items.iter().map(|(ip, value)| json!({"ip": ip, "signature": value})).collect::<Vec<_>>()})
}
