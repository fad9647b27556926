//! The plan, case by case: each folder of `tests/cases` is an account with a manifest, and shows the plan of it.
//!
//! `tests/cases/README.md` says how to add one.

#![allow(clippy::unwrap_used)]

pub mod coverage;
mod inputs;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use shardctl::document::{self, AskedByDocument, Basis, PlanDocument, PlanView, SavedPlan};
use shardctl::render::markdown::{self, Comment, Invocation};
use shardctl::render::{Shown, text};
use snapbox::data::DataFormat;

use inputs::Case;

/// The API that the cases are read from, and that their records belong to.
const API_URL: &str = "https://user-api.proxyshard.com";

#[test]
fn every_case_folder_shows_its_plan() {
    for folder in folders() {
        let case = Case::read(&folder);
        let shown = Rendered::of(&case);
        for (file, actual) in [("plan.txt", shown.text), ("plan.md", shown.markdown), ("plan.json", shown.json)] {
            snapbox::Assert::new()
                .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
                .eq(actual, snapbox::Data::read_from(&folder.join(file), Some(DataFormat::Text)).raw());
        }
    }
}

#[test]
fn a_saved_plan_is_shown_as_it_was_printed() {
    for folder in folders() {
        let case = Case::read(&folder);
        for verbose in [false, true] {
            let Case { sources, desired, options, .. } = &case;
            let plan = case.plan();
            let basis = Basis::Declared(desired);
            let printed = PlanView { plan: &plan, basis, options, sources, api_url: API_URL };
            let file =
                written(|out| document::write(out, &PlanDocument::to_save(&printed, AskedByDocument::default())));
            let saved = SavedPlan::parse(file.as_bytes(), "saved.json").unwrap();
            let (plan, options, sources) = saved.restored();
            let (basis, api_url) = (Basis::Saved(saved.review()), saved.api_url());
            let shown = PlanView { plan: &plan, basis, options: &options, sources: &sources, api_url };
            let [as_printed, as_shown] =
                [printed, shown].map(|view| what_people_read(&Shown { view, verbose, shows_all: "shardctl plan -v" }));
            assert_eq!(as_shown, as_printed, "{}", folder.display());
            let printed = written(|out| document::write(out, &PlanDocument::new(&printed)));
            assert_eq!(written(|out| document::write(out, &saved.document())), printed, "{}", folder.display());
        }
    }
}

#[test]
fn every_hunk_counts_the_lines_that_it_shows() {
    let mut hunks = 0;
    for folder in folders() {
        let mut case = Case::read(&folder);
        // No line is left out.
        case.verbose = true;
        let text = Rendered::of(&case).text;
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("  ")).peekable();
        while let Some(header) = lines.find(|line| line.starts_with("@@ -")) {
            let (mut old, mut new) = (0, 0);
            while let Some(line) = lines.next_if(|line| line.starts_with([' ', '-', '+'])) {
                old += usize::from(!line.starts_with('+'));
                new += usize::from(!line.starts_with('-'));
            }
            let ranges: Vec<usize> = header.split(' ').skip(1).take(2).map(length).collect();
            assert_eq!(ranges, [old, new], "{header} in {}:\n{text}", folder.display());
            hunks += 1;
        }
    }
    assert!(hunks > 50, "only {hunks} hunks");
}

/// Returns the number of lines of a range in a hunk's header, such as `-17,6`; without it there is one.
fn length(range: &str) -> usize {
    range.split_once(',').map_or(1, |(_, length)| length.parse().unwrap())
}

/// A case's plan in every format.
struct Rendered {
    text: String,
    markdown: String,
    json: String,
    document: PlanDocument,
}

impl Rendered {
    fn of(case: &Case) -> Rendered {
        let Case { sources, desired, options, verbose, .. } = case;
        let plan = case.plan();
        let view = PlanView { plan: &plan, basis: Basis::Declared(desired), options, sources, api_url: API_URL };
        let shown = Shown { view, verbose: *verbose, shows_all: "shardctl plan -v" };
        let [text, markdown] = what_people_read(&shown);
        let text = anstream::adapter::strip_str(&text).to_string();
        let mut document = PlanDocument::new(&view);
        // A release changes no case.
        document.shardctl = "[VERSION]".to_owned();
        let json = written(|out| document::write(out, &document));
        Rendered { text, markdown, json, document }
    }
}

/// Returns the text, with its colours, and the comment.
fn what_people_read(shown: &Shown<'_>) -> [String; 2] {
    let comment = |out: &mut dyn Write| markdown::plan(out, shown, Invocation::Plan, &Comment::default());
    [written(|out| text::plan(out, shown)), written(comment)]
}

fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir("tests/cases").unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
