//! How much a comment says of each order.

/// How much is said of each order; each says less than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Everything, lists in full: what `-v` asks for.
    Verbose,
    /// Everything, with long lists folded where they may be.
    Whole,
    /// No diffs.
    WithoutDiffs,
    /// No lines about what is only asserted.
    WithoutAssertions,
    /// No lists but those of IPs that have to be named.
    WithoutLists,
    /// No notes in full, but for what was changed elsewhere.
    WithoutNotes,
}

impl Detail {
    /// All of them, from all to next to nothing.
    pub(super) const ALL: [Detail; 6] = [
        Detail::Verbose,
        Detail::Whole,
        Detail::WithoutDiffs,
        Detail::WithoutAssertions,
        Detail::WithoutLists,
        Detail::WithoutNotes,
    ];
}
