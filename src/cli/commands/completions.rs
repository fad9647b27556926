//! `shardctl completions`: prints a completion script.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::cli::args::CompletionsArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::terminal::Terminal;

pub(in crate::cli) fn run(args: &CompletionsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    clap_complete::generate(args.shell, &mut Cli::command(), "shardctl", &mut terminal.out);
    Ok(Exit::Done)
}
