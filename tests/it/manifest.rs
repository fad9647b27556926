//! The manifest: what is read from it, what is wrong with it, and its schema.
//!
//! Each folder of `tests/manifest` is a case: its `*.yaml` files are one manifest, and `problems.txt` is what a user
//! reads about it, nothing where it is valid. `SNAPSHOTS=overwrite cargo test` writes `problems.txt` anew.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use shardctl::diagnostic::{Position, Problem, ProblemCode, SourceFile, SourceMap};
use shardctl::manifest::document::OrderDocument;
use shardctl::manifest::{self, Document, Manifest};
use shardctl::model::{Cents, Desired, OrderId, Percent, Signature, Span};
use shardctl::render::problem;

use crate::fuzz::properties::{assert_sound, meaning};

mod agreement;
mod edit;
mod editor;
mod files;
mod ranges;
mod schema;
pub mod size;

#[test]
fn every_case_folder_shows_its_problems() {
    let mut folders: Vec<PathBuf> = fs::read_dir("tests/manifest")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty());
    for folder in folders {
        let manifest = manifest::load(std::slice::from_ref(&folder)).unwrap();
        assert_sound(&manifest, &folder);
        let rendered = problem::problems(&manifest.problems, &manifest.sources, false);
        let valid = folder.file_name().unwrap().to_str().unwrap().starts_with("valid-");
        assert_eq!(valid, rendered.is_empty(), "{folder:?}");
        snapbox::Assert::new()
            .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
            .eq(rendered, snapbox::Data::read_from(&folder.join("problems.txt"), None).raw());
    }
}

#[test]
fn every_field_is_read_with_its_position() {
    let manifest = manifest::load(&[PathBuf::from("tests/manifest/valid-every-field")]).unwrap();
    let desired = manifest.desired.unwrap();
    assert_eq!(desired.limits.max_charge_cents, Some(Cents(2000)));
    assert_eq!(desired.limits.max_removal_percent, Percent::new(30));
    assert_eq!(desired.limits.max_removals, Some(100));
    assert_eq!(written(&manifest.sources, desired.limits.span.unwrap()), "limits");

    let order = &desired.orders[&order_id(48213)];
    assert_eq!(written(&manifest.sources, order.span), "48213");
    let tag = order.tag.as_ref().unwrap();
    assert_eq!((tag.value.raw(), written(&manifest.sources, tag.span)), ("eu-scrapers", "eu-scrapers"));
    let slots = order.p0f_slots.as_ref().unwrap();
    assert_eq!((slots.value, written(&manifest.sources, slots.span)), (4, "4"));
    let renewal = order.auto_renewal.as_ref().unwrap();
    assert_eq!((renewal.value, written(&manifest.sources, renewal.span)), (true, "true"));
    assert!(order.prune);
    let keep = order.keep.as_ref().unwrap();
    let kept: Vec<_> = keep.addresses.iter().map(|(ip, kept)| (ip.to_string(), kept.signature)).collect();
    let expected = [
        ("203.0.113.10", Some(Signature::Win11)),
        ("203.0.113.11", Some(Signature::Macos)),
        ("203.0.113.12", None),
        ("2001:db8::7", Some(Signature::Android)),
    ];
    assert_eq!(kept, expected.map(|(ip, signature)| (ip.to_owned(), signature)));
    assert!(keep.addresses.iter().all(|(ip, kept)| written(&manifest.sources, kept.span) == ip.to_string()));
    let ranges: Vec<_> = keep.ranges.iter().map(|(range, kept)| (range.to_string(), kept.signature)).collect();
    let expected = [("198.51.100.0/24", Some(Signature::Linux)), ("2001:db8:1::/48", None)];
    assert_eq!(ranges, expected.map(|(range, signature)| (range.to_owned(), signature)));
    assert!(keep.ranges.iter().all(|(range, kept)| written(&manifest.sources, kept.span) == range.to_string()));
    assert!(!desired.orders[&order_id(48977)].prune);
}

#[test]
fn nothing_declared_is_not_the_same_as_nothing_kept() {
    let desired = desired("version: 1\nlimits:\norders: {48213: , 48214: {keep: {203.0.113.10: }}}");
    assert!(desired.limits.span.is_some());
    assert_eq!(desired.limits.max_charge_cents, None);
    let unmanaged = &desired.orders[&order_id(48213)];
    assert!(unmanaged.keep.is_none() && unmanaged.p0f_slots.is_none() && unmanaged.tag.is_none());
    assert!(unmanaged.prune && unmanaged.auto_renewal.is_none());
    assert_eq!(desired.orders[&order_id(48214)].keep.as_ref().unwrap().addresses.len(), 1);
}

#[test]
fn quoted_and_unquoted_are_the_same() {
    let plain = "version: 1\norders: {48213: {tag: 7, p0f_slots: 1, auto_renewal: true, prune: FALSE, keep: {203.0.113.10: win11}}}";
    let quoted = r#"{"version": "1", 'orders': {"48213": {"tag": "7", "p0f_slots": '1', "auto_renewal": "true",
        "prune": "False", "keep": {"203.0.113.10": 'win11'}}}}"#;
    assert_eq!(meaning(&desired(plain)), meaning(&desired(quoted)));
}

#[test]
fn a_byte_order_mark_moves_no_position() {
    let with = parsed("\u{feff}version: 1\r\norders:\r\n  48213:\r\n    prune: yes\r\n");
    let without = parsed("version: 1\norders:\n  48213:\n    prune: yes\n");
    let place = |manifest: &Manifest| manifest.sources.locate(manifest.problems[0].primary.as_ref().unwrap().span).1;
    assert_eq!(place(&with), place(&without));
    let first = parsed("\u{feff}vershun: 1\norders:\n  48213:\n");
    assert_eq!(place(&first), Position { line: 1, column: 1 });
}

#[test]
fn each_part_of_yaml_that_is_not_supported_is_one_problem() {
    for (value, expected) in [("&a eu", 1), ("!!str eu", 1), ("&a !!str eu", 2), ("!eu {a: *b}", 3), ("*b", 1)] {
        let manifest = parsed(&format!("version: 1\norders: {{48213: {{tag: {value}}}}}"));
        assert_eq!(manifest.problems.len(), expected, "{value}: {:?}", manifest.problems);
    }
    let without_marker = parsed("version: 1\norders: {48213: }\n...\nversion: 1\n");
    assert_eq!(without_marker.problems[0].message, "the file holds a second document");
}

#[test]
fn a_problem_names_its_order_and_ip() {
    let manifest = parsed("version: 1\norders: {48213: {keep: {203.0.113.10: win7, 203.0.113.300: linux}}}");
    let named: Vec<_> = manifest.problems.iter().map(|problem| (problem.order_id, problem.ip)).collect();
    assert_eq!(named, [(Some(order_id(48213)), "203.0.113.10".parse().ok()), (Some(order_id(48213)), None)]);
}

#[test]
fn problems_are_sorted_by_file_and_position() {
    let folder = PathBuf::from("tests/manifest/many-problems-in-one-run");
    for paths in [vec![folder.clone()], vec![folder.join("b.yaml"), folder.join("a.yaml")]] {
        let problems = manifest::load(&paths).unwrap().problems;
        assert!(problems.len() > 8);
        assert!(problems.is_sorted_by_key(|problem| problem.primary.as_ref().map(|label| label.span)));
    }
}

#[test]
fn the_digest_is_that_of_the_bytes() {
    let text = "\u{feff}version: 1\r\norders: {48213: }\n";
    // As `sha256sum` prints it.
    assert_eq!(desired(text).sha256, "459bc9fc0468c7d9f55ad6b944a63909f9e538ad7a01491d007dd6f8da3ae86d");
    let both = parsed_files(&[("a.yaml", text), ("b.yaml", "version: 1\n")]).desired.unwrap().sha256;
    assert_ne!(both, desired(text).sha256);
    let joined = parsed_files(&[("a.yaml", &format!("{text}version")), ("b.yaml", ": 1\n")]);
    assert!(joined.desired.is_none());
}

#[test]
fn a_problem_without_a_mark_is_shown_too() {
    let unmarked = Problem::new(ProblemCode::ApiError, "the API says no").help("ask again").order(order_id(48213));
    let shown = problem::problems(&[unmarked], &SourceMap::default(), false);
    snapbox::assert_data_eq!(
        shown,
        snapbox::str![[r#"
error[api_error]: the API says no
 |
 = help: ask again

"#]]
    );
}

#[test]
fn color_changes_nothing_but_the_color() {
    let cases = ["long-line", "duplicate-order-in-two-files", "problems-beyond-fifty-take-a-line-each"];
    let paths = cases.map(|case| PathBuf::from(format!("tests/manifest/{case}")));
    let manifest = manifest::load(&paths).unwrap();
    let [plain, colored] = [false, true].map(|color| problem::problems(&manifest.problems, &manifest.sources, color));
    assert!(!plain.contains('\u{1b}') && colored.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
}

fn order_id(id: u64) -> OrderId {
    OrderId::new(id).unwrap()
}

fn parsed(text: &str) -> Manifest {
    parsed_files(&[("shardctl.yaml", text)])
}

fn parsed_files(files: &[(&str, &str)]) -> Manifest {
    let mut sources = SourceMap::default();
    for (name, text) in files {
        sources.add(SourceFile::new(*name, *text));
    }
    manifest::parse(sources)
}

fn desired(text: &str) -> Desired {
    let manifest = parsed(text);
    let problems = problem::problems(&manifest.problems, &manifest.sources, false);
    manifest.desired.unwrap_or_else(|| panic!("{problems}"))
}

fn written(sources: &SourceMap, span: Span) -> &str {
    &sources.file(span.file).text[span.start as usize..span.end as usize]
}
