//! `shardctl man`: prints the manual page, or writes those of all commands.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Command, ValueHint};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::terminal::Terminal;

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// Directory to write the pages of all commands to; without it the main page is printed
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) directory: Option<PathBuf>,
}

pub(in crate::cli) fn run(args: &ManArgs, command: Command, terminal: &mut Terminal) -> Result<Exit, CommandFailure> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    match &args.directory {
        None => write_page(&mut terminal.out, &command, &names(&command))?,
        Some(directory) => fs::create_dir_all(directory)
            .and_then(|()| write_pages(directory, &command, &names(&command)))
            .with_context(|| format!("the manual pages cannot be written to {}", directory.display()))?,
    }
    Ok(Exit::Done)
}

/// Writes the page of a command, and those of the commands below it.
fn write_pages(directory: &Path, command: &Command, names: &[String]) -> io::Result<()> {
    let mut file = File::create(directory.join(format!("{}.1", name(command))))?;
    write_page(&mut file, command, names)?;
    file.flush()?;
    command.get_subcommands().try_for_each(|below| write_pages(directory, below, names))
}

/// Writes a page; `names` are those of all pages.
fn write_page(out: &mut dyn Write, command: &Command, names: &[String]) -> io::Result<()> {
    // What `-h` leaves out is left out of no page.
    let whole = command.clone().mut_args(|argument| argument.hide_short_help(false));
    let (page, mut text) = (Man::new(whole), Vec::new());
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    // An empty argument would be left out of the title, and the next one be taken for the date, which there is none of.
    let (name, version) = (name(command), env!("CARGO_PKG_VERSION"));
    writeln!(out, ".TH \"{name}\" \"1\" \"\" \"shardctl {version}\" \"shardctl manual\"")?;
    // Breaks beside a blank line break nothing.
    out.write_all(String::from_utf8_lossy(&text).replace(".br\n\n.br\n", ".sp\n").as_bytes())?;
    let mut roff = Roff::new();
    details(&mut roff, command);
    examples(&mut roff, command);
    list(&mut roff, "ENVIRONMENT", &environment(command));
    list(&mut roff, "FILES", &files(command));
    list(&mut roff, "EXIT STATUS", EXIT_STATUS);
    see_also(&mut roff, command, names);
    roff.to_writer(out)
}

/// Returns the name of a command's page.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// Lists the names of all pages.
fn names(command: &Command) -> Vec<String> {
    let below = command.get_subcommands().flat_map(names);
    [name(command).to_owned()].into_iter().chain(below).collect()
}

/// Writes the examples at the end of `--help`, line by line.
fn examples(roff: &mut Roff, command: &Command) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let Some((_, examples)) = help.split_once("Examples:\n") else { return };
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in examples.lines() {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
}

/// Writes what only `--help` says, as it stands there: a section for each paragraph.
fn details(roff: &mut Roff, command: &Command) {
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    for paragraph in help.split("\n\n").filter(|paragraph| !paragraph.starts_with("Examples:")) {
        let Some((first, lines)) = paragraph.split_once('\n') else { continue };
        let heading = first.split([',', ':', '(']).next().unwrap_or_default();
        roff.control("SH", [heading.to_uppercase().as_str()]);
        roff.text([roman(first)]);
        roff.control("nf", []);
        lines.lines().for_each(|line| _ = roff.text([roman(line)]));
        roff.control("fi", []);
    }
}

/// Writes names and what they mean; nothing where there are none.
fn list(roff: &mut Roff, heading: &str, entries: &[(&str, &str)]) {
    if entries.is_empty() {
        return;
    }
    roff.control("SH", [heading]);
    for (name, meaning) in entries {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*meaning)]);
    }
}

fn see_also(roff: &mut Roff, command: &Command, names: &[String]) {
    let own = name(command);
    let others: Vec<&String> = names.iter().filter(|name| *name != own).collect();
    roff.control("SH", ["SEE ALSO"]);
    for (index, other) in others.iter().enumerate() {
        let end = if index + 1 < others.len() { "(1)," } else { "(1)" };
        roff.text([bold(other.as_str()), roman(end)]);
    }
}

/// What a page says of an argument, where the command has it: `None` stands for every command.
type About = (Option<&'static str>, &'static str, &'static str);

const ENVIRONMENT: &[About] = &[
    (Some("api_url"), "PROXYSHARD_TOKEN", "The API token, unless --token-file names a file that holds it."),
    (Some("api_url"), "PROXYSHARD_API_URL", "As --api-url."),
    (
        Some("api_url"),
        "HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "The HTTP proxy for requests, and hosts that are asked directly.",
    ),
    (Some("state"), "SHARDCTL_STATE", "As --state."),
    (None, "GITHUB_ACTIONS, GITHUB_WORKSPACE", "Where problems are annotated, unless --annotations says otherwise."),
    (None, "CI", "Where it is set, there are no progress bars."),
    (None, "NO_COLOR, CLICOLOR, CLICOLOR_FORCE", "As everywhere, unless --color says otherwise."),
];

const FILES: &[About] = &[
    (Some("manifest"), "shardctl.yaml", "The manifest, unless -f names others."),
    (
        Some("state"),
        "shardctl.state/ORDER_ID.json",
        "What is recorded of an order, beside the manifest unless --state names another place.",
    ),
    (Some("state"), "shardctl.state/history/", "What was applied, one file for each run."),
];

const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Done: nothing to change, or changes shown, or all changes made."),
    ("1", "Failed, and nothing was changed."),
    (
        "2",
        "Only with --detailed-exitcode: there are changes; of forecast: a renewal is not covered, or an order is on hold \
         or does not renew by itself.",
    ),
    ("3", "An apply stopped part way; running it again goes on from there."),
    ("4", "As 3 or 1, and the outcome of a purchase is unknown."),
    ("130", "Interrupted a second time."),
];

fn environment(command: &Command) -> Vec<(&'static str, &'static str)> {
    of_command(ENVIRONMENT, command)
}

fn files(command: &Command) -> Vec<(&'static str, &'static str)> {
    of_command(FILES, command)
}

/// Returns what concerns a command; all of it concerns one that has commands of its own.
fn of_command(entries: &[About], command: &Command) -> Vec<(&'static str, &'static str)> {
    let concerns = |argument: &Option<&str>| {
        let has = |name: &str| command.get_arguments().any(|argument| argument.get_id() == name);
        argument.is_none_or(|name| command.has_subcommands() || has(name))
    };
    entries.iter().filter(|(argument, ..)| concerns(argument)).map(|(_, name, meaning)| (*name, *meaning)).collect()
}
