//! `shardctl man`: prints the manual page, or writes those of all commands.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use std::fs;

use anyhow::Context;
use clap_mangen::Man;

use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::terminal::Terminal;

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// Directory to write the pages of all commands to; without it the main page is printed
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) directory: Option<PathBuf>,
}

pub(in crate::cli) fn run(
    args: &ManArgs,
    command: clap::Command,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    match &args.directory {
        None => Man::new(command).render(&mut terminal.out)?,
        Some(directory) => fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(command, directory))
            .with_context(|| format!("the manual pages cannot be written to {}", directory.display()))?,
    }
    Ok(Exit::Done)
}
