//! The names of what a place keeps: `48213.json` is the record of an order, `history/20261123T021300Z-4f3a9c.json` a run.
//!
//! Nothing else is read, written or removed by its name, so that no name leads anywhere else.

use std::fmt;

use jiff::Timestamp;

use super::error::{StoreError, StoreErrorKind};
use super::random::random_hex;
use crate::model::{Foreign, OrderId};

/// The folder of the runs.
pub const HISTORY: &str = "history";

/// A larger file is no record: one of 100,000 IPs takes about 8 MB.
pub const MAX_RECORD_BYTES: u64 = 64 << 20;

/// A larger file is no run.
pub const MAX_RUN_BYTES: u64 = 16 << 20;

const SUFFIX: &str = ".json";
const MOMENT: &str = "%Y%m%dT%H%M%SZ";
/// What the names of probes begin with.
const PROBE: &str = "probe-";
const PROBE_DIGITS: usize = 16;
/// Digits of a run's random part.
const RANDOM_DIGITS: usize = 6;
/// Digits before the random ones: the milliseconds, by which runs of one second sort. Names without them are as good.
const FRACTION_DIGITS: usize = 3;

/// The name of a run in the history: when it began, by the second and in UTC, and a part that is random but for its first
/// digits, which count the milliseconds. Names sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunName(String);

impl RunName {
    /// Makes a name that no other run has.
    pub(super) fn fresh(started: Timestamp) -> RunName {
        let milliseconds = started.as_millisecond().rem_euclid(1000);
        RunName(format!("{}-{milliseconds:0FRACTION_DIGITS$x}{}", started.strftime(MOMENT), random_hex(RANDOM_DIGITS)))
    }

    /// Reads a name; `None`: it is no run's.
    pub fn parse(text: &str) -> Option<RunName> {
        let (moment, random) = text.split_once('-')?;
        let is_moment = moment.len() == 16
            && moment.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                15 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            });
        let is_random = [RANDOM_DIGITS, FRACTION_DIGITS + RANDOM_DIGITS].contains(&random.len()) && is_hex(random);
        (is_moment && is_random).then(|| RunName(text.to_owned()))
    }

    /// Returns whether the run began before a moment, by the second.
    pub fn is_before(&self, moment: Timestamp) -> bool {
        // Names sort by time, and one that begins with the moment stands behind it.
        self.0 < moment.strftime(MOMENT).to_string()
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Returns the name of an order's record.
pub fn record_name(order_id: OrderId) -> String {
    format!("{order_id}{SUFFIX}")
}

/// Returns the order whose record a name is.
pub(super) fn order_of(name: &str) -> Option<OrderId> {
    name.strip_suffix(SUFFIX)?.parse().ok()
}

/// Returns the name of a run's file.
pub(super) fn run_file(run: &RunName) -> String {
    format!("{HISTORY}/{run}{SUFFIX}")
}

/// Returns the run whose file a name is.
pub(super) fn run_of(name: &str) -> Option<RunName> {
    RunName::parse(name.strip_prefix(HISTORY)?.strip_prefix('/')?.strip_suffix(SUFFIX)?)
}

/// Returns the name of what is in a folder by the name that the folder's listing gives it; `None`: it belongs to others.
pub(super) fn listed(folder: &str, entry: &str) -> Option<String> {
    let name = if folder.is_empty() { entry.to_owned() } else { format!("{folder}/{entry}") };
    check(&name).is_ok().then_some(name)
}

/// Fails where a text names neither a record nor a run.
pub(super) fn check(name: &str) -> Result<(), StoreError> {
    if order_of(name).is_some() || run_of(name).is_some() {
        return Ok(());
    }
    let name = Foreign::new(name);
    Err(StoreError::bad_place(format!("`{}` names neither a record nor a run", name.printable())))
}

/// Fails where more is to be written than would ever be read.
pub(super) fn check_size(name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    match bytes.len() as u64 > limit(name) {
        true => {
            Err(StoreError::new(StoreErrorKind::TooLarge, format!("cannot write {}: {}", words(name), too_large(name))))
        }
        false => Ok(()),
    }
}

/// Returns the most bytes that something of this name has.
pub(super) fn limit(name: &str) -> u64 {
    if run_of(name).is_some() { MAX_RUN_BYTES } else { MAX_RECORD_BYTES }
}

/// Says that something is beyond its limit.
pub(super) fn too_large(name: &str) -> &'static str {
    if run_of(name).is_some() { "it is too large to be a run" } else { "it is too large to be a record" }
}

/// Says what a name stands for.
pub(super) fn words(name: &str) -> String {
    match order_of(name) {
        Some(order_id) => format!("the state of order {order_id}"),
        None => format!("`{}`", Foreign::new(name).printable()),
    }
}

/// Makes the name of a file by which it is tried whether a directory can be written to.
pub(super) fn probe_file() -> String {
    format!("{PROBE}{}{SUFFIX}", random_hex(PROBE_DIGITS))
}

/// Returns whether a name is one of [`probe_file`].
pub(super) fn is_probe(name: &str) -> bool {
    name.strip_suffix(SUFFIX).is_some_and(is_probe_stem)
}

fn is_probe_stem(stem: &str) -> bool {
    stem.strip_prefix(PROBE).is_some_and(|random| random.len() == PROBE_DIGITS && is_hex(random))
}

/// Returns whether a text, such as the stem of a leftover's name, is the stem of something that is written here.
pub(super) fn is_stem(text: &str) -> bool {
    text.parse::<OrderId>().is_ok() || RunName::parse(text).is_some() || is_probe_stem(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_records_and_runs_have_names() {
        let runs = ["history/20261123T021300Z-4f3a9c.json", "history/20261123T021300Z-3844f3a9c.json"];
        for name in ["48213.json", "1.json"].into_iter().chain(runs) {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let others = [
            "",
            ".json",
            "0.json",
            "007.json",
            "1.JSON",
            "1.json/",
            "/1.json",
            "./1.json",
            "../1.json",
            "a/1.json",
            "lock.json",
            "probe.json",
            ".lock",
            "history",
            "history/",
            "history/1.json",
            "history/../1.json",
            "history\\20261123T021300Z-4f3a9c.json",
            "history//20261123T021300Z-4f3a9c.json",
            "history/20261123T021300Z-4F3A9C.json",
            "history/20261123T021300-4f3a9c.json",
            "history/20261123T021300Z-4f3a9.json",
            "history/20261123T021300Z-4f3a9c1.json",
            "history/x/20261123T021300Z-4f3a9c.json",
            "1.json\0",
            "20261123T021300Z-4f3a9c.json",
            "history/\u{662}0261123T021300Z-4f3a9c.json",
        ];
        for name in others {
            assert_eq!(check(name).map_err(|error| error.kind), Err(StoreErrorKind::BadPlace), "{name}");
        }
    }

    #[test]
    fn a_fresh_run_has_a_name_that_sorts_by_its_start() {
        let at = |text: &str| RunName::fresh(text.parse().expect("a moment"));
        let (first, second) = (at("2026-11-23T02:13:00.9Z"), at("2026-11-23T02:13:01Z"));
        assert!(first < second && first.as_str().starts_with("20261123T021300Z-384"), "{first} {second}");
        let (before, first_of_all) = (at("2026-11-23T02:13:00.899Z"), at("2026-11-23T02:13:00Z"));
        assert!(first_of_all < before && before < first, "{first_of_all} {before} {first}");
        let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
        assert!(!first.is_before(moment("2026-11-23T02:13:00Z")) && first.is_before(moment("2026-11-23T02:13:01Z")));
        assert_eq!(run_of(&run_file(&first)), Some(first));
    }
}
