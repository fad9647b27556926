//! How long a period of an order is, as far as the vendor's words for it are known.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use crate::model::Foreign;

/// Returns whether it is known how long a period of this name is (`cycle_name`).
pub fn is_known_cycle(word: &str) -> bool {
    Cycle::parse(&Foreign::from(word)).is_some()
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cycle {
    ThreeDays,
    Weekly,
    HalfMonth,
    Monthly,
}

impl Cycle {
    /// Reads the vendor's word (`cycle_name`), in any case; `None`: a word that is not known.
    pub(super) fn parse(word: &Foreign) -> Option<Cycle> {
        let word = word.raw().trim().to_ascii_lowercase().replace(['-', '_'], " ");
        match word.as_str() {
            "3 days" => Some(Cycle::ThreeDays),
            "weekly" => Some(Cycle::Weekly),
            "half month" => Some(Cycle::HalfMonth),
            "monthly" => Some(Cycle::Monthly),
            _ => None,
        }
    }

    fn length(self) -> Span {
        match self {
            Cycle::ThreeDays => 3.days(),
            Cycle::Weekly => 7.days(),
            Cycle::HalfMonth => 15.days(),
            Cycle::Monthly => 1.month(),
        }
    }

    /// Returns the end of the period that begins at a moment, by the calendar in UTC; `None`: beyond all calendars.
    pub(super) fn end_of_period(self, start: Timestamp) -> Option<Timestamp> {
        Some(start.to_zoned(TimeZone::UTC).checked_add(self.length()).ok()?.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendor_s_spellings_are_known_in_any_case_and_no_others() {
        let table = [
            (&["3 days", "3-days", "3 Days", " 3-DAYS "][..], Some(Cycle::ThreeDays)),
            (&["weekly", "Weekly"], Some(Cycle::Weekly)),
            (&["half-month", "half month", "Half-Month", "half_month"], Some(Cycle::HalfMonth)),
            (&["monthly", "Monthly", "MONTHLY"], Some(Cycle::Monthly)),
            (&["", "yearly", "30 days", "month", "3"], None),
        ];
        for (words, cycle) in table {
            for word in words {
                assert_eq!(Cycle::parse(&Foreign::from(*word)), cycle, "{word}");
            }
        }
    }

    #[test]
    fn a_month_is_one_of_the_calendar() {
        let table = [
            (Cycle::ThreeDays, "2026-02-27T12:00:00Z", "2026-03-02T12:00:00Z"),
            (Cycle::Weekly, "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"),
            (Cycle::HalfMonth, "2026-02-15T00:00:00Z", "2026-03-02T00:00:00Z"),
            (Cycle::Monthly, "2026-01-31T06:30:00Z", "2026-02-28T06:30:00Z"),
        ];
        for (cycle, start, end) in table {
            let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
            assert_eq!(cycle.end_of_period(moment(start)), Some(moment(end)), "{cycle:?}");
        }
        assert_eq!(Cycle::Monthly.end_of_period(Timestamp::MAX), None);
    }
}
