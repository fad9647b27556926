//! The command line: the only place that prints, reads the environment and decides the exit status.

mod annotations;
mod args;
mod commands;
mod error;
mod interrupt;
mod reporter;
mod session;
mod terminal;

use std::ffi::OsString;
use std::io::Write as _;

use clap::Parser;
use tokio::runtime;

pub use args::Cli;
pub use error::Exit;

use args::Command;
use error::Failure;
use interrupt::Signals;
use terminal::Terminal;

/// Runs the program with its arguments, the first of which is its own name, and returns the exit status.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            // Nothing better can be done where even this cannot be printed.
            let _ = usage.print();
            // 2 means "there are changes", so that a usage error is 1 like every other failure.
            return if usage.use_stderr() { Exit::Failed } else { Exit::Done };
        }
    };
    let mut terminal = Terminal::new(&cli.output);
    let exit = dispatch(cli.command, &mut terminal).and_then(|exit| {
        terminal.out.flush()?;
        Ok(exit)
    });
    exit.unwrap_or_else(|failure| {
        terminal.failure(&failure);
        failure.exit()
    })
}

fn dispatch(command: Command, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match command {
        Command::Validate(args) => commands::validate::run(&args, terminal),
        Command::Plan(args) => block_on(unless_interrupted(commands::plan::run(&args, terminal))),
        Command::Apply(args) => block_on(commands::apply::run(&args, terminal)),
        Command::Import(args) => block_on(unless_interrupted(commands::import::run(&args, terminal))),
        Command::Status(args) => block_on(unless_interrupted(commands::status::run(&args, terminal))),
        Command::State(args) => block_on(commands::state::run(&args, terminal)),
        Command::Schema(args) => commands::schema::run(&args, terminal),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => run_on(runtime::Builder::new_multi_thread(), commands::sandbox::run(&args, terminal)),
        Command::Completions(args) => commands::completions::run(&args, terminal),
        Command::Man(args) => commands::man::run(&args, terminal),
    }
}

/// Ends a command that only reads at the first signal, as an apply that has changed nothing yet.
async fn unless_interrupted(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let mut signals = Signals::new();
    tokio::select! {
        done = work => done,
        () = signals.next() => Err(Failure::new("interrupted: nothing was changed")),
    }
}

/// Runs a command on one thread: what it waits for is the network, and no thread has to wake another.
fn block_on(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    run_on(runtime::Builder::new_current_thread(), work)
}

fn run_on(mut runtime: runtime::Builder, work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    // Timers are looked at often, so that a server that sends without a pause does not hold up a timeout.
    let runtime = runtime.enable_all().event_interval(4).build();
    let runtime = runtime.map_err(|error| Failure::new(format!("the program could not start: {error}")))?;
    let done = runtime.block_on(work);
    // Where it was interrupted, nobody waits for a name to be looked up.
    runtime.shutdown_background();
    done
}
