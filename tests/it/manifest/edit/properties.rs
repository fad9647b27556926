//! What holds for any manifest and any edits.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use shardctl::manifest::document::{KeepKey, OrderDocument};

use super::styled::{KEYS, Root, Styled, any_styled};
use super::*;
use crate::fuzz::tries;

/// What happens to each address of an order: `Some` adds it with a signature or without one, `None` removes it.
type Fates = BTreeMap<ProxyIp, Option<Option<Signature>>>;

fn any_fates() -> impl Strategy<Value = Fates> {
    let addresses: Vec<ProxyIp> = KEYS.iter().filter_map(|key| key.parse().ok()).collect();
    let signature = option::of(select(Signature::ALL.to_vec()));
    btree_map(select(addresses), option::of(signature), 0..9)
}

fn any_new_order() -> impl Strategy<Value = OrderToWrite> {
    let tag =
        option::of(select(vec!["eu", "a: b", "{", "x, y", "\"'", "\u{a0}", "##[group]", "7", "null", "é\u{301}"]));
    let keep = vec((select(KEYS[..11].to_vec()), option::of(select(Signature::ALL.to_vec()))), 0..3);
    let remark = || option::of(select(vec!["a remark", "two\nlines", "##[x]"]));
    (
        select(vec![1, 3, 9, 50000_u64]),
        tag,
        option::of(0..9_u32),
        option::of(any::<bool>()),
        any::<bool>(),
        keep,
        remark(),
    )
        .prop_map(|(id, tag, more, auto_renewal, prune, keep, remark)| {
            let remark = remark.map(str::to_owned);
            let keep: BTreeMap<_, _> = keep.into_iter().map(|(key, signature)| (ip(key), signature)).collect();
            let slots = more.map(|more| keep.len() as u32 + more);
            OrderToWrite {
                comments: remark.iter().cloned().collect(),
                tag: tag.map(Into::into),
                p0f_slots: slots.map(|value| Remarked::Value { value, remark: remark.clone() }),
                auto_renewal,
                prune,
                keep: keep.into_iter().map(|value| Remarked::Value { value, remark: remark.clone() }).collect(),
                ..OrderToWrite::new(order_id(id))
            }
        })
}

fn edits_of(styled: &Styled, fates: &[Fates], new_orders: Vec<OrderToWrite>) -> Edits {
    let orders = styled.orders.iter().zip(fates).filter(|(order, _)| order.keep.is_some()).map(|(order, fates)| {
        let (add, remove): (Vec<_>, Vec<_>) = fates.iter().partition(|(_, fate)| fate.is_some());
        OrderEdits {
            order_id: order_id(order.id),
            add: add.into_iter().filter_map(|(ip, fate)| Some((*ip, (*fate)?))).collect(),
            remove: remove.into_iter().map(|(ip, _)| *ip).collect(),
        }
    });
    Edits { new_orders, orders: orders.collect() }
}

/// Reads what a text declares, which may be no order: another file declares one that is left out again.
fn declared(text: &str) -> Document {
    const OTHER: u64 = 99_999;
    let other = format!("version: 1\norders: {{{OTHER}: }}\n");
    let manifest = parsed_files(&[("shardctl.yaml", text), ("other.yaml", &other)]);
    let mut document = meaning(&manifest.desired.unwrap_or_else(|| panic!("{:?}\n{text}", manifest.problems)));
    document.orders.remove(&order_id(OTHER));
    document
}

/// Says what a manifest shall declare after the edits; `None` where a `keep` would be empty.
fn expected(mut document: Document, edits: &Edits) -> Option<Document> {
    for edits in &edits.orders {
        let keep = document.orders.get_mut(&edits.order_id).unwrap().keep.as_mut().unwrap();
        for (ip, signature) in &edits.add {
            keep.entry(KeepKey::Address(*ip)).or_insert(*signature);
        }
        edits.remove.iter().for_each(|ip| _ = keep.remove(&KeepKey::Address(*ip)));
        if keep.is_empty() {
            return None;
        }
    }
    for order in &edits.new_orders {
        let keep: BTreeMap<_, _> = order.kept().map(|(ip, signature)| (KeepKey::Address(ip), signature)).collect();
        document.orders.entry(order.order_id).or_insert_with(|| OrderDocument {
            tag: order.tag.as_ref().map(|tag| tag.raw().to_owned()),
            p0f_slots: order.p0f_slots.as_ref().and_then(Remarked::value).copied(),
            auto_renewal: order.auto_renewal,
            prune: order.prune,
            keep: (!keep.is_empty()).then_some(keep),
        });
    }
    Some(document)
}

proptest! {
    #![proptest_config(tries(700))]

    #[test]
    fn the_result_declares_the_same_but_for_the_edits_and_is_edited_once(
        styled in any_styled(),
        fates in vec(any_fates(), 3),
        new_orders in vec(any_new_order(), 0..3),
    ) {
        let text = styled.text();
        let edits = edits_of(&styled, &fates, new_orders);
        let Some(expected) = expected(declared(&text), &edits) else {
            prop_assert!(matches!(apply(&text, &edits), Err(NotEditable::KeepWouldBeEmpty { .. })), "{}", text);
            return Ok(());
        };
        let edited = apply(&text, &edits);
        let edited = edited.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(declared(&edited.text), expected, "{}\n{}", text, edited.text);
        prop_assert_eq!(edited.changes.is_empty(), edited.text == text);
        prop_assert_eq!(edited.text.ends_with('\n'), text.ends_with('\n'), "{:?}\n{:?}", text, edited.text);
        let other = edited.text.replace("\r\n", "");
        prop_assert!(!if styled.crlf { other.contains('\n') } else { edited.text.contains('\r') }, "{:?}", edited.text);
        if styled.root == Root::Json {
            let json = edited.text.trim_start_matches('\u{feff}');
            prop_assert!(json.contains("\\U") || serde_json::from_str::<serde_json::Value>(json).is_ok(), "{}", json);
        }
        let again = apply(&edited.text, &edits).unwrap();
        prop_assert_eq!(again.text, edited.text);
        prop_assert!(again.changes.is_empty());
    }

    #[test]
    fn what_is_removed_is_gone_and_nothing_else(styled in any_styled(), mut fates in vec(any_fates(), 3)) {
        fates.iter_mut().flatten().for_each(|(_, fate)| *fate = None);
        let edits = edits_of(&styled, &fates, Vec::new());
        let text = styled.text();
        if expected(declared(&text), &edits).is_none() {
            return Ok(());
        }
        let leaves = |id: u64, key: KeepKey| {
            let edits = edits.orders.iter().find(|edits| edits.order_id == order_id(id));
            edits.is_some_and(|edits| key.address().is_some_and(|ip| edits.remove.contains(&ip)))
        };
        prop_assert_eq!(edited(&text, &edits), styled.clone().without(leaves).text(), "{}", text);
    }

    #[test]
    fn what_is_added_and_removed_again_leaves_nothing_behind(styled in any_styled(), mut fates in vec(any_fates(), 3)) {
        let text = styled.text();
        let before = declared(&text);
        for (order, fates) in styled.orders.iter().zip(&mut fates) {
            let keep = before.orders[&order_id(order.id)].keep.clone().unwrap_or_default();
            fates.retain(|ip, fate| fate.is_some() && !keep.contains_key(&KeepKey::Address(*ip)));
        }
        let with = edited(&text, &edits_of(&styled, &fates, Vec::new()));
        fates.iter_mut().flatten().for_each(|(_, fate)| *fate = None);
        prop_assert_eq!(edited(&with, &edits_of(&styled, &fates, Vec::new())), text, "{}", with);
    }
}
