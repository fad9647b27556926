//! What a plan does, and what it would do if nothing blocked it.

/// Writes a verb for so many, as in `leaves`, `leave` and `would leave`.
pub(in crate::render) fn verb(base: &str, number: usize, would: bool) -> String {
    match (would, number) {
        (true, _) => format!("would {base}"),
        (false, 1) => format!("{base}s"),
        (false, _) => base.to_owned(),
    }
}
