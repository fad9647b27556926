//! `shardctl status`: a table of orders.

use std::collections::BTreeSet;

use crate::cli::args::{Format, StatusArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::session::{self, Loaded};
use crate::cli::terminal::Terminal;
use crate::live::ReadRequest;
use crate::model::{OrderId, count};
use crate::render::json;
use crate::render::status::{self, StatusDocument};

pub(in crate::cli) async fn run(args: &StatusArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let orders: BTreeSet<OrderId> = match args.orders.is_empty() {
        false => args.orders.iter().copied().collect(),
        true => match session::load_manifest(&args.manifest, &[], args.api.token_file.as_deref())? {
            Loaded::Valid(_, desired) => desired.orders.into_keys().collect(),
            Loaded::Invalid(sources, problems) => {
                return Err(session::invalid_manifest(terminal, &problems, &sources));
            }
        },
    };
    let connection = session::connect(&args.api, terminal)?;
    let store = session::open_records(&args.state, &args.manifest, &connection.url().to_string())?;
    let at_once = connection.settings().concurrency;
    let recorded = session::read_records(&store, orders.iter().copied(), at_once).await?;
    let requests = orders.iter().map(|order_id| ReadRequest { order_id: *order_id, slots: true, slots_wanted: None });
    let live = session::read_live(&connection, requests.collect(), &terminal.reporter).await?;
    let document = StatusDocument::new(&live, &recorded, jiff::Timestamp::now());
    match args.format.format {
        Format::Text => status::text(&mut terminal.out, &document)?,
        Format::Json => json::write(&mut terminal.out, &document)?,
        Format::Markdown => status::markdown(&mut terminal.out, &document)?,
    }
    match document.orders.iter().filter(|order| order.error.is_some()).count() {
        0 => Ok(Exit::Done),
        failed => Err(Failure::new(format!("{} could not be shown", count(failed, "order")))),
    }
}
