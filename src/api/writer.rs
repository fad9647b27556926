//! The operations that change an order.

use super::answers;
use super::connection::{Call, Connection};
use super::endpoint::Endpoint;
use super::error::ApiError;
use super::permit::SendPermit;
use super::reader::Reader;
use super::wire::{CancelBody, DelNpItem, EmptyBody, Items, PurchaseBody, ScheduleBody, SignatureItem};
use crate::model::{OrderId, P0F_SLOTS, ProxyIp, Signature, SlotsTold};

/// The most items that one request carries (contract, Apply).
pub const MAX_ITEMS_PER_REQUEST: usize = 500;

/// A client that can change orders. Every write asks its permit before each attempt.
#[derive(Debug, Clone)]
pub struct Writer {
    reader: Reader,
}

impl Writer {
    /// Writes over a connection.
    pub fn new(connection: Connection) -> Writer {
        Writer { reader: Reader::new(connection) }
    }

    /// Returns a client that reads over the same connection.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Marks IPs to go at the next renewal (`true`) or to stay (`POST …/del-np/set`). Returns the number of IPs that were
    /// changed, where the answer tells it.
    pub async fn set_del_np(
        &self,
        order_id: OrderId,
        marks: &[(ProxyIp, bool)],
        permit: &dyn SendPermit,
    ) -> Result<Option<u64>, ApiError> {
        let items = marks.iter().map(|&(ip, value)| DelNpItem { ip, value }).collect();
        self.acknowledge(Call::post(Endpoint::SetDelNp, path(order_id, "del-np/set"), &Items { items }, permit)).await
    }

    /// Sets the OS signatures of IPs (`POST …/signature/set`). Returns the number of IPs that were changed, where the
    /// answer tells it.
    pub async fn set_signatures(
        &self,
        order_id: OrderId,
        items: &[(ProxyIp, Signature)],
        permit: &dyn SendPermit,
    ) -> Result<Option<u64>, ApiError> {
        let items = items.iter().map(|&(ip, signature)| SignatureItem { ip, signature }).collect();
        let path = path(order_id, "signature/set");
        self.acknowledge(Call::post(Endpoint::SetSignatures, path, &Items { items }, permit)).await
    }

    /// Buys slots: charges the wallet at once (`POST …/addons/purchase`). Sent once; again only where nothing was sent.
    pub async fn purchase_slots(
        &self,
        order_id: OrderId,
        add_qty: u32,
        permit: &dyn SendPermit,
    ) -> Result<SlotsTold, ApiError> {
        let body = PurchaseBody { addon_key: P0F_SLOTS, add_qty };
        let path = path(order_id, "addons/purchase");
        self.addons(Call::post(Endpoint::PurchaseAddon, path, &body, permit).once()).await
    }

    /// Schedules fewer slots for the next renewal (`POST …/addons/schedule`). `next_qty` is at least 1.
    pub async fn schedule_downgrade(
        &self,
        order_id: OrderId,
        next_qty: u32,
        permit: &dyn SendPermit,
    ) -> Result<SlotsTold, ApiError> {
        let body = ScheduleBody { addon_key: P0F_SLOTS, action: "downgrade", next_qty };
        let path = path(order_id, "addons/schedule");
        self.addons(Call::post(Endpoint::ScheduleDowngrade, path, &body, permit)).await
    }

    /// Takes back what is scheduled for the next renewal (`POST …/addons/schedule/cancel`).
    pub async fn cancel_downgrade(&self, order_id: OrderId, permit: &dyn SendPermit) -> Result<SlotsTold, ApiError> {
        let body = CancelBody { addon_key: P0F_SLOTS };
        let path = path(order_id, "addons/schedule/cancel");
        self.addons(Call::post(Endpoint::CancelDowngrade, path, &body, permit)).await
    }

    /// Has an order renew by itself, or not (`POST …/orders/edit-auto-renewal/{order_id}`).
    pub async fn set_auto_renewal(
        &self,
        order_id: OrderId,
        auto_renewal: bool,
        permit: &dyn SendPermit,
    ) -> Result<(), ApiError> {
        let path = format!("/user/api/orders/edit-auto-renewal/{order_id}");
        let call = Call::post(Endpoint::SetAutoRenewal, path, &EmptyBody {}, permit);
        self.acknowledge(call.with("auto_renewal", auto_renewal.to_string())).await.map(|_| ())
    }

    async fn acknowledge(&self, call: Call<'_>) -> Result<Option<u64>, ApiError> {
        let connection = self.reader.connection();
        let read = |status, body: &[u8]| answers::acknowledged(status, body, connection.token());
        connection.call(&call, read).await
    }

    async fn addons(&self, call: Call<'_>) -> Result<SlotsTold, ApiError> {
        let connection = self.reader.connection();
        let read = |status, body: &[u8]| answers::slots_told(status, body, connection.token());
        connection.call(&call, read).await
    }
}

fn path(order_id: OrderId, end: &str) -> String {
    format!("/user/api/orders/{order_id}/{end}")
}
