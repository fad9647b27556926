//! What a command found, written in whatever format the user asked for: the only place that looks at the format.

use std::io::{self, Write};

use jiff::Timestamp;

use super::args::Format;
use crate::diagnostic::{Problem, SourceMap};
use crate::document::{
    self, ApplyDocument, ForecastDocument, HistoryDocument, OutcomeWord, PlanDocument, PlanView, ProblemDocument,
    StatusDocument, ValidateDocument,
};
use crate::model::{Desired, Report, count};
use crate::render::forecast::{self, ForecastView};
use crate::render::history::LookedAt;
use crate::render::markdown::{self, Comment, Invocation};
use crate::render::{Shown, history, openmetrics, status, text};

/// What a command found.
pub(super) enum Found<'a> {
    /// A plan, made by `plan`.
    Plan(PlanView<'a>),
    /// A plan, made by an `apply` that does not carry it out.
    DryRun(PlanView<'a>),
    /// A plan that is carried out next: people read it before, everybody else with its report.
    Upcoming(PlanView<'a>),
    /// What came of a plan.
    Applied(PlanView<'a>, &'a Report),
    /// Where orders stand.
    Status(&'a StatusDocument),
    /// The renewals to come.
    Forecast(ForecastView<'a>),
    /// What was applied.
    History(&'a HistoryDocument, &'a LookedAt),
    /// A manifest that is valid.
    Valid(&'a Desired),
    /// A run that ended before there was anything else.
    Ended(Ended<'a>),
}

/// A run that ended before there was a result.
pub(super) struct Ended<'a> {
    /// What was asked for, and so which document stands for it.
    pub(super) expected: Expected,
    /// The API that was asked, or would have been.
    pub(super) api_url: String,
    /// Why it ended.
    pub(super) problems: &'a [Problem],
    /// The manifest files, as far as they were read.
    pub(super) sources: &'a SourceMap,
    /// Whether it ended because of the manifest.
    pub(super) invalid_manifest: bool,
}

/// Which document a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// A plan.
    Plan,
    /// A plan with its outcome; `carried_out` where `--apply` was given.
    Apply {
        /// Whether `--apply` was given.
        carried_out: bool,
    },
    /// A table of orders.
    Status,
    /// The renewals to come.
    Forecast,
    /// What was applied.
    History,
    /// What a validation found.
    Validate,
}

impl<'a> Found<'a> {
    /// Writes what was found; `comment` says what it is for where it becomes one.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        format: Format,
        verbose: bool,
        comment: &Comment,
    ) -> io::Result<()> {
        match format {
            Format::Text => self.text(out, verbose, &comment.shows_all),
            Format::Json => self.json(out),
            Format::Markdown => self.markdown(out, verbose, comment),
            Format::Openmetrics => self.openmetrics(out),
        }
    }

    fn text(&self, out: &mut dyn Write, verbose: bool, shows_all: &str) -> io::Result<()> {
        let shown = |view: &PlanView<'a>| Shown { view: *view, verbose, shows_all };
        match self {
            Found::Plan(view) | Found::Upcoming(view) => text::plan(out, &shown(view)),
            Found::DryRun(view) => {
                text::plan(out, &shown(view))?;
                let can_be_applied = view.plan.has_changes() && !view.plan.is_blocked();
                let next = if can_be_applied { " Run again with --apply to carry the plan out." } else { "" };
                writeln!(out, "This was a dry run: nothing was changed.{next}")
            }
            Found::Applied(_, report) if !report.has_run() => Ok(()),
            Found::Applied(view, report) => text::report(out, &shown(view), report),
            Found::Status(document) => status::text(out, document),
            Found::Forecast(view) => forecast::text(out, view),
            Found::History(document, looked_at) => history::text(out, document, looked_at, verbose),
            Found::Valid(desired) => {
                let keeps = || desired.orders.values().filter_map(|order| order.keep.as_ref());
                let ips: usize = keeps().map(|keep| keep.addresses.len()).sum();
                let ranges = match keeps().map(|keep| keep.ranges.len()).sum() {
                    0usize => String::new(),
                    ranges => format!(", {}", count(ranges, "range")),
                };
                let orders = count(desired.orders.len(), "order");
                writeln!(out, "The manifest is valid: {orders}, {}{ranges}.", count(ips, "IP"))
            }
            // It is said on stderr.
            Found::Ended(_) => Ok(()),
        }
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Found::Plan(view) => document::write(out, &PlanDocument::new(view)),
            Found::DryRun(view) => document::write(out, &ApplyDocument::new(view, None)),
            Found::Upcoming(_) => Ok(()),
            Found::Applied(view, report) => document::write(out, &ApplyDocument::new(view, Some(report))),
            Found::Status(document) => document::write(out, document),
            Found::Forecast(view) => document::write(out, view.document),
            Found::History(document, _) => document::write(out, document),
            Found::Valid(_) => document::write(out, &ValidateDocument::new(&[], &SourceMap::default())),
            Found::Ended(ended) => ended.json(out),
        }
    }

    fn markdown(&self, out: &mut dyn Write, verbose: bool, comment: &Comment) -> io::Result<()> {
        let shown = |view: &PlanView<'a>| Shown { view: *view, verbose, shows_all: &comment.shows_all };
        match self {
            Found::Plan(view) => markdown::plan(out, &shown(view), Invocation::Plan, comment),
            Found::DryRun(view) => markdown::plan(out, &shown(view), Invocation::DryRun, comment),
            Found::Upcoming(_) => Ok(()),
            Found::Applied(view, report) => markdown::report(out, &shown(view), report, comment),
            Found::Status(document) => status::markdown(out, document, comment),
            Found::Forecast(view) => forecast::markdown(out, view, comment),
            Found::History(document, looked_at) => history::markdown(out, document, looked_at, comment),
            Found::Valid(_) => markdown::validate(out, &[], &SourceMap::default(), comment),
            Found::Ended(ended) if ended.invalid_manifest => {
                markdown::invalid_manifest(out, ended.problems, ended.sources, comment)
            }
            Found::Ended(ended) => {
                markdown::ended(out, ended.expected.command(), ended.problems, ended.sources, comment)
            }
        }
    }
}

impl Found<'_> {
    /// Writes metrics; `status` alone has some.
    fn openmetrics(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Found::Status(document) => openmetrics::status(out, document, Timestamp::now()),
            Found::Ended(ended) => {
                openmetrics::status(out, &StatusDocument::without_orders(ended.problems()), Timestamp::now())
            }
            _ => Ok(()),
        }
    }
}

impl Ended<'_> {
    fn problems(&self) -> Vec<ProblemDocument> {
        self.problems.iter().map(|problem| ProblemDocument::new(problem, self.sources)).collect()
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let problems = self.problems();
        let plan = |problems| PlanDocument::without_plan(self.api_url.clone(), Timestamp::now(), problems);
        match self.expected {
            Expected::Plan => document::write(out, &plan(problems)),
            Expected::Apply { carried_out } => {
                let outcome = if carried_out { OutcomeWord::Failed } else { OutcomeWord::DryRun };
                document::write(
                    out,
                    &ApplyDocument { plan: plan(problems), outcome, charged_cents: 0, may_have_charged_cents: 0 },
                )
            }
            Expected::Status => document::write(out, &StatusDocument::without_orders(problems)),
            Expected::Forecast => document::write(out, &ForecastDocument::without_renewals(Timestamp::now(), problems)),
            Expected::History => document::write(out, &HistoryDocument::new(Vec::new(), problems)),
            Expected::Validate => document::write(out, &ValidateDocument::new(self.problems, self.sources)),
        }
    }
}

impl Expected {
    /// Returns the command, as a heading names it.
    fn command(self) -> &'static str {
        match self {
            Expected::Plan => "plan",
            Expected::Apply { .. } => "apply",
            Expected::Status => "status",
            Expected::Forecast => "forecast",
            Expected::History => "history",
            Expected::Validate => "validate",
        }
    }
}
