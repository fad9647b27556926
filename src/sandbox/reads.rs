//! What the reading operations answer, as far as the account tells it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::{Account, Preview, must_list_ips};
use super::addons::AddonLine;
use super::call::{Call, known_addon};
use super::order::{Order, OrderStatus, ProxyStatus};
use super::refusal::Refusal;
use super::tells::{Tell, Tells};
use crate::model::{OrderId, ProxyIp, Signature};

#[derive(Serialize)]
pub(super) struct ActiveAnswer<'a> {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ProxyStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Option<Signature>>,
}

pub(super) fn active<'a>(account: &'a Account, call: &Call, behind: bool) -> Result<ActiveAnswer<'a>, Refusal> {
    // A query parameter here, which may be missing or given twice.
    let id = call.parameter("order_id").and_then(|_| call.order())?;
    let (order, tells) = (account.seen(id, behind)?, &account.tells);
    must_list_ips(order)?;
    let data = order.proxies.iter().map(|(ip, proxy)| ActiveProxy {
        ip: *ip,
        username: format!("user-{id}-{}", proxy.number),
        password: format!("secret-{id}-{}", proxy.number),
        http_port: 8000,
        socks_port: 9000,
        until: &order.until,
        status: tells.has(Tell::ItemStatus).then_some(proxy.status),
        signature: tells.has(Tell::Signature).then_some(proxy.signature),
    });
    Ok(ActiveAnswer { success: true, data: data.collect(), order_tag: order.tag.as_deref() })
}

pub(super) fn calculate(account: &Account, call: &Call, behind: bool) -> Result<Preview, Refusal> {
    let id = call.order()?;
    known_addon(call.parameter("addon_key")?)?;
    let add_qty = call.parameter("add_qty")?.parse();
    let add_qty = add_qty.map_err(|_| Refusal::invalid("Validation error: add_qty must be a positive integer"))?;
    account.preview_for(id, account.seen(id, behind)?, add_qty)
}

pub(super) fn order(account: &Account, call: &Call, behind: bool) -> Result<Value, Refusal> {
    let id = call.order()?;
    Ok(json!({"success": true, "order": detail(account, id, account.seen(id, behind)?)}))
}

fn detail(account: &Account, id: OrderId, order: &Order) -> Value {
    let fields = [
        (Tell::OrderId, json!(id)),
        (Tell::ProductName, json!(order.kind.product_name())),
        (Tell::CycleName, json!(order.cycle)),
        (Tell::Quantity, json!(order.quantity())),
        (Tell::PricePaid, json!(account.price_of_proxies(order))),
        (Tell::AddonsPricePaid, json!(order.price_of_addons())),
        (Tell::P0fSlotsAvailable, json!(order.p0f_slots)),
        (Tell::P0fSlotsUsed, json!(order.slots_held())),
        (Tell::P0fSlotsNext, json!(order.next_slots())),
        (Tell::Status, json!(order.status)),
        (Tell::CreatedAt, json!(order.created_at)),
        (Tell::ExpiresAt, json!(order.until)),
        (Tell::PromoCode, Value::Null),
        (Tell::AutoRenewal, json!(order.auto_renewal)),
        (Tell::Tag, json!(order.tag)),
    ];
    let mut detail = told(&account.tells, fields);
    if let Some(addons) = addons(&account.tells, order) {
        detail.insert("addons".to_owned(), addons);
    }
    Value::Object(detail)
}

/// Lists the add-ons with what is told of them; `None` where that is nothing.
fn addons(tells: &Tells, order: &Order) -> Option<Value> {
    if ![Tell::Qty, Tell::PricePerUnit, Tell::Pending].iter().any(|tell| tells.has(*tell)) {
        return None;
    }
    let line = |line: &AddonLine| {
        let fields = [
            (Tell::Qty, json!(line.qty)),
            (Tell::PricePerUnit, json!(line.price_per_unit)),
            (Tell::Pending, json!(line.pending)),
        ];
        let mut told = told(tells, fields);
        told.insert("addon_key".to_owned(), json!(line.addon_key));
        told.insert("catalog_id".to_owned(), json!(line.catalog_id));
        Value::Object(told)
    };
    Some(order.addons().iter().map(line).collect())
}

fn told(tells: &Tells, fields: impl IntoIterator<Item = (Tell, Value)>) -> Map<String, Value> {
    let told = fields.into_iter().filter(|(tell, _)| tells.has(*tell));
    told.map(|(tell, value)| (tell.name().to_owned(), value)).collect()
}

/// Lists a page of the orders, by id.
pub(super) fn orders(account: &Account, call: &Call) -> Result<Value, Refusal> {
    let status = call.parameter("status")?;
    let of_status = wanted(status)?;
    let (offset, limit) = (number(call, "offset", 0)?, number(call, "limit", 20)?);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::invalid("Validation error: limit must be from 1 to 100"));
    }
    let chosen = account.orders.iter().filter(|(_, order)| of_status.is_none_or(|status| status == order.status));
    let chosen: Vec<_> = chosen.collect();
    let page = chosen.iter().skip(offset).take(limit).map(|(id, order)| summary(&account.tells, **id, order));
    let at = |offset: usize| format!("/user/api/orders?status={status}&offset={offset}&limit={limit}");
    let next = offset.saturating_add(limit);
    Ok(json!({
        "success": true,
        "orders": page.collect::<Vec<_>>(),
        "count": chosen.len(),
        "prev": (offset > 0).then(|| at(offset.saturating_sub(limit))),
        "next": (next < chosen.len()).then(|| at(next)),
    }))
}

/// Reads which orders are asked for; `None`: all.
fn wanted(status: &str) -> Result<Option<OrderStatus>, Refusal> {
    match status {
        "active" => Ok(Some(OrderStatus::Active)),
        "on-hold" => Ok(Some(OrderStatus::OnHold)),
        "cancelled" => Ok(Some(OrderStatus::Cancelled)),
        "all" => Ok(None),
        _ => Err(Refusal::invalid("Validation error: status must be active, on-hold, cancelled or all")),
    }
}

fn number(call: &Call, name: &str, default: usize) -> Result<usize, Refusal> {
    let value = call.optional_parameter(name)?.map(str::parse).transpose();
    let value = value.map_err(|_| Refusal::invalid(format!("Validation error: {name} must be a whole number")))?;
    Ok(value.unwrap_or(default))
}

fn summary(tells: &Tells, id: OrderId, order: &Order) -> Value {
    let fields = [
        (Tell::ExpiresAt, json!(order.until)),
        (Tell::AutoRenewal, json!(order.auto_renewal)),
        (Tell::Tag, json!(order.tag)),
    ];
    let mut summary = told(tells, fields);
    let always = json!({
        "order_id": id,
        "product_id": order.kind.product_id(),
        "product_name": order.kind.product_name(),
        "cycle_id": order.cycle.id(),
        "cycle_name": order.cycle,
    });
    summary.extend(always.as_object().cloned().unwrap_or_default());
    Value::Object(summary)
}

pub(super) fn me(account: &Account) -> Value {
    json!({
        "email": account.email,
        "active_orders": account.active_orders(),
        "wallet_balance": account.wallet_cents,
    })
}
