//! The whole-process benchmark: `cargo build --release && cargo run --release --example bench`.
//!
//! Every goal is a ratio of two things measured in one run: shardctl, and the least that anybody would have to do for
//! the same result (a raw client that throws the answers away, the bare YAML event parser, plain file replacements).
//! The simulated API runs in a process of its own. Each figure is the median of several runs, taken in turn. With
//! `--check` the exit status says whether every goal is met; `--only WORD` runs the rows whose name holds the word;
//! `--runs N` sets the number of runs (default 5).

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod measure;
mod one_order;
mod roles;
mod rows;
mod unchanged;
mod world;

use std::process::ExitCode;

use anyhow::Result;

/// What the command line asks for.
#[derive(Debug)]
pub struct Wanted {
    check: bool,
    only: Option<String>,
    runs: usize,
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(role) = arguments.get(1).and_then(|first| first.strip_prefix("role:")) {
        return roles::play(role, &arguments[2..]);
    }
    let value =
        |flag: &str| arguments.iter().position(|word| word == flag).and_then(|at| arguments.get(at + 1)).cloned();
    let wanted = Wanted {
        check: arguments.iter().any(|word| word == "--check"),
        only: value("--only"),
        runs: value("--runs").map_or(Ok(5), |runs| runs.parse())?,
    };
    let met = rows::run(&wanted)?;
    Ok(if met || !wanted.check { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
