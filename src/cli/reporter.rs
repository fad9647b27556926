//! Progress and logs on stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::args::LogFormat;
use crate::api::{Observer, RequestEnded, Stage, Waiting};
use crate::apply::ApplyEvents;
use crate::model::printable;
use crate::model::{OrderId, StepResult};
use crate::plan::{Plan, Step};
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
    format: LogFormat,
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
        Reporter { bar, verbose, format }
    }

    /// Starts to count orders.
    pub(super) fn start(&self, what: &'static str, orders: usize) {
        self.bar.reset();
        self.bar.set_prefix(what);
        self.bar.set_message("");
        self.bar.set_length(orders as u64);
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
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

    fn log(&self, level: &str, message: &str, line: &str, mut fields: Value) {
        let now = jiff::Timestamp::now();
        let line = match self.format {
            LogFormat::Text => format!("{now:.3} {level:5} {}", printable(line)),
            LogFormat::Json => {
                fields["time"] = json!(format!("{now:.3}"));
                fields["level"] = json!(level);
                fields["message"] = json!(message);
                fields.to_string()
            }
        };
        // Log lines come from several tasks at once, and nobody may be there to read them any more.
        self.bar.suspend(|| drop(writeln!(io::stderr(), "{line}")));
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
}

impl ApplyEvents for Reporter {
    fn order_started(&self, order_id: OrderId) {
        self.decision(order_id, "started");
    }

    fn step_ended(&self, order_id: OrderId, step: &Step, result: &StepResult) {
        let words = match result {
            StepResult::Done => "done".to_owned(),
            StepResult::NotRun => "not run".to_owned(),
            StepResult::Failed { error } => format!("failed: {error}"),
            StepResult::Unknown { error } => format!("outcome unknown: {error}"),
        };
        self.decision(order_id, format_args!("{} {words}", step.kind()));
    }

    fn order_ended(&self, order_id: OrderId) {
        self.bar.inc(1);
        self.decision(order_id, "ended");
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
        if self.verbose >= DECISIONS {
            self.log("warn", &message, &message, json!({"seconds": seconds}));
        }
    }
}
