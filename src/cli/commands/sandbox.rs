//! `shardctl sandbox`: serves a simulated ProxyShard API on loopback.

use std::fs;
use std::io::Write;

use anyhow::Context;

use crate::cli::args::SandboxArgs;
use crate::cli::error::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::sandbox::{Account, Sandbox};

pub(in crate::cli) async fn run(args: &SandboxArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let path = args.account.display();
    let text = fs::read_to_string(&args.account).with_context(|| format!("the account file {path} cannot be read"))?;
    let account = Account::from_yaml(&text).with_context(|| format!("the account file {path}"))?;
    let sandbox = Sandbox::bind(account, args.listen).await.map_err(|error| Failure::new(error.to_string()))?;
    writeln!(terminal.out, "listening on {}", sandbox.url())?;
    terminal.out.flush()?;
    sandbox.serve(async { drop(tokio::signal::ctrl_c().await) }).await;
    Ok(Exit::Done)
}
