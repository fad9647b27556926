//! What is recorded and what is live, of many orders side by side.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use super::detail_route::DetailRoute;
use super::order::{ReadRequest, SlotsNeed, read_order};
use crate::api::{ApiError, OrderFilter, Reader};
use crate::model::{
    Desired, Foreign, Observations, Observed, OrderId, OrderSummary, ReadFailure, Recorded, UnusableRecord, Wallet,
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
    /// A plan charges, and nobody knows whether the wallet covers that.
    fn wallet_unknown(&self, _why: &Foreign) {}
}

/// A progress that nobody looks at.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl ReadProgress for NoProgress {
    fn reading_started(&self, _orders: usize) {}
    fn order_read(&self, _order_id: OrderId) {}
    fn reading_ended(&self) {}
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
    /// Nothing was ever answered by the API: no other order could be read either.
    #[error("the API cannot be reached: {}", message.printable())]
    Unreachable {
        /// What became of the request that was given up.
        message: Foreign,
    },
    /// The list of the account's orders cannot be had.
    #[error("the account's orders cannot be listed: {}", message.printable())]
    NoList {
        /// What went wrong.
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
    detail_route: DetailRoute,
}

impl<'a> Pass<'a> {
    /// Reads the API by a reader, and the records of a place; `progress` is told how it goes on.
    pub fn new(reader: &'a Reader, records: &'a Records, progress: &'a dyn ReadProgress) -> Pass<'a> {
        Pass { reader, records, progress, detail_route: DetailRoute::default() }
    }

    /// Makes the plan of what is declared, of what is live and recorded now. Where it charges, it is held against the
    /// wallet, as far as that is told.
    ///
    /// # Errors
    ///
    /// [`ObserveError`] where the token is refused, the API cannot be reached, or the records cannot be read. An order
    /// that cannot be read is a problem of the plan.
    pub async fn plan(&self, desired: &Desired, options: &Options) -> Result<Plan, ObserveError> {
        let observed = self.observe_declared(desired).await?;
        self.plan_of(desired, &observed, options).await
    }

    /// Makes the plan of what is declared and of what was observed already.
    ///
    /// # Errors
    ///
    /// As [`Pass::plan`].
    pub async fn plan_of(
        &self,
        desired: &Desired,
        observed: &Observations,
        options: &Options,
    ) -> Result<Plan, ObserveError> {
        // The age of a purchase is counted by the clock by which it is recorded.
        let options = Options { now: self.reader.connection().at_least().moment, ..options.clone() };
        let mut plan = plan::plan(desired, observed, &options);
        if plan.summary().charge.0 > 0 {
            match self.wallet().await? {
                Ok(balance_cents) => plan.hold_against_wallet(desired, balance_cents),
                Err(why) => self.progress.wallet_unknown(&why),
            }
        }
        Ok(plan)
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
            let wanted = order.p0f_slots.as_ref().map(|slots| slots.value);
            let slots = match plan::needs_slots(order, record.as_ref().ok()) {
                true => SlotsNeed::Planned { wanted },
                false => SlotsNeed::None,
            };
            Some(ReadRequest { order_id: *order_id, slots })
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
        let request = |order_id: &OrderId| ReadRequest { order_id: *order_id, slots: SlotsNeed::Shown };
        let requests = records.keys().map(request).collect();
        self.live(records, requests).await
    }

    /// Lists the account's orders of datacenter and ISP proxies that are not over, ascending.
    ///
    /// # Errors
    ///
    /// [`ObserveError`] where the list cannot be had.
    pub async fn all_orders(&self) -> Result<Vec<OrderSummary>, ObserveError> {
        let mut orders = BTreeMap::new();
        for filter in [OrderFilter::Active, OrderFilter::OnHold] {
            let listed = self.reader.orders(filter).await.map_err(|error| self.no_list(&error))?;
            orders.extend(listed.into_iter().map(|order| (order.order_id, order)));
        }
        Ok(orders.into_values().filter(OrderSummary::may_have_ips).collect())
    }

    /// Reads what the wallet holds, in cents, or why that is not known: it cannot be read, or is not told.
    ///
    /// # Errors
    ///
    /// [`ObserveError::Unauthorized`] where the token is refused.
    pub async fn wallet(&self) -> Result<Result<i64, Foreign>, ObserveError> {
        match self.reader.me().await {
            Ok(Wallet { balance_cents }) => {
                Ok(balance_cents
                    .ok_or_else(|| Foreign::from("the API's answer has no whole number as `wallet_balance`")))
            }
            Err(error) if error.is_unauthorized() => Err(unauthorized(&error)),
            Err(error) => Ok(Err(Foreign::new(error.to_string()))),
        }
    }

    fn no_list(&self, error: &ApiError) -> ObserveError {
        match self.ending(error) {
            Some(ending) => ending,
            None => ObserveError::NoList { message: Foreign::new(error.to_string()) },
        }
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

    /// Reads orders side by side; stops at once when the token is refused, or the API cannot be reached at all.
    async fn live(&self, mut records: Recordings, requests: Vec<ReadRequest>) -> Result<Observations, ObserveError> {
        self.progress.reading_started(requests.len());
        let mut answers = stream::iter(requests)
            .map(
                |request| async move { (request.order_id, read_order(self.reader, &self.detail_route, request).await) },
            )
            .buffer_unordered(self.at_once());
        let mut observed = Ok(Observations::new());
        while let (Some((order_id, answer)), Ok(orders)) = (answers.next().await, &mut observed) {
            self.progress.order_read(order_id);
            let recorded = records.remove(&order_id).unwrap_or_else(|| Ok(Recorded::default()));
            match answer.or_else(|error| self.ending(&error).map_or_else(|| Ok(Err(failure(&error))), Err)) {
                Ok(live) => _ = orders.insert(order_id, Observed { live, recorded }),
                Err(ending) => observed = Err(ending),
            }
        }
        self.progress.reading_ended();
        observed
    }

    /// Returns the end of the run, where an error is one.
    fn ending(&self, error: &ApiError) -> Option<ObserveError> {
        if error.is_unauthorized() {
            return Some(unauthorized(error));
        }
        let unreachable = error.is_unreachable() && self.reader.connection().is_unreachable();
        unreachable.then(|| ObserveError::Unreachable { message: Foreign::new(error.to_string()) })
    }
}

type Recordings = BTreeMap<OrderId, Result<Recorded, UnusableRecord>>;

fn unauthorized(error: &ApiError) -> ObserveError {
    ObserveError::Unauthorized { message: Foreign::new(error.to_string()) }
}

fn failure(error: &ApiError) -> ReadFailure {
    let (message, from_api) = (Foreign::new(error.to_string()), !error.is_refused_elsewhere());
    match error.refusal_status() {
        Some(403) => ReadFailure::Unavailable { message, from_api },
        Some(404) => ReadFailure::NotFound { message, from_api },
        _ => ReadFailure::Failed { message },
    }
}
