//! What holds for any bytes, whoever wrote them: a manifest, an answer of the API, a record, a saved plan.
//!
//! Each function takes bytes and panics where a property is broken. The fuzz targets of `fuzz/` call them, and so do
//! the tests of the module above, which need no fuzzer.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use shardctl::api::{ApiError, Endpoint, Stage, Token, answers};
use shardctl::diagnostic::{Problem, ProblemCode, SourceMap};
use shardctl::document::{self, Basis, NotAPlan, PlanDocument, PlanView, SavedPlan, ValidateDocument};
use shardctl::manifest::document::LimitsDocument;
use shardctl::manifest::edit::{self, Edits, NotEditable, OrderEdits};
use shardctl::manifest::write::OrderToWrite;
use shardctl::manifest::{self, Document, Manifest};
use shardctl::model::printable;
use shardctl::model::{Desired, OrderId, ProxyIp, Signature, Span};
use shardctl::render::markdown::{self, Comment, Invocation};
use shardctl::render::{Shown, problem, text};
use shardctl::state::{self, StateFile};

/// Separates the files of a manifest of several files.
const FILE_SEPARATOR: u8 = 0x1c;
/// Line ends of YAML 1.1 that are ordinary characters in YAML 1.2; the other reader and its writer follow 1.1 here.
pub const OLD_LINE_ENDS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
/// The most problems that are shown.
const MOST_SHOWN: usize = 50;
/// The longest line that is shown of a manifest, in characters: 2,800 bytes around two marks, each tab as four spaces.
const LONGEST_LINE: usize = 12_000;
/// The longest error that is made of an answer, in characters.
const LONGEST_ERROR: usize = 400;

const TOKEN: &str = "pl4nted-t0ken";
const SECRET: &str = "pl4nted-s3cret";
const API_URL: &str = "https://user-api.proxyshard.com";

/// A manifest: has a meaning or problems with a place; what has a meaning keeps it when it is written and read.
///
/// Up to three files are separated by the byte 0x1c.
pub fn manifest(bytes: &[u8]) {
    let names = ["a.yaml", "b.yaml", "c.yaml"].map(str::to_owned);
    let files: Vec<_> =
        names.into_iter().zip(bytes.split(|byte| *byte == FILE_SEPARATOR).map(<[u8]>::to_vec)).collect();
    let manifest = manifest::from_bytes(files.clone());
    assert_sound(&manifest, Path::new("the manifest"));
    assert_shown(&manifest);
    let Some(desired) = &manifest.desired else { return };
    let meaning = meaning(desired);
    assert_eq!(self::meaning(&read_json(&meaning)), meaning, "written as JSON");
    if !meaning.orders.values().flat_map(|order| &order.tag).any(|tag| tag.contains(OLD_LINE_ENDS)) {
        assert_eq!(self::meaning(&read_yaml(&meaning)), meaning, "written as YAML");
    }
    if let [(_, bytes)] = &files[..] {
        let text = std::str::from_utf8(bytes).expect("what has a meaning is text");
        assert_other_reader_agrees(text, &meaning);
        assert_editable(text, desired);
    }
}

/// Asserts that a manifest can be edited in place however it is written, or that it is said why not: an edit that would
/// change more than it should is a defect.
pub fn assert_editable(text: &str, desired: &Desired) {
    let ip = |last: u8| ProxyIp::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
    let with_keep = desired.orders.iter().filter_map(|(order_id, order)| Some((*order_id, order.keep.as_ref()?)));
    let orders = with_keep.map(|(order_id, keep)| OrderEdits {
        order_id,
        add: vec![(ip(1), None), (ip(200), Some(Signature::Linux))],
        remove: keep.addresses.keys().step_by(2).filter(|listed| ![ip(1), ip(200)].contains(listed)).copied().collect(),
    });
    let new_orders = vec![OrderToWrite::new(OrderId::new(2_000_001).expect("an id"))];
    let edits = Edits { new_orders, orders: orders.collect() };
    let edited = edit::apply(text, &edits);
    assert_ne!(edited.as_ref().err(), Some(&NotEditable::Unsound), "{text}");
    if let Ok(edited) = edited {
        assert!(edit::apply(&edited.text, &edits).expect("it was edited before").changes.is_empty(), "{}", edited.text);
    }
}

fn read_yaml(meaning: &Document) -> Desired {
    valid(serde_yaml::to_string(meaning).expect("a manifest can be written").into_bytes())
}

fn read_json(meaning: &Document) -> Desired {
    let text = serde_json::to_string(meaning).expect("a manifest can be written");
    // JSON takes some characters as they are that YAML takes escaped only.
    let escaped = |character: char| match character {
        '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => format!("\\u{:04x}", u32::from(character)),
        _ => character.to_string(),
    };
    valid(text.chars().map(escaped).collect::<String>().into_bytes())
}

fn valid(bytes: Vec<u8>) -> Desired {
    let manifest = manifest::from_bytes([("written.yaml".to_owned(), bytes.clone())]);
    let problems = problem::problems(&manifest.problems, &manifest.sources, false);
    manifest.desired.unwrap_or_else(|| panic!("{problems}\n{}", String::from_utf8_lossy(&bytes)))
}

/// Asserts that a reader that knows nothing of positions reads the same, where it reads the text at all.
pub fn assert_other_reader_agrees(text: &str, meaning: &Document) {
    if text.contains(OLD_LINE_ENDS) {
        return;
    }
    if let Ok(other) = serde_yaml::from_str::<Document>(text) {
        assert_eq!(without_empty_limits(meaning.clone()), without_empty_limits(other), "{text}");
    }
}

fn without_empty_limits(mut document: Document) -> Document {
    document.limits = document.limits.filter(|limits| *limits != LimitsDocument::default());
    document
}

/// Takes the positions away, so that the meaning of two manifests can be compared.
pub fn meaning(desired: &Desired) -> Document {
    Document::from(desired)
}

/// Asserts what holds for every manifest: a problem or a meaning, and every mark on one line of its file.
pub fn assert_sound(manifest: &Manifest, name: &Path) {
    assert_eq!(manifest.desired.is_none(), !manifest.problems.is_empty(), "{name:?}");
    for problem in &manifest.problems {
        let primary = problem.primary.as_ref().unwrap_or_else(|| panic!("{name:?}: {problem:?} has no mark"));
        for label in problem.secondary.iter().chain([primary]) {
            assert_inside(&manifest.sources, label.span, name);
        }
    }
    let marked = manifest.problems.iter().map(|problem| problem.primary.as_ref().map(|label| label.span));
    assert!(marked.is_sorted(), "{name:?}: the problems are not in the order of the file");
}

fn assert_inside(sources: &SourceMap, span: Span, name: &Path) {
    let text = &sources.file(span.file).text;
    let marked = text.get(span.start as usize..span.end as usize);
    let marked = marked.unwrap_or_else(|| panic!("{name:?}: {span:?} is outside of its file"));
    assert!(!marked.contains('\n'), "{name:?}: {span:?} goes over several lines");
    let position = sources.locate(span).1;
    // The line behind the last line break is one, too.
    let line = text.split('\n').nth(position.line as usize - 1);
    let line = line.unwrap_or_else(|| panic!("{name:?}: {position:?} is behind the last line"));
    assert!((1..=line.chars().count() + 1).contains(&(position.column as usize)), "{name:?}: {position:?}: {line:?}");
}

/// Asserts that the problems can be shown, with their places, and that nothing in them reaches the terminal as a
/// command.
pub fn assert_shown(manifest: &Manifest) {
    let Manifest { problems, sources, .. } = manifest;
    let shown = problem::problems(problems, sources, false);
    assert_safe(&shown);
    for problem in problems {
        let labels = problem.secondary.iter().chain(&problem.primary).map(|label| &label.text);
        labels.chain(&problem.help).chain([&problem.message]).for_each(|text| assert_words(text));
    }
    assert!(shown.lines().all(|line| line.chars().count() < LONGEST_LINE), "{shown}");
    for problem in problems.iter().take(MOST_SHOWN) {
        let (file, position) = sources.locate(problem.primary.as_ref().expect("a mark").span);
        let place = format!("{file}:{}:{}\n", position.line, position.column);
        assert!(shown.contains(&place), "no {place} in {shown}");
    }
    // Marks and colour take most of the time, which the parser shall have.
    let colored = problem::problems(&problems[..problems.len().min(3)], sources, true);
    let without_color = anstream::adapter::strip_str(&colored).to_string();
    assert!(shown.starts_with(without_color.trim_end_matches('\n')), "{without_color}\nis not\n{shown}");
    let document = ValidateDocument::new(problems, sources);
    assert_eq!(document.problems.len(), problems.len());
    let again = serde_json::from_slice::<ValidateDocument>(&written(&document));
    assert_eq!(again.expect("what was written is JSON"), document);
}

/// Asserts that the words of a problem are fit for every output as they are, and that no quote in them is broken.
fn assert_words(text: &str) {
    assert_eq!(printable(text), text);
    assert!(!text.contains('\n') && text.matches('`').count().is_multiple_of(2), "{text}");
}

fn assert_safe(shown: &str) {
    for line in shown.split('\n') {
        assert_eq!(printable(line), line, "{shown}");
    }
}

/// An answer of the API: no status but 200 is taken, nothing that was cut short is, and no secret gets in or out.
///
/// The first byte picks the operation and the status: in seeds, `0` to `3` and `@` to `B` stand for the operations and
/// 200, `4` to `7` and `D` to `F` for the operations and 403. The rest is the body.
pub fn answer(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else { return };
    let status = [200, 403, 500, 302][usize::from(first / 4 % 4)];
    match (first / 16 % 2, first % 4) {
        (1, 0) => answer_of(Endpoint::ActiveProxies, status, body, |status, body, token| {
            let whole = answers::active_proxies(status, body, token);
            let arriving = answers::active_proxies_arriving(&mut &*body, token);
            assert!(status != 200 || arriving.clone().ok() == whole.clone().ok(), "{arriving:?} is not {whole:?}");
            whole
        }),
        (1, 1) => answer_of(Endpoint::CalculateAddon, status, body, |status, body, token| {
            let slots = answers::quote(status, body, token, 2)?;
            if let Ok(quote) = slots.quote {
                assert_eq!(quote.charge.0, 2 * quote.price_per_unit.0, "a price that does not add up: {slots:?}");
                assert!(quote.charge.0 > 0 && quote.add_qty == 2, "no price: {slots:?}");
            }
            Ok(slots)
        }),
        (1, 2) => answer_of(Endpoint::PurchaseAddon, status, body, answers::slots_told),
        (1, _) => answer_of(Endpoint::SetDelNp, status, body, answers::acknowledged),
        (_, 0) => answer_of(Endpoint::GetOrder, status, body, |status, body, token| {
            answers::order_detail(status, body, token, order_id(48213))
        }),
        (_, 1) => answer_of(Endpoint::ListOrders, status, body, answers::order_page),
        (_, _) => answer_of(Endpoint::Me, status, body, answers::wallet),
    }
}

fn answer_of<T: Debug + PartialEq>(
    endpoint: Endpoint,
    status: u16,
    body: &[u8],
    read: impl Fn(u16, &[u8], &Token) -> Result<T, Stage>,
) {
    let token = Token::new(TOKEN).expect("a token");
    let read = |body: &[u8]| read(status, body, &token);
    let answer = read(body);
    match &answer {
        Ok(answer) => {
            assert_eq!(status, 200, "{answer:?}");
            for cut in cut_short(body) {
                let short = read(cut);
                assert!(matches!(short, Err(Stage::Unreadable { .. })), "cut after {}: {short:?}", cut.len());
            }
        }
        Err(stage) => assert_error(endpoint, stage),
    }
    // The other reader looks at what is left out, too, such as a number that is out of range.
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        if let Err(Stage::Refused { status: 200, .. }) = &answer {
            let denied = value.as_object().and_then(|answer| answer.get("success"));
            assert_eq!(denied, Some(&Value::Bool(false)), "a refusal that the answer does not state: {answer:?}");
        }
        let written = |value: &Value| serde_json::to_vec(value).expect("JSON can be written");
        let with_secrets = read(&written(&planted(value.clone())));
        assert!(!format!("{with_secrets:?}").contains(SECRET), "{with_secrets:?}");
        assert_eq!(read(&written(&value)), with_secrets, "user names and passwords make a difference");
        let with_token = read(&written(&token_in_message(value)));
        assert!(with_token.is_ok() || !format!("{with_token:?}").contains(TOKEN), "{with_token:?}");
    }
}

fn assert_error(endpoint: Endpoint, stage: &Stage) {
    let text = ApiError::once(endpoint, stage.clone()).to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.chars().count() < LONGEST_ERROR, "{text}");
}

/// Puts a user name and a password into every object.
fn planted(mut value: Value) -> Value {
    match &mut value {
        Value::Object(object) => {
            object.values_mut().for_each(|value| *value = planted(value.take()));
            for key in ["login", "password", "user", "username"] {
                object.insert(key.to_owned(), SECRET.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = planted(value.take())),
        _ => {}
    }
    value
}

/// Has the answer echo the token.
fn token_in_message(mut value: Value) -> Value {
    if let Some(Value::String(message)) = value.get_mut("message") {
        *message = format!("{TOKEN} {message}{TOKEN}{message}");
    }
    value
}

/// Cuts what ends with a closing bracket short, in a few places that depend on its length.
fn cut_short(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let written = bytes.trim_ascii_end();
    let last = written.len().saturating_sub(1);
    [last, last / 2, last * 7 / 8, last.saturating_sub(2)].into_iter().map(|end| &written[..end])
}

/// The record of an order: what is taken is the same once it was written and read, and belongs to nobody else.
pub fn state(bytes: &[u8]) {
    let file = serde_json::from_slice::<StateFile>(bytes).ok();
    let api_url = file.as_ref().map_or(API_URL, |file| &file.api_url);
    let order_id = file.as_ref().and_then(|file| OrderId::new(file.order_id)).unwrap_or_else(|| order_id(48213));
    let recorded = match state::decode(bytes, order_id, api_url) {
        Ok(recorded) => recorded,
        Err(unusable) => return assert_message_can_be_shown(&unusable.message),
    };
    let file = file.as_ref().expect("a record that is taken is a record");
    assert_eq!(recorded.signatures.len(), file.signatures.len(), "an IP stands twice");
    assert_eq!(recorded.del_np.len(), file.del_np.len(), "an IP stands twice");
    let ips = (recorded.ips.as_ref().map(BTreeSet::len), file.ips.as_ref().map(Vec::len));
    assert_eq!(ips.0, ips.1, "an IP stands twice");
    let written = state::encode(order_id, api_url, &recorded);
    let again = state::decode(&written, order_id, api_url);
    assert_eq!(again.as_ref(), Ok(&recorded), "{}", String::from_utf8_lossy(&written));
    let other_order = self::order_id(order_id.get() ^ 2 | 1);
    assert!(other_order == order_id || state::decode(bytes, other_order, api_url).is_err());
    assert!(state::decode(bytes, order_id, &format!("{api_url}/")).is_err());
    for cut in cut_short(bytes) {
        assert!(state::decode(cut, order_id, api_url).is_err(), "cut after {}", cut.len());
    }
}

fn order_id(id: u64) -> OrderId {
    OrderId::new(id).expect("a positive id")
}

fn assert_message_can_be_shown(message: &str) {
    let problem = Problem::new(ProblemCode::StateMismatch, message);
    assert_safe(&problem::problems(&[problem], &SourceMap::default(), false));
}

/// A saved plan: what is taken is the same once it was written and read, and no part of it is one.
///
/// The plan of another format is refused, and then tried as one of this format, so that seeds do not grow old.
pub fn plan(bytes: &[u8]) {
    match SavedPlan::parse(bytes, "saved.json") {
        Ok(saved) => assert_kept(&saved, bytes),
        Err(NotAPlan::OtherVersion { this, .. }) => {
            let document: PlanDocument = serde_json::from_slice(bytes).expect("what has a version is a plan");
            let document = PlanDocument { format_version: document::FORMAT_VERSION, shardctl: this, ..document };
            assert!(document.orders.iter().any(|order| order.order_id == 0) || is_taken(&written(&document)));
        }
        Err(error) => assert_message_can_be_shown(&error.to_string()),
    }
}

fn is_taken(bytes: &[u8]) -> bool {
    SavedPlan::parse(bytes, "saved.json").inspect(|saved| assert_kept(saved, bytes)).is_ok()
}

fn assert_kept(saved: &SavedPlan, bytes: &[u8]) {
    let document: PlanDocument = serde_json::from_slice(bytes).expect("what is taken is a plan");
    assert_eq!(SavedPlan::parse(&written(&document), "saved.json").as_ref(), Ok(saved));
    assert_eq!(saved.orders().count(), document.orders.len());
    for cut in cut_short(bytes) {
        assert!(SavedPlan::parse(cut, "saved.json").is_err(), "cut after {}", cut.len());
    }
    assert_judged(saved, document);
    assert_can_be_shown(saved);
}

/// Asserts that a plan can be shown whatever its file holds, and that nothing in it commands a terminal.
fn assert_can_be_shown(saved: &SavedPlan) {
    let (plan, options, sources) = saved.restored();
    let (basis, api_url) = (Basis::Saved(saved.review()), saved.api_url());
    let view = PlanView { plan: &plan, basis, options: &options, sources: &sources, api_url };
    let (mut text, mut comment) = (Vec::new(), Vec::new());
    let shown = Shown { view, verbose: true, shows_all: "shardctl show -v plan.json" };
    text::plan(&mut text, &shown).expect("memory takes it");
    markdown::plan(&mut comment, &shown, Invocation::Plan, &Comment::default()).expect("memory takes it");
    let [text, comment] = [text, comment].map(|shown| String::from_utf8(shown).expect("text"));
    assert_safe(&anstream::adapter::strip_str(&text).to_string());
    // A comment keeps what mentions somebody, or another issue, apart by a space of no width, which nothing else may hold.
    assert_safe(&comment.replace("\\@\u{200b}", "@").replace("\\#\u{200b}", "#"));
}

/// Asserts that a plan is applied only where it is made again just like that, by whatever little it differs.
fn assert_judged(saved: &SavedPlan, document: PlanDocument) {
    let ascending = document.orders.is_sorted_by(|one, other| one.order_id < other.order_id);
    let moved = saved.what_moved(document.clone());
    assert!(moved.is_empty() || !ascending, "{moved:?}");
    let later = PlanDocument { created_at: "later".to_owned(), ..document.clone() };
    assert_eq!(saved.what_moved(later), moved, "the moment at which it is made again matters");
    let mut other = document;
    other.summary.operations ^= 1;
    assert!(!saved.what_moved(other).is_empty(), "another plan is taken for the same");
}

fn written(document: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    document::write(&mut bytes, document).expect("memory takes what is written");
    bytes
}
