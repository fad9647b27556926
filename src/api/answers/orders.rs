//! The account: its orders and its wallet.

use super::slots::{AddonLines, told};
use crate::api::decode;
use crate::api::error::Stage;
use crate::api::shapes::Object;
use crate::api::texts::{renewal, tag, text};
use crate::api::token::Token;
use crate::api::told::Told;
use crate::api::wire::{MeAnswer, OrderAnswer, OrderLine, OrderPageAnswer};
use crate::model::{Cents, OrderDetail, OrderId, OrderStatus, OrderSummary, SlotsTold, Wallet};

/// One page of the list of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// The orders, in the order of the answer.
    pub orders: Vec<OrderSummary>,
    /// Whether the answer says that there are more; `None`: it does not say.
    pub has_next: Option<bool>,
}

/// Reads the answer of `GET /user/api/orders/{id}`.
pub fn order_detail(status: u16, body: &[u8], token: &Token, order_id: OrderId) -> Result<OrderDetail, Stage> {
    let OrderAnswer { order: Object(order), .. } = decode::answer(status, body, token)?;
    if order.order_id.echoed::<u64>().is_some_and(|answered| answered != order_id.get()) {
        return Err(Stage::Unexpected {
            reason: format!("asked for order {order_id}, the answer is about another one"),
        });
    }
    let AddonLines { slots: line, others } = AddonLines::new(order.addons);
    let SlotsTold { qty, pending } = line.as_ref().map(told).unwrap_or_default();
    let cents = |told: &Told| told.number().map(Cents);
    Ok(OrderDetail {
        status: text(&order.status, token).map(|word| OrderStatus::parse(word.raw())),
        auto_renewal: order.auto_renewal.flag(),
        expires_at: renewal(&order.expires_at, token),
        quantity: order.quantity.number(),
        tag: tag(&order.tag, token),
        slots: qty.or_else(|| order.p0f_slots_available.number()),
        slots_used: order.p0f_slots_used.number(),
        pending,
        slot_price: line.as_ref().and_then(|line| cents(&line.price_per_unit)),
        price_paid: cents(&order.price_paid),
        other_addons: others,
        addons_price_paid: cents(&order.addons_price_paid),
        cycle: text(&order.cycle_name, token),
        product: text(&order.product_name, token),
    })
}

/// Reads the answer of `GET /user/api/orders`. An order without an id makes it unreadable: none is passed over.
pub fn order_page(status: u16, body: &[u8], token: &Token) -> Result<OrderPage, Stage> {
    let page: OrderPageAnswer = decode::answer(status, body, token)?;
    let has_next = match &page.next {
        Told::Absent => None,
        next => Some(*next != Told::Null),
    };
    let summaries = page.orders.iter().enumerate().map(|(index, Object(line))| {
        summary(line, token).ok_or_else(|| {
            let reason = format!("the answer has no number of an order at `orders[{index}].order_id`");
            Stage::Unreadable { status, reason }
        })
    });
    Ok(OrderPage { orders: summaries.collect::<Result<_, Stage>>()?, has_next })
}

fn summary(line: &OrderLine, token: &Token) -> Option<OrderSummary> {
    Some(OrderSummary {
        order_id: OrderId::new(line.order_id.echoed()?)?,
        product: text(&line.product_name, token),
        cycle: text(&line.cycle_name, token),
        expires_at: renewal(&line.expires_at, token),
        auto_renewal: line.auto_renewal.flag(),
        tag: tag(&line.tag, token),
    })
}

/// Reads the answer of `GET /user/api/me`.
pub fn wallet(status: u16, body: &[u8], token: &Token) -> Result<Wallet, Stage> {
    let answer: MeAnswer = decode::answer(status, body, token)?;
    Ok(Wallet { balance_cents: answer.wallet_balance.number() })
}
