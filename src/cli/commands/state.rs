//! `shardctl state`: prints or drops what is recorded of an order.

use std::io::Write;

use crate::cli::args::{StateAction, StateArgs, StateListArgs, StateOrderArgs};
use crate::cli::error::{Exit, Failure};
use crate::cli::session;
use crate::cli::terminal::Terminal;

pub(in crate::cli) async fn run(args: &StateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.action {
        StateAction::Show(args) => show(args, terminal).await,
        StateAction::Forget(args) => forget(args, terminal).await,
        StateAction::List(args) => list(args, terminal).await,
    }
}

async fn show(args: &StateOrderArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = session::open_store(&args.state, &args.manifest, "")?;
    match store.raw(args.order).await? {
        Some(bytes) => terminal.out.write_all(&bytes)?,
        None => return Err(Failure::new(format!("nothing is recorded of order {}", args.order))),
    }
    Ok(Exit::Done)
}

async fn forget(args: &StateOrderArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = session::open_store(&args.state, &args.manifest, "")?;
    let order = args.order;
    if store.raw(order).await?.is_none() {
        terminal.say(&format!("Nothing is recorded of order {order}."));
        return Ok(Exit::Done);
    }
    let _lock = store.lock().await?;
    store.forget(order).await?;
    terminal.say(&format!("Forgot order {order}: everything about it is unknown now, and the next apply asserts it."));
    Ok(Exit::Done)
}

async fn list(args: &StateListArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = session::open_store(&args.state, &args.manifest, "")?;
    for order in store.list().await? {
        writeln!(terminal.out, "{order}")?;
    }
    Ok(Exit::Done)
}
