//! The tree of one file against the schema: the manifest's top level, and what all levels share.

use std::collections::BTreeMap;

use super::address::order_id_help;
use super::fields::{LIMITS, Level, MANIFEST, ORDER};
use super::scalar;
use super::slips;
use super::stretch::Stretch;
use super::suggest::{list, nearest};
use super::tree::{Entry, Key, Node, Value};
use crate::diagnostic::{Problem, ProblemCode, quoted, quoted_apart};
use crate::model::{Cents, DesiredOrder, Limits, OrderId, Percent, ProxyIp, SourceId, Span};

/// The largest `max_removals`: more IPs than there are, and a number that every machine can count to.
const MOST_REMOVALS: u64 = u32::MAX as u64;

/// What the files declare so far; where a problem was found, the value is left out.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub limits: Limits,
    pub orders: BTreeMap<OrderId, DesiredOrder>,
    /// Where the orders of the first file are, or should be.
    place_for_orders: Option<Span>,
}

impl Draft {
    /// Words the problem of a manifest that declares nothing.
    pub fn no_orders(&self) -> Problem {
        let problem = Problem::new(ProblemCode::InvalidValue, "the manifest declares no order")
            .help("declare each order under `orders` by its id, such as `48213:`");
        match self.place_for_orders {
            Some(span) => problem.at(span, "expected `orders` with at least one order"),
            None => problem,
        }
    }
}

/// Decodes one file into the draft.
pub(super) fn document<'a>(
    file: SourceId,
    source: &'a str,
    root: Node<'a>,
    draft: &mut Draft,
    problems: &mut Vec<Problem>,
) {
    let first_problem = problems.len();
    let mut decoder = Decoder { file, source, order_id: None, odd_spaces: Vec::new(), problems };
    let help = "start the file with `version: 1`, and declare each order under `orders`";
    let start = Stretch { start: root.at.start, end: root.at.start };
    let first = match &root.value {
        Value::Mapping(entries) => entries.first().map_or(start, |entry| entry.key.at),
        _ => start,
    };
    if let Some(entries) = decoder.mapping("a manifest", root.at, root, help) {
        decoder.manifest(entries, first, draft);
    }
    let odd_spaces = decoder.odd_spaces;
    if !odd_spaces.is_empty() {
        slips::drop_consequences(source, &odd_spaces, problems, first_problem);
    }
}

/// Decodes the values of one file and collects their problems.
pub(super) struct Decoder<'a, 'p> {
    pub file: SourceId,
    pub source: &'a str,
    /// The order to which what is decoded belongs.
    pub order_id: Option<OrderId>,
    /// Where problems were found to be spaces that are none.
    odd_spaces: Vec<usize>,
    pub problems: &'p mut Vec<Problem>,
}

impl<'a> Decoder<'a, '_> {
    fn manifest(&mut self, entries: Vec<Entry<'a>>, first: Stretch, draft: &mut Draft) {
        let [version, limits, orders] = self.fields(&MANIFEST, entries);
        self.version(version, first);
        let place = orders.as_ref().map_or(first, |orders| orders.key.at);
        draft.place_for_orders.get_or_insert(place.of(self.file));
        if let Some(limits) = limits {
            self.limits(limits, draft);
        }
        if let Some(orders) = orders {
            self.orders(orders, draft);
        }
    }

    fn version(&mut self, version: Option<Entry<'a>>, first: Stretch) {
        let Some(Entry { key, value }) = version else {
            let problem = Problem::new(ProblemCode::UnsupportedVersion, "`version` is missing");
            let problem = problem.at(first.of(self.file), "expected `version: 1` in this file");
            return self.report(problem.help("add the line `version: 1` at the top of the file"));
        };
        let at = place(&key, &value);
        match &value.value {
            Value::Scalar(text) if text == "1" => {}
            Value::Scalar(text) if scalar::is_decimal(text) => {
                let message = format!("version {} is not one that this shardctl reads", quoted(text));
                let problem = Problem::new(ProblemCode::UnsupportedVersion, message).at(at.of(self.file), "expected 1");
                self.report(problem.help("write `version: 1`, or use a shardctl that reads this version"));
            }
            Value::Poisoned => {}
            _ => self.wrong(&key, &value, "1", "write `version: 1`"),
        }
    }

    fn limits(&mut self, entry: Entry<'a>, draft: &mut Draft) {
        let here = entry.key.at.of(self.file);
        if let Some(first) = draft.limits.span {
            let problem = Problem::new(ProblemCode::DuplicateOrder, "`limits` stands in two files");
            let problem = problem.at(here, "again here").also_at(first, "first here");
            self.report(problem.help("keep `limits` in one file only: it holds for all orders of all files"));
        }
        let help = "write the limits as fields, such as `max_charge_cents: 2000`";
        let Some(entries) = self.mapping("`limits`", entry.key.at, entry.value, help) else { return };
        let [charge, percent, removals] = self.fields(&LIMITS, entries);
        let expected = "a whole number of cents";
        let max_charge_cents = charge.and_then(|entry| self.scalar(&entry, expected, scalar::cents)).map(Cents);
        let expected = "a whole number from 0 to 100";
        let percent = percent.and_then(|entry| self.scalar(&entry, expected, |text| scalar::integer(text, 100)));
        let max_removal_percent = percent.and_then(|percent| Percent::new(percent as u8));
        let rule = |text: &str| scalar::integer(text, MOST_REMOVALS);
        let removals = removals.and_then(|entry| self.scalar(&entry, "a whole number", rule));
        let max_removals = removals.and_then(|removals| usize::try_from(removals).ok());
        if draft.limits.span.is_none() {
            draft.limits = Limits { max_charge_cents, max_removal_percent, max_removals, span: Some(here) };
        }
    }

    fn orders(&mut self, entry: Entry<'a>, draft: &mut Draft) {
        let help = "declare each order by its id as a key, such as `48213:`";
        let entries = self.mapping("`orders`", entry.key.at, entry.value, help);
        for entry in entries.into_iter().flatten() {
            self.order_id = self.read_order_id(&entry.key);
            let span = entry.key.at.of(self.file);
            let order = self.order(entry);
            if let Some(order_id) = self.order_id {
                match draft.orders.get(&order_id).map(|first| first.span) {
                    Some(first) => self.duplicate_order(order_id, span, first),
                    None => _ = draft.orders.insert(order_id, order),
                }
            }
            self.order_id = None;
        }
    }

    fn read_order_id(&mut self, key: &Key<'_>) -> Option<OrderId> {
        let order_id = key.text.parse().ok();
        if order_id.is_none() {
            let message = format!("{} is not an order id", quoted(&key.text));
            let problem = Problem::new(ProblemCode::InvalidValue, message);
            let problem = problem.at(key.at.of(self.file), "expected an order id");
            self.report(problem.help(order_id_help(&key.text)));
        }
        order_id
    }

    fn duplicate_order(&mut self, order_id: OrderId, here: Span, first: Span) {
        let problem = Problem::new(ProblemCode::DuplicateOrder, format!("order {order_id} is declared twice"));
        let problem = problem.at(here, "again here").also_at(first, "first here");
        self.report(problem.help("declare all of an order in one place"));
    }

    /// Takes the fields of a mapping apart, each by the first of its keys; reports unknown and repeated ones.
    pub fn fields<const N: usize>(&mut self, kind: &Level<N>, entries: Vec<Entry<'a>>) -> [Option<Entry<'a>>; N] {
        let mut found = [const { None }; N];
        for entry in entries {
            match kind.fields.iter().position(|field| *field == entry.key.text) {
                None => self.unknown_field(kind, &entry.key),
                Some(index) => match &found[index] {
                    None => found[index] = Some(entry),
                    Some(first) => self.duplicate_field(&entry.key, &first.key),
                },
            }
        }
        found
    }

    fn unknown_field<const N: usize>(&mut self, kind: &Level<N>, key: &Key<'_>) {
        let (name, help) = match nearest(&key.text, &kind.fields) {
            Some(meant) => (quoted_apart(&key.text, meant).0, format!("did you mean `{meant}`?")),
            None => {
                let fields = || format!("the fields of {} are {}", kind.name, list(&kind.fields));
                (quoted(&key.text), belongs_elsewhere(&key.text).unwrap_or_else(fields))
            }
        };
        let message = format!("unknown field {name} in {}", kind.name);
        let problem = Problem::new(ProblemCode::UnknownField, message).at(key.at.of(self.file), "no such field");
        self.report(problem.help(help));
    }

    fn duplicate_field(&mut self, again: &Key<'_>, first: &Key<'_>) {
        let message = format!("{} stands twice", quoted(&again.text));
        let problem = Problem::new(ProblemCode::DuplicateKey, message).at(again.at.of(self.file), "again here");
        self.report(problem.also_at(first.at.of(self.file), "first here").help("remove one of the two"));
    }

    /// Returns the entries of a mapping; nothing at all is a mapping without keys.
    pub fn mapping(&mut self, name: &str, key: Stretch, node: Node<'a>, help: &str) -> Option<Vec<Entry<'a>>> {
        let found = match node.value {
            Value::Mapping(entries) => return Some(entries),
            Value::Null => return Some(Vec::new()),
            Value::Poisoned => return None,
            value => found(&value),
        };
        let at = if node.at.is_empty() { key } else { node.at };
        if let Some(problem) = slips::text_for_a_mapping(self.file, self.source, at) {
            self.report(problem);
            return None;
        }
        let problem = Problem::new(ProblemCode::InvalidValue, format!("{name} must be a mapping, not {found}"));
        self.report(problem.at(at.of(self.file), "expected `key: value` lines").help(help));
        None
    }

    /// Reads a scalar field by the rule given, which says what to do about a text that it does not take.
    pub fn scalar<T>(
        &mut self,
        entry: &Entry<'a>,
        expected: &str,
        rule: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        match &entry.value.value {
            Value::Scalar(text) => match rule(text) {
                Ok(value) => return Some(value),
                Err(help) => self.wrong(&entry.key, &entry.value, expected, &help),
            },
            Value::Poisoned => {}
            Value::Null => self.wrong(&entry.key, &entry.value, expected, "remove the line, or give a value"),
            _ => self.wrong(&entry.key, &entry.value, expected, "write a single value behind the colon"),
        }
        None
    }

    /// Reports a value that is not what its field takes.
    pub fn wrong(&mut self, key: &Key<'_>, value: &Node<'_>, expected: &str, help: &str) {
        let name = quoted(&key.text);
        let message = match &value.value {
            Value::Null => format!("{name} has no value"),
            value => format!("{name} must be {expected}, not {}", found(value)),
        };
        let problem = Problem::new(ProblemCode::InvalidValue, message);
        self.report(problem.at(place(key, value).of(self.file), format!("expected {expected}")).help(help));
    }

    /// Adds a problem; it belongs to the order that is being decoded. Where a space that is none is at the bottom of it,
    /// that is the problem.
    pub fn report(&mut self, mut problem: Problem) {
        let span = problem.primary.as_ref().map(|label| label.span);
        if let Some((at, character)) = span.and_then(|span| slips::odd_space_of(self.source, span, problem.code)) {
            self.odd_spaces.push(at);
            problem = slips::odd_space_problem(self.file, at, character);
        }
        problem.order_id = self.order_id;
        self.problems.push(problem);
    }
}

/// Returns what to mark of a field: its value, or its key where nothing is written behind it.
pub(super) fn place(key: &Key<'_>, value: &Node<'_>) -> Stretch {
    if value.at.is_empty() { key.at } else { value.at }
}

/// Names what was found in the place of something else.
pub(super) fn found(value: &Value<'_>) -> String {
    match value {
        Value::Scalar(text) => quoted(text),
        Value::Null | Value::Poisoned => "nothing".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
        Value::Sequence => "a list".to_owned(),
    }
}

/// Says where a key belongs that stands on another level than its own.
fn belongs_elsewhere(text: &str) -> Option<String> {
    if text.parse::<OrderId>().is_ok() {
        Some("an order's id belongs under `orders`".to_owned())
    } else if text.parse::<ProxyIp>().is_ok() {
        Some("an IP belongs under an order's `keep`".to_owned())
    } else if ORDER.fields.contains(&text) {
        Some(format!("`{text}` belongs under an order's id"))
    } else if LIMITS.fields.contains(&text) {
        Some(format!("`{text}` belongs under `limits`"))
    } else {
        MANIFEST.fields.contains(&text).then(|| format!("`{text}` belongs at the top level of the file"))
    }
}
