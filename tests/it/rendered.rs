//! Texts from outside in what people see: tags, messages of the API and dates that are none can neither command a
//! terminal nor format, mention or overflow a comment.

#![allow(clippy::unwrap_used)]

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use shardctl::diagnostic::{Problem, ProblemCode, SourceFile, SourceMap};
use shardctl::document::{Basis, PlanView, StatusDocument};
use shardctl::model::{
    Cents, Desired, DesiredOrder, Foreign, KeptIp, Limits, LiveOrder, Observations, Observed, OrderDetail, OrderId,
    OrderReport, OrderStatus, ProxyIp, Quote, ReadFailure, Recorded, Renewal, Report, Signature, SourceId, Span,
    Spanned, StepResult,
};
use shardctl::outlook;
use shardctl::plan::{self, Options, Plan};
use shardctl::render::markdown::{self, Comment, Invocation, MARKER, Title};
use shardctl::render::status;
use shardctl::render::{Shown, text};

/// What a comment may not be longer than.
const BOUND: usize = 65_000;

const SPAN: Span = Span { file: SourceId(0), start: 0, end: 1 };

/// An order that is drawn up at random; a plan has it many times over.
#[derive(Debug, Clone)]
struct Template {
    live_tag: String,
    declared_tag: Option<String>,
    until: String,
    ips: u8,
    slots: u32,
    missing: u32,
    read: Option<String>,
    status: Option<String>,
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "`",
        "``",
        "```",
        "~~~",
        "|",
        "@team",
        "<script>",
        "</details>",
        "</summary>",
        "<!--",
        "-->",
        "\n",
        "\r\n",
        "\n\n",
        "*",
        "_",
        "[x](https://example.com)",
        "#1",
        "&lt;",
        "$x$",
        "\\",
        "\"",
        "'",
        ": ",
        "\u{1b}[41m",
        "\u{1b}]0;title\u{7}",
        "\u{9b}2J",
        "\u{202e}",
        "\u{2028}",
        "\u{85}",
        "é",
        "web 1",
        "::error::",
        "%0A",
    ];
    let long = select(pieces.to_vec()).prop_map(|piece| piece.repeat(900));
    prop_oneof![9 => vec(select(pieces.to_vec()), 0..8).prop_map(|pieces| pieces.concat()), 1 => long]
}

fn templates() -> impl Strategy<Value = Template> {
    let declared = prop_oneof![2 => Just(None), 1 => hostile().prop_map(Some)];
    let read = prop_oneof![8 => Just(None), 1 => hostile().prop_map(Some)];
    let until = prop_oneof![Just("2026-12-01".to_owned()), hostile()];
    let status = prop_oneof![Just(None), Just(Some("on-hold".to_owned())), hostile().prop_map(Some)];
    (hostile(), declared, until, 0..60u8, 0..4u32, 0..4u32, read, status).prop_map(
        |(live_tag, declared_tag, until, ips, slots, missing, read, status)| Template {
            live_tag,
            declared_tag,
            until,
            ips,
            slots,
            missing,
            read,
            status,
        },
    )
}

impl Template {
    fn ip(index: u8) -> ProxyIp {
        IpAddr::V4(Ipv4Addr::new(203, 0, 113, index)).to_string().parse().unwrap()
    }

    fn desired(&self) -> DesiredOrder {
        let kept = |index: u8| KeptIp { signature: (!index.is_multiple_of(3)).then_some(Signature::Win11), span: SPAN };
        DesiredOrder {
            span: SPAN,
            tag: self.declared_tag.clone().map(|tag| Spanned { value: Foreign::new(tag), span: SPAN }),
            p0f_slots: Some(Spanned { value: self.slots + self.missing, span: SPAN }),
            auto_renewal: None,
            prune: true,
            keep: Some((0..=self.ips).filter(|ip| ip % 4 > 0).map(|ip| (Template::ip(ip), kept(ip))).collect()),
        }
    }

    fn live(&self) -> Result<LiveOrder, ReadFailure> {
        if let Some(message) = &self.read {
            return Err(ReadFailure::Failed { message: Foreign::from(message.as_str()) });
        }
        let price_per_unit = Cents(150);
        let charge = Cents(150 * u64::from(self.missing));
        let quote = (self.missing > 0).then_some(Quote { add_qty: self.missing, price_per_unit, charge });
        let status = self.status.as_deref().map(OrderStatus::parse);
        Ok(LiveOrder {
            detail: OrderDetail { status, auto_renewal: Some(self.slots > 1), ..OrderDetail::default() },
            tag: Some(Foreign::from(self.live_tag.as_str())),
            renewal: Some(Renewal::parse(&self.until)),
            slots: Some(self.slots),
            quote,
            ..LiveOrder::of_ips((0..self.ips).map(Template::ip))
        })
    }
}

/// A plan with everything that it was made of.
struct World {
    sources: SourceMap,
    desired: Desired,
    observed: Observations,
    options: Options,
}

impl World {
    fn new(templates: &[Template], orders: usize, file: &str) -> World {
        let mut sources = SourceMap::default();
        sources.add(SourceFile::new(file, "version: 1\n"));
        let numbered = || (1..).map(|id| OrderId::new(id).unwrap()).zip(templates.iter().cycle()).take(orders);
        let desired = Desired {
            limits: Limits::default(),
            orders: numbered().map(|(id, order)| (id, order.desired())).collect(),
            sha256: String::new(),
        };
        let seen = |order: &Template| Observed { live: order.live(), recorded: Ok(Recorded::default()) };
        let observed = numbered().map(|(id, order)| (id, seen(order))).collect();
        World { sources, desired, observed, options: Options::at(Timestamp::UNIX_EPOCH) }
    }

    fn plan(&self) -> Plan {
        plan::plan(&self.desired, &self.observed, &self.options)
    }

    fn shown<'a>(&'a self, plan: &'a Plan, verbose: bool) -> Shown<'a> {
        let World { sources, desired, options, .. } = self;
        Shown {
            view: PlanView { plan, basis: Basis::Declared(desired), options, sources, api_url: "" },
            verbose,
            shows_all: "shardctl plan -v",
        }
    }
}

fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_is_a_comment_that_nothing_from_outside_formats(
        templates in vec(templates(), 1..6), orders in select(vec![0, 1, 2, 5, 100, 700]), file in hostile(), verbose: bool,
    ) {
        let world = World::new(&templates, orders, &file);
        let plan = world.plan();
        for invocation in [Invocation::Plan, Invocation::DryRun] {
            let comment = written(|out| markdown::plan(out, &world.shown(&plan, verbose), invocation, &Comment::default()));
            assert_comment(&comment);
            // A blocked plan says so before its summary.
            let summary = comment.lines().skip(3).find(|line| !line.is_empty() && !line.starts_with("**Blocked: ")).unwrap_or_default();
            let has_summary = summary.contains(&format!("{orders} order"));
            prop_assert!(has_summary || comment.contains("shardctl plan: no changes") || comment.contains("(dry run): no changes"), "{summary}");
        }
        if orders < 500 {
            assert_terminal(&written(|out| text::plan(out, &world.shown(&plan, verbose))));
        }
    }

    #[test]
    fn a_report_is_a_comment_that_nothing_from_outside_formats(
        templates in vec(templates(), 1..6), orders in select(vec![1, 2, 100, 700]), error in hostile(), failing in 1..7usize,
    ) {
        let world = World::new(&templates, orders, "shardctl.yaml");
        let plan = world.plan();
        let report = |(index, order): (usize, &plan::OrderPlan)| {
            let mut report = OrderReport::not_run(order.order_id, order.steps.len());
            let result = match index % failing {
                0 => StepResult::Failed { error: error.clone() },
                1 => StepResult::Unknown { error: error.clone() },
                _ => StepResult::Done,
            };
            report.results.fill(result);
            report.failure = (index % failing == 2).then(|| error.clone());
            report.changed = true;
            report
        };
        let report =
            Report { orders: plan.orders.iter().enumerate().map(report).collect(), blocked: 0, interrupted: false, of_saved_plan: false };
        let comment = written(|out| markdown::report(out, &world.shown(&plan, false), &report, &Comment::default()));
        assert_comment(&comment);
        let summary = comment.lines().nth(3).unwrap_or_default();
        prop_assert!(summary.contains("operation") || summary.contains("Nothing to do"), "{summary}");
        assert_terminal(&written(|out| text::report(out, &world.shown(&plan, false), &report)));
    }

    #[test]
    fn a_title_is_refused_or_formats_nothing(title in hostile()) {
        let title: Option<Title> = title.parse().ok();
        let comment = Comment { title: title.clone(), ..Comment::default() };
        let world = World::new(&[], 0, "shardctl.yaml");
        let written = written(|out| markdown::plan(out, &world.shown(&world.plan(), false), Invocation::Plan, &comment));
        let marker = title.map_or(MARKER.to_owned(), |title| format!("<!-- shardctl:{title} -->"));
        let rest = written.strip_prefix(&marker).expect("the first line");
        assert_comment(&format!("{MARKER}{rest}"));
    }

    #[test]
    fn problems_and_a_status_are_comments(templates in vec(templates(), 1..6), message in hostile(), many in 1..1000usize) {
        let world = World::new(&templates, many, "shardctl.yaml");
        let problem = Problem::new(ProblemCode::InvalidValue, message.as_str()).help(message.as_str()).at(SPAN, message.as_str());
        let problems = vec![problem; many];
        assert_comment(&written(|out| markdown::invalid_manifest(out, &problems, &world.sources, &Comment::default())));
        let document = StatusDocument::new(&outlook::standings(&world.observed, Timestamp::UNIX_EPOCH));
        assert_comment(&written(|out| status::markdown(out, &document, &Comment::default())));
        assert_terminal(&written(|out| status::text(out, &document)));
    }
}

/// Asserts that a comment fits, is found again, and holds no markup but its own.
#[track_caller]
fn assert_comment(comment: &str) {
    assert!(comment.chars().count() < BOUND, "{} characters", comment.chars().count());
    assert!(comment.starts_with(&format!("{MARKER}\n## shardctl")), "{comment}");
    let control = |c: char| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{202e}').contains(&c);
    assert!(!comment.contains(control), "{:?}", comment.find(control));
    let (mut fence, mut opened, mut closed): (Option<&str>, usize, usize) = (None, 0, 0);
    for line in comment.lines().skip(1) {
        let ticks = &line.trim_start()[..line.trim_start().find(|c| c != '`').unwrap_or(line.trim_start().len())];
        match fence {
            Some(open) if ticks.len() >= open.len() && line.trim() == ticks => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                assert_line(line);
                opened += usize::from(line.starts_with("<details"));
                closed += usize::from(line == "</details>");
            }
        }
    }
    assert_eq!(opened, closed, "details that are not closed in {comment}");
    assert_eq!(fence, None, "an open fence in {comment}");
}

/// Asserts that a line has no HTML but what the program writes, and no mention, outside of code.
#[track_caller]
fn assert_line(line: &str) {
    let is_html = line.starts_with("<details");
    let mut text = if is_html { line.to_owned() } else { without_code_spans(line) };
    for tag in ["details", "details open", "summary", "b", "code", "sub", "br"] {
        text = text.replace(&format!("<{tag}>"), "").replace(&format!("</{tag}>"), "");
    }
    assert!(!text.contains('<'), "HTML in {line}");
    assert!(!is_html || !text.contains('`'), "a code span in HTML is none: {line}");
    let mentions = text.split('@').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    assert!(!mentions, "a mention in {line}");
    assert!(!text.contains("]("), "a link in {line}");
}

/// Takes the code spans out of a line, by the rules of CommonMark.
fn without_code_spans(line: &str) -> String {
    let (mut text, mut rest) = (String::new(), line);
    while let Some(at) = rest.find(['`', '\\']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(escaped) = rest.strip_prefix('\\') {
            let length = escaped.chars().next().map_or(0, char::len_utf8);
            text.push_str(&escaped[..length]);
            rest = &escaped[length..];
            // An escaped bracket is no link, and an escaped mention may still be one.
            text = text.strip_suffix(']').map(str::to_owned).unwrap_or(text);
            continue;
        }
        let ticks = rest.find(|c| c != '`').unwrap_or(rest.len());
        let (open, after) = rest.split_at(ticks);
        let close = runs(after).into_iter().find(|(_, length)| *length == ticks);
        match close {
            Some((at, _)) => rest = &after[at + ticks..],
            None => {
                text.push_str(open);
                rest = after;
            }
        }
    }
    text + rest
}

/// Returns where runs of backticks start, and how long they are.
fn runs(text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.match_indices('`') {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == at => *length += 1,
            _ => runs.push((at, 1)),
        }
    }
    runs
}

/// Asserts that nothing but the program's own colours commands the terminal.
#[track_caller]
fn assert_terminal(text: &str) {
    let control = |c: char| (c.is_control() && !"\n\u{1b}".contains(c)) || ('\u{2028}'..='\u{202e}').contains(&c);
    assert!(!text.contains(control), "{:?}", text.find(control));
    for sequence in text.split('\u{1b}').skip(1) {
        let end = sequence.find('m').unwrap_or(0);
        let own = sequence.starts_with('[') && sequence[1..end.max(1)].chars().all(|c| c.is_ascii_digit() || c == ';');
        assert!(own && !sequence.starts_with("[41m"), "{:?}", &sequence.chars().take(9).collect::<String>());
    }
}
