//! Manifests as people write them: the same meaning in lines or in braces, with comments, quotes and blank lines.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use shardctl::manifest::document::KeepKey;
use shardctl::model::Signature;

/// A manifest and how it is written.
#[derive(Debug, Clone)]
pub struct Styled {
    pub root: Root,
    pub byte_order_mark: bool,
    pub crlf: bool,
    pub unended: bool,
    /// A line feed between the orders, and comments at the start and the end.
    pub airy: bool,
    pub limits_last: bool,
    pub step: usize,
    pub orders: Vec<StyledOrder>,
}

/// How a whole file is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Root {
    Lines,
    Braces,
    Json,
}

#[derive(Debug, Clone)]
pub struct StyledOrder {
    pub id: u64,
    pub tag: Option<&'static str>,
    pub prune: bool,
    pub in_braces: bool,
    pub keep_first: bool,
    pub keep: Option<StyledKeep>,
}

#[derive(Debug, Clone)]
pub struct StyledKeep {
    pub style: KeepStyle,
    pub items: Vec<Item>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeepStyle {
    Lines,
    Braces,
    BracesOverLines { comma_behind: bool },
}

/// What stands in a `keep`.
#[derive(Debug, Clone)]
pub enum Item {
    Blank,
    Comment(u8),
    Entry(StyledEntry),
}

#[derive(Debug, Clone)]
pub struct StyledEntry {
    pub key: &'static str,
    pub quote: &'static str,
    pub value: StyledValue,
    pub comment: Option<u8>,
}

#[derive(Debug, Clone)]
pub enum StyledValue {
    Nothing,
    Null(&'static str),
    Plain(Signature),
    Quoted(Signature),
    Below(Signature),
    Folded(Signature),
}

/// Addresses and ranges, each in one spelling.
pub const KEYS: [&str; 14] = [
    "203.0.113.1",
    "203.0.113.2",
    "203.0.113.3",
    "203.0.113.4",
    "203.0.113.5",
    "203.0.113.6",
    "203.0.113.7",
    "203.0.113.8",
    "2001:db8::1",
    "2001:DB8:0::2",
    "2001:db8:0:0::3",
    "203.0.113.0/24",
    "198.51.100.0/25",
    "2001:db8::/32",
];

impl StyledEntry {
    pub fn key(&self) -> KeepKey {
        self.key.parse().unwrap()
    }

    fn written(&self, json: bool) -> String {
        let quote = if json { "\"" } else { self.quote };
        let key = format!("{quote}{}{quote}:", self.key);
        match &self.value {
            StyledValue::Nothing | StyledValue::Null(_) if json => format!("{key} null"),
            StyledValue::Nothing => key,
            StyledValue::Null(null) => format!("{key} {null}"),
            StyledValue::Plain(signature) if !json => format!("{key} {signature}"),
            StyledValue::Quoted(signature) if !json => format!("{key} '{signature}'"),
            StyledValue::Plain(signature)
            | StyledValue::Quoted(signature)
            | StyledValue::Below(signature)
            | StyledValue::Folded(signature) => format!("{key} \"{signature}\""),
        }
    }

    fn in_lines(&self, indent: usize) -> String {
        let (key, inner) = (format!("{0}{1}{0}:", self.quote, self.key), " ".repeat(indent + 3));
        match &self.value {
            StyledValue::Below(signature) => format!("{key}\n{inner}{signature}"),
            StyledValue::Folded(signature) => format!("{key} >-\n{inner}{signature}"),
            _ => self.written(false),
        }
    }

    fn comment(&self) -> String {
        self.comment.map(|number| format!("   # behind {number}")).unwrap_or_default()
    }
}

impl StyledKeep {
    pub fn entries(&self) -> impl Iterator<Item = &StyledEntry> {
        self.items.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some(entry),
            _ => None,
        })
    }

    fn in_braces(&self, json: bool) -> String {
        let entries: Vec<_> = self.entries().map(|entry| entry.written(json)).collect();
        format!("{{{}}}", entries.join(", "))
    }

    fn write(&self, text: &mut String, indent: usize, step: usize) {
        let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + step));
        let comma_behind = match self.style {
            KeepStyle::Braces => return text.push_str(&format!("{outer}keep: {}   # all\n", self.in_braces(false))),
            KeepStyle::Lines => false,
            KeepStyle::BracesOverLines { comma_behind } => comma_behind,
        };
        let braces = self.style != KeepStyle::Lines;
        _ = writeln!(text, "{outer}keep:{}   # all", if braces { " {" } else { "" });
        let mut left = self.entries().count();
        for item in &self.items {
            match item {
                Item::Blank => text.push('\n'),
                Item::Comment(number) => _ = writeln!(text, "{inner}# above {number}"),
                Item::Entry(entry) if braces => {
                    left -= 1;
                    let comma = if left > 0 || comma_behind { "," } else { "" };
                    _ = writeln!(text, "{inner}{}{comma}{}", entry.written(false), entry.comment());
                }
                // Behind a folded text a comment would be a part of it.
                Item::Entry(entry) if matches!(entry.value, StyledValue::Folded(_)) => {
                    _ = writeln!(text, "{inner}{}", entry.in_lines(indent + step));
                }
                Item::Entry(entry) => _ = writeln!(text, "{inner}{}{}", entry.in_lines(indent + step), entry.comment()),
            }
        }
        if braces {
            _ = writeln!(text, "{outer}}}");
        }
    }
}

impl StyledOrder {
    fn in_braces(&self, json: bool) -> String {
        let key = |name: &str| if json { format!("\"{name}\"") } else { name.to_owned() };
        let tag = self.tag.map(|tag| format!("{}: \"{tag}\"", key("tag")));
        let prune = (!self.prune).then(|| format!("{}: false", key("prune")));
        let keep = self.keep.as_ref().map(|keep| format!("{}: {}", key("keep"), keep.in_braces(json)));
        let fields: Vec<_> = [tag, keep, prune].into_iter().flatten().collect();
        format!("{}: {{{}}}", key(&self.id.to_string()), fields.join(", "))
    }

    fn write(&self, text: &mut String, step: usize) {
        let (outer, inner) = (" ".repeat(step), " ".repeat(2 * step));
        if self.in_braces {
            return text.push_str(&format!("{outer}{}  # in braces\n", self.in_braces(false)));
        }
        _ = writeln!(text, "{outer}{}:   # an order", self.id);
        let keep = |text: &mut String| self.keep.iter().for_each(|keep| keep.write(text, 2 * step, step));
        if self.keep_first {
            keep(text);
        }
        self.tag.iter().for_each(|tag| _ = writeln!(text, "{inner}tag: {tag}"));
        if !self.prune {
            _ = writeln!(text, "{inner}prune: false");
        }
        if !self.keep_first {
            keep(text);
        }
    }
}

impl Styled {
    /// Writes the manifest.
    pub fn text(&self) -> String {
        let mut text = match self.root {
            Root::Lines => self.in_lines(),
            Root::Braces | Root::Json => self.in_braces(self.root == Root::Json),
        };
        if self.unended {
            text.truncate(text.trim_end().len());
        }
        if self.crlf {
            text = text.replace('\n', "\r\n");
        }
        if self.byte_order_mark { format!("\u{feff}{text}") } else { text }
    }

    fn in_lines(&self) -> String {
        let mut text = String::new();
        let limits = "limits:\n  max_removals: 7   # few\n";
        text.push_str(if self.airy { "# the proxies\nversion: 1\n\n" } else { "version: 1\n" });
        text.push_str(if self.limits_last { "" } else { limits });
        text.push_str("orders:   # all of them\n");
        for order in &self.orders {
            text.push_str(if self.airy { "\n" } else { "" });
            order.write(&mut text, self.step);
        }
        text.push_str(if self.limits_last { limits } else { "" });
        text.push_str(if self.airy { "\n# the end\n" } else { "" });
        text
    }

    fn in_braces(&self, json: bool) -> String {
        let key = |name: &str| if json { format!("\"{name}\"") } else { name.to_owned() };
        let orders: Vec<_> = self.orders.iter().map(|order| order.in_braces(json)).collect();
        let break_line = if self.airy { "\n  " } else { "" };
        format!(
            "{{{}: 1,{break_line} {}: {{{break_line}{}}}}}\n",
            key("version"),
            key("orders"),
            orders.join(&format!(", {break_line}"))
        )
    }

    /// Returns the manifest without some of the entries of its orders.
    pub fn without(mut self, leaves: impl Fn(u64, KeepKey) -> bool) -> Styled {
        for order in &mut self.orders {
            let id = order.id;
            let stays = |item: &Item| !matches!(item, Item::Entry(entry) if leaves(id, entry.key()));
            order.keep.iter_mut().for_each(|keep| keep.items.retain(stays));
        }
        self
    }
}

fn any_entry() -> impl Strategy<Value = StyledEntry> {
    let signature = || select(Signature::ALL.to_vec());
    let value = prop_oneof![
        2 => Just(StyledValue::Nothing),
        1 => select(vec!["null", "~"]).prop_map(StyledValue::Null),
        4 => signature().prop_map(StyledValue::Plain),
        2 => signature().prop_map(StyledValue::Quoted),
        1 => signature().prop_map(StyledValue::Below),
        1 => signature().prop_map(StyledValue::Folded),
    ];
    let quote = prop_oneof![3 => Just(""), 1 => Just("\""), 1 => Just("'")];
    let comment = option::weighted(0.3, any::<u8>());
    (select(KEYS.to_vec()), quote, value, comment).prop_map(|(key, quote, value, comment)| StyledEntry {
        key,
        quote,
        value,
        comment,
    })
}

fn any_keep() -> impl Strategy<Value = StyledKeep> {
    let style = prop_oneof![
        3 => Just(KeepStyle::Lines),
        1 => Just(KeepStyle::Braces),
        2 => any::<bool>().prop_map(|comma_behind| KeepStyle::BracesOverLines { comma_behind }),
    ];
    let item = prop_oneof![
        6 => any_entry().prop_map(Item::Entry),
        1 => Just(Item::Blank),
        1 => any::<u8>().prop_map(Item::Comment),
    ];
    let sorted = prop::bool::weighted(0.6);
    (style, any_entry(), vec(item, 0..9), sorted).prop_map(|(style, first, mut items, sorted)| {
        items.insert(0, Item::Entry(first));
        let mut seen = Vec::new();
        items.retain(|item| match item {
            Item::Entry(entry) => {
                let is_new = !seen.contains(&entry.key());
                seen.push(entry.key());
                is_new
            }
            _ => true,
        });
        if sorted {
            items.sort_by_key(|item| match item {
                Item::Entry(entry) => Some(entry.key()),
                _ => None,
            });
        }
        StyledKeep { style, items }
    })
}

fn any_order() -> impl Strategy<Value = StyledOrder> {
    let tag = option::of(select(vec!["eu", "us-1"]));
    (tag, any::<bool>(), prop::bool::weighted(0.2), any::<bool>(), option::weighted(0.9, any_keep())).prop_map(
        |(tag, prune, in_braces, keep_first, keep)| StyledOrder { id: 0, tag, prune, in_braces, keep_first, keep },
    )
}

/// Any manifest in any style, with up to three orders.
pub fn any_styled() -> impl Strategy<Value = Styled> {
    let root = prop_oneof![4 => Just(Root::Lines), 1 => Just(Root::Braces), 1 => Just(Root::Json)];
    let rare = || prop::bool::weighted(0.2);
    (root, rare(), rare(), rare(), any::<bool>(), any::<bool>(), 1..5_usize, vec(any_order(), 0..4)).prop_map(
        |(root, byte_order_mark, crlf, unended, airy, limits_last, step, mut orders)| {
            orders.iter_mut().zip([7, 3, 48213]).for_each(|(order, id)| order.id = id);
            Styled { root, byte_order_mark, crlf, unended, airy, limits_last, step, orders }
        },
    )
}
