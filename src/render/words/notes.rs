//! Notes in words, those of one code not without end.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::addresses::wrapped;
use crate::diagnostic::{Attribute, Note, NoteCode, NoteValue};
use crate::model::{AddressRun, ProxyIp, count};
use crate::render::shown::{FOLD_AFTER, Shown};

/// A note in words.
pub(in crate::render) struct NoteWords<'a> {
    /// The code.
    pub(in crate::render) code: NoteCode,
    /// The remark, or what stands before its list.
    pub(in crate::render) message: Cow<'a, str>,
    /// The IPs that it names, where they do not fit behind the message.
    pub(in crate::render) lines: Vec<String>,
}

/// Notes that say the same, each of another IP; or a single one.
pub(in crate::render) struct Alike<'a> {
    /// The first of them.
    first: &'a Note,
    /// What they say behind the IP, or all that the single one says.
    sentence: &'a str,
    /// The IPs; none where the notes are not about one each.
    pub(in crate::render) ips: Vec<ProxyIp>,
}

impl Alike<'_> {
    /// Says it in as few words as can be, in two parts, between which the IPs stand: of a signature only what it was, what
    /// it is, and what the plan does about it.
    pub(in crate::render) fn in_few_words(&self) -> (&'static str, Cow<'_, str>) {
        let Note { attribute: Some(Attribute::Signature), from, to, .. } = self.first else {
            return ("", Cow::Borrowed(self.sentence));
        };
        match (from, to, self.sentence.rsplit_once("; ")) {
            (Some(NoteValue::Word(from)), Some(NoteValue::Word(to)), Some((_, answer))) => {
                let back = format!("this plan sets it back to {from}");
                let answer = if answer == back { "to be set back" } else { answer };
                ("signature of ", Cow::Owned(format!("from {from} to {to}; {answer}")))
            }
            _ => ("", Cow::Borrowed(self.sentence)),
        }
    }
}

/// The longest list of IPs that stays in its sentence.
const SHORT_LIST: usize = 60;

/// Puts notes into words. Unless all are asked for: where more than 20 have one code, those that say the same are one, and
/// where there are still more, the rest is counted.
pub(in crate::render) fn notes<'a>(notes: &'a [Note], shown: &Shown<'_>) -> Vec<NoteWords<'a>> {
    let mut of_code: BTreeMap<NoteCode, Vec<&Note>> = BTreeMap::new();
    notes.iter().for_each(|note| of_code.entry(note.code).or_default().push(note));
    let mut words = Vec::new();
    for note in notes {
        let all = of_code.get_mut(&note.code).map(std::mem::take).unwrap_or_default();
        match shown.verbose || all.len() <= FOLD_AFTER {
            true => words.extend(all.into_iter().map(NoteWords::new)),
            false => words.extend(in_groups(note.code, &alike(all), shown.shows_all)),
        }
    }
    words
}

/// Puts notes together that say the same of several IPs.
pub(in crate::render) fn alike<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Vec<Alike<'a>> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<Alike<'a>> = Vec::new();
    for note in notes {
        let behind = note.ip.and_then(|ip| note.message.strip_prefix(&format!("{ip} ")));
        let sentence = behind.unwrap_or(&note.message);
        let at = behind.map_or(groups.len(), |behind| *places.entry(behind).or_insert(groups.len()));
        if at == groups.len() {
            groups.push(Alike { first: note, sentence, ips: Vec::new() });
        }
        groups[at].ips.extend(note.ip.filter(|_| behind.is_some()));
    }
    groups
}

fn in_groups<'a>(code: NoteCode, groups: &[Alike<'a>], shows_all: &str) -> Vec<NoteWords<'a>> {
    let mut words: Vec<NoteWords<'a>> = groups.iter().take(FOLD_AFTER).map(NoteWords::of_alike).collect();
    let others = groups.get(FOLD_AFTER..).unwrap_or_default();
    if !others.is_empty() {
        let mut ips: Vec<ProxyIp> = others.iter().flat_map(|group| &group.ips).copied().collect();
        ips.sort_unstable();
        let end = if ips.is_empty() { "" } else { ":" };
        let message = format!("and {} more like these (to list them: `{shows_all}`){end}", others.len());
        words.push(NoteWords { code, message: Cow::Owned(message), lines: wrapped(&ips) });
    }
    words
}

impl NoteWords<'_> {
    fn new(note: &Note) -> NoteWords<'_> {
        let list = AddressRun::list(note.ips.iter().copied());
        let before = note.message.strip_suffix(list.as_str()).map(str::trim_end);
        let (message, lines) = match before.filter(|_| list.len() > SHORT_LIST) {
            Some(before) => (before, wrapped(&note.ips)),
            None => (note.message.as_str(), Vec::new()),
        };
        NoteWords { code: note.code, message: Cow::Borrowed(message), lines }
    }

    fn of_alike<'a>(group: &Alike<'a>) -> NoteWords<'a> {
        if group.ips.len() < 2 {
            return NoteWords::new(group.first);
        }
        let message = format!("each of {} {}:", count(group.ips.len(), "IP"), group.sentence);
        NoteWords { code: group.first.code, message: Cow::Owned(message), lines: wrapped(&group.ips) }
    }
}
