//! Our reader against a YAML reader that knows nothing of positions: what both take means the same to both.

use std::fs;
use std::net::IpAddr;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use shardctl::manifest::document::{KeepKey, LimitsDocument};
use shardctl::model::{NotARange, ProxyIp};

use super::*;
use crate::fuzz::properties::{OLD_LINE_ENDS, assert_editable, assert_other_reader_agrees, assert_shown};
use crate::fuzz::tries;

proptest! {
    #![proptest_config(tries(256))]

    #[test]
    fn what_is_written_is_read_back(document in any_document()) {
        let text = serde_yaml::to_string(&document).unwrap();
        prop_assert_eq!(meaning(&desired(&text)), document, "{}", text);
    }
}

proptest! {
    #![proptest_config(tries(4000))]

    #[test]
    fn a_damaged_manifest_is_read_rightly_or_not_at_all(
        base in any_text(),
        damages in vec((any::<prop::sample::Index>(), any_damage()), 1..4),
    ) {
        let text = damages.into_iter().fold(base, |text, (at, damage)| damage.apply(text, at));
        let manifest = parsed(&text);
        assert_sound(&manifest, Path::new(&text));
        assert_shown(&manifest);
        if let Some(desired) = &manifest.desired {
            assert_other_reader_agrees(&text, &meaning(desired));
            assert_editable(&text, desired);
        }
    }
}

#[test]
fn every_valid_case_means_the_same_to_both() {
    for case in ["every-field", "flow-style", "slots-equal-to-signatures"] {
        let text = fs::read_to_string(format!("tests/manifest/valid-{case}/shardctl.yaml")).unwrap();
        // The other reader takes no quoted number as an order id.
        let text = text.replace("\"48213\"", "48213");
        assert_eq!(meaning(&desired(&text)), serde_yaml::from_str(&text).unwrap(), "{case}");
    }
}

fn any_document() -> impl Strategy<Value = Document> {
    let limits = (option::of(any::<u64>()), option::of(0..=100_u8), option::of(any::<u32>()));
    let limits = limits.prop_map(|(max_charge_cents, max_removal_percent, removals)| LimitsDocument {
        max_charge_cents,
        max_removal_percent,
        max_removals: removals.map(|removals| removals as usize),
    });
    let orders = btree_map((1..=u64::MAX).prop_map(order_id), any_order(), 1..4);
    (option::of(limits), orders).prop_map(|(limits, orders)| Document { version: 1, limits, orders })
}

fn any_order() -> impl Strategy<Value = OrderDocument> {
    let tag = prop_oneof![
        "\\PC{1,20}",
        any::<String>().prop_filter("a tag is not empty", |tag| !tag.is_empty()),
        prop::sample::select(vec![
            "null", "~", "7", "0x7", "yes", "- a", "a: b", "a # b", " a ", "'", "\"", "*a", "<<"
        ])
        .prop_map(str::to_owned),
    ];
    let signature = option::of(prop::sample::select(Signature::ALL.to_vec()));
    let keep = btree_map(any_key(), signature, 1..8);
    let tag = tag.prop_filter("the writer breaks lines at it", |tag| !tag.contains(OLD_LINE_ENDS));
    let renewal = option::of(any::<bool>());
    let fields = (option::of(tag), option::of(0..1000_u32), renewal, any::<bool>(), option::of(keep));
    fields.prop_map(|(tag, more, auto_renewal, prune, keep)| {
        let of_address = |(key, signature): (&KeepKey, &Option<Signature>)| key.address().and(*signature);
        let signatures = keep.iter().flatten().filter_map(of_address).count() as u32;
        OrderDocument { tag, p0f_slots: more.map(|more| signatures + more), auto_renewal, prune, keep }
    })
}

fn any_key() -> impl Strategy<Value = KeepKey> {
    let range = (any_ip(), 0..=128_u8).prop_map(|(ip, bits)| {
        let bits = if ip.address().is_ipv4() { bits % 33 } else { bits };
        match format!("{ip}/{bits}").parse() {
            Ok(range) | Err(NotARange::HostBits { meant: range }) => range,
            Err(NotARange::Malformed) => panic!("{ip}/{bits} is a range"),
        }
    });
    prop_oneof![4 => any_ip().prop_map(KeepKey::Address), 1 => range.prop_map(KeepKey::Range)]
}

pub fn any_ip() -> impl Strategy<Value = ProxyIp> {
    let v6 = prop_oneof![
        any::<u128>(),
        any::<u16>().prop_map(u128::from),
        any::<u8>().prop_map(|high| u128::from(high) << 120)
    ];
    prop_oneof![any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())), v6.prop_map(|bits| IpAddr::V6(bits.into()))]
        .prop_map(ProxyIp::new)
}

/// A manifest to start from: one that was written, or one of the cases.
fn any_text() -> impl Strategy<Value = String> {
    let mut cases = Vec::new();
    for folder in fs::read_dir("tests/manifest").unwrap().map(|entry| entry.unwrap().path()) {
        for file in folder.is_dir().then(|| fs::read_dir(folder).unwrap()).into_iter().flatten() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap_or_default();
            if path.extension().is_some_and(|extension| extension == "yaml") && text.len() < 2000 {
                cases.push(text);
            }
        }
    }
    cases.sort();
    let written = any_document().prop_map(|document| serde_yaml::to_string(&document).unwrap());
    prop_oneof![3 => written, 1 => prop::sample::select(cases)]
}

/// A small change to a text, such as a slip of the hand or a bad merge.
#[derive(Debug, Clone)]
enum Damage {
    Insert(String),
    Remove(usize),
    RepeatLine,
    RemoveLine,
    IndentLine,
    InsertAtEnd(&'static str),
    CutOff,
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let pieces = [
        " ",
        "  ",
        "\n",
        "\t",
        ":",
        ": ",
        "- ",
        "? ",
        ",",
        "[",
        "]",
        "{",
        "}",
        "#",
        " #",
        "&a ",
        "*a",
        "!!str ",
        "!",
        "|\n",
        ">-\n",
        "'",
        "\"",
        "%",
        "@",
        "`",
        "~",
        "null",
        "<<: ",
        "\n---\n",
        "\n...\n",
        "\u{feff}",
        "\r",
        "\r\n",
        "é",
        "🦀",
        "\u{85}",
        "\u{2028}",
        "\u{1b}[31m",
        "\0",
        "0",
        "1",
        "-1",
        "true",
        "\\",
        "\\x",
        "keep:",
        "tag:",
        "203.0.113.10:",
        "::1:",
    ];
    prop_oneof![
        4 => prop::sample::select(pieces.to_vec()).prop_map(|piece| Damage::Insert(piece.to_owned())),
        1 => any::<char>().prop_map(|character| Damage::Insert(character.to_string())),
        3 => (1..4_usize).prop_map(Damage::Remove),
        3 => prop::sample::select(vec!["\r", " # why", " ", "\t", "\n", "\n\n", "\n# why", "\n      "]).prop_map(Damage::InsertAtEnd),
        1 => Just(Damage::RepeatLine),
        1 => Just(Damage::RemoveLine),
        1 => Just(Damage::IndentLine),
        1 => Just(Damage::CutOff),
    ]
}

impl Damage {
    fn apply(&self, text: String, at: prop::sample::Index) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len() + 1);
        let start = characters[..at].iter().rposition(|character| *character == '\n').map_or(0, |found| found + 1);
        let end =
            characters[at..].iter().position(|character| *character == '\n').map_or(characters.len(), |n| at + n + 1);
        let line: Vec<char> = characters[start..end].to_vec();
        match self {
            Damage::Insert(piece) => _ = characters.splice(at..at, piece.chars()),
            Damage::Remove(count) => _ = characters.drain(at..(at + count).min(characters.len())),
            Damage::InsertAtEnd(piece) => {
                let before_the_break = if line.ends_with(&['\n']) { end - 1 } else { end };
                _ = characters.splice(before_the_break..before_the_break, piece.chars());
            }
            Damage::RepeatLine => _ = characters.splice(start..start, line),
            Damage::RemoveLine => _ = characters.drain(start..end),
            Damage::IndentLine => characters.insert(start, ' '),
            Damage::CutOff => characters.truncate(at),
        }
        characters.into_iter().collect()
    }
}
