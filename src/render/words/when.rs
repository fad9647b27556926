//! Moments in words: when an order renews, and when what waits for that takes effect.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::diagnostic::quoted;
use crate::model::Renewal;

/// Says when an order renews and how far that is from `now`, or that nobody says so.
pub(super) fn renews(renewal: &Renewal, now: Timestamp) -> String {
    match renewal {
        Renewal::At(moment) => {
            // A plan that was saved knows the second at which it was made.
            let verb = if moment.as_second() < now.as_second() { "was to renew" } else { "renews" };
            let days = days_between(now, *moment).map(|days| format!(", {}", in_days(days))).unwrap_or_default();
            format!("{verb} on {}{days}", minute(*moment))
        }
        Renewal::Unreadable(text) if text.raw().is_empty() => "no renewal date".to_owned(),
        Renewal::Unreadable(text) => format!("its renewal is {}, which is no date", quoted(text.raw())),
    }
}

/// Writes a moment with hour and zone: a deadline that only has a day may be a day off.
pub(in crate::render) fn minute(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M UTC").to_string()
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

/// Says when an order ends that does not renew.
pub(super) fn at_its_end(renewal: Option<&Renewal>) -> String {
    match renewal {
        Some(Renewal::At(_)) => renewal.map(|renewal| format!("on {}", renewal.day())).unwrap_or_default(),
        _ => "with its paid period".to_owned(),
    }
}

/// Says when a scheduled change takes effect.
pub(super) fn at_renewal(renewal: Option<&Renewal>) -> String {
    match renewal {
        Some(renewal @ Renewal::At(_)) => format!("at the renewal on {}", renewal.day()),
        _ => "at the next renewal".to_owned(),
    }
}

/// Says when a scheduled change takes effect, with hour and zone.
pub(in crate::render) fn at_minute_of_renewal(renewal: Option<&Renewal>) -> String {
    match renewal {
        Some(Renewal::At(moment)) => format!("at the renewal on {}", minute(*moment)),
        _ => "at the next renewal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(renews(&Renewal::parse(until), now), words);
        }
    }

    #[test]
    fn what_waits_for_a_renewal_without_a_date_waits_for_the_next_one() {
        let renewal = Renewal::parse("2026-12-01");
        assert_eq!(at_minute_of_renewal(Some(&renewal)), "at the renewal on 2026-12-01 00:00 UTC");
        assert_eq!(at_minute_of_renewal(Some(&Renewal::parse("soon"))), "at the next renewal");
        for (renewal, at, end) in [
            (Some(renewal), "at the renewal on 2026-12-01", "on 2026-12-01"),
            (Some(Renewal::parse("soon")), "at the next renewal", "with its paid period"),
            (Some(Renewal::parse("")), "at the next renewal", "with its paid period"),
            (None, "at the next renewal", "with its paid period"),
        ] {
            assert_eq!((at_renewal(renewal.as_ref()).as_str(), at_its_end(renewal.as_ref()).as_str()), (at, end));
        }
    }
}
