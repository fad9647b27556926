//! The IPs of a step: what becomes of each, grouped by what that is.

use std::fmt::{self, Display};

use super::addresses::wrapped;
use super::weight::Weight;
use crate::model::{LiveSignature, ProxyIp, Signature, count};
use crate::plan::{DelNpItem, SignatureItem};
use crate::render::shown::{FOLD_AFTER, Shown};

/// The IPs of a step with the same change.
pub(in crate::render) struct Group<'a> {
    change: Change<'a>,
    /// They ascend.
    pub(in crate::render) ips: Vec<ProxyIp>,
}

/// What becomes of an IP.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change<'a> {
    Signature { from: Option<&'a LiveSignature>, to: Signature, takes_slot: bool },
    Stays { from: Option<bool> },
    Leaves { from: Option<bool> },
}

impl Change<'_> {
    fn weight(self) -> Weight {
        match self {
            Change::Leaves { .. } => Weight::Leaving,
            Change::Signature { takes_slot: true, .. } => Weight::Slot,
            Change::Signature { from: None, .. } | Change::Stays { from: None } => Weight::Asserted,
            Change::Signature { .. } | Change::Stays { .. } => Weight::Plain,
        }
    }
}

impl Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Change::Signature { from, to, takes_slot } => {
                let from_word = from.map(|from| from.word().unwrap_or("none".into()));
                write!(f, "{} -> {to}", from_word.as_deref().unwrap_or(UNKNOWN))?;
                f.write_str(match (takes_slot, from) {
                    (true, Some(_)) => ", takes a slot for good",
                    (true, None) => ", may take a slot for good",
                    (false, _) => "",
                })
            }
            Change::Stays { from } => write!(f, "{} -> stays", from.map_or(UNKNOWN, mark_word)),
            Change::Leaves { from } => write!(f, "{} -> leaves", from.map_or(UNKNOWN, mark_word)),
        }
    }
}

const UNKNOWN: &str = "unknown";

fn mark_word(mark: bool) -> &'static str {
    if mark { "leaves" } else { "stays" }
}

/// Groups the IPs whose signature is set.
pub(super) fn signatures(items: &[SignatureItem]) -> Vec<Group<'_>> {
    grouped(items.iter().map(|SignatureItem { ip, from, to, takes_slot }| {
        (*ip, Change::Signature { from: from.as_ref(), to: *to, takes_slot: *takes_slot })
    }))
}

/// Groups the IPs that are marked to go or to stay.
pub(super) fn marks(items: &[DelNpItem]) -> Vec<Group<'static>> {
    grouped(items.iter().map(|DelNpItem { ip, from, to, newly: _ }| match to {
        true => (*ip, Change::Leaves { from: *from }),
        false => (*ip, Change::Stays { from: *from }),
    }))
}

/// Puts together what is changed alike, the weightiest first.
fn grouped<'a>(changes: impl Iterator<Item = (ProxyIp, Change<'a>)>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (ip, change) in changes {
        match groups.iter_mut().find(|group| group.change == change) {
            Some(group) => group.ips.push(ip),
            None => groups.push(Group { change, ips: vec![ip] }),
        }
    }
    groups.sort_by_key(Group::weight);
    groups
}

impl Group<'_> {
    /// Returns what the change means to the reader.
    pub(in crate::render) fn weight(&self) -> Weight {
        self.change.weight()
    }

    /// Returns whether whoever approves the plan has to see each of the IPs.
    pub(in crate::render) fn is_named(&self) -> bool {
        self.weight() < Weight::Plain
    }

    /// Returns the signature that the IPs get, and whether it is known to be their first one.
    pub(in crate::render) fn signature(&self) -> Option<(Signature, bool)> {
        match self.change {
            Change::Signature { from, to, takes_slot: _ } => Some((to, from.is_some())),
            Change::Stays { .. } | Change::Leaves { .. } => None,
        }
    }

    /// Returns whether there are too many of the IPs to have a line each.
    pub(in crate::render) fn is_folded(&self, verbose: bool) -> bool {
        !verbose && self.ips.len() > FOLD_AFTER
    }

    /// Returns what stands at the beginning of each line.
    fn labels(&self, verbose: bool) -> Vec<String> {
        match self.is_folded(verbose) {
            true => vec![count(self.ips.len(), "IP")],
            false => self.ips.iter().map(ToString::to_string).collect(),
        }
    }

    /// Returns what stands behind the change.
    fn ending(&self, shown: &Shown<'_>) -> String {
        match (self.is_folded(shown.verbose), self.is_named()) {
            (false, _) => String::new(),
            (true, true) => ":".to_owned(),
            (true, false) => format!(" (to list them: `{}`)", shown.shows_all),
        }
    }
}

/// Writes groups line by line: up to 20 IPs of a change one by one, more of them as runs where they have to be named,
/// else as a count.
pub(in crate::render) fn lines(groups: &[&Group<'_>], shown: &Shown<'_>) -> Vec<(Weight, String)> {
    let verbose = shown.verbose;
    let labels: Vec<Vec<String>> = groups.iter().map(|group| group.labels(verbose)).collect();
    let width = labels.iter().flatten().map(String::len).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (group, labels) in groups.iter().zip(labels) {
        let (weight, change, ending) = (group.weight(), group.change, group.ending(shown));
        lines.extend(labels.iter().map(|label| (weight, format!("{label:width$}  {change}{ending}"))));
        if group.is_folded(verbose) && group.is_named() {
            lines.extend(wrapped(&group.ips).into_iter().map(|line| (weight, format!("  {line}"))));
        }
    }
    lines
}
