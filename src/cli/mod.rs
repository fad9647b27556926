//! The command line: the only place that prints, reads the environment and decides the exit status.

mod actor;
mod annotations;
mod args;
mod command_line;
mod commands;
mod comment;
mod completion;
mod environment;
mod event;
mod examples;
mod failure;
mod habits;
mod heartbeat;
mod interrupt;
mod line;
mod no_manifest;
mod order_filter;
mod output;
mod patient;
mod reporter;
mod run;
mod run_history;
#[cfg(feature = "sandbox")]
mod sandbox_help;
mod terminal;
mod usage;

use std::ffi::OsString;
use std::io::Write as _;

use clap::{CommandFactory, Parser};
use tokio::runtime;

use crate::diagnostic::SourceMap;

pub use command_line::Cli;
pub use failure::Exit;

use args::{ApiArgs, Format, FormatArgs};
use command_line::Command;
use comment::comment;
use environment::Environment;
use failure::CommandFailure;
use interrupt::Interrupt;
use output::{Ended, Expected, Found};
use reporter::Reporter;
use terminal::Terminal;

/// Runs the program with its arguments, the first of which is its own name, and returns the exit status.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    if let Some(exit) = completion::answer(&arguments) {
        return exit;
    }
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage::print(error, &arguments),
    };
    let environment = Environment::read();
    let mut terminal = Terminal::new(&cli.output, &environment, comment(&cli.command, &environment));
    let expected = expected(&cli.command);
    let exit = dispatch(cli.command, &environment, &mut terminal).and_then(|exit| {
        terminal.out.flush()?;
        Ok(exit)
    });
    exit.unwrap_or_else(|failure| {
        if let Some((expected, format, api_url)) = expected {
            end(&mut terminal, &failure, expected, format, api_url);
        }
        terminal.failure(&failure);
        failure.exit()
    })
}

/// Returns which document a command prints, in which format, and about which API; `None`: it prints none.
fn expected(command: &Command) -> Option<(Expected, Format, String)> {
    let of = |expected, format: &FormatArgs, api: &ApiArgs| Some((expected, format.format, api.named_url()));
    match command {
        Command::Plan(args) => of(Expected::Plan, &args.format, &args.api),
        Command::Show(args) => Some((Expected::Plan, args.format.format, String::new())),
        Command::Apply(args) => of(Expected::Apply { carried_out: args.apply }, &args.format, &args.api),
        Command::Status(args) => Some((Expected::Status, args.format.into(), args.api.named_url())),
        Command::Forecast(args) => of(Expected::Forecast, &args.format, &args.api),
        Command::History(args) => Some((Expected::History, args.format.format, String::new())),
        Command::Validate(args) => Some((Expected::Validate, args.format.format, String::new())),
        _ => None,
    }
}

/// Prints the document of a run that ended before there was another, so that stdout always carries one.
fn end(terminal: &mut Terminal, failure: &CommandFailure, expected: Expected, format: Format, api_url: String) {
    let problems = failure.problems();
    if terminal.has_shown() || problems.is_empty() {
        return;
    }
    let nothing_read = SourceMap::default();
    let sources = failure.manifest.as_ref().map_or(&nothing_read, |manifest| &manifest.sources);
    let invalid_manifest = failure.manifest.is_some();
    let ended = Ended { expected, api_url, problems: &problems, sources, invalid_manifest };
    // Where it cannot be printed, the failure itself is said on stderr.
    let _ = terminal.show(format, &Found::Ended(ended));
}

fn dispatch(command: Command, environment: &Environment, terminal: &mut Terminal) -> Result<Exit, CommandFailure> {
    let reporter = terminal.reporter.clone();
    match command {
        Command::Validate(args) => commands::validate::run(&args, environment, terminal),
        Command::Plan(args) => until_interrupted(reporter, async |interrupt| {
            commands::plan::run(&args, environment, interrupt, terminal).await
        }),
        Command::Show(args) => commands::show::run(&args, terminal),
        Command::Apply(args) => {
            let interrupt = Interrupt::listen(reporter);
            block_on(commands::apply::run(&args, environment, &interrupt, terminal))
        }
        Command::Import(args) => until_interrupted(reporter, async |interrupt| {
            commands::import::run(&args, environment, interrupt, terminal).await
        }),
        Command::Status(args) => until_interrupted(reporter, async |interrupt| {
            commands::status::run(&args, environment, interrupt, terminal).await
        }),
        Command::Forecast(args) => until_interrupted(reporter, async |interrupt| {
            commands::forecast::run(&args, environment, interrupt, terminal).await
        }),
        Command::History(args) => {
            until_interrupted(reporter, async |_| commands::history::run(&args, environment, terminal).await)
        }
        Command::State(args) => {
            let interrupt = Interrupt::listen(reporter);
            block_on(commands::state::run(&args, environment, &interrupt, terminal))
        }
        Command::Schema(args) => commands::schema::run(&args, terminal),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => run_on(runtime::Builder::new_multi_thread(), commands::sandbox::run(&args, terminal)),
        Command::Completions(args) => commands::completions::run(&args, terminal),
        Command::Man(args) => commands::man::run(&args, Cli::command(), terminal),
    }
}

/// Runs a command that changes nothing; the first signal ends it.
fn until_interrupted(
    reporter: Reporter,
    work: impl AsyncFnOnce(&Interrupt) -> Result<Exit, CommandFailure>,
) -> Result<Exit, CommandFailure> {
    let interrupt = Interrupt::listen(reporter);
    block_on(interrupt.unless_asked(work(&interrupt)))
}

/// Runs a command on one thread: what it waits for is the network, and no thread has to wake another.
fn block_on(work: impl Future<Output = Result<Exit, CommandFailure>>) -> Result<Exit, CommandFailure> {
    run_on(runtime::Builder::new_current_thread(), work)
}

fn run_on(
    mut runtime: runtime::Builder,
    work: impl Future<Output = Result<Exit, CommandFailure>>,
) -> Result<Exit, CommandFailure> {
    // Timers are looked at often, so that a server that sends without a pause does not hold up a timeout.
    let runtime = runtime.enable_all().event_interval(4).build();
    let runtime = runtime.map_err(|error| CommandFailure::new(format!("the program could not start: {error}")))?;
    let done = runtime.block_on(work);
    // Where it was interrupted, nobody waits for a name to be looked up.
    runtime.shutdown_background();
    done
}
