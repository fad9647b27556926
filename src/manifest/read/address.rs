//! What to do about a text that should be an IP address or an order id and is not.

use std::net::{IpAddr, SocketAddr};

use crate::diagnostic::quoted;
use crate::model::{ProxyIp, ProxyRange};

/// Says what to do about a text that is no IP address.
pub(super) fn ip_help(text: &str) -> String {
    let trimmed = text.trim();
    if is_ip(trimmed) {
        return format!("remove the spaces: `{trimmed}`");
    }
    unwrapped(trimmed)
        .or_else(|| several(trimmed))
        .or_else(|| without_leading_zeros(trimmed))
        .or_else(|| not_numeric(trimmed))
        .unwrap_or_else(|| {
            if trimmed.contains(':') {
                "an IPv6 address looks like `2001:db8::7`".to_owned()
            } else {
                "an IPv4 address is four numbers from 0 to 255, such as `203.0.113.10`".to_owned()
            }
        })
}

fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// An address with something around it that belongs to a URL, a socket or an interface.
fn unwrapped(text: &str) -> Option<String> {
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(format!("remove the port: `{}`", socket.ip()));
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|inner| is_ip(inner)) {
        return Some(format!("remove the brackets: `{inner}`"));
    }
    if let Some((address, _)) = text.split_once('%').filter(|(address, _)| is_ip(address)) {
        return Some(format!("remove the zone: `{address}`"));
    }
    let (address, rest) = text.split_once(':').filter(|(address, _)| is_ip(address))?;
    Some(format!("put a space behind the colon: {}", quoted(&format!("{address}: {}", rest.trim()))))
}

/// A malformed network, a range of another notation, or a pattern.
fn several(text: &str) -> Option<String> {
    if let Some((address, _)) = text.split_once('/').filter(|(address, _)| is_ip(address)) {
        let most = if address.contains(':') { 128 } else { 32 };
        return Some(format!(
            "behind the slash stands the number of bits that all of the range share, from 0 to {most}"
        ));
    }
    if let Some(range) = of_pattern(text) {
        return Some(format!("write the range as `{range}`"));
    }
    let starts_with_ip =
        text.split(['-', ',', ' ']).next().is_some_and(|start| is_ip(start) && start.len() < text.len());
    let many = starts_with_ip || (text.contains('*') && text.contains('.'));
    many.then(|| "write a CIDR range, such as `203.0.113.0/24`, or each address on a line of its own".to_owned())
}

/// Returns the range that a pattern such as `203.0.113.*` stands for.
fn of_pattern(text: &str) -> Option<ProxyRange> {
    let numbers = text.trim_end_matches(".*");
    let fixed = numbers.split('.').count();
    let open = 4_usize.checked_sub(fixed).filter(|open| *open > 0 && numbers.len() < text.len())?;
    format!("{numbers}{}/{}", ".0".repeat(open), 8 * fixed).parse().ok()
}

/// Says what to write in the place of a range that begins with an address in the midst of it.
pub(super) fn host_bits_help(text: &str, meant: ProxyRange) -> String {
    let address = text.split('/').next().and_then(|address| address.parse::<ProxyIp>().ok());
    match address {
        Some(ip) => format!("write `{meant}` for the whole range, or `{ip}` for the one address"),
        None => format!("write `{meant}`"),
    }
}

fn without_leading_zeros(text: &str) -> Option<String> {
    let parts: Option<Vec<String>> =
        text.split('.').map(|part| part.parse::<u8>().ok().map(|n| n.to_string())).collect();
    let address = parts.map(|parts| parts.join("."))?;
    (is_ip(&address) && text.split('.').any(|part| part.len() > 1 && part.starts_with('0')))
        .then(|| format!("write the numbers without leading zeros: did you mean `{address}`?"))
}

fn not_numeric(text: &str) -> Option<String> {
    let letters = text.chars().any(char::is_alphabetic);
    let hexadecimal = text.contains(':') && text.chars().all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.');
    (letters && !hexadecimal).then(|| "write the proxy's IP address, not a name".to_owned())
}

/// Says what to do about a text that is no order id.
pub(super) fn order_id_help(text: &str) -> String {
    let bare = text.trim().trim_start_matches(['#', '+']).trim_start_matches('0').replace(['_', ','], "");
    let id: Option<u64> = bare.bytes().all(|byte| byte.is_ascii_digit()).then(|| bare.parse().ok()).flatten();
    match id {
        Some(id) if id > 0 => format!("write {}", quoted(&id.to_string())),
        _ => "an order id is a positive whole number in plain decimal digits, as ProxyShard shows it".to_owned(),
    }
}
