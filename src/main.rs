//! The `shardctl` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    shardctl::cli::run(std::env::args_os()).into()
}
