//! The command line as a whole: its commands, and what holds for all of them.

use clap::{Parser, Subcommand};

use super::args::OutputArgs;
use super::commands::apply::ApplyArgs;
use super::commands::completions::CompletionsArgs;
use super::commands::forecast::ForecastArgs;
use super::commands::history::HistoryArgs;
use super::commands::import::ImportArgs;
use super::commands::man::ManArgs;
use super::commands::plan::PlanArgs;
#[cfg(feature = "sandbox")]
use super::commands::sandbox::SandboxArgs;
use super::commands::schema::SchemaArgs;
use super::commands::show::ShowArgs;
use super::commands::state::StateArgs;
use super::commands::status::StatusArgs;
use super::commands::validate::ValidateArgs;

const PLAN_EXAMPLES: &str = "\
Examples:
  shardctl plan
  shardctl plan --order 'eu-*' --order 48213
  shardctl plan --out plan.json";

const APPLY_EXAMPLES: &str = "\
Examples:
  shardctl apply                              shows what it would do
  shardctl apply --apply                      does it
  shardctl apply --apply --plan plan.json     does what was reviewed, or nothing";

const IMPORT_EXAMPLES: &str = "\
Examples:
  shardctl import 48213 48977 > shardctl.yaml
  shardctl import --all --order 'eu-*'
  shardctl import --all --into shardctl.yaml";

/// Keep orders of datacenter and ISP proxies at ProxyShard as a manifest declares them.
#[derive(Debug, Parser)]
#[command(name = "shardctl", version, about, max_term_width = 100)]
#[command(
    after_help = "Nothing but `shardctl apply --apply` makes a change. Exit status: 0 done, 1 failed and nothing was \
changed, 2 there are changes (--detailed-exitcode), 3 stopped part way, 4 a purchase's outcome is unknown."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// How to print it.
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the manifest, offline
    Validate(ValidateArgs),
    /// Show what would be done to make the orders what the manifest declares; changes nothing
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(PlanArgs),
    /// Print a plan that was saved, offline
    Show(ShowArgs),
    /// Show the plan and, only with --apply, carry it out
    #[command(after_help = APPLY_EXAMPLES)]
    Apply(ApplyArgs),
    /// Print a manifest for live orders, or edit one
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Print a table of the manifest's orders, of those that are named, or of all
    Status(StatusArgs),
    /// Print the renewals to come, what they change and cost, and whether the wallet covers them
    Forecast(ForecastArgs),
    /// Print what was applied, when, by whom, and what it charged
    History(HistoryArgs),
    /// Print, copy or drop what is recorded; break the lock of a bucket
    State(StateArgs),
    /// Print a JSON Schema
    Schema(SchemaArgs),
    /// Serve a simulated ProxyShard API on loopback
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(ManArgs),
}
