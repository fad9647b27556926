//! What the seven operations read and answer, in the vendor's words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::account::{Account, Order, Refusal};
use super::call::{Call, known_addon};
use super::operation::Operation;
use crate::model::{Cents, OrderId, ProxyIp, Signature};

/// Carries an operation out and returns the body of its answer.
pub(super) fn answer(operation: Operation, account: &mut Account, call: &Call) -> Result<Vec<u8>, Refusal> {
    let id = match operation {
        // The order of `proxies/active` is a query parameter, which may be missing or given twice.
        Operation::Active => call.parameter("order_id").and_then(|_| call.order())?,
        _ => call.order()?,
    };
    match operation {
        Operation::Active => active(id, account.active(id)?),
        Operation::Calculate => calculate(id, account, call),
        Operation::Purchase => purchase(id, account, call),
        Operation::Schedule => schedule(id, account, call),
        Operation::Cancel => cancel(id, account, call),
        Operation::SetDelNp => set_del_np(id, account, call),
        Operation::SetSignatures => set_signatures(id, account, call),
    }
}

/// Writes the body of an error.
pub(super) fn error_body(message: &str) -> Vec<u8> {
    json!({"success": false, "message": message}).to_string().into_bytes()
}

fn write(body: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(body).map_err(|error| Refusal::new(500, error.to_string()))
}

#[derive(Serialize)]
struct ActiveAnswer<'a> {
    success: bool,
    data: Vec<ActiveProxy<'a>>,
    order_tag: Option<&'a str>,
}

#[derive(Serialize)]
struct ActiveProxy<'a> {
    ip: ProxyIp,
    username: String,
    password: String,
    http_port: u16,
    socks_port: u16,
    until: &'a str,
    status: &'static str,
}

fn active(id: OrderId, order: &Order) -> Result<Vec<u8>, Refusal> {
    let data = order.proxies.iter().map(|(ip, proxy)| ActiveProxy {
        ip: *ip,
        username: format!("user-{id}-{}", proxy.number),
        password: format!("secret-{id}-{}", proxy.number),
        http_port: 8000,
        socks_port: 9000,
        until: &order.until,
        status: "active",
    });
    write(&ActiveAnswer { success: true, data: data.collect(), order_tag: order.tag.as_deref() })
}

fn calculate(id: OrderId, account: &Account, call: &Call) -> Result<Vec<u8>, Refusal> {
    known_addon(call.parameter("addon_key")?)?;
    let add_qty = call.parameter("add_qty")?.parse();
    let add_qty = add_qty.map_err(|_| Refusal::invalid("Validation error: add_qty must be a positive integer"))?;
    write(&account.preview(id, add_qty)?)
}

#[derive(Deserialize)]
struct Purchase {
    addon_key: String,
    add_qty: u32,
}

fn purchase(id: OrderId, account: &mut Account, call: &Call) -> Result<Vec<u8>, Refusal> {
    let body: Purchase = call.body()?;
    known_addon(&body.addon_key)?;
    let price = account.slot_price_cents;
    let order = account.purchase(id, body.add_qty)?;
    write(&json!({
        "success": true,
        "message": "Add-on purchased",
        "addons_price_paid": order.addons_price_paid,
        "addons": Account::addons(price, order),
    }))
}

#[derive(Deserialize)]
struct Schedule {
    addon_key: String,
    #[serde(rename = "action")]
    _action: ScheduleAction,
    next_qty: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ScheduleAction {
    Downgrade,
}

fn schedule(id: OrderId, account: &mut Account, call: &Call) -> Result<Vec<u8>, Refusal> {
    let body: Schedule = call.body()?;
    known_addon(&body.addon_key)?;
    let price = account.slot_price_cents;
    scheduled("Downgrade scheduled", price, account.schedule_downgrade(id, body.next_qty)?)
}

#[derive(Deserialize)]
struct Cancel {
    addon_key: String,
}

fn cancel(id: OrderId, account: &mut Account, call: &Call) -> Result<Vec<u8>, Refusal> {
    let body: Cancel = call.body()?;
    known_addon(&body.addon_key)?;
    let price = account.slot_price_cents;
    scheduled("Scheduled downgrade cancelled", price, account.cancel_downgrade(id)?)
}

fn scheduled(message: &str, price: Cents, order: &Order) -> Result<Vec<u8>, Refusal> {
    write(&json!({"success": true, "message": message, "addons": Account::addons(price, order)}))
}

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct DelNpItem {
    ip: ProxyIp,
    value: bool,
}

fn set_del_np(id: OrderId, account: &mut Account, call: &Call) -> Result<Vec<u8>, Refusal> {
    let body: Items<DelNpItem> = call.body()?;
    let items: BTreeMap<_, _> = body.items.into_iter().map(|item| (item.ip, item.value)).collect();
    account.set_del_np(id, &items)?;
    write(&json!({"success": true, "message": "del-np updated"}))
}

#[derive(Deserialize)]
struct SignatureItem {
    ip: ProxyIp,
    signature: Signature,
}

fn set_signatures(id: OrderId, account: &mut Account, call: &Call) -> Result<Vec<u8>, Refusal> {
    let body: Items<SignatureItem> = call.body()?;
    let items: BTreeMap<_, _> = body.items.into_iter().map(|item| (item.ip, item.signature)).collect();
    let updated = account.set_signatures(id, &items)?;
    write(&json!({"success": true, "message": "Signatures updated", "updated": updated}))
}
