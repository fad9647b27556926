//! Numbers before and after a renewal, and amounts that the vendor tells or that are estimated.

use crate::model::Cents;

/// A number now and from the renewal on; `None`: not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NowAndAfter<T> {
    /// Now.
    pub now: Option<T>,
    /// From the renewal on.
    pub after: Option<T>,
}

/// An amount, and whether the vendor tells it.
#[derive(Clone, Copy)]
pub(super) struct Amount {
    pub(super) cents: Cents,
    pub(super) estimated: bool,
}

impl Amount {
    pub(super) fn told(cents: Cents) -> Amount {
        Amount { cents, estimated: false }
    }

    pub(super) fn estimated(cents: Cents) -> Amount {
        Amount { cents, estimated: true }
    }
}

/// Returns a price times a number; an amount that no wallet holds stays at the largest one.
pub(super) fn times(price: Cents, number: u32) -> Cents {
    Cents(price.0.saturating_mul(u64::from(number)))
}

/// Returns a share of an amount, rounded up: a wallet that is short of a cent covers nothing.
pub(super) fn scaled(whole: Cents, part: u64, of: u64) -> Cents {
    let share = (u128::from(whole.0) * u128::from(part)).div_ceil(u128::from(of));
    Cents(u64::try_from(share).unwrap_or(u64::MAX))
}
