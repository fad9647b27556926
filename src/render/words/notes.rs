//! Notes in words, those of one code not without end.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::addresses::wrapped;
use crate::diagnostic::{Note, NoteCode};
use crate::model::AddressRun;
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
    let mut counts: BTreeMap<NoteCode, usize> = BTreeMap::new();
    notes.iter().for_each(|note| *counts.entry(note.code).or_default() += 1);
    let mut seen: BTreeMap<NoteCode, usize> = BTreeMap::new();
    let mut words = Vec::new();
    for note in notes {
        let (number, all) = (seen.entry(note.code).or_default(), counts[&note.code]);
        *number += 1;
        if verbose || *number <= FOLD_AFTER {
            words.push(NoteWords::new(note));
        } else if *number == FOLD_AFTER + 1 {
            let message = Cow::Owned(format!("and {} more like these (shown by -v)", all - FOLD_AFTER));
            words.push(NoteWords { code: note.code, message, lines: Vec::new() });
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
}
