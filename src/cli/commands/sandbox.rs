//! `shardctl sandbox`: serves a simulated ProxyShard API on loopback.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;

use anyhow::Context;

use crate::cli::args::SandboxArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::model::io_reason;
use crate::sandbox::{Account, Sandbox};

pub(in crate::cli) async fn run(args: &SandboxArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let path = args.account.display();
    let text = fs::read_to_string(&args.account).with_context(|| format!("the account file {path} cannot be read"))?;
    let account = Account::from_yaml(&text).map_err(|error| Failure::new(format!("{path}: {error}")))?;
    let sandbox = Sandbox::bind(account, args.listen).await.map_err(|error| cannot_listen(args.listen, &error))?;
    writeln!(terminal.out, "listening on {}", sandbox.url())?;
    terminal.out.flush()?;
    sandbox.serve(async { drop(tokio::signal::ctrl_c().await) }).await;
    Ok(Exit::Done)
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    match error.kind() {
        // It names the address itself, and says which one to take instead.
        io::ErrorKind::InvalidInput => Failure::new(io_reason(error)),
        _ => Failure::new(format!("cannot listen on {address}: {}", io_reason(error)))
            .hint("name another address by --listen; its port 0 picks a free one"),
    }
}
