//! What the operations read and answer, in the vendor's words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::Account;
use super::call::{Call, known_addon};
use super::object::Object;
use super::operation::Operation;
use super::reads;
use super::refusal::Refusal;
use crate::model::{OrderId, ProxyIp, Signature};

/// Carries an operation out and returns the body of its answer. A read that is behind sees an order as it was before
/// its last change.
pub(super) fn answer(
    operation: Operation,
    account: &mut Account,
    call: &Call,
    behind: bool,
) -> Result<Vec<u8>, Refusal> {
    match operation {
        Operation::Active => write(&reads::active(account, call, behind)?),
        Operation::Calculate => write(&reads::calculate(account, call, behind)?),
        Operation::Order => write(&reads::order(account, call, behind)?),
        Operation::Orders => write(&reads::orders(account, call)?),
        Operation::Me => write(&reads::me(account)),
        Operation::Purchase => write(&purchase(call.order()?, account, call)?),
        Operation::Schedule => write(&schedule(call.order()?, account, call)?),
        Operation::Cancel => write(&cancel(call.order()?, account, call)?),
        Operation::SetDelNp => write(&set_del_np(call.order()?, account, call)?),
        Operation::SetSignatures => write(&set_signatures(call.order()?, account, call)?),
        Operation::SetAutoRenewal => write(&set_auto_renewal(call.order()?, account, call)?),
    }
}

fn write(body: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(body).map_err(|error| Refusal::new(500, error.to_string()))
}

#[derive(Deserialize)]
struct Purchase {
    addon_key: String,
    add_qty: u32,
}

fn purchase(id: OrderId, account: &mut Account, call: &Call) -> Result<Value, Refusal> {
    let body: Purchase = call.body()?;
    known_addon(&body.addon_key)?;
    let order = account.purchase(id, body.add_qty)?;
    Ok(json!({
        "success": true,
        "message": "Add-on purchased",
        "addons_price_paid": order.price_of_addons(),
        "addons": order.addons(),
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

fn schedule(id: OrderId, account: &mut Account, call: &Call) -> Result<Value, Refusal> {
    let body: Schedule = call.body()?;
    known_addon(&body.addon_key)?;
    let order = account.schedule_downgrade(id, body.next_qty)?;
    Ok(json!({"success": true, "message": "Downgrade scheduled", "addons": order.addons()}))
}

#[derive(Deserialize)]
struct Cancel {
    addon_key: String,
}

fn cancel(id: OrderId, account: &mut Account, call: &Call) -> Result<Value, Refusal> {
    let body: Cancel = call.body()?;
    known_addon(&body.addon_key)?;
    let order = account.cancel_downgrade(id)?;
    Ok(json!({"success": true, "message": "Scheduled downgrade cancelled", "addons": order.addons()}))
}

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<Object<T>>,
}

#[derive(Deserialize)]
struct DelNpItem {
    ip: ProxyIp,
    value: bool,
}

fn set_del_np(id: OrderId, account: &mut Account, call: &Call) -> Result<Value, Refusal> {
    let body: Items<DelNpItem> = call.body()?;
    let items: BTreeMap<_, _> = body.items.into_iter().map(|Object(item)| (item.ip, item.value)).collect();
    account.set_del_np(id, &items)?;
    Ok(json!({"success": true, "message": "del-np updated"}))
}

#[derive(Deserialize)]
struct SignatureItem {
    ip: ProxyIp,
    signature: Signature,
}

fn set_signatures(id: OrderId, account: &mut Account, call: &Call) -> Result<Value, Refusal> {
    let body: Items<SignatureItem> = call.body()?;
    let items: BTreeMap<_, _> = body.items.into_iter().map(|Object(item)| (item.ip, item.signature)).collect();
    let updated = account.set_signatures(id, &items)?;
    Ok(json!({"success": true, "message": "Signatures updated", "updated": updated}))
}

/// The value stands in the query; what the body says does not matter.
fn set_auto_renewal(id: OrderId, account: &mut Account, call: &Call) -> Result<Value, Refusal> {
    let value = call.parameter("auto_renewal")?.parse();
    let value = value.map_err(|_| Refusal::invalid("Validation error: auto_renewal must be true or false"))?;
    account.set_auto_renewal(id, value)?;
    Ok(json!({"success": true, "message": "Auto-renewal updated"}))
}
