//! The operations that change nothing.

use super::answers::{self, ActiveProxies};
use super::connection::{Call, Connection};
use super::endpoint::Endpoint;
use super::error::ApiError;
use crate::model::{LiveSlots, OrderId, P0F_SLOTS};

/// A client that can only read.
#[derive(Debug, Clone)]
pub struct Reader {
    connection: Connection,
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
        let call = Call::get(Endpoint::ActiveProxies, "/user/api/proxies/active".to_owned(), query);
        let read = |status, body: &[u8]| answers::active_proxies(status, body, self.connection.token());
        self.connection.call(&call, read).await
    }

    /// Previews the price of additional slots and reads the current ones
    /// (`GET /user/api/orders/{order_id}/addons/calculate`). `add_qty` is at least 1.
    pub async fn quote_slots(&self, order_id: OrderId, add_qty: u32) -> Result<LiveSlots, ApiError> {
        let query = vec![("addon_key", P0F_SLOTS.to_owned()), ("add_qty", add_qty.to_string())];
        let path = format!("/user/api/orders/{order_id}/addons/calculate");
        let call = Call::get(Endpoint::CalculateAddon, path, query);
        let read = |status, body: &[u8]| answers::quote(status, body, self.connection.token(), add_qty);
        self.connection.call(&call, read).await
    }
}
