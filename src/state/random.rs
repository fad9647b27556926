//! Names that nobody else has, and bytes that nothing else is made of.

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

/// Returns at least so many bytes of a JSON text, unlike any other and such that a file system that compresses needs as
/// much room for them as for a record.
pub(super) fn filler(bytes: u64) -> Vec<u8> {
    let mut state = RandomState::new().hash_one(Timestamp::now().as_nanosecond()) | 1;
    let mut digit = || {
        // Marsaglia's xorshift: it need not be good, but fast.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b"0123456789abcdef"[(state >> 60) as usize]
    };
    let digits = usize::try_from(bytes).unwrap_or_default().max(FEWEST_DIGITS);
    let mut filler = vec![b'"'];
    filler.extend(iter::repeat_with(&mut digit).take(digits));
    filler.extend_from_slice(b"\"\n");
    filler
}

/// By so many digits a filler is unlike any other.
const FEWEST_DIGITS: usize = 32;
