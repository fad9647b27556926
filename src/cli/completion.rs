//! What a shell is told when somebody presses the key that completes a word: the orders of the manifest among it.
//!
//! The script of `shardctl completions SHELL` runs the program once more, with the words so far and the variable
//! [`COMPLETE_VARIABLE`]. That must work without a token or the network, and says nothing where it cannot help.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::CompletionCandidate;
use clap_complete::env::{EnvCompleter, Shells};

use super::environment::{COMPLETE_VARIABLE, asking_shell};
use super::{Cli, Exit};
use crate::manifest;
use crate::model::Desired;

/// The program as a shell finds it.
const PROGRAM: &str = "shardctl";

/// Answers a shell that asks what a word may become; `None`: this run was not asked.
pub(super) fn answer(arguments: &[OsString]) -> Option<Exit> {
    let shell = asking_shell()?;
    let words = words(arguments)?.to_vec();
    let Some(shell) = shell.to_str().and_then(shell_named) else { return Some(Exit::Failed) };
    let mut candidates = Vec::new();
    let directory = env::current_dir().ok();
    let answered = shell
        .write_complete(&mut Cli::command(), words, directory.as_deref(), &mut candidates)
        .and_then(|()| io::stdout().lock().write_all(&candidates));
    Some(if answered.is_ok() { Exit::Done } else { Exit::Failed })
}

/// Writes the script that makes a shell ask.
pub(super) fn write_script(shell: &str, out: &mut dyn Write) -> io::Result<()> {
    let shell = shell_named(shell).ok_or_else(|| io::Error::other("no script is known for this shell"))?;
    shell.write_registration(COMPLETE_VARIABLE, PROGRAM, PROGRAM, PROGRAM, out)
}

fn shell_named(name: &str) -> Option<&'static dyn EnvCompleter> {
    const SHELLS: Shells<'static> = Shells::builtins();
    SHELLS.0.iter().copied().find(|shell| shell.is(name))
}

/// Returns the words of the line that is completed.
fn words(arguments: &[OsString]) -> Option<&[OsString]> {
    let before = arguments.iter().position(|word| word == "--")?;
    Some(&arguments[before + 1..]).filter(|words| !words.is_empty())
}

/// Lists the ids of the manifest's orders.
pub(super) fn order_ids() -> Vec<CompletionCandidate> {
    let Some(desired) = declared() else { return Vec::new() };
    let candidate =
        |(order_id, tag): (String, Option<String>)| CompletionCandidate::new(order_id).help(tag.map(Into::into));
    ids_with_tags(&desired).into_iter().map(candidate).collect()
}

/// Lists the ids and the tags of the manifest's orders.
pub(super) fn ids_and_tags() -> Vec<CompletionCandidate> {
    let Some(desired) = declared() else { return Vec::new() };
    let mut tags: Vec<String> = ids_with_tags(&desired).into_iter().filter_map(|(_, tag)| tag).collect();
    tags.retain(|tag| is_plain(tag));
    tags.sort_unstable();
    tags.dedup();
    tags.into_iter().map(CompletionCandidate::new).chain(order_ids()).collect()
}

fn ids_with_tags(desired: &Desired) -> Vec<(String, Option<String>)> {
    let tag = |order: &crate::model::DesiredOrder| order.tag.as_ref().map(|tag| tag.value.printable().into_owned());
    desired.orders.iter().map(|(order_id, order)| (order_id.to_string(), tag(order))).collect()
}

/// Returns whether a shell takes a word for what it says.
fn is_plain(word: &str) -> bool {
    word.chars().all(|character| character.is_alphanumeric() || "-_./@%+=,".contains(character))
}

/// Reads the manifest that the words so far name.
fn declared() -> Option<Desired> {
    let arguments: Vec<OsString> = env::args_os().collect();
    let paths = manifests(words(&arguments)?);
    // Standard input is the terminal, on which somebody types.
    let is_file = paths.iter().all(|path| path.as_os_str() != "-");
    is_file.then(|| manifest::load(&paths).ok()?.desired).flatten()
}

/// Finds the manifests that words name: `-f PATH`, `-fPATH`, `--manifest PATH` and `--manifest=PATH`.
fn manifests(words: &[OsString]) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "-f" || word == "--manifest" {
            paths.extend(words.next().map(PathBuf::from));
        } else if let Some(path) = word.to_str().and_then(attached) {
            paths.push(PathBuf::from(OsStr::new(path)));
        }
    }
    paths
}

/// Returns the path that stands in the word that names it.
fn attached(word: &str) -> Option<&str> {
    word.strip_prefix("--manifest=").or_else(|| word.strip_prefix("-f").filter(|_| !word.starts_with("--")))
}
