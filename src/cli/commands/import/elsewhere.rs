//! The orders that stand in other files of the manifest than the one that is edited.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::into::{self, Target};
use crate::cli::failure::CommandFailure;
use crate::cli::terminal::Terminal;
use crate::diagnostic::SourceMap;
use crate::manifest::{self, LoadError};
use crate::model::{OrderId, printable};

/// The orders that stand in other files, each with the name of its file.
#[derive(Default)]
pub(super) struct Elsewhere(BTreeMap<OrderId, String>);

/// The most orders of a file that are named.
const MOST_NAMED: usize = 10;

impl Elsewhere {
    /// Reads the manifests at some paths, all but the one that is edited. `check` looks at their texts first.
    pub(super) fn read(
        paths: &[PathBuf],
        target: &Target,
        terminal: &mut Terminal,
        check: impl FnOnce(&SourceMap) -> Result<(), CommandFailure>,
    ) -> Result<Elsewhere, CommandFailure> {
        let paths: Vec<PathBuf> = paths.iter().filter(|path| !target.is_at(path)).cloned().collect();
        if paths.is_empty() {
            return Ok(Elsewhere::default());
        }
        let manifest = match manifest::load(&paths) {
            // The file that is edited is to be the first.
            Err(LoadError::NoManifests { .. }) => return Ok(Elsewhere::default()),
            manifest => manifest?,
        };
        manifest.warnings.iter().for_each(|warning| terminal.warn(&warning.to_string()));
        check(&manifest.sources)?;
        let mut orders = BTreeMap::new();
        for (_, file) in manifest.sources.iter() {
            if !file.path.as_deref().is_some_and(|path| target.is_at(path)) {
                let declared = into::declared(&file.name, file.text.as_bytes())?;
                orders.extend(declared.into_keys().map(|order_id| (order_id, file.name.clone())));
            }
        }
        Ok(Elsewhere(orders))
    }

    /// Returns whether an order stands in another file.
    pub(super) fn has(&self, order_id: OrderId) -> bool {
        self.0.contains_key(&order_id)
    }

    /// Says which of some orders stand in other files, a line for each file.
    pub(super) fn words(&self, orders: impl Iterator<Item = OrderId>) -> Vec<String> {
        let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for order_id in orders {
            let file = self.0.get(&order_id);
            file.into_iter().for_each(|file| files.entry(file).or_default().push(order_id.to_string()));
        }
        let words = |(file, orders): (&str, Vec<String>)| {
            let (named, others) = orders.split_at(orders.len().min(MOST_NAMED));
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            let (what, stand) = match orders.len() {
                1 => ("order", "stands"),
                _ => ("orders", "stand"),
            };
            let file = printable(file);
            format!("{what} {}{more} {stand} in `{file}`, which is left as it is", named.join(", "))
        };
        files.into_iter().map(words).collect()
    }
}
