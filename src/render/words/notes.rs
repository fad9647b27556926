//! Notes in words, those of one code not without end.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::addresses::wrapped;
use crate::diagnostic::{Note, NoteCode};
use crate::model::{AddressRun, ProxyIp};
use crate::render::shown::FOLD_AFTER;

/// A note in words.
pub(in crate::render) struct NoteWords<'a> {
    /// The code.
    pub(in crate::render) code: NoteCode,
    /// The remark, or what stands before its list.
    pub(in crate::render) message: Cow<'a, str>,
    /// The IPs that it names, where they do not fit behind the message.
    pub(in crate::render) lines: Vec<String>,
}

/// The longest list of IPs that stays in its sentence.
const SHORT_LIST: usize = 60;

/// Puts notes into words; of more than 20 of one code, the rest is counted unless all are asked for.
pub(in crate::render) fn notes(notes: &[Note], verbose: bool) -> Vec<NoteWords<'_>> {
    let mut numbers: BTreeMap<NoteCode, usize> = BTreeMap::new();
    let mut words = Vec::new();
    for (at, note) in notes.iter().enumerate() {
        let number = numbers.entry(note.code).or_default();
        *number += 1;
        if verbose || *number <= FOLD_AFTER {
            words.push(NoteWords::new(note));
        } else if *number == FOLD_AFTER + 1 {
            let others: Vec<&Note> = notes[at..].iter().filter(|other| other.code == note.code).collect();
            words.push(NoteWords::of_others(note.code, &others));
        }
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

    /// Counts notes of one code, and names the IPs that they belong to.
    fn of_others(code: NoteCode, notes: &[&Note]) -> NoteWords<'static> {
        let mut ips: Vec<ProxyIp> = notes.iter().filter_map(|note| note.ip).collect();
        ips.sort_unstable();
        let end = if ips.is_empty() { "" } else { ":" };
        let message = format!("and {} more like these (shown by -v){end}", notes.len());
        NoteWords { code, message: Cow::Owned(message), lines: wrapped(&ips) }
    }
}
