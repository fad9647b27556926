//! The status of orders as metrics, in the text format of OpenMetrics.
//!
//! Every metric is a gauge, so that a reader of the older text format of Prometheus takes the same bytes. What is not known
//! has no sample: it is never zero.

use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::Timestamp;

use crate::document::{PendingDocument, StatusDocument, StatusOrderDocument};
use crate::model::{Renewal, printable};

/// A metric of an order.
struct OrderMetric {
    name: &'static str,
    /// The unit, which the name ends with; empty: it has none.
    unit: &'static str,
    help: &'static str,
    /// The value at a moment; `None`: it is not known.
    value: fn(&StatusOrderDocument, Timestamp) -> Option<i64>,
}

/// How long a day is.
const DAY_SECONDS: i64 = 24 * 60 * 60;

const ORDER_METRICS: &[OrderMetric] = &[
    OrderMetric {
        name: "shardctl_order_renewal_timestamp_seconds",
        unit: "seconds",
        help: "When the order renews.",
        value: |order, _| Some(renewal(order)?.as_second()),
    },
    OrderMetric {
        name: "shardctl_order_renewal_days",
        unit: "days",
        help: "Whole days of 24 hours until the order renews, rounded down.",
        value: |order, now| Some((renewal(order)?.as_second() - now.as_second()).div_euclid(DAY_SECONDS)),
    },
    OrderMetric {
        name: "shardctl_order_auto_renewal",
        unit: "",
        help: "Whether the order renews by itself.",
        value: |order, _| order.auto_renewal.map(i64::from),
    },
    OrderMetric {
        name: "shardctl_order_ips_active",
        unit: "",
        help: "Active IPs of the order.",
        value: |order, _| number(order.active_ips?),
    },
    OrderMetric {
        name: "shardctl_order_ips_leaving",
        unit: "",
        help: "Active IPs that are known to be marked to go at the renewal.",
        value: |order, _| number(order.ips_leaving?),
    },
    OrderMetric {
        name: "shardctl_order_ips_mark_unknown",
        unit: "",
        help: "Active IPs of which nobody knows whether they are marked to go.",
        value: |order, _| number(order.marks_unknown?),
    },
    OrderMetric {
        name: "shardctl_order_slots_paid",
        unit: "",
        help: "The p0f slots of the current period.",
        value: |order, _| order.slots.map(i64::from),
    },
    OrderMetric {
        name: "shardctl_order_slots_held",
        unit: "",
        help: "The p0f slots that signatures hold.",
        value: |order, _| number(order.slots_held?),
    },
    OrderMetric {
        name: "shardctl_order_slots_next",
        unit: "",
        help: "The p0f slots from the next renewal on.",
        value: |order, _| match order.pending {
            _ if !order.pending_known => None,
            Some(PendingDocument::Downgrade { next_qty }) => Some(i64::from(next_qty)),
            Some(PendingDocument::Cancel {}) => Some(0),
            None => order.slots.map(i64::from),
        },
    },
    OrderMetric {
        name: "shardctl_order_purchases_unsettled",
        unit: "",
        help: "Purchases whose outcome nobody knows yet.",
        value: |order, _| known(order, i64::from(order.unsettled_purchase.is_some())),
    },
    OrderMetric {
        name: "shardctl_order_drifted",
        unit: "",
        help: "Things that are not as shardctl left them.",
        value: |order, _| number(order.drifted?),
    },
];

/// The words for where an order stands; any other is `other`.
const STATUS_WORDS: [&str; 3] = ["active", "on-hold", "cancelled"];

/// Writes the metrics.
///
/// A series is known by its labels: whether an order can be read has none that is only known where it can.
pub fn status(out: &mut dyn Write, document: &StatusDocument, now: Timestamp) -> io::Result<()> {
    let mut text = String::new();
    let up = i64::from(document.problems.is_empty());
    family(&mut text, "shardctl_up", "", "Whether orders could be asked for at all.", [(String::new(), up)]);
    if let Some(cents) = document.wallet_cents {
        let help = "What the wallet holds, in cents.";
        family(&mut text, "shardctl_wallet_balance_cents", "cents", help, [(String::new(), cents)]);
    }
    let help = "Whether the order could be read and its record be used.";
    let ups = document
        .orders
        .iter()
        .map(|order| (format!("{{order_id=\"{}\"}}", order.order_id), i64::from(order.error.is_none())));
    family(&mut text, "shardctl_order_up", "", help, ups);
    for OrderMetric { name, unit, help, value } in ORDER_METRICS {
        let samples =
            document.orders.iter().filter_map(|order| Some((format!("{{{}}}", labels(order)), value(order, now)?)));
        family(&mut text, name, unit, help, samples);
    }
    let help = "Where the order stands with the vendor: 1 for the status that it has.";
    family(&mut text, "shardctl_order_status", "", help, document.orders.iter().flat_map(statuses));
    text.push_str("# EOF\n");
    out.write_all(text.as_bytes())
}

/// Writes a metric with its samples; one without any is left out.
fn family(text: &mut String, name: &str, unit: &str, help: &str, samples: impl IntoIterator<Item = (String, i64)>) {
    let mut samples = samples.into_iter().peekable();
    if samples.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "# TYPE {name} gauge");
    if !unit.is_empty() {
        let _ = writeln!(text, "# UNIT {name} {unit}");
    }
    let _ = writeln!(text, "# HELP {name} {help}");
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

fn statuses(order: &StatusOrderDocument) -> Vec<(String, i64)> {
    let Some(status) = order.order_status.as_deref() else { return Vec::new() };
    let status = STATUS_WORDS.into_iter().find(|word| *word == status).unwrap_or("other");
    let sample = |word: &str| (format!("{{{},status=\"{word}\"}}", labels(order)), i64::from(word == status));
    STATUS_WORDS.into_iter().chain(["other"]).map(sample).collect()
}

fn labels(order: &StatusOrderDocument) -> String {
    let tag = order.tag.as_deref().map(printable).unwrap_or_default();
    format!("order_id=\"{}\",tag=\"{}\"", order.order_id, escaped(&tag))
}

/// Escapes the value of a label by the rules of the format.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Returns when an order renews; `None`: it is not told, or by no date.
fn renewal(order: &StatusOrderDocument) -> Option<Timestamp> {
    match order.renews_at.as_deref().map(Renewal::parse)? {
        Renewal::At(moment) => Some(moment),
        Renewal::Unreadable(_) => None,
    }
}

/// Returns a value where the order could be read.
fn known<T>(order: &StatusOrderDocument, value: T) -> Option<T> {
    order.error.is_none().then_some(value)
}

fn number(count: usize) -> Option<i64> {
    i64::try_from(count).ok()
}
