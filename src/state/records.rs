//! The records of orders: typed, and of one API.

use std::sync::Arc;

use super::error::{StoreError, StoreErrorKind};
use super::file::{decode, encode};
use super::names::{order_of, record_name};
use super::place::{Place, Stored};
use crate::model::{OrderId, Recorded, UnusableKind, UnusableRecord};

/// What is recorded of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A record that can be used; an order without a file has an empty one.
    Known(Recorded),
    /// A record that cannot be used; it is never replaced silently.
    Unusable(UnusableRecord),
}

/// The records that a place keeps of the orders of one API.
#[derive(Clone)]
pub struct Records {
    place: Arc<dyn Place>,
    api_url: String,
}

impl Records {
    /// Names the records in a place that belong to an API URL. Reading creates nothing.
    pub fn new(place: Arc<dyn Place>, api_url: impl Into<String>) -> Records {
        Records { place, api_url: api_url.into() }
    }

    /// Returns the place, for its lock and the history.
    pub fn place(&self) -> &Arc<dyn Place> {
        &self.place
    }

    /// Returns the URL of the API that the records belong to.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// Reads the record of an order; an order of which nothing is recorded has an empty record.
    ///
    /// A file that cannot be read is a matter of its order alone, like a damaged one; a place that cannot be reached is
    /// an error.
    pub async fn load(&self, order_id: OrderId) -> Result<Record, StoreError> {
        let name = record_name(order_id);
        let unusable = match self.place.read(&name).await {
            Ok(None) => return Ok(Record::Known(Recorded::default())),
            Ok(Some(stored)) => match decode(&stored.bytes, order_id, &self.api_url) {
                Ok(recorded) => return Ok(Record::Known(recorded)),
                Err(UnusableRecord { kind, message }) => UnusableRecord {
                    kind,
                    message: format!("the recorded state in {} cannot be used: {message}", self.place.name_of(&name)),
                },
            },
            Err(StoreError { kind: StoreErrorKind::Unreadable(kind), message }) => {
                UnusableRecord::new(UnusableKind::Unreadable(kind), message)
            }
            Err(StoreError { kind: StoreErrorKind::TooLarge, message }) => {
                UnusableRecord::new(UnusableKind::Damaged, message)
            }
            Err(error) => return Err(error),
        };
        Ok(Record::Unusable(unusable))
    }

    /// Replaces the record of an order, durably once this returns.
    pub async fn save(&self, order_id: OrderId, recorded: &Recorded) -> Result<(), StoreError> {
        self.place.write(&record_name(order_id), &encode(order_id, &self.api_url, recorded)).await
    }

    /// Returns how many bytes the record of an order takes.
    pub fn size(&self, order_id: OrderId, recorded: &Recorded) -> u64 {
        encode(order_id, &self.api_url, recorded).len() as u64
    }

    /// Drops what is recorded of an order; returns whether there was anything.
    pub async fn forget(&self, order_id: OrderId) -> Result<bool, StoreError> {
        self.place.remove(&record_name(order_id)).await
    }

    /// Lists the orders of which something is recorded.
    pub async fn list(&self) -> Result<Vec<OrderId>, StoreError> {
        recorded_orders(&*self.place).await
    }

    /// Returns the stored bytes of an order's record as they are, if there are any.
    pub async fn raw(&self, order_id: OrderId) -> Result<Option<Stored>, StoreError> {
        self.place.read(&record_name(order_id)).await
    }
}

/// Lists the orders of which a place has a record, of whatever API.
pub async fn recorded_orders(place: &dyn Place) -> Result<Vec<OrderId>, StoreError> {
    let names = place.list("").await?;
    let mut orders: Vec<OrderId> = names.iter().filter_map(|name| order_of(name)).collect();
    orders.sort_unstable();
    Ok(orders)
}
