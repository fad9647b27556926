//! What people type who come from other programs, and what to write in its place. Where nothing fits, nothing is said.

use crate::model::{OrderId, printable};

/// A word on the command line that was not understood, and where it stood.
pub(super) struct Typed<'a> {
    /// The commands before it, such as `state`; empty where there are none.
    pub(super) command: &'a str,
    /// The word, without what stands behind its `=`.
    pub(super) word: &'a str,
    /// What stands behind its `=`, or else the next word, unless that is a flag.
    pub(super) value: Option<&'a str>,
}

/// Commands that make a plan.
const PLANNING: &[&str] = &["plan", "apply"];
/// Commands that read a manifest.
const READING: &[&str] = &["plan", "apply", "validate", "status", "forecast", "history", "import"];
/// Commands of which `--order` chooses the orders.
const CHOOSING: &[&str] = &["plan", "apply", "status", "forecast"];
const ANY: &[&str] = &[];
const NONE: &[&str] = &[""];
const STATE: &[&str] = &["state"];

/// The commands behind which words are a habit, the words, and what to say.
type Habit = (&'static [&'static str], &'static [&'static str], &'static str);

const HABITS: &[Habit] = &[
    (
        &["apply"],
        &["--auto-approve", "--yes", "-y", "--force", "--confirm", "--no-dry-run", "--approve"],
        "`--apply` is what carries the plan out: `shardctl apply --apply` never asks",
    ),
    (&["plan"], &["--apply"], "`plan` changes nothing: use `shardctl apply --apply`"),
    (&["apply"], &["--dry-run"], "`shardctl apply` without `--apply` is the dry run"),
    (&["plan"], &["--dry-run"], "`plan` changes nothing: leave it out"),
    (PLANNING, &["--input"], "nothing is ever asked: leave it out"),
    (PLANNING, &["--parallelism"], "`--concurrency N` says how many requests are under way at once"),
    (PLANNING, &["--destroy"], ENDING),
    (CHOOSING, &["--target", "--selector", "-l"], "`--order ID|TAG` chooses orders"),
    (ANY, &["--no-color", "--no-colour"], "`--color never` leaves colours out"),
    (ANY, &["--chdir", "-C"], "`-f DIR/shardctl.yaml` names a manifest in another directory"),
    (NONE, &["destroy", "delete"], ENDING),
    (NONE, &["diff", "drift", "preview", "refresh"], "`shardctl plan` reads what is live, and shows what differs"),
    (NONE, &["get", "list", "ls", "describe"], "`shardctl status --all` shows the account's orders"),
    (NONE, &["version"], "`shardctl --version` prints it"),
    (
        NONE,
        &["init"],
        "nothing has to be set up: `shardctl import --all --into shardctl.yaml` writes the first manifest",
    ),
    (NONE, &["login"], "there is no login: PROXYSHARD_TOKEN holds the API token, or `--token-file` names its file"),
    (NONE, &["log", "logs"], "`shardctl history` shows what was applied"),
    (NONE, &["lint", "check"], "`shardctl validate` checks the manifest"),
    (NONE, &["export"], "`shardctl import --all` prints a manifest of what is live"),
    (NONE, &["unlock", "force-unlock"], "`shardctl state unlock` shows who holds the lock, and breaks it"),
    (NONE, &["forget", "push", "pull"], "this is a command of `shardctl state`"),
    (STATE, &["rm", "remove", "delete"], "`shardctl state forget ORDER_ID` drops what is recorded of an order"),
    (STATE, &["ls"], "`shardctl state list` lists the orders of which something is recorded"),
    (STATE, &["get", "cat"], "`shardctl state show ORDER_ID` prints what is recorded of an order"),
    (STATE, &["force-unlock"], "`shardctl state unlock` shows who holds the lock, and breaks it"),
    (&["import"], &["--out", "-o", "--output"], "`--into FILE` writes the manifest to a file, or edits it"),
    (&["show"], &["--plan"], "the plan's file stands alone: `shardctl show FILE`"),
    (&["apply"], &["--out"], "`shardctl plan --out FILE` saves a plan, and `shardctl apply --plan FILE` takes it"),
    (&["show"], &["-f", "--manifest"], "a saved plan needs no manifest: leave it out"),
];

const ENDING: &str = "no command ends an order: with `auto_renewal: false` in the manifest it ends with its period";

/// Returns what to write in place of a word that is not understood; `formats` are those that the command prints.
pub(super) fn of_word(typed: &Typed<'_>, formats: &[String]) -> Option<String> {
    let Typed { command, word, value } = *typed;
    let fits =
        |(commands, words, _): &&Habit| (commands.is_empty() || commands.contains(&command)) && words.contains(&word);
    let written = |format: &str| formats.iter().any(|known| known == format);
    match word {
        "--json" if written("json") => Some("`--format json` prints JSON".to_owned()),
        "-o" | "--output" if value.is_some_and(written) => {
            Some(format!("`--format {}` says how to print it", value.unwrap_or_default()))
        }
        "-o" | "--output" if command == "plan" => {
            Some("`--out FILE` saves the plan, and `--format FORMAT` says how to print it".to_owned())
        }
        _ => HABITS.iter().find(fits).map(|(.., tip)| (*tip).to_owned()).or_else(|| of_argument(command, word)),
    }
}

/// Returns what to write in place of a word that is no flag.
fn of_argument(command: &str, word: &str) -> Option<String> {
    let ends = |ends: &[&str]| !word.starts_with('-') && ends.iter().any(|end| word.ends_with(end));
    let shown = printable(word);
    match command {
        _ if READING.contains(&command) && ends(&[".yaml", ".yml"]) => {
            Some(format!("a manifest is named by `-f {shown}`"))
        }
        "apply" if ends(&[".json", ".tfplan", ".plan"]) => Some(format!("a saved plan is named by `--plan {shown}`")),
        "plan" if ends(&[".json", ".tfplan", ".plan"]) => {
            Some(format!("`--out {shown}` saves the plan, and `shardctl show {shown}` prints a saved one"))
        }
        _ if PLANNING.contains(&command) && word.parse::<OrderId>().is_ok() => {
            Some(format!("an order is chosen by `--order {word}`"))
        }
        _ => None,
    }
}

/// Returns what to write in place of what is no id of an order; what begins with a digit is rather a slip.
pub(super) fn of_order_id(command: &str, word: &str) -> Option<String> {
    if let Some(tip) = of_argument(command, word) {
        return Some(tip);
    }
    let is_tag = |character: char| character.is_alphanumeric() || "-_.".contains(character);
    if !word.chars().all(is_tag) || !word.starts_with(char::is_alphabetic) {
        return None;
    }
    match command {
        "status" | "forecast" => Some(format!("by tag: `--order {word}`")),
        "import" => Some(format!("by tag: `--all --order {word}`")),
        "history" | "state show" | "state forget" => {
            Some("`shardctl status` shows the ids of the orders beside their tags".to_owned())
        }
        _ => None,
    }
}

/// Returns what to add where a command was not told which orders it is about.
pub(super) fn of_nothing(command: &str, has_filter: bool) -> Option<&'static str> {
    match (command, has_filter) {
        ("import", true) => Some("`--order` needs `--all`, of which it chooses: or name orders by their ids"),
        ("import", false) => Some("name orders by their ids, or pass `--all`"),
        _ => None,
    }
}
