//! How the text of a scalar becomes a tag, a number or a truth value. An error is what to do about it, for the problem's
//! help.

use crate::model::Foreign;

/// What the API says of an order without a tag, in the place of the tag.
const NO_TAG: &str = "none";

/// Reads the tag that an order must have.
pub(super) fn tag(text: &str) -> Result<Foreign, String> {
    if text.is_empty() {
        Err("remove the line, or give the order's tag".to_owned())
    } else if text.eq_ignore_ascii_case(NO_TAG) {
        Err("remove the line: ProxyShard shows `none` for an order that has no tag".to_owned())
    } else {
        Ok(Foreign::new(text))
    }
}

/// Reads a whole number in plain decimal digits, from 0 to `most`.
pub(super) fn integer(text: &str, most: u64) -> Result<u64, String> {
    if !is_decimal(text) {
        return Err(integer_help(text));
    }
    text.parse().ok().filter(|number| *number <= most).ok_or_else(|| format!("the largest number here is {most}"))
}

/// Returns whether a text is `0` or decimal digits that do not start with it.
pub(super) fn is_decimal(text: &str) -> bool {
    text == "0" || (!text.starts_with('0') && is_digits(text))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn integer_help(text: &str) -> String {
    let bare: String = text.chars().filter(|character| !matches!(character, '_' | ',' | '\'' | ' ')).collect();
    let bare = bare.trim_end_matches('%').trim_start_matches('+');
    let without_zeros = bare.trim_start_matches('0');
    let without_zeros = if without_zeros.is_empty() { "0" } else { without_zeros };
    if is_digits(bare) {
        format!("write `{without_zeros}`")
    } else if bare.strip_prefix('-').is_some_and(is_digits) {
        "it cannot be negative".to_owned()
    } else {
        "write it in plain decimal digits, such as `4`".to_owned()
    }
}

/// Reads an amount of whole cents.
pub(crate) fn cents(text: &str) -> Result<u64, String> {
    integer(text, u64::MAX).map_err(|help| cents_help(text).unwrap_or(help))
}

/// Says what to do about an amount that looks like money with a currency or a fraction.
fn cents_help(text: &str) -> Option<String> {
    let amount = text.trim_matches(|character: char| !character.is_ascii_digit());
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "00"));
    let money = is_digits(whole) && is_digits(fraction) && text.chars().any(|character| "$€£.".contains(character));
    let cents = format!("{whole}{fraction}").parse::<u64>().ok().filter(|_| fraction.len() == 2);
    money.then(|| match cents {
        Some(cents) => format!("the amount is in whole cents: {whole}.{fraction} is `{cents}`"),
        None => "the amount is in whole cents, such as `2000` for 20.00".to_owned(),
    })
}

/// Reads `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "True" | "TRUE" => Ok(true),
        "false" | "False" | "FALSE" => Ok(false),
        _ => Err(boolean_help(text)),
    }
}

fn boolean_help(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "on" | "1" | "t" | "true" => "write `true`".to_owned(),
        "no" | "n" | "off" | "0" | "f" | "false" => "write `false`".to_owned(),
        _ => "write `true` or `false`".to_owned(),
    }
}
