//! What a change means to whoever approves it.

/// What a change means to the reader; the weightier comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::render) enum Weight {
    /// It costs money now.
    Money,
    /// Something leaves at the renewal.
    Leaving,
    /// A slot is taken for good, or may be.
    Slot,
    /// None of these.
    Plain,
    /// Nothing may change at all: it is only asserted, because it cannot be read back.
    Asserted,
}
