//! One order against the schema: its fields and the IPs that it keeps.

use super::address::{host_bits_help, ip_help};
use super::checks::{self, Checked};
use super::decode::{Decoder, found, place};
use super::fields::ORDER;
use super::scalar;
use super::suggest::nearest;
use super::tree::{Entry, Key, Node, Value};
use crate::diagnostic::{Problem, ProblemCode, quoted, quoted_apart};
use crate::manifest::document::KeepKey;
use crate::model::{DesiredOrder, Foreign, Keep, KeptIp, KeptRange, NotARange, ProxyIp, Signature, Span, Spanned};

const EXPECTED_KEY: &str = "expected an IP address or a range";

impl<'a> Decoder<'a, '_> {
    /// Decodes an order and runs the checks on it.
    pub fn order(&mut self, entry: Entry<'a>) -> DesiredOrder {
        let span = entry.key.at.of(self.file);
        let help = "write what is declared of the order as fields: tag, p0f_slots, auto_renewal, prune, keep";
        let entries = self.mapping("an order", entry.key.at, entry.value, help).unwrap_or_default();
        let [tag, p0f_slots, auto_renewal, prune, keep] = self.fields(&ORDER, entries);
        let keep_at = keep.as_ref().map(|keep| keep.key.at.of(self.file));
        let order = DesiredOrder {
            span,
            tag: tag.and_then(|entry| self.tag(&entry)),
            p0f_slots: p0f_slots.and_then(|entry| self.p0f_slots(&entry)),
            auto_renewal: auto_renewal.and_then(|entry| self.boolean(&entry)),
            prune: prune.and_then(|entry| self.boolean(&entry)).is_none_or(|prune| prune.value),
            keep: keep.and_then(|entry| self.keep(entry)),
        };
        let checked = Checked { order: &order, order_id: self.order_id, keep_at };
        for problem in checks::run(&checked) {
            self.report(problem);
        }
        order
    }

    fn tag(&mut self, entry: &Entry<'a>) -> Option<Spanned<Foreign>> {
        let value = self.scalar(entry, "the order's tag", scalar::tag)?;
        Some(Spanned { value, span: entry.value.at.of(self.file) })
    }

    fn boolean(&mut self, entry: &Entry<'a>) -> Option<Spanned<bool>> {
        let value = self.scalar(entry, "true or false", scalar::boolean)?;
        Some(Spanned { value, span: entry.value.at.of(self.file) })
    }

    fn p0f_slots(&mut self, entry: &Entry<'a>) -> Option<Spanned<u32>> {
        let rule = |text: &str| scalar::integer(text, u32::MAX.into());
        let slots = self.scalar(entry, "a whole number", rule)?;
        Some(Spanned { value: u32::try_from(slots).ok()?, span: entry.value.at.of(self.file) })
    }

    /// Decodes `keep`; `None` where it is wrong as a whole, so that no check speaks of it again.
    fn keep(&mut self, entry: Entry<'a>) -> Option<Keep> {
        let help = "list each IP as a key: `203.0.113.10: win11`, or `203.0.113.10:` to leave its signature alone";
        let entries = self.mapping("`keep`", entry.key.at, entry.value, help)?;
        let declared_empty = entries.is_empty();
        let (mut addresses, mut ranges) = (Vec::with_capacity(entries.len()), Vec::new());
        for Entry { key, value } in entries {
            let (span, kept) = (key.at.of(self.file), self.keep_key(&key));
            let ip = kept.and_then(KeepKey::address);
            let signature = self.signature(ip, &key, &value);
            match kept {
                Some(KeepKey::Address(ip)) => addresses.push((ip, KeptIp { signature, span })),
                Some(KeepKey::Range(range)) => ranges.push((range, KeptRange { signature, span })),
                None => {}
            }
        }
        self.drop_repeated(&mut addresses, |kept| kept.span, KeepKey::Address);
        self.drop_repeated(&mut ranges, |kept| kept.span, KeepKey::Range);
        let keep = Keep { addresses: addresses.into_iter().collect(), ranges: ranges.into_iter().collect() };
        (declared_empty || !keep.is_empty()).then_some(keep)
    }

    fn keep_key(&mut self, key: &Key<'_>) -> Option<KeepKey> {
        let text = &*key.text;
        let (message, label, help) = match text.parse() {
            Ok(key) => return Some(key),
            Err(NotARange::HostBits { meant }) => (
                format!("{} is not a range: the first address of that range is {}", quoted(text), meant.first()),
                format!("expected `{meant}`"),
                host_bits_help(text, meant),
            ),
            Err(NotARange::Malformed) => {
                let kind = if text.contains('/') { "a range" } else { "an IP address" };
                (format!("{} is not {kind}", quoted(text)), EXPECTED_KEY.to_owned(), ip_help(text))
            }
        };
        let problem = Problem::new(ProblemCode::InvalidValue, message);
        self.report(problem.at(key.at.of(self.file), label).help(help));
        None
    }

    /// Reports the keys that stand there already, and leaves the first of them.
    fn drop_repeated<K: Ord + Copy, V>(
        &mut self,
        kept: &mut Vec<(K, V)>,
        span: impl Fn(&V) -> Span,
        key: impl Fn(K) -> KeepKey,
    ) {
        // Sorting keeps equal keys in the order of the file; a map grown key by key would take twice the memory.
        kept.sort_by_key(|(key, _)| *key);
        kept.dedup_by(|(again, value), (first, first_value)| {
            let repeated = again == first;
            if repeated {
                self.duplicate_key(key(*again), span(value), span(first_value));
            }
            repeated
        });
    }

    fn signature(&mut self, ip: Option<ProxyIp>, key: &Key<'_>, value: &Node<'_>) -> Option<Signature> {
        let (name, help) = match &value.value {
            Value::Null | Value::Poisoned => return None,
            Value::Scalar(text) => match text.parse() {
                Ok(signature) => return Some(signature),
                Err(_) => no_signature(text),
            },
            value => (found(value), "write the signature behind the colon, or nothing to leave it alone".to_owned()),
        };
        let message = format!("{name} is not a signature");
        let label = format!("expected one of {}", Signature::ALL.map(Signature::as_str).join(", "));
        let mut problem = Problem::new(ProblemCode::InvalidValue, message);
        problem.ip = ip;
        self.report(problem.at(place(key, value).of(self.file), label).help(help));
        None
    }

    fn duplicate_key(&mut self, key: KeepKey, here: Span, first: Span) {
        let written = |span: Span| self.source.get(span.start as usize..span.end as usize).unwrap_or("");
        let bare = |span| written(span).trim_matches(['"', '\'']);
        let (message, help) = if bare(here) == bare(first) {
            (format!("{key} is listed twice"), "remove one of the two".to_owned())
        } else {
            let message = format!("{key} is listed twice, in two spellings");
            let kind = if key.address().is_some() { "address" } else { "range" };
            (message, format!("{} and {} are the same {kind}: remove one", quoted(bare(first)), quoted(bare(here))))
        };
        let mut problem = Problem::new(ProblemCode::DuplicateKey, message).at(here, "again here");
        problem.ip = key.address();
        self.report(problem.also_at(first, "first here").help(help));
    }
}

/// Quotes a text that is no signature, and says what to do about it.
fn no_signature(text: &str) -> (String, String) {
    match nearest(text, &Signature::ALL.map(Signature::as_str)) {
        Some(meant) => (quoted_apart(text, meant).0, format!("did you mean `{meant}`?")),
        None => (quoted(text), "write one of the signatures, or nothing to leave the IP's signature alone".to_owned()),
    }
}
