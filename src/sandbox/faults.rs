//! Faults on demand: which requests fail, how, and whether before or after they took effect.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use serde::de::{Error as _, IntoDeserializer as _, value};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::clock::Clock;
use super::operation::Operation;
use super::token_bucket::TokenBucket;
use crate::model::OrderId;

/// A rule that breaks some of the requests.
///
/// Its JSON is flat and has exactly one action: `status` (with `headers`, `body`), `close`, `hold`, `delay_ms`,
/// `truncate`, `stale_reads`, `rate_limit`, `without` and `instead`, `clock_skew_seconds` or `hide_date`.
///
/// ```
/// use shardctl::sandbox::FaultRule;
///
/// let rules: Vec<FaultRule> = serde_json::from_str(
///     r#"[
///         {"operation": "purchase", "close": true, "when": "after"},
///         {"operation": "order", "stale_reads": 3},
///         {"rate_limit": {"per_second": 10}},
///         {"operation": "set_signatures", "instead": {"updated": 0}},
///         {"operation": "schedule", "without": ["addons"]},
///         {"clock_skew_seconds": -660}
///     ]"#,
/// )?;
/// assert_eq!(rules.len(), 6);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRule {
    /// The operations that it matches.
    pub operation: Target,
    /// The order that it matches; `None`: all, and requests that name no order.
    pub order_id: Option<OrderId>,
    /// The first matching request, counted from 1, that it breaks.
    pub nth: u64,
    /// How many it breaks from there on; 0: all. In JSON it is 1 where it is left out, but 0 for a limit and for what
    /// is done to the `Date`, and for `stale_reads` it is the number that stands there.
    pub times: u64,
    /// Whether the request fails before or after it took effect. It only matters for an answer that takes the place of
    /// the vendor's, for a connection that is closed or held, and for a delay.
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
    /// A read of one order sees it as it was before its last change, as from a replica that is behind. Other requests
    /// do not match.
    Stale,
    /// Requests beyond so many a second are answered 429 with `Retry-After: 1`; a second's worth may come at once.
    RateLimit {
        /// The requests that pass each second.
        per_second: NonZeroU32,
    },
    /// The vendor's answer is edited wherever a key of that name stands in it.
    Edit(Edit),
    /// The answer's `Date` is so many seconds ahead of the time.
    ClockSkew {
        /// The seconds; below 0: it is behind.
        seconds: i64,
    },
    /// The answer has no `Date`.
    HideDate,
}

/// A change of an answer's JSON, made at every depth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// The keys that are left out.
    pub without: BTreeSet<String>,
    /// The keys that get another value.
    pub instead: BTreeMap<String, Value>,
}

impl Edit {
    pub(super) fn make(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|key, _| !self.without.contains(key));
                for (key, value) in fields {
                    match self.instead.get(key) {
                        Some(instead) => *value = instead.clone(),
                        None => self.make(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.make(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
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

/// What the rules do to one request: delays, clocks and edits add up, and of several other actions the first one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Strike {
    pub(super) delay_before: Duration,
    pub(super) delay_after: Duration,
    pub(super) stale: bool,
    pub(super) edits: Vec<Edit>,
    pub(super) clock: Clock,
    pub(super) broken: Option<(When, Action)>,
}

impl Strike {
    pub(super) fn delays(&self) -> bool {
        !(self.delay_before + self.delay_after).is_zero()
    }

    fn add(&mut self, action: Action, when: When) -> bool {
        match (action, when) {
            (Action::Delay(delay), When::Before) => self.delay_before += delay,
            (Action::Delay(delay), When::After) => self.delay_after += delay,
            (Action::Stale, _) => self.stale = true,
            (Action::Edit(edit), _) => self.edits.push(edit),
            (Action::ClockSkew { seconds }, _) => {
                self.clock.skew_seconds = self.clock.skew_seconds.saturating_add(seconds);
            }
            (Action::HideDate, _) => self.clock.hidden = true,
            _ if self.broken.is_some() => return false,
            (Action::RateLimit { .. }, _) => self.broken = Some((When::Before, too_many_requests())),
            (action, when) => self.broken = Some((when, action)),
        }
        true
    }
}

fn too_many_requests() -> Action {
    Action::Answer {
        status: 429,
        headers: BTreeMap::from([("Retry-After".to_owned(), "1".to_owned())]),
        body: Some(r#"{"success":false,"message":"Too many requests"}"#.to_owned()),
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<InForce>);

#[derive(Debug)]
struct InForce {
    count: FaultCount,
    limit: Option<TokenBucket>,
}

impl Faults {
    pub(super) fn set(&mut self, rules: Vec<FaultRule>) {
        let in_force = |rule: FaultRule| {
            let limit = match rule.action {
                Action::RateLimit { per_second } => Some(TokenBucket::new(per_second)),
                _ => None,
            };
            InForce { count: FaultCount { rule, matched: 0, fired: 0 }, limit }
        };
        self.0 = rules.into_iter().map(in_force).collect();
    }

    pub(super) fn counts(&self) -> Vec<FaultCount> {
        self.0.iter().map(|rule| rule.count.clone()).collect()
    }

    /// Returns what every answer says of the time, one of a path that the server does not have included.
    pub(super) fn clock(&self) -> Clock {
        let mut everywhere = Strike::default();
        for FaultCount { rule, .. } in self.0.iter().map(|rule| &rule.count) {
            let is_a_clock = matches!(rule.action, Action::ClockSkew { .. } | Action::HideDate);
            if is_a_clock && rule.strikes_everything() {
                everywhere.add(rule.action.clone(), rule.when);
            }
        }
        everywhere.clock
    }

    pub(super) fn strike(&mut self, operation: Operation, order_id: Option<OrderId>, now: Instant) -> Strike {
        let mut strike = Strike::default();
        for InForce { count, limit } in &mut self.0 {
            if !count.rule.matches(operation, order_id) {
                continue;
            }
            count.matched += 1;
            let breaks = count.rule.covers(count.matched) && !limit.as_mut().is_some_and(|limit| limit.take(now));
            if breaks && strike.add(count.rule.action.clone(), count.rule.when) {
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
        let readable = self.action != Action::Stale || operation.reads_an_order();
        target && readable && (self.order_id.is_none() || self.order_id == order_id)
    }

    /// Returns whether there is an operation that it matches.
    pub(super) fn can_match(&self) -> bool {
        Operation::ALL.into_iter().any(|operation| self.matches(operation, self.order_id))
    }

    fn strikes_everything(&self) -> bool {
        self.operation == Target::Any && self.order_id.is_none() && (self.nth, self.times) == (1, 0)
    }

    fn covers(&self, matched: u64) -> bool {
        matched >= self.nth && (self.times == 0 || matched - self.nth < self.times)
    }
}
