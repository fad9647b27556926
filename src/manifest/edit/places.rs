//! Where a new address goes among those that are listed.

use std::collections::BTreeMap;

use crate::manifest::read::tree::Entry;
use crate::model::{ProxyIp, Signature};

/// A new address with its signature, and the index of the entry behind which it goes; `None`: before the first.
pub(super) type Placed = (Option<usize>, ProxyIp, Option<Signature>);

/// Finds a place for each new address: between two neighbours that are below and above it, before or behind all of them
/// where they ascend, and else at the end.
pub(super) fn places(entries: &[Entry<'_>], add: &BTreeMap<ProxyIp, Option<Signature>>) -> Vec<Placed> {
    let address = |(index, entry): (usize, &Entry<'_>)| Some((entry.key.text.parse::<ProxyIp>().ok()?, index));
    let listed: Vec<_> = entries.iter().enumerate().filter_map(address).collect();
    let runs: Vec<_> = listed.chunk_by(|(one, _), (next, _)| one < next).collect();
    let last = entries.len().checked_sub(1);
    add.iter().map(|(ip, signature)| (place(*ip, &runs, last), *ip, *signature)).collect()
}

/// Finds the place of an address among runs of addresses that ascend, each with its index.
fn place(ip: ProxyIp, runs: &[&[(ProxyIp, usize)]], last: Option<usize>) -> Option<usize> {
    let behind = |(number, run): (usize, &&[(ProxyIp, usize)])| {
        let below = run.partition_point(|(listed, _)| *listed < ip);
        let inside = below < run.len() || number + 1 == runs.len();
        below.checked_sub(1).filter(|_| inside).map(|nearest| run[nearest])
    };
    let nearest = runs.iter().enumerate().filter_map(behind).max();
    match (nearest, runs) {
        (Some((_, index)), _) => Some(index),
        (None, [run]) => run[0].1.checked_sub(1),
        _ => last,
    }
}
