//! Problems as a list, and comments that have nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::comment::{Comment, MAX_CHARACTERS};
use super::escape::{MAX_MESSAGE, code, escape, short};
use super::unlisted::numbers;
use crate::diagnostic::{Position, Problem, ProblemCode, SourceMap};
use crate::model::{OrderId, Span, count};

/// The most places that are named of problems that say the same.
const MAX_PLACES: usize = 10;
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
    out.write_all(problem_list(problems, &[], sources, MAX_LIST, &comment.shows_all).as_bytes())
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
    out.write_all(problem_list(problems, &[], sources, MAX_LIST, &comment.shows_all).as_bytes())
}

/// Writes what a validation found.
pub fn validate(out: &mut dyn Write, problems: &[Problem], sources: &SourceMap, comment: &Comment) -> io::Result<()> {
    if problems.is_empty() {
        return writeln!(out, "{}", comment.heading("", "the manifest is valid").trim_end());
    }
    invalid_manifest(out, problems, sources, comment)
}

/// Lists problems in so many characters: those of all orders of a plan first, and those that say the same as one.
pub(super) fn problem_list<'a>(
    problems: impl IntoIterator<Item = &'a Problem>,
    all: &[OrderId],
    sources: &SourceMap,
    room: usize,
    shows_all: &str,
) -> String {
    let kinds = alike(problems);
    let mut list = String::new();
    let mut used = 0;
    let mut helped = BTreeSet::new();
    let mut listed = 0;
    for kind in kinds.iter().take(MAX_PROBLEMS) {
        // What helps against many problems is said once.
        let help = kind.first.help.as_deref().filter(|help| helped.insert(*help));
        let item = kind.item(all, help, sources);
        used += item.chars().count();
        if used > room {
            break;
        }
        list.push_str(&item);
        listed += 1;
    }
    list.push_str(&rest(kinds.get(listed..).unwrap_or_default(), shows_all));
    if !list.is_empty() {
        list.push('\n');
    }
    list
}

/// Counts the problems that are not listed, by their codes.
fn rest(kinds: &[Kind<'_>], shows_all: &str) -> String {
    let mut of_code: BTreeMap<ProblemCode, usize> = BTreeMap::new();
    kinds.iter().for_each(|kind| *of_code.entry(kind.first.code).or_default() += kind.number);
    let number: usize = of_code.values().sum();
    let codes: Vec<String> = of_code.iter().map(|(code, number)| format!("{number} **{code}**")).collect();
    let (what, codes) = (count(number, "more problem"), codes.join(", "));
    let command = code(&short(shows_all, MAX_MESSAGE));
    if number == 0 { String::new() } else { format!("- … and {what} ({codes}): {command} shows all of them\n") }
}

/// Problems that say the same, such as a limit that all orders exceed together, or that each of them exceeds.
struct Kind<'a> {
    first: &'a Problem,
    number: usize,
    /// Where they stand, each place once.
    places: Vec<Span>,
    /// The orders of which it says so, each by its number; none where it names no order.
    orders: Vec<OrderId>,
    /// Other orders, of which it says so with other numbers.
    likewise: Vec<OrderId>,
}

/// So many problems that only differ by their numbers are listed one by one.
const FEW: usize = 3;

/// Puts problems together that say the same of their orders; those that are about the plan as a whole come first.
fn alike<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> Vec<Kind<'a>> {
    let mut places: BTreeMap<(ProblemCode, Vec<&str>), usize> = BTreeMap::new();
    let mut kinds: Vec<Kind<'a>> = Vec::new();
    for problem in problems {
        let around = around_order(problem);
        let parts = around.map_or(vec![problem.message.as_str()], |(before, after)| vec![before, after]);
        let place = *places.entry((problem.code, parts)).or_insert(kinds.len());
        if place == kinds.len() {
            kinds.push(Kind {
                first: problem,
                number: 0,
                places: Vec::new(),
                orders: Vec::new(),
                likewise: Vec::new(),
            });
        }
        kinds[place].number += 1;
        kinds[place].places.extend(problem.primary.as_ref().map(|label| label.span));
        kinds[place].orders.extend(problem.order_id.filter(|_| around.is_some()));
    }
    let mut kinds = likewise(kinds);
    kinds.sort_by_key(|kind| !is_of_the_plan(kind.first));
    kinds
}

/// Puts kinds together that only differ by their numbers, where there are more than a few of them.
fn likewise(kinds: Vec<Kind<'_>>) -> Vec<Kind<'_>> {
    let mut shapes: BTreeMap<(ProblemCode, String), usize> = BTreeMap::new();
    kinds.iter().filter_map(Kind::shape).for_each(|shape| *shapes.entry(shape).or_default() += 1);
    let mut first_of: BTreeMap<(ProblemCode, String), usize> = BTreeMap::new();
    let mut put_together: Vec<Kind<'_>> = Vec::new();
    for kind in kinds {
        let shape = kind.shape().filter(|shape| shapes.get(shape).is_some_and(|number| *number > FEW));
        let at = shape.map_or(put_together.len(), |shape| *first_of.entry(shape).or_insert(put_together.len()));
        match put_together.get_mut(at) {
            Some(first) => {
                first.number += kind.number;
                first.places.extend(kind.places);
                first.likewise.extend(kind.orders);
            }
            None => put_together.push(kind),
        }
    }
    put_together.iter_mut().for_each(|kind| kind.likewise.sort_unstable());
    put_together
}

/// Returns what stands around the number of the order that a problem names.
fn around_order(problem: &Problem) -> Option<(&str, &str)> {
    let (before, after) = problem.message.split_once(&format!("order {}", problem.order_id?))?;
    (!after.starts_with(|next: char| next.is_ascii_digit())).then_some((before, after))
}

/// Returns whether a problem is about all orders together.
fn is_of_the_plan(problem: &Problem) -> bool {
    use ProblemCode::{ChargeLimit, RemovalLimit, WalletShort};
    matches!(problem.code, ChargeLimit | RemovalLimit | WalletShort) && around_order(problem).is_none()
}

impl Kind<'_> {
    /// Returns what it says without its numbers, where it is about orders and names no IP.
    fn shape(&self) -> Option<(ProblemCode, String)> {
        if self.orders.is_empty() || self.first.ip.is_some() {
            return None;
        }
        Some((self.first.code, self.first.message.replace(|character: char| character.is_ascii_digit(), "")))
    }

    fn item(&self, all: &[OrderId], help: Option<&str>, sources: &SourceMap) -> String {
        let problem = self.first;
        let message = match around_order(problem).filter(|_| self.orders.len() > 1) {
            Some((before, after)) => {
                let orders = numbers(&self.orders, all, MAX_MESSAGE / 4);
                format!("{before}each of the {} {orders}{after}", self.orders.len())
            }
            None => problem.message.clone(),
        };
        let message = match self.likewise.is_empty() {
            true => message,
            false => {
                let orders = numbers(&self.likewise, all, MAX_MESSAGE / 4);
                format!("{message}; the same with other numbers: {orders} ({})", count(self.likewise.len(), "order"))
            }
        };
        let message = escape(&short(&message, MAX_MESSAGE));
        let help = help.map(|help| format!("<br>{}", escape(&short(help, MAX_MESSAGE))));
        format!("- **{}**{}: {message}{}\n", problem.code, self.where_it_stands(sources), help.unwrap_or_default())
    }

    /// Names the places, each once; of many the first, and how many others there are.
    fn where_it_stands(&self, sources: &SourceMap) -> String {
        let mut seen = BTreeSet::new();
        let places = self.places.iter().map(|span| sources.locate(*span));
        let places: Vec<(&str, Position)> = places.filter(|place| seen.insert(*place)).collect();
        let shown = if places.len() > MAX_PLACES { 1 } else { places.len() };
        let named = places[..shown].iter().map(|(file, position)| {
            code(&short(&format!("{file}:{}:{}", position.line, position.column), MAX_MESSAGE))
        });
        let named: Vec<String> = named.collect();
        match (places.len(), places.len() - shown) {
            (0, _) => String::new(),
            (_, 0) => format!(" {}", named.join(", ")),
            (_, others) => format!(" {} and {}", named.join(", "), count(others, "other place")),
        }
    }
}
