//! What the API tells of one order, put together from its answers.

use super::detail_route::DetailRoute;
use crate::api::{ActiveProxies, ApiError, Reader};
use crate::model::{Foreign, LiveOrder, LiveSlots, OrderDetail, OrderId, OrderStatus, Quote, ReadFailure, Renewal};

/// What is to be read of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReadRequest {
    /// The order.
    pub(super) order_id: OrderId,
    /// Why the number of slots matters, if it does.
    pub(super) slots: SlotsNeed,
}

/// For what the number of an order's slots is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotsNeed {
    /// For nothing.
    None,
    /// To be shown: where it cannot be had, it is not known.
    Shown,
    /// For a plan; where there are fewer than this, the missing ones are priced.
    Planned {
        /// How many the manifest wants; `None`: it does not manage them.
        wanted: Option<u32>,
    },
}

/// Reads an order by its active IPs and its detail; asks for prices where slots are to be bought, or where the detail
/// does not tell the slots and they matter. The inner failure is one of content, not of transport.
pub(super) async fn read_order(
    reader: &Reader,
    route: &DetailRoute,
    request: ReadRequest,
) -> Result<Result<LiveOrder, ReadFailure>, ApiError> {
    let order_id = request.order_id;
    let closed = route.closed();
    let detail = async {
        match &closed {
            Some(why) => Err(NoDetail::NotAsked(why.clone())),
            None => reader.order(order_id).await.map_err(NoDetail::Failed),
        }
    };
    let (active, detail) = tokio::join!(reader.active_proxies(order_id), detail);
    let active = active?;
    let (detail, detail_unavailable) = match detail {
        Ok(detail) => {
            route.told();
            (detail, None)
        }
        Err(NoDetail::Failed(error)) if error.is_unauthorized() => return Err(error),
        Err(NoDetail::Failed(error)) => {
            route.refused(&error);
            (OrderDetail::default(), Some(Foreign::new(error.to_string())))
        }
        Err(NoDetail::NotAsked(why)) => (OrderDetail::default(), Some(why)),
    };
    let mut live = assemble(active, detail, detail_unavailable);
    match read_slots(reader, request, &live.detail).await {
        Ok(Slots { qty, quote, bad_price }) => {
            live.slots = qty;
            (live.quote, live.bad_price) = (quote, bad_price);
            Ok(Ok(live))
        }
        Err(SlotsError::Failed(error)) => Err(error),
        Err(SlotsError::Changed { was, is }) => Ok(Err(changed(was, is))),
    }
}

/// Why an order's detail is not there.
enum NoDetail {
    Failed(ApiError),
    /// The API refused others, and would refuse this one.
    NotAsked(Foreign),
}

fn assemble(active: ActiveProxies, detail: OrderDetail, detail_unavailable: Option<Foreign>) -> LiveOrder {
    let tag = active.tag.or_else(|| detail.tag.clone()).flatten();
    let expires_at = detail.expires_at.clone().filter(|expires_at| matches!(expires_at, Renewal::At(_)));
    LiveOrder {
        tag,
        renewal: expires_at.or_else(|| active.renewal.clone()),
        until: active.renewal,
        active: active.active,
        slots: None,
        quote: None,
        bad_price: None,
        detail,
        detail_unavailable,
    }
}

/// What is known of the slots, and of the price of those that are missing.
#[derive(Default)]
struct Slots {
    qty: Option<u32>,
    quote: Option<Quote>,
    bad_price: Option<Foreign>,
}

enum SlotsError {
    Failed(ApiError),
    /// Two answers show different numbers.
    Changed {
        was: u32,
        is: u32,
    },
}

impl From<ApiError> for SlotsError {
    fn from(error: ApiError) -> SlotsError {
        SlotsError::Failed(error)
    }
}

async fn read_slots(reader: &Reader, request: ReadRequest, detail: &OrderDetail) -> Result<Slots, SlotsError> {
    let order_id = request.order_id;
    // A status that is not known, or a word that is none of those that are, keeps nobody from asking.
    let is_over = detail.status == Some(OrderStatus::Cancelled);
    // It has to be paid before anything is bought for it: that it has no price is no matter.
    let waits = detail.status == Some(OrderStatus::OnHold);
    let (qty, priced) = match (detail.slots, request.slots) {
        (Some(qty), _) => (qty, None),
        (None, SlotsNeed::Planned { .. }) if !is_over => {
            let answer = reader.quote_slots(order_id, 1).await?;
            (answer.current_qty, Some(answer))
        }
        (None, SlotsNeed::Shown) if !is_over => match reader.quote_slots(order_id, 1).await {
            Ok(answer) => (answer.current_qty, None),
            Err(error) if error.is_unauthorized() => return Err(error.into()),
            Err(_) => return Ok(Slots::default()),
        },
        (None, _) => return Ok(Slots::default()),
    };
    let missing = match request.slots {
        SlotsNeed::Planned { wanted: Some(wanted) } if !is_over && !waits => wanted.saturating_sub(qty),
        _ => 0,
    };
    let LiveSlots { current_qty, quote } = match (missing, priced) {
        (0, _) => return Ok(Slots { qty: Some(qty), ..Slots::default() }),
        (1, Some(answer)) => answer,
        (add_qty, _) => reader.quote_slots(order_id, add_qty).await?,
    };
    if current_qty != qty {
        return Err(SlotsError::Changed { was: qty, is: current_qty });
    }
    let bad_price = quote.err().filter(|no_quote| no_quote.is_bad_price());
    let bad_price = bad_price.map(|no_quote| Foreign::new(no_quote.to_string()));
    Ok(Slots { qty: Some(qty), quote: quote.ok(), bad_price })
}

fn changed(was: u32, is: u32) -> ReadFailure {
    let message =
        format!("addons/calculate: the order's slots changed while it was read, from {was} to {is}; run again");
    ReadFailure::Failed { message: Foreign::new(message) }
}
