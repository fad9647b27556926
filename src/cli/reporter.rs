//! Progress and logs on stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::args::LogFormat;
use super::failure::{CommandFailure, InvalidManifest};
use super::heartbeat::{self, Heartbeat, LongPauses};
use super::patient::Patient;
use crate::api::{Observer, RequestEnded, Stage, Waiting};
use crate::apply::ApplyEvents;
use crate::document::{self, EventDocument, EventLevel, EventLineDocument, RunOperationDocument};
use crate::model::{Cents, Foreign, OrderId, Outcome, Report, StepResult, printable};
use crate::plan::{OrderPlan, Plan, Status, Step};
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
        Reporter { bar, verbose, quiet, format, heartbeat: Arc::default(), pauses: Arc::default() }
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
            let fields = json!({"order_id": order_id.get()});
            self.log("info", &message.to_string(), &format!("order {order_id}: {message}"), fields);
        }
    }

    /// Logs what a plan came to.
    pub(super) fn planned(&self, plan: &Plan) {
        for order in &plan.orders {
            let (steps, problems) = (order.steps.len(), order.problems.len());
            self.decision(order.order_id, format_args!("planned: {steps} operations, {problems} problems"));
        }
    }

    /// Tells what a plan is about to do that is carried out now; `run` is its name in the history.
    pub(super) fn apply_started(&self, plan: &Plan, run: Option<&str>) {
        let orders = || plan.orders.iter().filter(|order| order.status() == Status::Changed);
        let steps = || orders().flat_map(|order| &order.steps);
        let event = EventDocument::ApplyStarted {
            run: run.map(str::to_owned),
            orders: orders().count(),
            operations: steps().count(),
            charge_cents: orders().map(OrderPlan::charge).sum::<Cents>().0,
            ips_leaving: steps().map(Step::ips_leaving).sum(),
        };
        self.event(EventLevel::Info, event, "apply started");
    }

    /// Tells what came of a plan.
    pub(super) fn apply_ended(&self, report: &Report, run: Option<&str>) {
        let level = match report.outcome() {
            Outcome::NothingToDo | Outcome::Complete => EventLevel::Info,
            Outcome::Partial | Outcome::Failed => EventLevel::Error,
        };
        let event = EventDocument::ApplyEnded {
            run: run.map(str::to_owned),
            outcome: report.outcome().into(),
            charged_cents: report.charged().0,
            may_have_charged_cents: report.may_have_charged().0,
        };
        self.event(level, event, "apply ended");
    }

    /// Tells an event to a collector, however much people want to be told.
    fn event(&self, level: EventLevel, event: EventDocument, message: impl Display) {
        if self.is_for_collectors() && !self.quiet {
            let line = EventLineDocument::new(jiff::Timestamp::now(), level, event, message.to_string());
            self.write(&document::line(&line));
        }
    }

    /// Returns whether stderr is for a collector, which reads one object a line and nothing else.
    pub(super) fn is_for_collectors(&self) -> bool {
        self.format == LogFormat::Json
    }

    /// Tells a collector what is no event.
    pub(super) fn collect(&self, level: &str, message: &str) {
        self.log(level, message, "", json!({}));
    }

    /// Tells a collector why a command failed, and which problems its manifest has.
    pub(super) fn collect_failure(&self, failure: &CommandFailure) {
        let now = jiff::Timestamp::now();
        if let Some(InvalidManifest { problems, sources }) = failure.manifest.as_deref() {
            let line = |problem| document::line(&EventLineDocument::problem(now, problem, sources));
            problems.iter().for_each(|problem| self.write(&line(problem)));
        }
        let CommandFailure { message, parts, hint, code, manifest: _ } = failure;
        let event = EventDocument::Failed { code: *code, parts: parts.clone(), help: hint.clone() };
        self.write(&document::line(&EventLineDocument::new(now, EventLevel::Error, event, message.clone())));
    }

    /// Says something on the side, whatever the command is doing.
    pub(super) fn aside(&self, message: &str) {
        match self.format {
            LogFormat::Text => self.write(message),
            LogFormat::Json => self.collect("info", message),
        }
    }

    /// Says what may cost something, whatever the command is doing, and whether somebody wants to hear it or not.
    fn warn(&self, message: &str) {
        match self.format {
            LogFormat::Text => self.write(&format!("warning: {message}")),
            LogFormat::Json => self.collect("warn", message),
        }
    }

    /// Tells an event of an order: to a collector as such, to people as a decision.
    fn order_event(
        &self,
        order_id: OrderId,
        level: EventLevel,
        event: impl FnOnce(u64) -> EventDocument,
        message: impl Display,
    ) {
        match self.format {
            LogFormat::Json => self.event(level, event(order_id.get()), format_args!("order {order_id}: {message}")),
            LogFormat::Text => self.decision(order_id, message),
        }
    }

    fn write(&self, line: &str) {
        // Log lines come from several tasks at once, and nobody may be there to read them any more.
        self.bar.suspend(|| drop(writeln!(Patient(io::stderr()), "{line}")));
    }

    fn log(&self, level: &str, message: &str, line: &str, mut fields: Value) {
        let now = jiff::Timestamp::now();
        let line = match self.format {
            LogFormat::Text => format!("{now:.3} {level:5} {}", printable(line)),
            LogFormat::Json => {
                fields["time"] = json!(format!("{now:.3}"));
                fields["level"] = json!(level);
                fields["message"] = json!(message);
                document::line(&fields)
            }
        };
        self.write(&line);
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

impl ApplyEvents for Reporter {
    fn order_started(&self, order_id: OrderId) {
        let event = |order_id| EventDocument::OrderStarted { order_id };
        self.order_event(order_id, EventLevel::Info, event, "started");
    }

    fn step_started(&self, order_id: OrderId, step: &Step) {
        let operation = || RunOperationDocument::new(step, None);
        let event = |order_id| EventDocument::OperationStarted { order_id, operation: operation() };
        self.order_event(order_id, EventLevel::Info, event, format_args!("{} started", step.kind()));
    }

    fn charged(&self, order_id: OrderId, charge: Cents) {
        let event = |order_id| EventDocument::Charged { order_id, charge_cents: charge.0 };
        self.order_event(order_id, EventLevel::Info, event, format_args!("charged {charge}"));
    }

    fn step_ended(&self, order_id: OrderId, step: &Step, result: &StepResult) {
        let words = match result {
            StepResult::Done => "done".to_owned(),
            StepResult::NotRun => "not run".to_owned(),
            StepResult::Failed { error } => format!("failed: {error}"),
            StepResult::Unknown { error } => format!("outcome unknown: {error}"),
        };
        let level = match result {
            StepResult::Done | StepResult::NotRun => EventLevel::Info,
            StepResult::Failed { .. } | StepResult::Unknown { .. } => EventLevel::Error,
        };
        let operation = || RunOperationDocument::new(step, Some(result));
        let event = |order_id| EventDocument::OperationEnded { order_id, operation: operation() };
        self.order_event(order_id, level, event, format_args!("{} {words}", step.kind()));
    }

    fn order_ended(&self, order_id: OrderId) {
        self.bar.inc(1);
        let event = |order_id| EventDocument::OrderEnded { order_id };
        self.order_event(order_id, EventLevel::Info, event, "ended");
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
        let fields = json!({
            "method": method, "path": target, "status": status, "milliseconds": milliseconds, "attempt": attempt,
        });
        self.log("debug", "request", &line, fields);
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
            self.log("warn", &message, &message, json!({"seconds": seconds}));
        }
    }
}
