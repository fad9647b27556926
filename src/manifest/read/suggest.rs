//! "Did you mean": the known word that is nearest to a mistyped one.

/// Finds the known word that was most likely meant, whatever its case and separators.
pub(super) fn nearest<'k>(typed: &str, known: &[&'k str]) -> Option<&'k str> {
    let typed = squeeze(typed);
    let distances = known.iter().filter_map(|word| Some((distance(&typed, &squeeze(word))?, *word)));
    distances.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// Counts the edits between two words; `None` where they have too little in common.
fn distance(typed: &str, word: &str) -> Option<usize> {
    let edits = strsim::damerau_levenshtein(typed, word);
    let (short, long) = if typed.len() < word.len() { (typed, word) } else { (word, typed) };
    // `windows11` for `win11` and `slots` for `p0f_slots`: many edits, but all of one word is in the other.
    let within = short.len() >= 3 && short.len() * 2 >= long.len() && is_subsequence(short, long);
    (within || edits <= typed.len().max(3) / 3).then_some(edits)
}

fn is_subsequence(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short.chars().all(|wanted| rest.any(|character| character == wanted))
}

/// Lists words as people write them, such as `tag, prune and keep`.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        words => words.concat(),
    }
}

fn squeeze(word: &str) -> String {
    word.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
}
