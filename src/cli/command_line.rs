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
use super::examples;
#[cfg(feature = "sandbox")]
use super::sandbox_help;

/// Keep orders of datacenter and ISP proxies at ProxyShard as a manifest declares them.
#[derive(Debug, Parser)]
#[command(name = "shardctl", version, about, max_term_width = 100)]
#[command(after_help = examples::SHARDCTL)]
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
    #[command(after_help = examples::VALIDATE)]
    Validate(ValidateArgs),
    /// Show what would be done to make the orders what the manifest declares; changes nothing
    #[command(after_help = examples::PLAN)]
    Plan(PlanArgs),
    /// Print a plan that was saved, offline
    #[command(after_help = examples::SHOW)]
    Show(ShowArgs),
    /// Show the plan and, only with --apply, carry it out
    #[command(after_help = examples::APPLY)]
    Apply(ApplyArgs),
    /// Print a manifest for live orders, or edit one
    #[command(after_help = examples::IMPORT)]
    Import(ImportArgs),
    /// Print a table of the manifest's orders, of those that are named, or of all
    #[command(after_help = examples::STATUS)]
    Status(StatusArgs),
    /// Print the renewals to come, what they change and cost, and whether the wallet covers them
    #[command(after_help = examples::FORECAST)]
    Forecast(ForecastArgs),
    /// Print what was applied, when, by whom, and what it charged
    #[command(after_help = examples::HISTORY)]
    History(HistoryArgs),
    /// Print, copy or drop what is recorded; break the lock of a bucket
    #[command(after_help = examples::STATE)]
    State(StateArgs),
    /// Print a JSON Schema
    #[command(after_help = examples::SCHEMA)]
    Schema(SchemaArgs),
    /// Serve a simulated ProxyShard API on loopback
    #[cfg(feature = "sandbox")]
    #[command(after_help = examples::SANDBOX, after_long_help = sandbox_help::after_help())]
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands
    #[command(after_help = examples::MAN)]
    Man(ManArgs),
}
