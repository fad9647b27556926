//! `shardctl show`: prints a plan that was saved.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::args::{Format, FormatArgs};
use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::output::Found;
use crate::cli::terminal::Terminal;
use crate::document::{self, Basis, PlanView, SavedPlan};

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
        document::write(&mut terminal.out, &saved.document())?;
        return Ok(Exit::Done);
    }
    match saved.review() {
        // As it was printed.
        Some(review) => terminal.is_asked_by(&review.asked_by),
        None => {
            terminal.note(
                "the file holds neither the diff nor lines of the manifest: `plan --out` saves them with the plan",
            );
        }
    }
    let (plan, options, sources) = saved.restored();
    let (basis, api_url) = (Basis::Saved(saved.review()), saved.api_url());
    let view = PlanView { plan: &plan, basis, options: &options, sources: &sources, api_url };
    terminal.show(args.format.format, &Found::Plan(view))?;
    Ok(Exit::Done)
}
