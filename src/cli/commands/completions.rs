//! `shardctl completions`: prints a completion script.

use std::io::Write;

use clap::{Args, ValueEnum};

use crate::cli::completion;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::terminal::Terminal;

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: clap_complete::Shell,
}

pub(in crate::cli) fn run(args: &CompletionsArgs, terminal: &mut Terminal) -> Result<Exit, CommandFailure> {
    let shell = args.shell.to_possible_value();
    let mut script = Vec::new();
    completion::write_script(shell.as_ref().map_or("", |shell| shell.get_name()), &mut script)?;
    terminal.out.write_all(&script)?;
    Ok(Exit::Done)
}
