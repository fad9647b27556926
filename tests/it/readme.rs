//! The README's reference says what the program has, all of it and nothing else.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use shardctl::cli::{Cli, Exit};
use shardctl::diagnostic::{NoteCode, ProblemCode, SourceFile, SourceMap};
use shardctl::manifest;
use shardctl::render::problem;

use crate::recipes::parses;
use crate::tutorial;

fn readme() -> String {
    fs::read_to_string("README.md").unwrap()
}

/// Returns the text below a heading, up to the next one.
fn section(heading: &str) -> String {
    let readme = readme();
    let (_, section) = readme.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    section.split("\n#").next().unwrap().to_owned()
}

/// Returns the rows of the table below a heading.
fn rows(heading: &str) -> Vec<Vec<String>> {
    table_rows(&section(heading))
}

/// Returns the rows of the table in a text, without its head; a `|` in a cell stands behind a backslash.
pub fn table_rows(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| {
        let line = line.replace("\\|", "\u{0}");
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
    };
    rows.map(cells).collect()
}

/// Returns what stands in code spans.
pub fn code_spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

pub fn program() -> Command {
    let mut program = Cli::command();
    program.build();
    program
}

/// Returns every command with the path that leads to it.
pub fn commands(command: &Command, path: &str) -> Vec<(String, Command)> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let below = below.flat_map(|below| commands(below, format!("{path} {}", below.get_name()).trim()));
    [(path.to_owned(), command.clone())].into_iter().chain(below).collect()
}

pub fn flags() -> Vec<Arg> {
    let all = commands(&program(), "");
    all.iter()
        .flat_map(|(_, command)| command.get_arguments())
        .filter(|arg| arg.get_long().is_some())
        .cloned()
        .collect()
}

/// Returns the words of a text that are long flags.
fn long_flags(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words
        .filter_map(|word| word.strip_prefix("--"))
        .filter(|word| word.starts_with(char::is_alphabetic))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_and_no_other() {
    let leaves = commands(&program(), "").into_iter().filter(|(_, command)| !command.has_subcommands());
    let leaves: BTreeSet<String> = leaves.map(|(path, _)| path).collect();
    let listed = rows("### Commands").into_iter().map(|row| {
        let line = code_spans(&row[0]).remove(0);
        let words = line.split_whitespace();
        let words = words.take_while(|word| word.starts_with(char::is_lowercase) && !word.contains('|'));
        words.collect::<Vec<_>>().join(" ")
    });
    assert_eq!(listed.collect::<BTreeSet<_>>(), leaves);
}

#[test]
fn every_flag_and_no_other() {
    let listed: BTreeSet<String> = rows("### Flags").iter().flat_map(|row| long_flags(&row[0])).collect();
    let there_are: BTreeSet<String> = flags().iter().map(|flag| flag.get_long().unwrap().to_owned()).collect();
    assert_eq!(listed, there_are);
    for flag in long_flags(&readme()) {
        // What cargo is told stands in the README, too.
        let known = there_are.contains(&flag) || ["example", "path"].contains(&flag.as_str());
        assert!(known, "--{flag}");
    }
}

#[test]
fn every_flag_with_its_short_form_its_default_and_its_variable() {
    let rows = rows("### Flags");
    for flag in flags() {
        let long = format!("--{}", flag.get_long().unwrap());
        let is_it = |row: &&Vec<String>| code_spans(&row[0]).iter().any(|code| code.split(' ').next() == Some(&long));
        let row = rows.iter().find(is_it).unwrap_or_else(|| panic!("{long} has no row"));
        if let Some(short) = flag.get_short() {
            assert!(row[0].contains(&format!("`-{short}`")), "{long}: -{short}");
        }
        if let Some(variable) = flag.get_env().and_then(|variable| variable.to_str()) {
            assert!(row[0].contains(&format!("`{variable}`")), "{long}: {variable}");
        }
        for value in flag.get_default_values().iter().filter_map(|value| value.to_str()) {
            let is_switch = !flag.get_action().takes_values();
            assert!(is_switch || row[1].trim_matches('`') == value, "{long}: {value}, not {}", row[1]);
        }
    }
}

#[test]
fn every_environment_variable_and_no_other() {
    let listed: BTreeSet<String> = rows("### Environment").iter().flat_map(|row| code_spans(&row[0])).collect();
    let mut there_are: BTreeSet<String> = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"].map(str::to_owned).into();
    for file in ["src/cli/environment.rs", "src/cli/args.rs", "src/cli/actor.rs"] {
        let source = fs::read_to_string(file).unwrap();
        // A name in capitals is a variable, unless it stands for a flag's value.
        let strings = source.split('"').collect::<Vec<_>>();
        for pair in
            strings.windows(2).filter(|pair| !pair[0].ends_with("value_name = ") && !pair[0].ends_with("heading = "))
        {
            let is_name = pair[1].len() > 1
                && pair[1].starts_with(|c: char| c.is_ascii_uppercase())
                && pair[1].chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            there_are.extend(is_name.then(|| pair[1].to_owned()));
        }
    }
    assert_eq!(listed, there_are);
}

#[test]
fn every_exit_status_and_no_other() {
    let all = [Exit::Done, Exit::Failed, Exit::Changes, Exit::Partial, Exit::Unknown, Exit::Interrupted];
    let listed: Vec<String> = rows("### Exit status").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(listed, all.map(|exit| exit.code().to_string()));
}

#[test]
fn every_code_and_no_other() {
    let listed = |heading: &str| -> Vec<String> { rows(heading).iter().flat_map(|row| code_spans(&row[0])).collect() };
    assert_eq!(listed("### Problems"), ProblemCode::ALL.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(listed("### Notes"), NoteCode::ALL.iter().map(ToString::to_string).collect::<Vec<_>>());
}

#[test]
fn every_command_line_is_taken() {
    let readme = readme();
    let blocks =
        readme.lines().filter_map(|line| line.strip_prefix("cargo run -- ")).map(|line| format!("shardctl {line}"));
    let pasted = tutorial::blocks() + &tutorial::blocks_that_break();
    let pasted = pasted.lines().filter(|line| line.starts_with("shardctl ")).map(str::to_owned);
    let spans = readme.lines().flat_map(code_spans).filter(|code| code.starts_with("shardctl "));
    let lines: Vec<String> = blocks.chain(pasted).chain(spans).collect();
    assert!(lines.len() > 15, "{lines:?}");
    for line in lines {
        // What stands for something is filled in.
        let filled = line.replace("ORDER_ID", "48213").replace("SHELL", "bash");
        parses(&filled).unwrap_or_else(|error| panic!("{line}\n{error}"));
    }
}

#[test]
fn the_manifest_is_valid() {
    let readme = readme();
    let blocks = readme.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let manifests: Vec<&str> = blocks.filter(|block| block.starts_with("version: 1")).collect();
    assert!(!manifests.is_empty());
    for text in manifests {
        let mut sources = SourceMap::default();
        sources.add(SourceFile::new("README.md", text));
        let manifest = manifest::parse(sources);
        assert_eq!(problem::problems(&manifest.problems, &manifest.sources, false), "");
    }
}

#[test]
fn the_test_command_stands_alone() {
    assert!(readme().lines().any(|line| line == "cargo test"));
}

#[test]
fn every_picture_is_shown_and_every_link_leads_somewhere() {
    let readme = readme();
    let links: BTreeSet<&str> = readme.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    let headings = readme.lines().filter_map(|line| line.strip_prefix('#'));
    let headings = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"));
    let headings: BTreeSet<String> = headings.collect();
    for link in links.iter().filter(|link| !link.contains("://")) {
        let leads = link.strip_prefix('#').map_or(Path::new(link).exists(), |anchor| headings.contains(anchor));
        assert!(leads, "{link}");
    }
    let files = fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for picture in files.filter(|file| file.ends_with(".svg")) {
        assert!(links.contains(format!("docs/{picture}").as_str()), "{picture}");
    }
}
