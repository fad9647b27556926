//! Moments in words: when an order renews, and when what waits for that takes effect.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::diagnostic::quoted;
use crate::model::{Renewal, minute};
use crate::plan::{OrderPlan, Step};

/// The end of the period that an order is paid for, as it is once the plan is carried out.
#[derive(Clone, Copy)]
pub(in crate::render) struct PeriodEnd<'a> {
    renewal: Option<&'a Renewal>,
    /// Whether the order does not renew by itself, so that it ends with the period unless somebody renews it.
    pub(in crate::render) is_last: bool,
    /// Whether the plan is what makes it so; `None`: it does nothing about it, or it is unknown what it was.
    by_this_plan: Option<bool>,
}

impl<'a> PeriodEnd<'a> {
    /// Returns the end of the current period of an order.
    pub(in crate::render) fn of(order: &'a OrderPlan) -> PeriodEnd<'a> {
        let switched = order.steps.iter().find_map(|step| match step {
            Step::SetAutoRenewal { from, to } => Some((*from, *to)),
            _ => None,
        });
        PeriodEnd {
            renewal: order.renewal.as_ref(),
            is_last: switched.map(|(_, to)| to).or(order.auto_renewal) == Some(false),
            by_this_plan: switched.and_then(|(from, to)| from.map(|_| to)),
        }
    }

    /// Returns the moment, where the vendor tells one.
    pub(super) fn moment(self) -> Option<Timestamp> {
        match self.renewal {
            Some(Renewal::At(moment)) => Some(*moment),
            _ => None,
        }
    }

    /// Says when an order renews, or that it does not, and how far that is from `now`.
    pub(super) fn facts(self, now: Timestamp) -> Option<String> {
        let facts = match self.renewal {
            Some(Renewal::At(moment)) => return Some(self.facts_at(*moment, now)),
            Some(Renewal::Unreadable(text)) if text.raw().is_empty() => Some("no renewal date".to_owned()),
            Some(Renewal::Unreadable(text)) => Some(format!("its renewal is {}, which is no date", quoted(text.raw()))),
            None => None,
        };
        let ends = self.is_last.then(|| "does not renew by itself".to_owned());
        let facts: Vec<String> = facts.into_iter().chain(ends).collect();
        (!facts.is_empty()).then(|| facts.join(", "))
    }

    fn facts_at(self, moment: Timestamp, now: Timestamp) -> String {
        // A plan that was saved knows the second at which it was made.
        let is_past = moment.as_second() < now.as_second();
        let verb = match (self.is_last, is_past) {
            (false, false) => "renews",
            (false, true) => "was to renew",
            (true, false) => "ends",
            (true, true) => "was to end",
        };
        let days = days_between(now, moment).map(|days| format!(", {}", in_days(days))).unwrap_or_default();
        let unless = if self.is_last && !is_past { ", unless it is renewed" } else { "" };
        let why = match (self.is_last, self.by_this_plan) {
            (false, Some(true)) => ", once this plan has switched automatic renewal on",
            (true, Some(false)) => ": this plan switches automatic renewal off",
            (true, _) => ": it does not renew by itself",
            (false, _) => "",
        };
        format!("{verb} on {}{days}{unless}{why}", minute(moment))
    }

    /// Says when IPs leave that are marked to go.
    pub(in crate::render) fn of_leaving(self) -> String {
        match (self.moment(), self.is_last) {
            (_, false) => self.at_renewal(),
            (Some(moment), true) => format!("on {}, even if the order is renewed", minute(moment)),
            (None, true) => "with the paid period, even if the order is renewed".to_owned(),
        }
    }

    /// Says in few words when IPs leave that are marked to go.
    pub(in crate::render) fn of_leaving_in_short(self) -> String {
        self.moment().map_or_else(|| self.of_leaving(), |moment| format!("on {}", minute(moment)))
    }

    /// Says when fewer slots take effect.
    pub(super) fn of_downgrade(self) -> String {
        self.at_renewal() + if self.is_last { ", if the order is renewed" } else { "" }
    }

    /// Says when an order ends that does not renew.
    pub(super) fn of_order(self) -> String {
        match self.moment() {
            Some(moment) => format!("on {}", minute(moment)),
            None => "with its paid period".to_owned(),
        }
    }

    fn at_renewal(self) -> String {
        match self.moment() {
            Some(moment) => format!("at the renewal on {}", minute(moment)),
            None => "at the next renewal".to_owned(),
        }
    }
}

/// Says how many days from now something is.
pub(in crate::render) fn in_days(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        days if days < 0 => format!("{} days ago", days.unsigned_abs()),
        days => format!("in {days} days"),
    }
}

/// Counts the days from one moment to another, as a calendar in UTC does.
fn days_between(now: Timestamp, moment: Timestamp) -> Option<i64> {
    let day = |moment: Timestamp| moment.to_zoned(TimeZone::UTC).date();
    Some(i64::from(day(moment).since(day(now)).ok()?.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(renewal: &Renewal, is_last: bool, by_this_plan: Option<bool>) -> PeriodEnd<'_> {
        PeriodEnd { renewal: Some(renewal), is_last, by_this_plan }
    }

    #[test]
    fn a_renewal_has_its_hour_its_zone_and_the_days_until_then() {
        let now: Timestamp = "2026-11-26T22:30:00Z".parse().expect("a moment");
        for (until, words) in [
            ("2026-12-01", "renews on 2026-12-01 00:00 UTC, in 5 days"),
            ("2026-12-01T01:30:00+02:00", "renews on 2026-11-30 23:30 UTC, in 4 days"),
            ("2026-11-27", "renews on 2026-11-27 00:00 UTC, tomorrow"),
            ("2026-11-26T23:00:00Z", "renews on 2026-11-26 23:00 UTC, today"),
            ("2026-11-26T22:00:00Z", "was to renew on 2026-11-26 22:00 UTC, today"),
            ("2026-11-25T22:00:00Z", "was to renew on 2026-11-25 22:00 UTC, yesterday"),
            ("2026-11-21", "was to renew on 2026-11-21 00:00 UTC, 5 days ago"),
            ("2027-11-26", "renews on 2027-11-26 00:00 UTC, in 365 days"),
            ("", "no renewal date"),
            ("soon", "its renewal is `soon`, which is no date"),
        ] {
            assert_eq!(end(&Renewal::parse(until), false, None).facts(now).as_deref(), Some(words));
        }
    }

    #[test]
    fn an_order_that_does_not_renew_by_itself_ends() {
        let now: Timestamp = "2026-11-26T22:30:00Z".parse().expect("a moment");
        for (until, is_last, by_this_plan, words) in [
            (
                "2026-12-01",
                true,
                None,
                "ends on 2026-12-01 00:00 UTC, in 5 days, unless it is renewed: it does not renew by itself",
            ),
            (
                "2026-12-01",
                true,
                Some(false),
                "ends on 2026-12-01 00:00 UTC, in 5 days, unless it is renewed: this plan switches automatic renewal off",
            ),
            (
                "2026-12-01",
                false,
                Some(true),
                "renews on 2026-12-01 00:00 UTC, in 5 days, once this plan has switched automatic renewal on",
            ),
            ("2026-11-25", true, None, "was to end on 2026-11-25 00:00 UTC, yesterday: it does not renew by itself"),
            ("soon", true, None, "its renewal is `soon`, which is no date, does not renew by itself"),
        ] {
            assert_eq!(end(&Renewal::parse(until), is_last, by_this_plan).facts(now).as_deref(), Some(words));
        }
    }

    #[test]
    fn what_waits_for_a_renewal_without_a_date_waits_for_the_next_one() {
        for (until, is_last, leaving, downgrade, order) in [
            (
                "2026-12-01",
                false,
                "at the renewal on 2026-12-01 00:00 UTC",
                "at the renewal on 2026-12-01 00:00 UTC",
                "on 2026-12-01 00:00 UTC",
            ),
            (
                "2026-12-01",
                true,
                "on 2026-12-01 00:00 UTC, even if the order is renewed",
                "at the renewal on 2026-12-01 00:00 UTC, if the order is renewed",
                "on 2026-12-01 00:00 UTC",
            ),
            ("soon", false, "at the next renewal", "at the next renewal", "with its paid period"),
            ("", false, "at the next renewal", "at the next renewal", "with its paid period"),
            (
                "",
                true,
                "with the paid period, even if the order is renewed",
                "at the next renewal, if the order is renewed",
                "with its paid period",
            ),
        ] {
            let renewal = Renewal::parse(until);
            let end = end(&renewal, is_last, None);
            let words = (end.of_leaving(), end.of_downgrade(), end.of_order());
            assert_eq!(words, (leaving.to_owned(), downgrade.to_owned(), order.to_owned()));
        }
    }
}
