//! The one writer of YAML: keys and scalars of a manifest on one line each, and whole orders.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::model::{Foreign, LOG_COMMAND, OrderId, ProxyIp, Signature, is_unprintable, printable};

/// An address as a YAML key.
pub struct Key(pub ProxyIp);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.address() {
            // Never taken for a number.
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => f.write_str(&scalar(&address.to_string())),
        }
    }
}

/// Writes a text as a YAML scalar on one line, quoted where it has to be.
pub fn scalar(text: &str) -> String {
    // The writer leaves some characters as they are that end a line, vanish, or reorder what is around them.
    if text.contains(needs_escape) || text.contains(LOG_COMMAND) {
        return double_quoted(text);
    }
    serde_yaml::to_string(text).map_or_else(|_| double_quoted(text), |written| written.trim_end().to_owned())
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if needs_escape(character) || completes_command(&quoted, character) => {
                _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn needs_escape(character: char) -> bool {
    let is_space = character.is_whitespace() && character != ' ';
    is_space || is_unprintable(character) || matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// Returns whether a text ends with what begins a command of a log once the character is added.
fn completes_command(text: &str, character: char) -> bool {
    LOG_COMMAND.strip_suffix(character).is_some_and(|start| text.ends_with(start))
}

/// An order to write, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderToWrite {
    /// The order's id.
    pub order_id: OrderId,
    /// Comments below the id, one a line and without their `#`.
    pub comments: Vec<String>,
    /// The tag.
    pub tag: Option<Foreign>,
    /// The number of slots.
    pub p0f_slots: Option<Remarked<u32>>,
    /// Whether the order renews by itself.
    pub auto_renewal: Option<bool>,
    /// Whether IPs that are not kept are let go; only `false` is written.
    pub prune: bool,
    /// The IPs to keep. Without one, `keep` is left out and its comments stand among the fields.
    pub keep: Vec<Remarked<(ProxyIp, Option<Signature>)>>,
}

impl OrderToWrite {
    /// Makes an order of which nothing is declared.
    pub fn new(order_id: OrderId) -> OrderToWrite {
        OrderToWrite {
            order_id,
            comments: Vec::new(),
            tag: None,
            p0f_slots: None,
            auto_renewal: None,
            prune: true,
            keep: Vec::new(),
        }
    }

    /// Iterates over the IPs that are kept.
    pub fn kept(&self) -> impl Iterator<Item = (ProxyIp, Option<Signature>)> {
        self.keep.iter().filter_map(Remarked::value).copied()
    }
}

/// A line with a value, or a comment in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remarked<T> {
    /// A value, with a comment behind it.
    Value {
        /// The value.
        value: T,
        /// The comment, without its `#`.
        remark: Option<String>,
    },
    /// A comment alone, without its `#`.
    Remark(String),
}

impl<T> Remarked<T> {
    /// Returns the value, where there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Remarked::Value { value, .. } => Some(value),
            Remarked::Remark(_) => None,
        }
    }
}

impl<T> From<T> for Remarked<T> {
    fn from(value: T) -> Remarked<T> {
        Remarked::Value { value, remark: None }
    }
}

/// How far lines are indented, in spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indent {
    /// Where the id of an order stands.
    pub order: usize,
    /// How much further each level stands.
    pub step: usize,
}

impl Default for Indent {
    fn default() -> Indent {
        Indent { order: 2, step: 2 }
    }
}

/// Writes an order in lines of its own, as it stands below `orders:`; each line ends with a line feed.
pub fn order(out: &mut String, order: &OrderToWrite, indent: Indent) {
    let mut lines = OrderWriter { out, indent };
    lines.write(0, &format!("{}:", order.order_id), None);
    order.comments.iter().for_each(|comment| lines.remark(1, comment));
    if let Some(tag) = &order.tag {
        lines.write(1, &format!("tag: {}", scalar(tag.raw())), None);
    }
    if let Some(slots) = &order.p0f_slots {
        lines.line(1, slots, |slots| format!("p0f_slots: {slots}"));
    }
    if let Some(auto_renewal) = order.auto_renewal {
        lines.write(1, &format!("auto_renewal: {auto_renewal}"), None);
    }
    if !order.prune {
        lines.write(1, "prune: false", None);
    }
    let keeps = order.kept().next().is_some();
    if keeps {
        lines.write(1, "keep:", None);
    }
    let level = if keeps { 2 } else { 1 };
    order.keep.iter().for_each(|line| lines.line(level, line, |(ip, signature)| entry(&Key(*ip), *signature)));
}

/// Writes an IP and its signature, or nothing behind the colon.
pub fn entry(key: &dyn fmt::Display, signature: Option<Signature>) -> String {
    match signature {
        Some(signature) => format!("{key}: {signature}"),
        None => format!("{key}:"),
    }
}

struct OrderWriter<'o> {
    out: &'o mut String,
    indent: Indent,
}

impl OrderWriter<'_> {
    fn line<T>(&mut self, level: usize, line: &Remarked<T>, text: impl Fn(&T) -> String) {
        match line {
            Remarked::Value { value, remark } => self.write(level, &text(value), remark.as_deref()),
            Remarked::Remark(remark) => self.remark(level, remark),
        }
    }

    fn remark(&mut self, level: usize, remark: &str) {
        self.write(level, &format!("# {}", printable(remark)), None);
    }

    fn write(&mut self, level: usize, text: &str, remark: Option<&str>) {
        let indent = " ".repeat(self.indent.order + level * self.indent.step);
        self.out.extend([&indent, text]);
        if let Some(remark) = remark {
            self.out.extend(["  # ", &printable(remark)]);
        }
        self.out.push('\n');
    }
}

/// The quotes in which keys and values are written between braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FlowStyle {
    /// The quote around keys.
    pub key: Option<char>,
    /// The quote around values that are texts.
    pub value: Option<char>,
}

impl FlowStyle {
    /// Writes a key that is a plain word or a number.
    pub fn key(&self, key: &str) -> String {
        in_quotes(self.key, key)
    }
}

fn in_quotes(quote: Option<char>, text: &str) -> String {
    quote.map_or_else(|| text.to_owned(), |quote| format!("{quote}{text}{quote}"))
}

/// Writes an IP and its signature as an entry between braces.
pub fn flow_entry(ip: ProxyIp, signature: Option<Signature>, style: FlowStyle) -> String {
    // A colon is part of the address here, and not every reader takes it for one.
    let quote = style.key.or(ip.address().is_ipv6().then_some('"'));
    let value = signature.map_or("null".to_owned(), |signature| in_quotes(style.value, signature.as_str()));
    format!("{}: {value}", in_quotes(quote, &ip.to_string()))
}

/// Writes an order as an entry between braces, without comments.
pub fn flow_order(order: &OrderToWrite, style: FlowStyle) -> String {
    let plain = |text: &str| style.value.is_none() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let tag = order.tag.as_ref().map(|tag| match scalar(tag.raw()) {
        written if plain(&written) => written,
        _ => double_quoted(tag.raw()),
    });
    let kept: Vec<_> = order.kept().map(|(ip, signature)| flow_entry(ip, signature, style)).collect();
    let fields = [
        ("tag", tag),
        ("p0f_slots", order.p0f_slots.as_ref().and_then(Remarked::value).map(u32::to_string)),
        ("auto_renewal", order.auto_renewal.map(|auto_renewal| auto_renewal.to_string())),
        ("prune", (!order.prune).then(|| "false".to_owned())),
        ("keep", (!kept.is_empty()).then(|| format!("{{{}}}", kept.join(", ")))),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| Some(format!("{}: {}", style.key(name), value?)));
    let fields: Vec<_> = fields.collect();
    format!("{}: {{{}}}", style.key(&order.order_id.to_string()), fields.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_is_one_line_that_shows_all_that_is_in_it() {
        for (text, written) in [
            ("eu-scrapers", "eu-scrapers"),
            ("7", "'7'"),
            ("eu: us", "'eu: us'"),
            ("##[add-mask]x", "\"##\\U0000005Badd-mask]x\""),
            ("a\u{a0}b\n", "\"a\\U000000A0b\\U0000000A\""),
            ("\u{202e}\u{200c}\u{3164}\"", "\"\\U0000202E\\U0000200C\\U00003164\\\"\""),
        ] {
            assert_eq!(scalar(text), written, "{text:?}");
        }
    }

    #[test]
    fn without_an_ip_to_keep_the_comments_stand_among_the_fields() {
        let id = "7".parse().expect("an id");
        let keep = vec![Remarked::Remark("keep: no IP stays".to_owned())];
        let slots = Some(Remarked::Remark("p0f_slots: 0 now".to_owned()));
        let mut text = String::new();
        order(&mut text, &OrderToWrite { keep, p0f_slots: slots, ..OrderToWrite::new(id) }, Indent::default());
        assert_eq!(text, "  7:\n    # p0f_slots: 0 now\n    # keep: no IP stays\n");
    }
}
