//! The active IPs of an order.

use std::collections::BTreeMap;
use std::io;

use crate::api::active_list::ActiveList;
use crate::api::decode;
use crate::api::error::Stage;
use crate::api::texts;
use crate::api::token::Token;
use crate::api::wire::ActiveAnswer;
use crate::model::{Foreign, LiveIp, LiveSignature, ProxyIp, Renewal};

/// The answer of `proxies/active`, normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveProxies {
    /// The order's tag: the outer `None` where it is not told, the inner one where the order has none.
    pub tag: Option<Option<Foreign>>,
    /// The earliest end of the paid period.
    pub renewal: Option<Renewal>,
    /// The IPs, each with what is told of it.
    pub active: BTreeMap<ProxyIp, LiveIp>,
}

/// Reads the answer of `proxies/active`.
pub fn active_proxies(status: u16, body: &[u8], token: &Token) -> Result<ActiveProxies, Stage> {
    decode::answer(status, body, token).and_then(|answer| normalise(answer, token))
}

/// Reads a good answer of `proxies/active` while it arrives.
pub fn active_proxies_arriving(body: &mut dyn io::Read, token: &Token) -> Result<ActiveProxies, Stage> {
    decode::arriving(body).and_then(|answer| normalise(answer, token))
}

fn normalise(answer: ActiveAnswer, token: &Token) -> Result<ActiveProxies, Stage> {
    let ActiveList { mut ips, renewal, .. } = answer.data;
    for (_, ip) in &mut ips {
        if let Some(status) = &mut ip.status {
            **status = texts::kept(status.raw(), token);
        }
        if let Some(LiveSignature::Other(word)) = &mut ip.signature {
            **word = texts::kept(word.raw(), token);
        }
    }
    let renewal = renewal.map(|renewal| match renewal {
        Renewal::Unreadable(text) => Renewal::Unreadable(texts::kept(text.raw(), token)),
        at => at,
    });
    Ok(ActiveProxies { tag: texts::tag(&answer.order_tag, token), renewal, active: each_once(ips)? })
}

/// Fails where the same IP stands twice and is said to be different things: nobody knows which of them holds.
fn each_once(mut ips: Vec<(ProxyIp, LiveIp)>) -> Result<BTreeMap<ProxyIp, LiveIp>, Stage> {
    ips.sort_by_key(|(ip, _)| *ip);
    let differs = |pair: &&[(ProxyIp, LiveIp)]| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1;
    if let Some(pair) = ips.windows(2).find(differs) {
        let reason = format!("{} stands twice among the {} IPs, with different values", pair[0].0, ips.len());
        return Err(Stage::Unexpected { reason });
    }
    Ok(ips.into_iter().collect())
}
