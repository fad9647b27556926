//! Problems as a list, and comments that have nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use super::comment::{Comment, MAX_CHARACTERS};
use super::escape::{MAX_MESSAGE, code, escape, short};
use crate::diagnostic::{Problem, ProblemCode, SourceMap};
use crate::model::count;

/// The most problems that are listed one by one.
const MAX_PROBLEMS: usize = 50;
/// The most characters that they take.
pub(super) const MAX_LIST: usize = MAX_CHARACTERS / 4;

/// Writes the problems of a manifest that cannot be used.
pub fn invalid_manifest(
    out: &mut dyn Write,
    problems: &[Problem],
    sources: &SourceMap,
    comment: &Comment,
) -> io::Result<()> {
    let heading = comment.heading("", &format!("the manifest has {}", count(problems.len(), "problem")));
    out.write_all(heading.as_bytes())?;
    out.write_all(problem_list(problems, sources, MAX_LIST, &comment.shows_all).as_bytes())
}

/// Writes why a command ended before there was anything to show.
pub fn ended(
    out: &mut dyn Write,
    command: &str,
    problems: &[Problem],
    sources: &SourceMap,
    comment: &Comment,
) -> io::Result<()> {
    out.write_all(comment.heading(command, "failed, nothing was changed").as_bytes())?;
    out.write_all(problem_list(problems, sources, MAX_LIST, &comment.shows_all).as_bytes())
}

/// Writes what a validation found.
pub fn validate(out: &mut dyn Write, problems: &[Problem], sources: &SourceMap, comment: &Comment) -> io::Result<()> {
    if problems.is_empty() {
        return writeln!(out, "{}", comment.heading("", "the manifest is valid").trim_end());
    }
    invalid_manifest(out, problems, sources, comment)
}

/// Lists problems in so many characters; those that say the same are one.
pub(super) fn problem_list<'a>(
    problems: impl IntoIterator<Item = &'a Problem>,
    sources: &SourceMap,
    room: usize,
    shows_all: &str,
) -> String {
    let kinds = alike(problems);
    let mut list = String::new();
    let mut left = kinds.iter().map(|(_, number)| number).sum::<usize>();
    let mut used = 0;
    let mut helped = BTreeSet::new();
    for (problem, number) in kinds.iter().take(MAX_PROBLEMS) {
        // What helps against many problems is said once.
        let help = problem.help.as_deref().filter(|help| helped.insert(*help));
        let item = problem_item(problem, *number, help, sources);
        used += item.chars().count();
        if used > room {
            break;
        }
        list.push_str(&item);
        left -= number;
    }
    if left > 0 {
        let what = count(left, "more problem");
        let _ = writeln!(list, "- … and {what}: {} shows all of them", code(&short(shows_all, MAX_MESSAGE)));
    }
    if !list.is_empty() {
        list.push('\n');
    }
    list
}

/// Puts problems together that say the same, such as a limit that all orders exceed together, and counts them.
fn alike<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> Vec<(&'a Problem, usize)> {
    let mut places: BTreeMap<(ProblemCode, &str), usize> = BTreeMap::new();
    let mut kinds: Vec<(&Problem, usize)> = Vec::new();
    for problem in problems {
        let place = *places.entry((problem.code, &problem.message)).or_insert(kinds.len());
        match kinds.get_mut(place) {
            Some((_, number)) => *number += 1,
            None => kinds.push((problem, 1)),
        }
    }
    kinds
}

fn problem_item(problem: &Problem, number: usize, help: Option<&str>, sources: &SourceMap) -> String {
    let place = problem.primary.as_ref().map(|label| {
        let (file, position) = sources.locate(label.span);
        format!(" {}", code(&short(&format!("{file}:{}:{}", position.line, position.column), MAX_MESSAGE)))
    });
    let others = if number > 1 { format!(" and {}", count(number - 1, "other place")) } else { String::new() };
    let message = escape(&short(&problem.message, MAX_MESSAGE));
    let help = help.map(|help| format!("<br>{}", escape(&short(help, MAX_MESSAGE))));
    format!("- **{}**{}{others}: {message}{}\n", problem.code, place.unwrap_or_default(), help.unwrap_or_default())
}
