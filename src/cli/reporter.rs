//! Progress and logs on stderr.

mod events;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::args::LogFormat;
use super::failure::{CommandFailure, InvalidManifest, common_code};
use super::heartbeat::{self, Heartbeat, LongPauses};
use super::patient::Patient;
use crate::api::{Observer, RequestEnded, Stage, Waiting};
use crate::diagnostic::{Problem, SourceMap};
use crate::document::{
    self, EventDocument, EventLineDocument, LogLevel, LogLineDocument, MessageLineDocument, PauseLineDocument,
    RequestLineDocument,
};
use crate::model::{Foreign, OrderId, printable};
use crate::plan::Plan;
use crate::reconcile::ReadProgress;

/// `-v`: what was decided.
const DECISIONS: u8 = 1;
/// `-vv`: every request.
const REQUESTS: u8 = 2;

/// Tells on stderr how things go on: a bar on a terminal, and the log lines that were asked for.
#[derive(Debug, Clone)]
pub(super) struct Reporter {
    bar: ProgressBar,
    verbose: u8,
    quiet: bool,
    format: LogFormat,
    /// The run in the history, once it is begun.
    run: Arc<OnceLock<String>>,
    /// Beats while orders are read or written, where nobody sees the bar.
    heartbeat: Arc<Mutex<Option<Heartbeat>>>,
    pauses: Arc<LongPauses>,
}

impl Reporter {
    /// Shows a bar only on a terminal that somebody looks at.
    pub(super) fn new(verbose: u8, quiet: bool, format: LogFormat, in_ci: bool) -> Reporter {
        let hidden = quiet || in_ci || format == LogFormat::Json || !io::stderr().is_terminal();
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len} orders  {wide_msg}") {
            bar.set_style(style);
        }
        Reporter { bar, verbose, quiet, format, run: Arc::default(), heartbeat: Arc::default(), pauses: Arc::default() }
    }

    /// Starts to count orders.
    pub(super) fn start(&self, what: &'static str, orders: usize) {
        self.bar.reset();
        self.bar.set_prefix(what);
        self.bar.set_message("");
        self.bar.set_length(orders as u64);
        self.bar.enable_steady_tick(Duration::from_millis(200));
        if self.bar.is_hidden() && !self.quiet {
            let reporter = self.clone();
            self.beat(Some(Heartbeat::start(heartbeat::INTERVAL, move || reporter.say_how_far(what))));
        }
    }

    fn say_how_far(&self, what: &str) {
        self.aside(&heartbeat::how_far(what, self.bar.position(), self.bar.length().unwrap_or_default()));
    }

    /// Lets another heart beat, or none.
    fn beat(&self, heartbeat: Option<Heartbeat>) {
        *self.heartbeat.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = heartbeat;
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.beat(None);
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
    }

    /// Logs a decision (`-v`); it becomes text only where somebody asked for it.
    pub(super) fn decision(&self, order_id: OrderId, message: impl Display) {
        if self.verbose >= DECISIONS {
            let line =
                |time| MessageLineDocument::new(time, LogLevel::Info, Some(order_id.get()), &message.to_string());
            self.log(LogLevel::Info, &format!("order {order_id}: {message}"), |time| {
                LogLineDocument::Message(line(time))
            });
        }
    }

    /// Logs what a plan came to.
    pub(super) fn planned(&self, plan: &Plan) {
        for order in &plan.orders {
            let (steps, problems) = (order.steps.len(), order.problems.len());
            self.decision(order.order_id, format_args!("planned: {steps} operations, {problems} problems"));
        }
    }

    /// Tells an event to a collector, however much people want to be told.
    fn event(&self, level: LogLevel, event: EventDocument, message: impl Display) {
        if self.is_for_collectors() && !self.quiet {
            self.write_event(EventLineDocument::new(Timestamp::now(), level, event, message.to_string()));
        }
    }

    /// Returns whether stderr is for a collector, which reads one object a line and nothing else.
    pub(super) fn is_for_collectors(&self) -> bool {
        self.format == LogFormat::Json
    }

    /// Tells a collector what is no event.
    pub(super) fn collect(&self, level: LogLevel, message: &str) {
        self.log(level, message, |time| LogLineDocument::Message(MessageLineDocument::new(time, level, None, message)));
    }

    /// Tells a collector which problems a manifest or a plan has.
    pub(super) fn collect_problems<'a>(&self, problems: impl IntoIterator<Item = &'a Problem>, sources: &SourceMap) {
        let now = Timestamp::now();
        problems.into_iter().for_each(|problem| self.write_event(EventLineDocument::problem(now, problem, sources)));
    }

    /// Tells a collector why a command failed, and which problems its manifest has.
    pub(super) fn collect_failure(&self, failure: &CommandFailure) {
        let CommandFailure { message, parts, hint, code, manifest } = failure;
        let mut code = *code;
        if let Some(InvalidManifest { problems, sources }) = manifest.as_deref() {
            self.collect_problems(problems, sources);
            code = code.or(common_code(problems.iter().map(|problem| problem.code)));
        }
        let event = EventDocument::Failed { code, parts: parts.clone(), help: hint.clone() };
        self.write_event(EventLineDocument::new(Timestamp::now(), LogLevel::Error, event, message.clone()));
    }

    /// Says something on the side, whatever the command is doing.
    pub(super) fn aside(&self, message: &str) {
        match self.format {
            LogFormat::Text => self.write(message),
            LogFormat::Json => self.collect(LogLevel::Info, message),
        }
    }

    /// Says what may cost something, whatever the command is doing, and whether somebody wants to hear it or not.
    fn warn(&self, message: &str) {
        match self.format {
            LogFormat::Text => self.write(&format!("warning: {message}")),
            LogFormat::Json => self.collect(LogLevel::Warn, message),
        }
    }

    fn write(&self, line: &str) {
        // Log lines come from several tasks at once, and nobody may be there to read them any more.
        self.bar.suspend(|| drop(writeln!(Patient(io::stderr()), "{line}")));
    }

    fn write_event(&self, event: EventLineDocument) {
        self.write(&document::line(&LogLineDocument::Event(Box::new(event))));
    }

    /// Logs a line that tells no event, for people or for a collector.
    fn log(&self, level: LogLevel, text: &str, line: impl FnOnce(Timestamp) -> LogLineDocument) {
        let now = Timestamp::now();
        self.write(&match self.format {
            LogFormat::Text => format!("{now:.3} {:5} {}", level.as_str(), printable(text)),
            LogFormat::Json => document::line(&line(now)),
        });
    }
}

impl ReadProgress for Reporter {
    fn reading_started(&self, orders: usize) {
        self.start("Reading", orders);
    }

    fn reading_ended(&self) {
        self.finish();
    }

    fn order_read(&self, order_id: OrderId) {
        self.bar.inc(1);
        self.decision(order_id, "live state read");
    }

    fn wallet_unknown(&self, why: &Foreign) {
        let why = why.printable();
        self.warn(&format!("what the wallet holds is not known, nor whether it covers what the plan charges: {why}"));
    }
}

impl Observer for Reporter {
    fn request_ended(&self, request: &RequestEnded<'_>) {
        if self.verbose < REQUESTS {
            return;
        }
        let RequestEnded { endpoint: _, method, target, status, took, attempt, failure } = request;
        let milliseconds = took.as_millis() as u64;
        let answer = match (status, failure) {
            (Some(status), _) => status.to_string(),
            (None, Some(Stage::NotSent { .. } | Stage::NotPermitted { .. })) => "not sent".to_owned(),
            (None, _) => "no answer".to_owned(),
        };
        let line = format!("{method} {target} {answer} {milliseconds} ms, attempt {attempt}");
        self.log(LogLevel::Debug, &line, |time| {
            LogLineDocument::Request(RequestLineDocument {
                time: document::at(time),
                level: LogLevel::Debug,
                method: (*method).to_owned(),
                path: (*target).to_owned(),
                status: *status,
                milliseconds,
                attempt: *attempt,
                message: "request".to_owned(),
            })
        });
    }

    fn waiting(&self, waiting: &Waiting<'_>) {
        let Waiting { endpoint, failure, pause, whole_run: _ } = waiting;
        let seconds = pause.as_secs_f64();
        let why = match failure {
            Stage::Refused { status: 429, .. } => "the API asks to slow down".to_owned(),
            Stage::Refused { status, .. } => format!("the API answered {status}"),
            Stage::NotSent { reason, .. } | Stage::NoAnswer { reason, .. } => reason.raw().to_owned(),
            Stage::NotPermitted { .. } | Stage::Unreadable { .. } | Stage::Unexpected { .. } => {
                "the answer was not usable".to_owned()
            }
        };
        let message = format!("{endpoint}: {why}; again in {seconds:.1} s");
        self.bar.set_message(printable(&message));
        let is_silence = self.bar.is_hidden() && !self.quiet && self.pauses.is_news(Instant::now(), *pause);
        if self.verbose >= DECISIONS || is_silence {
            self.log(LogLevel::Warn, &message, |time| {
                let (time, message) = (document::at(time), message.clone());
                LogLineDocument::Pause(PauseLineDocument { time, level: LogLevel::Warn, seconds, message })
            });
        }
    }
}
