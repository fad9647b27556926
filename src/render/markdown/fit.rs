//! As much about the orders of a plan as fits into a comment.

use super::brief;
use super::detail::Detail;
use super::left_out::LeftOut;
use super::order::{self, Block, stands_out};
use crate::plan::OrderPlan;
use crate::render::shown::Shown;

/// Writes the orders with as much detail as fits into so many characters, the same for all of them, and says what was
/// left out.
pub(super) fn orders(shown: &Shown<'_>, orders: &[&OrderPlan], room: usize) -> (String, LeftOut) {
    let details = Detail::ALL.into_iter().filter(|detail| shown.verbose || *detail > Detail::Verbose);
    for detail in details {
        if let Some(blocks) = all(orders, room, |order| order::block(shown, order, detail)) {
            return together(blocks);
        }
    }
    match all(orders, room, brief::block) {
        Some(blocks) => together(blocks),
        None => as_many_as_fit(orders, room),
    }
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
    let left_out = blocks.iter().map(|block| block.left_out).sum();
    (blocks.into_iter().map(|block| block.text).collect(), left_out)
}

/// An order where not even all of them in few words fit.
struct Candidate {
    /// In few words, with its IPs named.
    brief: Block,
    /// Without them.
    mention: Block,
    stands_out: bool,
    is_named: bool,
}

/// Writes as many orders as fit: those with the shortest lists first, so that one with a long list does not take the room
/// of the others, and those in which nothing leaves, costs or is taken for good last of all.
fn as_many_as_fit(orders: &[&OrderPlan], room: usize) -> (String, LeftOut) {
    let candidate = |order: &&OrderPlan| Candidate {
        brief: brief::block(order),
        mention: brief::mention(order),
        stands_out: stands_out(order),
        is_named: false,
    };
    let mut candidates: Vec<Candidate> = orders.iter().map(candidate).collect();
    let mut by_length: Vec<usize> = (0..candidates.len()).collect();
    by_length.sort_by_key(|at| (!candidates[*at].stands_out, candidates[*at].brief.length()));
    // Room is kept to mention what is not named, as long as that is only a part of it.
    let mut for_mentions: usize = candidates.iter().map(Candidate::mention_length).sum();
    let mut used = 0;
    for at in by_length {
        let candidate = &mut candidates[at];
        let (length, kept) = (candidate.brief.length(), for_mentions - candidate.mention_length());
        if used + length + kept.min(room / 4) <= room {
            (used, for_mentions) = (used + length, kept);
            candidate.is_named = true;
        }
    }
    written(candidates, room - used)
}

impl Candidate {
    /// Counts what it takes to mention it, which nothing is worth in which nothing stands out.
    fn mention_length(&self) -> usize {
        if self.stands_out { self.mention.length() + 2 } else { 0 }
    }
}

const INTRODUCTION: &str = "\nWithout the names of their IPs: ";

fn written(candidates: Vec<Candidate>, mut room: usize) -> (String, LeftOut) {
    let (named, others): (Vec<Candidate>, Vec<Candidate>) = candidates.into_iter().partition(|it| it.is_named);
    let (mut text, mut left_out) = together(named.into_iter().map(|it| it.brief).collect());
    let mut mentions = Vec::new();
    room = room.saturating_sub(INTRODUCTION.len());
    for candidate in others {
        left_out = left_out + candidate.mention.left_out;
        let length = candidate.mention_length();
        if length > 0 && length <= room {
            room -= length;
            mentions.push(candidate.mention.text);
        } else {
            left_out.orders += 1;
        }
    }
    if !mentions.is_empty() {
        text.push_str(&format!("{INTRODUCTION}{}.\n", mentions.join("; ")));
    }
    (text, left_out)
}
