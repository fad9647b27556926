//! What a comment is for, as the command line and the environment say.

use std::path::Path;

use super::args::{ManifestArgs, PlanningArgs, StatePlaceArgs};
use super::command_line::Command;
use super::environment::Environment;
use crate::model::printable;
use crate::render::markdown::Comment;

/// Returns what the comment of a command is for.
pub(super) fn comment(command: &Command, environment: &Environment) -> Comment {
    let title = match command {
        Command::Plan(args) => &args.format.title,
        Command::Show(args) => &args.format.title,
        Command::Apply(args) => &args.format.title,
        Command::Forecast(args) => &args.format.title,
        Command::History(args) => &args.format.title,
        Command::Status(args) => &args.title,
        Command::Validate(args) => &args.format.title,
        _ => return Comment::default(),
    };
    let shows_all = match command {
        Command::Plan(args) => shows_all(&args.manifest, &args.state, &args.planning),
        Command::Apply(args) => match &args.plan {
            Some(file) => shows_saved(file),
            None => shows_all(&args.manifest, &args.state, &args.planning),
        },
        Command::Show(args) => shows_saved(&args.file),
        Command::Validate(args) => with_manifests("shardctl validate", &args.manifest),
        _ => Comment::default().shows_all,
    };
    Comment { title: title.clone(), commit: environment.commit.clone(), shows_all }
}

/// Writes the command that shows everything of a saved plan.
fn shows_saved(file: &Path) -> String {
    format!("shardctl show -v {}", quoted_for_a_shell(&file.to_string_lossy()))
}

fn with_manifests(command: &str, manifest: &ManifestArgs) -> String {
    let paths = manifest.manifest.iter().map(|path| format!(" -f {}", quoted_for_a_shell(&path.to_string_lossy())));
    [command.to_owned()].into_iter().chain(paths).collect()
}

/// Writes the command that shows everything of the same plan.
fn shows_all(manifest: &ManifestArgs, state: &StatePlaceArgs, planning: &PlanningArgs) -> String {
    let mut command = with_manifests("shardctl plan -v", manifest);
    let mut add = |flag: &str, value: &str| command.extend([" ", flag, " ", &quoted_for_a_shell(value)]);
    state.state.iter().for_each(|state| add("--state", state));
    planning.orders.iter().for_each(|order| add("--order", &order.to_string()));
    if planning.reassert {
        command.push_str(" --reassert");
    }
    command
}

fn quoted_for_a_shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", printable(&word.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_command_that_shows_everything_is_about_the_same_plan() {
        for (line, shows_all) in [
            ("plan", "shardctl plan -v"),
            ("apply --apply -f a.yaml -f b --order 48213", "shardctl plan -v -f a.yaml -f b --order 48213"),
            ("plan -f it's --state s3://b/p --reassert", r"shardctl plan -v -f 'it'\''s' --state s3://b/p --reassert"),
            ("show plan.json", "shardctl show -v plan.json"),
            ("apply --plan it's.json", r"shardctl show -v 'it'\''s.json'"),
            ("validate -f a.yaml", "shardctl validate -f a.yaml"),
            ("status -f a.yaml", "shardctl plan -v"),
        ] {
            let cli = Cli::try_parse_from(["shardctl"].into_iter().chain(line.split(' '))).expect("a command");
            assert_eq!(comment(&cli.command, &Environment::read()).shows_all, shows_all);
        }
    }
}
