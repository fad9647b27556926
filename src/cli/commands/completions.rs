//! `shardctl completions`: prints a completion script.

use std::io::Write;

use clap::Args;

use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::terminal::Terminal;

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: clap_complete::Shell,
}

pub(in crate::cli) fn run(
    args: &CompletionsArgs,
    command: &mut clap::Command,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    // It panics where what it writes to fails.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "shardctl", &mut script);
    terminal.out.write_all(&script)?;
    Ok(Exit::Done)
}
