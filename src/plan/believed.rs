//! A value with its source.
//!
//! What the API reports comes first, what is recorded second, and unknown is a value of its own: it is never assumed to
//! be right. `--reassert` makes unknown what only the record says, and this is the only place that decides it.

/// A value, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Believed<T> {
    /// The API reports it.
    Live(T),
    /// The API does not, and shardctl recorded the last write that was acknowledged.
    Recorded(T),
    /// So says the record, and `--reassert` asks not to believe it: as good as unknown, but not forgotten.
    Doubted(T),
    /// Nobody says.
    Unknown,
}

impl<T> Believed<T> {
    /// Takes what is live, else what is recorded, and doubts the latter where it is to be asserted again.
    pub(super) fn new(live: Option<T>, recorded: Option<T>, reassert: bool) -> Believed<T> {
        match (live, recorded) {
            (Some(live), _) => Believed::Live(live),
            (None, Some(recorded)) if reassert => Believed::Doubted(recorded),
            (None, Some(recorded)) => Believed::Recorded(recorded),
            (None, None) => Believed::Unknown,
        }
    }

    /// Returns the value that is believed, whatever its source; `None`: unknown.
    pub fn value(&self) -> Option<&T> {
        match self {
            Believed::Live(value) | Believed::Recorded(value) => Some(value),
            Believed::Doubted(_) | Believed::Unknown => None,
        }
    }

    /// Returns the value that was last known, even where it is doubted.
    pub fn last(&self) -> Option<&T> {
        match self {
            Believed::Live(value) | Believed::Recorded(value) | Believed::Doubted(value) => Some(value),
            Believed::Unknown => None,
        }
    }

    /// Returns whether nobody says what it is.
    pub fn is_unknown(&self) -> bool {
        self.value().is_none()
    }
}
