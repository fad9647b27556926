//! What is left to change in a manifest, and what it declares then.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::edits::{Change, Edits, OrderEdits};
use super::not_editable::NotEditable;
use crate::manifest::document::{Document, KeepKey, OrderDocument};
use crate::manifest::write::{OrderToWrite, Remarked};
use crate::model::{OrderId, ProxyIp, Signature};

/// The edits that change something.
pub(super) struct Task<'e> {
    /// The orders that are not there yet.
    pub new_orders: Vec<&'e OrderToWrite>,
    /// What to change in orders that are there.
    pub orders: BTreeMap<OrderId, OrderTask>,
    /// What the manifest declares once all is done.
    pub expected: Document,
    /// All of it, one by one.
    pub changes: Vec<Change>,
}

/// The addresses to add to and to remove from one `keep`.
#[derive(Default)]
pub(super) struct OrderTask {
    pub add: BTreeMap<ProxyIp, Option<Signature>>,
    pub remove: BTreeSet<ProxyIp>,
}

impl<'e> Task<'e> {
    pub fn new(before: Document, edits: &'e Edits) -> Result<Task<'e>, NotEditable> {
        let mut task = Task { new_orders: Vec::new(), orders: BTreeMap::new(), expected: before, changes: Vec::new() };
        edits.orders.iter().try_for_each(|order| task.add_edits(order))?;
        for (order_id, order_task) in &task.orders {
            task.changes.extend(order_task.changes(*order_id));
        }
        edits.new_orders.iter().for_each(|order| task.add_order(order));
        task.expected.orders.iter().try_for_each(|(order_id, order)| enough_slots(*order_id, order))?;
        Ok(task)
    }

    fn add_edits(&mut self, edits: &OrderEdits) -> Result<(), NotEditable> {
        let OrderEdits { order_id, add, remove } = edits;
        let order_id = *order_id;
        let removed: BTreeSet<_> = remove.iter().collect();
        if let Some((ip, _)) = add.iter().find(|(ip, _)| removed.contains(ip)) {
            return Err(NotEditable::Contradiction { order_id, ip: *ip });
        }
        let order = self.expected.orders.get_mut(&order_id).ok_or(NotEditable::NoSuchOrder { order_id })?;
        let Some(keep) = &mut order.keep else {
            return if add.is_empty() { Ok(()) } else { Err(NotEditable::NoKeep { order_id }) };
        };
        let order_task = self.orders.entry(order_id).or_default();
        for (ip, signature) in add {
            if let Entry::Vacant(place) = keep.entry(KeepKey::Address(*ip)) {
                place.insert(*signature);
                order_task.add.insert(*ip, *signature);
            }
        }
        let removed = remove.iter().filter(|ip| keep.remove(&KeepKey::Address(**ip)).is_some());
        order_task.remove.extend(removed);
        if keep.is_empty() { Err(NotEditable::KeepWouldBeEmpty { order_id }) } else { Ok(()) }
    }

    fn add_order(&mut self, order: &'e OrderToWrite) {
        if self.expected.orders.contains_key(&order.order_id) {
            return;
        }
        self.expected.orders.insert(order.order_id, meaning(order));
        self.new_orders.push(order);
        self.changes.push(Change::OrderAdded { order_id: order.order_id });
    }
}

impl OrderTask {
    fn changes(&self, order_id: OrderId) -> impl Iterator<Item = Change> {
        let added = self.add.iter().map(move |(ip, signature)| (*ip, Some(*signature)));
        let changed: BTreeMap<_, _> = added.chain(self.remove.iter().map(|ip| (*ip, None))).collect();
        changed.into_iter().map(move |(ip, added)| match added {
            Some(signature) => Change::IpAdded { order_id, ip, signature },
            None => Change::IpRemoved { order_id, ip },
        })
    }
}

/// Checks that a manifest may declare an order like that.
fn enough_slots(order_id: OrderId, order: &OrderDocument) -> Result<(), NotEditable> {
    let of_address = |(key, signature): (&KeepKey, &Option<Signature>)| key.address().and(*signature);
    let signatures = order.keep.iter().flatten().filter_map(of_address).count();
    match order.p0f_slots {
        Some(slots) if signatures > slots as usize => Err(NotEditable::TooFewSlots { order_id, slots, signatures }),
        _ => Ok(()),
    }
}

/// Returns what an order declares once it is written.
fn meaning(order: &OrderToWrite) -> OrderDocument {
    let keep: BTreeMap<_, _> = order.kept().map(|(ip, signature)| (KeepKey::Address(ip), signature)).collect();
    OrderDocument {
        tag: order.tag.as_ref().map(|tag| tag.raw().to_owned()),
        p0f_slots: order.p0f_slots.as_ref().and_then(Remarked::value).copied(),
        auto_renewal: order.auto_renewal,
        prune: order.prune,
        keep: Some(keep).filter(|keep| !keep.is_empty()),
    }
}
