//! The operations that change nothing.

use std::collections::BTreeSet;

use super::error::{ApiError, Operation, Stage};
use super::transport::{Call, Connection, typed};
use super::wire::{ActiveAnswer, CalculateAnswer};
use crate::model::{Cents, LiveSlots, OrderId, P0F_SLOTS, ProxyIp, Quote, Renewal};

/// A client that can only read.
#[derive(Debug, Clone)]
pub struct Reader {
    connection: Connection,
}

/// The answer of `proxies/active`, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveProxies {
    /// The order's tag.
    pub tag: Option<String>,
    /// The earliest end of the paid period.
    pub renewal: Option<Renewal>,
    /// The addresses.
    pub active: BTreeSet<ProxyIp>,
}

impl Reader {
    /// Reads over a connection.
    pub fn new(connection: Connection) -> Reader {
        Reader { connection }
    }

    /// Returns the connection that it reads over.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Lists the active IPs of an order (`GET /user/api/proxies/active`).
    pub async fn active_proxies(&self, order_id: OrderId) -> Result<ActiveProxies, ApiError> {
        let query = vec![("order_id", order_id.to_string())];
        let call = Call::get(Operation::ActiveProxies, "/user/api/proxies/active".to_owned(), query);
        let read = |status, body: &[u8]| {
            typed::<ActiveAnswer<'_>>(&self.connection, status, body).map(|answer| self.normalise(answer))
        };
        self.connection.call(&call, read).await
    }

    /// Previews the price of additional slots and reads the current ones
    /// (`GET /user/api/orders/{order_id}/addons/calculate`). `add_qty` is at least 1.
    pub async fn quote_slots(&self, order_id: OrderId, add_qty: u32) -> Result<LiveSlots, ApiError> {
        let query = vec![("addon_key", P0F_SLOTS.to_owned()), ("add_qty", add_qty.to_string())];
        let path = format!("/user/api/orders/{order_id}/addons/calculate");
        let call = Call::get(Operation::CalculateAddon, path, query);
        let read = |status, body: &[u8]| check_quote(typed(&self.connection, status, body)?, add_qty);
        self.connection.call(&call, read).await
    }

    fn normalise(&self, answer: ActiveAnswer<'_>) -> ActiveProxies {
        let mut renewal: Option<Renewal> = None;
        let mut last_until = None;
        // All IPs of an order mostly end at one moment: read each spelling once.
        for until in answer.data.iter().filter_map(|item| item.until.as_ref()).map(|until| &*until.0) {
            if last_until != Some(until) {
                last_until = Some(until);
                let until = Renewal::parse(&self.connection.redact(until));
                renewal = Some(renewal.map_or(until.clone(), |earliest| earliest.min(until)));
            }
        }
        let addresses: Vec<ProxyIp> = answer.data.iter().map(|item| item.ip).collect();
        let tag = answer.order_tag.map(|tag| self.connection.redact(&tag));
        ActiveProxies { tag, renewal, active: addresses.into_iter().collect() }
    }
}

fn check_quote(answer: CalculateAnswer, add_qty: u32) -> Result<LiveSlots, Stage> {
    if answer.add_qty.is_some_and(|answered| answered != add_qty) {
        let reason = format!("asked for the price of {add_qty} more slots, the answer is about another number");
        return Err(Stage::Unexpected { reason });
    }
    let quote = match (answer.price_per_unit, answer.add_total) {
        (Some(price), Some(total)) => Some(Quote { add_qty, price_per_unit: Cents(price), charge: Cents(total) }),
        _ => None,
    };
    Ok(LiveSlots { current_qty: answer.current_qty, quote })
}
