//! What is recorded and what is live, of many orders side by side.

use futures_util::{StreamExt, stream};

use crate::api::{ApiError, Reader};
use crate::model::{
    Desired, Foreign, LiveOrder, LiveSlots, Observations, Observed, OrderDetail, OrderId, ReadFailure, Recorded,
    UnusableRecord,
};
use crate::plan::{self, Options, Plan};
use crate::state::{Record, Records, StoreError};

/// Is told how the reading goes on.
pub trait ReadProgress: Sync {
    /// So many orders are about to be read.
    fn reading_started(&self, orders: usize);
    /// An order was read, or could not be.
    fn order_read(&self, order_id: OrderId);
    /// All orders were read, or none can be any more.
    fn reading_ended(&self);
}

/// A progress that nobody looks at.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl ReadProgress for NoProgress {
    fn reading_started(&self, _orders: usize) {}
    fn order_read(&self, _order_id: OrderId) {}
    fn reading_ended(&self) {}
}

/// What is to be read of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRequest {
    /// The order.
    pub order_id: OrderId,
    /// Whether the number of slots matters.
    pub slots: bool,
    /// The number of slots that the manifest wants: where there are fewer, the missing ones are priced.
    pub slots_wanted: Option<u32>,
}

/// Why nothing could be observed at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObserveError {
    /// The API refused the token, so that nothing more can be read.
    #[error("the API refused the token: {}", message.printable())]
    Unauthorized {
        /// The API's message.
        message: Foreign,
    },
    /// The place of the records cannot be read.
    #[error(transparent)]
    Records(#[from] StoreError),
}

/// What one run shares while it reads.
pub struct Pass<'a> {
    reader: &'a Reader,
    records: &'a Records,
    progress: &'a dyn ReadProgress,
}

impl<'a> Pass<'a> {
    /// Reads the API by a reader, and the records of a place; `progress` is told how it goes on.
    pub fn new(reader: &'a Reader, records: &'a Records, progress: &'a dyn ReadProgress) -> Pass<'a> {
        Pass { reader, records, progress }
    }

    /// Makes the plan of what is declared, of what is live and recorded now.
    ///
    /// # Errors
    ///
    /// [`ObserveError`] where the token is refused or the records cannot be read. An order that cannot be read is a
    /// problem of the plan.
    pub async fn plan(&self, desired: &Desired, options: &Options) -> Result<Plan, ObserveError> {
        let observed = self.observe_declared(desired).await?;
        Ok(plan::plan(desired, &observed, options))
    }

    /// Reads all orders that are declared, as far as their plan needs it.
    ///
    /// # Errors
    ///
    /// As [`Pass::plan`].
    pub async fn observe_declared(&self, desired: &Desired) -> Result<Observations, ObserveError> {
        let records = self.records(desired.orders.keys().copied()).await?;
        let requests = records.iter().filter_map(|(order_id, record)| {
            let order = desired.orders.get(order_id)?;
            Some(ReadRequest {
                order_id: *order_id,
                slots: plan::needs_slots(order, record.as_ref().ok()),
                slots_wanted: order.p0f_slots.as_ref().map(|slots| slots.value),
            })
        });
        let requests = requests.collect();
        self.live(records, requests).await
    }

    /// Reads orders with their slots, whether they are declared or not.
    ///
    /// # Errors
    ///
    /// As [`Pass::plan`].
    pub async fn observe(&self, orders: impl IntoIterator<Item = OrderId>) -> Result<Observations, ObserveError> {
        let records = self.records(orders).await?;
        let request = |order_id: &OrderId| ReadRequest { order_id: *order_id, slots: true, slots_wanted: None };
        let requests = records.keys().map(request).collect();
        self.live(records, requests).await
    }

    fn at_once(&self) -> usize {
        self.reader.connection().settings().concurrency.max(1)
    }

    async fn records(&self, orders: impl IntoIterator<Item = OrderId>) -> Result<Recordings, StoreError> {
        let mut loading = stream::iter(orders)
            .map(|order_id| async move { (order_id, self.records.load(order_id).await) })
            .buffer_unordered(self.at_once());
        let mut records = Recordings::new();
        while let Some((order_id, record)) = loading.next().await {
            let record = match record? {
                Record::Known(recorded) => Ok(recorded),
                Record::Unusable(unusable) => Err(unusable),
            };
            records.insert(order_id, record);
        }
        Ok(records)
    }

    /// Reads orders side by side, each by at most three requests; stops at once when the token is refused.
    async fn live(&self, mut records: Recordings, requests: Vec<ReadRequest>) -> Result<Observations, ObserveError> {
        self.progress.reading_started(requests.len());
        let mut answers = stream::iter(requests)
            .map(|request| async move { (request.order_id, read_order(self.reader, request).await) })
            .buffer_unordered(self.at_once());
        let mut observed = Ok(Observations::new());
        while let (Some((order_id, answer)), Ok(orders)) = (answers.next().await, &mut observed) {
            self.progress.order_read(order_id);
            let recorded = records.remove(&order_id).unwrap_or_else(|| Ok(Recorded::default()));
            match answer.or_else(|error| failure(error).map(Err)) {
                Ok(live) => _ = orders.insert(order_id, Observed { live, recorded }),
                Err(unauthorized) => observed = Err(unauthorized),
            }
        }
        self.progress.reading_ended();
        observed
    }
}

type Recordings = std::collections::BTreeMap<OrderId, Result<Recorded, UnusableRecord>>;

async fn read_order(reader: &Reader, request: ReadRequest) -> Result<Result<LiveOrder, ReadFailure>, ApiError> {
    let slots = async {
        match request.slots {
            true => read_slots(reader, request).await.map(Some),
            false => Ok(None),
        }
    };
    let (active, slots) = tokio::join!(reader.active_proxies(request.order_id), slots);
    let active = active?;
    Ok(slots?.transpose().map(|slots| LiveOrder {
        tag: active.tag,
        until: active.renewal.clone(),
        renewal: active.renewal,
        active: active.active,
        slots: slots.map(|slots| slots.current_qty),
        quote: slots.and_then(|slots| slots.quote),
        bad_price: None,
        detail: OrderDetail::default(),
        detail_unavailable: None,
    }))
}

/// Reads the slots, and their price where some are missing. The inner failure is one of content, not of transport.
async fn read_slots(reader: &Reader, request: ReadRequest) -> Result<Result<LiveSlots, ReadFailure>, ApiError> {
    let now = reader.quote_slots(request.order_id, 1).await?;
    let missing = request.slots_wanted.unwrap_or(0).saturating_sub(now.current_qty);
    let slots = match missing {
        0 => return Ok(Ok(LiveSlots { quote: None, ..now })),
        1 => now,
        more => reader.quote_slots(request.order_id, more).await?,
    };
    if slots.current_qty != now.current_qty {
        let message = Foreign::from("addons/calculate: the number of slots changed while it was read; run again");
        return Ok(Err(ReadFailure::Failed { message }));
    }
    if slots.quote.is_none() {
        let message = format!("addons/calculate: the answer shows no price for {missing} more slots");
        return Ok(Err(ReadFailure::Failed { message: message.into() }));
    }
    Ok(Ok(slots))
}

fn failure(error: ApiError) -> Result<ReadFailure, ObserveError> {
    let (message, from_api) = (Foreign::new(error.to_string()), !error.is_refused_elsewhere());
    match error.refusal_status() {
        Some(401) => Err(ObserveError::Unauthorized { message }),
        Some(403) => Ok(ReadFailure::Unavailable { message, from_api }),
        Some(404) => Ok(ReadFailure::NotFound { message, from_api }),
        _ => Ok(ReadFailure::Failed { message }),
    }
}
