//! What came of a plan, in words.

use crate::model::{Cents, Outcome, Report, StepResult, count};

/// Puts what came of an operation into a word and, where there is one, the reason.
pub(in crate::render) fn result(result: &StepResult) -> (&'static str, Option<&str>) {
    match result {
        StepResult::Done => ("done", None),
        StepResult::Failed { error } => ("failed", Some(error)),
        StepResult::Unknown { error } => ("unknown", Some(error)),
        StepResult::NotRun => ("not run", None),
    }
}

/// Puts the end of an apply into one line.
pub fn report(report: &Report) -> String {
    let results = || report.orders.iter().flat_map(|order| &order.results);
    let done = results().filter(|result| **result == StepResult::Done).count();
    let mut text = match report.outcome() {
        Outcome::NothingToDo => "Nothing to do".to_owned(),
        Outcome::Complete => format!("Applied: {} done", count(done, "operation")),
        Outcome::Partial if report.has_unknown() => {
            format!("Outcome unknown: {done} of {} done", count(results().count(), "operation"))
        }
        Outcome::Partial => format!("Partly applied: {done} of {} done", count(results().count(), "operation")),
        Outcome::Failed => "Failed: nothing was changed".to_owned(),
    };
    if report.charged() > Cents(0) {
        text.push_str(&format!("; charged {}", report.charged()));
    }
    if report.may_have_charged() > Cents(0) {
        text.push_str(&format!("; up to {} more may have been charged", report.may_have_charged()));
    }
    if report.interrupted {
        text.push_str("; interrupted");
    }
    text.push('.');
    text.push_str(match (report.outcome(), report.has_unknown(), report.of_saved_plan) {
        (Outcome::Partial, true, _) => {
            " Plan again in a while: the plan says what became of it, and nothing is bought before."
        }
        (Outcome::Partial, false, true) => " Make a new plan to go on from there.",
        (Outcome::Partial, false, false) => " Run again to go on from there.",
        _ => "",
    });
    text
}
