//! Who may say no just before a write is sent.

use futures_util::future::{BoxFuture, FutureExt, ready};

use crate::model::Foreign;

/// Is asked immediately before every attempt of every write, the first one included; a refusal ends the call. Reads have
/// none, but for the quote of a price: that is how it is known when the price was asked for.
///
/// Between the decision to write and the sending lie the wait for a turn and the pauses between attempts, in which a lock
/// may be lost and a price may grow old. A permit looks, and does nothing else: above all it sends no request over the
/// connection that asks it, whose turn is already taken by the write.
pub trait SendPermit: Send + Sync {
    /// Returns why the write must not be sent now, where it must not.
    fn may_send(&self) -> BoxFuture<'_, Result<(), Foreign>>;
}

/// Lets every write through, where nobody else can be at work.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysPermitted;

impl SendPermit for AlwaysPermitted {
    fn may_send(&self) -> BoxFuture<'_, Result<(), Foreign>> {
        ready(Ok(())).boxed()
    }
}
