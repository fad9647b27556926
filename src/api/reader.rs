//! The operations that change nothing.

use std::collections::BTreeMap;

use super::answers::{self, ActiveProxies};
use super::connection::{Call, Connection};
use super::endpoint::Endpoint;
use super::error::{ApiError, Stage};
use super::permit::{AlwaysPermitted, SendPermit};
use crate::model::{LiveSlots, OrderDetail, OrderId, OrderSummary, P0F_SLOTS, Wallet};

/// The most orders that one request lists.
const PAGE: usize = 100;
/// More orders than any account has: a list that is longer has no end.
const MAX_ORDERS: usize = 100_000;

/// Which orders are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderFilter {
    /// Those that run.
    Active,
    /// Those that wait to be paid.
    OnHold,
    /// Those that are over.
    Cancelled,
    /// All of them.
    All,
}

impl OrderFilter {
    fn as_str(self) -> &'static str {
        match self {
            OrderFilter::Active => "active",
            OrderFilter::OnHold => "on-hold",
            OrderFilter::Cancelled => "cancelled",
            OrderFilter::All => "all",
        }
    }
}

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

    /// Reads what the account's wallet holds (`GET /user/api/me`).
    pub async fn me(&self) -> Result<Wallet, ApiError> {
        let call = Call::get(Endpoint::Me, "/user/api/me".to_owned(), Vec::new());
        self.connection.call(&call, |status, body| answers::wallet(status, body, self.connection.token())).await
    }

    /// Lists the account's orders of every product, by their ids (`GET /user/api/orders`, as many times as it takes).
    ///
    /// A list is read up to a page without an order that is new, or to one that is not full and says that there is no
    /// other: a server may have shorter pages than were asked for.
    pub async fn orders(&self, filter: OrderFilter) -> Result<Vec<OrderSummary>, ApiError> {
        let mut orders = BTreeMap::new();
        let mut offset = 0;
        loop {
            let page = self.order_page(filter, offset).await?;
            let (received, known) = (page.orders.len(), orders.len());
            offset += received;
            orders.extend(page.orders.into_iter().map(|order| (order.order_id, order)));
            if orders.len() == known || received < PAGE && page.has_next == Some(false) {
                return Ok(orders.into_values().collect());
            }
            if orders.len() > MAX_ORDERS {
                let reason = format!("the list of orders goes on beyond {MAX_ORDERS}");
                return Err(ApiError::once(Endpoint::ListOrders, Stage::Unexpected { reason }));
            }
        }
    }

    async fn order_page(&self, filter: OrderFilter, offset: usize) -> Result<answers::OrderPage, ApiError> {
        let query =
            vec![("status", filter.as_str().to_owned()), ("offset", offset.to_string()), ("limit", PAGE.to_string())];
        let call = Call::get(Endpoint::ListOrders, "/user/api/orders".to_owned(), query);
        self.connection.call(&call, |status, body| answers::order_page(status, body, self.connection.token())).await
    }

    /// Reads an order's detail (`GET /user/api/orders/{id}`).
    pub async fn order(&self, order_id: OrderId) -> Result<OrderDetail, ApiError> {
        let call = Call::get(Endpoint::GetOrder, format!("/user/api/orders/{order_id}"), Vec::new());
        let read = |status, body: &[u8]| answers::order_detail(status, body, self.connection.token(), order_id);
        self.connection.call(&call, read).await
    }

    /// Lists the active IPs of an order (`GET /user/api/proxies/active`).
    pub async fn active_proxies(&self, order_id: OrderId) -> Result<ActiveProxies, ApiError> {
        let query = vec![("order_id", order_id.to_string())];
        let call = Call::get(Endpoint::ActiveProxies, "/user/api/proxies/active".to_owned(), query);
        let read = |status, body: &[u8]| answers::active_proxies(status, body, self.connection.token());
        self.connection.call_for_list(&call, read, answers::active_proxies_arriving).await
    }

    /// Previews the price of additional slots and reads the current ones
    /// (`GET /user/api/orders/{order_id}/addons/calculate`). `add_qty` is at least 1.
    pub async fn quote_slots(&self, order_id: OrderId, add_qty: u32) -> Result<LiveSlots, ApiError> {
        self.quote_slots_asking(order_id, add_qty, &AlwaysPermitted).await
    }

    /// Does the same, and asks before each attempt: so it is known when the price was asked for.
    pub async fn quote_slots_asking(
        &self,
        order_id: OrderId,
        add_qty: u32,
        permit: &dyn SendPermit,
    ) -> Result<LiveSlots, ApiError> {
        let query = vec![("addon_key", P0F_SLOTS.to_owned()), ("add_qty", add_qty.to_string())];
        let path = format!("/user/api/orders/{order_id}/addons/calculate");
        let call = Call::get(Endpoint::CalculateAddon, path, query).permitted_by(permit);
        let read = |status, body: &[u8]| answers::quote(status, body, self.connection.token(), add_qty);
        self.connection.call(&call, read).await
    }

    /// Reads how many slots an order has now: from where they are priced, else from the order's detail
    /// (`GET …/addons/calculate`, `GET /user/api/orders/{id}`).
    pub async fn slots(&self, order_id: OrderId) -> Result<u32, ApiError> {
        let priced = match self.quote_slots(order_id, 1).await {
            Ok(slots) => return Ok(slots.current_qty),
            Err(error) => error,
        };
        match self.order(order_id).await {
            Ok(OrderDetail { slots: Some(slots), .. }) => Ok(slots),
            _ => Err(priced),
        }
    }
}
