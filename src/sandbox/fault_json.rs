//! Fault rules as JSON: flat, with exactly one action.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::faults::{Action, Edit, FaultRule, Target, When};
use crate::model::OrderId;

impl Serialize for FaultRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FlatRule::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FaultRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FlatRule::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FlatRule {
    operation: Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    nth: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    when: When,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    close: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hold: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_reads: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<RateLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    without: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<BTreeMap<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_skew_seconds: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hide_date: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateLimit {
    per_second: NonZeroU32,
}

impl TryFrom<FlatRule> for FaultRule {
    type Error = String;

    fn try_from(flat: FlatRule) -> Result<FaultRule, String> {
        let nth = flat.nth.unwrap_or(1);
        if nth == 0 {
            return Err("`nth` counts from 1".to_owned());
        }
        let (operation, order_id, when, times) = (flat.operation, flat.order_id, flat.when, flat.times);
        let stale_reads = flat.stale_reads;
        let action = flat.action()?;
        let times = match (stale_reads, times) {
            (Some(_), Some(_)) => return Err("`stale_reads` says how many: leave `times` out".to_owned()),
            (Some(reads), None) => reads,
            (None, times) => times.unwrap_or_else(|| usual_times(&action)),
        };
        let rule = FaultRule { operation, order_id, nth, times, when, action };
        match rule.can_match() {
            true => Ok(rule),
            false => Err("`stale_reads` is for the reads of an order: `active`, `calculate` and `order`".to_owned()),
        }
    }
}

fn usual_times(action: &Action) -> u64 {
    match action {
        Action::RateLimit { .. } | Action::ClockSkew { .. } | Action::HideDate => 0,
        _ => 1,
    }
}

impl FlatRule {
    fn action(self) -> Result<Action, String> {
        if self.status.is_none() && (self.headers.is_some() || self.body.is_some()) {
            return Err("`headers` and `body` belong to `status`".to_owned());
        }
        let (headers, body) = (self.headers.unwrap_or_default(), self.body);
        let edit = (self.without.is_some() || self.instead.is_some())
            .then(|| Edit { without: self.without.unwrap_or_default(), instead: self.instead.unwrap_or_default() });
        let actions = [
            self.status.map(|status| Action::Answer { status, headers, body }),
            self.close.then_some(Action::Close),
            self.hold.then_some(Action::Hold),
            self.delay_ms.map(|delay| Action::Delay(Duration::from_millis(delay))),
            self.truncate.map(Action::Truncate),
            self.stale_reads.map(|_| Action::Stale),
            self.rate_limit.map(|RateLimit { per_second }| Action::RateLimit { per_second }),
            edit.map(Action::Edit),
            self.clock_skew_seconds.map(|seconds| Action::ClockSkew { seconds }),
            self.hide_date.then_some(Action::HideDate),
        ];
        let mut actions = actions.into_iter().flatten();
        match (actions.next(), actions.next()) {
            (Some(action), None) => checked(action),
            _ => {
                let message = "a fault has exactly one of `status`, `close: true`, `hold: true`, `delay_ms`, \
                               `truncate`, `stale_reads`, `rate_limit`, `without` and `instead`, \
                               `clock_skew_seconds`, and `hide_date: true`";
                Err(message.to_owned())
            }
        }
    }
}

/// Refuses an answer that HTTP does not allow.
fn checked(action: Action) -> Result<Action, String> {
    let Action::Answer { status, headers, .. } = &action else { return Ok(action) };
    if *status < 200 || StatusCode::from_u16(*status).is_err() {
        return Err(format!("`status` {status} is not the status of an answer (200 to 999)"));
    }
    let bad = |(name, value): &(&String, &String)| {
        HeaderName::try_from(name.as_str()).is_err() || HeaderValue::try_from(value.as_str()).is_err()
    };
    match headers.iter().find(bad) {
        Some((name, _)) => Err(format!("`headers`: `{name}` has a name or value that HTTP does not allow")),
        None => Ok(action),
    }
}

impl From<FaultRule> for FlatRule {
    fn from(rule: FaultRule) -> FlatRule {
        let FaultRule { operation, order_id, nth, times, when, action } = rule;
        let mut flat =
            FlatRule { operation, order_id, nth: Some(nth), times: Some(times), when, ..FlatRule::default() };
        match action {
            Action::Answer { status, headers, body } => {
                (flat.status, flat.body) = (Some(status), body);
                flat.headers = (!headers.is_empty()).then_some(headers);
            }
            Action::Close => flat.close = true,
            Action::Hold => flat.hold = true,
            Action::Delay(delay) => flat.delay_ms = Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
            Action::Truncate(bytes) => flat.truncate = Some(bytes),
            Action::Stale => (flat.stale_reads, flat.times) = (Some(times), None),
            Action::RateLimit { per_second } => flat.rate_limit = Some(RateLimit { per_second }),
            Action::Edit(Edit { without, instead }) => {
                flat.without = (!without.is_empty()).then_some(without);
                flat.instead = (!instead.is_empty()).then_some(instead);
            }
            Action::ClockSkew { seconds } => flat.clock_skew_seconds = Some(seconds),
            Action::HideDate => flat.hide_date = true,
        }
        flat
    }
}
