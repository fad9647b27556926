//! The live state of many orders, read side by side.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use crate::api::{ApiError, Reader};
use crate::model::{Foreign, LiveOrder, LiveSlots, NoQuote, OrderDetail, OrderId, ReadFailure};

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

/// The live orders, or why one could not be read.
pub type LiveOrders = BTreeMap<OrderId, Result<LiveOrder, ReadFailure>>;

/// The token was refused, so that nothing more can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the API refused the token: {}", message.printable())]
pub struct Unauthorized {
    /// The API's message.
    pub message: Foreign,
}

/// Is told how the reading goes on.
pub trait ReadProgress: Sync {
    /// An order was read, or could not be.
    fn order_read(&self, order_id: OrderId);
}

/// Reads orders side by side, each by at most three requests; stops at once when the token is refused.
pub async fn read_orders(
    reader: &Reader,
    requests: Vec<ReadRequest>,
    progress: &dyn ReadProgress,
) -> Result<LiveOrders, Unauthorized> {
    let at_once = reader.connection().settings().concurrency.max(1);
    let mut answers = stream::iter(requests)
        .map(|request| async move { (request.order_id, read_order(reader, request).await) })
        .buffer_unordered(at_once);
    let mut orders = LiveOrders::new();
    while let Some((order_id, answer)) = answers.next().await {
        progress.order_read(order_id);
        orders.insert(order_id, answer.or_else(|error| failure(error).map(Err))?);
    }
    Ok(orders)
}

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
        tag: active.tag.flatten(),
        renewal: active.renewal,
        active: active.active,
        slots: slots.map(|slots| slots.current_qty),
        quote: slots.and_then(|slots| slots.quote.ok()),
        detail: OrderDetail::default(),
        detail_unavailable: None,
    }))
}

/// Reads the slots, and their price where some are missing. The inner failure is one of content, not of transport.
async fn read_slots(reader: &Reader, request: ReadRequest) -> Result<Result<LiveSlots, ReadFailure>, ApiError> {
    let now = reader.quote_slots(request.order_id, 1).await?;
    let missing = request.slots_wanted.unwrap_or(0).saturating_sub(now.current_qty);
    let slots = match missing {
        0 => return Ok(Ok(LiveSlots { quote: Err(NoQuote::NotShown), ..now })),
        1 => now,
        more => reader.quote_slots(request.order_id, more).await?,
    };
    if slots.current_qty != now.current_qty {
        let message = Foreign::from("addons/calculate: the number of slots changed while it was read; run again");
        return Ok(Err(ReadFailure::Failed { message }));
    }
    if let Err(no_quote) = slots.quote {
        let message = match no_quote {
            NoQuote::NotShown => format!("addons/calculate: the answer shows no price for {missing} more slots"),
            bad => format!("addons/calculate: {bad}"),
        };
        return Ok(Err(ReadFailure::Failed { message: Foreign::new(message) }));
    }
    Ok(Ok(slots))
}

fn failure(error: ApiError) -> Result<ReadFailure, Unauthorized> {
    let (message, from_api) = (Foreign::new(error.to_string()), !error.is_refused_elsewhere());
    match error.refusal_status() {
        Some(401) => Err(Unauthorized { message }),
        Some(403) => Ok(ReadFailure::Unavailable { message, from_api }),
        Some(404) => Ok(ReadFailure::NotFound { message, from_api }),
        _ => Ok(ReadFailure::Failed { message }),
    }
}
