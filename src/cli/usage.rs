//! Mistakes on the command line: what is wrong, and what was most likely meant.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, Error};

use super::Cli;
use super::args::LogFormat;
use super::failure::{CommandFailure, Exit};
use super::habits::{self, Typed};
use super::reporter::Reporter;
use crate::model::printable;

/// The length up to which a word with one dash is taken for short flags in a row, such as `-vvv`.
const SHORT_CLUSTER: usize = 4;

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

/// Says what was most likely meant, and takes back what was not.
fn explain(error: &mut Error, arguments: &[OsString]) {
    let mut program = Cli::command();
    program.build();
    let wrong = [ContextKind::InvalidValue, ContextKind::InvalidSubcommand, ContextKind::InvalidArg];
    let wrong = wrong.into_iter().find_map(|kind| word(error, kind)).unwrap_or_default().to_owned();
    let (path, command) = command_named(&program, arguments, word(error, ContextKind::InvalidSubcommand));
    // A command that has commands of its own is described well enough.
    if error.get(ContextKind::Usage).is_some() && !command.has_subcommands() {
        // Neither what the environment says nor the flags that were given are all that may be given.
        error.insert(ContextKind::Usage, ContextValue::StyledStr(command.clone().render_usage()));
    }
    keep_what_is_near(error, &wrong, arguments);
    if let Some(tip) = tip(error, &path, command, arguments) {
        for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue] {
            error.remove(kind);
        }
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}

/// Returns a word that an error names.
fn word(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word),
        _ => None,
    }
}

/// Returns what to write in place of what is wrong, where that is known.
fn tip(error: &mut Error, path: &str, command: &Command, arguments: &[OsString]) -> Option<String> {
    match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            let has_filter = arguments.iter().any(|word| word.to_string_lossy().starts_with("--order"));
            habits::of_nothing(path, has_filter).map(str::to_owned)
        }
        ErrorKind::ValueValidation if word(error, ContextKind::InvalidArg)?.contains("ORDER_ID") => {
            habits::of_order_id(path, word(error, ContextKind::InvalidValue)?)
        }
        ErrorKind::InvalidSubcommand => {
            let typed = Typed { command: path, word: word(error, ContextKind::InvalidSubcommand)?, value: None };
            habits::of_word(&typed, &[])
        }
        ErrorKind::UnknownArgument => of_unknown(error, path, command, arguments),
        _ => None,
    }
}

/// Returns what to write in place of a word that a command does not take.
fn of_unknown(error: &mut Error, path: &str, command: &Command, arguments: &[OsString]) -> Option<String> {
    let wrong = word(error, ContextKind::InvalidArg)?.to_owned();
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    let at = words.iter().position(|word| has(word, &wrong))?;
    let (whole, value) = match words[at].split_once('=') {
        Some((whole, value)) => (whole, Some(value)),
        None => (&*words[at], words.get(at + 1).map(AsRef::as_ref).filter(|next| !next.starts_with('-'))),
    };
    let formats: Vec<String> =
        command.get_arguments().filter(|flag| flag.get_id() == "format").flat_map(formats).collect();
    let of = |word: &str| habits::of_word(&Typed { command: path, word, value }, &formats);
    // Terraform's flags have one dash; what was understood of one is its first letters.
    let is_long = whole.len() > 2 && whole.starts_with('-') && !whole.starts_with("--");
    if !is_long {
        return of(whole);
    }
    let long = format!("-{whole}");
    let is_flag = command.get_arguments().filter_map(Arg::get_long).any(|flag| long[2..] == *flag);
    if whole.len() > SHORT_CLUSTER {
        error.insert(ContextKind::InvalidArg, ContextValue::String(printable(whole)));
    }
    of(&long).or_else(|| is_flag.then(|| format!("a long flag has two dashes: `{long}`")))
}

/// Returns whether a word is the one that is not understood, or has it as one of several letters behind a dash.
fn has(word: &str, wrong: &str) -> bool {
    let flag = word.split('=').next().unwrap_or_default();
    let letter = wrong.strip_prefix('-').filter(|letter| letter.chars().count() == 1);
    let is_among = |letter: &str| flag.starts_with('-') && !flag.starts_with("--") && flag.contains(letter);
    word == wrong || flag == wrong || letter.is_some_and(is_among)
}

/// Returns the words that a flag takes.
fn formats(flag: &Arg) -> Vec<String> {
    flag.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

/// Leaves only those suggestions that are a slip of the fingers away; nothing that an order is named by begins with a dash.
fn keep_what_is_near(error: &mut Error, wrong: &str, arguments: &[OsString]) {
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue] {
        let kept = match error.remove(kind) {
            Some(ContextValue::String(word)) => is_near(wrong, &word).then_some(ContextValue::String(word)),
            Some(ContextValue::Strings(words)) => {
                let words: Vec<String> = words.into_iter().filter(|word| is_near(wrong, word)).collect();
                (!words.is_empty()).then_some(ContextValue::Strings(words))
            }
            _ => None,
        };
        kept.into_iter().for_each(|kept| drop(error.insert(kind, kept)));
    }
    // A flag that stands before its command, which has one of that very name.
    let is_meant =
        |tip: &str| arguments.iter().any(|word| tip.ends_with(&format!("{}' exists", word.to_string_lossy())));
    if let Some(ContextValue::StyledStrs(mut tips)) = error.remove(ContextKind::Suggested) {
        tips.retain(|tip| is_meant(&tip.to_string()));
        if !tips.is_empty() {
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
    }
}

/// Returns whether a word is the beginning of another, or one with hardly a letter changed, left out, added or moved.
fn is_near(typed: &str, meant: &str) -> bool {
    let [typed, meant] = [typed, meant].map(|word| word.trim_start_matches('-'));
    // What is longer than any word here is none of them, however long it takes to find out.
    typed.len() < 64
        && (meant.starts_with(typed) || strsim::damerau_levenshtein(typed, meant) <= (typed.len() / 4).max(1))
}

/// Returns the command that arguments name before a word, and its path.
fn command_named<'c>(program: &'c Command, arguments: &[OsString], before: Option<&str>) -> (String, &'c Command) {
    let (mut path, mut named) = (Vec::new(), program);
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| Some(*word) != before) {
        if let Some(below) = named.find_subcommand(word) {
            path.push(word);
            named = below;
        }
    }
    (path.join(" "), named)
}

/// Returns whether arguments that cannot be understood as a whole ask for a log of objects.
fn wants_objects(arguments: &[OsString]) -> bool {
    let follows = |pair: &[OsString]| pair[0] == "--log-format" && pair[1] == "json";
    arguments.windows(2).any(follows) || arguments.iter().any(|word| word == OsStr::new("--log-format=json"))
}
