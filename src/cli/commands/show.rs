//! `shardctl show`: prints a plan that was saved.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::args::{Format, FormatArgs};
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::output::Found;
use crate::cli::terminal::Terminal;
use crate::diagnostic::SourceMap;
use crate::document::{self, PlanView, SavedPlan};
use crate::model::Desired;

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The plan, as `plan --out` saved it
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) format: FormatArgs,
}

pub(in crate::cli) fn run(args: &ShowArgs, terminal: &mut Terminal) -> Result<Exit, CommandFailure> {
    let saved = SavedPlan::read(&args.file)?;
    if args.format.format == Format::Json {
        document::write(&mut terminal.out, saved.document())?;
        return Ok(Exit::Done);
    }
    let (plan, options) = saved.restored();
    let api_url = saved.document().api_url.clone();
    // What it was made of is not in the file: there is no diff.
    let (desired, sources) = (Desired::default(), SourceMap::default());
    let view = PlanView { plan: &plan, desired: &desired, options: &options, sources: &sources, api_url: &api_url };
    terminal.show(args.format.format, &Found::Plan(view))?;
    Ok(Exit::Done)
}
