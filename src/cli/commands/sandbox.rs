//! `shardctl sandbox`: serves a simulated ProxyShard API on loopback.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;

use anyhow::Context;

use crate::cli::failure::{CommandFailure, Exit};
use crate::cli::line::shell_word;
use crate::cli::terminal::Terminal;
use crate::model::io_reason;
use crate::sandbox::{Account, Sandbox};

#[derive(Debug, Args)]
pub(in crate::cli) struct SandboxArgs {
    /// YAML file that describes the simulated account
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) account: PathBuf,
    /// Loopback address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:4010", value_name = "ADDR")]
    pub(in crate::cli) listen: std::net::SocketAddr,
}

pub(in crate::cli) async fn run(args: &SandboxArgs, terminal: &mut Terminal) -> Result<Exit, CommandFailure> {
    let path = args.account.display();
    let text = fs::read_to_string(&args.account).with_context(|| format!("the account file {path} cannot be read"))?;
    let account = Account::from_yaml(&text).map_err(|error| CommandFailure::new(format!("{path}: {error}")))?;
    let sandbox = Sandbox::bind(account, args.listen).await.map_err(|error| cannot_listen(args.listen, &error))?;
    writeln!(terminal.out, "listening on {}", sandbox.url())?;
    terminal.out.flush()?;
    terminal.say(&variables(&sandbox));
    sandbox.serve(async { drop(tokio::signal::ctrl_c().await) }).await;
    Ok(Exit::Done)
}

/// Says what sends the next command of another terminal here. The token is the one of the account file: it opens nothing
/// but this.
fn variables(sandbox: &Sandbox) -> String {
    let (url, token) = (sandbox.url(), shell_word(sandbox.control().token()));
    format!(
        "In another terminal, these send shardctl here (a made-up token, and no secret):\n  export \
         PROXYSHARD_API_URL={url}\n  export PROXYSHARD_TOKEN={token}"
    )
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> CommandFailure {
    match error.kind() {
        // It names the address itself, and says which one to take instead.
        io::ErrorKind::InvalidInput => CommandFailure::new(io_reason(error)),
        _ => CommandFailure::new(format!("cannot listen on {address}: {}", io_reason(error)))
            .hint("name another address by --listen; its port 0 picks a free one"),
    }
}
