//! Command lines that a user is told.

use super::args::{ManifestArgs, StatePlaceArgs};
use super::order_filter::SelectionArgs;
use crate::model::printable;

/// A command line that is being written.
pub(super) struct Line(pub(super) String);

impl Line {
    pub(super) fn new(command: &str) -> Line {
        Line(command.to_owned())
    }

    pub(super) fn word(mut self, word: &str) -> Line {
        self.0.extend([" ", &shell_word(word)]);
        self
    }

    pub(super) fn flag(mut self, flag: &str, value: &str) -> Line {
        self.0.extend([" ", flag]);
        self.word(value)
    }

    pub(super) fn manifests(self, manifest: &ManifestArgs) -> Line {
        manifest.manifest.iter().fold(self, |line, path| line.flag("-f", &path.to_string_lossy()))
    }

    pub(super) fn state(self, state: &StatePlaceArgs) -> Line {
        state.state.iter().fold(self, |line, state| line.flag("--state", state))
    }

    pub(super) fn chosen(self, selection: &SelectionArgs, manifest: &ManifestArgs, state: &StatePlaceArgs) -> Line {
        let SelectionArgs { orders, all, only } = selection;
        let line = if *all { Line(self.0 + " --all") } else { self };
        let line = only
            .iter()
            .fold(line.manifests(manifest).state(state), |line, order| line.flag("--order", &order.to_string()));
        orders.iter().fold(line, |line, order| line.word(&order.to_string()))
    }
}

/// Writes a word so that a shell takes it for one.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", printable(&word.replace('\'', r"'\''"))),
    }
}
