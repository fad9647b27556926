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
        let more = if report.charged() > Cents(0) { " more" } else { "" };
        text.push_str(&format!("; up to {}{more} may have been charged", report.may_have_charged()));
    }
    if report.interrupted {
        text.push_str("; interrupted");
    }
    text.push('.');
    let unknown = report.orders.iter().filter(|order| order.has_unknown()).count();
    text.push_str(match (report.outcome(), unknown, report.of_saved_plan) {
        (Outcome::Partial, 1, _) => {
            " Plan again in a while: the plan says what became of it; until then nothing is bought for this order."
        }
        (Outcome::Partial, 2.., _) => {
            " Plan again in a while: the plan says what became of them; until then nothing is bought for these orders."
        }
        (Outcome::Partial, 0, true) => " Make a new plan to go on from there.",
        (Outcome::Partial, 0, false) => " Run again to go on from there.",
        _ => "",
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OrderId, OrderReport};

    fn order(id: u64, result: StepResult, charged: u64, may_have_charged: u64) -> OrderReport {
        OrderReport {
            results: vec![result],
            changed: true,
            charged: Cents(charged),
            may_have_charged: Cents(may_have_charged),
            ..OrderReport::not_run(OrderId::new(id).expect("an id"), 0)
        }
    }

    #[test]
    fn the_last_line_says_what_is_unknown_and_what_it_keeps_from_being_bought() {
        let unknown = |id, cents| order(id, StepResult::Unknown { error: String::new() }, 0, cents);
        let rows = [
            (
                vec![unknown(1, 300)],
                "Outcome unknown: 0 of 1 operation done; up to 3.00 may have been charged. Plan again in a while: the plan \
                 says what became of it; until then nothing is bought for this order.",
            ),
            (
                vec![order(1, StepResult::Done, 150, 0), unknown(2, 300), unknown(3, 100)],
                "Outcome unknown: 1 of 3 operations done; charged 1.50; up to 4.00 more may have been charged. Plan again in \
                 a while: the plan says what became of them; until then nothing is bought for these orders.",
            ),
        ];
        for (orders, expected) in rows {
            let ended = Report { orders, blocked: 0, interrupted: false, of_saved_plan: false };
            assert_eq!(report(&ended), expected);
        }
    }
}
