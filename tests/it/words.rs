//! The words of the domain, as they are read from text.

#![allow(clippy::unwrap_used)]

use shardctl::model::{Cents, OrderId, Percent, ProxyIp, Renewal, Signature};

#[test]
fn a_renewal_is_read_in_every_spelling() {
    let table = [
        ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-01"),
        ("2026-12-01T00:00:00.000000Z", "2026-12-01T00:00:00Z", "2026-12-01"),
        ("2026-12-01t00:00:00z", "2026-12-01T00:00:00Z", "2026-12-01"),
        ("2026-12-01T01:30:00+02:00", "2026-11-30T23:30:00Z", "2026-11-30"),
        ("2026-12-01T00:00:00+00:00", "2026-12-01T00:00:00Z", "2026-12-01"),
        ("2026-11-30 23:00:00-01:00", "2026-12-01T00:00:00Z", "2026-12-01"),
        ("2026-12-01T23:59:59", "2026-12-01T23:59:59Z", "2026-12-01"),
        ("2026-12-01 23:59:59", "2026-12-01T23:59:59Z", "2026-12-01"),
        ("2026-12-01T10:00", "2026-12-01T10:00:00Z", "2026-12-01"),
        ("2026-12-01", "2026-12-01T00:00:00Z", "2026-12-01"),
        (" 2026-12-01\n", "2026-12-01T00:00:00Z", "2026-12-01"),
    ];
    for (text, moment, day) in table {
        let renewal = Renewal::parse(text);
        assert!(matches!(renewal, Renewal::At(_)), "{text}");
        assert_eq!((renewal.raw(), renewal.day()), (moment.to_owned(), day.to_owned()), "{text}");
    }
}

#[test]
fn a_renewal_that_is_no_date_is_kept_as_it_is() {
    for text in ["", "soon", "31/12/26", "2026-13-01", "2026-02-30", "1764547200", "2026-12-01T25:00:00Z", "2026-12"] {
        let renewal = Renewal::parse(text);
        assert_eq!(renewal, Renewal::Unreadable(text.into()));
        assert_eq!((renewal.raw(), renewal.day()), (text.to_owned(), text.to_owned()));
    }
    assert_eq!(Renewal::parse(" soon "), Renewal::Unreadable("soon".into()));
}

#[test]
fn the_earliest_renewal_is_a_date_where_there_is_one() {
    let mut renewals = ["soon", "2026-12-02", "2026-12-01T00:00:00Z"].map(Renewal::parse);
    renewals.sort();
    assert_eq!(renewals.map(|renewal| renewal.day()), ["2026-12-01", "2026-12-02", "soon"]);
}

#[test]
fn an_order_id_is_plain_decimal_digits() {
    for (text, id) in [("1", 1), ("48213", 48213), ("18446744073709551615", u64::MAX)] {
        let order_id: OrderId = text.parse().unwrap();
        assert_eq!((order_id.get(), order_id.to_string()), (id, text.to_owned()));
    }
    let wrong =
        ["", "0", "00", "048213", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "1_000", "٣", "18446744073709551616"];
    for text in wrong {
        let error = text.parse::<OrderId>().unwrap_err().to_string();
        assert_eq!(error, "an order id is a positive whole number in plain decimal digits", "{text:?}");
    }
}

#[test]
fn a_percentage_is_rounded_down() {
    let table = [
        (30, 0, 0),
        (30, 1, 0),
        (30, 3, 0),
        (30, 4, 1),
        (30, 9, 2),
        (30, 10, 3),
        (33, 3, 0),
        (34, 3, 1),
        (0, 1000, 0),
        (1, 99, 0),
        (1, 100, 1),
        (99, 100, 99),
        (99, 1, 0),
        (100, 7, 7),
        (100, usize::MAX, usize::MAX),
        (50, usize::MAX, usize::MAX / 2),
    ];
    for (percent, whole, part) in table {
        assert_eq!(Percent::new(percent).unwrap().of(whole), part, "{percent} % of {whole}");
    }
}

#[test]
fn a_percentage_is_at_most_100() {
    assert_eq!(Percent::new(101), None);
    for text in ["0", "30", "100"] {
        assert_eq!(text.parse::<Percent>().unwrap().to_string(), text);
    }
    for text in ["", "101", "256", "-1", "30%", "30 %", "2.5"] {
        let error = text.parse::<Percent>().unwrap_err();
        assert_eq!(error, "a percentage is a whole number from 0 to 100", "{text:?}");
    }
}

#[test]
fn cents_are_shown_with_two_digits_and_never_overflow() {
    let table = [(0, "0.00"), (5, "0.05"), (150, "1.50"), (123_456, "1234.56"), (u64::MAX, "184467440737095516.15")];
    for (cents, text) in table {
        assert_eq!(Cents(cents).to_string(), text);
    }
    assert_eq!(Cents(u64::MAX).plus(Cents(1)), Cents(u64::MAX));
    assert_eq!([Cents(u64::MAX), Cents(1), Cents(1)].into_iter().sum::<Cents>(), Cents(u64::MAX));
}

#[test]
fn every_signature_is_read_as_it_is_written() {
    for signature in Signature::ALL {
        assert_eq!(signature.as_str().parse::<Signature>(), Ok(signature));
        assert_eq!(serde_json::to_value(signature).unwrap(), signature.as_str());
    }
    for text in ["", "Win11", "windows", "win11 "] {
        assert!(text.parse::<Signature>().is_err(), "{text:?}");
    }
}

#[test]
fn an_address_is_the_same_in_every_spelling() {
    let address = |text: &str| text.parse::<ProxyIp>().unwrap();
    assert_eq!(address("2001:DB8:0:0:0:0:0:7"), address("2001:db8::7"));
    assert_eq!(address("2001:DB8:0:0:0:0:0:7").to_string(), "2001:db8::7");
    assert!(address("203.0.113.9") < address("203.0.113.10") && address("255.255.255.255") < address("::"));
    for text in
        ["", "203.0.113", "203.0.113.256", "203.0.113.010", "203.0.113.10/32", "203.0.113.10:80", "fe80::1%eth0"]
    {
        assert!(text.parse::<ProxyIp>().is_err(), "{text:?}");
    }
}
