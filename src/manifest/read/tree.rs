//! The events of the YAML parser as a small tree with positions, and the parts of YAML that a manifest does without.

use std::borrow::Cow;

use granit_parser::{Event, Parser, ScalarStyle, StrInput};

use super::stretch::Stretch;
use super::syntax;
use crate::diagnostic::{Problem, ProblemCode};
use crate::model::SourceId;

/// How deep lists and mappings may nest; a manifest needs four levels, and the tree is built by recursion.
const MAX_DEPTH: usize = 32;

/// A value and where it stands.
#[derive(Debug)]
pub(in crate::manifest) struct Node<'a> {
    /// What to mark of it: its first line, or of a mapping in lines its first key.
    pub at: Stretch,
    /// One past its last byte, without spaces and line breaks behind it.
    pub end: u32,
    pub value: Value<'a>,
}

impl Node<'_> {
    fn new(at: Stretch, value: Value<'_>) -> Node<'_> {
        Node { at, end: at.end, value }
    }
}

/// What a value is.
#[derive(Debug)]
pub(in crate::manifest) enum Value<'a> {
    /// A text that is not null; quoted and unquoted texts are the same in a manifest.
    Scalar(Cow<'a, str>),
    /// Nothing, or one of the plain words for it.
    Null,
    /// Keys with values, in the order of the file.
    Mapping(Vec<Entry<'a>>),
    /// A list; no manifest has one, so what it holds does not matter.
    Sequence,
    /// A value that cannot be known because of a problem that is reported already.
    Poisoned,
}

/// A key with its value.
#[derive(Debug)]
pub(in crate::manifest) struct Entry<'a> {
    pub key: Key<'a>,
    pub value: Node<'a>,
}

impl Entry<'_> {
    /// Returns one past the last byte of its value, or of its key where nothing is written behind it.
    pub fn end(&self) -> u32 {
        if self.value.at.is_empty() { self.key.at.end } else { self.value.end }
    }
}

/// A key and where it stands.
#[derive(Debug)]
pub(in crate::manifest) struct Key<'a> {
    pub at: Stretch,
    pub text: Cow<'a, str>,
}

/// Marks that a scan error ended the file; the problem is reported already.
struct Ended;

/// Reads one file; `None` where the YAML parser had to give up. Every problem is added to `problems`.
pub(in crate::manifest) fn read<'a>(file: SourceId, text: &'a str, problems: &mut Vec<Problem>) -> Option<Node<'a>> {
    let options = granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let events = Parser::new_from_str_with_options(text, options);
    Reader { file, text, events, open: Vec::new(), since: 0, end: 0, problems }.document().ok()
}

struct Reader<'a, 'p> {
    file: SourceId,
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    /// The brackets and braces that are open.
    open: Vec<Stretch>,
    /// From where on something may be wrong where the parser gives up: a text over several lines, which may not be meant
    /// as one, or else what is behind the last event.
    since: usize,
    /// Where what is written of the last event ends.
    end: u32,
    problems: &'p mut Vec<Problem>,
}

impl<'a> Reader<'a, '_> {
    fn document(&mut self) -> Result<Node<'a>, Ended> {
        let mut root = Node::new(Stretch { start: 0, end: 0 }, Value::Null);
        let mut documents = 0;
        loop {
            let (event, at) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(..) if documents == 1 => {
                    self.report(
                        at,
                        "the file holds a second document",
                        "another document starts here",
                        "put it into a file of its own: several files make one manifest",
                    );
                    return Ok(root);
                }
                Event::DocumentStart(..) => {
                    documents += 1;
                    let (event, at) = self.next()?;
                    root = self.node(event, at)?;
                }
                _ => {}
            }
        }
    }

    /// Takes the next event; anchors and tags are reported here, whatever they belong to.
    fn next(&mut self) -> Result<(Event<'a>, Stretch), Ended> {
        loop {
            let (event, span) = self.event()?;
            let at = self.of_span(&span);
            if let Some(tag) = span.tag_span() {
                let at = self.of_span(&tag);
                let help = "write the value without the tag";
                self.report(at, "YAML tags are not supported in a manifest", "a YAML tag", help);
            }
            let Event::Anchor(..) = event else { return Ok((event, at)) };
            let help = "write the value out at each place where it is meant";
            self.report(at, "YAML anchors are not supported in a manifest", "a YAML anchor", help);
        }
    }

    fn event(&mut self) -> Result<(Event<'a>, granit_parser::Span), Ended> {
        match self.events.next() {
            Some(Ok(event)) => {
                if let Some(range) = event.1.byte_range() {
                    let written = self.text.get(range.clone()).unwrap_or("");
                    self.since = if written.contains('\n') { range.start } else { range.end };
                    self.end = (range.start + written.trim_end_matches([' ', '\t', '\r', '\n']).len()) as u32;
                }
                Ok(event)
            }
            Some(Err(error)) => {
                let since = self.open.last().map_or(self.since, |open| open.start as usize);
                let problem = syntax::problem(self.file, self.text, &error, self.open.last(), since);
                self.problems.push(problem);
                Err(Ended)
            }
            None => Ok((Event::StreamEnd, granit_parser::Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, at: Stretch) -> Result<Node<'a>, Ended> {
        match event {
            Event::Scalar(_, _, _, Some(_)) => Ok(Node::new(at, Value::Poisoned)),
            Event::Scalar(text, style, ..) => Ok(Node { at, end: self.end, value: scalar(text, style, at) }),
            Event::MappingStart(..) => self.mapping(at),
            Event::SequenceStart(..) => self.sequence(at),
            _ => {
                self.report(
                    at,
                    "YAML aliases are not supported in a manifest",
                    "a YAML alias",
                    "write the value out at this place",
                );
                Ok(Node::new(at, Value::Poisoned))
            }
        }
    }

    fn mapping(&mut self, start: Stretch) -> Result<Node<'a>, Ended> {
        self.open(start);
        let mut entries = Vec::new();
        loop {
            let (event, at) = self.next()?;
            if let Event::MappingEnd = event {
                let first = entries.first().map(|entry: &Entry<'_>| entry.key.at);
                let end = if start.is_empty() { entries.last().map_or(start.end, Entry::end) } else { self.end };
                return Ok(Node { at: self.close(start, at, first), end, value: Value::Mapping(entries) });
            }
            let key = self.key(event, at)?;
            let (event, at) = self.next()?;
            let value = self.node(event, at)?;
            entries.extend(key.map(|key| Entry { key, value }));
        }
    }

    /// Reads a key; `None` for one that no manifest can have.
    fn key(&mut self, event: Event<'a>, at: Stretch) -> Result<Option<Key<'a>>, Ended> {
        match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<" => {
                self.report(
                    at,
                    "YAML merge keys are not supported in a manifest",
                    "a YAML merge key",
                    "write the merged fields out at this place",
                );
                Ok(None)
            }
            Event::Scalar(text, ..) => Ok(Some(Key { at, text: if at.is_empty() { Cow::Borrowed("") } else { text } })),
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                let key = self.node(event, at)?;
                self.report(
                    key.at,
                    "a key must be a plain text",
                    "a list or a mapping as a key",
                    "write `key: value`, and quote a key that starts with a bracket or a brace",
                );
                Ok(None)
            }
            _ => self.node(event, at).map(|_| None),
        }
    }

    fn sequence(&mut self, start: Stretch) -> Result<Node<'a>, Ended> {
        self.open(start);
        let mut first = None;
        loop {
            let (event, at) = self.next()?;
            if let Event::SequenceEnd = event {
                return Ok(Node::new(self.close(start, at, first), Value::Sequence));
            }
            let item = self.node(event, at)?;
            first.get_or_insert(item.at);
        }
    }

    /// Remembers a bracket or brace; a list or mapping in lines starts with nothing.
    fn open(&mut self, start: Stretch) {
        if !start.is_empty() {
            self.open.push(start);
        }
    }

    /// Ends a list or mapping and returns what to mark of it: all that is in brackets or braces, else its first item.
    fn close(&mut self, start: Stretch, end: Stretch, first: Option<Stretch>) -> Stretch {
        if start.is_empty() {
            return first.map_or(start, |first| self.stretch(start.start as usize, first.end as usize));
        }
        self.open.pop();
        self.stretch(start.start as usize, end.end as usize)
    }

    fn report(&mut self, at: Stretch, message: &str, label: &str, help: &str) {
        let problem = Problem::new(ProblemCode::ManifestSyntax, message).at(at.of(self.file), label).help(help);
        self.problems.push(problem);
    }

    fn of_span(&self, span: &granit_parser::Span) -> Stretch {
        let range = span.byte_range().unwrap_or_default();
        self.stretch(range.start, range.end)
    }

    /// Makes a stretch that ends with its first line: a mark over several lines is harder to read than one.
    fn stretch(&self, start: usize, end: usize) -> Stretch {
        let written = self.text.get(start..end).unwrap_or("");
        let length = written.find(['\n', '\r']).unwrap_or(written.len());
        Stretch { start: start as u32, end: (start + length) as u32 }
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, at: Stretch) -> Value<'_> {
    let null = style == ScalarStyle::Plain && (at.is_empty() || matches!(&*text, "~" | "null" | "Null" | "NULL"));
    if null { Value::Null } else { Value::Scalar(text) }
}
