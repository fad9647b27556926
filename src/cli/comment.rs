//! What a comment is for, as the command line and the environment say.

use super::args::{ManifestArgs, PlanningArgs, StatePlaceArgs};
use super::command_line::Command;
use super::environment::Environment;
use super::line::Line;
use crate::manifest::DEFAULT_PATH;
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
    let (title, commit) = (title.clone(), environment.commit.clone());
    let shows_runs = match command {
        Command::Apply(args) => Line::new("shardctl history -v").manifests(&args.manifest).state(&args.state).0,
        _ => Comment::default().shows_runs,
    };
    Comment { title, commit, manifests: manifests(command), shows_all: shows_all(command), shows_runs }
}

/// Names the manifests that a command reads.
fn manifests(command: &Command) -> Vec<String> {
    let manifest = match command {
        Command::Plan(args) => &args.manifest,
        Command::Apply(args) if args.plan.is_none() => &args.manifest,
        Command::Validate(args) => &args.manifest,
        _ => return Vec::new(),
    };
    let named: Vec<String> = manifest.manifest.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    if named.is_empty() { vec![DEFAULT_PATH.to_owned()] } else { named }
}

/// Writes the command that shows, on a terminal, everything that a comment may have no room for.
fn shows_all(command: &Command) -> String {
    match command {
        Command::Plan(args) => of_plan(&args.manifest, &args.state, &args.planning),
        Command::Apply(args) => match &args.plan {
            Some(file) => Line::new("shardctl show -v").word(&file.to_string_lossy()).0,
            None => of_plan(&args.manifest, &args.state, &args.planning),
        },
        Command::Show(args) => Line::new("shardctl show -v").word(&args.file.to_string_lossy()).0,
        Command::Validate(args) => Line::new("shardctl validate").manifests(&args.manifest).0,
        Command::Status(args) => Line::new("shardctl status").chosen(&args.selection, &args.manifest, &args.state).0,
        Command::Forecast(args) => {
            let line = Line::new("shardctl forecast").flag("--days", &args.days.to_string());
            line.chosen(&args.selection, &args.manifest, &args.state).0
        }
        Command::History(args) => {
            let line = Line::new("shardctl history -v").manifests(&args.manifest).state(&args.state);
            args.orders.iter().fold(line, |line, order| line.word(&order.to_string())).0
        }
        _ => Comment::default().shows_all,
    }
}

fn of_plan(manifest: &ManifestArgs, state: &StatePlaceArgs, planning: &PlanningArgs) -> String {
    let line = Line::new("shardctl plan -v").manifests(manifest).state(state);
    let line = planning.orders.iter().fold(line, |line, order| line.flag("--order", &order.to_string()));
    if planning.reassert { line.0 + " --reassert" } else { line.0 }
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
            ("status -f a.yaml --order eu-*", "shardctl status -f a.yaml --order 'eu-*'"),
            ("forecast --all --state s", "shardctl forecast --days 30 --all --state s"),
            ("history 48213 -f a.yaml", "shardctl history -v -f a.yaml 48213"),
        ] {
            let cli = Cli::try_parse_from(["shardctl"].into_iter().chain(line.split(' '))).expect("a command");
            assert_eq!(comment(&cli.command, &Environment::read()).shows_all, shows_all);
        }
        let cli = Cli::try_parse_from(["shardctl", "apply", "--apply", "-f", "a.yaml"]).expect("a command");
        assert_eq!(comment(&cli.command, &Environment::read()).shows_runs, "shardctl history -v -f a.yaml");
    }
}
