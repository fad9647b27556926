//! `shardctl validate`: checks the manifest, offline.

use clap::Args;

use crate::cli::args::{FormatArgs, ManifestArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::output::Found;
use crate::cli::run::{Run, RunArgs};
use crate::cli::terminal::Terminal;

#[derive(Debug, Args)]
pub(in crate::cli) struct ValidateArgs {
    #[command(flatten)]
    pub(in crate::cli) manifest: ManifestArgs,
    #[command(flatten)]
    pub(in crate::cli) format: FormatArgs,
}

pub(in crate::cli) fn run(
    args: &ValidateArgs,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Exit, CommandFailure> {
    let run = Run::resolve(&RunArgs { manifest: Some(&args.manifest), ..RunArgs::default() }, environment)?;
    let (_, desired) = run.load_manifest(&[], terminal)?;
    terminal.show(args.format.format, &Found::Valid(&desired))?;
    Ok(Exit::Done)
}
