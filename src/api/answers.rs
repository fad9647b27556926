//! What the operations make of an answer: a status and bytes in, plain data out.

use std::collections::BTreeMap;

use super::decode;
use super::error::Stage;
use super::token::Token;
use super::wire::{Acknowledged, ActiveAnswer, AddonLine, AddonsAnswer, CalculateAnswer, PendingLine};
use crate::model::{
    Cents, Foreign, LiveIp, LiveSlots, P0F_SLOTS, PendingChange, ProxyIp, Quote, RecordedSlots, Renewal,
};

/// The longest tag or date of an order that is read: both are kept for every order, and shown.
const MAX_TEXT_BYTES: usize = 1000;

/// The answer of `proxies/active`, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveProxies {
    /// The order's tag.
    pub tag: Option<Foreign>,
    /// The earliest end of the paid period.
    pub renewal: Option<Renewal>,
    /// The addresses.
    pub active: BTreeMap<ProxyIp, LiveIp>,
}

/// Reads the answer of `proxies/active`; `token` is kept out of all texts.
pub fn active_proxies(status: u16, body: &[u8], token: &Token) -> Result<ActiveProxies, Stage> {
    normalise(decode::answer(status, body, token)?, token)
}

/// Reads the answer of `addons/calculate` for `add_qty` more slots.
pub fn quote(status: u16, body: &[u8], token: &Token, add_qty: u32) -> Result<LiveSlots, Stage> {
    check_quote(decode::answer(status, body, token)?, add_qty)
}

/// Reads the answer of `addons/purchase`, `addons/schedule` and `addons/schedule/cancel`.
pub fn slots(status: u16, body: &[u8], token: &Token) -> Result<RecordedSlots, Stage> {
    find_slots(decode::answer(status, body, token)?)
}

/// Reads the answer of `del-np/set` and `signature/set`.
pub fn acknowledged(status: u16, body: &[u8], token: &Token) -> Result<(), Stage> {
    decode::answer::<Acknowledged>(status, body, token).map(|_| ())
}

fn normalise(answer: ActiveAnswer<'_>, token: &Token) -> Result<ActiveProxies, Stage> {
    let bounded = |field: &str, text: &str| match text.len() > MAX_TEXT_BYTES {
        true => Err(Stage::Unexpected { reason: format!("`{field}` is longer than {MAX_TEXT_BYTES} bytes") }),
        false => Ok(()),
    };
    let mut renewal: Option<Renewal> = None;
    let mut last_until = None;
    // All IPs of an order mostly end at one moment: read each spelling once.
    for until in answer.data.iter().filter_map(|item| item.until.as_ref()).map(|until| &*until.0) {
        if last_until != Some(until) {
            last_until = Some(until);
            bounded("until", until)?;
            let until = Renewal::parse(&token.redact(until));
            renewal = Some(renewal.map_or(until.clone(), |earliest| earliest.min(until)));
        }
    }
    let active: Vec<(ProxyIp, LiveIp)> = answer.data.iter().map(|item| (item.ip, LiveIp::default())).collect();
    answer.order_tag.as_deref().map_or(Ok(()), |tag| bounded("order_tag", tag))?;
    let tag = answer.order_tag.map(|tag| Foreign::new(token.redact(&tag)));
    Ok(ActiveProxies { tag, renewal, active: active.into_iter().collect() })
}

fn check_quote(answer: CalculateAnswer<'_>, add_qty: u32) -> Result<LiveSlots, Stage> {
    if answer.add_qty.is_some_and(|answered| answered != add_qty) {
        let reason = format!("asked for the price of {add_qty} more slots, the answer is about another number");
        return Err(Stage::Unexpected { reason });
    }
    if answer.addon_key.as_ref().is_some_and(|key| key.0 != P0F_SLOTS) {
        return Err(Stage::Unexpected {
            reason: format!("asked for the price of {P0F_SLOTS}, the answer is about another add-on"),
        });
    }
    let quote = match (answer.price_per_unit, answer.add_total) {
        (Some(price), Some(total)) => Some(Quote { add_qty, price_per_unit: Cents(price), charge: Cents(total) }),
        _ => None,
    };
    Ok(LiveSlots { current_qty: answer.current_qty, quote })
}

/// Finds the slots among an order's add-ons.
fn find_slots(answer: AddonsAnswer<'_>) -> Result<RecordedSlots, Stage> {
    let mut lines = answer.addons.into_iter().filter(|line| line.addon_key == P0F_SLOTS);
    match (lines.next(), lines.next()) {
        (Some(AddonLine { qty, pending, .. }), None) => {
            let pending = pending.map(pending_change).transpose()?;
            Ok(RecordedSlots { qty, pending })
        }
        (None, _) => Err(Stage::Unexpected { reason: format!("the answer shows no {P0F_SLOTS} add-on") }),
        (Some(_), Some(_)) => {
            Err(Stage::Unexpected { reason: format!("the answer shows more than one {P0F_SLOTS} add-on") })
        }
    }
}

fn pending_change(line: PendingLine<'_>) -> Result<PendingChange, Stage> {
    match (line.action.as_ref(), line.next_qty) {
        ("downgrade", Some(next_qty)) => Ok(PendingChange::Downgrade { next_qty }),
        ("cancel", _) => Ok(PendingChange::Cancel {}),
        _ => Err(Stage::Unexpected {
            reason: "the answer shows a pending change that shardctl does not know".to_owned(),
        }),
    }
}
