//! Names that nobody else has.

use std::hash::{BuildHasher, RandomState};
use std::iter;

use jiff::Timestamp;

/// Returns random hexadecimal digits: the randomness is that of the standard library's hash keys.
pub(super) fn random_hex(digits: usize) -> String {
    let part = || RandomState::new().hash_one((Timestamp::now().as_nanosecond(), std::process::id()));
    let mut text: String = iter::repeat_with(|| format!("{:016x}", part())).take(digits.div_ceil(16)).collect();
    text.truncate(digits);
    text
}
