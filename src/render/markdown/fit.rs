//! As much about the orders of a plan as fits into a comment.
//!
//! What has to be seen is given up last: first every order is written in few words with its leaving IPs named, as far as
//! they fit; what room is left then goes into the detail of one order after the other.

use super::brief;
use super::detail::Detail;
use super::left_out::{LeftOut, Part};
use super::order::{self, Block, in_few_words, stands_out};
use crate::plan::OrderPlan;
use crate::render::shown::Shown;
use crate::render::words::Weight;

/// Writes the orders with as much detail as fits into so many characters, and says what was left out of which.
pub(super) fn orders(shown: &Shown<'_>, orders: &[&OrderPlan], room: usize) -> (String, LeftOut) {
    let top = if shown.verbose { Detail::Verbose } else { Detail::Whole };
    if let Some(blocks) = all(orders, room, |order| order::block(shown, order, top)) {
        return together(blocks);
    }
    let room = room.saturating_sub([IN_SHORT, NOT_LEAVING, UNNAMED].map(|text| text.chars().count()).iter().sum());
    let mut candidates: Vec<Candidate<'_>> = orders.iter().map(|order| Candidate::new(order)).collect();
    let used = name_as_many_as_fit(&mut candidates, room);
    let used = tell_all_but_leaving(&mut candidates, used, room);
    let used = detail_as_many_as_fit(shown, &mut candidates, top, used, room);
    written(candidates, room - used)
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
    /// Without its IPs.
    mention: Block,
    /// In few words, with its IPs named; later on in more of them.
    block: Block,
    stands_out: bool,
    form: Form,
}

/// How an order is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Without its IPs, or not at all.
    Unnamed,
    /// In few words, without the names of the IPs that leave.
    NotLeaving,
    /// In few words.
    Brief,
    /// As a part of its own.
    Detailed,
}

/// What stands before the orders in few words, where others have a part of their own.
const IN_SHORT: &str = "Of the other orders only what is charged, what leaves, what takes a slot for good, and what was changed elsewhere:\n\n";
/// What stands before the orders in few words whose IPs that leave are not named.
const NOT_LEAVING: &str = "Without the names of the IPs that leave, for which there is no room:\n\n";
/// So many orders whose IPs are not named stand before all others.
const FEW: usize = 3;
/// What stands before the orders whose IPs are not named.
const UNNAMED: &str = "Without the names of their IPs: ";

impl<'a> Candidate<'a> {
    fn new(order: &'a OrderPlan) -> Candidate<'a> {
        let (mention, block) = (brief::mention(order), brief::block(order));
        Candidate { order, mention, block, stands_out: stands_out(order), form: Form::Unnamed }
    }

    /// Counts what it takes to mention it, which nothing is worth in which nothing stands out.
    fn mention_length(&self) -> usize {
        if self.stands_out { self.mention.length() + 2 } else { 0 }
    }

    fn weight(&self) -> Weight {
        let weights = in_few_words(self.order).into_iter().map(|(weight, _)| weight);
        weights.min().unwrap_or(Weight::Plain)
    }
}

/// Names the IPs of as many orders as fit, and returns the room that takes: those with the shortest lists first, so that one
/// with a long list does not take the room of the others, and those in which nothing leaves, costs or is taken for good last
/// of all.
fn name_as_many_as_fit(candidates: &mut [Candidate<'_>], room: usize) -> usize {
    let mut by_length: Vec<usize> = (0..candidates.len()).collect();
    by_length.sort_by_key(|at| (!candidates[*at].stands_out, candidates[*at].block.length()));
    // Room is kept to mention what is not named, as long as that is only a small part of it.
    let mut for_mentions: usize = candidates.iter().map(Candidate::mention_length).sum();
    let mut used = 0;
    for at in by_length {
        let candidate = &mut candidates[at];
        let (length, kept) = (candidate.block.length(), for_mentions - candidate.mention_length());
        if used + length + kept.min(room / 16) <= room {
            (used, for_mentions) = (used + length, kept);
            candidate.form = Form::Brief;
        }
    }
    used
}

/// Writes in few words what has no room for the names of the IPs that leave, and returns the room that takes.
fn tell_all_but_leaving(candidates: &mut [Candidate<'_>], mut used: usize, room: usize) -> usize {
    let mut for_mentions = unnamed_length(candidates);
    for candidate in candidates.iter_mut().filter(|it| it.form == Form::Unnamed && it.stands_out) {
        let block = brief::without_leaving(candidate.order);
        let kept = for_mentions - candidate.mention_length();
        if used + block.length() + kept <= room {
            (used, for_mentions) = (used + block.length(), kept);
            (candidate.block, candidate.form) = (block, Form::NotLeaving);
        }
    }
    used
}

/// Counts what it takes to mention all orders that are not named.
fn unnamed_length(candidates: &[Candidate<'_>]) -> usize {
    candidates.iter().filter(|it| it.form == Form::Unnamed).map(Candidate::mention_length).sum()
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
    let room = room.saturating_sub(unnamed_length(candidates));
    let mut in_turn: Vec<usize> = (0..candidates.len()).filter(|at| candidates[*at].form == Form::Brief).collect();
    in_turn.sort_by_key(|at| (candidates[*at].weight(), candidates[*at].block.length()));
    for detail in Detail::ALL.into_iter().rev().filter(|detail| *detail >= top) {
        let mut is_any = false;
        for at in &in_turn {
            let candidate = &mut candidates[*at];
            let block = order::block(shown, candidate.order, detail);
            let length = used - candidate.block.length() + block.length();
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

fn written(candidates: Vec<Candidate<'_>>, room: usize) -> (String, LeftOut) {
    let [mut unnamed, mut not_leaving, mut in_short, mut detailed] = [const { Vec::new() }; 4];
    for candidate in candidates {
        match candidate.form {
            Form::Unnamed => unnamed.push(candidate),
            Form::NotLeaving => not_leaving.push(candidate),
            Form::Brief => in_short.push(candidate),
            Form::Detailed => detailed.push(candidate),
        }
    }
    // A few giants are said at once; a long list of them stands behind what can be said in full.
    let is_first = unnamed.len() + not_leaving.len() <= FEW;
    let heading = if detailed.is_empty() { "" } else { IN_SHORT };
    let named = [listed("", detailed), listed(heading, in_short)];
    let giants = [listed(NOT_LEAVING, not_leaving), mentioned(unnamed, room)];
    let parts = if is_first { [giants, named] } else { [named, giants] };
    let (texts, left_out): (Vec<String>, Vec<LeftOut>) = parts.into_iter().flatten().unzip();
    (texts.concat(), left_out.into_iter().sum())
}

/// Writes orders one below the other, with a heading where there are any.
fn listed(heading: &str, candidates: Vec<Candidate<'_>>) -> (String, LeftOut) {
    let heading = if candidates.is_empty() { "" } else { heading };
    let (text, left_out) = together(candidates.into_iter().map(|it| it.block).collect());
    let end = if text.is_empty() { "" } else { "\n" };
    ([heading, &text, end].concat(), left_out)
}

/// Mentions as many orders as fit.
fn mentioned(candidates: Vec<Candidate<'_>>, mut room: usize) -> (String, LeftOut) {
    let (mut mentions, mut left_out) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let length = candidate.mention_length();
        left_out.push(candidate.mention.left_out);
        if length > 0 && length <= room {
            room -= length;
            mentions.push(candidate.mention.text);
        } else {
            let mut whole = LeftOut::default();
            whole.add(Part::Orders, 1, candidate.order.order_id);
            left_out.push(whole);
        }
    }
    let text = if mentions.is_empty() { String::new() } else { format!("{UNNAMED}{}.\n\n", mentions.join("; ")) };
    (text, left_out.into_iter().sum())
}
