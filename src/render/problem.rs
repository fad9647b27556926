//! Problems as text for people: what is wrong, the lines of the manifest with marks, and what to do.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Label, Problem, SourceFile, SourceMap};
use crate::model::{LOG_COMMAND, is_unprintable};
use crate::model::{SourceId, Span};

/// The most problems that are shown with their lines of the manifest; each of the others takes one line.
const MOST_SHOWN: usize = 50;

/// Marks at most this many lines apart share an excerpt.
const NEAR_LINES: u32 = 5;

/// The most bytes of a line that are shown on either side of a mark, and of a mark itself.
///
/// More than a screen is wide, so that what is cut off here would not be visible anyway.
const REACH: u32 = 400;

/// Renders problems one after the other: 50 with their lines of the manifest, the others in short.
pub fn problems(problems: &[Problem], sources: &SourceMap, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let shown = problems.iter().take(MOST_SHOWN).map(|problem| render(problem, sources, &renderer));
    let mut text = shown.collect::<Vec<_>>().join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    for (index, problem) in problems.iter().enumerate().skip(MOST_SHOWN) {
        text.push_str(if index == MOST_SHOWN { "\n" } else { "" });
        in_short(&mut text, problem, sources);
    }
    text
}

/// Adds a problem as one line, its place first, as editors and terminals know to follow it.
fn in_short(text: &mut String, problem: &Problem, sources: &SourceMap) {
    if let Some(label) = &problem.primary {
        let (file, position) = sources.locate(label.span);
        _ = write!(text, "{}:{}:{}: ", one_line(file), position.line, position.column);
    }
    _ = writeln!(text, "error[{}]: {}", problem.code, one_line(&problem.message));
}

fn render(problem: &Problem, sources: &SourceMap, renderer: &Renderer) -> String {
    let title = Level::ERROR.primary_title(one_line(&problem.message)).id(problem.code.as_str());
    let excerpts = excerpts(problem, sources);
    let snippets = excerpts.iter().map(|excerpt| excerpt.snippet(sources.file(excerpt.file)));
    let group = Group::with_title(title).elements(snippets);
    let help = problem.help.iter().map(|help| Level::HELP.message(one_line(help)));
    let text = renderer.render(&[group.elements(help)]);
    excerpts.iter().fold(text, |text, excerpt| excerpt.with_true_column(text, sources.file(excerpt.file)))
}

/// A few lines of one file with the marks in them.
struct Excerpt<'p> {
    file: SourceId,
    /// The first and the last line, counted from 1.
    lines: (u32, u32),
    labels: Vec<(&'p Label, AnnotationKind)>,
}

/// Puts the marks of a problem into as few excerpts as can be; the first has the primary mark.
fn excerpts<'p>(problem: &'p Problem, sources: &SourceMap) -> Vec<Excerpt<'p>> {
    let primary = problem.primary.iter().map(|label| (label, AnnotationKind::Primary));
    let secondary = problem.secondary.iter().map(|label| (label, AnnotationKind::Context));
    let mut excerpts: Vec<Excerpt<'p>> = Vec::new();
    for (label, kind) in primary.chain(secondary) {
        let line = sources.locate(label.span).1.line;
        match excerpts.iter_mut().find(|excerpt| excerpt.is_near(label.span, line)) {
            Some(excerpt) => {
                excerpt.lines = (excerpt.lines.0.min(line), excerpt.lines.1.max(line));
                excerpt.labels.push((label, kind));
            }
            None => excerpts.push(Excerpt { file: label.span.file, lines: (line, line), labels: vec![(label, kind)] }),
        }
    }
    excerpts
}

impl Excerpt<'_> {
    fn is_near(&self, span: Span, line: u32) -> bool {
        let lines = line.abs_diff(self.lines.0).max(line.abs_diff(self.lines.1));
        // Bytes count, too: two marks in one endless line are not near.
        let bytes = self.labels.iter().map(|(label, _)| label.span.start.abs_diff(span.start)).max().unwrap_or(0);
        self.file == span.file && lines <= NEAR_LINES && bytes <= 4 * REACH
    }

    fn snippet<'s>(&self, file: &SourceFile) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
        let window = self.window(file);
        let marks: Vec<Range<usize>> =
            self.labels.iter().map(|(label, _)| mark(&file.text, label.span, &window)).collect();
        let (source, marks) = visible(&file.text[window.clone()], marks, window.start == 0);
        let snippet = Snippet::source(source).line_start(self.lines.0 as usize).path(one_line(&file.name));
        let labels = self.labels.iter().zip(marks);
        snippet.annotations(labels.map(|((label, kind), mark)| {
            let text = Some(one_line(&label.text)).filter(|text| !text.is_empty());
            kind.span(mark).label(text)
        }))
    }

    /// Corrects the column in the text where the start of a long line was left out and thus not counted.
    fn with_true_column(&self, text: String, file: &SourceFile) -> String {
        let primary = self.labels.iter().find(|(_, kind)| *kind == AnnotationKind::Primary);
        let first = || self.labels.iter().min_by_key(|(label, _)| label.span.start);
        let Some((label, _)) = primary.or_else(first) else { return text };
        let position = file.position(label.span.start);
        let window = self.window(file);
        let left_out = file.position(window.start as u32);
        if left_out.line != position.line || left_out.column == 1 {
            return text;
        }
        let place = |column: u32| format!("{}:{}:{column}\n", one_line(&file.name), position.line);
        text.replacen(&place(position.column + 1 - left_out.column), &place(position.column), 1)
    }

    /// Returns the bytes to show: whole lines, or what is within reach of the marks in very long ones.
    fn window(&self, file: &SourceFile) -> Range<usize> {
        let lines = file.line_range(self.lines.0, self.lines.1);
        let first = self.labels.iter().map(|(label, _)| label.span.start).min().unwrap_or(0);
        let last = self.labels.iter().map(|(label, _)| label.span.start).max().unwrap_or(0);
        let start = lines.start.max(first.saturating_sub(REACH) as usize);
        let end = lines.end.min(last.saturating_add(2 * REACH) as usize).max(start);
        boundary(&file.text, start)..boundary(&file.text, end)
    }
}

/// Returns a mark as a range of the window.
fn mark(text: &str, span: Span, window: &Range<usize>) -> Range<usize> {
    let inside = |offset: u32| boundary(text, (offset as usize).clamp(window.start, window.end)) - window.start;
    let start = inside(span.start);
    start..inside(span.end.min(span.start.saturating_add(REACH))).max(start)
}

/// Returns the offset, or that of the character that it would cut in two.
fn boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Replaces what would be invisible or would reach the terminal as a command, and moves the marks along.
fn visible(window: &str, marks: Vec<Range<usize>>, starts_the_file: bool) -> (String, Vec<Range<usize>>) {
    let mut text = String::with_capacity(window.len());
    let mut moved = marks.clone();
    let mut characters = window.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        move_marks(&marks, &mut moved, at, text.len());
        let line_end = character == '\r' && characters.peek().is_some_and(|(_, next)| *next == '\n');
        match character {
            '\n' | '\t' => text.push(character),
            // A byte order mark has no width, and the return of a line end is no character of the line.
            _ if line_end => {}
            '\u{feff}' if at == 0 && starts_the_file => {}
            _ => push_symbol(&mut text, character),
        }
    }
    move_marks(&marks, &mut moved, window.len(), text.len());
    (text, moved)
}

/// Moves the ends of marks that stand at the byte `from` to the byte `to`.
fn move_marks(marks: &[Range<usize>], moved: &mut [Range<usize>], from: usize, to: usize) {
    for (mark, moved) in marks.iter().zip(moved) {
        if mark.start == from {
            moved.start = to;
        }
        if mark.end == from {
            moved.end = to;
        }
    }
}

/// Makes a text safe for a terminal and puts it on one line.
fn one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, character| {
        push_symbol(&mut line, if matches!(character, '\n' | '\t') { ' ' } else { character });
        line
    })
}

fn push_symbol(text: &mut String, character: char) {
    text.push(symbol(character));
    if text.ends_with(LOG_COMMAND) {
        text.pop();
        text.push(char::REPLACEMENT_CHARACTER);
    }
}

/// Returns a character as it may be printed: a control character as the symbol for it.
fn symbol(character: char) -> char {
    match character {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        // C1 controls, separators of lines, and the marks that reorder the text around them.
        _ if is_unprintable(character) => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}
