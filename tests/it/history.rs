//! The history of a place: what it says of a run, from before its first write on, and what it adds up to.

mod command;
mod plans;
mod runs;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::rig::{Rig, STATE};

const ACCOUNT: &str = "
token: t0ken
wallet_cents: 10000
slot_price_cents: 100
orders:
  1: {tag: eu, p0f_slots: 2, proxies: {203.0.113.1: , 203.0.113.2: , 203.0.113.3: , 203.0.113.4: }}
  2: {p0f_slots: 3, proxies: {198.51.100.1: , 198.51.100.2: }}
";

const DECLARED: &str = "
version: 1
limits: {max_charge_cents: 500}
orders:
  1: {tag: eu, p0f_slots: 4, keep: {203.0.113.1: win11, 203.0.113.2: win11, 203.0.113.3: }}
  2: {p0f_slots: 1, keep: {198.51.100.1: ios, 198.51.100.2: }}
";

async fn rig() -> Rig {
    Rig::new(ACCOUNT, DECLARED).await
}

/// Returns the files of the history, oldest first.
fn files(rig: &Rig) -> Vec<PathBuf> {
    let entries = fs::read_dir(rig.path(STATE).join("history")).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Returns the runs as their files have them, oldest first.
fn runs(rig: &Rig) -> Vec<Value> {
    let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
    files(rig).iter().map(read).collect()
}

/// Writes a run's file as another program might.
fn put(rig: &Rig, name: &str, bytes: impl AsRef<[u8]>) {
    let folder = rig.path(STATE).join("history");
    fs::create_dir_all(&folder).expect("a directory");
    rig.write(folder.join(name), bytes);
}
