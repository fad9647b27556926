//! As much about the orders of a plan as fits into a comment.
//!
//! What has to be seen is given up last: first every order is written in few words with its leaving IPs named, as far as
//! they fit; what room is left then goes into the detail of one order after the other. The orders ascend, however much is
//! said of each.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::brief;
use super::detail::Detail;
use super::left_out::LeftOut;
use super::order::{self, Block, in_few_words, stands_out};
use super::unlisted::{Unlisted, numbers};
use crate::model::{OrderId, count};
use crate::plan::OrderPlan;
use crate::render::shown::Shown;
use crate::render::words::Weight;

/// Writes the orders with as much detail as fits into so many characters, and says what was left out of which.
pub(super) fn orders(shown: &Shown<'_>, orders: &[&OrderPlan], room: usize) -> (String, LeftOut) {
    let top = if shown.verbose { Detail::Verbose } else { Detail::Whole };
    if let Some(blocks) = all(orders, room, |order| order::block(shown, order, top)) {
        return together(blocks);
    }
    let room = room.saturating_sub(INTRODUCTION.chars().count() + MORE);
    let all = shown.view.plan.order_ids();
    let mut candidates: Vec<Candidate<'_>> = orders.iter().map(|order| Candidate::new(order)).collect();
    // Together they take less than one by one, but their numbers may be many.
    let for_unnamed = (2 * groups_length(&unnamed_groups(&candidates, &all)) + 500).min(room / 16);
    let all_named: usize = candidates.iter().map(|candidate| candidate.block.length()).sum();
    let for_unnamed = if all_named <= room { 0 } else { for_unnamed };
    let used = name_as_many_as_fit(&mut candidates, room - for_unnamed);
    let used = tell_without_names(&mut candidates, used, room - for_unnamed);
    let groups = unnamed_groups(&candidates, &all);
    let for_groups = groups_length(&groups).min(room - used);
    let used = name_as_many_ips_as_fit(&mut candidates, used, room - for_groups);
    let used = detail_as_many_as_fit(shown, &mut candidates, top, used, room - for_groups);
    written(candidates, &groups, room - used)
}

/// Writes all orders, or nothing where they do not fit.
fn all(orders: &[&OrderPlan], room: usize, block: impl Fn(&OrderPlan) -> Block) -> Option<Vec<Block>> {
    let mut used = 0;
    let mut blocks = Vec::new();
    for order in orders {
        let block = block(order);
        used += block.length();
        if used > room {
            return None;
        }
        blocks.push(block);
    }
    Some(blocks)
}

fn together(blocks: Vec<Block>) -> (String, LeftOut) {
    let (texts, left_out): (Vec<String>, Vec<LeftOut>) = blocks.into_iter().map(|it| (it.text, it.left_out)).unzip();
    (texts.concat(), left_out.into_iter().sum())
}

/// An order, and how it is written as of now.
struct Candidate<'a> {
    order: &'a OrderPlan,
    /// What is said of it without the names of its IPs.
    unnamed: Block,
    /// In few words, with its IPs named; later on in more of them.
    block: Block,
    stands_out: bool,
    form: Form,
}

/// How an order is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Together with others of which the same is said, without IPs; or not at all.
    Unnamed,
    /// In few words, with the names of some IPs that have to be seen, or of none.
    Partly,
    /// In few words.
    Brief,
    /// As a part of its own.
    Detailed,
}

/// What stands before the orders where some of them are told in few words.
const INTRODUCTION: &str = "Orders without a part of their own are told in short: what is bought, what leaves, what takes a slot for good, and what was changed elsewhere.\n\n";
/// The most characters of the line that counts the orders of which nothing is said.
const MORE: usize = 60;

impl<'a> Candidate<'a> {
    fn new(order: &'a OrderPlan) -> Candidate<'a> {
        let (unnamed, block) = (brief::unnamed(order), brief::block(order));
        Candidate { order, unnamed, block, stands_out: stands_out(order), form: Form::Unnamed }
    }

    fn weight(&self) -> Weight {
        let weights = in_few_words(self.order).into_iter().map(|(weight, _)| weight);
        weights.min().unwrap_or(Weight::Plain)
    }
}

/// Orders of which the same is said, as one item of a list.
struct Group {
    /// Their places among all candidates.
    members: Vec<usize>,
    text: String,
}

/// Puts the orders together whose IPs are not named, and of which the same is said.
fn unnamed_groups(candidates: &[Candidate<'_>], all: &[OrderId]) -> Vec<Group> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate().filter(|(_, it)| it.form == Form::Unnamed) {
        members.entry(&candidate.unnamed.text).or_default().push(at);
    }
    let group = |(said, members): (&str, Vec<usize>)| {
        let text = match &members[..] {
            [at] => format!("- {}: {said}\n", brief::name(candidates[*at].order)),
            _ => {
                let ids: Vec<OrderId> = members.iter().map(|at| candidates[*at].order.order_id).collect();
                let number = count(ids.len(), "order");
                format!("- **{}** ({number}), each: {said}\n", numbers(&ids, all, usize::MAX))
            }
        };
        Group { members, text }
    };
    let mut groups: Vec<Group> = members.into_iter().map(group).collect();
    // Those that tell most orders first.
    groups.sort_by_key(|group| (Reverse(group.members.len()), group.members.first().copied()));
    groups
}

fn groups_length(groups: &[Group]) -> usize {
    groups.iter().map(|group| group.text.chars().count()).sum()
}

/// Names the IPs of as many orders as fit, and returns the room that takes: those with the shortest lists first, so that one
/// with a long list does not take the room of the others, and those in which nothing leaves, costs or is taken for good last
/// of all.
fn name_as_many_as_fit(candidates: &mut [Candidate<'_>], room: usize) -> usize {
    let mut by_length: Vec<usize> = (0..candidates.len()).collect();
    by_length.sort_by_key(|at| (!candidates[*at].stands_out, candidates[*at].block.length()));
    let mut used = 0;
    for at in by_length {
        let candidate = &mut candidates[at];
        let length = candidate.block.length();
        if used + length <= room {
            used += length;
            candidate.form = Form::Brief;
        }
    }
    used
}

/// Writes in few words what has no room for the names of its IPs, and returns the room that takes.
fn tell_without_names(candidates: &mut [Candidate<'_>], mut used: usize, room: usize) -> usize {
    for candidate in candidates.iter_mut().filter(|it| it.form == Form::Unnamed && it.stands_out) {
        let block = brief::without_names(candidate.order);
        if used + block.length() <= room {
            used += block.length();
            (candidate.block, candidate.form) = (block, Form::Partly);
        }
    }
    used
}

/// Names as many IPs of orders that have no room for all of them as there is room for, and returns the room that takes.
fn name_as_many_ips_as_fit(candidates: &mut [Candidate<'_>], mut used: usize, room: usize) -> usize {
    for candidate in candidates.iter_mut().filter(|it| it.form == Form::Partly) {
        let others = used - candidate.block.length();
        if let Some(block) = brief::with_as_many_names_as_fit(candidate.order, room - others) {
            used = others + block.length();
            candidate.block = block;
        }
    }
    used
}

/// Writes orders that are named in more and more detail as far as that fits: the weightiest first, and of those the
/// shortest. Returns the room that takes.
fn detail_as_many_as_fit(
    shown: &Shown<'_>,
    candidates: &mut [Candidate<'_>],
    top: Detail,
    mut used: usize,
    room: usize,
) -> usize {
    let mut in_turn: Vec<usize> = (0..candidates.len()).filter(|at| candidates[*at].form == Form::Brief).collect();
    in_turn.sort_by_key(|at| (candidates[*at].weight(), candidates[*at].block.length()));
    for detail in Detail::ALL.into_iter().rev().filter(|detail| *detail >= top) {
        let mut is_any = false;
        for at in &in_turn {
            let candidate = &mut candidates[*at];
            let block = order::block(shown, candidate.order, detail);
            // A list ends with an empty line.
            let length = used - candidate.block.length() + block.length() + 1;
            if length <= room {
                (used, candidate.block, candidate.form, is_any) = (length, block, Form::Detailed, true);
            }
        }
        if !is_any {
            break;
        }
    }
    used
}

/// Writes the orders in turn, and at the end those of which the same is said, and how many have no room at all.
fn written(candidates: Vec<Candidate<'_>>, groups: &[Group], mut room: usize) -> (String, LeftOut) {
    let mut alone: BTreeMap<usize, &Group> = BTreeMap::new();
    let mut together: Vec<&Group> = Vec::new();
    let mut left_out = LeftOut::default();
    for group in groups {
        let length = group.text.chars().count();
        if length <= room {
            room -= length;
            match &group.members[..] {
                [at] => _ = alone.insert(*at, group),
                _ => together.push(group),
            }
        } else {
            let unlisted = group.members.iter().map(|at| Unlisted::of(candidates[*at].order));
            unlisted.for_each(|order| left_out.unlisted.extend(order));
        }
    }
    let mut orders = Written::default();
    let mut all_left_out = Vec::new();
    for (at, candidate) in candidates.into_iter().enumerate() {
        match (candidate.form, alone.get(&at)) {
            (Form::Unnamed, group) => {
                group.iter().for_each(|group| orders.item(&group.text));
                all_left_out.push(candidate.unnamed.left_out);
                continue;
            }
            (Form::Detailed, _) => orders.part(&candidate.block.text),
            (Form::Brief | Form::Partly, _) => orders.item(&candidate.block.text),
        }
        all_left_out.push(candidate.block.left_out);
    }
    together.sort_by_key(|group| group.members.first().copied());
    together.iter().for_each(|group| orders.item(&group.text));
    if !left_out.unlisted.is_empty() {
        orders.item(&format!("- … and {}\n", count(left_out.unlisted.len(), "more order")));
    }
    (orders.finished(), all_left_out.into_iter().chain([left_out]).sum())
}

/// Items of lists and parts with headings, as they are written one below the other.
#[derive(Default)]
struct Written {
    text: String,
    has_items: bool,
    is_in_list: bool,
}

impl Written {
    fn item(&mut self, text: &str) {
        self.text.push_str(text);
        (self.has_items, self.is_in_list) = (true, true);
    }

    fn part(&mut self, text: &str) {
        self.end_list();
        self.text.push_str(text);
    }

    fn end_list(&mut self) {
        self.text.push_str(if self.is_in_list { "\n" } else { "" });
        self.is_in_list = false;
    }

    fn finished(mut self) -> String {
        self.end_list();
        if self.has_items { INTRODUCTION.to_owned() + &self.text } else { self.text }
    }
}
