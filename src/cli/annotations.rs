//! Problems as GitHub workflow commands, which show them beside the line of the manifest.

use std::fmt::Write;
use std::path::Path;

use crate::diagnostic::{Problem, SourceFile, SourceMap};
use crate::model::{count, printable};

/// The most errors of a step that GitHub shows.
const MAX_ERRORS: usize = 10;

/// Writes problems as workflow commands, one line each; where there are more than GitHub shows, another one counts the
/// rest.
///
/// `workspace` is the checkout, below which GitHub looks for files.
pub(super) fn workflow_commands<'a>(
    problems: impl IntoIterator<Item = &'a Problem>,
    sources: &SourceMap,
    workspace: Option<&Path>,
) -> Vec<String> {
    // The manifest's paths have no links in them.
    let workspace = workspace.and_then(|path| path.canonicalize().ok());
    let mut problems = problems.into_iter();
    let shown = problems.by_ref().take(MAX_ERRORS);
    let mut commands: Vec<String> = shown.map(|problem| error(problem, sources, workspace.as_deref())).collect();
    match problems.count() {
        0 => {}
        // Warnings have a number of their own.
        rest => commands
            .push(format!("::warning title=shardctl::and {}: the log has them all", count(rest, "more problem"))),
    }
    commands
}

fn error(problem: &Problem, sources: &SourceMap, workspace: Option<&Path>) -> String {
    let mut command = String::from("::error ");
    if let Some(label) = &problem.primary {
        let file = place(sources.file(label.span.file), workspace);
        let (_, position) = sources.locate(label.span);
        let _ = write!(command, "file={},line={},col={},", property(&file), position.line, position.column);
    }
    let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let _ =
        write!(command, "title={}::{}", property(problem.code.as_str()), data(&format!("{}{help}", problem.message)));
    command
}

/// Returns a file as GitHub finds it: by its path in the checkout, with slashes, or as the user named it.
fn place(file: &SourceFile, workspace: Option<&Path>) -> String {
    let below = || file.path.as_deref()?.strip_prefix(workspace?).ok();
    match below() {
        Some(path) => path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"),
        None => file.name.clone(),
    }
}

fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    // What is left of control characters would reach the log of the job.
    printable(&text)
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
