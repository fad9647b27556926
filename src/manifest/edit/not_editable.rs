//! Why a manifest is not changed.

use crate::model::{OrderId, ProxyIp};

/// Why a manifest is not changed: nothing of it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEditable {
    /// The text is no valid manifest.
    #[error("it is not a valid manifest: fix what `shardctl validate` finds")]
    Invalid,
    /// Addresses of an order that is not there.
    #[error("it declares no order {order_id}")]
    NoSuchOrder {
        /// The order.
        order_id: OrderId,
    },
    /// Addresses to add to an order whose IPs are not managed.
    #[error("order {order_id} has no `keep` in it, so that its IPs are not managed: add `keep` with one of them first")]
    NoKeep {
        /// The order.
        order_id: OrderId,
    },
    /// Every address and range would be gone.
    #[error(
        "all that `keep` of order {order_id} lists has left the order, and an empty `keep` is no valid one: list the IPs \
         to keep, or remove `keep` or the order"
    )]
    KeepWouldBeEmpty {
        /// The order.
        order_id: OrderId,
    },
    /// More signatures than slots, and the number of slots is not changed here.
    #[error(
        "order {order_id} would list {signatures} signatures on `p0f_slots: {slots}`: set `p0f_slots` to {signatures} or \
         more first, or remove it"
    )]
    TooFewSlots {
        /// The order.
        order_id: OrderId,
        /// The slots that it declares.
        slots: u32,
        /// The signatures that it would list.
        signatures: usize,
    },
    /// The last line has no line break, and what is added behind it would change what it says.
    #[error("its last line has no line break, and nothing can be added behind it: end the file with a line break")]
    NoLastLineBreak,
    /// The last lines, blank ones among them, are a text of a block of its own.
    #[error(
        "it ends with blank lines that belong to a text in a block of its own, behind which nothing can be added: write that \
         text on one line"
    )]
    TextAtTheEnd,
    /// An address to add and to remove.
    #[error("{ip} of order {order_id} is to be both added and removed")]
    Contradiction {
        /// The order.
        order_id: OrderId,
        /// The address.
        ip: ProxyIp,
    },
    /// A line in which something else stands before a key.
    #[error("line {line} is written in a way that cannot be edited in place: start it with its key")]
    Layout {
        /// The line, counted from 1.
        line: usize,
    },
    /// A lone carriage return ends a line.
    #[error("a line ends with a carriage return alone: save the file with LF or CRLF line ends")]
    LoneReturn,
    /// The changed text does not declare what it should; it is thrown away.
    #[error("the edit would have changed more than it should, and was not made: this is a defect, please report it")]
    Unsound,
}
