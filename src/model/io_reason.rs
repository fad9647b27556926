//! The operating system's errors in words.

/// Says why input or output failed, as a part of a sentence and without the number that the system gives it.
pub fn io_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = reason.chars();
    characters.next().into_iter().flat_map(char::to_lowercase).chain(characters).collect()
}
