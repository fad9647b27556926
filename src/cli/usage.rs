//! Mistakes on the command line: what is wrong, and what was most likely meant.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Error};

use super::Cli;
use super::args::LogFormat;
use super::failure::{CommandFailure, Exit};
use super::reporter::Reporter;

/// Words by which other programs of this kind carry a plan out without asking.
const WITHOUT_ASKING: [&str; 7] =
    ["--auto-approve", "--yes", "-y", "--force", "--confirm", "--no-dry-run", "--approve"];

/// Prints what is wrong with the arguments, or the help or version that they ask for, and returns the exit status.
pub(super) fn print(mut error: Error, arguments: &[OsString]) -> Exit {
    if !error.use_stderr() {
        // Nothing better can be done where even this cannot be printed.
        let _ = error.print();
        return Exit::Done;
    }
    explain(&mut error, arguments);
    if wants_objects(arguments) {
        let text = error.to_string();
        let message = text.trim().trim_start_matches("error: ");
        Reporter::new(0, false, LogFormat::Json, true).collect_failure(&CommandFailure::new(message));
    } else {
        let _ = error.print();
    }
    // 2 means "there are changes", so that a usage error is 1 like every other failure.
    Exit::Failed
}

/// Says what was most likely meant, in place of the word that is most like the wrong one.
fn explain(error: &mut Error, arguments: &[OsString]) {
    if error.get(ContextKind::Usage).is_some()
        && let Some(usage) = usage_of(arguments)
    {
        // Neither what the environment says nor the flags that were given are all that may be given.
        error.insert(ContextKind::Usage, usage);
    }
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let wrong = word(ContextKind::InvalidValue).or_else(|| word(ContextKind::InvalidArg));
    if let Some(hint) = wrong.and_then(|wrong| hint(command_named(arguments), wrong)) {
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::TrailingArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    }
}

/// Returns what to write in place of a word that a command does not take.
fn hint(command: &str, wrong: &str) -> Option<String> {
    let is_manifest = [".yaml", ".yml"].iter().any(|end| wrong.ends_with(end)) && !wrong.starts_with('-');
    match command {
        "apply" if WITHOUT_ASKING.contains(&wrong) => {
            Some("`--apply` is what carries the plan out: `shardctl apply --apply` never asks".to_owned())
        }
        "plan" if wrong == "--apply" => Some("`plan` changes nothing: use `shardctl apply --apply`".to_owned()),
        "plan" | "apply" | "validate" | "status" | "forecast" | "history" | "import" if is_manifest => {
            Some(format!("a manifest is named by `-f {wrong}`"))
        }
        _ => None,
    }
}

/// Returns the usage of the command that arguments name; `None` where they name none.
fn usage_of(arguments: &[OsString]) -> Option<ContextValue> {
    let mut cli = Cli::command();
    cli.build();
    let mut named = &mut cli;
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        if named.find_subcommand(word).is_some() {
            named = named.find_subcommand_mut(word)?;
        }
    }
    // A command that has commands of its own is described well enough.
    (!named.has_subcommands()).then(|| ContextValue::StyledStr(named.render_usage()))
}

/// Returns the command that arguments name; empty where they name none.
fn command_named(arguments: &[OsString]) -> &str {
    let cli = Cli::command();
    let is_command = |word: &&str| cli.get_subcommands().any(|command| command.get_name() == *word);
    arguments.iter().skip(1).filter_map(|word| word.to_str()).find(is_command).unwrap_or_default()
}

/// Returns whether arguments that cannot be understood as a whole ask for a log of objects.
fn wants_objects(arguments: &[OsString]) -> bool {
    let follows = |pair: &[OsString]| pair[0] == "--log-format" && pair[1] == "json";
    arguments.windows(2).any(follows) || arguments.iter().any(|word| word == OsStr::new("--log-format=json"))
}
