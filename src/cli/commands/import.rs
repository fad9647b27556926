//! `shardctl import`: prints a manifest for live orders.

use std::collections::BTreeMap;
use std::io::Write;

use crate::cli::args::ImportArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::session;
use crate::cli::terminal::Terminal;
use crate::live::ReadRequest;
use crate::model::{OrderId, ReadFailure, Recorded};
use crate::render::import::{self, Imported};

pub(in crate::cli) async fn run(args: &ImportArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let connection = session::connect(&args.api, terminal)?;
    let store = session::open_records(&args.state, &args.manifest, &connection.url().to_string())?;
    let at_once = connection.settings().concurrency;
    let recorded = session::read_records(&store, args.orders.iter().copied(), at_once).await?;
    let request = |order_id: &OrderId| ReadRequest { order_id: *order_id, slots: true, slots_wanted: None };
    let requests: BTreeMap<OrderId, ReadRequest> = args.orders.iter().map(|id| (*id, request(id))).collect();
    let live = session::read_live(&connection, requests.into_values().collect(), &terminal.reporter).await?;
    let nothing_recorded = Recorded::default();
    let mut orders = Vec::new();
    for (order_id, live) in &live {
        let live = live.as_ref().map_err(|failure| unreadable(*order_id, failure))?;
        let recorded = match recorded.get(order_id) {
            Some(Ok(recorded)) => recorded,
            Some(Err(message)) => return Err(Failure::new(message.clone())),
            None => &nothing_recorded,
        };
        orders.push(Imported { order_id: *order_id, live, recorded });
    }
    import::manifest(&mut terminal.out, &orders, jiff::Timestamp::now())?;
    terminal.out.flush()?;
    Ok(Exit::Done)
}

fn unreadable(order_id: OrderId, failure: &ReadFailure) -> Failure {
    let unreadable = Failure::new(format!("order {order_id} could not be read: {}", failure.message().printable()));
    match failure.may_be_misdirected() {
        true => unreadable.hint("this is not how the API answers: check --api-url (PROXYSHARD_API_URL)"),
        false => unreadable,
    }
}
