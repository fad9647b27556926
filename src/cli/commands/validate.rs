//! `shardctl validate`: checks the manifest, offline.

use std::io::Write;

use crate::cli::args::{Format, ValidateArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::session::{self, Loaded};
use crate::cli::terminal::Terminal;
use crate::model::count;
use crate::render::{json, markdown};

pub(in crate::cli) fn run(args: &ValidateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let loaded = session::load_manifest(&args.manifest, &[], None)?;
    let (sources, problems) = match &loaded {
        Loaded::Valid(sources, _) => (sources, &[][..]),
        Loaded::Invalid(sources, problems) => (sources, &problems[..]),
    };
    match args.format.format {
        Format::Text => {}
        Format::Json => json::write(&mut terminal.out, &json::validate(problems, sources))?,
        Format::Markdown => markdown::validate(&mut terminal.out, problems, sources)?,
    }
    match &loaded {
        Loaded::Invalid(sources, problems) => Err(session::invalid_manifest(terminal, problems, sources)),
        Loaded::Valid(_, desired) => {
            if args.format.format == Format::Text {
                let ips: usize = desired
                    .orders
                    .values()
                    .filter_map(|order| order.keep.as_ref())
                    .map(|keep| keep.addresses.len())
                    .sum();
                let orders = count(desired.orders.len(), "order");
                writeln!(terminal.out, "The manifest is valid: {orders}, {}.", count(ips, "IP"))?;
            }
            Ok(Exit::Done)
        }
    }
}
