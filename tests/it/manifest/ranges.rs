//! Ranges in `keep`: how they are read, and which active IP each of them decides about.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use shardctl::model::{Keep, KeptIp, KeptRange, NotARange, ProxyIp, ProxyRange, SourceId};
use shardctl::plan::{Covered, Resolved, resolve};

use super::*;
use crate::fuzz::tries;

fn ip(text: &str) -> ProxyIp {
    text.parse().unwrap()
}

fn range(text: &str) -> ProxyRange {
    text.parse().unwrap()
}

fn keep_of(lines: &str) -> Keep {
    let text = format!("version: 1\norders: {{1: {{keep: {{{lines}}}}}}}");
    desired(&text).orders.remove(&order_id(1)).unwrap().keep.unwrap()
}

#[test]
fn a_range_is_the_same_in_every_spelling() {
    for spelling in ["2001:db8::/32", "2001:DB8:0:0::/32", "2001:0db8:0:0:0:0:0:0/32"] {
        assert_eq!(range(spelling), range("2001:db8::/32"), "{spelling}");
    }
    assert_eq!(range("::ffff:198.51.100.0/120"), range("198.51.100.0/24"));
    assert_eq!(range("::ffff:0:0/96"), range("0.0.0.0/0"));
    assert_eq!(range("198.51.100.0/24").to_string(), "198.51.100.0/24");
}

#[test]
fn a_text_that_is_no_range_is_refused() {
    for text in ["", "/", "1.2.3.4", "1.2.3.0/33", "::/129", "1.2.3.0/024", "1.2.3.0/+8", "1.2.3.0/", "1.2.3/24", "/8"]
    {
        assert_eq!(text.parse::<ProxyRange>(), Err(NotARange::Malformed), "{text}");
    }
    for (text, meant) in [("203.0.113.7/24", "203.0.113.0/24"), ("1.2.3.4/0", "0.0.0.0/0"), ("::1/127", "::/127")] {
        assert_eq!(text.parse::<ProxyRange>(), Err(NotARange::HostBits { meant: range(meant) }), "{text}");
    }
}

#[test]
fn all_ips_of_a_family_can_be_kept() {
    let keep = keep_of("0.0.0.0/0: win11");
    let active = ["0.0.0.0", "203.0.113.10", "255.255.255.255", "::1"].map(ip);
    let resolved = resolve(&keep, active);
    let decided: Vec<_> = resolved.covered.iter().map(|covered| covered.map(|covered| covered.signature)).collect();
    assert_eq!(
        decided,
        [Some(Some(Signature::Win11)), Some(Some(Signature::Win11)), Some(Some(Signature::Win11)), None]
    );
    assert!(resolve(&keep_of("\"::/0\": "), active).covered[3].is_some());
}

#[test]
fn the_longest_prefix_decides_and_an_address_before_any() {
    let keep = keep_of(
        "203.0.113.7: ios, 203.0.113.7/32: linux, 203.0.113.8/32: linux, 203.0.113.0/29: win10, 203.0.113.0/24: win11",
    );
    let active = ["203.0.113.6", "203.0.113.7", "203.0.113.8", "203.0.113.200", "203.0.114.0"].map(ip);
    let resolved = resolve(&keep, active);
    let decided = |covered: &Option<Covered>| covered.map(|it| (it.signature.unwrap(), it.range));
    let decided: Vec<_> = resolved.covered.iter().map(decided).collect();
    let expected = [
        Some((Signature::Win10, Some(range("203.0.113.0/29")))),
        Some((Signature::Ios, None)),
        Some((Signature::Linux, Some(range("203.0.113.8/32")))),
        Some((Signature::Win11, Some(range("203.0.113.0/24")))),
        None,
    ];
    assert_eq!(decided, expected);
    assert_eq!(resolved.covered[1].unwrap().span, keep.addresses[&ip("203.0.113.7")].span);
}

#[test]
fn a_range_whose_ips_are_all_decided_by_others_is_not_empty() {
    let keep =
        keep_of("203.0.113.0/24: win11, 203.0.113.0/25: , 203.0.113.1: ios, 203.0.113.2: ios, 203.0.113.128/25: ");
    let resolved = resolve(&keep, [ip("203.0.113.1")]);
    let empty: Vec<_> = resolved.empty.iter().map(|(range, _)| range.to_string()).collect();
    assert_eq!(empty, ["203.0.113.128/25"]);
    let missing: Vec<_> = resolved.missing.iter().map(|(ip, _)| ip.to_string()).collect();
    assert_eq!(missing, ["203.0.113.2"]);
}

/// Looks at every entry for every IP.
fn resolve_one_by_one<'a>(keep: &'a Keep, active: &BTreeSet<ProxyIp>) -> Resolved<'a> {
    let cover = |ip: &ProxyIp| {
        let address = keep.addresses.get(ip).map(|it| Covered { signature: it.signature, span: it.span, range: None });
        let around = keep.ranges.iter().filter(|(range, _)| range.contains(*ip));
        let smallest = around.max_by_key(|(range, _)| range.prefix_len());
        address.or(smallest.map(|(range, it)| Covered { signature: it.signature, span: it.span, range: Some(*range) }))
    };
    let is_empty = |range: ProxyRange| !active.iter().any(|ip| range.contains(*ip));
    Resolved {
        covered: active.iter().map(cover).collect(),
        missing: keep.addresses.iter().filter(|(ip, _)| !active.contains(*ip)).map(|(ip, it)| (*ip, it)).collect(),
        empty: keep.ranges.iter().filter(|(range, _)| is_empty(**range)).map(|(range, it)| (*range, it)).collect(),
    }
}

/// Addresses that are near each other, in both families, so that ranges hold many of them.
fn near_ip() -> impl Strategy<Value = ProxyIp> {
    let v4 = prop_oneof![0..40_u32, 0..4_u32, Just(u32::MAX)].prop_map(|bits| IpAddr::V4(bits.into()));
    let v6 = prop_oneof![0..40_u128, Just(u128::MAX)].prop_map(|bits| IpAddr::V6(bits.into()));
    prop_oneof![3 => v4, 1 => v6].prop_map(ProxyIp::new)
}

fn near_range() -> impl Strategy<Value = ProxyRange> {
    (near_ip(), prop_oneof![0..8_u8, 0..3_u8, 0..=128_u8]).prop_map(|(ip, open)| {
        let most = if ip.address().is_ipv4() { 32 } else { 128 };
        match format!("{ip}/{}", most - open.min(most)).parse() {
            Ok(range) | Err(NotARange::HostBits { meant: range }) => range,
            Err(NotARange::Malformed) => panic!("{ip} with {open} open bits is a range"),
        }
    })
}

fn any_keep() -> impl Strategy<Value = Keep> {
    let signature = || prop::option::of(prop::sample::select(Signature::ALL.to_vec()));
    (vec((near_ip(), signature()), 0..12), vec((near_range(), signature()), 0..12)).prop_map(|(addresses, ranges)| {
        let span = |at: usize| Span { file: SourceId(0), start: at as u32, end: at as u32 };
        let addresses = addresses.into_iter().zip(0..);
        let ranges = ranges.into_iter().zip(100..);
        Keep {
            addresses: addresses.map(|((ip, signature), at)| (ip, KeptIp { signature, span: span(at) })).collect(),
            ranges: ranges.map(|((range, signature), at)| (range, KeptRange { signature, span: span(at) })).collect(),
        }
    })
}

proptest! {
    #![proptest_config(tries(2000))]

    #[test]
    fn one_pass_finds_what_a_look_at_every_entry_finds(keep in any_keep(), active in btree_set(near_ip(), 0..20)) {
        prop_assert_eq!(resolve(&keep, active.iter().copied()), resolve_one_by_one(&keep, &active));
    }
}

/// Prints the time; run alone, as `cargo test --test it -- --ignored --nocapture 40_000_ips`.
#[test]
#[ignore = "a measurement, not a test"]
#[allow(clippy::print_stderr)]
fn ranges_over_40_000_ips() {
    let active: Vec<_> =
        (0..40_000_u32).map(|bits| ProxyIp::new(Ipv4Addr::from_bits(203 << 24 | bits).into())).collect();
    let lines = (0..1000_u32).map(|bits| format!("{}/27: linux, ", Ipv4Addr::from_bits(203 << 24 | bits << 5)));
    let keep = keep_of(&lines.collect::<String>());
    let start = Instant::now();
    let resolved = resolve(&keep, active.iter().copied());
    eprintln!("{:?}", start.elapsed());
    assert_eq!(resolved.covered.iter().flatten().count(), 32_000);
}
