//! How long a large manifest takes, and how much memory.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Instant;

use super::*;

/// Prints time and peak memory; run alone, as `cargo test --test it -- --ignored --nocapture 400_000`.
#[test]
#[ignore = "a measurement, not a test"]
#[allow(clippy::print_stderr)]
fn a_manifest_of_400_000_ips() {
    let mut text = String::from("version: 1\norders:\n  48213:\n    keep:\n");
    for ip in 0..400_000 {
        _ = writeln!(text, "      {}: win11", Ipv4Addr::from_bits(203 << 24 | ip));
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), &text).unwrap();
    let bytes = text.len();
    drop(text);
    let before = memory("VmRSS");
    let start = Instant::now();
    let manifest = manifest::load(&[directory.path().to_owned()]).unwrap();
    let (loading, after) = (start.elapsed(), memory("VmHWM"));
    let start = Instant::now();
    let events = granit_parser::Parser::new_from_str(&manifest.sources.iter().next().unwrap().1.text).count();
    eprintln!("{bytes} bytes: {loading:?}, {events} events alone: {:?}", start.elapsed());
    eprintln!("resident before: {before} KiB, peak: {after} KiB");
    assert!(manifest.desired.is_some());
}

/// Reads a line of what Linux tells about this process, in KiB; 0 elsewhere.
pub fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
