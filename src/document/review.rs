//! What people are shown of a saved plan that stands nowhere else in its file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlanView;
use super::diff::HunkDocument;
use crate::diagnostic::{Label, Problem, SourceFile, SourceMap};
use crate::diff::Hunk;
use crate::model::{Cents, OrderId, ProxyIp, SourceId, Span};
use crate::outlook::PriceEffect;
use crate::plan::{OnRecord, OrderPlan, Step};

/// What `show` prints of a saved plan that stands nowhere else in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Review")]
pub struct ReviewDocument {
    /// How the plan was asked for.
    pub asked_by: AskedByDocument,
    /// What the plan rests on that only the record says.
    pub on_record: OnRecordDocument,
    /// The orders, ascending by id.
    pub orders: Vec<OrderReviewDocument>,
    /// The lines of the manifest at which problems point.
    pub manifest: Vec<ManifestLinesDocument>,
}

/// How a plan was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AskedBy")]
pub struct AskedByDocument {
    /// The manifests, as they were named.
    pub manifests: Vec<String>,
    /// The command that shows, on a terminal, everything that there was no room for.
    pub shows_all: String,
}

/// What only the record says, of all that is declared, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OnRecord")]
pub struct OnRecordDocument {
    /// IPs that are marked to go or to stay.
    pub marks: usize,
    /// IPs with a signature.
    pub signatures: usize,
    /// Orders with what is scheduled for their slots.
    pub pending: usize,
    /// Orders with what is set for their automatic renewal.
    pub auto_renewals: usize,
}

/// What is shown of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OrderReview")]
pub struct OrderReviewDocument {
    /// The order's id.
    pub order_id: u64,
    /// The difference between the order as it is and as it is declared, both written as a manifest.
    pub diff: Vec<HunkDocument>,
    /// What the plan does to the price of the next renewal; null: nothing, or it is not known.
    pub next_price: Option<NextPriceDocument>,
    /// IPs that get a signature in place of an unknown one, and hold a slot already.
    pub hold_slots: Vec<String>,
    /// Where each of the order's problems points in the manifest: first the place itself, then others that belong to it.
    pub marks: Vec<Vec<MarkDocument>>,
}

/// The price of an order's next renewal, without the plan and with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NextPrice")]
pub struct NextPriceDocument {
    /// As things stand, in cents.
    pub now_cents: u64,
    /// Once the plan is carried out, in cents.
    pub then_cents: u64,
    /// Whether either is estimated.
    pub estimated: bool,
}

/// A place in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Mark")]
pub struct MarkDocument {
    /// The file: its index in `manifest`, from 0.
    pub file: u32,
    /// The line, from 1.
    pub line: u32,
    /// The byte in the line at which it begins, from 0.
    pub start: u32,
    /// The byte behind its last one in that line.
    pub end: u32,
    /// What is said beside it.
    pub text: String,
}

/// A file of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ManifestLines")]
pub struct ManifestLinesDocument {
    /// Its name.
    pub file: String,
    /// Lines by their number, from 1.
    pub lines: BTreeMap<u32, String>,
}

/// The most lines between two marks that are kept with them.
const NEAR_LINES: u32 = 5;

impl ReviewDocument {
    /// Collects what is shown of a plan.
    pub fn new(view: &PlanView<'_>, asked_by: AskedByDocument) -> ReviewDocument {
        let OnRecord { marks, signatures, pending, auto_renewals } = view.on_record();
        let mut lines = BTreeMap::new();
        view.plan.problems().for_each(|problem| add_lines(&mut lines, view.sources, problem));
        let files: Vec<SourceId> = lines.keys().copied().collect();
        let file = |(id, lines)| ManifestLinesDocument { file: view.sources.file(id).name.clone(), lines };
        ReviewDocument {
            asked_by,
            on_record: OnRecordDocument { marks, signatures, pending, auto_renewals },
            orders: view.plan.orders.iter().map(|order| OrderReviewDocument::new(view, order, &files)).collect(),
            manifest: lines.into_iter().map(file).collect(),
        }
    }

    /// Returns what is shown of an order.
    pub(super) fn order(&self, order_id: OrderId) -> Option<&OrderReviewDocument> {
        let place = self.orders.binary_search_by_key(&order_id.get(), |order| order.order_id);
        place.ok().map(|place| &self.orders[place])
    }

    pub(super) fn diff(&self, order_id: OrderId) -> Vec<Hunk<'_>> {
        self.order(order_id).map(|order| order.diff.iter().map(Hunk::from).collect()).unwrap_or_default()
    }

    pub(super) fn next_price(&self, order_id: OrderId) -> Option<PriceEffect> {
        let NextPriceDocument { now_cents, then_cents, estimated } = self.order(order_id)?.next_price?;
        Some(PriceEffect { now: Cents(now_cents), then: Cents(then_cents), estimated })
    }

    pub(super) fn on_record(&self) -> OnRecord {
        let OnRecordDocument { marks, signatures, pending, auto_renewals } = self.on_record;
        OnRecord { marks, signatures, pending, auto_renewals }
    }

    /// Returns the files of the manifest with the lines that were saved; the others are empty.
    pub(super) fn sources(&self) -> SourceMap {
        let mut sources = SourceMap::default();
        let mut left = MOST_LINES;
        for ManifestLinesDocument { file, lines } in &self.manifest {
            let mut text = String::new();
            let mut written = 0;
            for (number, line) in lines.iter().filter(|(number, _)| (1..=left).contains(*number)) {
                text.extend(std::iter::repeat_n('\n', (number - 1 - written) as usize));
                text.extend([line, "\n"]);
                written = *number;
            }
            left -= written;
            sources.add(SourceFile::new(file.as_str(), text));
        }
        sources
    }

    /// Leaves out where the manifest lies.
    pub(super) fn forget_files(&mut self) {
        self.manifest.iter_mut().for_each(|file| file.file.clear());
    }

    /// Leaves out on what nothing rests: the prices of renewals, which are the vendor's, and the command line.
    pub(super) fn forget_what_is_only_said(&mut self) {
        self.asked_by = AskedByDocument::default();
        self.orders.iter_mut().for_each(|order| order.next_price = None);
    }
}

/// No manifest has more lines, in all its files: a plan that says so was edited.
const MOST_LINES: u32 = 64 << 20;

/// Lines by their number, by the file in which they stand.
type Lines = BTreeMap<SourceId, BTreeMap<u32, String>>;

/// Keeps the lines at which a problem points, and the few between them.
fn add_lines(lines: &mut Lines, sources: &SourceMap, problem: &Problem) {
    let places = problem.primary.iter().chain(&problem.secondary).map(|label| label.span);
    let mut places: Vec<(SourceId, u32)> = places.map(|span| (span.file, sources.locate(span).1.line)).collect();
    places.sort_unstable();
    let mut before: Option<(SourceId, u32)> = None;
    for (id, line) in places {
        let near = before.filter(|(file, last)| *file == id && line - last <= NEAR_LINES);
        let file = sources.file(id);
        let kept = lines.entry(id).or_default();
        for number in near.map_or(line, |(_, last)| last)..=line {
            let text = file.text[file.line_range(number, number)].trim_end_matches('\n');
            kept.insert(number, text.to_owned());
        }
        before = Some((id, line));
    }
}

impl OrderReviewDocument {
    fn new(view: &PlanView<'_>, order: &OrderPlan, files: &[SourceId]) -> OrderReviewDocument {
        let marks = |problem: &Problem| {
            let labels = problem.primary.iter().chain(&problem.secondary);
            labels.map(|label| MarkDocument::new(label, view.sources, files)).collect()
        };
        // The difference is shown above the operations alone.
        let hunks = if order.steps.is_empty() { Vec::new() } else { view.diff(order) };
        let next_price = view.next_price(order).map(|PriceEffect { now, then, estimated }| NextPriceDocument {
            now_cents: now.0,
            then_cents: then.0,
            estimated,
        });
        OrderReviewDocument {
            order_id: order.order_id.get(),
            diff: hunks.iter().map(HunkDocument::from).collect(),
            next_price,
            hold_slots: order.steps.iter().flat_map(hold_slots).map(|ip| ip.to_string()).collect(),
            marks: order.problems.iter().map(marks).collect(),
        }
    }

    /// Returns where a problem of the order points, by its place among them, in [`ReviewDocument::sources`].
    pub(super) fn labels(&self, sources: &SourceMap, problem: usize) -> Vec<Label> {
        self.marks.get(problem).into_iter().flatten().filter_map(|mark| mark.label(sources)).collect()
    }
}

fn hold_slots(step: &Step) -> Vec<ProxyIp> {
    match step {
        Step::SetSignatures { items } => {
            items.iter().filter(|item| item.from.is_none() && !item.takes_slot).map(|item| item.ip).collect()
        }
        _ => Vec::new(),
    }
}

impl MarkDocument {
    fn new(label: &Label, sources: &SourceMap, files: &[SourceId]) -> MarkDocument {
        let Label { span, text } = label;
        let file = files.binary_search(&span.file).unwrap_or_default() as u32;
        let line = sources.locate(*span).1.line;
        let bytes = sources.file(span.file).line_range(line, line);
        let start = span.start - bytes.start as u32;
        let end = (span.end.min(bytes.end as u32) - bytes.start as u32).max(start);
        MarkDocument { file, line, start, end, text: text.clone() }
    }

    /// Returns `None` where the file has no such place.
    fn label(&self, sources: &SourceMap) -> Option<Label> {
        let (id, file) = sources.iter().nth(self.file as usize)?;
        let bytes = file.line_range(self.line, self.line);
        let within = |offset: u32| {
            let place = bytes.start + offset as usize;
            (place <= bytes.end && file.text.is_char_boundary(place)).then_some(place as u32)
        };
        let (start, end) = (within(self.start)?, within(self.end)?);
        Some(Label { span: Span { file: id, start, end: end.max(start) }, text: self.text.clone() })
    }
}
