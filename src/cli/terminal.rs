//! Where output goes: the result to stdout, everything else to stderr.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice as Choice, StripStream};
use anstyle::{AnsiColor, Style};

use super::annotations::workflow_commands;
use super::args::{Annotations, ColorChoice, Format, LogFormat, OutputArgs};
use super::environment::Environment;
use super::failure::CommandFailure;
use super::output::Found;
use super::patient::Patient;
use super::reporter::Reporter;
use crate::diagnostic::{Problem, SourceMap};
use crate::document::{AskedByDocument, LogLevel};
use crate::model::printable;
use crate::render;
use crate::render::markdown::Comment;

const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Whether the reader of stdout went away before all was written, as `head` does.
#[derive(Debug, Clone, Default)]
struct ReaderLeft(Arc<AtomicBool>);

/// Stdout, up to the first failure: a reader that has gone away is none, others are told once.
struct Out<W> {
    stream: W,
    closed: bool,
    reader_left: ReaderLeft,
}

impl<W: Write> Out<W> {
    fn attempt<T>(&mut self, skipped: T, work: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.closed {
            return Ok(skipped);
        }
        let result = work(&mut self.stream);
        self.closed = result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_left.0.store(true, Ordering::Relaxed);
                Ok(skipped)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), Write::flush)
    }
}

/// Opens stdout with colour where it is wanted, buffered.
fn stdout(choice: Choice, reader_left: ReaderLeft) -> BufWriter<Box<dyn Write>> {
    let choice = if choice == Choice::Auto { AutoStream::choice(&io::stdout()) } else { choice };
    let stream: Box<dyn Write> = if choice == Choice::Never {
        // What is left between styles comes in small pieces: they are put together again before they are written.
        let out = Out { stream: Patient(io::stdout()), closed: false, reader_left };
        let whole: Box<dyn Write> = Box::new(BufWriter::new(out));
        Box::new(StripStream::new(whole))
    } else {
        let stream = Patient(AutoStream::new(io::stdout(), choice));
        Box::new(Out { stream, closed: false, reader_left })
    };
    BufWriter::new(stream)
}

/// Opens stderr with colour where it is wanted.
fn stderr(choice: Choice) -> Box<dyn Write> {
    let choice = if choice == Choice::Auto { AutoStream::choice(&io::stderr()) } else { choice };
    if choice == Choice::Never {
        let plain: Box<dyn Write> = Box::new(Patient(io::stderr()));
        Box::new(StripStream::new(plain))
    } else {
        Box::new(Patient(AutoStream::new(io::stderr(), choice)))
    }
}

/// The two streams, with what the user wants to see on them.
pub(super) struct Terminal {
    /// The result alone.
    pub(super) out: BufWriter<Box<dyn Write>>,
    /// Everything else.
    pub(super) err: Box<dyn Write>,
    /// Whether stderr is kept for errors.
    pub(super) quiet: bool,
    /// How much to say.
    pub(super) verbose: u8,
    /// Progress and logs.
    pub(super) reporter: Reporter,
    annotate: bool,
    /// The checkout, below which GitHub looks for files.
    workspace: Option<PathBuf>,
    /// What the result is for, where it becomes a comment.
    comment: Comment,
    /// Whether the result, or a part of it, was written.
    has_shown: bool,
    reader_left: ReaderLeft,
}

impl Terminal {
    pub(super) fn new(args: &OutputArgs, environment: &Environment, comment: Comment) -> Terminal {
        let choice = match args.color {
            ColorChoice::Auto => Choice::Auto,
            ColorChoice::Always => Choice::Always,
            ColorChoice::Never => Choice::Never,
        };
        let reader_left = ReaderLeft::default();
        Terminal {
            out: stdout(choice, reader_left.clone()),
            err: stderr(choice),
            quiet: args.quiet,
            verbose: args.verbose,
            reporter: Reporter::new(args.verbose, args.quiet, args.log_format, environment.is_ci),
            annotate: match args.annotations {
                // A collector reads objects alone.
                _ if args.log_format == LogFormat::Json => false,
                Annotations::Auto => environment.is_github,
                Annotations::Github => true,
                Annotations::None => false,
            },
            workspace: environment.github_workspace.clone(),
            comment,
            has_shown: false,
            reader_left,
        }
    }

    /// Writes the result, in the format that was asked for.
    pub(super) fn show(&mut self, format: Format, found: &Found<'_>) -> Result<(), CommandFailure> {
        // Of a plan that is about to be carried out only a text is written: a document holds its results, too.
        self.has_shown |= format == Format::Text || !matches!(found, Found::Upcoming(_));
        found.write(&mut self.out, format, self.verbose > 0, &self.comment)?;
        Ok(self.out.flush()?)
    }

    /// Returns how the result was asked for.
    pub(super) fn asked_by(&self) -> AskedByDocument {
        let Comment { manifests, shows_all, .. } = &self.comment;
        AskedByDocument { manifests: manifests.clone(), shows_all: shows_all.clone() }
    }

    /// Shows the result as one that was asked for in another way; what comes from a file cannot command the terminal.
    pub(super) fn is_asked_by(&mut self, AskedByDocument { manifests, shows_all }: &AskedByDocument) {
        self.comment.manifests = manifests.iter().map(|name| printable(name)).collect();
        self.comment.shows_all = printable(shows_all);
    }

    /// Returns whether the result, or a part of it, was written.
    pub(super) fn has_shown(&self) -> bool {
        self.has_shown
    }

    /// Returns whether a part of the result was not read, because its reader went away.
    pub(super) fn has_lost_its_reader(&self) -> bool {
        self.reader_left.0.load(Ordering::Relaxed)
    }

    /// Says why a command failed.
    pub(super) fn failure(&mut self, failure: &CommandFailure) {
        self.reporter.finish();
        if self.reporter.is_for_collectors() {
            let _ = self.out.flush();
            return self.reporter.collect_failure(failure);
        }
        if let Some(manifest) = &failure.manifest {
            self.problems(&manifest.problems, &manifest.sources);
        }
        // What was printed so far comes first; where that is impossible there is nobody to tell.
        let _ = self.out.flush();
        let CommandFailure { message, parts, hint, code: _, manifest: _ } = failure;
        // A line break in a text from outside would begin a line, which the log of a CI run may take for a command.
        let _ = writeln!(self.err, "{}error:{} {}", ERROR.render(), ERROR.render_reset(), printable(message));
        for part in parts {
            let _ = writeln!(self.err, "  - {}", printable(part));
        }
        if let Some(hint) = hint {
            let _ = writeln!(self.err, "  help: {}", printable(hint));
        }
    }

    /// Tells each problem of a plan to a collector, or writes it as a workflow command, where that is wanted.
    pub(super) fn problems_of_plan<'a>(
        &mut self,
        problems: impl IntoIterator<Item = &'a Problem>,
        sources: &SourceMap,
    ) {
        match self.reporter.is_for_collectors() {
            true => self.reporter.collect_problems(problems, sources),
            false => self.annotate(problems, sources),
        }
    }

    /// Writes each problem as a workflow command, where that is wanted.
    fn annotate<'a>(&mut self, problems: impl IntoIterator<Item = &'a Problem>, sources: &SourceMap) {
        if self.annotate {
            let _ = self.out.flush();
            for command in workflow_commands(problems, sources, self.workspace.as_deref()) {
                let _ = writeln!(self.err, "{command}");
            }
        }
    }

    /// Shows problems of the manifest.
    fn problems(&mut self, problems: &[Problem], sources: &SourceMap) {
        let text = render::problem::problems(problems, sources, true);
        let _ = self.out.flush();
        let _ = writeln!(self.err, "{text}");
        self.annotate(problems, sources);
    }

    /// Says what may cost something, whether somebody wants to hear it or not.
    pub(super) fn warn(&mut self, message: &str) {
        if self.reporter.is_for_collectors() {
            return self.reporter.collect(LogLevel::Warn, message);
        }
        let _ = writeln!(self.err, "{}warning:{} {}", WARNING.render(), WARNING.render_reset(), printable(message));
    }

    /// Says what is worth to know beside the result.
    pub(super) fn note(&mut self, message: &str) {
        let note = if self.reporter.is_for_collectors() { message.to_owned() } else { format!("note: {message}") };
        self.say(&printable(&note));
    }

    /// Says something on the side.
    pub(super) fn say(&mut self, message: &str) {
        match self.reporter.is_for_collectors() {
            _ if self.quiet => {}
            true => self.reporter.collect(LogLevel::Info, message),
            false => drop(writeln!(self.err, "{message}")),
        }
    }
}
