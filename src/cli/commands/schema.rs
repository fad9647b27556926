//! `shardctl schema`: prints a JSON Schema.

use crate::cli::args::{SchemaArgs, SchemaKind};
use crate::cli::error::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::render::json::{self, ApplyDocument, PlanDocument};
use crate::{manifest, state};

pub(in crate::cli) fn run(args: &SchemaArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let schema = match args.kind {
        SchemaKind::Manifest => manifest::schema(),
        SchemaKind::Plan => schemars::schema_for!(PlanDocument),
        SchemaKind::Apply => schemars::schema_for!(ApplyDocument),
        SchemaKind::State => state::schema(),
    };
    json::write(&mut terminal.out, &schema)?;
    Ok(Exit::Done)
}
