//! `shardctl man`: prints the manual page, or writes those of all commands.

use std::fs;

use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::cli::args::ManArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::terminal::Terminal;

pub(in crate::cli) fn run(args: &ManArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.directory {
        None => Man::new(Cli::command()).render(&mut terminal.out)?,
        Some(directory) => fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
            .with_context(|| format!("the manual pages cannot be written to {}", directory.display()))?,
    }
    Ok(Exit::Done)
}
