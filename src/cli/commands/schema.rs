//! `shardctl schema`: prints a JSON Schema.

use clap::{Args, ValueEnum};

use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::terminal::Terminal;
use crate::document::{
    self, ApplyDocument, ForecastDocument, HistoryDocument, LogLineDocument, PlanDocument, StatusDocument,
    ValidateDocument,
};
use crate::{manifest, state};

#[derive(Debug, Args)]
pub(in crate::cli) struct SchemaArgs {
    /// Which schema
    #[arg(value_enum)]
    pub(in crate::cli) kind: SchemaKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SchemaKind {
    /// What a manifest looks like
    Manifest,
    /// What `plan --format json` prints
    Plan,
    /// What `apply --format json` prints
    Apply,
    /// What a file of the recorded state looks like
    State,
    /// What `status --format json` prints
    Status,
    /// What `validate --format json` prints
    Validate,
    /// What `forecast --format json` prints
    Forecast,
    /// What `history --format json` prints, and what a file of the history looks like
    History,
    /// What a line of `--log-format json` looks like
    Event,
}

pub(in crate::cli) fn run(args: &SchemaArgs, terminal: &mut Terminal) -> Result<Exit, CommandFailure> {
    let schema = match args.kind {
        SchemaKind::Manifest => manifest::schema(),
        SchemaKind::Plan => schemars::schema_for!(PlanDocument),
        SchemaKind::Apply => schemars::schema_for!(ApplyDocument),
        SchemaKind::State => state::schema(),
        SchemaKind::Status => schemars::schema_for!(StatusDocument),
        SchemaKind::Validate => schemars::schema_for!(ValidateDocument),
        SchemaKind::Forecast => schemars::schema_for!(ForecastDocument),
        SchemaKind::History => schemars::schema_for!(HistoryDocument),
        SchemaKind::Event => schemars::schema_for!(LogLineDocument),
    };
    document::write(&mut terminal.out, &schema)?;
    Ok(Exit::Done)
}
