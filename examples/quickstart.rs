//! The main job in one command: `cargo run --example quickstart`.
//!
//! Starts the simulated API in a process of its own, then plans, applies and plans again over HTTP, exactly as the
//! `shardctl` program does, with a temporary state directory. Ends with 0 when the last plan is empty.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::Context;
use shardctl::cli::{self, Exit};

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == "sandbox") {
        return Ok(cli::run(arguments).into());
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let temporary = tempfile::tempdir()?;
    let token_file = temporary.path().join("token");
    fs::write(&token_file, "sandbox-token")?;

    let sandbox = Sandbox::start(&examples.join("account.yaml"))?;
    let shardctl = |words: &[&str]| {
        println!("\n$ shardctl {}", words.join(" "));
        let flags = [
            ("--manifest", examples.join("shardctl.yaml").display().to_string()),
            ("--state", temporary.path().join("state").display().to_string()),
            ("--api-url", sandbox.url.clone()),
            ("--token-file", token_file.display().to_string()),
        ];
        let flags = flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
        let words = words.iter().map(ToString::to_string);
        cli::run(std::iter::once("shardctl".to_owned()).chain(words).chain(flags))
    };
    shardctl(&["plan"]);
    shardctl(&["apply", "--apply"]);
    let last = shardctl(&["plan", "--detailed-exitcode"]);
    println!("\nThe last plan ended with {}: 0 means that there is nothing left to do.", last.code());
    Ok(if last == Exit::Done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The simulated API in a process of its own, ended when this is dropped.
struct Sandbox {
    process: Child,
    url: String,
}

impl Sandbox {
    fn start(account: &Path) -> anyhow::Result<Sandbox> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["sandbox", "--listen", "127.0.0.1:0", "--account"])
            .arg(account)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = process.stdout.take().context("the sandbox has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ").context("the sandbox did not start")?.to_owned();
        println!("A simulated account is served at {url}");
        Ok(Sandbox { process, url })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
