//! Faults on demand: which requests fail, how, and whether before or after they took effect.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::de::{Error as _, IntoDeserializer as _, value};
use serde::{Deserialize, Deserializer, Serialize};

use super::operation::Operation;
use crate::model::OrderId;

/// A rule that breaks some of the requests.
///
/// Its JSON is flat and has exactly one action: `status` (with `headers`, `body`), `close`, `hold`, `delay_ms` or
/// `truncate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FlatRule", into = "FlatRule")]
pub struct FaultRule {
    /// The operations that it matches.
    pub operation: Target,
    /// The order that it matches; `None`: all.
    pub order_id: Option<OrderId>,
    /// The first matching request, counted from 1, that it breaks.
    pub nth: u64,
    /// How many it breaks from there on; 0: all.
    pub times: u64,
    /// Whether the request fails before or after it took effect.
    pub when: When,
    /// What happens to the request.
    pub action: Action,
}

/// The operations that a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// All of them.
    #[default]
    Any,
    /// Those that change something.
    Writes,
    /// One of them.
    #[serde(untagged)]
    One(Operation),
}

impl<'de> Deserialize<'de> for Target {
    // By hand, because an untagged enum does not say which words it knows.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let operation = Operation::deserialize(word.as_str().into_deserializer()).map(Target::One);
        match word.as_str() {
            "any" => Ok(Target::Any),
            "writes" => Ok(Target::Writes),
            _ => operation.map_err(|error: value::Error| D::Error::custom(format!("{error}, `any`, `writes`"))),
        }
    }
}

/// Whether a request fails before or after it took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// The effect does not happen.
    #[default]
    Before,
    /// The effect happens; only the answer suffers.
    After,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Another answer takes the place of the vendor's.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Header fields of the answer.
        headers: BTreeMap<String, String>,
        /// The body; `None`: an error body in the vendor's shape.
        body: Option<String>,
    },
    /// The connection is dropped without an answer.
    Close,
    /// No answer ever comes, and the connection stays open.
    Hold,
    /// The request is held up, then goes on as if nothing had happened.
    Delay(Duration),
    /// The answer's body ends after so many bytes and the connection is dropped. The effect happens in any case.
    Truncate(usize),
}

/// A rule with what has come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultCount {
    /// The rule.
    #[serde(flatten)]
    pub rule: FaultRule,
    /// Requests that matched since the rule was set.
    pub matched: u64,
    /// Requests that it broke.
    pub fired: u64,
}

/// What the rules do to one request: delays add up, and of several other actions the first one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Strike {
    pub(super) delay_before: Duration,
    pub(super) delay_after: Duration,
    pub(super) broken: Option<(When, Action)>,
}

impl Strike {
    pub(super) fn delays(&self) -> bool {
        !(self.delay_before + self.delay_after).is_zero()
    }

    fn add(&mut self, rule: &FaultRule) -> bool {
        match (&rule.action, rule.when) {
            (Action::Delay(delay), When::Before) => self.delay_before += *delay,
            (Action::Delay(delay), When::After) => self.delay_after += *delay,
            _ if self.broken.is_some() => return false,
            (action, when) => self.broken = Some((when, action.clone())),
        }
        true
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FaultCount>);

impl Faults {
    pub(super) fn set(&mut self, rules: Vec<FaultRule>) {
        self.0 = rules.into_iter().map(|rule| FaultCount { rule, matched: 0, fired: 0 }).collect();
    }

    pub(super) fn counts(&self) -> Vec<FaultCount> {
        self.0.clone()
    }

    pub(super) fn strike(&mut self, operation: Operation, order_id: Option<OrderId>) -> Strike {
        let mut strike = Strike::default();
        for count in self.0.iter_mut().filter(|count| count.rule.matches(operation, order_id)) {
            count.matched += 1;
            if count.rule.covers(count.matched) && strike.add(&count.rule) {
                count.fired += 1;
            }
        }
        strike
    }
}

impl FaultRule {
    fn matches(&self, operation: Operation, order_id: Option<OrderId>) -> bool {
        let target = match self.operation {
            Target::Any => true,
            Target::Writes => operation.writes(),
            Target::One(one) => one == operation,
        };
        target && (self.order_id.is_none() || self.order_id == order_id)
    }

    fn covers(&self, matched: u64) -> bool {
        matched >= self.nth && (self.times == 0 || matched - self.nth < self.times)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatRule {
    #[serde(default)]
    operation: Target,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    #[serde(default = "one")]
    nth: u64,
    #[serde(default = "one")]
    times: u64,
    #[serde(default)]
    when: When,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    close: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    hold: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<usize>,
}

fn one() -> u64 {
    1
}

impl TryFrom<FlatRule> for FaultRule {
    type Error = String;

    fn try_from(flat: FlatRule) -> Result<FaultRule, String> {
        if flat.nth == 0 {
            return Err("`nth` counts from 1".to_owned());
        }
        let FlatRule { operation, order_id, nth, times, when, .. } = flat;
        Ok(FaultRule { operation, order_id, nth, times, when, action: flat.action()? })
    }
}

impl FlatRule {
    fn action(self) -> Result<Action, String> {
        if self.status.is_none() && (self.headers.is_some() || self.body.is_some()) {
            return Err("`headers` and `body` belong to `status`".to_owned());
        }
        match (self.status, self.close, self.hold, self.delay_ms, self.truncate) {
            (Some(status), false, false, None, None) => answer(status, self.headers.unwrap_or_default(), self.body),
            (None, true, false, None, None) => Ok(Action::Close),
            (None, false, true, None, None) => Ok(Action::Hold),
            (None, false, false, Some(delay), None) => Ok(Action::Delay(Duration::from_millis(delay))),
            (None, false, false, None, Some(bytes)) => Ok(Action::Truncate(bytes)),
            _ => {
                let message =
                    "a fault has exactly one of `status`, `close: true`, `hold: true`, `delay_ms` and `truncate`";
                Err(message.to_owned())
            }
        }
    }
}

fn answer(status: u16, headers: BTreeMap<String, String>, body: Option<String>) -> Result<Action, String> {
    if status < 200 || StatusCode::from_u16(status).is_err() {
        return Err(format!("`status` {status} is not the status of an answer (200 to 999)"));
    }
    let bad = |(name, value): &(&String, &String)| {
        HeaderName::try_from(name.as_str()).is_err() || HeaderValue::try_from(value.as_str()).is_err()
    };
    match headers.iter().find(bad) {
        Some((name, _)) => Err(format!("`headers`: `{name}` has a name or value that HTTP does not allow")),
        None => Ok(Action::Answer { status, headers, body }),
    }
}

impl From<FaultRule> for FlatRule {
    fn from(rule: FaultRule) -> FlatRule {
        let FaultRule { operation, order_id, nth, times, when, action } = rule;
        let mut flat = FlatRule {
            operation,
            order_id,
            nth,
            times,
            when,
            status: None,
            headers: None,
            body: None,
            close: false,
            hold: false,
            delay_ms: None,
            truncate: None,
        };
        match action {
            Action::Answer { status, headers, body } => {
                (flat.status, flat.body) = (Some(status), body);
                flat.headers = (!headers.is_empty()).then_some(headers);
            }
            Action::Close => flat.close = true,
            Action::Hold => flat.hold = true,
            Action::Delay(delay) => flat.delay_ms = Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
            Action::Truncate(bytes) => flat.truncate = Some(bytes),
        }
        flat
    }
}
