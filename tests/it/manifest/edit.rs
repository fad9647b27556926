//! Changing a manifest's text in place: the examples show how it looks, the properties say what always holds.

use shardctl::manifest::edit::{Change, Edits, NotEditable, OrderEdits, apply};
use shardctl::manifest::write::{OrderToWrite, Remarked};
use shardctl::model::ProxyIp;

use super::*;

mod properties;
mod styled;

fn ip(text: &str) -> ProxyIp {
    text.parse().unwrap()
}

/// Edits of one order: words such as `+203.0.113.7:win11`, `+203.0.113.8` and `-203.0.113.9`.
fn edits(id: u64, words: &str) -> Edits {
    let mut edits = OrderEdits { order_id: order_id(id), add: Vec::new(), remove: Vec::new() };
    for word in words.split(' ') {
        let (sign, address) = word.split_at(1);
        match (sign, address.split_once('=')) {
            ("+", Some((address, signature))) => edits.add.push((ip(address), Some(signature.parse().unwrap()))),
            ("+", None) => edits.add.push((ip(address), None)),
            _ => edits.remove.push(ip(address)),
        }
    }
    Edits { new_orders: Vec::new(), orders: vec![edits] }
}

fn edited(text: &str, edits: &Edits) -> String {
    apply(text, edits).unwrap_or_else(|error| panic!("{error}\n{text}")).text
}

#[test]
fn a_new_address_goes_between_its_neighbours_and_one_that_left_takes_its_line_along() {
    let text = "\
version: 1   # the format

orders:
  48213:                    # scrapers
    keep:
      # Berlin
      203.0.113.10: win11   # the first
      203.0.113.12:

      # Paris, never remove
      203.0.113.20: 'linux'
    tag: eu
";
    let edits = edits(48213, "+203.0.113.1 +203.0.113.11=ios +203.0.113.99=win10 -203.0.113.10 -203.0.113.20");
    snapbox::assert_data_eq!(
        edited(text, &edits),
        snapbox::str![[r#"
version: 1   # the format

orders:
  48213:                    # scrapers
    keep:
      203.0.113.1:
      # Berlin
      203.0.113.11: ios
      203.0.113.12:

      # Paris, never remove
      203.0.113.99: win10
    tag: eu

"#]]
    );
}

#[test]
fn where_addresses_do_not_ascend_a_new_one_goes_into_the_run_that_it_fits_or_to_the_end() {
    let text = "\
version: 1
orders:
  1:
    keep:
      203.0.113.10: win11
      203.0.113.20: win11
      # the others
      198.51.100.10: linux
      198.51.100.20: linux
      192.0.2.0/24:
";
    let edits = edits(1, "+203.0.113.15 +203.0.113.99 +198.51.100.15 +198.51.100.99 +192.0.2.1 +198.51.100.1");
    snapbox::assert_data_eq!(
        edited(text, &edits),
        snapbox::str![[r#"
version: 1
orders:
  1:
    keep:
      203.0.113.10: win11
      203.0.113.15:
      203.0.113.20: win11
      # the others
      198.51.100.10: linux
      198.51.100.15:
      198.51.100.20: linux
      198.51.100.99:
      203.0.113.99:
      192.0.2.0/24:
      192.0.2.1:
      198.51.100.1:

"#]]
    );
}

#[test]
fn braces_are_edited_in_their_own_style() {
    let adds = "+203.0.113.1=ios +203.0.113.15 +203.0.113.99=win10 +2001:db8::1=linux";
    let removes = "-203.0.113.10 -203.0.113.20";
    for (keep, added, removed) in [
        (
            "{203.0.113.10: win11, 203.0.113.12: , 203.0.113.20: linux}",
            "{203.0.113.1: ios, 203.0.113.10: win11, 203.0.113.12: , 203.0.113.15: null, 203.0.113.20: linux, \
             203.0.113.99: win10, \"2001:db8::1\": linux}",
            "{203.0.113.12: }",
        ),
        (
            "{ \"203.0.113.10\": \"win11\", \"203.0.113.12\": null, \"203.0.113.20\": \"linux\" }",
            "{ \"203.0.113.1\": \"ios\", \"203.0.113.10\": \"win11\", \"203.0.113.12\": null, \"203.0.113.15\": null, \
             \"203.0.113.20\": \"linux\", \"203.0.113.99\": \"win10\", \"2001:db8::1\": \"linux\" }",
            "{ \"203.0.113.12\": null }",
        ),
        (
            "{  # all\n      203.0.113.10: win11,  # a\n      # b\n      203.0.113.12:,\n      203.0.113.20: linux  # c\n    }",
            "{  # all\n      203.0.113.1: ios,\n      203.0.113.10: win11,  # a\n      # b\n      203.0.113.12:,\n      \
             203.0.113.15: null,\n      203.0.113.20: linux,  # c\n      203.0.113.99: win10,\n      \
             \"2001:db8::1\": linux\n    }",
            "{  # all\n      # b\n      203.0.113.12:\n    }",
        ),
        (
            "{\n      203.0.113.10: win11, 203.0.113.12,\n      203.0.113.20: linux,\n    }",
            "{\n      203.0.113.1: ios, 203.0.113.10: win11, 203.0.113.12, 203.0.113.15: null,\n      \
             203.0.113.20: linux,\n      203.0.113.99: win10,\n      \"2001:db8::1\": linux,\n    }",
            "{\n      203.0.113.12,\n    }",
        ),
    ] {
        let whole = |keep: &str| format!("version: 1\norders:\n  1:\n    keep: {keep}\n    tag: eu\n");
        assert_eq!(edited(&whole(keep), &edits(1, adds)), whole(added));
        assert_eq!(edited(&whole(keep), &edits(1, removes)), whole(removed));
    }
}

#[test]
fn line_ends_a_byte_order_mark_and_a_missing_last_line_break_stay() {
    let text = "\u{feff}version: 1\r\norders:\r\n  1:\r\n    keep:\r\n      \"203.0.113.10\": win11\r\n      \"203.0.113.12\":";
    let with = edited(text, &edits(1, "+203.0.113.11=ios +203.0.113.13"));
    let start = "\u{feff}version: 1\r\norders:\r\n  1:\r\n    keep:\r\n      \"203.0.113.10\": win11\r\n      \
                 \"203.0.113.11\": ios\r\n      \"203.0.113.12\":";
    assert_eq!(with, format!("{start}\r\n      \"203.0.113.13\":"));
    assert_eq!(edited(&with, &edits(1, "-203.0.113.11 -203.0.113.13")), text);
}

fn new_order(id: u64) -> OrderToWrite {
    let keep = [("203.0.113.1", Some(Signature::Ios)), ("203.0.113.2", None), ("2001:db8::1", Some(Signature::Linux))];
    OrderToWrite {
        comments: vec!["renews on 2026-12-01".to_owned()],
        tag: Some("eu, us: 1".into()),
        p0f_slots: Some(Remarked::Value { value: 4, remark: Some("2 now".to_owned()) }),
        auto_renewal: Some(true),
        prune: false,
        keep: keep.map(|(address, signature)| (ip(address), signature).into()).into(),
        ..OrderToWrite::new(order_id(id))
    }
}

#[test]
fn new_orders_go_to_the_end_in_the_style_of_the_others() {
    let edits = Edits { new_orders: vec![new_order(3), OrderToWrite::new(order_id(2))], orders: Vec::new() };
    let text = "version: 1\norders:\n    1:\n        tag: eu\n        # keep: no IP stays\n\n    # the last\n    9:\n\nlimits:\n";
    snapbox::assert_data_eq!(
        edited(text, &edits),
        snapbox::str![[r#"
version: 1
orders:
    1:
        tag: eu
        # keep: no IP stays

    # the last
    9:

    3:
        # renews on 2026-12-01
        tag: 'eu, us: 1'
        p0f_slots: 4  # 2 now
        auto_renewal: true
        prune: false
        keep:
            203.0.113.1: ios
            203.0.113.2:
            2001:db8::1: linux

    2:

limits:

"#]]
    );
}

#[test]
fn new_orders_find_a_place_where_there_are_none() {
    let two =
        Edits { new_orders: vec![OrderToWrite::new(order_id(2)), OrderToWrite::new(order_id(3))], orders: vec![] };
    for (text, expected) in [
        ("version: 1\norders:\n", "version: 1\norders:\n  2:\n  3:\n"),
        ("version: 1\norders: {}   # none\n", "version: 1\norders:   # none\n  2:\n  3:\n"),
        (
            "version: 1\norders: null\n\nlimits:\n    max_removals: 7\n",
            "version: 1\norders:\n    2:\n    3:\n\nlimits:\n    max_removals: 7\n",
        ),
        ("orders: ~\n  # to come\nversion: 1", "orders:\n  # to come\n  2:\n  3:\nversion: 1"),
        ("version: 1", "version: 1\n\norders:\n  2:\n  3:"),
        ("version: 1 # a\n# b\n...\n", "version: 1 # a\n\norders:\n  2:\n  3:\n# b\n...\n"),
        ("{version: 1}", "{version: 1, orders: {2: {}, 3: {}}}"),
        ("{\"version\": 1, \"orders\": {}}", "{\"version\": 1, \"orders\": {\"2\": {}, \"3\": {}}}"),
        ("{version: 1, orders: , limits: }", "{version: 1, orders: {2: {}, 3: {}}, limits: }"),
        ("{orders: null, version: 1}", "{orders: {2: {}, 3: {}}, version: 1}"),
        ("version: 1\norders: {1: }\n", "version: 1\norders: {1: , 2: {}, 3: {}}\n"),
        ("version: 1\norders: {\n  1: {},\n}\n", "version: 1\norders: {\n  1: {},\n  2: {},\n  3: {},\n}\n"),
    ] {
        assert_eq!(edited(text, &two), expected, "{text}");
    }
    let json = Edits { new_orders: vec![new_order(3)], orders: vec![] };
    snapbox::assert_data_eq!(
        edited("{\"version\": 1, \"orders\": {\"1\": {\"keep\": {\"192.0.2.1\": null}}}}", &json),
        snapbox::str![[
            r#"{"version": 1, "orders": {"1": {"keep": {"192.0.2.1": null}}, "3": {"tag": "eu, us: 1", "p0f_slots": 4, "auto_renewal": true, "prune": false, "keep": {"203.0.113.1": "ios", "203.0.113.2": null, "2001:db8::1": "linux"}}}}"#
        ]]
    );
}

#[test]
fn what_cannot_be_edited_is_said() {
    let text = "version: 1\norders:\n  1: {keep: {203.0.113.1: }}\n  2:\n  3:\n    ? keep\n    : 203.0.113.1: linux\n";
    for (id, words, expected) in [
        (1, "-203.0.113.1", NotEditable::KeepWouldBeEmpty { order_id: order_id(1) }),
        (2, "+203.0.113.1", NotEditable::NoKeep { order_id: order_id(2) }),
        (4, "+203.0.113.1", NotEditable::NoSuchOrder { order_id: order_id(4) }),
        (1, "+203.0.113.2 -203.0.113.2", NotEditable::Contradiction { order_id: order_id(1), ip: ip("203.0.113.2") }),
        (3, "+203.0.113.2", NotEditable::Layout { line: 7 }),
    ] {
        assert_eq!(apply(text, &edits(id, words)), Err(expected), "{words}");
    }
    let few = "version: 1\norders: {1: {p0f_slots: 1, keep: {203.0.113.1: ios}}}\n";
    let too_few = NotEditable::TooFewSlots { order_id: order_id(1), slots: 1, signatures: 2 };
    assert_eq!(apply(few, &edits(1, "+203.0.113.2=ios")), Err(too_few));
    assert!(apply(few, &edits(1, "+203.0.113.2=ios -203.0.113.1")).is_ok());
    assert_eq!(apply("version: 2\n", &Edits::default()), Err(NotEditable::Invalid));
    assert_eq!(apply("version: 1\rorders:\r  1:\r", &Edits::default()), Err(NotEditable::LoneReturn));
    let new = Edits { new_orders: vec![OrderToWrite::new(order_id(7))], orders: Vec::new() };
    for block in ["|", "|+", ">", ">+"] {
        let text = format!("version: 1\norders:\n  1:\n    tag: {block}\n      kept");
        assert_eq!(apply(&text, &new), Err(NotEditable::NoLastLineBreak), "{block}");
    }
    let blank_lines = "version: 1\norders:\n  1:\n    tag: |+\n      kept\n\n";
    assert_eq!(apply(blank_lines, &new), Err(NotEditable::TextAtTheEnd));
    // What is added beside a key with a question mark begins where that does, however far the key is from it.
    let marked = "version: 1\norders:\n ?  1\n :\n   keep:\n     ?   203.0.113.1\n";
    let text_of_both = "version: 1\norders:\n ?  1\n :\n   keep:\n     ?   203.0.113.1\n     203.0.113.2:\n";
    assert_eq!(edited(marked, &edits(1, "+203.0.113.2")), text_of_both);
    let order = Edits { new_orders: vec![OrderToWrite::new(order_id(7))], orders: Vec::new() };
    assert_eq!(edited("version: 1\norders:\n ?  1\n", &order), "version: 1\norders:\n ?  1\n 7:\n");
    let replaced = edited(text, &edits(1, "-203.0.113.1 +203.0.113.2"));
    assert_eq!(replaced, text.replacen("203.0.113.1: ", "203.0.113.2: null", 1));
}

#[test]
fn keys_with_a_question_mark_are_added_beside_and_removed() {
    let manifest = |keep: &str| format!("version: 1\norders:\n  1:\n    keep:\n{keep}");
    for (keep, words, expected) in [
        ("      ? 203.0.113.11\n      : linux\n", "-203.0.113.11 +203.0.113.12=ios", "      203.0.113.12: ios\n"),
        ("      ? 203.0.113.11\n      : linux\n", "-203.0.113.11 +203.0.113.10", "      203.0.113.10:\n"),
        ("      ? 203.0.113.11\n", "-203.0.113.11 +203.0.113.12", "      203.0.113.12:\n"),
        ("      ? 203.0.113.11\n      :\n", "-203.0.113.11 +203.0.113.12", "      203.0.113.12:\n"),
        (
            "      ? 203.0.113.11\n      : linux\n      203.0.113.13: ios\n",
            "-203.0.113.11 +203.0.113.12",
            "      203.0.113.12:\n      203.0.113.13: ios\n",
        ),
        (
            "      203.0.113.10:\n      ? 203.0.113.11\n      : # it leaves\n        linux\n",
            "-203.0.113.11",
            "      203.0.113.10:\n",
        ),
    ] {
        let text = manifest(keep);
        assert_eq!(edited(&text, &edits(1, words)), manifest(expected), "{text}");
    }
    // The mark alone in its line: what belongs to the key stands in three lines.
    for (mark, line) in
        [("      ?\n", 5), ("      ? # the key\n\n      # below\n", 5), ("      203.0.113.9:\n      ?\n", 6)]
    {
        for key in ["203.0.113.11\n      : linux\n", "203.0.113.11\n"] {
            let text = manifest(&format!("{mark}        {key}"));
            for text in [text.replace('\n', "\r\n"), text] {
                for words in ["-203.0.113.11 +203.0.113.12=ios", "+203.0.113.12"] {
                    assert_eq!(apply(&text, &edits(1, words)), Err(NotEditable::Layout { line }), "{words}: {text}");
                }
            }
        }
    }
}

#[test]
fn every_change_is_listed() {
    let text = "version: 1\norders: {1: {keep: {203.0.113.1: , 203.0.113.5: ios}}}\n";
    let mut edits = edits(1, "-203.0.113.1 +203.0.113.2=win11 +203.0.113.3 +203.0.113.5=linux -203.0.113.9");
    edits.new_orders = vec![OrderToWrite::new(order_id(2)), OrderToWrite::new(order_id(1))];
    let changes: Vec<_> = apply(text, &edits).unwrap().changes.iter().map(Change::to_string).collect();
    let expected = [
        "order 1: 203.0.113.1 removed",
        "order 1: 203.0.113.2 added, win11",
        "order 1: 203.0.113.3 added",
        "order 2 added",
    ];
    assert_eq!(changes, expected);
}
